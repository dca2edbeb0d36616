"""The base of all errors, and those that the client raises of itself."""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Mapping, Optional, Tuple, Type

__all__ = [
    "ClosedError",
    "ForkedError",
    "IncompatibleProgramError",
    "ProcessDiedError",
    "ProgramNotFoundError",
    "StartTimeoutError",
    "TidingsError",
    "UnreadableAnswerError",
    "error_from",
]


class TidingsError(Exception):
    """A call that failed. Each kind of error has a class of its own; `kind` and `code` are those of
    the wire (code 0: raised by the client itself).

    `retryable`: whether the same call may succeed later. `details` differ from kind to kind.
    """

    kind: str = "error"
    code: int = 0
    _classes: ClassVar[Dict[str, Type[TidingsError]]] = {}

    def __init_subclass__(cls, kind: str = "", code: int = 0, **options: Any) -> None:
        super().__init_subclass__(**options)
        if kind:
            cls.kind, cls.code = kind, code
            TidingsError._classes[kind] = cls

    def __init__(
        self,
        message: str,
        *,
        kind: Optional[str] = None,
        code: Optional[int] = None,
        retryable: bool = False,
        details: Optional[Mapping[str, Any]] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if kind is not None:
            self.kind = kind
        if code is not None:
            self.code = code
        self.retryable = retryable
        self.details: Dict[str, Any] = dict(details or {})

    @property
    def pointer(self) -> Optional[str]:
        """A JSON Pointer to the parameter that was refused, if it was one: "/pageSize"."""
        pointer = self.details.get("pointer")
        return pointer if isinstance(pointer, str) else None

    def __str__(self) -> str:
        return f"{self.message} ({self.kind})"

    def __reduce__(self) -> Tuple[Any, ...]:
        # Keyword-only arguments survive no other way of pickling, which process pools do.
        return _rebuild, (type(self), self.message, self.kind, self.code, self.retryable, self.details)


class ProgramNotFoundError(TidingsError, kind="program_not_found"):
    """There is no program to start. The message says where it was looked for."""


class IncompatibleProgramError(TidingsError, kind="incompatible_program"):
    """The program answers, but is of another version, or isn't Tidings."""


class ProcessDiedError(TidingsError, kind="process_died"):
    """The program ended, and ended again each time it was restarted.

    `details` hold its last `status` (negative: the signal; None: it could not be started) and its
    `last_words` on stderr. It is retryable unless it ended by itself at its very start: then its options
    or its store are at fault.
    """


class StartTimeoutError(TidingsError, TimeoutError, kind="start_timeout"):
    """The program gave no answer within `start_timeout`, and was ended. `details` as of ProcessDiedError."""


class UnreadableAnswerError(TidingsError, kind="unreadable_answer"):
    """The program has done what was asked, but its answer is more than this process can hold."""


class ClosedError(TidingsError, kind="closed"):
    """The client was closed."""


class ForkedError(TidingsError, kind="forked"):
    """The client belongs to the parent of this process."""


def _rebuild(
    cls: Type[TidingsError],
    message: str,
    kind: str,
    code: int,
    retryable: bool,
    details: Dict[str, Any],
) -> TidingsError:
    return cls(message, kind=kind, code=code, retryable=retryable, details=details)


def error_from(error: Any) -> TidingsError:
    """The exception for an answer's `error`. A kind that this client doesn't know is a TidingsError."""
    # What has no known form is a fault of the program, and not repeated: it may be anybody's words.
    error = error if isinstance(error, dict) else {}
    data = error.get("data")
    data = data if isinstance(data, dict) else {}
    kind, code, details = data.get("kind"), error.get("code"), data.get("details")
    kind = kind if isinstance(kind, str) else "internal"
    message = error.get("message")
    return TidingsError._classes.get(kind, TidingsError)(
        message if isinstance(message, str) else "an error of no known form",
        kind=kind,
        code=code if type(code) is int else 0,
        retryable=data.get("retryable") is True,
        details=details if isinstance(details, dict) else None,
    )
