"""The memory of one process, all limits at their defaults, under what takes the most of it."""

import json
import threading
import time
from pathlib import Path

from sidecar import DEADLINE, SidecarCase, line, on_each_store, read_some, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}
MIB = 1 << 20
# MB that no host and no content brings a process beyond.
MOST = 256
# The largest text as it is stored, and six times as large in an answer.
NULS = "\0" * 65_536
# The largest data, and three times as large on a line.
ESCAPED = {"x": "\x85" * 32_700}


class Flooding:
    """The tests' own deeds as hosts."""

    def in_background(self, sidecar, data):
        """Writes beside the test, however long the sidecar reads nothing."""
        failures = []

        def write():
            try:
                sidecar.send_bytes(data, DEADLINE)
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()

        def join():
            thread.join(DEADLINE)
            self.assertFalse(thread.is_alive(), "the writer is stuck")
            self.assertEqual(failures, [])

        return join

    def count_answers(self, sidecar, count):
        """Reads so many answers, and says how many bytes they had and how many were errors."""
        size = errors = 0
        for _ in range(count):
            received = sidecar.receive_line(DEADLINE)
            self.assertIsNotNone(received)
            size += len(received)
            errors += b'"error":{"code"' in received[:200]
        return size, errors

    def fill(self, sidecar, count=60):
        for _ in range(count):
            sidecar.result("send_team_message", content=NULS, **SEND)

    def flood(self, sidecar, messages):
        """Sends while nobody reads, and reads once the sidecar does nothing any more: then it holds the most."""
        join = self.in_background(sidecar, b"".join(map(line, messages)))
        self.wait_until_quiet(sidecar)
        sidecar.start_reading()
        return join

    def wait_until_quiet(self, sidecar):
        """Waits until the process has used its processor for something, and then for nothing for a while."""
        stat = Path(f"/proc/{sidecar.process.pid}/stat")

        def used():
            return sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13]))

        last, since = used(), None
        end = time.monotonic() + DEADLINE
        while since is None or time.monotonic() < since + 1:
            self.assertLess(time.monotonic(), end, "it is never quiet")
            time.sleep(0.05)
            now = used()
            if now != last:
                last, since = now, time.monotonic()

    def read_lines(self, sidecar, count):
        """Reads so many lines of a sidecar that nothing else reads from, and no byte more."""
        lines, data = 0, bytearray()
        while lines < count:
            byte = read_some(sidecar.process.stdout.fileno(), 1)
            data += byte
            lines += byte == b"\n"
        return data.splitlines()

    def filled(self, **options):
        """The URL of a store with the largest messages, and a sidecar on it that nobody reads yet."""
        url = self.new_store()
        filling = self.spawn(store=url)
        self.fill(filling)
        filling.finish()
        return self.spawn(store=url, reading=False, **options)


