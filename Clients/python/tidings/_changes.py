"""Following an inbox: change after change, until somebody closes it."""

from __future__ import annotations

import asyncio
import collections
import threading
import time
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Callable,
    Coroutine,
    Deque,
    Dict,
    Generic,
    Iterator,
    Optional,
    Protocol,
    Type,
    TypeVar,
    Union,
)

if TYPE_CHECKING:
    from ._methods import AsyncMethods, SyncMethods

__all__ = ["AsyncChanges", "Changes", "Pending", "idle_seconds"]

Item = TypeVar("Item", covariant=True)

_METHOD = "get_changes"
_LONGEST = 1e9  # Seconds that the clocks of an event loop and of a lock bear.
_WAIT_MS = 30_000  # How long the program waits for a change before it answers that there is none.


class Pending(Protocol):
    """A call under way."""

    def wait(self, timeout: Optional[float]) -> bool:
        """Whether there is an outcome; waits for at most `timeout` seconds."""

    def result(self) -> Any:
        """The outcome, once there is one."""

    def cancel(self) -> None:
        """Takes the call back. Who waits for it goes on at once, and has no outcome. From any thread."""

    @property
    def ours(self) -> bool:
        """Whether it is a call of this process, and not of the one that it was forked from."""


def idle_seconds(idle: Optional[float]) -> Optional[float]:
    """What is to be an idle time, if it can be one."""
    if idle is not None:
        if not isinstance(idle, (int, float)):
            raise TypeError(f"idle is a number of seconds, not {type(idle).__name__}")
        if not 0 < idle < _LONGEST:
            raise ValueError(f"idle is a number of seconds above 0, not {idle!r}; None waits for ever")
    return idle


class _Following(Generic[Item]):
    """What was told and not yet given, and what to ask for next."""

    def __init__(self, params: Dict[str, Any], idle: Optional[float]) -> None:
        self._params = {**params, "wait_ms": _WAIT_MS}
        self._idle = idle_seconds(idle)
        self._told: Deque[Any] = collections.deque()
        self._closed = False

    def _take(self, answer: Dict[str, Any]) -> None:
        self._told.extend(answer["changes"])
        place = "inboxes" if "inboxes" in self._params else "cursor"
        self._params = {**self._params, place: answer[place]}


class Changes(_Following[Item], Iterator[Item]):
    """An iterator for `for`. `close` ends it from any thread, also while another waits for a change.

    One thread at a time may ask it for the next change.
    """

    def __init__(
        self,
        client: SyncMethods,
        params: Dict[str, Any],
        idle: Optional[float],
        timeout: Union[float, str, None],
    ) -> None:
        """Not for hosts: a client's `changes` makes it."""
        super().__init__(params, idle)
        self._begin: Callable[[Dict[str, Any]], Pending] = lambda params: client._begin(
            _METHOD, params, timeout
        )
        self._lock = threading.Lock()  # Around `_pending` and `_closed`, which `close` looks at elsewhere.
        self._pending: Optional[Pending] = None

    def __iter__(self) -> Changes[Item]:
        return self

    def __next__(self) -> Item:
        until = None if self._idle is None else time.monotonic() + self._idle
        while not self._told:
            pending = self._under_way()
            if pending is None:
                raise StopIteration
            # What isn't answered yet stays under way: the next step waits for it again.
            if not pending.wait(None if until is None else max(0.0, until - time.monotonic())):
                return None  # type: ignore[return-value]  # `Item` allows it, where there is an `idle`.
            with self._lock:
                self._pending = None
                if self._closed:
                    raise StopIteration
            self._take(pending.result())
        if self._closed:
            raise StopIteration
        item: Item = self._told.popleft()
        return item

    def _under_way(self) -> Optional[Pending]:
        """The call that brings the next changes; None when it is closed."""
        with self._lock:
            if self._closed:
                return None
            if self._pending is None or not self._pending.ours:
                self._pending = self._begin(dict(self._params))
            return self._pending

    def close(self) -> None:
        """Ends it: whoever waits for a change goes on behind its loop. May be called again."""
        with self._lock:
            self._closed = True
            pending = self._pending
        if pending is not None and pending.ours:
            pending.cancel()

    def __enter__(self) -> Changes[Item]:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Without the lock, at which the thread that runs the collector may stand already.
        pending: Optional[Pending] = getattr(self, "_pending", None)
        if pending is not None and pending.ours:
            pending.cancel()


class AsyncChanges(_Following[Item], AsyncIterator[Item]):
    """An iterator for `async for`. `aclose` ends it, also while another task waits for a change; a task
    that is cancelled while it waits loses nothing, and may ask for the next change again."""

    def __init__(
        self,
        client: AsyncMethods,
        params: Dict[str, Any],
        idle: Optional[float],
        timeout: Union[float, str, None],
    ) -> None:
        """Not for hosts: a client's `changes` makes it."""
        super().__init__(params, idle)
        self._ask: Callable[[Dict[str, Any]], Coroutine[Any, Any, Any]] = lambda params: client._call(
            _METHOD, params, timeout
        )
        self._pending: Optional[asyncio.Task[Any]] = None

    def __aiter__(self) -> AsyncChanges[Item]:
        return self

    async def __anext__(self) -> Item:
        loop = asyncio.get_running_loop()
        until = None if self._idle is None else loop.time() + self._idle
        while not self._told:
            if self._closed:
                raise StopAsyncIteration
            if self._pending is None:
                self._pending = loop.create_task(self._ask(dict(self._params)))
                self._pending.add_done_callback(_retrieved)
            pending = self._pending
            left = None if until is None else max(0.0, until - loop.time())
            try:
                await asyncio.wait([pending], timeout=left)
            except asyncio.CancelledError:
                self._forget(pending)
                raise
            if not pending.done():
                return None  # type: ignore[return-value]  # `Item` allows it, where there is an `idle`.
            if self._pending is not pending:
                continue  # Another task has waited too, and took it or was cancelled.
            self._pending = None
            if self._closed:
                raise StopAsyncIteration
            self._take(pending.result())
        if self._closed:
            raise StopAsyncIteration
        item: Item = self._told.popleft()
        return item

    def _forget(self, pending: asyncio.Task[Any]) -> None:
        pending.cancel()
        if self._pending is pending:
            self._pending = None

    async def aclose(self) -> None:
        """Ends it: a task that waits for a change goes on behind its loop. May be called again."""
        self._closed = True
        if self._pending is not None:
            self._pending.cancel()

    async def __aenter__(self) -> AsyncChanges[Item]:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        pending: Optional[asyncio.Task[Any]] = getattr(self, "_pending", None)
        if pending is not None and not pending.done() and not pending.get_loop().is_closed():
            pending.get_loop().call_soon_threadsafe(pending.cancel)


def _retrieved(task: asyncio.Task[Any]) -> None:
    """So that nobody is warned of an outcome which nobody asks for any more."""
    if not task.cancelled():
        task.exception()
