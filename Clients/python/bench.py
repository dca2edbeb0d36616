#!/usr/bin/env python3
"""What the client costs a call, beside a bare loop over the same pipes in Python.

    TIDINGS_BIN=... python3 bench.py [--calls N] [--in-flight N] [--rounds N] [--json]

The bare loop writes and reads JSON lines and does nothing else: no futures, no types, no supervision.
Rounds of all take turns, and the median counts. The cost of a client is its time a call less the
bare loop's, in processor time of this process also, which a busy machine disturbs less.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from tidings import Tidings, find_program, sync  # noqa: E402

FILL = 200  # Messages in the inbox that is listed.
LOADS = {
    "ping": ("ping", {}),
    "get_team_message": ("get_team_message", {"team_id": "crew", "user_id": "bob"}),
    "send_team_message": (
        "send_team_message",
        {"team_id": "other", "user_id": "ann", "message_type": "note", "content": "Tea is ready"},
    ),
}


class Bare:
    """One child and one loop over its pipes."""

    name = "bare loop"

    def __init__(self):
        self.process = subprocess.Popen(
            [find_program(), "--store", "memory:", "--log-level", "error"],
            bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ids = itertools.count(1)

    def run(self, method, params, calls, in_flight):
        write, read = self.process.stdin.fileno(), self.process.stdout.fileno()

        def line():
            id = next(self.ids)
            request = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
            if method == "send_team_message":  # As the clients do, since a key costs the program something.
                request["params"] = {**params, "idempotency_key": f"a-key-of-the-usual-length-{id}"}
            return json.dumps(request, separators=(",", ":")).encode() + b"\n"

        def send(count):
            data = b"".join(line() for _ in range(count))
            while data:
                data = data[os.write(write, data):]

        sent = min(in_flight, calls)
        send(sent)
        done, rest = 0, b""
        while done < calls:
            *lines, rest = (rest + os.read(read, 1 << 18)).split(b"\n")
            for text in lines:
                json.loads(text)["result"]
            done += len(lines)
            more = min(len(lines), calls - sent)
            if more:
                send(more)
                sent += more

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Async:
    """The client for asyncio, with as many tasks as calls in flight."""

    name = "asyncio"

    def __init__(self):
        self.loop = asyncio.new_event_loop()

        async def start():
            return await Tidings.start(store="memory:", log_level="error")

        self.inbox = self.loop.run_until_complete(start())

    def run(self, method, params, calls, in_flight):
        call, turns = getattr(self.inbox, method), iter(range(calls))

        async def one():
            for _ in turns:
                await call(**params)

        async def all():
            await asyncio.gather(*(one() for _ in range(in_flight)))

        self.loop.run_until_complete(all())

    def close(self):
        self.loop.run_until_complete(self.inbox.close())
        self.loop.close()


class Threads:
    """The synchronous client, with as many threads as calls in flight."""

    name = "threads"

    def __init__(self):
        self.inbox = sync.Tidings.start(store="memory:", log_level="error")

    def run(self, method, params, calls, in_flight):
        call, turns = getattr(self.inbox, method), iter(range(calls))

        def one():
            for _ in turns:
                call(**params)

        threads = [threading.Thread(target=one) for _ in range(in_flight)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def close(self):
        self.inbox.close()


def measure(options):
    """{load: {name: (microseconds a call, processor microseconds of this process a call)}}"""
    runners = [Bare(), Async(), Threads()]
    found = {}
    try:
        for runner in runners:
            runner.run("send_team_message", {**LOADS["send_team_message"][1], "team_id": "crew"}, FILL, 1)
        for load, (method, params) in LOADS.items():
            times = {runner.name: [] for runner in runners}
            for _ in range(options.rounds):
                for runner in runners:
                    wall, cpu = time.perf_counter(), time.process_time()
                    runner.run(method, params, options.calls, options.in_flight)
                    times[runner.name].append((time.perf_counter() - wall, time.process_time() - cpu))
            found[load] = {name: tuple(statistics.median(column) / options.calls * 1e6 for column in zip(*rounds))
                           for name, rounds in times.items()}
    finally:
        for runner in runners:
            runner.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{options.in_flight} in flight; microseconds a call (processor time of the host), and the ratio to the bare loop")
    print(f"{'':20}{'bare loop':>16}" + "".join(f"{name:>16}{'over':>16}{'ratio':>7}" for name in ("asyncio", "threads")))
    for load, times in found.items():
        bare, bare_cpu = times["bare loop"]
        cells = [f"{load:20}"]
        for name, (wall, cpu) in times.items():
            cells.append(f"{wall:8.1f} ({cpu:5.1f})")
            if name != "bare loop":
                cells.append(f"{wall - bare:8.1f} ({cpu - bare_cpu:5.1f}){wall / bare:7.2f}")
        print("".join(cells))


if __name__ == "__main__":
    main()
