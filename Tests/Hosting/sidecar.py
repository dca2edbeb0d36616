"""A sidecar process in a test: spawn it, talk to it, watch it, end it. Every wait is bounded.

TIDINGS_TEST_STORES may name more stores for the tests that run on each, separated by white space; {unique}
in a URL becomes a new word for each store, since a test needs an empty one.
"""

import collections
import json
import os
import queue
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Seconds until a test gives up. Long, because it only bounds what is broken: no test passes by it.
DEADLINE = 180.0

# Behind a last line that has no end.
CUT_OFF = b"<no line feed>"


def program():
    """The program under test: $TIDINGS_BIN, or what `make build` leaves."""
    path = os.path.abspath(os.environ.get("TIDINGS_BIN") or ROOT / ".build/release/tidings")
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"no program at {path}: run `make build`, or set TIDINGS_BIN")
    return path


def environment(**changes):
    """This process's environment without what would choose a store; a change to None removes."""
    result = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    # A killed process leaves a file that libmongoc complains about on stderr when its number comes again.
    result.setdefault("MONGOC_DISABLE_SHM", "1")
    result.update(changes)
    return {name: value for name, value in result.items() if value is not None}


def line(value):
    """A value as one line of the wire."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def request(id, method, **params):
    """A request; without params when none are given."""
    message = {"jsonrpc": "2.0", "id": id, "method": method}
    return {**message, "params": params} if params else message


def notification(method, **params):
    """A notification."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def short(data, limit=400):
    """Some bytes as text for a failure's report."""
    text = data.decode("utf-8", "backslashreplace").rstrip("\n")
    return text if len(text) <= limit else f"{text[:limit]}... ({len(data)} bytes)"


class Stuck(AssertionError):
    """The sidecar didn't do in time what was waited for."""


def read_some(descriptor, limit=1 << 20, deadline=DEADLINE):
    """Reads what is there now, or as soon as there is something; empty at the end."""
    if not select.select([descriptor], [], [], deadline)[0]:
        raise Stuck(f"nothing to read within {deadline} s")
    return os.read(descriptor, limit)


