"""A subscription that outlives the children which serve it."""

from __future__ import annotations

import asyncio
import collections
import enum
import os
import threading
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, List, Optional

from ._calls import GRACE
from ._errors import TidingsError, UnreadableAnswerError

if TYPE_CHECKING:
    from ._engine import Engine
    from ._options import Requests

__all__ = ["Feed", "positions"]

Entry = Dict[str, Any]

_DELAY, _LONGEST_DELAY = 0.05, 2.0  # Seconds between two tries.
_DEATHS = 3  # Of children in a row without an event of it; then a subscription waits before it begins again.


class _State(enum.Enum):
    NEW = "new"  # Or failed: it begins when its host asks for an event.
    ASKING = "asking"
    LIVE = "live"
    FULL = "full"  # Given up in the program until the host has taken some of what is kept.
    WAITING = "waiting"  # For the time of the next try.
    CLOSED = "closed"


class Feed:
    """The events of some inboxes, without the seams: where a child died, and where the host took none for long,
    it begins again from the last cursor of each inbox.

    What the host has not taken is kept: at most `ROOM` events and those that were read together with the
    last of them, or of `detail: counts` the newest of each inbox. At more than that the subscription is
    given up, so that a host which takes nothing costs no more memory and holds up no other call.

    All but `take`, `ready`, `raised`, `open`, `end` and `inboxes` belongs to the thread of the loop. The lock
    is around what that thread puts in and the host's takes out, and is held for a moment.
    """

    ROOM = 256

    def __init__(
        self,
        engine: Engine,
        requests: Requests,
        params: Dict[str, Any],
        limit: Optional[float],
        wake: Callable[[], None],
        run: Callable[[Callable[[], None]], None],
    ) -> None:
        """limit: the seconds that a call may take; wake: called when there is something to take; run: has
        something done in the loop's thread."""
        self._engine = engine
        self._requests = requests
        self._params = params
        self._limit = limit
        self._wake = wake
        self._run = run
        self._lock = threading.Lock()
        self._host = os.getpid()
        self._state = _State.NEW
        self._begun = False
        self._subscription: Optional[int] = None
        self._cursors: Dict[Optional[str], str] = {}  # Behind the last event that was kept.
        self._numbers_only = params.get("detail") == "counts"
        self._kept: Deque[Any] = collections.deque()
        self._newest: Dict[Optional[str], Any] = {}
        self._run_of_last = 0  # In which run of lines the last one came that found room.
        self._taken: Dict[Optional[str], Entry] = {}  # As of the last event that the host took.
        self._error: Optional[BaseException] = None
        self._delay = _DELAY
        self._deaths = 0
        self._timer: Optional[asyncio.TimerHandle] = None

    # For its host, in any thread

    @property
    def ours(self) -> bool:
        """Whether it is of this process, and not of the one that it was forked from."""
        return self._host == os.getpid()

    @property
    def begun(self) -> bool:
        """Whether the program has answered once."""
        return self._begun

    @property
    def ready(self) -> bool:
        """Whether there is an event, an error, or the end."""
        return bool(
            self._kept or self._newest or self._error is not None or self._state is _State.CLOSED
        )

    def take(self) -> Any:
        """The next event; None if there is none."""
        with self._lock:
            if self._newest:
                event = self._newest.pop(next(iter(self._newest)))
            elif self._kept:
                event = self._kept.popleft()
            else:
                return None
            its = self._taken.get(event.get("team_id"))
            if its is not None:
                its.update((name, event[name]) for name in _NUMBERS if name in event)
            has_room = self._state is _State.FULL and len(self._kept) <= self.ROOM // 2
        if has_room:
            self._run(self._go_on)
        return event

    def raised(self) -> Optional[BaseException]:
        """The error that came, once. The next step begins again."""
        with self._lock:
            error, self._error = self._error, None
        return error

    def open(self) -> None:
        """Begins, if it isn't under way."""
        if self._state is _State.NEW:
            self._run(self._begin)

    def end(self) -> None:
        """Ends it: what is kept goes, and the program tells it no more."""
        self._run(self._close)

    @property
    def inboxes(self) -> List[Entry]:
        """Each inbox with its cursor and its numbers, as of the last event that was taken."""
        with self._lock:
            return [dict(entry) for entry in self._taken.values()]

    # For the engine

    def event(self, event: Dict[str, Any], run: int) -> None:
        """An event, in the run of lines with this number."""
        team = event.get("team_id")
        self._deaths = 0
        with self._lock:
            if self._numbers_only:
                self._newest[team] = event
            else:
                if len(self._kept) < self.ROOM:
                    self._run_of_last = run
                elif run != self._run_of_last:
                    self._give_up()
                    self._state = _State.FULL
                    return
                self._kept.append(event)
            self._cursors[team] = str(event.get("cursor"))
        self._wake()

    def lost(self) -> None:
        """The child died; the next one is told where to go on."""
        self._subscription = None
        self._deaths += 1
        self._state = _State.NEW
        if self._deaths < _DEATHS:
            self._begin()
        else:  # It may be what they die of.
            self._wait()

    def fail(self, error: BaseException) -> None:
        """It can't go on by itself."""
        if self._state is _State.CLOSED:
            return
        self._give_up()
        with self._lock:
            self._error = error
            self._state = _State.NEW
        self._wake()

    # How it goes on

    def _begin(self) -> None:
        if self._state not in (_State.NEW, _State.WAITING):
            return
        self._state = _State.ASKING
        self._stop_timer()
        params = self._params
        if self._cursors:
            params = {**params, "inboxes": positions(self._cursors)}
        attempt = _Attempt(self)
        try:
            call = self._requests.call("subscribe", params, self._limit, self._engine.limits, attempt)
        except Exception as error:  # What can't be sent.
            self.fail(error)
            return
        self._engine.submit(call)
        if self._limit is not None and not attempt.done():
            attempt.guard = self._engine.loop.call_later(
                self._limit + GRACE, self._engine.expire, call, self._limit
            )

    def _go_on(self) -> None:
        with self._lock:
            if self._state is not _State.FULL:
                return
            self._state = _State.NEW
        self._begin()

    def subscribed(self, result: Any) -> None:
        """The answer to an attempt."""
        try:
            subscription, told = result["subscription"], [dict(one) for one in result["inboxes"]]
            unknown = [one for one in told if self._place(one)]
        except (KeyError, TypeError, ValueError):
            self.fail(UnreadableAnswerError("the answer to subscribe has no known form"))
            return
        if self._state is _State.CLOSED:
            self._engine.leave(subscription)
            return
        self._subscription = subscription
        self._engine.feeds[subscription] = self
        self._begun = True
        self._delay = _DELAY
        self._state = _State.LIVE
        event = "counts" if self._numbers_only else "lagged"
        for one in unknown:
            self.event({"subscription": subscription, "event": event, **one}, self._run_of_last)
        self._wake()

    def _place(self, told: Entry) -> bool:
        """Notes where an inbox is followed from; whether its host has to be told of the present."""
        team, expired = told.get("team_id"), told.pop("expired", False) is True
        known = self._cursors.get(team)
        if not self._begun:
            asked = (one.get("cursor") for one in self._params["inboxes"] if one.get("team_id") == team)
            known = next(asked, None)
        # Of numbers alone the answer tells the present; everything else comes as events.
        is_present = self._numbers_only or expired
        with self._lock:
            self._cursors[team] = told["cursor"] if is_present or known is None else known
            self._taken.setdefault(team, {**told, "cursor": known or told["cursor"]})
        return expired or (self._numbers_only and known not in (None, told["cursor"]))

    def refused(self, error: TidingsError) -> None:
        """The error of an attempt."""
        if self._state is _State.CLOSED:
            return
        # An error of the wire that passes is no seam, once it has begun. That of a program which can't be
        # kept running is the host's to hear.
        if self._begun and error.retryable and error.code:
            self._wait()
        else:
            self.fail(error)

    def _wait(self) -> None:
        self._state = _State.WAITING
        self._timer = self._engine.loop.call_later(self._delay, self._begin)
        self._delay = min(2 * self._delay, _LONGEST_DELAY)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """The program tells it no more."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._engine.leave(subscription)

    def _close(self) -> None:
        # While it asks, the answer is waited for: what that names has to be left.
        self._stop_timer()
        self._give_up()
        with self._lock:
            self._state = _State.CLOSED
            self._kept.clear()
            self._newest.clear()
        self._wake()


_NUMBERS = ("cursor", "total", "count", "unseen")


def positions(cursors: Dict[Optional[str], str]) -> List[Entry]:
    """Cursors by team as the wire has them; None is the account."""
    return [
        {"cursor": cursor} if team is None else {"team_id": team, "cursor": cursor}
        for team, cursor in cursors.items()
    ]


class _Attempt:
    """A call that begins a feed."""

    __slots__ = ("_feed", "_over", "guard")

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._over = False
        self.guard: Optional[asyncio.TimerHandle] = None

    def done(self) -> bool:
        return self._over

    def _end(self) -> None:
        self._over = True
        if self.guard is not None:
            self.guard.cancel()

    def set_result(self, result: Any, /) -> None:
        self._end()
        self._feed.subscribed(result)

    def set_exception(self, exception: BaseException, /) -> None:
        self._end()
        if isinstance(exception, TidingsError):
            self._feed.refused(exception)
        else:
            self._feed.fail(exception)
