"""What readers of lines take for a line's end stands in no answer, wherever a host or another user put it."""

import json
import subprocess

from sidecar import DEADLINE, SidecarCase, line, request

# What Python's `str.splitlines` and Node's `readline` split at, as far as JSON lets it stand in a string.
ENDS = "\x85\u2028\u2029"
SEND = {"team_id": "t" + ENDS, "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t" + ENDS, "user_id": "bo"}


def raw(message):
    """A message as one line, with every character as it is."""
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


class LineEndTests(SidecarCase):
    def assert_one_line(self, text):
        self.assertEqual(len(text.decode().splitlines()), 1, text)
        self.assertNotIn(b"\r", text)

    def fill(self, sidecar):
        """A message that has line ends wherever they can be."""
        sidecar.send_bytes(raw(request(1, "send_team_message", content=ENDS, username=ENDS, team_name=ENDS,
                                       receiver_id=ENDS, data={ENDS: [ENDS]}, **SEND)))
        self.assertIn("result", sidecar.receive())
        sidecar.send_bytes(b'{"jsonrpc":"2.0","id":2,"method":"send_team_message","params":{"team_id":"t'
                           + ENDS.encode() + b'","user_id":"ann","message_type":"note","data":{"a":\r1,\r"b":2}}}\n')
        self.assertIn("result", sidecar.receive())

    def test_every_answer_is_one_line(self):
        sidecar = self.spawn()
        self.fill(sidecar)
        cursor = sidecar.result("get_changes", **INBOX)["cursor"]
        sidecar.result("send_team_message", content=ENDS, data={"x": ENDS}, **SEND)
        for message in (
                request(ENDS, "get_team_message", **INBOX),
                request("u", "get_unread_count", user_id="bo", team_ids=[INBOX["team_id"]]),
                request("c", "get_changes", cursor=cursor, **INBOX),
                request(ENDS, ENDS),
                request(ENDS, "ping", **{ENDS: 1}),
                request(ENDS, "get_message", nid=ENDS, **INBOX),
                [request(ENDS, "get_team_message", **INBOX), request("b", ENDS)],
        ):
            with self.subTest(message):
                sidecar.send_bytes(raw(message))
                received = sidecar.receive_line()
                self.assert_one_line(received)
                answer = json.loads(received)
                first, sent = (answer[0], message[0]) if isinstance(answer, list) else (answer, message)
                self.assertEqual(first["id"], sent["id"], "the same id, but for its escapes")
                if sent["method"] == "get_team_message":
                    newest, second, third = first["result"]["data"]
                    self.assertEqual((newest["content"], second["data"], third["data"]),
                                     (ENDS, {"a": 1, "b": 2}, {ENDS: [ENDS]}))
        sidecar.send_bytes(raw(request("p", "send_team_message", reader_ids=["a", "b"],
                                       _meta={"progressToken": ENDS}, **SEND)))
        progress = sidecar.receive_line()
        self.assert_one_line(progress)
        self.assertEqual(json.loads(progress)["params"]["token"], ENDS)
        self.assert_one_line(sidecar.receive_line())
        sidecar.finish()

    def test_a_duplicate_id_is_told_on_one_line(self):
        sidecar = self.spawn()
        cursor = sidecar.result("get_changes", user_id="bo")["cursor"]
        waiting = request(ENDS, "get_changes", user_id="bo", cursor=cursor, wait_ms=60_000)
        sidecar.send_bytes(raw(waiting) + raw(request(ENDS, "ping")))
        received = sidecar.receive_line()
        self.assert_one_line(received)
        self.assertEqual(json.loads(received)["error"]["data"]["details"]["id"], ENDS)
        sidecar.finish()

    def test_headers_carry_every_byte(self):
        data = ('{"a":\r\n["' + ENDS + '"]}').encode()
        send = (b'{"jsonrpc":"2.0","id":1,"method":"send_team_message","params":{"team_id":"t","user_id":"ann",'
                b'"message_type":"note","data":' + data + b"}}")
        page = line(request(2, "get_team_message", team_id="t", user_id="bo")).rstrip()
        done = self.run_program("--store", "memory:", input=b"".join(
            b"Content-Length: %d\r\n\r\n%s" % (len(text), text) for text in (send, page)))
        self.assertEqual(done.returncode, 0)
        self.assertIn(b'"data":' + data + b",", done.stdout)

    def test_a_host_that_reads_text(self):
        """As most do: `text=True` takes CR for a line's end."""
        url, _ = self.store()
        filling = self.spawn(store=url)
        self.fill(filling)
        filling.finish()
        done = self.run_program("--store", url, input=json.dumps(request(1, "get_team_message", **INBOX)),
                                text=True, encoding="utf-8")
        self.assertEqual(len(json.loads(done.stdout.splitlines()[0])["result"]["data"]), 2)

    def test_call_prints_one_line(self):
        url, _ = self.store()
        filling = self.spawn(store=url)
        self.fill(filling)
        filling.finish()
        done = self.run_program("call", "--store", url, "get_team_message", json.dumps(INBOX))
        self.assert_one_line(done.stdout)
        self.assertEqual(done.stdout.count(b"\n"), 1)

    def test_pages_stay_within_the_limit(self):
        """What counts is what is written: by cursor a page is shorter for its escapes, never refused."""
        sidecar = self.spawn("--max-answer-bytes", 4 << 20)
        body = "\x85" * 21_000
        for _ in range(40):
            sidecar.send_bytes(raw(request(1, "send_team_message", team_id="t", user_id="ann", message_type="note",
                                           content="\0" * 20_000, data={"x": body})))
            self.assertIn("result", sidecar.receive())
        seen, cursor = 0, None
        while True:
            page = request(2, "get_team_message", team_id="t", user_id="bo", pageSize=200)
            if cursor:
                page["params"]["cursor"] = cursor
            sidecar.send(page)
            received = sidecar.receive_line()
            self.assert_one_line(received)
            self.assertLess(len(received), (4 << 20) + 100)
            result = json.loads(received)["result"]
            self.assertTrue(result["data"])
            seen, cursor = seen + len(result["data"]), result["next_cursor"]
            if cursor is None:
                break
        self.assertEqual(seen, 40)
        sidecar.finish()