@on_each_store()
class MemoryTests(Flooding):
    def test_large_pages(self):
        sidecar = self.filled()
        join = self.flood(sidecar, [request(id, "get_team_message", pageSize=200, **INBOX) for id in range(48)])
        size, errors = self.count_answers(sidecar, 48)
        join()
        self.assertEqual(errors, 0)
        self.assertGreater(size, 48 * 12 * MIB)
        self.assertLess(sidecar.peak_memory(), MOST)
        sidecar.finish()

    def test_large_messages(self):
        sidecar = self.filled()
        sidecar.send(request(0, "get_team_message", pageSize=1, **INBOX))
        sidecar.start_reading()
        nid = sidecar.receive()["result"]["data"][0]["nid"]
        other = self.spawn(store=" ".join(sidecar.command).split("--store ")[1].split()[0], reading=False)
        join = self.flood(other, [request(id, "get_message", nid=nid, **INBOX) for id in range(700)])
        self.assertEqual(self.count_answers(other, 700)[1], 0)
        join()
        self.assertLess(other.peak_memory(), MOST)
        other.finish()
        sidecar.finish()

    def test_large_pages_in_batches_that_are_not_whole(self):
        """What a batch holds can't be written before its last answer is there."""
        sidecar = self.filled()
        sidecar.send(request(0, "get_changes", **INBOX))
        sidecar.start_reading()
        cursor = sidecar.receive()["result"]["cursor"]
        batches = [[request(f"w{number}", "get_changes", cursor=cursor, wait_ms=1_000, **INBOX)]
                   + [request(f"{number} {id}", "get_team_message", pageSize=200, **INBOX) for id in range(4)]
                   for number in range(8)]
        join = self.in_background(sidecar, b"".join(map(line, batches)))
        answers = 0
        for _ in batches:
            received = json.loads(sidecar.receive_line(DEADLINE))
            answers += len(received)
            for answer in received:
                if "error" in answer:
                    self.assertIn(answer["error"]["data"]["kind"], ("limit_reached", "response_too_large"))
        join()
        self.assertEqual(answers, 40)
        self.assertLess(sidecar.peak_memory(), MOST)
        sidecar.finish()

    def test_answers_of_many_sizes_leave_nothing_behind(self):
        """What is freed goes back to the system: what stays would be taken besides all that is counted."""
        sidecar = self.spawn(store=self.new_store())
        cursor = sidecar.result("get_changes", **INBOX)["cursor"]
        for id in range(100):
            message = request(id, "send_team_message", content=NULS, data=ESCAPED, **SEND)
            sidecar.send_bytes(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            self.assertIn("result", sidecar.receive())
        for size in (1, 2, 4, 8, 16, 32, 64, 100):
            pages = [request(id, "get_team_message", pageSize=size, **INBOX) for id in range(4)]
            sidecar.send(*pages, request("c", "get_changes", cursor=cursor, **INBOX))
            self.assertEqual(self.count_answers(sidecar, 5)[1], 0)
        sidecar.wait_for(lambda: sidecar.memory() < 100)
        sidecar.finish()

    def test_many_that_wait_wake_at_once(self):
        sidecar = self.spawn(store=self.new_store(), reading=False)
        sidecar.send(request(0, "get_changes", **INBOX))
        cursor = json.loads(self.read_lines(sidecar, 1)[0])["result"]["cursor"]
        count = 100
        sidecar.send(*[request(id, "get_changes", cursor=cursor, wait_ms=60_000, _meta={"progressToken": id}, **INBOX)
                       for id in range(count)])
        self.read_lines(sidecar, count)  # The progress that says that each waits.
        join = self.flood(sidecar, [[request(f"s{id}", "send_team_message", content=NULS, **SEND) for id in range(8)]])
        size, errors = self.count_answers(sidecar, count + 1)
        self.assertEqual(errors, 0)
        join()
        self.assertGreater(size, count * 300_000)
        self.assertLess(sidecar.peak_memory(), MOST)
        sidecar.finish()


class RequestMemoryTests(Flooding, SidecarCase):
    def test_what_waits_keeps_nothing_of_its_request(self):
        sidecar = self.spawn()
        cursor = sidecar.result("get_changes", user_id="bo")["cursor"]
        filling = "x" * (4 * MIB - 1000)
        for id in range(250):
            token = {"progressToken": f"p{id}", "more": filling}
            sidecar.send(request(f"id {id}", "get_changes", user_id="bo", cursor=cursor, wait_ms=60_000, _meta=token))
            sidecar.receive()  # The progress that says that it waits.
        self.assertEqual(sidecar.result("get_status")["in_flight"], 1)
        self.assertLess(sidecar.peak_memory(), MOST / 2)
        self.assertEqual(len(sidecar.finish()), 250)

    def test_requests_in_flight_are_counted_by_their_size(self):
        """They stand behind one another, so that none is answered before the last one is read."""
        sidecar = self.spawn(store=self.store()[0])
        readers = [f"reader {number:04d} " + "r" * 100 for number in range(10_000)]
        sends = [request(id, "send_team_message", reader_ids=readers, content="x", **SEND) for id in range(12)]
        join = self.in_background(sidecar, b"".join(map(line, sends)))
        self.assertEqual(self.count_answers(sidecar, 12)[1], 0)
        join()
        self.assertLess(sidecar.peak_memory(), MOST)
        sidecar.finish()

    def test_dense_requests(self):
        sidecar = self.spawn()
        for content in (b"1," * (2 * MIB - 200) + b"1", b"[]," * (MIB + MIB // 4) + b"1", b'"",' * MIB + b"1"):
            for start, end in ((b"[", b"]"), (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[', b"]}}")):
                sidecar.send_bytes(start + content + end + b"\n")
                self.assertIn("error", sidecar.receive())
        keys = b",".join(b'"%d":1' % number for number in range(350_000))
        sidecar.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{%s}}\n' % keys)
        self.assertIn("error", sidecar.receive())
        self.assertLess(sidecar.peak_memory(), MOST)
        sidecar.finish()
