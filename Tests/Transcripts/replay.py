"""Replays transcripts (Schemas/transcripts/README.md) against a server.

As a library: `load` a file, then `replay` its steps over a connection, which is anything with
`send_bytes(bytes)`, `receive_line()` (bytes without LF; None at the end) and `finish(status, close)`,
which ends the input if `close`, returns the answers still to come and checks the exit status.

As a command: python3 Tests/Transcripts/replay.py [--store URL] FILE...
"""

import argparse
import json
import re
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Hosting"))
from sidecar import Sidecar  # noqa: E402

STEPS = {"comment", "send", "expect", "expect_all", "expect_batch", "contains", "exit"}
PLACEHOLDER = re.compile(r"<(nid|cursor|time):([^<>]+)>|<(time|string|number|any)>")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OPEN = "<open>"


class TranscriptError(Exception):
    """A transcript that isn't well formed."""


class Mismatch(AssertionError):
    """An answer other than the one expected."""


@dataclass
class Exchange:
    """A request and the answer to it."""

    method: str
    params: object
    answer: dict


@dataclass
class Bindings:
    """The values of the placeholders seen so far."""

    values: dict = field(default_factory=dict)

    def copy(self):
        return Bindings(dict(self.values))

    def bind(self, kind, name, value):
        """Returns whether the value may stand for the name; if so it does from now on."""
        key = (kind, name)
        if key in self.values:
            return self.values[key] == value
        if kind == "nid" and value in [v for (k, _), v in self.values.items() if k == "nid"]:
            return False
        self.values[key] = value
        return True

    def fill(self, message):
        """A message with bound placeholders in place."""
        if isinstance(message, dict):
            return {name: self.fill(value) for name, value in message.items()}
        if isinstance(message, list):
            return [self.fill(item) for item in message]
        if isinstance(message, str) and (found := PLACEHOLDER.fullmatch(message)):
            try:
                return self.values[(found[1], found[2])]
            except KeyError:
                raise TranscriptError(f"{message} is sent before it is bound") from None
        return message


def load(path):
    """The steps of a file, as (line number, kind, value)."""
    steps = []
    for number, text in enumerate(Path(path).read_text(encoding="utf-8").split("\n"), 1):
        if not text:
            continue  # After the last line feed.
        step = json.loads(text)
        if not isinstance(step, dict) or len(step) != 1 or not STEPS.issuperset(step):
            raise TranscriptError(f"{path}:{number}: no step: {text}")
        (kind, value), = step.items()
        steps.append((number, kind, value))
    return steps


def match(pattern, value, bindings, where="$"):
    """Raises Mismatch unless the value matches; binds placeholders."""

    def require(holds, expected=pattern):
        if not holds:
            raise Mismatch(f"at {where}: expected {json.dumps(expected, ensure_ascii=False)}, "
                           f"got {json.dumps(value, ensure_ascii=False)}")

    if isinstance(pattern, str) and pattern.startswith("<") and pattern.endswith(">"):
        found = PLACEHOLDER.fullmatch(pattern)
        if not found:
            raise TranscriptError(f"no such placeholder: {pattern}")
        kind = found[1] or found[3]
        if kind == "number":
            require(isinstance(value, (int, float)) and not isinstance(value, bool))
        elif kind == "time":
            require(isinstance(value, str) and TIME.fullmatch(value))
        elif kind == "string":
            require(isinstance(value, str))
        elif kind in ("nid", "cursor"):
            require(isinstance(value, str) and value)
        if found[2]:
            require(bindings.bind(kind, found[2], value),
                    f"{pattern} = {bindings.values.get((kind, found[2]), 'one not seen yet')}")
    elif isinstance(pattern, dict):
        require(isinstance(value, dict))
        named = set(pattern) - {OPEN}
        require(named <= set(value) and (pattern.get(OPEN) or named == set(value)))
        for name in pattern:
            if name != OPEN:
                match(pattern[name], value[name], bindings, f"{where}.{name}")
    elif isinstance(pattern, list):
        require(isinstance(value, list) and len(value) == len(pattern))
        for index, item in enumerate(pattern):
            match(item, value[index], bindings, f"{where}[{index}]")
    else:
        require(isinstance(pattern, bool) == isinstance(value, bool) and pattern == value)