class Sidecar:
    """One running `tidings`.

    `store` is its URL (None: no --store). With `reading=False` nothing reads its answers until
    `start_reading`. `options` go to Popen.
    """

    def __init__(self, *arguments, store="memory:", env=None, reading=True, **options):
        self.command = [program(), *(["--store", store] if store else []), *map(str, arguments)]
        for stream in ("stdin", "stdout", "stderr"):
            options.setdefault(stream, subprocess.PIPE)
        self.process = subprocess.Popen(
            self.command, bufsize=0, env=environment(**(env or {})), **options)
        self.history = collections.deque(maxlen=24)
        self.stderr_bytes = bytearray()
        self.status = None
        # What events told that came among the answers of `collect`.
        self.events = collections.deque()
        self._lines = queue.Queue()
        self._set_aside = []
        self._ended = False
        self._next_id = 1_000_000
        self._threads = []
        if self.process.stdin:
            os.set_blocking(self.process.stdin.fileno(), False)
        if self.process.stderr:
            self._start(self._read_errors)
        if self.process.stdout and reading:
            self.start_reading()

    # Reading

    def _start(self, body):
        thread = threading.Thread(target=body, daemon=True)
        self._threads.append(thread)
        thread.start()

    def start_reading(self):
        """Begins to read answers, as fast as they come."""
        self._start(self._read_lines)

    def _read_errors(self):
        while chunk := os.read(self.process.stderr.fileno(), 65536):
            self.stderr_bytes += chunk

    def _read_lines(self):
        parts = []  # Of a line whose end hasn't come; joined once, since a line may have 16 MiB.
        while chunk := os.read(self.process.stdout.fileno(), 1 << 20):
            *whole, rest = chunk.split(b"\n")
            for one in whole:
                self._lines.put(b"".join([*parts, one]))
                parts = []
            parts.append(rest)
        if rest := b"".join(parts):
            self._lines.put(rest + CUT_OFF)
        self._lines.put(None)

    def receive_line(self, deadline=DEADLINE):
        """The next line without its LF; None at the end of the stream."""
        if self._ended:
            return None
        try:
            result = self._lines.get(timeout=deadline)
        except queue.Empty:
            raise Stuck(f"no answer within {deadline} s\n{self.describe()}") from None
        self._ended = result is None
        self.history.append(("<-", "end of stream" if result is None else short(result)))
        return result

    def receive(self, deadline=DEADLINE):
        """The next answer. Fails at the end of the stream."""
        received = self.receive_line(deadline)
        if received is None:
            raise AssertionError(f"the stream ended before an answer\n{self.describe()}")
        try:
            return json.loads(received)
        except ValueError as error:
            raise AssertionError(f"not JSON: {error}\n{self.describe()}") from None

    def rest(self, deadline=DEADLINE):
        """Every answer up to the end of the stream."""
        result = []
        while (received := self.receive_line(deadline)) is not None:
            result.append(json.loads(received))
        return result

    # Writing

    def send_bytes(self, data, deadline=DEADLINE):
        """Writes all of it."""
        if self.write_until_stalled(data, quiet=deadline) < len(data):
            raise Stuck(f"the sidecar read nothing for {deadline} s\n{self.describe()}")

    def write_until_stalled(self, data, quiet):
        """Writes until all is written or the sidecar read nothing for `quiet` seconds; the length
        written."""
        self.history.append(("->", short(bytes(data[:1000])) + ("..." if len(data) > 1000 else "")))
        fd = self.process.stdin.fileno()
        view, written = memoryview(data), 0
        while written < len(data):
            if not select.select([], [fd], [], quiet)[1]:
                break
            try:
                written += os.write(fd, view[written:written + (1 << 20)])
            except BrokenPipeError:
                raise BrokenPipeError(f"the sidecar reads no more\n{self.describe()}") from None
        return written

    def send(self, *messages):
        """Writes messages, a line each, at once."""
        self.send_bytes(b"".join(map(line, messages)))

    def close_input(self):
        """The end of input."""
        self.history.append(("->", "end of input"))
        self.process.stdin.close()

    # Asking

    def ask(self, message):
        """Sends a request and returns its answer; answers to others are kept for `answers`."""
        self.send(message)
        while True:
            answer = self.receive()
            if isinstance(answer, dict) and answer.get("id") == message["id"]:
                return answer
            self._set_aside.append(answer)

    def event(self):
        """The parameters of the next event; answers are kept for `answers`."""
        if self.events:
            return self.events.popleft()
        for place, message in enumerate(self._set_aside):
            if isinstance(message, dict) and message.get("method") == "inbox_event":
                return self._set_aside.pop(place)["params"]
        while True:
            message = self.receive()
            if isinstance(message, dict) and message.get("method") == "inbox_event":
                return message["params"]
            self._set_aside.append(message)

    def answers(self, count):
        """The next answers, in the order they came."""
        kept, self._set_aside = self._set_aside[:count], self._set_aside[count:]
        return kept + [self.receive() for _ in range(count - len(kept))]

    def pipeline(self, messages):
        """Writes requests at once; their answers by id. Each must come exactly once."""
        self.send(*messages)
        result = {}
        for answer in self.answers(len(messages)):
            if answer["id"] in result:
                raise AssertionError(f"two answers to id {answer['id']!r}\n{self.describe()}")
            result[answer["id"]] = answer
        return result

    def result(self, method, **params):
        """The result of a request that must succeed."""
        self._next_id += 1
        answer = self.ask(request(self._next_id, method, **params))
        if "result" not in answer:
            raise AssertionError(f"{method} failed: {answer}\n{self.describe()}")
        return answer["result"]

    def error(self, method, **params):
        """The error of a request that must fail."""
        self._next_id += 1
        answer = self.ask(request(self._next_id, method, **params))
        if "error" not in answer:
            raise AssertionError(f"{method} did not fail: {answer}\n{self.describe()}")
        return answer["error"]

    def receive_answers(self):
        """The answers on the next line, each with that line: one, or those of a batch. Events before it are kept in
        `events`."""
        while True:
            received = self.receive_line()
            if received is None:
                raise AssertionError(f"the stream ended before an answer\n{self.describe()}")
            if answers := self._with_line(received):
                return answers

    def _with_line(self, received):
        text = received.decode()
        value = json.loads(text)
        if isinstance(value, dict) and value.get("method") == "inbox_event":
            self.events.append(value["params"])
            return []
        return [(answer, text) for answer in (value if isinstance(value, list) else [value])]

    def collect(self, ids):
        """The answers to these ids with their lines: {id: (answer, line)}. No other may come."""
        waiting, result = set(ids), {}
        while waiting:
            for answer, text in self.receive_answers():
                if answer.get("id") not in waiting:
                    raise AssertionError(f"an answer that nobody waits for: {text[:500]}\n{self.describe()}")
                waiting.remove(answer["id"])
                result[answer["id"]] = (answer, text)
        return result

    def messages(self, method="get_team_message", **params):
        """Every message of an inbox by its cursors, pages of 200."""
        params = {"pageSize": 200, **params}
        page = self.result(method, **params)
        result = page["data"]
        while page["next_cursor"] is not None:
            page = self.result(method, cursor=page["next_cursor"], **params)
            result += page["data"]
        return result

    # Watching and ending

    def peak_memory(self):
        """The most resident memory so far, in MB (the process must be alive)."""
        return self._status("VmHWM:")

    def memory(self):
        """The resident memory now, in MB."""
        return self._status("VmRSS:")

    def _status(self, name):
        for entry in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if entry.startswith(name):
                return int(entry.split()[1]) / 1024
        raise AssertionError(f"the process is gone\n{self.describe()}")

    def signal(self, number):
        """Sends a signal and waits until the process took it, so that a second doesn't merge."""
        self.history.append(("->", signal.Signals(number).name))
        self.process.send_signal(number)
        bit = 1 << (number - 1)

        def taken():
            try:
                status = Path(f"/proc/{self.process.pid}/status").read_text()
            except FileNotFoundError:
                return True
            pending = [int(entry.split()[1], 16) for entry in status.splitlines()
                       if entry.startswith(("SigPnd:", "ShdPnd:"))]
            return not any(bit & mask for mask in pending) or self.process.poll() is not None

        self.wait_for(taken)

    def kill(self):
        """kill -9. The answers that had got out, as `collect` gives them; a last line may be cut off."""
        self.process.kill()
        result = {}
        while (received := self.receive_line()) is not None:
            if not received.endswith(CUT_OFF):
                result |= {answer["id"]: (answer, text) for answer, text in self._with_line(received)}
        self.wait()
        return result

    def wait_for(self, condition, deadline=DEADLINE):
        """Waits for what can only be polled."""
        end = time.monotonic() + deadline
        while not condition():
            if time.monotonic() > end:
                raise Stuck(f"waited {deadline} s\n{self.describe()}")
            time.sleep(0.005)

    def wait(self, deadline=DEADLINE):
        """The exit status; negative for a signal."""
        try:
            self.status = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise Stuck(f"still running after {deadline} s\n{self.describe()}") from None
        self.history.append(("--", f"exit status {self.status}"))
        return self.status

    def finish(self, status=0, deadline=DEADLINE, close=True):
        """Ends the input if `close`, and returns the answers still to come. The exit status must be
        this one."""
        if close and not self.process.stdin.closed:
            self.close_input()
        answers = self._set_aside + self.rest(deadline)
        if self.wait(deadline) != status:
            raise AssertionError(f"expected exit status {status}\n{self.describe()}")
        return answers

    def errors_text(self):
        """The text that came on stderr; all of it once the process has ended."""
        if self.status is not None and self.process.stderr:
            self._threads[0].join(DEADLINE)
        return self.stderr_bytes.decode("utf-8", "backslashreplace")

    def stop(self):
        """Ends it whatever it does, and lets go of the pipes."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        for thread in self._threads:
            thread.join(DEADLINE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def describe(self):
        """The conversation, for a failure's report."""
        state = "running" if self.process.poll() is None else f"exit status {self.process.poll()}"
        talk = "\n".join(f"  {arrow} {text}" for arrow, text in self.history)
        errors = self.stderr_bytes[-2000:].decode("utf-8", "backslashreplace")
        return f"{' '.join(self.command)}: {state}\n{talk}\n  stderr: {errors}"


