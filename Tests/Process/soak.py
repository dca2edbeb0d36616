#!/usr/bin/env python3
"""Asks for everything at once, for long: requests of every kind with ids that are in flight already, batches,
cancels and progress, to a program that is killed now and then and started again. Every request is answered
exactly once, what was acknowledged is there exactly once, and memory does not grow.

As a command (`make soak`): python3 Tests/Process/soak.py [--requests N] [--seed N] [--kills N]
"""

import argparse
import collections
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Hosting"))
from sidecar import DEADLINE, environment, program  # noqa: E402

TEAM = {"team_id": "t", "user_id": "bo"}
QUIET = {"user_id": "nobody writes to this one"}
WINDOW = 300  # Requests without an answer, about.
WAITS = 40  # Requests that wait for what never happens.


class Failed(AssertionError):
    """The program did what it must not."""


class Request:
    """A request, and how often it is still to be answered."""

    __slots__ = ("message", "missing", "is_cancelled", "was_sent_again", "is_double")

    def __init__(self, message):
        self.message = message
        self.missing = 1
        self.is_cancelled = self.was_sent_again = self.is_double = False


def key_of(id):
    """1 is not "1"."""
    return (type(id) is str, id)


class Soak:
    """One run. `counts` says what happened."""

    def __init__(self, store, requests, kills, seed):
        self.store, self.requests, self.random = store, requests, random.Random(seed)
        # The last process lives through four fifths: its memory is looked at, and SQLite's caches need some
        # 350,000 requests to fill.
        self.kills = sorted(self.random.randrange(requests // 50, requests // 5) for _ in range(kills))
        self.counts = collections.Counter()
        self.pending = {}
        self.waits = collections.deque()
        self.last_id = 0
        self.last_send = 0
        self.sends = {}  # Content → "there", "not there" or "either".
        self.memory = []  # (requests made, bytes) of the last process.
        self.process = None
        self.start()

    # The program

    def start(self):
        self.process = subprocess.Popen([program(), "--store", self.store, "--log-level", "error"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                        env=environment())
        os.set_blocking(self.process.stdin.fileno(), False)
        self.rest, self.unsent, self.memory = b"", bytearray(), []
        self.write([{"jsonrpc": "2.0", "id": "cursor", "method": "get_changes", "params": QUIET}], counted=False)
        while '"cursor"' not in (line := self.line().decode()):
            pass
        self.cursor = json.loads(line)["result"]["cursor"]

    def line(self):
        """The next line, while nothing else is asked."""
        while b"\n" not in self.rest:
            self.turn(take=False)
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def kill(self):
        """kill -9; what was answered until then counts, everything else is asked again."""
        self.counts["kills"] += 1
        self.process.send_signal(signal.SIGKILL)
        while chunk := os.read(self.process.stdout.fileno(), 1 << 20):
            self.rest += chunk
        self.take_lines()
        self.close()
        self.start()
        for request in self.pending.values():
            request.missing, request.is_cancelled, request.was_sent_again = 1, False, True
            self.counts["sent again"] += 1
        self.write([request.message for request in self.pending.values()], counted=False)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait(DEADLINE) not in (0, -signal.SIGKILL):
            raise Failed(f"exit status {self.process.returncode}")

    def turn(self, take=True):
        """Writes and reads what can be."""
        fd = self.process.stdin.fileno()
        readable, writable, _ = select.select([self.process.stdout], [fd] if self.unsent else [], [], DEADLINE)
        if not readable and not writable:
            raise Failed(f"nothing for {DEADLINE} s; {len(self.pending)} requests lack an answer, such as "
                         f"{[request.message for request in self.pending.values()][:3]}")
        if writable:
            del self.unsent[:os.write(fd, self.unsent[:65536])]
        if readable:
            chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            if not chunk:
                raise Failed(f"the program ended, status {self.process.wait(DEADLINE)}")
            self.rest += chunk
            if take:
                self.take_lines()

    # Answers

    def take_lines(self):
        *lines, self.rest = self.rest.split(b"\n")
        for line in lines:
            answer = json.loads(line)
            for item in answer if isinstance(answer, list) else [answer]:
                self.take(item)

    def take(self, answer):
        if "method" in answer:
            self.counts["progress"] += 1
            token = answer["params"]["token"]
            if key_of(token) not in self.pending:
                raise Failed(f"progress after the answer: {answer}")
            return
        id, error = answer["id"], answer.get("error")
        if id is None:
            # An id that was in flight; the first request with it is untouched.
            id = error["data"]["details"]["id"]
            self.counts["refused as in flight"] += 1
        key = key_of(id)
        request = self.pending.get(key)
        if request is None:
            raise Failed(f"an answer too many: {answer}")
        request.missing -= 1
        if request.missing == 0:
            del self.pending[key]
        if request.is_double:
            return
        kind = error["data"]["kind"] if error else "result"
        self.counts[kind] += 1
        self.check(request, answer, kind)

    def check(self, request, answer, kind):
        method = request.message["method"]
        allowed = {"send_team_message": {"result"}, "no_such_method": {"method_not_found"},
                   "get_message": {"invalid_params"}}.get(method, {"result"})
        if request.is_cancelled:
            allowed = allowed | {"cancelled"}
        if kind not in allowed:
            raise Failed(f"{request.message} was answered by {answer}")
        if method == "send_team_message":
            if kind == "result":
                outcome = "there"
            else:
                # Sent before to a process that was killed: that one may have done it.
                outcome = "either" if request.was_sent_again else "not there"
            self.sends[request.message["params"]["content"]] = outcome

    # Requests

    def make(self):
        """A random request with an id of its own."""
        self.last_id += 1
        id = self.last_id if self.random.random() < 0.9 else f"s{self.last_id}"
        choice = self.random.random()
        if choice < 0.55:
            method, params = "ping", {}
        elif choice < 0.67:
            method, params = "get_team_message", {**TEAM, "pageSize": 5}
        elif choice < 0.75:
            method, params = "get_unread_count", {"user_id": "bo", "team_ids": ["t"]}
        elif choice < 0.80:
            method, params = "mark_read", {**TEAM, "all": True}
        elif choice < 0.90:
            self.last_send += 1
            method = "send_team_message"
            params = {"team_id": "t", "user_id": "ann", "message_type": "note",
                      "content": f"{self.last_send}", "idempotency_key": f"{self.last_send}"}
        elif choice < 0.95:
            method, params = "get_changes", {**QUIET, "cursor": self.cursor, "wait_ms": 60_000}
            self.waits.append(key_of(id))
        elif choice < 0.97:
            method, params = "no_such_method", {}
        else:
            method, params = "get_message", {"user_id": "bo"}
        if self.random.random() < 0.02:
            params["_meta"] = {"progressToken": id}
        message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        self.pending[key_of(id)] = Request(message)
        return message

    def write(self, messages, counted=True):
        for message in messages:
            self.unsent += json.dumps(message, separators=(",", ":")).encode() + b"\n"
            if counted:
                size = len(message) if isinstance(message, list) else 1
                self.counts["requests"] += size

    def cancel(self, key):
        request = self.pending.get(key)
        if request:
            request.is_cancelled = True
            self.counts["cancels"] += 1
            self.unsent += json.dumps({"jsonrpc": "2.0", "method": "$/cancelRequest",
                                       "params": {"id": key[1]}}).encode() + b"\n"

    def cancel_oldest_wait(self):
        while self.waits:
            key = self.waits.popleft()
            if key in self.pending:
                return self.cancel(key)

    def more(self):
        """Something more to ask."""
        if self.random.random() < 0.03:
            self.counts["batches"] += 1
            self.write([[self.make() for _ in range(self.random.randrange(1, 50))]])
        else:
            message = self.make()
            self.write([message])
            if self.random.random() < 0.02 and message["method"] in ("ping", "get_team_message", "get_changes"):
                # The same id again, at once. Either it is refused, or the first one is answered already.
                request = self.pending[key_of(message["id"])]
                request.missing, request.is_double = 2, True
                self.counts["doubles"] += 1
                self.write([{**message, "method": "ping", "params": {}}])
        if self.random.random() < 0.03:
            self.cancel(key_of(self.random.randrange(max(1, self.last_id - WINDOW), self.last_id + 1)))
        if len(self.waits) > WAITS:
            self.cancel_oldest_wait()

    def measure(self):
        text = Path(f"/proc/{self.process.pid}/statm").read_text()
        self.memory.append((self.counts["requests"], int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")))

    def run(self):
        """Does everything; raises Failed."""
        next_measure = 0
        while self.counts["requests"] < self.requests:
            if self.kills and self.counts["requests"] >= self.kills[0]:
                self.kills.pop(0)
                self.kill()
            while len(self.pending) < WINDOW and len(self.unsent) < 65536:
                self.more()
            if len(self.pending) >= WINDOW:
                # Those of a batch wait for the last of them.
                self.cancel_oldest_wait()
            self.turn()
            if self.counts["requests"] >= next_measure:
                next_measure = self.counts["requests"] + self.requests // 2000
                self.measure()
        while self.pending:
            self.cancel_oldest_wait()
            self.turn()
        if self.rest or self.unsent:
            raise Failed(f"left over: {self.rest[:200]}")
        self.audit()
        self.close()

    def audit(self):
        """Every acknowledged message is there once, and nothing else."""
        there, cursor = collections.Counter(), None
        while True:
            params = {**TEAM, "pageSize": 200, **({"cursor": cursor} if cursor else {})}
            self.write([{"jsonrpc": "2.0", "id": 0, "method": "get_team_message", "params": params}], counted=False)
            page = json.loads(self.line())["result"]
            there.update(message["content"] for message in page["data"])
            cursor = page["next_cursor"]
            if cursor is None:
                break
        doubled = [content for content, count in there.items() if count > 1]
        lost = [content for content, outcome in self.sends.items() if outcome == "there" and content not in there]
        extra = [content for content in there if self.sends.get(content, "not there") == "not there"]
        if doubled or lost or extra or page["total"] != len(there):
            raise Failed(f"doubled: {doubled[:5]}, lost: {lost[:5]}, there but not acknowledged: {extra[:5]}, "
                         f"total {page['total']} of {len(there)}")
        self.counts["messages"] = len(there)

    def quarters(self):
        """The mean memory of the last process in each quarter of its life, in MB."""
        first, last = self.memory[0][0], self.memory[-1][0]
        result = []
        for quarter in range(4):
            begin, end = first + (last - first) * quarter / 4, first + (last - first) * (quarter + 1) / 4
            sizes = [size for made, size in self.memory if begin <= made <= end]
            result.append(sum(sizes) / len(sizes) / 1e6)
        return result


def soak(requests, kills, seed, store=None):
    """One run, on a new file unless a store is named."""
    with tempfile.TemporaryDirectory(prefix="tidings-soak-") as folder:
        run = Soak(store or f"sqlite:{folder}/soak.db", requests, kills, seed)
        try:
            run.run()
        except AssertionError as error:
            raise Failed(f"seed {seed}, after {run.counts['requests']} requests: {error}") from None
        finally:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait(DEADLINE)
        return run


def main():
    parser = argparse.ArgumentParser(description="A long run against $TIDINGS_BIN.")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--store", help="an empty store (default: a new file)")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    started = time.monotonic()
    run = soak(options.requests, options.kills, options.seed, options.store)
    print(", ".join(f"{name}: {count}" for name, count in sorted(run.counts.items())))
    quarters = run.quarters()
    print("memory in MB, by quarters of the last process's life: "
          + ", ".join(f"{size:.1f}" for size in quarters))
    print(f"{time.monotonic() - started:.0f} s")
    if abs(quarters[3] / quarters[1] - 1) > 0.05:
        sys.exit("memory is not flat: the last quarter is not within 5% of the second")


if __name__ == "__main__":
    main()
