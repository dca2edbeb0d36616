"""One exception for each kind of error, all of them under TidingsError."""

# Generated from Schemas/openrpc.json by generate.py; don't edit.

from __future__ import annotations

from ._errors import (
    ClosedError,
    ForkedError,
    IncompatibleProgramError,
    ProcessDiedError,
    ProgramNotFoundError,
    StartTimeoutError,
    TidingsError,
    UnreadableAnswerError,
)

__all__ = [
    "ClosedError",
    "ConflictError",
    "CursorExpiredError",
    "DeadlineExceededError",
    "ForbiddenError",
    "ForkedError",
    "IncompatibleProgramError",
    "InternalError",
    "InvalidParamsError",
    "InvalidRequestError",
    "LimitReachedError",
    "MessageTooLargeError",
    "MethodNotFoundError",
    "NotFoundError",
    "OutcomeUnknownError",
    "ParseError",
    "ProcessDiedError",
    "ProgramNotFoundError",
    "ResponseTooLargeError",
    "ShuttingDownError",
    "StartTimeoutError",
    "StoreUnavailableError",
    "TidingsError",
    "UnreadableAnswerError",
]


class ParseError(TidingsError, kind="parse_error", code=-32700):
    """parse_error (-32700): The text is not JSON; details.offset is the position. With the request's id if
    only a value is at fault."""


class InvalidRequestError(TidingsError, kind="invalid_request", code=-32600):
    """invalid_request (-32600): JSON, but not a JSON-RPC 2.0 request."""


class ShuttingDownError(TidingsError, kind="shutting_down", code=-32600):
    """shutting_down (-32600): A request after shutdown."""


class MethodNotFoundError(TidingsError, kind="method_not_found", code=-32601):
    """method_not_found (-32601): There is no method with this name."""


class InvalidParamsError(TidingsError, kind="invalid_params", code=-32602):
    """invalid_params (-32602): A parameter is missing, unknown or invalid; details.pointer names it."""


class InternalError(TidingsError, kind="internal", code=-32603):
    """internal (-32603): A fault of Tidings; please report it."""


class CancelledError(TidingsError, kind="cancelled", code=-32800):
    """cancelled (-32800): The host cancelled the request with $/cancelRequest, and nothing was changed."""


class MessageTooLargeError(TidingsError, kind="message_too_large", code=1001):
    """message_too_large (1001): The request is larger than details.limit bytes, and was skipped unread."""


class ResponseTooLargeError(TidingsError, kind="response_too_large", code=1002):
    """response_too_large (1002): The answer would be larger than details.limit bytes: ask for less."""


class DeadlineExceededError(TidingsError, TimeoutError, kind="deadline_exceeded", code=1003):
    """deadline_exceeded (1003): The request's timeout_ms has passed."""


class LimitReachedError(TidingsError, kind="limit_reached", code=1004):
    """limit_reached (1004): Too many of something at once: retryable if some of it may go. Or too much in
    the parameter that details.pointer names."""


class CursorExpiredError(TidingsError, kind="cursor_expired", code=1006):
    """cursor_expired (1006): The cursor is older than what is kept: start again without one."""


class NotFoundError(TidingsError, kind="not_found", code=2001):
    """not_found (2001): There is no such message in this inbox."""


class ConflictError(TidingsError, kind="conflict", code=2002):
    """conflict (2002): The idempotency key was used before with other content, or the log to import into
    has later messages."""


class StoreUnavailableError(TidingsError, kind="store_unavailable", code=2003):
    """store_unavailable (2003): The store can't be reached, and nothing was changed: try again later."""


class OutcomeUnknownError(TidingsError, kind="outcome_unknown", code=2004):
    """outcome_unknown (2004): The change may have been made, or a part of it (details.messages): retry
    with the same idempotency key."""


class ForbiddenError(TidingsError, kind="forbidden", code=2005):
    """forbidden (2005): Outside the host's scope; details.pointer is the parameter, or empty."""
