"""Keeps a child running on an event loop, and every call alive across its deaths."""

from __future__ import annotations

import asyncio
import enum
import errno
import logging
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Optional, Set

from ._calls import Call, Calls
from ._child import Child
from ._errors import (
    ClosedError,
    IncompatibleProgramError,
    ProcessDiedError,
    StartTimeoutError,
    TidingsError,
    UnreadableAnswerError,
    error_from,
)
from ._framing import encode
from ._json import NotJSON, Unreadable, parse
from ._program import Program
from ._supervision import Supervision
from ._text import printable
from ._version import __version__
from .errors import DeadlineExceededError

if TYPE_CHECKING:
    from ._feed import Feed

__all__ = ["Engine", "too_late"]

_HELLO = 0  # The id of the first request to each child; calls count from 1.
_LEAVE = "leave "  # The id of a request that ends a subscription begins so.
_BETWEEN_FAILURES = 1.0  # Seconds without a new try after giving up.
_TEMPORARY = 75  # EX_TEMPFAIL: what a program ends with that may be started again.
# Why a program that is there can't be started now and can later.
_PASSING = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY}


class State(enum.Enum):
    STARTING = "starting"  # A child runs and hasn't answered yet.
    RUNNING = "running"
    WAITING = "waiting"  # For the time of the next start.
    FAILED = "failed"  # Given up; the next call tries again.
    CLOSING = "closing"
    CLOSED = "closed"