class NumberTests(SidecarCase):
    """Numbers that the readers of some languages refuse, with all that stands around them."""

    def send(self, data):
        done = self.run_program("--store", "memory:", input=(
            b'{"jsonrpc":"2.0","id":1,"method":"send_team_message","params":{"team_id":"t","user_id":"ann",'
            b'"message_type":"note","data":' + data + b"}}\n"))
        return json.loads(done.stdout)

    def test_what_is_refused(self):
        for data, pointer in {
            b'{"a":{"b":[0,' + b"1" * 1001 + b"]}}": "/data/a/b/1", b'{"n":-' + b"9" * 5000 + b"}": "/data/n",
            b'{"a":0.' + b"3" * 1000 + b"}": "/data/a", b'{"a/~":1e1400}': "/data/a~1~0", b'{"a":-1E+1000}': "/data/a",
            b'{"a":' + b"9" * 1001 + b"}": "/data/a",
        }.items():
            with self.subTest(data[:40]):
                self.assert_error(self.send(data)["error"], -32602, "invalid_params", pointer=pointer)

    def test_what_is_taken(self):
        for data in (b'{"a":' + b"9" * 1000 + b"}", b'{"a":0.' + b"3" * 999 + b"}", b'{"a":1.5e998,"b":1e-400}',
                     b'{"a":"' + b"1" * 5000 + b'"}', b'{"a":12345678901234567890}'):
            with self.subTest(data[:40]):
                self.assertIn("result", self.send(data))


class NodeTests(SidecarCase):
    def test_readline_of_node(self):
        url, _ = self.store()
        filling = self.spawn(store=url)
        LineEndTests.fill(self, filling)
        filling.finish()
        page = self.run_program("--store", url, input=line(request(1, "get_team_message", **INBOX))).stdout
        script = ("const lines = require('readline').createInterface({input: process.stdin}); let count = 0;"
                  "lines.on('line', text => { JSON.parse(text); count += 1 });"
                  "lines.on('close', () => console.log(count))")
        done = subprocess.run(["node", "-e", script], input=page, capture_output=True, timeout=DEADLINE, check=True)
        self.assertEqual(done.stdout, b"1\n")
