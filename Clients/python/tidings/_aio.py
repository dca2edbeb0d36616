"""The client for asyncio."""

from __future__ import annotations

import asyncio
import os
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, Generator, Mapping, Optional, Sequence, Type

from . import _fork
from ._engine import Engine
from ._errors import ClosedError, ForkedError
from ._feed import Feed
from ._framing import Default
from ._methods import AsyncMethods
from ._options import GRACE, Options, Requests, Timeout, allowed
from ._program import StrPath

__all__ = ["Starting", "Tidings"]


class Tidings(AsyncMethods):
    """A child process that runs Tidings, and its methods. Made by `Tidings.start`.

    It belongs to the event loop in which it was started. Any number of calls may be in flight.
    Cancelling the task that waits for a call cancels the call.
    """

    def __init__(
        self, engine: Engine, timeout: Optional[float] = None, default: Optional[Default] = None
    ) -> None:
        """Not for hosts: use `start`."""
        self._engine: Optional[Engine] = engine
        self._timeout = timeout
        self._requests = Requests(default)
        self._host = os.getpid()
        _fork.register(self)

    @classmethod
    def start(
        cls,
        *,
        store: Optional[StrPath] = None,
        program: Optional[StrPath] = None,
        arguments: Sequence[str] = (),
        env: Optional[Mapping[str, str]] = None,
        log_level: str = "info",
        timeout: Timeout = None,
        restarts: int = 6,
        start_timeout: float = 60.0,
        close_timeout: float = 15.0,
        default: Optional[Default] = None,
    ) -> Starting:
        """Starts the program; to be awaited, or entered with `async with`, which closes it at the end.

        store: "sqlite:PATH", "mongodb://...", "memory:", or a pathlib.Path, which is a file of SQLite;
            without it the program's own default.
        program: where the program is. Else TIDINGS_BIN, the package's own, or the first on PATH.
        arguments: more of the command line.
        env: the program's environment, instead of this process's.
        log_level: the least level that the program logs. It comes out at the logger "tidings".
        timeout: seconds that a call may take if it doesn't say otherwise. None: any time.
        restarts: deaths of the program in a row, without an answer between them, until calls fail.
        start_timeout: seconds until the first answer, however often the program is tried until then.
        close_timeout: seconds that `close` leaves to what is in flight.
        default: gives something with a form in JSON for a value that has none (a UUID, a datetime), as
            json.dumps takes it: default=str.
        """
        options = Options(
            store=store,
            program=program,
            arguments=arguments,
            env=env,
            log_level=log_level,
            timeout=timeout,
            restarts=restarts,
            start_timeout=start_timeout,
            close_timeout=close_timeout,
            default=default,
        )
        return Starting(cls, options)

    @property
    def pid(self) -> Optional[int]:
        """The process id of the program, while it runs. It changes when it is restarted."""
        return self._engine.pid if self._engine else None

    async def call(
        self,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Timeout = None,
        default: Optional[Default] = None,
    ) -> Any:
        """Any method by its name on the wire, also one that this client doesn't know. `default` is that of
        `start`, for this call."""
        return await self._call(method, dict(params or {}), timeout, default)

    async def _call(
        self, method: str, params: Dict[str, Any], timeout: Timeout, default: Optional[Default] = None
    ) -> Any:
        engine = self._here()
        limit = allowed(timeout, self._timeout, params)
        loop = engine.loop
        future: asyncio.Future[Any] = loop.create_future()
        call = self._requests.call(method, params, limit, engine.limits, future, default)
        guard = None if limit is None else loop.call_later(limit + GRACE, engine.expire, call, limit)
        engine.submit(call)
        try:
            return await future
        except asyncio.CancelledError:
            engine.cancel(call.id)
            raise
        finally:
            if guard is not None:
                guard.cancel()

    def _feed(self, params: Dict[str, Any], timeout: Timeout, wake: Callable[[], None]) -> Feed:
        limit = allowed(timeout, self._timeout, params)
        engine = self._here()
        return Feed(engine, self._requests, params, limit, wake, lambda then: then())

    async def close(self) -> None:
        """Ends the program once it has answered what is in flight. May be called again."""
        if self._engine is not None:
            await self._here().close()

    async def __aenter__(self) -> Tidings:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        engine = getattr(self, "_engine", None)
        if engine is not None and not engine.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
            engine.abandon()

    def after_fork(self) -> None:
        """Called in a process that was forked off."""
        if self._engine is not None:
            self._engine.forget()
            self._engine = None

    def _here(self) -> Engine:
        """The engine, if this is its loop."""
        engine = self._engine
        if engine is None:
            if self._host != os.getpid():
                raise ForkedError(
                    f"this client belongs to process {self._host}, from which this one was forked: "
                    "start one here"
                )
            raise ClosedError("the client is closed")
        if asyncio.get_running_loop() is not engine.loop:
            raise RuntimeError("this client belongs to another event loop: start one in this one")
        return engine


class Starting:
    """What `Tidings.start` gives: `await` it, or enter it with `async with`."""

    def __init__(self, cls: Type[Tidings], options: Options) -> None:
        self._cls = cls
        self._options = options
        self._client: Optional[Tidings] = None

    async def _start(self) -> Tidings:
        engine = self._options.engine(asyncio.get_running_loop())
        client = self._cls(engine, self._options.timeout, self._options.default)
        await engine.start()
        return client

    def __await__(self) -> Generator[Any, None, Tidings]:
        return self._start().__await__()

    async def __aenter__(self) -> Tidings:
        self._client = await self._start()
        return self._client

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if self._client is not None:
            await self._client.close()

    if not TYPE_CHECKING:  # A type checker says it by itself, if it doesn't see these.

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"there is no {name} before the program is started: {_HOW}")

        def __enter__(self) -> Any:
            raise TypeError(f"the client for asyncio takes no plain `with`: {_HOW}")

        def __exit__(self, *how: object) -> None:
            """Never reached."""


_HOW = (
    "write `async with Tidings.start(...) as inbox:` or `inbox = await Tidings.start(...)`; "
    "without asyncio it is `from tidings.sync import Tidings`"
)
