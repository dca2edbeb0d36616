"""Following inboxes by a subscription: event after event, until somebody closes it."""

from __future__ import annotations

import asyncio
import threading
import time
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Dict,
    Generic,
    Iterator,
    List,
    Optional,
    Set,
    Type,
    TypeVar,
    Union,
)

from ._changes import idle_seconds
from ._errors import TidingsError
from ._feed import Feed, positions

if TYPE_CHECKING:
    from ._methods import AsyncMethods, SyncMethods

__all__ = ["AsyncEvents", "Events"]

Item = TypeVar("Item", covariant=True)


class _Subscribed(Generic[Item]):
    """What both iterators have."""

    _feed: Optional[Feed]

    def __init__(
        self, params: Dict[str, Any], idle: Optional[float], timeout: Union[float, str, None]
    ) -> None:
        alone: Dict[str, Any] = {name: params.pop(name) for name in ("team_id", "cursor") if name in params}
        # Always as a list, in which a cursor that is too old is no error: the host is told `lagged`. What is
        # given in both ways is the program's to refuse.
        self._is_alone = "inboxes" not in params
        self._params: Dict[str, Any] = {**params, **({"inboxes": [alone]} if self._is_alone else alone)}
        self._idle = idle_seconds(idle)
        self._timeout = timeout
        self._feed = None
        self._closed = False

    @property
    def inboxes(self) -> List[Dict[str, Any]]:
        """Each inbox with its cursor as of the last event that this iterator gave: `subscribe(inboxes=...)`
        goes on from there, in any process. `team_id` is absent for the account."""
        if self._feed is None or not self._feed.begun:
            return list(self._params["inboxes"])
        return positions({one.get("team_id"): one["cursor"] for one in self._feed.inboxes})

    def _raised(self, feed: Feed) -> None:
        error = feed.raised()
        if error is None:
            return
        if self._is_alone and isinstance(error, TidingsError) and error.pointer:
            # The host wrote no list.
            error.details["pointer"] = error.pointer.replace("/inboxes/0", "", 1)
        raise error


class Events(_Subscribed[Item], Iterator[Item]):
    """An iterator for `for`. `close` ends it from any thread, also while another waits for an event.

    One thread at a time may ask it for the next event. Leaving a `with` closes it, and so does losing it.
    """

    def __init__(
        self,
        client: SyncMethods,
        params: Dict[str, Any],
        idle: Optional[float],
        timeout: Union[float, str, None],
    ) -> None:
        """Not for hosts: a client's `subscribe` makes it."""
        super().__init__(params, idle, timeout)
        self._client = client
        self._changed = threading.Condition()

    def __iter__(self) -> Events[Item]:
        return self

    def __next__(self) -> Item:
        until = None if self._idle is None else time.monotonic() + self._idle
        while not self._closed:
            feed = self._here()
            event = feed.take()
            if event is not None:
                item: Item = event
                return item
            self._raised(feed)
            if not self._wait(feed, until):
                return None  # type: ignore[return-value]  # `Item` allows it, where there is an `idle`.
        raise StopIteration

    def start(self) -> List[Dict[str, Any]]:
        """Subscribes now, which else the first step does. Gives each inbox with its `cursor`, `total`, `count`
        and `unseen`: those of the present without a cursor, and later those of the last event."""
        while not self._closed:
            feed = self._here()
            if feed.begun:
                return feed.inboxes
            self._raised(feed)
            self._wait(feed, None)
        return []

    def _wait(self, feed: Feed, until: Optional[float]) -> bool:
        """Waits for something to take; whether there may be."""
        begun = feed.begun
        feed.open()
        with self._changed:
            while not (self._closed or feed.ready or feed.begun != begun):
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _here(self) -> Feed:
        """The feed of this process."""
        if self._feed is None or not self._feed.ours:
            params = {**self._params, "inboxes": self.inboxes}
            self._changed = changed = threading.Condition()  # A parent's thread may hold that of a fork.

            def wake() -> None:
                with changed:
                    changed.notify_all()

            self._feed = self._client._feed(params, self._timeout, wake)
        return self._feed

    def close(self) -> None:
        """Ends it: whoever waits for an event goes on behind its loop. May be called again."""
        self._closed = True
        if self._feed is not None and self._feed.ours:
            self._feed.end()
        with self._changed:
            self._changed.notify_all()

    def __enter__(self) -> Events[Item]:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        feed: Optional[Feed] = getattr(self, "_feed", None)
        if feed is not None and feed.ours:
            feed.end()


class AsyncEvents(_Subscribed[Item], AsyncIterator[Item]):
    """An iterator for `async for`. `aclose` ends it, also while another task waits for an event; a task that is
    cancelled while it waits loses nothing, and may ask for the next event again. Leaving an `async with`
    closes it, and so does losing it."""

    def __init__(
        self,
        client: AsyncMethods,
        params: Dict[str, Any],
        idle: Optional[float],
        timeout: Union[float, str, None],
    ) -> None:
        """Not for hosts: a client's `subscribe` makes it."""
        super().__init__(params, idle, timeout)
        self._client = client
        self._waiters: Set[asyncio.Future[None]] = set()
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    def __aiter__(self) -> AsyncEvents[Item]:
        return self

    async def __anext__(self) -> Item:
        loop = asyncio.get_running_loop()
        until = None if self._idle is None else loop.time() + self._idle
        while not self._closed:
            feed = self._here()
            event = feed.take()
            if event is not None:
                item: Item = event
                return item
            self._raised(feed)
            if not await self._wait(feed, until):
                return None  # type: ignore[return-value]  # `Item` allows it, where there is an `idle`.
        raise StopAsyncIteration

    async def start(self) -> List[Dict[str, Any]]:
        """Subscribes now, which else the first step does. Gives each inbox with its `cursor`, `total`, `count`
        and `unseen`: those of the present without a cursor, and later those of the last event."""
        while not self._closed:
            feed = self._here()
            if feed.begun:
                return feed.inboxes
            self._raised(feed)
            await self._wait(feed, None)
        return []

    async def _wait(self, feed: Feed, until: Optional[float]) -> bool:
        """Waits for something to take; whether there may be."""
        begun = feed.begun
        feed.open()
        if self._closed or feed.ready or feed.begun != begun:
            return True
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait([waiter], timeout=None if until is None else max(0.0, until - loop.time()))
        finally:
            self._waiters.discard(waiter)
        return waiter.done()

    def _here(self) -> Feed:
        if self._feed is None:
            waiters = self._waiters

            def wake() -> None:
                for waiter in waiters:
                    if not waiter.done():
                        waiter.set_result(None)

            self._feed = self._client._feed(self._params, self._timeout, wake)
            self._loop = asyncio.get_running_loop()
        return self._feed

    async def aclose(self) -> None:
        """Ends it: a task that waits for an event goes on behind its loop. May be called again."""
        self._closed = True
        if self._feed is not None and self._feed.ours:
            self._feed.end()

    async def __aenter__(self) -> AsyncEvents[Item]:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        feed: Optional[Feed] = getattr(self, "_feed", None)
        if feed is not None and feed.ours and self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(feed.end)
