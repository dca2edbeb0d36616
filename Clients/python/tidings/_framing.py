"""Bytes to lines to JSON values, and calls to bytes."""

from __future__ import annotations

import json
from typing import Any, Dict, List

__all__ = ["Lines", "NotJSON", "encode", "parse"]


class NotJSON(ValueError):
    """A line that is no JSON."""


class Lines:
    """Cuts a stream into lines, however it is split. A line may have any size."""

    def __init__(self) -> None:
        self._parts: List[bytes] = []  # Of a line whose end hasn't come; joined once.

    def feed(self, chunk: bytes) -> bytes:
        """The lines that are whole now, as one run of bytes with their line feeds; perhaps none."""
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._parts.append(chunk)
            return b""
        if end == len(chunk) and not self._parts:
            return chunk
        run = b"".join([*self._parts, chunk[:end]])
        self._parts = [chunk[end:]] if end < len(chunk) else []
        return run


def parse(run: bytes) -> List[Any]:
    """The values of a run of lines."""
    try:
        text = run.decode("utf-8")
        if text.find("\n") == len(text) - 1:
            return [json.loads(text)]
        # One array of all lines: a line feed inside JSON text is always escaped.
        values: List[Any] = json.loads("[" + text[:-1].replace("\n", ",") + "]")
        return values
    except ValueError:
        pass  # Blank lines perhaps; one by one it is known which line it was.
    values = []
    for line in run.split(b"\n"):
        if line.strip():
            try:
                values.append(json.loads(line.decode("utf-8")))
            except ValueError:
                raise NotJSON(line[:200].decode("utf-8", "backslashreplace")) from None
    return values


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


def encode(id: int, method: str, params: Dict[str, Any], depth: int = 128) -> bytes:
    """A request as a line.

    Raises TypeError or ValueError for what can't be sent as JSON, which the program would refuse
    without being able to say whose request it was: keys that are no strings, NaN, lone surrogates,
    more than `depth` objects and arrays inside one another.
    """
    for value in params.values():
        if isinstance(value, (dict, list, tuple)):
            _check(value, depth - 2)  # The request and its parameters are two of them.
    message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
    return (_encode(message) + "\n").encode("utf-8")


def _check(value: Any, depth: int) -> None:
    if depth < 1:
        raise ValueError("too many objects and lists inside one another")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a key must be a string, not {type(key).__name__}")
        value = value.values()
    for item in value:
        if isinstance(item, (dict, list, tuple)):
            _check(item, depth - 1)
