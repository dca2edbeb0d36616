"""Bytes to lines, and calls to bytes."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

__all__ = ["Default", "Lines", "encode"]

# Gives something with a form in JSON for what has none, as `json.dumps` takes it.
Default = Callable[[Any], Any]


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


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


def encode(
    id: Union[int, str], method: str, params: Dict[str, Any], depth: int = 128, default: Optional[Default] = None
) -> bytes:
    """A request as a line.

    Raises TypeError or ValueError for what can't be sent as JSON, which the program would refuse
    without being able to say whose request it was: keys that are no strings, NaN, lone surrogates,
    more than `depth` objects and arrays inside one another. The message begins with a JSON Pointer to
    the value. `default` is asked for what has no form in JSON.
    """
    depth -= 2  # The request and its parameters are two of them.
    try:
        return _line(id, method, params, depth)
    except (TypeError, ValueError, RecursionError):
        # Rare, so the usual way needn't know where it is. What is said here is of the value at fault.
        plain = {name: _plain(value, default, depth, f"/{_token(name)}") for name, value in params.items()}
    return _line(id, method, plain, depth)


def _line(id: Union[int, str], method: str, params: Dict[str, Any], depth: int) -> bytes:
    for value in params.values():
        if isinstance(value, (dict, list, tuple)):
            _check(value, depth)
    message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
    return (_encode(message) + "\n").encode("utf-8")


def _check(value: Any, depth: int) -> None:
    if depth < 1:
        raise ValueError("too many objects and lists inside one another")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("a key must be a string")
        value = value.values()
    for item in value:
        if isinstance(item, (dict, list, tuple)):
            _check(item, depth - 1)


def _plain(value: Any, default: Optional[Default], depth: int, pointer: str) -> Any:
    """The value as dictionaries, lists and what JSON has besides; `pointer` is its place."""
    for _ in range(_CONVERSIONS):
        if isinstance(value, (dict, list, tuple, Mapping)) or (
            isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))
        ):
            if depth < 1:
                raise ValueError(f"{pointer}: too many objects and lists inside one another")
            if isinstance(value, Mapping):
                return {
                    key: _plain(item, default, depth - 1, f"{pointer}/{_token(key)}")
                    for key, item in _items(value, pointer)
                }
            return [_plain(item, default, depth - 1, f"{pointer}/{n}") for n, item in enumerate(value)]
        if value is None or isinstance(value, (str, int, float)):
            try:
                _encode(value).encode("utf-8")
            except ValueError as error:
                raise ValueError(f"{pointer}: {_why(value, error)}") from None
            return value
        if default is None:
            kind = type(value).__name__
            raise TypeError(
                f"{pointer}: a {kind} has no form in JSON; give text or a number instead, or say how it is "
                "written: Tidings.start(..., default=str)"
            )
        try:
            value = default(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{pointer}: {error}") from error
    raise ValueError(f"{pointer}: `default` gives nothing that has a form in JSON")


_CONVERSIONS = 8  # Of one value, until it has a form in JSON.


def _items(value: Mapping[Any, Any], pointer: str) -> Iterator[Tuple[str, Any]]:
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"{pointer}: a key must be a string, not {type(key).__name__}")
        try:
            key.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(f"{pointer}: a key holds a lone surrogate, which is no text") from None
        yield key, item


def _why(value: Any, error: ValueError) -> str:
    if isinstance(value, str):
        return "a lone surrogate is no text"
    if isinstance(value, float):
        return f"{value!r} is no number in JSON"
    return f"{error}"


def _token(key: str) -> str:
    """A key as a part of a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1").encode("utf-8", "backslashreplace").decode("utf-8")
