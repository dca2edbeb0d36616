"""Hosts that read late, slowly or little: memory stays bounded, and nothing is lost."""

import re
import threading

from sidecar import DEADLINE, SidecarCase, on_each_store, read_some, request

ID = re.compile(rb'"id":(\d+)')
SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
PAGE = {"team_id": "t", "user_id": "bo", "pageSize": 200}


class Hosting:
    """The tests' own deeds as hosts."""

    def assert_each_answered_once(self, sidecar, count, limit=None):
        """Reads `count` answers, at most `limit()` bytes at a time; each id below it comes once."""
        seen, rest, total = bytearray(count), b"", 0
        fd = sidecar.process.stdout.fileno()
        while total < count:
            chunk = read_some(fd, limit() if limit else 1 << 20)
            self.assertTrue(chunk, f"the stream ended after {total} answers")
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                id = int(ID.search(line)[1])
                self.assertIn(b'"result"', line)
                self.assertFalse(seen[id], f"two answers to {id}")
                seen[id] = 1
                total += 1
        self.assertEqual(rest, b"")

    def in_background(self, body):
        """Runs a writer beside the test; its failure is the test's."""
        failures = []

        def run():
            try:
                body()
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def join():
            thread.join(DEADLINE)
            self.assertFalse(thread.is_alive(), "the writer is stuck")
            self.assertEqual(failures, [])

        return join


class BackpressureTests(Hosting, SidecarCase):
    def inbox_of_large_pages(self, *arguments):
        """A sidecar that nobody reads from, with an inbox whose pages have 200 KiB."""
        sidecar = self.spawn(*arguments, reading=False)
        content = "x" * 1000
        sends = [request(id, "send_team_message", content=content, **SEND) for id in range(200)]
        join = self.in_background(lambda: sidecar.send(*sends))
        self.assert_each_answered_once(sidecar, 200)
        join()
        return sidecar

    def test_400_000_pings_of_a_host_that_reads_later(self):
        count = 400_000
        data = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"ping"}\n' % id for id in range(count))
        sidecar = self.spawn(reading=False)
        written = sidecar.write_until_stalled(data, quiet=1)
        join = self.in_background(lambda: sidecar.send_bytes(data[written:]))
        self.assert_each_answered_once(sidecar, count)
        join()
        self.assertLess(sidecar.peak_memory(), 220)
        sidecar.start_reading()
        self.assertEqual(sidecar.finish(), [])

    def test_large_answers_to_a_host_that_reads_later(self):
        sidecar = self.inbox_of_large_pages()
        count = 1000
        data = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"get_team_message","params":{"team_id":"t",'
                        b'"user_id":"bo","pageSize":200}}\n' % id for id in range(count))
        written = sidecar.write_until_stalled(data, quiet=1)
        join = self.in_background(lambda: sidecar.send_bytes(data[written:]))
        self.assert_each_answered_once(sidecar, count)
        join()
        self.assertLess(sidecar.peak_memory(), 300)
        sidecar.start_reading()
        self.assertEqual(sidecar.finish(), [])

    def test_a_reader_of_single_bytes(self):
        sidecar = self.inbox_of_large_pages()
        sidecar.send(*[request(id, "get_team_message", **PAGE) for id in range(20)])
        left = 50_000

        def limit():
            nonlocal left
            left -= 1
            return 1 if left > 0 else 4096

        self.assert_each_answered_once(sidecar, 20, limit)
        sidecar.start_reading()
        self.assertEqual(sidecar.finish(), [])


@on_each_store()
class ManyRequestsTests(Hosting):
    def test_ten_thousand_requests_at_once(self):
        sidecar = self.spawn(store=self.new_store(), reading=False)
        count = 10_000
        requests = [request(id, "send_team_message" if id % 100 == 0 else "get_team_message",
                            **(SEND if id % 100 == 0 else {**PAGE, "pageSize": 1})) for id in range(count)]
        join = self.in_background(lambda: sidecar.send(*requests))
        self.assert_each_answered_once(sidecar, count)
        join()
        sidecar.start_reading()
        self.assertEqual(sidecar.result("get_team_message", **PAGE)["total"], count / 100)
        sidecar.finish()