class Engine:
    """All its methods but `forget` belong to the thread of the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        program: Program,
        *,
        supervision: Optional[Supervision] = None,
        start_timeout: float = 60.0,
        close_timeout: float = 15.0,
        logger: Optional[logging.Logger] = None,
    ) -> None:
        self.loop = loop
        self.limits: Dict[str, int] = {"request_bytes": 4 << 20, "depth": 128}
        self.starts = 0
        self.feeds: Dict[int, Feed] = {}  # By what this child calls their subscriptions.
        self._left: Set[int] = set()  # Subscriptions that this child was asked to end, and hasn't yet.
        self._runs = 0  # Of lines that were read.
        self._program = program
        self._supervision = supervision or Supervision()
        self._start_timeout = start_timeout
        self._close_timeout = close_timeout
        self._logger = logger or logging.getLogger("tidings")
        self._state = State.STARTING
        self._calls = Calls()
        self._child: Optional[Child] = None
        self._flushing = False
        self._timer: Optional[asyncio.TimerHandle] = None
        self._fault: Optional[TidingsError] = None  # Why the child is being killed by us.
        self._started: asyncio.Future[None] = loop.create_future()
        self._ended: asyncio.Future[None] = loop.create_future()
        self._failure: Callable[[], TidingsError] = lambda: ClosedError("not started")
        self._failed_at = 0.0
        self._start_by = 0.0

    @property
    def pid(self) -> Optional[int]:
        """The child's process id, if one runs."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Starts the first child, and waits for its first answer.

        A program that ends by itself before that is not tried again: most likely its options or its
        store are at fault, which its last words tell. All tries together take `start_timeout` at most.
        """
        self._start_by = self.loop.time() + self._start_timeout
        self._spawn()
        try:
            await asyncio.shield(self._started)
        except BaseException:
            if self._child:
                self._state = State.CLOSING
                self._child.kill()
                await asyncio.shield(self._ended)
            raise

    def submit(self, call: Call) -> None:
        """Takes a call; it is settled in any case."""
        if self._state is State.RUNNING:
            self._calls.add(call)
            if len(self._calls) == 1:
                self._flush()  # Alone: there is nothing to wait for.
            elif not self._flushing:
                self._flushing = True
                self.loop.call_soon(self._turn_over)
        elif self._state in (State.STARTING, State.WAITING):
            self._calls.add(call)  # Written as soon as the next child answers.
        elif self._state is State.FAILED:
            if self.loop.time() - self._failed_at < _BETWEEN_FAILURES:
                call.fail(self._failure())
            else:
                self._calls.add(call)
                self._spawn()
        else:
            call.fail(ClosedError("the client is closed"))

    def submit_all(self, calls: Iterable[Call]) -> None:
        """Takes what came up together, and writes it in one go."""
        flushing, self._flushing = self._flushing, True
        for call in calls:
            self.submit(call)
        self._flushing = flushing
        self._flush()

    def cancel(self, id: int) -> None:
        """Takes a call back: nobody waits for it any more."""
        request = self._calls.take_back(id)
        if request and self._child and self._state is State.RUNNING:
            self._child.write(request)
            self._flush()

    def expire(self, call: Call, timeout: float) -> None:
        """Fails a call that the program hasn't answered in time."""
        self.cancel(call.id)
        call.fail(too_late(timeout))

    def leave(self, subscription: int) -> None:
        """Ends a subscription: nobody listens to it any more."""
        self.feeds.pop(subscription, None)
        # No call, which would be made again after the child's death: the next child may give its name to another.
        if self._child and self._state is State.RUNNING:
            self._left.add(subscription)
            params = {"subscription": subscription}
            self._child.write(encode(f"{_LEAVE}{subscription}", "unsubscribe", params))

    async def close(self) -> None:
        """Answers what is in flight, and ends the child. Every waiting call is settled."""
        if self._state is State.CLOSED:
            return
        if self._state is not State.CLOSING:
            self._begin_closing()
        await asyncio.shield(self._ended)

    @property
    def closed(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._state in (State.CLOSING, State.CLOSED)

    def abandon(self) -> None:
        """Ends the child for a client that nobody holds any more. Waits for nothing; from any thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._abandon)
        elif self._child:
            self._child.release()

    def _abandon(self) -> None:
        if not self.closed:
            self._begin_closing()

    def forget(self) -> None:
        """In a process that was forked off: lets go of the parent's child without touching it."""
        if self._child:
            self._child.forget()
        self._child = None
        self._state = State.CLOSED

    # Writing and reading

    def _turn_over(self) -> None:
        """Everything that came up in one turn of the loop goes in one write."""
        self._flushing = False
        self._flush()

    def _flush(self) -> None:
        if self._state is State.RUNNING and self._child:
            self._child.write(self._calls.take_unsent())

    def _received(self, run: bytes) -> None:
        if self._fault:
            return
        self._runs += 1
        # Of what it writes nothing is told, since it may be anybody's words: but nobody asked for any yet.
        try:
            messages = parse(run)
        except NotJSON as error:
            asked = self._state is not State.STARTING
            words = str(error) if asked else printable(error.line[:200].decode("utf-8", "replace"))
            self._protocol_fault(f"wrote what is no JSON: {words}")
            return
        for message in messages:
            if isinstance(message, Unreadable):
                if message.notification:
                    self._lost_event(message)
                    continue
                id: object = message.id
            elif not isinstance(message, dict):
                self._protocol_fault("wrote what is no answer: JSON, but no object")
                return
            else:
                id = message.get("id")
                if "method" in message:
                    if id is not None:
                        self._protocol_fault("wrote a request")
                        return
                    if message["method"] == "inbox_event":
                        self._event(message.get("params"))
                    continue
            if id is None:
                # A line of ours that it couldn't read. `encode` makes no such line.
                refused = isinstance(message, dict) and error_from(message.get("error")).kind
                self._protocol_fault(f"couldn't read a request ({refused or 'its answer is too much'})")
                return
            if self._calls.answer(id, message):
                self._supervision.answered()
            elif type(id) is str and id[len(_LEAVE) :].isdecimal():
                self._left.discard(int(id[len(_LEAVE) :]))
            elif type(id) is int and id == _HELLO and self._state is State.STARTING:
                self._greeted({} if isinstance(message, Unreadable) else message)
        if self._calls.unsent:
            self._flush()

    def _event(self, params: Any) -> None:
        subscription = params.get("subscription") if isinstance(params, dict) else None
        if type(subscription) is not int:
            return
        feed = self.feeds.get(subscription)
        if feed is not None:
            feed.event(params, self._runs)
        elif subscription not in self._left:
            self.leave(subscription)  # Of a call that was given up before its answer.

    def _lost_event(self, message: Unreadable) -> None:
        """Something that this process can't hold. Whose it was isn't known, so each goes on from its cursors."""
        for feed in list(self.feeds.values()):
            feed.fail(UnreadableAnswerError(f"an event can't be read: {message.why}"))

    def _end_feeds(self, error: Optional[Callable[[], TidingsError]] = None) -> None:
        """This child tells nothing more. Each feed goes on in the next one, or fails."""
        feeds, self.feeds, self._left = list(self.feeds.values()), {}, set()
        for feed in feeds:
            if error:
                feed.fail(error())
            else:
                feed.lost()

    def _protocol_fault(self, what: str) -> None:
        self._logger.error("the program %s (process %s) %s; it is ended", self._name, self.pid, what)
        self._fault = IncompatibleProgramError(f"{self._name} {what}")
        if self._child:
            self._child.kill()

    @property
    def _name(self) -> str:
        return self._program.command[0]

    # The life of children

    def _spawn(self) -> None:
        self._state = State.STARTING
        self._fault = None
        self.starts += 1
        try:
            self._child = Child(self.loop, self._program, self._logger, self._received, self._died)
        except OSError as error:
            lasting = error.errno not in _PASSING
            self._after_death(None, f"could not be started: {error}", "", lasting=lasting)
            return
        self._set_timer(self._patience(), self._too_slow)
        self._child.write(encode(_HELLO, "get_status", {}))

    def _patience(self) -> float:
        """Seconds until the first answer of a child."""
        if self._started.done():
            return self._start_timeout
        return max(0.0, self._start_by - self.loop.time())

    def _too_slow(self) -> None:
        if self._child and self._child.gone:
            return  # It has ended by itself, which is about to be told.
        seconds = f"{self._start_timeout:g} s"
        self._fault = StartTimeoutError(f"{self._name} gave no answer within {seconds} of its start")
        if self._child:
            self._child.kill()

    def _greeted(self, message: Dict[str, Any]) -> None:
        """The first answer of a child."""
        result = message.get("result")
        version = result.get("version") if isinstance(result, dict) else None
        if not isinstance(result, dict) or not isinstance(version, str):
            refused = f": {error_from(message['error'])}" if "error" in message else ""
            self._protocol_fault("gave no version" + refused)
            return
        if not _compatible(version, __version__):
            self._protocol_fault(f"is version {printable(version[:40])}, this client {__version__}")
            return
        limits = result.get("limits")
        if isinstance(limits, dict):
            self.limits.update((name, limit) for name, limit in limits.items() if type(limit) is int)
        self._set_timer(None)
        self._state = State.RUNNING
        if not self._started.done():
            self._started.set_result(None)
        self._flush()

    def _died(self, status: int, last_words: str) -> None:
        self._child = None
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        # One that ends by itself before it was ever of use will do so again.
        lasting = not self._started.done() and status >= 0 and status != _TEMPORARY
        self._after_death(status, how, last_words, lasting=lasting)

    def _after_death(self, status: Optional[int], how: str, last_words: str, *, lasting: bool) -> None:
        self._set_timer(None)
        if self._state is State.CLOSING:
            self._close("the client was closed before the answer")
            return
        details = {"status": status, "last_words": last_words}
        fault = self._fault
        said = fault.message if fault else f"{self._name} {how}"
        said += f". Its last words:\n{last_words}" if last_words else ""

        def failure() -> TidingsError:
            if isinstance(fault, IncompatibleProgramError):
                return IncompatibleProgramError(said, details=details)
            if isinstance(fault, StartTimeoutError):
                return StartTimeoutError(said, retryable=True, details=details)
            return ProcessDiedError(said, retryable=not lasting, details=details)

        self._failure = failure
        if not self._started.done() and (fault or status is None or status >= 0):
            self._give_up()
            return
        lost = self._calls.child_died()
        for call in lost:
            call.fail(failure())
        if lost:
            self._supervision.answered()  # What it died of is gone.
        delay = self._supervision.died()
        if delay is None:
            self._logger.error(
                "the program %s %s; given up after %d starts without an answer",
                *(self._name, how, self._supervision.deaths),
            )
            self._give_up()
            return
        self._logger.warning(
            "the program %s %s; it is started again with %d calls in flight",
            *(self._name, how, len(self._calls)),
        )
        self._state = State.WAITING
        self._set_timer(delay, self._spawn)
        self._end_feeds()

    def _give_up(self) -> None:
        self._failed_at = self.loop.time()
        self._state = State.FAILED
        self._calls.fail_all(self._failure)
        self._end_feeds(self._failure)
        if not self._started.done():
            self._state = State.CLOSED
            self._started.set_exception(self._failure())

    def _begin_closing(self) -> None:
        if self._child is None:
            self._close("the client was closed")
            return
        self._child.write(self._calls.take_unsent())
        self._child.close_input()
        self._state = State.CLOSING
        self._end_feeds(lambda: ClosedError("the client was closed"))
        self._set_timer(self._close_timeout, self._child.kill)

    def _close(self, why: str) -> None:
        self._set_timer(None)
        self._state = State.CLOSED
        self._calls.fail_all(lambda: ClosedError(why))
        self._end_feeds(lambda: ClosedError(why))
        if not self._ended.done():
            self._ended.set_result(None)

    def _set_timer(self, delay: Optional[float], then: Optional[Callable[[], None]] = None) -> None:
        """One timer at a time: of a start, of a wait or of the end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if delay is not None and then is not None:
            self._timer = self.loop.call_later(delay, then)


def too_late(timeout: float) -> TidingsError:
    """What a call ends with that the program hasn't answered in time."""
    return DeadlineExceededError(f"no answer within {timeout:g} s", retryable=True)


def _compatible(version: str, own: str) -> bool:
    """Whether two versions promise the same: the same major one, and before 1.0 the same minor one."""

    def promise(text: str) -> List[str]:
        parts = re.findall(r"\d+", text)
        return parts[:2] if parts[:1] == ["0"] else parts[:1]

    return promise(version) == promise(own)
