"""What a child says on stderr: read at once, always, and handed to `logging` by another thread."""

from __future__ import annotations

import collections
import json
import logging
import os
import queue
import threading
from typing import Any, Callable, Deque, Optional, Tuple

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


def record(line: bytes) -> Tuple[int, str]:
    """The level and the text of a line; a line that is no JSON of the program's log is a warning."""
    text = line.decode("utf-8", "backslashreplace").rstrip()
    try:
        fields: Any = json.loads(text)
        level = _LEVELS[fields.pop("level")]
        message = str(fields.pop("message"))
    except (ValueError, LookupError, AttributeError, TypeError):
        return logging.WARNING, text
    fields.pop("time", None)
    return level, " ".join([message, *(f"{name}={value}" for name, value in fields.items())])


class Stderr:
    """Two threads. One reads, whatever happens, so that the child never waits for its log; the other
    hands on. A logger that is too slow loses lines, and says how many."""

    LINES = 1_000  # That wait for the logger.
    LINE = 16_384  # Bytes of a line that are kept.
    LAST_WORDS = 12  # Lines.

    def __init__(
        self, descriptor: int, logger: logging.Logger, at_end: Callable[[], None]
    ) -> None:
        self._descriptor = descriptor
        self._logger = logger
        self._at_end = at_end
        self._last: Deque[bytes] = collections.deque(maxlen=self.LAST_WORDS)
        self._queue: queue.SimpleQueue[Optional[bytes]] = queue.SimpleQueue()
        self._dropped = 0
        for body in (self._read, self._log):
            threading.Thread(target=body, name=f"tidings{body.__name__}", daemon=True).start()

    def last_words(self) -> str:
        """The last lines, for an error."""
        return "\n".join(record(line)[1] for line in list(self._last))[-4_000:]

    def _read(self) -> None:
        rest = b""
        try:
            while True:
                chunk = os.read(self._descriptor, 65_536)
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
                self._logger.warning("%d lines of the log were left out", self._dropped - reported)
                reported = self._dropped
            if line is None:
                return
            level, text = record(line)
            self._logger.log(level, "%s", text)
