"""SIGTERM and SIGINT drain; a second one ends at once."""

import array
import fcntl
import signal
import termios

from sidecar import SidecarCase, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
BOTH = (signal.SIGTERM, signal.SIGINT)


class SignalTests(SidecarCase):
    def test_an_idle_process_ends(self):
        for number in BOTH:
            with self.subTest(number.name):
                sidecar = self.spawn()
                sidecar.result("ping")
                sidecar.signal(number)
                self.assertEqual(sidecar.rest(), [])
                self.assertEqual(sidecar.wait(), 0)

    def test_what_was_accepted_is_answered(self):
        for number in BOTH:
            with self.subTest(number.name):
                url, _ = self.store()
                sidecar = self.spawn(store=url)
                sidecar.send(*[request(id, "send_team_message", **SEND) for id in range(1000)])
                first = sidecar.receive()
                sidecar.signal(number)
                answers = [first, *sidecar.rest()]
                self.assertEqual(sidecar.wait(), 0)
                self.assertTrue(all("result" in answer for answer in answers))
                # Accepted is a beginning of what was sent, and each of those was answered.
                self.assertEqual(sorted(answer["id"] for answer in answers), list(range(len(answers))))
                again = self.spawn(store=url)
                total = again.result("get_team_message", team_id="t", user_id="bo")["total"]
                self.assertEqual(total, len(answers))
                again.finish()

    def stuck(self, drain_timeout):
        """A sidecar with more to answer than the pipe holds, to a host that doesn't read."""
        url, _ = self.store()
        filling = self.spawn(store=url)
        filling.pipeline([request(id, "send_team_message", content="x" * 5000, **SEND) for id in range(200)])
        filling.finish()
        sidecar = self.spawn("--drain-timeout", drain_timeout, store=url, reading=False)
        page = {"team_id": "t", "user_id": "bo", "pageSize": 200}
        sidecar.send(*[request(id, "get_team_message", **page) for id in range(20)])
        # It writes, and can't be done: an answer has a megabyte, and the pipe holds far less.
        sidecar.wait_for(lambda: pending(sidecar.process.stdout.fileno()) > 0)
        return sidecar

    def test_a_second_signal_ends_at_once(self):
        for number in BOTH:
            with self.subTest(number.name):
                sidecar = self.stuck(drain_timeout=600)
                sidecar.signal(number)
                self.assertIsNone(sidecar.process.poll(), "it didn't drain")
                sidecar.signal(number)
                self.assertEqual(sidecar.wait(), 128 + number)

    def test_the_drain_timeout_ends_a_drain(self):
        sidecar = self.stuck(drain_timeout=1)
        sidecar.signal(signal.SIGTERM)
        self.assertEqual(sidecar.wait(), 75)

    def test_a_late_reader_gets_everything_within_the_drain(self):
        sidecar = self.stuck(drain_timeout=600)
        sidecar.signal(signal.SIGTERM)
        sidecar.start_reading()
        answers = sidecar.rest()
        self.assertGreater(len(answers), 0)
        self.assertEqual(sorted(answer["id"] for answer in answers), list(range(len(answers))))
        self.assertTrue(all(len(answer["result"]["data"]) == 200 for answer in answers))
        self.assertEqual(sidecar.wait(), 0)


def pending(fd):
    """The number of bytes that wait in a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]
