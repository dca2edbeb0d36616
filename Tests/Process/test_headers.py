"""Content-Length framing: detected or forced, its limits, and streams that can't be followed."""

import json

from sidecar import SidecarCase, line, notification, read_some, request


def framed(message, header=b"Content-Length: %d\r\n\r\n"):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return header % len(body) + body


class HeaderTests(SidecarCase):
    def talk(self, data, *arguments, status=0):
        """The answers to these bytes, then the end; they come with headers."""
        sidecar = self.spawn(*arguments, reading=False)
        sidecar.send_bytes(data)
        if status != 65:  # That ends it by itself.
            sidecar.close_input()
        out = b""
        while chunk := read_some(sidecar.process.stdout.fileno()):
            out += chunk
        self.assertEqual(sidecar.wait(), status, out)
        answers = []
        while out:
            head, _, rest = out.partition(b"\r\n\r\n")
            self.assertRegex(head, rb"\AContent-Length: \d+\Z")
            length = int(head.split(b": ")[1])
            answers.append(json.loads(rest[:length]))
            out = rest[length:]
        return answers

    def test_it_is_detected_whatever_its_case(self):
        for header in (b"Content-Length: %d\r\n\r\n", b"content-length:%d\r\n\r\n", b"CONTENT-LENGTH:  %d  \r\n\r\n",
                       b"Content-Type: x; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
                       b"Content-Length: %d\nX: y\n\n", b"\r\n\xef\xbb\xbfContent-Length: %d\r\n\r\n",
                       b"Content-Length: 000000000000000000000000000%d\r\n\r\n"):
            with self.subTest(header):
                answers = self.talk(framed(request(1, "ping"), header))
                self.assertEqual(answers, [{"jsonrpc": "2.0", "id": 1, "result": {}}])

    def test_a_conversation_of_an_editor(self):
        answers = self.talk(b"".join(map(framed, [
            request(1, "initialize", processId=None), notification("initialized"), request(2, "ping"),
            [request(3, "ping")], request(4, "shutdown"), request(5, "ping"), notification("exit")])))
        self.assertEqual([answer["id"] if isinstance(answer, dict) else answer[0]["id"] for answer in answers],
                         [1, 2, 3, 4, 5])
        self.assert_error(answers[4]["error"], -32600, "shutting_down")

    def test_bodies_may_have_line_breaks_and_be_bad(self):
        answers = self.talk(framed(json.dumps(request(1, "ping"), indent=2).encode())
                            + framed(b"") + framed(b"{") + framed(b"\xff") + framed(request(2, "ping")))
        self.assertEqual([(answer["id"], answer.get("error", {}).get("code")) for answer in answers],
                         [(1, None), (None, -32700), (None, -32700), (None, -32700), (2, None)])

    def test_framing_can_be_forced(self):
        self.assertEqual(len(self.talk(framed(request(1, "ping")), "--framing", "headers")), 1)
        sidecar = self.spawn("--framing", "lines")
        sidecar.send_bytes(b"Content-Length: 5\r\n")
        self.assertEqual(sidecar.receive()["error"]["code"], -32700)
        sidecar.result("ping")
        sidecar.finish()

    def test_an_oversize_body_is_skipped(self):
        for size in (1001, 5_000_000):
            answers = self.talk(framed(b"x" * size) + framed(request(2, "ping")), "--max-request-bytes", 1000)
            self.assert_error(answers[0]["error"], 1001, "message_too_large", limit=1000)
            self.assertEqual(answers[1]["id"], 2)

    def test_what_cannot_be_followed_ends_with_65(self):
        first = framed(request(1, "ping"))
        for what, tail in {
            "a length that overflows": b"Content-Length: 9223372036854775808\r\n\r\n",
            "a length of 30 digits": b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
            "a negative length": b"Content-Length: -1\r\n\r\n",
            "a sign": b"Content-Length: +5\r\n\r\n",
            "no number": b"Content-Length: five\r\n\r\n",
            "nothing": b"Content-Length: \r\n\r\n",
            "a fraction": b"Content-Length: 5.0\r\n\r\n",
            "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "no length": b"Content-Type: x\r\n\r\n",
            "no colon": b"Content-Length 5\r\n\r\n",
            "a line of JSON": line(request(2, "ping")).replace(b":", b" "),
            "headers without end": b"X: " + b"y" * 9000,
            "many headers": b"X: y\r\n" * 2000,
        }.items():
            with self.subTest(what):
                *before, last = self.talk(first + tail, status=65)
                # What was accepted is answered first.
                self.assertEqual(before, [{"jsonrpc": "2.0", "id": 1, "result": {}}])
                self.assertIsNone(last["id"])
                self.assert_error(last["error"], -32700, "parse_error")

    def test_a_length_that_never_comes_costs_no_memory(self):
        sidecar = self.spawn(reading=False)
        sidecar.send_bytes(framed(request(1, "ping")) + b"Content-Length: 9223372036854775807\r\n\r\n{")
        self.assertTrue(read_some(sidecar.process.stdout.fileno()))
        self.assertLess(sidecar.peak_memory(), 150)

    def test_the_end_within_a_message(self):
        for tail in (b"Content-Le", b"Content-Length: 5\r\n", b"Content-Length: 5\r\n\r\n", b"Content-Length: 5\r\n\r\n{}"):
            with self.subTest(tail):
                sidecar = self.spawn(reading=False)
                sidecar.send_bytes(framed(request(1, "ping")) + tail)
                sidecar.close_input()
                self.assertEqual(sidecar.wait(), 65)
