"""Hosts that don't read, read or write byte by byte, ask for everything at once, or die: the program stays
bounded, loses nothing that it accepted, and never outlives its host.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading

from sidecar import DEADLINE, SidecarCase, environment, line, program, read_some, request

ID = re.compile(rb'"id":(\d+)')
SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}


class Drip:
    """Reads or writes one byte at a time, on a thread, until it is stopped."""

    def __init__(self, step):
        self._step = step
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._stopped.wait(0.002) and self._step():
                pass
        except OSError:
            pass  # The other end is gone.

    def stop(self):
        self._stopped.set()
        self._thread.join(DEADLINE)


class SlowHostTests(SidecarCase):
    def large(self, *arguments, **options):
        """A sidecar whose pages have 100 KiB, more than a pipe holds; nobody reads yet."""
        url, _ = self.store()
        filling = self.spawn(store=url)
        filling.pipeline([request(id, "send_team_message", content="x" * 1000, **SEND) for id in range(100)])
        filling.finish()
        return self.spawn(*arguments, store=url, reading=False, **options)

    def pages(self, count):
        return [request(id, "get_team_message", pageSize=200, **INBOX) for id in range(count)]

    def test_sigterm_ends_for_a_host_that_reads_byte_by_byte(self):
        sidecar = self.large("--drain-timeout", 1)
        sidecar.send(*self.pages(50))
        self.assertEqual(read_some(sidecar.process.stdout.fileno(), 1), b"{")
        drip = Drip(lambda: os.read(sidecar.process.stdout.fileno(), 1))
        sidecar.signal(signal.SIGTERM)
        self.assertEqual(sidecar.wait(), 75)
        drip.stop()

    def test_a_host_that_writes_byte_by_byte_holds_up_only_itself(self):
        sidecar = self.spawn()
        sidecar.result("ping")
        data = iter(line(request(7, "ping"))[:-1])
        drip = Drip(lambda: os.write(sidecar.process.stdin.fileno(), bytes([next(data, 0x20)])))
        # What is not a whole request yet was never accepted.
        sidecar.signal(signal.SIGTERM)
        self.assertEqual(sidecar.rest(), [])
        self.assertEqual(sidecar.wait(), 0)
        drip.stop()

    def test_closed_output_is_reported_while_input_is_open(self):
        sidecar = self.spawn(reading=False)
        sidecar.process.stdout.close()
        sidecar.send(request(1, "ping"))
        self.assertEqual(sidecar.wait(), 74)
        self.assertIn("the host closed the output", sidecar.errors_text())
        self.assertIn("Broken pipe", sidecar.errors_text())


class CrowdTests(SidecarCase):
    def count_answers(self, sidecar, count, batches=False):
        """Reads `count` answers, one to each id below it."""
        seen, rest, total = bytearray(count), b"", 0
        while total < count:
            chunk = read_some(sidecar.process.stdout.fileno())
            self.assertTrue(chunk, f"the stream ended after {total} answers")
            *lines, rest = (rest + chunk).split(b"\n")
            for one in lines:
                self.assertEqual(one.startswith(b"["), batches)
                for match in ID.finditer(one):
                    id = int(match[1])
                    self.assertFalse(seen[id], f"two answers to {id}")
                    seen[id] = 1
                    total += 1
        self.assertEqual(rest, b"")

    def in_background(self, sidecar, data):
        """Writes beside the test, until all is written or the process is gone."""
        def run():
            try:
                sidecar.send_bytes(data)
            except OSError:
                pass  # It ended before it read everything.

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, DEADLINE)
        return thread

    def crowd(self):
        """10,000 requests that are all let in before the first one is answered."""
        url, _ = self.store()
        requests = [request(id, "send_team_message", **SEND) if id % 10 == 0 else
                    request(id, "get_team_message", pageSize=1, **INBOX) for id in range(10_000)]
        sidecar = self.spawn("--max-in-flight", 20_000, store=url, reading=False)
        return sidecar, url, b"".join(map(line, requests))

    def test_ten_thousand_requests_in_flight(self):
        sidecar, _, data = self.crowd()
        self.in_background(sidecar, data)
        self.count_answers(sidecar, 10_000)
        self.assertLess(sidecar.peak_memory(), 250)
        sidecar.start_reading()
        self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], 1000)
        self.assertEqual(sidecar.finish(), [])

    def test_sigterm_among_ten_thousand_requests(self):
        sidecar, url, data = self.crowd()
        self.in_background(sidecar, data)
        first = read_some(sidecar.process.stdout.fileno(), 1)
        sidecar.signal(signal.SIGTERM)
        answers = first
        while chunk := read_some(sidecar.process.stdout.fileno()):
            answers += chunk
        self.assertEqual(sidecar.wait(), 0)
        ids = sorted(json.loads(one)["id"] for one in answers.splitlines())
        self.assertEqual(ids, list(range(len(ids))))
        again = self.spawn(store=url)
        self.assertEqual(again.result("get_team_message", **INBOX)["total"], (len(ids) + 9) // 10)
        again.finish()

    def batches(self, count):
        return b"".join(
            b"[" + b",".join(b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % id
                             for id in range(1000 * batch, 1000 * batch + 1000)) + b"]\n"
            for batch in range(count))

    def test_a_thousand_batches_of_a_thousand(self):
        sidecar = self.spawn(reading=False)
        self.in_background(sidecar, self.batches(1000))
        self.count_answers(sidecar, 1_000_000, batches=True)
        self.assertLess(sidecar.peak_memory(), 250)
        sidecar.start_reading()
        self.assertEqual(sidecar.finish(), [])

    def test_sigterm_among_batches(self):
        sidecar = self.spawn("--drain-timeout", 600, reading=False)
        thread = self.in_background(sidecar, self.batches(200))
        self.assertEqual(read_some(sidecar.process.stdout.fileno(), 1), b"[")
        sidecar.signal(signal.SIGTERM)
        answers = b"["
        while chunk := read_some(sidecar.process.stdout.fileno()):
            answers += chunk
        self.assertEqual(sidecar.wait(), 0)
        thread.join(DEADLINE)
        # Each batch that was begun is answered for what was accepted of it: a beginning of the whole.
        ids = [item["id"] for one in answers.splitlines() for item in json.loads(one)]
        self.assertEqual(sorted(ids), list(range(len(ids))))

    def test_sigterm_among_batches_of_a_host_that_never_reads(self):
        sidecar = self.spawn("--drain-timeout", 1, "--max-output-bytes", 1 << 20, reading=False)
        thread = self.in_background(sidecar, self.batches(200))
        sidecar.wait_for(lambda: b"does not read" in sidecar.stderr_bytes)
        sidecar.signal(signal.SIGTERM)
        self.assertEqual(sidecar.wait(), 75)
        thread.join(DEADLINE)


class WaitingTests(SidecarCase):
    def waiting(self, store="memory:", count=400):
        """A sidecar in which more `get_changes` wait than may be in flight."""
        sidecar = self.spawn(store=store)
        cursor = sidecar.result("get_changes", **INBOX)["cursor"]
        sidecar.send(*[request(id, "get_changes", cursor=cursor, wait_ms=60_000, **INBOX)
                       for id in range(count)])
        return sidecar

    def test_pings_go_on(self):
        for store in ("memory:", self.store()[0]):
            with self.subTest(store.split(":")[0]):
                sidecar = self.waiting(store)
                pings = sidecar.pipeline([request(id, "ping") for id in range(1000, 3000)])
                self.assertEqual(set(pings), set(range(1000, 3000)))
                # One message, and each of them hears of it.
                sidecar.send(request(5000, "send_team_message", **SEND))
                answers = {answer["id"]: answer["result"] for answer in sidecar.answers(401)}
                self.assertEqual(set(answers), {*range(400), 5000})
                for id in range(400):
                    self.assertEqual([c["event"] for c in answers[id]["changes"]], ["created"])
                self.assertEqual(sidecar.finish(), [])

    def test_sigterm_ends_waiting(self):
        sidecar = self.waiting()
        sidecar.result("ping")
        sidecar.signal(signal.SIGTERM)
        answers = sidecar.rest()
        self.assertEqual(sidecar.wait(), 0)
        self.assertEqual(sorted(answer["id"] for answer in answers), list(range(400)))


# A host that starts the sidecar and another process, which gets the same ends of the pipes; then it waits.
# It says who is who: "sidecar grandchild" on its own stdout.
HOST = """
import os, subprocess, sys, time
requests, to_sidecar = os.pipe()
from_sidecar, answers = os.pipe()
sidecar = subprocess.Popen(sys.argv[1:], stdin=requests, stdout=answers)
os.close(requests); os.close(answers)
os.write(to_sidecar, b'{"jsonrpc":"2.0","id":1,"method":"ping"}\\n')
assert os.read(from_sidecar, 100)
os.write(to_sidecar, PENDING)
other = subprocess.Popen([sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"],
                         stdout=subprocess.PIPE, pass_fds=[to_sidecar, from_sidecar])
other.stdout.readline()
print(sidecar.pid, other.pid, flush=True)
time.sleep(600)
"""


def running(pid):
    """Returns whether a process runs: it exists, and is no corpse that nobody has collected."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class DyingHostTests(SidecarCase):
    def host(self, *arguments, pending=b"", store="memory:"):
        """A host with its sidecar and a grandchild that holds the pipes: their process ids, and stderr."""
        errors = self.folder() / "stderr"
        with errors.open("wb") as file:
            host = subprocess.Popen(
                [sys.executable, "-c", HOST.replace("PENDING", repr(pending)), program(), "--store", store,
                 *map(str, arguments)],
                stdout=subprocess.PIPE, stderr=file, env=environment())
        self.addCleanup(host.stdout.close)
        self.addCleanup(host.wait)
        self.addCleanup(host.kill)
        sidecar, other = map(int, host.stdout.readline().split())
        for pid in (sidecar, other):
            self.addCleanup(self.end, pid)
        return host, sidecar, other, errors

    def end(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def wait_for(self, condition):
        done = threading.Event()
        for _ in range(int(DEADLINE / 0.01)):
            if condition():
                return
            done.wait(0.01)
        self.fail("waited in vain")

    def test_the_sidecar_ends_though_another_process_holds_the_pipes(self):
        host, sidecar, other, errors = self.host()
        host.kill()
        self.wait_for(lambda: not running(sidecar))
        self.assertTrue(running(other), "the pipes were closed: this shows nothing")
        self.assertIn("the host has ended", errors.read_text())

    def test_though_answers_are_stuck_and_requests_wait(self):
        url, _ = self.store()
        filling = self.spawn(store=url)
        filling.pipeline([request(id, "send_team_message", content="x" * 10_000, **SEND) for id in range(100)])
        cursor = filling.result("get_changes", **INBOX)["cursor"]
        filling.finish()
        pending = b"".join(map(line, [
            request(2, "get_changes", cursor=cursor, wait_ms=60_000, **INBOX),
            *[request(id, "get_team_message", pageSize=100, **INBOX) for id in range(3, 20)]]))
        host, sidecar, other, _ = self.host("--drain-timeout", 600, pending=pending, store=url)
        host.kill()
        self.wait_for(lambda: not running(sidecar))
        self.assertTrue(running(other))

    def test_detached_it_stays_until_the_input_ends(self):
        host, sidecar, other, _ = self.host("--detached")
        watched, twin, _, _ = self.host()
        host.kill()
        watched.kill()
        # Its twin is gone, so it had time to go too.
        self.wait_for(lambda: not running(twin))
        self.assertTrue(running(sidecar))
        os.kill(other, signal.SIGKILL)
        self.wait_for(lambda: not running(sidecar))