def match_unordered(patterns, values, bindings):
    """Each value takes the first pattern left that it matches. Raises Mismatch if one has none."""
    left = list(patterns)
    for value in values:
        reasons = []
        for pattern in left:
            attempt = bindings.copy()
            try:
                match(pattern, value, attempt)
            except Mismatch as reason:
                reasons.append(str(reason))
                continue
            bindings.values = attempt.values
            left.remove(pattern)
            break
        else:
            raise Mismatch(f"{json.dumps(value, ensure_ascii=False)} matches no pattern left:\n  "
                           + "\n  ".join(reasons))


def replay(steps, connection):
    """Takes every step and ends the connection. Returns the exchanges; raises Mismatch."""
    bindings, asked, exchanges = Bindings(), {}, []
    last, ended = b"", False

    def note(message):
        for item in message if isinstance(message, list) else [message]:
            if isinstance(item, dict) and isinstance(item.get("id"), (str, int)):
                asked[(type(item["id"]), item["id"])] = item

    def read():
        nonlocal last
        last = connection.receive_line()
        if last is None:
            raise Mismatch("the stream ended")
        try:
            answer = json.loads(last)
        except ValueError as error:
            raise Mismatch(f"not JSON: {error}") from None
        for item in answer if isinstance(answer, list) else [answer]:
            if isinstance(item, dict) and (type(item.get("id")), item.get("id")) in asked:
                of = asked[(type(item["id"]), item["id"])]
                exchanges.append(Exchange(of.get("method"), of.get("params"), item))
        return answer

    for number, kind, value in steps:
        try:
            if kind == "send" and isinstance(value, str):
                try:
                    note(json.loads(value))
                except ValueError:
                    pass  # Sent to be refused.
                connection.send_bytes(value.encode("utf-8") + b"\n")
            elif kind == "send":
                message = bindings.fill(value)
                note(message)
                connection.send_bytes(json.dumps(message, separators=(",", ":")).encode() + b"\n")
            elif kind == "expect":
                match(value, read(), bindings)
            elif kind == "expect_all":
                match_unordered(value, [read() for _ in value], bindings)
            elif kind == "expect_batch":
                answer = read()
                if not isinstance(answer, list) or len(answer) != len(value):
                    raise Mismatch(f"expected an array of {len(value)}, got {last.decode()}")
                match_unordered(value, answer, bindings)
            elif kind == "contains":
                if value.encode("utf-8") not in last:
                    raise Mismatch(f"expected {value} in {last.decode()}")
            elif kind == "exit":
                finish(connection, value, close=False)
                ended = True
        except AssertionError as error:
            raise type(error)(f"line {number}: {error}") from None
    if not ended:
        finish(connection, 0)
    return exchanges


def finish(connection, status, close=True):
    """Ends the connection, on which nothing more may come."""
    if more := connection.finish(status, close=close):
        raise Mismatch(f"nothing more was expected, got {json.dumps(more, ensure_ascii=False)}")


def replay_file(path, store):
    """Replays a file against the program on an empty store. The failure tells the conversation."""
    sidecar = Sidecar(store=store)
    try:
        return replay(load(path), sidecar)
    except AssertionError as error:
        raise Mismatch(f"{Path(path).name} on {store}: {error}\n{sidecar.describe()}") from None
    finally:
        sidecar.stop()


def main():
    parser = argparse.ArgumentParser(description="Replays transcripts against $TIDINGS_BIN.")
    parser.add_argument("--store", default="memory:", help="an empty store; {unique} is replaced by a new "
                        "word for each file (default: memory:)")
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args()
    failed = 0
    for path in options.files:
        try:
            replay_file(path, fresh(options.store))
            print(f"ok    {path}")
        except Mismatch as error:
            failed += 1
            print(f"FAIL  {path}\n{error}")
    return 1 if failed else 0


def fresh(url):
    """A store's URL with {unique} replaced by a word not used before."""
    return url.replace("{unique}", uuid.uuid4().hex[:16])


if __name__ == "__main__":
    sys.exit(main())
