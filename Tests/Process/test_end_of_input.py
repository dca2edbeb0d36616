"""The end of input: everything accepted is answered, flushed, and the status is 0."""

import fcntl
import signal
import struct
import subprocess
import termios

from sidecar import (DEADLINE, SidecarCase, environment, line, notification, on_each_store, program,
                     read_some, request)

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}


@on_each_store(memory=True)
class AcceptedWorkTests:
    def test_everything_sent_is_answered(self):
        sidecar = self.spawn(store=self.new_store())
        talk = [request(id, "send_team_message", **SEND) if id % 3 == 0 else request(id, "ping")
                for id in range(3000)]
        sidecar.send(*talk)
        answers = sidecar.finish()
        self.assertEqual(sorted(answer["id"] for answer in answers), list(range(3000)))
        self.assertTrue(all("result" in answer for answer in answers))

    def test_a_batch_is_finished(self):
        sidecar = self.spawn(store=self.new_store())
        sidecar.send([request(id, "send_team_message", **SEND) for id in range(500)])
        answers, = sidecar.finish()
        self.assertEqual(sorted(answer["id"] for answer in answers), list(range(500)))


@on_each_store()
class KeptWorkTests:
    def test_notifications_are_carried_out(self):
        url = self.new_store()
        sidecar = self.spawn(store=url)
        sidecar.send(*[notification("send_team_message", **SEND)] * 200)
        self.assertEqual(sidecar.finish(), [])
        again = self.spawn(store=url)
        self.assertEqual(again.result("get_team_message", team_id="t", user_id="bo")["total"], 200)
        again.finish()


class EndOfInputTests(SidecarCase):
    def test_after_exit_nothing_is_read(self):
        sidecar = self.spawn()
        sidecar.send(request(1, "shutdown"), notification("exit"), request(2, "ping"))
        self.assertEqual(sidecar.finish(close=False), [{"jsonrpc": "2.0", "id": 1, "result": None}])

    def test_exit_without_shutdown(self):
        sidecar = self.spawn()
        sidecar.send(request(1, "ping"), notification("exit"))
        self.assertEqual(sidecar.finish(status=1, close=False), [{"jsonrpc": "2.0", "id": 1, "result": {}}])


class UnreadTests(SidecarCase):
    """A host that ends its input and doesn't read: answers wait for it, events only for a while."""

    def filled(self, sidecar):
        """Waits until the pipe to the host takes hardly more: each message begins on a page of its own."""
        output = sidecar.process.stdout.fileno()
        sidecar.wait_for(lambda: struct.unpack("i", fcntl.ioctl(output, termios.FIONREAD, b"\0" * 4))[0] > 40_000)

    def test_events(self):
        for ending, number in (("end", None), ("SIGTERM", signal.SIGTERM)):
            with self.subTest(ending):
                sidecar = self.spawn("--drain-timeout", 0.2, reading=False)
                sidecar.send(request(1, "subscribe", user_id="bo", team_id="t"))
                sidecar.send(*[notification("send_team_message", content="x" * 10_000, **SEND)] * 200)
                self.filled(sidecar)
                if number is None:
                    sidecar.close_input()
                else:
                    sidecar.signal(number)
                self.assertEqual(sidecar.wait(), 0)
                self.assertIn("does not read its last events", sidecar.errors_text())

    def test_events_that_are_read(self):
        sidecar = self.spawn(reading=False)
        sidecar.send(request(1, "subscribe", user_id="bo", team_id="t"))
        sidecar.send(*[notification("send_team_message", content="x" * 10_000, **SEND)] * 200)
        self.filled(sidecar)
        sidecar.close_input()
        sidecar.start_reading()
        events = [message["params"]["total"] for message in sidecar.finish(close=False) if "id" not in message]
        self.assertGreater(len(events), 2)
        self.assertEqual(events, list(range(1, len(events) + 1)))

    def test_answers(self):
        sidecar = self.spawn("--drain-timeout", 0, reading=False)
        sidecar.send(*[request(id, "get_status") for id in range(1_000)])
        sidecar.close_input()
        sidecar.wait_for(lambda: b"does not read its answers" in sidecar.stderr_bytes)
        sidecar.start_reading()
        self.assertEqual(len(sidecar.finish(close=False)), 1_000)


class PipelineTests(SidecarCase):
    def shell(self, script, input=b""):
        """Runs a pipeline in bash with `$tidings`."""
        done = subprocess.run(
            ["bash", "-c", script], input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=DEADLINE, check=False, env=environment(tidings=program(), TIDINGS_STORE="memory:"))
        self._runs.append(done)
        return done

    def test_printf_and_head(self):
        done = self.shell("""printf '{"jsonrpc":"2.0","id":1,"method":"ping"}\\n' | "$tidings" | head -1
            echo "${PIPESTATUS[1]}" >&2""")
        self.assertEqual(done.stdout, b'{"jsonrpc":"2.0","id":1,"result":{}}\n')
        self.assertEqual(done.stderr.split()[-1], b"0")

    def test_printf_without_a_line_feed(self):
        done = self.shell("""printf '{"jsonrpc":"2.0","id":1,"method":"ping"}' | "$tidings" """)
        self.assertEqual((done.stdout, done.returncode), (b'{"jsonrpc":"2.0","id":1,"result":{}}\n', 0))

    def test_a_reader_that_leaves_ends_the_process(self):
        pings = b"".join(line(request(id, "ping")) for id in range(100_000))
        done = self.shell('"$tidings" | head -1; echo "${PIPESTATUS[0]}" >&2', input=pings)
        self.assertEqual(done.stdout.count(b"\n"), 1)
        # Far more answers than a pipe holds: a write failed, and no signal killed it.
        self.assertEqual(done.stderr.split()[-1], b"74")

    def test_a_reader_that_leaves_while_input_is_open(self):
        sidecar = self.spawn(reading=False)
        sidecar.send(request(1, "ping"))
        read_some(sidecar.process.stdout.fileno(), 1)
        sidecar.process.stdout.close()
        pings = b"".join(line(request(id, "ping")) for id in range(1000))
        try:
            for _ in range(1000):  # Far more than it may hold back.
                sidecar.send_bytes(pings)
        except BrokenPipeError:
            pass
        self.assertEqual(sidecar.wait(), 74)
        self.assertIn("the host closed the output", sidecar.errors_text())

    def test_dev_null(self):
        done = self.run_program("--store", "memory:", stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_a_file_as_input(self):
        path = self.folder() / "requests.jsonl"
        path.write_bytes(b"".join(line(request(id, "ping")) for id in range(1000)))
        with path.open("rb") as file:
            done = self.run_program("--store", "memory:", stdin=file)
        self.assertEqual((done.returncode, done.stdout.count(b"\n")), (0, 1000))

    def test_a_file_as_output(self):
        path = self.folder() / "answers.jsonl"
        with path.open("wb") as file:
            done = self.run_program("--store", "memory:", stdout=file, stderr=subprocess.PIPE,
                                    input=b"".join(line(request(id, "ping")) for id in range(1000)))
        self.assertEqual((done.returncode, path.read_bytes().count(b"\n")), (0, 1000))