class SidecarCase(unittest.TestCase):
    """A test that spawns sidecars: they end with it, and a failed assertion prints their talk."""

    def setUp(self):
        self._sidecars = []
        self._runs = []

    def spawn(self, *arguments, **options):
        """A running sidecar."""
        sidecar = Sidecar(*arguments, **options)
        self._sidecars.append(sidecar)
        self.addCleanup(sidecar.stop)
        return sidecar

    def run_program(self, *arguments, env=None, input=b"", **options):
        """Runs the program to its end; `stdout` and `stderr` are bytes."""
        if not {"stdin", "input"} & set(options):
            options["input"] = input
        for stream in ("stdout", "stderr"):
            options.setdefault(stream, subprocess.PIPE)
        done = subprocess.run([program(), *map(str, arguments)], env=environment(**(env or {})),
                              timeout=DEADLINE, check=False, **options)
        self._runs.append(done)
        return done

    def folder(self):
        """A folder of this test's own."""
        path = Path(tempfile.mkdtemp(prefix="tidings-test-"))
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    # What `on_each_store` sets.
    store_url = "sqlite:{folder}/tidings.db"

    def new_store(self):
        """The URL of an empty store of the kind that these tests run on."""
        url = self.store_url.replace("{unique}", "t" + uuid.uuid4().hex[:16])
        return url.replace("{folder}", str(self.folder())) if "{folder}" in url else url

    def store(self, name="tidings.db"):
        """The URL of an SQLite store that doesn't exist yet, and its path."""
        path = self.folder() / name
        return f"sqlite:{path}", path

    def assert_error(self, error, code, kind, **details):
        """An error object with this code and kind, and at least these details."""
        self.assertEqual((error["code"], error["data"]["kind"]), (code, kind), error)
        self.assertIsInstance(error["message"], str)
        self.assertIsInstance(error["data"]["retryable"], bool)
        for name, value in details.items():
            self.assertEqual(error["data"]["details"].get(name), value, error)

    def assert_no_crash(self, status):
        """An exit status that the program chose itself."""
        self.assertGreaterEqual(status, 0, "ended by a signal")
        self.assertNotIn(status, (132, 133, 134, 135, 136, 139), "ended as if by a crash")

    def _report(self, message):
        runs = [f"{' '.join(map(str, run.args))}: exit status {run.returncode}\n"
                f"  stdout: {short(run.stdout or b'', 2000)}\n  stderr: {short(run.stderr or b'', 2000)}"
                for run in self._runs[-3:]]
        return "\n".join([str(message), *(sidecar.describe() for sidecar in self._sidecars[-4:]), *runs])

    def _formatMessage(self, msg, standardMsg):
        return self._report(super()._formatMessage(msg, standardMsg))


def stores(memory=False):
    """The stores that tests run on, by name: a URL each, with {folder} and {unique} for what is its own."""
    result = {"memory": "memory:"} if memory else {}
    result["sqlite"] = "sqlite:{folder}/tidings.db"
    for url in os.environ.get("TIDINGS_TEST_STORES", "").split():
        if "{unique}" not in url and not url.startswith("memory:"):
            raise ValueError(f"TIDINGS_TEST_STORES: {url} lacks {{unique}}")
        kind = url.split(":")[0]
        if kind == "mongodb" and "replicaSet=" not in url:
            kind = "mongodb_standalone"
        name, number = kind, 1
        while name in result:
            number += 1
            name = f"{kind}_{number}"
        result[name] = url
    return result


def on_each_store(memory=False):
    """Makes of a class of tests, which is no test case itself, one for each store. They call `new_store`;
    `memory`: whether what ends with the process will do."""
    def decorate(tests):
        module = sys.modules[tests.__module__]
        for name, url in stores(memory).items():
            case = type(f"{tests.__name__}_on_{name}", (tests, SidecarCase),
                        {"store_url": url, "__module__": tests.__module__, "__doc__": tests.__doc__})
            setattr(module, case.__name__, case)
        return tests
    return decorate
