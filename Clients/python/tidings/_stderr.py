"""What a child says on stderr: read at once, always, and handed to `logging` by another thread."""

from __future__ import annotations

import collections
import json
import logging
import os
import queue
import selectors
import threading
from typing import Any, Callable, Deque, Mapping, Optional, Tuple

from ._text import printable

__all__ = ["Stderr", "record"]

_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}


def record(line: bytes, names: Mapping[str, str] = {}) -> Tuple[int, str]:
    """The level and the text of a line; a line that is no JSON of the program's log is a warning.

    The text is one line without control characters. `names` are what is called otherwise here."""
    text = line.decode("utf-8", "backslashreplace").rstrip()
    level = logging.WARNING
    try:
        fields: Any = json.loads(text)
        level = _LEVELS[fields.pop("level")]
        message = str(fields.pop("message"))
        fields.pop("time", None)
        text = " ".join([message, *(f"{name}={value}" for name, value in fields.items())])
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        pass
    for name, here in names.items():
        text = text.replace(name, here)
    return level, printable(text)


class Stderr:
    """Two threads. One reads, whatever happens, so that the child never waits for its log; the other
    hands on. A logger that is too slow loses lines, and says how many."""

    LINES = 1_000  # That wait for the logger.
    LINE = 16_384  # Bytes of a line that are kept.
    LAST_WORDS = 12  # Lines.

    def __init__(
        self,
        descriptor: int,
        logger: logging.Logger,
        at_end: Callable[[], None],
        names: Mapping[str, str] = {},
    ) -> None:
        self._descriptor = descriptor
        self._logger = logger
        self._at_end = at_end
        self._names = names
        self._last: Deque[bytes] = collections.deque(maxlen=self.LAST_WORDS)
        self._queue: queue.SimpleQueue[Optional[bytes]] = queue.SimpleQueue()
        self._dropped = 0
        for body in (self._read, self._log):
            threading.Thread(target=body, name=f"tidings{body.__name__}", daemon=True).start()

    def last_words(self) -> str:
        """The last lines, for an error."""
        return "\n".join(record(line, self._names)[1] for line in list(self._last))[-4_000:]

    def _read(self) -> None:
        rest = b""
        try:
            while True:
                chunk = self._some()
                if not chunk:
                    break
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._take(line)
                rest = rest[: self.LINE]
            if rest:
                self._take(rest)
        finally:
            self._at_end()
            self._queue.put(None)

    def _some(self) -> bytes:
        while True:
            try:
                return os.read(self._descriptor, 65_536)
            except BlockingIOError:
                # gevent makes every pipe of a child non-blocking, and this thread one of its greenlets.
                with selectors.DefaultSelector() as selector:
                    selector.register(self._descriptor, selectors.EVENT_READ)
                    selector.select()

    def _take(self, line: bytes) -> None:
        line = line[: self.LINE]
        self._last.append(line)
        if self._queue.qsize() < self.LINES:
            self._queue.put(line)
        else:
            self._dropped += 1  # Read by the other thread for its report alone: it may be a little off.

    def _log(self) -> None:
        reported = 0
        while True:
            line = self._queue.get()
            if self._dropped > reported:
                left_out = self._dropped - reported
                self._logger.warning("tidings wrote its log too fast: %d lines were left out", left_out)
                reported = self._dropped
            if line is None:
                return
            level, text = record(line, self._names)
            self._logger.log(level, "%s", text)
