"""Measures following: how soon events come, and what subscriptions and waiting calls cost."""

import contextlib
import json
import os
import select
import statistics
import subprocess
import time

from measuring import say

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note", "content": "Lunch at noon?"}
EVENT = b'{"jsonrpc":"2.0","method":"inbox_event"'


class Host:
    """A host of the program that knows when each line came."""

    def __init__(self, program, store, log):
        with open(log, "ab") as errors:
            self.process = subprocess.Popen([program, "--store", store], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors, bufsize=0)
        self.output, self.partial, self.number = self.process.stdout.fileno(), b"", 0

    def send(self, method, **params):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")

    def lines(self):
        """The next lines that come."""
        *lines, self.partial = (self.partial + os.read(self.output, 1 << 20)).split(b"\n")
        return lines

    def result(self, method, **params):
        self.send(method, **params)
        while True:
            for line in self.lines():
                if not line.startswith(EVENT):
                    return json.loads(line)["result"]

    def processor_time(self):
        """In seconds, from the ticks of each of its threads."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """In megabytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@contextlib.contextmanager
def hosts(count, program, store, log):
    """This many, each with a program of its own."""
    running = [Host(program, store, log) for _ in range(count)]
    try:
        yield running
    finally:
        for host in running:
            host.end()


def pauses(sender, follower, seconds):
    """Milliseconds from the answer of each send, after its commit, to the event; none if the event came first."""
    found, end = [], time.monotonic() + seconds
    poll = select.poll()
    for host in {sender, follower}:
        poll.register(host.output, select.POLLIN)
    by_output = {host.output: host for host in (sender, follower)}
    while time.monotonic() < end or len(found) < 100:
        sender.send("send_team_message", **SEND)
        answered = told = None
        while answered is None or told is None:
            ready = poll.poll()
            now = time.monotonic()
            for output, _ in ready:
                for line in by_output[output].lines():
                    if line.startswith(EVENT):
                        told = now
                    else:
                        answered = now
        found.append(1000 * max(0, told - answered))
    return found


def soon(table, what, goal, sender, follower, seconds):
    cursor = follower.result("subscribe", user_id="bo", team_id="t")["subscription"]
    pauses(sender, follower, 0)
    found = sorted(pauses(sender, follower, seconds))
    follower.result("unsubscribe", subscription=cursor)
    p99 = found[len(found) * 99 // 100]
    table.row(f"commit to event, {what}, p99", f"{p99:.2f} ms", f"≤ {goal} ms", p99 <= goal,
              f"p50 {statistics.median(found):.2f} ms, {len(found)} sends")


def share(host, seconds):
    """The part of a core that a program takes, in percent."""
    before = host.processor_time()
    time.sleep(seconds)
    return 100 * (host.processor_time() - before) / seconds


def measure_following(table, program, store, log, seconds, goals):
    """`goals`: milliseconds from commit to event, in one process and in two."""
    say("events")
    with hosts(2, program, store, log) as (one, other):
        soon(table, "one process", goals[0], one, one, seconds)
        soon(table, "two processes", goals[1], one, other, seconds)
    say("subscriptions")
    with hosts(1, program, store, log) as (host,):
        for number in range(1_000):
            host.result("subscribe", user_id=f"u{number}", team_id="t")
        start = time.monotonic()
        host.send("send_team_message", **SEND)
        told = 0
        while told < 1_000:
            told += sum(line.startswith(EVENT) for line in host.lines())
        table.row("one send to 1,000 subscribers", f"{1000 * (time.monotonic() - start):.0f} ms",
                  note="from the request to the last event")
        for number in range(1_000, 10_000):
            host.result("subscribe", user_id=f"u{number}", team_id="t")
        used = share(host, 2 * seconds)
        table.row("10,000 idle subscriptions", f"{used:.1f}% of a core", "≤ 1%", used <= 1)
        table.row("  memory", f"{host.memory():.0f} MB", "≤ 60 MB", host.memory() <= 60)
    with hosts(1, program, store, log) as (host,):
        cursor = host.result("get_changes", user_id="bo", team_id="t")["cursor"]
        for _ in range(1_000):
            host.send("get_changes", user_id="bo", team_id="t", cursor=cursor, wait_ms=60_000)
        while host.result("get_status")["inboxes"] < 1_000:
            pass
        used = share(host, 2 * seconds)
        table.row("1,000 get_changes that wait", f"{used:.1f}% of a core", "≤ 1%", used <= 1)
