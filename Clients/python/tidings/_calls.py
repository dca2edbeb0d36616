"""The calls that wait for an answer: a plain value without I/O."""

from __future__ import annotations

import collections
from typing import Any, Callable, Deque, Dict, List, Optional, Protocol, Union

from ._errors import TidingsError, UnreadableAnswerError, error_from
from ._json import Unreadable

__all__ = ["GRACE", "Call", "Calls", "Waiting"]

# Seconds past a call's timeout in which the program's own answer to it may come.
GRACE = 0.25


class Waiting(Protocol):
    """What waits for an answer: an asyncio.Future, or a thread's own."""

    def done(self) -> bool: ...

    def set_result(self, result: Any, /) -> None: ...

    def set_exception(self, exception: BaseException, /) -> None: ...


class Call:
    """One call. `keyed`: the client made its idempotency key, so no other call can have it.
    `patient`: it may wait in the program for something to happen."""

    __slots__ = ("deaths", "id", "keyed", "line", "patient", "waiting")

    def __init__(
        self, id: int, line: bytes, waiting: Waiting, keyed: bool = False, patient: bool = False
    ) -> None:
        self.id = id
        self.line = line
        self.waiting = waiting
        self.keyed = keyed
        self.patient = patient
        self.deaths = 0

    def succeed(self, result: Any) -> None:
        if self.keyed and self.deaths and isinstance(result, dict):
            # The message that was there already is of this call, sent to a child that died.
            result["duplicate"] = False
            messages = result.get("messages")
            for message in messages if isinstance(messages, list) else ():
                if isinstance(message, dict):
                    message["duplicate"] = False
        if not self.waiting.done():
            self.waiting.set_result(result)

    def fail(self, error: TidingsError) -> None:
        if not self.waiting.done():
            self.waiting.set_exception(error)


class Calls:
    """Calls in the order in which they were made; each is settled once, or taken back.

    A call may be what the children die of. One that was in flight at `SUSPECT` deaths is sent alone
    from then on, everything else behind it, and after `DEATHS` it fails: the others live. A patient one
    would hold up the others, and sees many deaths that are not its doing: it goes with them, behind the
    suspects, and fails after `PATIENT_DEATHS`.
    """

    SUSPECT = 3
    DEATHS = 6
    PATIENT_DEATHS = 100

    def __init__(self) -> None:
        self._waiting: Dict[int, Call] = {}
        self._unsent: Dict[int, bytes] = {}
        self._suspects: Deque[int] = collections.deque()
        self._alone: Optional[int] = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, call: Call) -> None:
        self._waiting[call.id] = call
        self._unsent[call.id] = call.line

    @property
    def unsent(self) -> bool:
        """Whether something may have to be written."""
        return bool(self._unsent or self._suspects)

    def take_unsent(self) -> bytes:
        """What has to be written now."""
        if self._alone is not None:
            return b""
        while self._suspects:
            call = self._waiting.get(self._suspects.popleft())
            if call is not None:
                self._alone = call.id
                return call.line
        lines = self._unsent.values()
        data = b"".join(lines) if len(lines) != 1 else next(iter(lines))
        self._unsent.clear()
        return data

    def answer(self, id: object, message: Union[Dict[str, Any], Unreadable]) -> bool:
        """Settles the call that this is the answer to; false if there is none (any more)."""
        call = self._waiting.pop(id, None) if type(id) is int else None
        if call is None:
            return False
        if id == self._alone:
            self._alone = None
        if isinstance(message, Unreadable):
            call.fail(UnreadableAnswerError(f"the answer can't be read: {message.why}"))
        elif "result" in message:
            call.succeed(message["result"])
        else:
            call.fail(error_from(message.get("error")))
        return True

    def take_back(self, id: int) -> bytes:
        """Forgets a call. Gives what has to be written, if the program knows of it."""
        if self._waiting.pop(id, None) is None or self._unsent.pop(id, None) is not None:
            return b""
        if id in self._suspects:
            return b""
        if id == self._alone:
            self._alone = None
        return b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":%d}}\n' % id

    def child_died(self) -> List[Call]:
        """Makes everything unsent again, in order. Takes out and gives the calls that saw too many deaths."""
        lost = []
        for call in list(self._waiting.values()):
            if call.id not in self._unsent and call.id not in self._suspects:
                call.deaths += 1
                if call.deaths >= (self.PATIENT_DEATHS if call.patient else self.DEATHS):
                    lost.append(self._waiting.pop(call.id))
        self._alone = None
        self._suspects = collections.deque()
        self._unsent = {}
        for call in self._waiting.values():
            if call.deaths >= self.SUSPECT and not call.patient:
                self._suspects.append(call.id)
            else:
                self._unsent[call.id] = call.line
        return lost

    def fail_all(self, error: Callable[[], TidingsError]) -> None:
        """Settles every call, each with an error of its own."""
        calls = list(self._waiting.values())
        self._waiting.clear()
        self._unsent.clear()
        self._suspects.clear()
        self._alone = None
        for call in calls:
            call.fail(error())
