"""What a host, another user or a path says does nothing to a terminal, and forges no line of a log."""

import json
import re

from sidecar import SidecarCase, request

# Escape, CSI in one byte, DEL, a line feed, what turns the direction of text, and what some take for a line's end.
EVIL = "\x1b[2J\x9b31m\x7f\n2026-01-01 error: forged\r\u202e\u2028\x85"
HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}


class TerminalTests(SidecarCase):
    def assert_harmless(self, data):
        text = data.decode() if isinstance(data, bytes) else data
        self.assertIsNone(HARMFUL.search(text), text)
        return text

    def conversation(self, *arguments, **options):
        """A sidecar whose ids, methods and content are evil."""
        sidecar = self.spawn("--log-level", "trace", *arguments, **options)
        for message in (request(EVIL, "ping"), request(EVIL, EVIL), request(EVIL, "ping", **{EVIL: 1}),
                        request(EVIL, "send_team_message", content=EVIL, data={EVIL: EVIL}, username=EVIL, **SEND)):
            sidecar.send_bytes(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            self.assertEqual(sidecar.receive()["id"], EVIL)
        sidecar.finish()
        return sidecar

    def test_text_logs(self):
        log = self.assert_harmless(self.conversation().errors_text())
        lines = log.splitlines()
        self.assertTrue(all(re.match(r"\d{4}-\d\d-\d\dT\S+Z [a-z]+: ", line) for line in lines), log)
        self.assertFalse(any(line.startswith("2026-01-01 error") for line in lines))

    def test_a_value_is_no_other_field(self):
        sidecar = self.spawn("--log-level", "debug")
        sidecar.send(request('1" outcome=result us=0', "nothing"))
        sidecar.receive()
        sidecar.finish()
        refusal, = [line for line in sidecar.errors_text().splitlines() if "refused" in line]
        self.assertRegex(refusal, r'id="[^ ]* outcome=result us=0\\*"" kind=method_not_found$')

    def test_json_logs(self):
        log = self.assert_harmless(self.conversation("--log-format", "json").errors_text())
        ids = {json.loads(line).get("id") for line in log.splitlines()}
        self.assertTrue(any(id and "forged" in id for id in ids), ids)

    def test_long_values_leave_a_whole_line(self):
        folder = self.folder() / ("d" * 200) / ("\x01" * 200) / ("e" * 200)
        folder.mkdir(parents=True)
        for form in ("text", "json"):
            with self.subTest(form):
                sidecar = self.spawn("--log-format", form, "--record", folder / ("\x03" * 200))
                sidecar.result("ping")
                sidecar.finish()
                for line in sidecar.errors_text().splitlines():
                    self.assertLess(len(line), 4096)
                    if form == "json":
                        json.loads(line)

    def test_paths(self):
        folder = self.folder() / EVIL.replace("\x85", "")
        folder.mkdir()
        sidecar = self.spawn("--record", folder / "talk", store=f"sqlite:{folder}/tidings.db")
        sidecar.result("ping")
        sidecar.finish()
        log = self.assert_harmless(sidecar.errors_text())
        self.assertFalse(any(line.startswith("2026-01-01 error") for line in log.splitlines()))
        for arguments in (["replay", folder / "nothing"], ["replay", folder],
                          ["--store", "memory:", "--log-level", "error", "--record", folder / "no" / "talk"]):
            with self.subTest(arguments):
                done = self.run_program(*arguments)
                self.assertNotEqual(done.returncode, 0)
                self.assert_harmless(done.stderr)
                self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_call(self):
        url, _ = self.store()
        self.conversation(store=url)
        done = self.run_program("call", "--store", url, "get_team_message", json.dumps(INBOX))
        message, = json.loads(self.assert_harmless(done.stdout))["data"]
        self.assertEqual((message["content"], message["data"]), (EVIL, {EVIL: EVIL}))
        for arguments in ([EVIL], ["ping", json.dumps({EVIL: 1})], ["ping", EVIL]):
            with self.subTest(arguments):
                done = self.run_program("call", "--store", url, *arguments)
                self.assertEqual(done.returncode, 64)
                self.assert_harmless(done.stderr)
                self.assertEqual((done.stderr.count(b"\n"), done.stdout), (1, b""))

    def test_replay(self):
        path = self.folder() / "talk.jsonl"
        steps = [{"comment": EVIL}, {"send": request(EVIL, EVIL)}, {"expect": {"id": EVIL, EVIL: EVIL}},
                 {"send": EVIL.replace("\n", " ")}, {"expect": {"id": EVIL}}, {"contains": EVIL}]
        path.write_text("".join(json.dumps(step) + "\n" for step in steps))
        done = self.run_program("replay", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("forged", self.assert_harmless(done.stdout))
        self.assertTrue(all(line.startswith(("line ", "5 ", "0 ")) or "answers: " in line
                            for line in done.stdout.decode().splitlines()), done.stdout)
