"""Content-Length framing in the program: a conversation, the option, statuses and memory.

Every form of header is in Tests/JSONRPCTests.
"""

import json

from sidecar import SidecarCase, notification, read_some, request


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

    def test_a_conversation_of_an_editor(self):
        answers = self.talk(b"".join(map(framed, [
            request(1, "initialize", processId=None), notification("initialized"), request(2, "ping"),
            [request(3, "ping")], request(4, "shutdown"), request(5, "ping"), notification("exit")])))
        self.assertEqual([answer["id"] if isinstance(answer, dict) else answer[0]["id"] for answer in answers],
                         [1, 2, 3, 4, 5])
        self.assert_error(answers[4]["error"], -32600, "shutting_down")

    def test_framing_can_be_forced(self):
        self.assertEqual(len(self.talk(framed(request(1, "ping")), "--framing", "headers")), 1)
        sidecar = self.spawn("--framing", "lines")
        sidecar.send_bytes(b"Content-Length: 5\r\n")
        self.assertEqual(sidecar.receive()["error"]["code"], -32700)
        sidecar.result("ping")
        sidecar.finish()

    def test_what_cannot_be_followed_ends_with_65(self):
        first = framed(request(1, "ping"))
        for what, tail in {
            "a length that overflows": b"Content-Length: 9223372036854775808\r\n\r\n",
            "headers without end": b"X: " + b"y" * 9000,
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

    def test_the_end_within_a_message_ends_with_65(self):
        sidecar = self.spawn(reading=False)
        sidecar.send_bytes(framed(request(1, "ping")) + b"Content-Length: 5\r\n\r\n{}")
        sidecar.close_input()
        self.assertEqual(sidecar.wait(), 65)
