"""One exception for each kind of error, all of them under TidingsError."""

# Generated from Schemas/openrpc.json by generate.py; don't edit.

from __future__ import annotations

from ._errors import (
    ClosedError,
    ForkedError,
    IncompatibleProgramError,
    ProcessDiedError,
    ProgramNotFoundError,
    TidingsError,
)

__all__ = [
    "CancelledError",
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
    "StoreUnavailableError",
    "TidingsError",
]


class ParseError(TidingsError, kind="parse_error", code=-32700):
    """parse_error (-32700)."""


class InvalidRequestError(TidingsError, kind="invalid_request", code=-32600):
    """invalid_request (-32600)."""


class ShuttingDownError(TidingsError, kind="shutting_down", code=-32600):
    """shutting_down (-32600)."""


class MethodNotFoundError(TidingsError, kind="method_not_found", code=-32601):
    """method_not_found (-32601)."""


class InvalidParamsError(TidingsError, kind="invalid_params", code=-32602):
    """invalid_params (-32602)."""


class InternalError(TidingsError, kind="internal", code=-32603):
    """internal (-32603)."""


class CancelledError(TidingsError, kind="cancelled", code=-32800):
    """cancelled (-32800)."""


class MessageTooLargeError(TidingsError, kind="message_too_large", code=1001):
    """message_too_large (1001)."""


class ResponseTooLargeError(TidingsError, kind="response_too_large", code=1002):
    """response_too_large (1002)."""


class DeadlineExceededError(TidingsError, TimeoutError, kind="deadline_exceeded", code=1003):
    """deadline_exceeded (1003)."""


class LimitReachedError(TidingsError, kind="limit_reached", code=1004):
    """limit_reached (1004)."""


class CursorExpiredError(TidingsError, kind="cursor_expired", code=1006):
    """cursor_expired (1006)."""


class NotFoundError(TidingsError, kind="not_found", code=2001):
    """not_found (2001)."""


class ConflictError(TidingsError, kind="conflict", code=2002):
    """conflict (2002)."""


class StoreUnavailableError(TidingsError, kind="store_unavailable", code=2003):
    """store_unavailable (2003)."""


class OutcomeUnknownError(TidingsError, kind="outcome_unknown", code=2004):
    """outcome_unknown (2004)."""


class ForbiddenError(TidingsError, kind="forbidden", code=2005):
    """forbidden (2005)."""
