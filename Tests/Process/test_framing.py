"""Lines that are deep, too long, or broken: what they cost the program, and what its stores make of them.

What each line is answered with is in Tests/JSONRPCTests.
"""

import json

from sidecar import SidecarCase, line, request

PING = line(request(1, "ping"))
PONG = {"jsonrpc": "2.0", "id": 1, "result": {}}
MIB = 1 << 20


class FramingTests(SidecarCase):
    def test_depth_up_to_128_is_read(self):
        data = "[" * 110 + "]" * 110
        sidecar = self.spawn()
        sidecar.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"send_team_message","params":{"team_id":"t",'
                           b'"user_id":"u","message_type":"note","data":{"deep":%s}}}\n' % data.encode())
        self.assertIn("result", sidecar.receive())
        message, = sidecar.messages(team_id="t", user_id="v")
        self.assertEqual(message["data"], {"deep": json.loads(data)})
        sidecar.finish()

    def test_deep_lines_overflow_no_stack(self):
        sidecar = self.spawn()
        for deep in (b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000):
            sidecar.send_bytes(deep + b"\n")
            self.assert_error(sidecar.receive()["error"], -32700, "parse_error")
        self.assertEqual(sidecar.ask(request(1, "ping")), PONG)
        sidecar.finish()

    def test_a_line_of_128_mb_takes_no_memory(self):
        sidecar = self.spawn()
        chunk = b"x" * MIB
        sidecar.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"')
        for _ in range(128):
            sidecar.send_bytes(chunk)
        sidecar.send_bytes(b'"}\n')
        self.assert_error(sidecar.receive()["error"], 1001, "message_too_large", limit=4 * MIB)
        self.assertEqual(sidecar.ask(request(1, "ping")), PONG)
        self.assertLess(sidecar.peak_memory(), 120)
        sidecar.finish()

    def test_many_oversize_lines(self):
        sidecar = self.spawn()
        for _ in range(5):
            sidecar.send_bytes(b"[" + b"1," * (3 * MIB) + b"1]\n" + PING)
        answers = sidecar.answers(10)
        self.assertEqual(sum(answer == PONG for answer in answers), 5)
        self.assertLess(sidecar.peak_memory(), 120)
        sidecar.finish()

    def test_line_breaks_in_data(self):
        """Headers carry them, so they come back; where a message is a line they are spaces, and mean the same."""
        data = b'{\n  "a": [1,\r\n 2], "b": "\\n"\n}'
        send = (b'{"jsonrpc":"2.0","id":1,"method":"send_team_message","params":{"team_id":"t","user_id":"ann",'
                b'"message_type":"note","data":' + data + b"}}")
        page = line(request(2, "get_team_message", team_id="t", user_id="bo")).rstrip()
        url, _ = self.store()
        headers = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(text), text) for text in (send, page))
        done = self.run_program("--store", url, input=headers)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b'"data":' + data + b",", done.stdout)
        done = self.run_program("--store", url, input=page + b"\n")
        self.assertEqual(done.stdout.count(b"\n"), 1)
        self.assertIn(b'"data":' + data.replace(b"\n", b" ").replace(b"\r", b" ") + b",", done.stdout)
