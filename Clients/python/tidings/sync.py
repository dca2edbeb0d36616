"""The client without asyncio, for Flask, Django, scripts: any number of threads may share one.

    with Tidings.start(store="sqlite:inbox.db") as inbox:
        page = inbox.get_team_message(team_id="crew", user_id="bob")
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import threading
import time
import weakref
from types import TracebackType
from typing import Any, Callable, Coroutine, Deque, Dict, List, Mapping, Optional, Sequence, Type

from . import _fork
from ._calls import Call
from ._engine import Engine, too_late
from ._errors import ClosedError
from ._feed import Feed
from ._framing import Default
from ._methods import SyncMethods
from ._options import GRACE, Options, Requests, Timeout, allowed
from ._program import StrPath

__all__ = ["Tidings"]


class Tidings(SyncMethods):
    """A child process that runs Tidings, and its methods. Made by `Tidings.start`.

    Any number of threads may call at the same time. After a fork the first call in the new process
    starts a child of its own there, so a web server may fork its workers after the start.
    """

    def __init__(self, options: Options) -> None:
        """Not for hosts: use `start`."""
        self._options = options
        self._requests = Requests(options.default)
        self._lock = threading.Lock()
        self._closed = False
        self._thread: Optional[_Thread] = None
        self._finalizer: Optional[weakref.finalize[[], Tidings]] = None
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
    ) -> Tidings:
        """Starts the program. To be closed at the end, which `with` does.

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
        client = cls(
            Options(
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
        )
        client._running()
        return client

    @property
    def pid(self) -> Optional[int]:
        """The process id of the program, while it runs. It changes when it is restarted."""
        thread = self._thread
        return thread.engine.pid if thread else None

    def call(
        self,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Timeout = None,
        default: Optional[Default] = None,
    ) -> Any:
        """Any method by its name on the wire, also one that this client doesn't know. `default` is that of
        `start`, for this call."""
        return self._finished(self._begin(method, dict(params or {}), timeout, default))

    def _call(self, method: str, params: Dict[str, Any], timeout: Timeout) -> Any:
        return self._finished(self._begin(method, params, timeout))

    def _begin(
        self, method: str, params: Dict[str, Any], timeout: Timeout, default: Optional[Default] = None
    ) -> _Pending:
        thread = self._thread or self._running()
        pending = _Pending(thread, allowed(timeout, self._options.timeout, params))
        pending.call = self._requests.call(
            method, params, pending.timeout, thread.engine.limits, pending, default
        )
        thread.submit(pending.call)
        return pending

    def _feed(self, params: Dict[str, Any], timeout: Timeout, wake: Callable[[], None]) -> Feed:
        limit = allowed(timeout, self._options.timeout, params)
        thread = self._thread or self._running()
        return Feed(thread.engine, self._requests, params, limit, wake, thread.run)

    @staticmethod
    def _finished(pending: _Pending) -> Any:
        try:
            pending.wait(None)
        except BaseException:  # An interrupt, or whatever else a signal's handler raises.
            pending.cancel()
            raise
        return pending.result()

    def close(self) -> None:
        """Ends the program once it has answered what is in flight. May be called again."""
        with self._lock:
            self._closed = True
            self._thread = None
            finalizer, self._finalizer = self._finalizer, None
        if finalizer is not None:
            finalizer()

    def __enter__(self) -> Tidings:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def after_fork(self) -> None:
        """Called in a process that was forked off: its first call starts a child of its own."""
        self._lock = threading.Lock()  # Another thread of the parent may have held it.
        self._requests = Requests(self._options.default)  # The parent goes on with its keys.
        thread, self._thread = self._thread, None
        if self._finalizer is not None:
            self._finalizer.detach()
            self._finalizer = None
        if thread is not None:
            thread.engine.forget()
            # Kept as it is: collecting its loop would close what Python takes for unclosed.
            _inherited.append(thread)

    def _running(self) -> _Thread:
        """The thread that hosts the child; started if there is none in this process."""
        with self._lock:
            if self._closed:
                raise ClosedError("the client is closed")
            if self._thread is None:
                thread = _Thread(self._options)
                # Also at the end of the interpreter, and when nobody has the client any more.
                self._finalizer = weakref.finalize(self, thread.close)
                self._thread = thread
            return self._thread


_inherited: List[_Thread] = []


class _Pending:
    """A call under way, and the thread that waits for its answer. A lock is the cheapest thing to wait at."""

    __slots__ = ("_answer", "_error", "_host", "_lock", "_thread", "_until", "call", "timeout")

    call: Call

    def __init__(self, thread: _Thread, timeout: Optional[float]) -> None:
        self._thread = thread
        self._host = os.getpid()
        self._lock = threading.Lock()
        self._lock.acquire()
        self._answer: Any = None
        self._error: Optional[BaseException] = None
        self.timeout = timeout
        self._until = None if timeout is None else time.monotonic() + timeout + GRACE

    @property
    def ours(self) -> bool:
        return self._host == os.getpid()

    def wait(self, timeout: Optional[float]) -> bool:
        if self._until is None:
            return self._lock.acquire(timeout=-1 if timeout is None else timeout)
        left = max(0.0, self._until - time.monotonic())
        if timeout is not None and timeout < left:
            return self._lock.acquire(timeout=timeout)
        if not self._lock.acquire(timeout=left):
            self.cancel()
            self._error = too_late(self.timeout or 0.0)
        return True

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._answer

    def cancel(self) -> None:
        self._thread.cancel(self.call)

    # What the engine sees of it, in its own thread.

    def done(self) -> bool:
        return not self._lock.locked()

    def set_result(self, result: Any) -> None:
        self._answer = result
        self._lock.release()

    def set_exception(self, exception: BaseException) -> None:
        self._error = exception
        self._lock.release()


class _Thread:
    """A thread with an event loop, in which an engine runs. It knows nothing of the client, so that a
    client that nobody holds any more can be ended."""

    def __init__(self, options: Options) -> None:
        """Starts it and the child; raises what the start raised."""
        self._loop = asyncio.new_event_loop()
        self.engine: Engine = options.engine(self._loop)
        self._calls: Deque[Call] = collections.deque()
        self._awake = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="tidings", daemon=True)
        self._thread.start()
        try:
            self._finish(self.engine.start())
        except BaseException:
            self.close()
            raise

    def submit(self, call: Call) -> None:
        """Hands a call to the loop; it is settled in any case."""
        self._calls.append(call)
        # One wake for many calls. The loop clears the flag before it takes them, so none is left over.
        if not self._awake:
            self._awake = True
            self._wake(self._take)

    def cancel(self, call: Call) -> None:
        """Takes a call back. Who waits for it goes on."""

        def take_back() -> None:
            self.engine.cancel(call.id)
            call.fail(ClosedError("the call was taken back"))

        self._wake(take_back)

    def run(self, then: Callable[[], None]) -> None:
        """Has something done in the loop; here, if that is closed: a closed engine refuses everything."""
        try:
            self._loop.call_soon_threadsafe(then)
        except RuntimeError:
            then()

    def close(self) -> None:
        """Ends the child and the thread."""
        if self._closed:
            return
        self._closed = True
        if threading.current_thread() is self._thread:
            # The collector found the client here: the child ends by the end of its input.
            self._ending = self._loop.create_task(self.engine.close())
            self._ending.add_done_callback(lambda _: self._loop.stop())
            return
        self._finish(self.engine.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()
            self._take()

    def _take(self) -> None:
        self._awake = False
        calls = []
        with contextlib.suppress(IndexError):  # Empty; when the loop is closed, several threads may take.
            while True:
                calls.append(self._calls.popleft())
        self.engine.submit_all(calls)

    def _wake(self, then: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(then)
        except RuntimeError:
            self._take()  # The loop is closed: a closed engine refuses each call.

    def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something in the loop and waits for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()
