"""One JSON value a line, and what a host does to that."""

import json
import random

from sidecar import SidecarCase, line, request

PING = line(request(1, "ping"))
PONG = {"jsonrpc": "2.0", "id": 1, "result": {}}
MIB = 1 << 20


class FramingTests(SidecarCase):
    def answers_to(self, data):
        """Every answer of a sidecar that is sent these bytes and then the end of input."""
        sidecar = self.spawn()
        sidecar.send_bytes(data)
        return sidecar.finish()

    def assert_parse_error(self, answer):
        self.assertIsNone(answer["id"])
        self.assert_error(answer["error"], -32700, "parse_error")

    def test_accepted_beginnings_and_ends_of_lines(self):
        for name, data in {
            "LF": PING,
            "CRLF": PING.replace(b"\n", b"\r\n"),
            "blank lines": b"\n\r\n  \n\t\n" + PING + b"\n\n",
            "leading white space": b" \t " + PING,
            "trailing white space": PING.replace(b"\n", b" \t \n"),
            "byte order mark": b"\xef\xbb\xbf" + PING,
            "byte order mark on a line of its own": b"\xef\xbb\xbf\n" + PING,
            "white space within": b'{ "jsonrpc" : "2.0" , "id" : 1 , "method" : "ping" , "params" : { } }\n',
            "last line without a line feed": PING.rstrip(b"\n"),
            "last line that ends in CR": PING.replace(b"\n", b"\r"),
        }.items():
            with self.subTest(name):
                self.assertEqual(self.answers_to(data), [PONG])

    def test_nothing_is_sent(self):
        for name, data in {"nothing": b"", "blank lines": b"\n \n\r\n", "mark": b"\xef\xbb\xbf"}.items():
            with self.subTest(name):
                self.assertEqual(self.answers_to(data), [])

    def test_one_byte_at_a_time(self):
        sidecar = self.spawn()
        text = "é😀"
        send = request("s", "send_team_message", team_id="t", user_id="u", message_type="note", content=text)
        get = request("g", "get_team_message", team_id="t", user_id="v")
        data = b"".join(json.dumps(m, ensure_ascii=False).encode() + b"\r\n" for m in (send, get))
        for index in range(len(data)):
            sidecar.send_bytes(data[index:index + 1])
        answers = {answer["id"]: answer for answer in sidecar.finish()}
        self.assertEqual(set(answers), {"s", "g"})
        self.assertEqual([m["content"] for m in answers["g"]["result"]["data"]], [text])

    def test_a_bad_line_is_answered_and_the_next_one_is_read(self):
        """Where quotes and brackets are not in their places, or the id is at fault, nobody knows whose it is."""
        deep = b"[" * 100_000
        ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"%s}'
        for name, bad in {
            "cut off": b'{"jsonrpc":"2.0","id":1',
            "no JSON": b"hello",
            "two values": b"{} {}",
            "two requests": ping % b"" + ping % b"",
            "bytes that are never UTF-8": b"\xff\xfe\xfd",
            "UTF-16": '{"jsonrpc":"2.0","id":1,"method":"ping"}'.encode("utf-16-le"),
            "duplicate key": ping % b',"id":1',
            "duplicate key by escape": ping % rb',"\u0069d":1',
            "a lone surrogate in the id": rb'{"jsonrpc":"2.0","id":"\ud800","method":"ping"}',
            "a NUL": ping % b"\x00",
            "a comma too many": ping % b",",
            "a quote too few": ping % b',"x":"y',
            "comment": b"/* no */ " + ping % b"",
            "a notification": b'{"jsonrpc":"2.0","method":"ping","params":{"x":NaN}}',
            "100,000 open brackets": deep,
            "100,000 pairs of brackets": deep + b"]" * 100_000,
            "100,000 open braces": b'{"a":' * 100_000,
            "depth 129": b"[" * 129 + b"]" * 129,
        }.items():
            with self.subTest(name):
                first, second = self.answers_to(bad + b"\n" + PING)
                self.assert_parse_error(first)
                self.assertEqual(second, PONG)

    def test_a_bad_value_is_answered_to_who_sent_it(self):
        ask = b'{"jsonrpc":"2.0","id":"who","method":"ping"%s}'
        for name, bad in {
            "overlong UTF-8": b',"x":"\xc0\xaf"',
            "a surrogate in UTF-8": b',"x":"\xed\xa0\x80"',
            "a cut-off character": b',"x":"\xf0\x9f\x98"',
            "beyond Unicode": b',"x":"\xf4\x90\x80\x80"',
            "lone high surrogate": rb',"x":"\ud800"',
            "lone low surrogate": rb',"x":"\udc00x"',
            "surrogates the wrong way": rb',"x":"\ude00\ud83d"',
            "an escape that is none": rb',"x":"\q"',
            "duplicate key": b',"method":"ping"',
            "duplicate key deep within": b',"params":{"_meta":{"a":[{"b":1,"b":2}]}}',
            "NaN": b',"x":NaN',
            "Infinity": b',"x":-Infinity',
            "a control in a string": b',"x":"\x01"',
            "hexadecimal": b',"x":0x10',
            "leading zero": b',"x":01',
            "100,000 brackets within": b',"x":' + b"[" * 100_000 + b"]" * 100_000,
        }.items():
            with self.subTest(name):
                first, second = self.answers_to(ask % bad + b"\n" + PING)
                self.assertEqual(first["id"], "who")
                self.assert_error(first["error"], -32700, "parse_error")
                self.assertEqual(second, PONG)

    def test_a_bad_value_in_a_batch_is_answered_to_all_of_it(self):
        batch = (b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"ping"},'
                 b'{"jsonrpc":"2.0","id":"2","method":"ping","params":{"x":NaN}},{"id":3,"id":4,"method":"ping"}]')
        answers, second = self.answers_to(batch + b"\n" + PING)
        self.assertEqual([answer["id"] for answer in answers], [1, "2", None])
        for answer in answers:
            self.assert_error(answer["error"], -32700, "parse_error")
        self.assertEqual(second, PONG)

    def test_a_bad_request_with_an_id_that_is_in_flight(self):
        sidecar = self.spawn()
        cursor = sidecar.result("get_changes", user_id="bo")["cursor"]
        sidecar.send(request(7, "get_changes", user_id="bo", cursor=cursor, wait_ms=60_000))
        sidecar.send_bytes(b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":NaN}}\n')
        answer = sidecar.receive()
        self.assertIsNone(answer["id"])
        self.assert_error(answer["error"], -32600, "invalid_request", id=7)
        first, = sidecar.finish()
        self.assertEqual((first["id"], first["result"]["changes"]), (7, []))

    def test_long_ids_are_refused(self):
        """A call keeps its id for as long as it waits."""
        for length, is_taken in {1022: True, 1023: False, 1_000_000: False}.items():
            answer, = self.answers_to(line(request("x" * length, "ping")))
            if is_taken:
                self.assertEqual(answer, {**PONG, "id": "x" * length})
            else:
                self.assertIsNone(answer["id"])
                self.assert_error(answer["error"], -32600, "invalid_request")
        answer, = self.answers_to(line(request(1, "ping", _meta={"progressToken": "x" * 2000})))
        self.assert_error(answer["error"], -32602, "invalid_params", pointer="/_meta/progressToken")

    def test_an_unfinished_last_line_is_answered(self):
        answer, = self.answers_to(PING[:-4])
        self.assert_parse_error(answer)

    def test_depth_up_to_128_is_read(self):
        data = "[" * 110 + "]" * 110
        sidecar = self.spawn()
        sidecar.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"send_team_message","params":{"team_id":"t",'
                           b'"user_id":"u","message_type":"note","data":{"deep":%s}}}\n' % data.encode())
        self.assertIn("result", sidecar.receive())
        message, = sidecar.messages(team_id="t", user_id="v")
        self.assertEqual(message["data"], {"deep": json.loads(data)})
        sidecar.finish()

    def test_a_mebibyte_of_garbage(self):
        garbage = random.Random(1).randbytes(MIB)
        for name, data in {"as it is": garbage, "one line": garbage.replace(b"\n", b"x")}.items():
            with self.subTest(name):
                *errors, last = self.answers_to(data + b"\n" + PING)
                self.assertEqual(last, PONG)
                self.assertGreater(len(errors), 0)
                for answer in errors:
                    self.assertIsNone(answer["id"])
                    self.assertIn(answer["error"]["code"], (-32700, -32600))

    def test_a_line_just_under_the_limit(self):
        padding = b" " * (4 * MIB - 4096)
        long = b'{"jsonrpc":"2.0","id":1,' + padding + b'"method":"ping"}\n'
        self.assertEqual(self.answers_to(long), [PONG])

    def test_an_oversize_line_is_refused(self):
        start = b'{"jsonrpc":"2.0","id":1,"method":"ping","x":"'
        for name, data in {
            "5 MiB": start + b"x" * 5 * MIB + b'"}\n',
            "5 MiB without an end": start + b"x" * 5 * MIB,
        }.items():
            with self.subTest(name):
                sidecar = self.spawn()
                sidecar.send_bytes(PING + data)
                if data.endswith(b"\n"):
                    sidecar.send_bytes(PING)
                answers = sidecar.finish()
                large = [answer for answer in answers if answer != PONG]
                self.assertEqual(len(answers) - len(large), 1 + data.endswith(b"\n"))
                self.assertEqual(len(large), 1)
                self.assertIsNone(large[0]["id"])
                self.assert_error(large[0]["error"], 1001, "message_too_large", limit=4 * MIB)

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
