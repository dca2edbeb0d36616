"""JSON as Python can hold it: no value that another program may write makes an answer unusable."""

from __future__ import annotations

import json
import math
import re
from typing import Any, List, NoReturn, Optional, Union

__all__ = ["HugeNumber", "NotJSON", "Unreadable", "parse"]


class NotJSON(ValueError):
    """A line that is no JSON. The message doesn't repeat what it holds, which may be anybody's."""

    def __init__(self, why: str, line: bytes = b"") -> None:
        super().__init__(why)
        self.line = line


class HugeNumber(str):
    """A number of an answer that Python can't hold: an integer of more digits than it converts
    (`sys.get_int_max_str_digits`, 4,300), or one beyond the largest float. It is the text of the number,
    to the digit, so that nothing which prints, stores or encodes a page fails by it."""

    __slots__ = ()


class Unreadable:
    """An answer that is JSON, but too much for this process: which one it is, and why."""

    def __init__(self, id: Optional[int], notification: bool, why: str) -> None:
        self.id = id
        self.notification = notification
        self.why = why


def _float(text: str) -> Union[float, HugeNumber]:
    value = float(text)
    return value if math.isfinite(value) else HugeNumber(text)


def _int(text: str) -> Union[int, HugeNumber]:
    try:
        return int(text)
    except ValueError:  # A guard of Python's against numbers that take long to convert.
        return HugeNumber(text)


def _constant(text: str) -> NoReturn:
    raise NotJSON(f"{text} is no JSON")  # Python would take it.


# Whole numbers are read by Python's own function, which is faster than one of ours, until one is too long.
_fast = json.JSONDecoder(parse_float=_float, parse_constant=_constant).decode
_careful = json.JSONDecoder(parse_float=_float, parse_int=_int, parse_constant=_constant).decode


def parse(run: bytes) -> List[Any]:
    """The values of a run of lines. In the place of one that this process can't hold there is an
    `Unreadable`. Raises NotJSON for what is no JSON."""
    try:
        text = _text(run)
        if text.find("\n") == len(text) - 1:
            return [_fast(text)]
        # One array of all lines: a line feed inside JSON text is always escaped.
        values: List[Any] = _fast("[" + text[:-1].replace("\n", ",") + "]")
        return values
    except (ValueError, RecursionError, MemoryError):
        pass  # Blank lines perhaps, or something huge; one by one it is known which line it was.
    return [_one(line) for line in run.split(b"\n") if line.strip()]


def _one(line: bytes) -> Any:
    try:
        return _careful(_text(line))
    except NotJSON as error:
        raise NotJSON(str(error), line) from None
    except UnicodeDecodeError as error:
        raise NotJSON(f"byte {error.start} of {len(line)} is no UTF-8", line) from None
    except ValueError as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise NotJSON(f"a line of {len(line)} bytes is no JSON{place}", line) from None
    except RecursionError:
        return _unreadable(line, "it is nested more deeply than Python can go here")
    except MemoryError:
        return _unreadable(line, "there is not enough memory for it")


# Lone surrogates. Every backslash of JSON text begins an escape, so matching each keeps in step.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _text(run: bytes) -> str:
    """Text in which no half of a surrogate pair stands alone: Python could neither print nor encode it.
    As in text that is damaged otherwise, U+FFFD takes its place."""
    # One byte is found far faster than three, and most runs have none.
    if b"\\" in run and (b"\\ud" in run or b"\\uD" in run):
        run = _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], run)
    return run.decode("utf-8")


# What matters for finding a member of the outermost object: text and brackets.
_TOKEN = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"|([\[{])|([\]}])', re.DOTALL)
_NUMBER = re.compile(rb"\s*:\s*([0-9]{1,18})\s*[,}]")


def _unreadable(line: bytes, why: str) -> Unreadable:
    """Finds whose answer it is without building it."""
    depth, id, notification = 0, None, False
    for token in _TOKEN.finditer(line):
        if token[2]:
            depth += 1
        elif token[3]:
            depth -= 1
        elif depth == 1 and token[1] == b"id":
            number = _NUMBER.match(line, token.end())
            id = int(number[1]) if number else id
        elif depth == 1 and token[1] == b"method" and line[token.end() :].lstrip()[:1] == b":":
            notification = True
    return Unreadable(id, notification, why)
