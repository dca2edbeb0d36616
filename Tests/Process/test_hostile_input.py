"""Input that nobody should send, and answers to it that harm nobody."""

import base64
import json

from sidecar import SidecarCase, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}


def varints(data):
    numbers, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


def encoded(numbers):
    data = bytearray()
    for number in numbers:
        while number > 0x7F:
            data.append(number & 0x7F | 0x80)
            number >>= 7
        data.append(number)
    return base64.urlsafe_b64encode(bytes(data)).rstrip(b"=").decode()


class HostileInputTests(SidecarCase):
    def test_edited_cursors(self):
        sidecar = self.spawn()
        sidecar.pipeline([request(id, "send_team_message", **SEND) for id in range(5)])
        for order in ("newest", "oldest", "unread_first"):
            page = sidecar.result("get_team_message", pageSize=2, order=order, **INBOX)
            cursor = page["next_cursor"]
            numbers = varints(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            self.assertEqual(encoded(numbers), cursor)
            for place in range(len(numbers)):
                for value in (0, 1, 2, 1 << 31, 1 << 32, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
                    edited = encoded(numbers[:place] + [value] + numbers[place + 1:])
                    answer = sidecar.ask(request(
                        "edited", "get_team_message", pageSize=2, order=order, cursor=edited, **INBOX))
                    if "error" in answer:
                        self.assert_error(answer["error"], -32602, "invalid_params", pointer="/cursor")
        self.assertEqual(sidecar.result("ping"), {})

    def test_edited_change_cursors(self):
        sidecar = self.spawn()
        sidecar.pipeline([request(id, "send_team_message", **SEND) for id in range(5)])
        cursor = sidecar.result("get_changes", **INBOX)["cursor"]
        numbers = varints(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        for place in range(len(numbers)):
            for value in (0, 1, 2, 1 << 32, 1 << 62, (1 << 63) - 1, (1 << 64) - 1):
                edited = encoded(numbers[:place] + [value] + numbers[place + 1:])
                answer = sidecar.ask(request("edited", "get_changes", cursor=edited, **INBOX))
                if "error" in answer:
                    self.assertIn(answer["error"]["data"]["kind"], ("invalid_params", "cursor_expired"))
                    self.assertEqual(answer["error"]["data"]["details"]["pointer"], "/cursor")
        self.assertEqual(sidecar.result("ping"), {})

    def test_carriage_returns_in_data_become_spaces(self):
        """A reader of lines may take one for a line's end."""
        sidecar = self.spawn()
        sidecar.send_bytes(
            b'{"jsonrpc":"2.0","id":1,"method":"send_team_message","params":{"team_id":"t","user_id":"ann",'
            b'"message_type":"note","data":{"a":\r\r\t1}}}\n')
        self.assertIn("result", sidecar.receive())
        sidecar.send_bytes(json.dumps(request(2, "get_team_message", **INBOX)).encode() + b"\n")
        self.assertIn(b'"data":{"a":  \t1}', sidecar.receive_line())

    def test_a_batch_tells_of_every_send(self):
        """Pages may be too much for one answer; what was sent must never look as if it was not."""
        sidecar = self.spawn()
        for id in range(20):
            sidecar.result("send_team_message", content="x" * 60_000, **SEND)
        pages = [request("p%d" % id, "get_team_message", pageSize=20, **INBOX) for id in range(60)]
        sends = [request(id, "send_team_message", **{**SEND, "team_id": "other"}) for id in range(100)]
        sidecar.send(pages + sends)
        answers = {answer["id"]: answer for answer in sidecar.receive()}
        self.assertEqual(len(answers), 160)
        refused = [id for id in answers if "error" in answers[id]]
        self.assertTrue(refused, "the batch was meant to be too large")
        self.assertTrue(all(str(id).startswith("p") for id in refused), refused)
        self.assertEqual(
            sidecar.result("get_team_message", team_id="other", user_id="bo")["total"], 100)

    def test_limits_out_of_range(self):
        for value in ("0", "-1", "9223372036854775807", "99999999999999999999"):
            done = self.run_program("--store", "memory:", "--max-request-bytes", value)
            self.assertEqual(done.returncode, 64, done.stderr)

    def test_a_password_is_not_repeated(self):
        done = self.run_program("call", "--store", "nosuchstore://user:secret@host/db", "ping")
        self.assertEqual(done.returncode, 64)
        self.assertNotIn(b"secret", done.stderr + done.stdout)
