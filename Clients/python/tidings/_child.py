"""A child process and its pipes on an event loop."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import threading
from typing import Callable, Deque, Optional, Union

from ._framing import Lines
from ._program import Program
from ._stderr import Stderr

__all__ = ["Child"]

_READ = 65_536
_MOST_READ = 1 << 20
_PIPE = 1 << 20
_F_SETPIPE_SZ = 1031  # Of Linux; Python knows it since 3.10.
_GRACE = 2.0  # Seconds from the end of the answers to the end of the process, and the other way round.


class Child:
    """Writes what it is given, hands on whole lines, and tells the end once, after the last line.

    `on_lines(run)` gets one or more lines with their line feeds; `on_end(status, last_words)` the exit
    status, negative for a signal. Both are called in the loop. Nothing here waits: what the child
    doesn't take yet is kept, and its stderr is read by a thread.

    The child is the first of a process group, which may hold more: a script that starts the program and
    waits for it. What is killed is the group, and what the child leaves of it is killed at its end. The end
    is that of the child alone: a process that left the group and holds the pipes open delays it by `_GRACE`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        program: Program,
        logger: logging.Logger,
        on_lines: Callable[[bytes], None],
        on_end: Callable[[int, str], None],
    ) -> None:
        """Starts the process; OSError if it can't be."""
        self._loop = loop
        self._on_lines = on_lines
        self._on_end = on_end
        self._process = subprocess.Popen(
            program.command,
            env=program.env,
            cwd=program.folder,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A session makes a group. And an interrupt at the terminal is the host's to handle, which then
            # closes the pipe; the child has no terminal that it could ask at.
            start_new_session=True,
        )
        self.pid = self._process.pid
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._stdin = self._process.stdin.fileno()
        self._stdout = self._process.stdout.fileno()
        for descriptor in (self._stdin, self._stdout):
            os.set_blocking(descriptor, False)
            with contextlib.suppress(OSError):  # Another system, or over the user's quota: it stays 64 KiB.
                fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _PIPE)
        self._lines = Lines()
        self._read_size = _READ
        self._backlog: Deque[memoryview] = collections.deque()
        self._input_open = True
        self._close_when_written = False
        self._output_open = True
        self._log_open = True
        self._exited = False
        self._timer: Optional[asyncio.TimerHandle] = None
        self._ended = False
        loop.add_reader(self._stdout, self._readable)
        self._exit = self._watch()
        self._stderr = Stderr(self._process.stderr.fileno(), logger, self._log_ended, program.names)

    @property
    def gone(self) -> bool:
        """Whether the process has ended. `on_end` comes once its pipes are read."""
        return self._exited

    def write(self, data: bytes) -> None:
        """Writes, or keeps what the pipe doesn't take. What a dead child doesn't take is dropped."""
        if not self._input_open or not data:
            return
        if self._backlog:
            self._backlog.append(memoryview(data))
            return
        written = self._write_some(data)
        if self._input_open and written < len(data):
            self._backlog.append(memoryview(data)[written:])
            self._loop.add_writer(self._stdin, self._writable)

    def close_input(self) -> None:
        """Ends the child's input behind what was written: it answers what it has, and exits."""
        self._close_when_written = True
        if not self._backlog:
            self._close_stdin()

    def kill(self) -> None:
        """Ends the process and its group at once. `on_end` is called as ever."""
        if not self._ended:
            self._kill_group()

    def release(self) -> None:
        """When the loop is closed: ends the child by the end of its input; nobody is told."""
        self._ended = True
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._forget_exit()
        self._process.poll()  # If it is over; else whoever reads its stderr waits for it.

    def __del__(self) -> None:
        # A loop that was closed before it heard of the end.
        if hasattr(self, "_stderr") and not self._ended and self._loop.is_closed():
            self.release()

    def forget(self) -> None:
        """In a process that was forked off: gives up this copy of the pipes, so that the child sees the
        end of its input when its own host ends. Touches nothing that the host still has."""
        # Not the loop: its selector is shared with the parent.
        self._input_open = self._output_open = False
        self._ended = True
        process = self._process
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()
        self._forget_exit()
        process.returncode = 0  # It isn't this process's child: nothing to wait for.

    def _write_some(self, data: Union[memoryview, bytes]) -> int:
        try:
            return os.write(self._stdin, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self._close_stdin()  # It died; the end of its answers will tell.
            return 0

    def _writable(self) -> None:
        while self._backlog:
            data = self._backlog[0]
            written = self._write_some(data)
            if not self._input_open:
                return
            if written < len(data):
                self._backlog[0] = data[written:]
                return
            self._backlog.popleft()
        self._loop.remove_writer(self._stdin)
        if self._close_when_written:
            self._close_stdin()

    def _close_stdin(self) -> None:
        if self._input_open:
            self._input_open = False
            if self._backlog:
                self._backlog.clear()
                self._loop.remove_writer(self._stdin)
            assert self._process.stdin
            self._process.stdin.close()

    def _readable(self) -> None:
        try:
            chunk = os.read(self._stdout, self._read_size)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._close_stdout()
            self._end_if_over()
            return
        # Small reads are cheap, large ones few: a large one follows a full one.
        self._read_size = min(2 * len(chunk), _MOST_READ) if len(chunk) == self._read_size else _READ
        run = self._lines.feed(chunk)
        if run:
            self._on_lines(run)

    def _close_stdout(self) -> None:
        if self._output_open:
            self._output_open = False
            self._loop.remove_reader(self._stdout)
            assert self._process.stdout
            self._process.stdout.close()

    def _watch(self) -> Optional[int]:
        """Sees to it that `_gone` is called in the loop when the child has ended. The descriptor, if any."""
        try:
            # It tells of the end and leaves the process to be waited for, so its number stays its own
            # until its group is killed.
            exit: int = os.pidfd_open(self.pid)  # type: ignore[attr-defined,unused-ignore]
        except (AttributeError, OSError):  # Another system, an older one, or one that forbids it.
            threading.Thread(target=self._wait, name="tidings_wait", daemon=True).start()
            return None
        self._loop.add_reader(exit, self._gone)
        return exit

    def _wait(self) -> None:
        """A thread, where there is no such descriptor."""
        self._process.wait()
        self._tell(self._gone)

    def _gone(self) -> None:
        if self._ended or self._exited:
            return
        if self._exit is not None:
            self._loop.remove_reader(self._exit)
        self._exited = True
        self._stop_timer()
        self._close_stdin()
        if self._output_open:
            self._readable()  # Its last answers may lie in the pipe.
        self._end_if_over()

    def _log_ended(self) -> None:
        """In stderr's thread, when that has ended."""
        assert self._process.stderr
        self._process.stderr.close()
        if not self._tell(self._log_over) or self._ended:
            self._process.wait()  # Nobody else does.

    def _log_over(self) -> None:
        self._log_open = False
        self._end_if_over()

    def _tell(self, then: Callable[[], None]) -> bool:
        """Has something called in the loop; false if that is closed: there is nobody to tell."""
        try:
            self._loop.call_soon_threadsafe(then)
        except RuntimeError:
            return False
        return True

    def _end_if_over(self) -> None:
        if self._ended:
            return
        if self._exited and not self._output_open and not self._log_open:
            self._end()
        elif self._timer is None and (self._exited or not self._output_open):
            # Something else holds a pipe open, or it goes on without its output.
            self._timer = self._loop.call_later(_GRACE, self._out_of_patience)

    def _out_of_patience(self) -> None:
        self._timer = None
        if self._exited:
            self._end()
        else:
            self._kill_group()

    def _end(self) -> None:
        self._ended = True
        self._stop_timer()
        self._close_stdout()
        self._kill_group()
        self._forget_exit()
        self._on_end(self._process.wait(), self._stderr.last_words())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # Nothing is left; of another user.
            os.killpg(self.pid, signal.SIGKILL)

    def _forget_exit(self) -> None:
        exit, self._exit = self._exit, None
        if exit is not None:
            os.close(exit)
