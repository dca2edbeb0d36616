"""`--record` and `tidings replay`: a recording is a transcript, it tells nothing of what people wrote, and
playing it says whether the answers are still the same."""

import json
import os
import signal
import stat
from pathlib import Path
from random import Random

import replay
from sidecar import ROOT, SidecarCase, notification, request


SECRET = "what-nobody-else-may-read"
SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}


class RecordingTests(SidecarCase):
    def setUp(self):
        super().setUp()
        self.path = self.folder() / "talk.jsonl"

    def steps(self, path=None):
        return [json.loads(line) for line in Path(path or self.path).read_text(encoding="utf-8").splitlines()]

    def play(self, status=0, path=None, *arguments):
        """The output of `tidings replay`."""
        done = self.run_program("replay", path or self.path, *arguments)
        self.assertEqual(done.returncode, status, done.stdout.decode() + done.stderr.decode())
        return done.stdout.decode()

    def talk(self, *arguments, store="memory:", overlaps=True, **options):
        """A conversation with much in it: nids and cursors that are used again, errors, a batch, progress. Unless it
        `overlaps`, its answers can come in one order only."""
        sidecar = self.spawn("--record", self.path, *arguments, store=store, **options)
        first = sidecar.result("send_team_message", content=SECRET, data={SECRET: [SECRET]}, username=SECRET,
                               team_name=SECRET, idempotency_key="a key", **SEND)["nid"]
        sidecar.error("send_team_message", content=SECRET + "!", idempotency_key="a key", **SEND)
        for number in range(4):
            sidecar.result("send_team_message", content=f"{SECRET} {number}", **SEND)
        page = sidecar.result("get_team_message", pageSize=2, **INBOX)
        sidecar.result("get_team_message", pageSize=2, cursor=page["next_cursor"], **INBOX)
        sidecar.result("mark_read", nids=[first], **INBOX)
        changes = sidecar.result("get_changes", **INBOX)["cursor"]
        wait = request(7, "get_changes", cursor=changes, wait_ms=60_000, **INBOX)
        if overlaps:
            sidecar.send(wait)
        sidecar.result("mark_seen", up_to=first, **INBOX)
        if not overlaps:
            sidecar.send(wait)
        self.assertEqual(sidecar.answers(1)[0]["id"], 7)
        sidecar.error("get_message", nid="nothing of this", **INBOX)
        sidecar.error("send_team_message", contents=SECRET, **SEND)
        sidecar.error("send_team_message", data={SECRET: [0, int("7" * 1_001)]}, **SEND)
        sidecar.send([request(8, "ping"), notification("ping"), request(9, "get_message", nid=first, **INBOX)])
        sidecar.receive()
        sidecar.send_bytes(b'{"content": "%s"\n' % SECRET.encode())
        sidecar.receive()
        for method in ("get_status", "rpc.discover", "initialize"):
            sidecar.result(method)
        return sidecar

    def test_what_was_recorded_comes_out_again(self):
        self.talk().finish()
        self.assertIn("all as recorded", self.play())

    def test_whole_recordings_too(self):
        self.talk("--record-content").finish()
        self.assertIn(SECRET, self.path.read_text())
        self.assertIn("all as recorded", self.play())

    def test_events_are_comments(self):
        """They depend on the clock: what happens twice in a moment may be told once."""
        sidecar = self.spawn("--record", self.path)
        inboxes = sidecar.result("subscribe", user_id="bo", inboxes=[{"team_id": "t"}, {}])["inboxes"]
        nid = sidecar.result("send_team_message", content=SECRET, **SEND)["nid"]
        self.assertEqual(sidecar.event()["message"]["nid"], nid)
        sidecar.result("mark_read", nids=[nid], **INBOX)
        self.assertEqual(sidecar.event()["event"], "marked")
        sidecar.result("unsubscribe", subscription=1)
        sidecar.result("subscribe", user_id="bo", detail="counts", inboxes=inboxes)
        sidecar.finish()
        self.assertEqual([step["comment"] for step in self.steps() if step.get("comment", "").startswith("inbox_event")],
                         ["inbox_event: created", "inbox_event: marked"])
        self.assertNotIn(SECRET, self.path.read_text())
        self.assertIn("all as recorded", self.play())

    def test_nothing_that_people_wrote_is_in_it(self):
        self.talk(store=self.store()[0]).finish()
        text = self.path.read_text()
        self.assertNotIn(SECRET, text)
        self.assertIn("send_team_message", text)
        sends = [step["send"] for step in self.steps() if "send" in step and isinstance(step["send"], dict)]
        first = next(message for message in sends if message["method"] == "send_team_message")
        # As long as it was, since limits count bytes.
        self.assertEqual(len(first["params"]["content"]), len(SECRET))

    def test_a_recording_is_a_transcript(self):
        self.talk(overlaps=False).finish()
        exchanges = replay.replay_file(self.path, "memory:")
        self.assertGreater(len(exchanges), 15)

    def test_transcripts_can_be_played(self):
        for path in sorted((ROOT / "Schemas/transcripts").glob("*.jsonl")):
            with self.subTest(path.stem):
                self.play(0, path)

    def test_only_its_owner_may_read_it(self):
        before = os.umask(0)
        try:
            self.spawn("--record", self.path).finish()
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_a_file_that_exists_is_left_alone(self):
        self.path.write_text("mine")
        sidecar = self.spawn("--record", self.path)
        sidecar.result("ping")
        sidecar.finish()
        self.assertEqual(self.path.read_text(), "mine")
        self.assertIn(f"{self.path}.2", sidecar.errors_text())
        self.play(0, f"{self.path}.2")

    def test_a_file_that_cannot_be_made(self):
        folder = self.folder()
        os.mkfifo(folder / "pipe")
        (folder / "link").symlink_to("/dev/null")
        (folder / "file").write_text("")
        for path, why in {
            "/nowhere/talk.jsonl": "folder does not exist", folder / "file" / "talk": "Not a directory",
            "/dev/null": "a device", folder / "link": "a device", folder / "pipe": "a pipe", folder: "a folder",
            "/dev/full": "a device",
        }.items():
            with self.subTest(path):
                before = sorted(folder.iterdir()), sorted(Path("/dev").iterdir())
                done = self.run_program("--store", "memory:", "--record", path, input=b"")
                self.assertEqual((done.returncode, done.stdout), (73, b""))
                self.assertIn(str(path).encode(), done.stderr)
                self.assertIn(why.encode(), done.stderr)
                # Nor beside it, under a name with a number.
                self.assertEqual((sorted(folder.iterdir()), sorted(Path("/dev").iterdir())), before)

    def test_nothing_of_the_wrong_form_is_in_it(self):
        """People's words in places where they don't belong: in ids, methods, keys and names."""
        sidecar = self.spawn("--record", self.path)
        wrong = {SECRET: SECRET}
        long = (SECRET + " ") * 10
        for message in (
                {"jsonrpc": "2.0", "id": wrong, "method": "ping"}, {"jsonrpc": "2.0", "id": [SECRET], "method": "ping"},
                {"jsonrpc": "2.0", "id": long, "method": "ping"}, {"jsonrpc": "2.0", "id": 1, "method": wrong},
                {"jsonrpc": "2.0", "id": 2, "method": [SECRET]}, {"jsonrpc": "2.0", "id": 3, "method": f"say {SECRET}"},
                {"jsonrpc": wrong, "id": 4, "method": "ping"}, {"jsonrpc": SECRET, "id": 5, "method": "ping"},
                {"jsonrpc": "2.0", "id": 6, "method": "ping", f"say {SECRET}": 1},
                {"jsonrpc": "2.0", "id": 7, "method": "ping", "params": [SECRET]},
                request(8, "get_team_message", team_id=wrong, user_id="bo"),
                request(9, "get_team_message", team_id=long, user_id="bo"),
                request(10, "get_team_message", pageSize=f"say {SECRET}", **INBOX),
                request(11, "get_team_message", cursor=[SECRET], **INBOX),
                request(12, "mark_read", nids=[wrong], **INBOX),
                request(13, "ping", _meta={"progressToken": {"value": SECRET}, "timeout_ms": SECRET}),
                request(14, "ping", **{f"say {SECRET}": 1}),
                [{"jsonrpc": "2.0", "id": 15, "method": wrong}, SECRET, [SECRET]],
                SECRET,
        ):
            sidecar.send(message)
            sidecar.receive()
        sidecar.send(notification("$/cancelRequest", id=long), notification("$/cancelRequest", id=wrong))
        ids = [16, long, "s" * 64]
        for id in ids:
            sidecar.send_bytes(b'{"jsonrpc":"2.0","id":%s,"method":"ping","params":{"x":NaN,"y":"%s"}}\n'
                               % (json.dumps(id).encode(), SECRET.encode()))
            self.assertEqual(sidecar.receive()["id"], id)
        sidecar.send_bytes(b'[{"jsonrpc":"2.0","id":17,"method":"%s"},{"id":18,"x":NaN}]\n' % SECRET.encode())
        sidecar.receive()
        sidecar.finish()
        self.assertNotIn(SECRET, self.path.read_text())
        self.assertIn("all as recorded", self.play())

    def test_data_with_line_ends_comes_out_again(self):
        sidecar = self.spawn("--record", self.path)
        for ends in ("\x85", "\u2028\u2029"):
            message = request(1, "send_team_message", data={ends: [ends, {"x": ends}]}, **SEND)
            for ascii in (True, False):
                sidecar.send_bytes(json.dumps(message, ensure_ascii=ascii).encode() + b"\n")
                sidecar.receive()
        sidecar.result("get_team_message", **INBOX)
        sidecar.finish()
        self.assertIn("all as recorded", self.play())

    def test_a_recording_has_no_line_ends_within_its_lines(self):
        sidecar = self.spawn("--record", self.path, "--record-content")
        ends = "\x85\u2028\u2029"
        for id in (1, ends):
            message = request(id, "send_team_message", content=ends, data={"x": ends}, **SEND)
            sidecar.send_bytes(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            sidecar.receive()
        sidecar.result("get_team_message", **INBOX)
        sidecar.finish()
        text = self.path.read_bytes().decode()
        self.assertEqual(len(text.splitlines()), text.count("\n"))
        self.play()

    def test_any_file_comes_to_an_end(self):
        """Whatever is in it: steps that are never answered, text that is no step, lines without an end."""
        self.talk().finish()
        # What waits for something to happen waits when it is played, too.
        text = self.path.read_bytes().replace(b"60000", b"60")
        random = Random(0)
        never = [b'{"expect":{"id":%d}}\n' % id for id in range(200)]
        cases = {
            "nothing": b"", "blank lines": b"\n\r\n \n", "bytes": random.randbytes(100_000),
            "a line of 40 MB": b'{"comment":"' + b"x" * 40_000_000 + b'"}\n',
            "expected and never sent": b"".join(never),
            "sent and never answered": b"".join(b'{"send":{"method":"x"}}\n' + step for step in never),
            "many at once": b'{"expect_all":[%s]}\n' % b",".join([b'{"id":1}'] * 20_000),
            "many batches": b'{"expect_batch":[%s]}\n' % b",".join([b'{"id":1}'] * 20_000),
            "anything": b'{"expect_all":[%s]}\n' % b",".join([b'"<any>"'] * 20_000),
            "the end that does not come": b'{"exit":0}\n',
            "more after exit": b'{"send":{"jsonrpc":"2.0","method":"exit"}}\n'
                               + b'{"send":{"jsonrpc":"2.0","id":1,"method":"ping"}}\n' * 5_000
                               + b'{"expect":{"id":1}}\n',
            "after shutdown": b'{"send":{"jsonrpc":"2.0","id":1,"method":"shutdown"}}\n{"expect":{"id":2}}\n',
            "a wait": b'{"send":{"jsonrpc":"2.0","id":1,"method":"get_changes","params":{"user_id":"u"}}}\n'
                      b'{"expect":{"id":1,"result":{"<open>":true,"cursor":"<cursor:a>"},"jsonrpc":"2.0"}}\n'
                      b'{"send":{"jsonrpc":"2.0","id":2,"method":"get_changes","params":{"user_id":"u",'
                      b'"cursor":"<cursor:a>","wait_ms":300}}}\n{"expect":{"id":3}}\n{"expect":{"id":2}}\n',
            "a search": b'{"send":"%s"}\n{"expect":"<any>"}\n{"contains":"%s"}\n' % (b"x" * 100, b"x" * 1_000_000),
            "deep": b'{"send":' + b"[" * 1000 + b"]" * 1000 + b"}\n",
        }
        for number in range(20):
            damaged = bytearray(text)
            for _ in range(random.randrange(1, 20)):
                place = random.randrange(len(damaged))
                damaged[place:place + random.randrange(3)] = random.randbytes(random.randrange(3))
            cases[f"damaged {number}"] = bytes(damaged)
            lines = text.splitlines(True)
            random.shuffle(lines)
            cases[f"shuffled {number}"] = b"".join(lines[random.randrange(10):])
        path = self.folder() / "any.jsonl"
        for name, content in cases.items():
            with self.subTest(name):
                path.write_bytes(content)
                done = self.run_program("replay", path)
                self.assertIn(done.returncode, (0, 1, 65), done.stderr)

    def test_what_is_no_file_can_be_played_too(self):
        self.talk().finish()
        done = self.run_program("replay", "/dev/stdin", input=self.path.read_bytes())
        self.assertIn(b"all as recorded", done.stdout)
        self.assertEqual(self.run_program("replay", "/dev/zero").returncode, 65)
        self.assertEqual(self.run_program("replay", self.folder()).returncode, 66)

    def test_content_without_a_recording_is_refused(self):
        self.assertEqual(self.run_program("--store", "memory:", "--record-content").returncode, 64)

    def test_differences_are_found_and_told(self):
        sidecar = self.talk()
        sidecar.send(request(77, "get_unread_count", user_id="bo", team_ids=["t"]))
        sidecar.receive()
        sidecar.finish()
        text = self.path.read_text()
        for old, new, told in [
            ('"changed":1', '"changed":2', "$.result.changed"),
            ('"kind":"conflict"', '"kind":"not_found"', "$.error.data.kind"),
            ('"pointer":"/nid"', '"pointer":"/up_to"', "$.error.data.details.pointer"),
            ('"jsonrpc":"2.0","id":77,"result":{', '"jsonrpc":"2.0","id":77,"result":{"more":1,', "more is missing"),
        ]:
            with self.subTest(told):
                self.assertIn(old, text)
                self.path.write_text(text.replace(old, new, 1))
                self.assertIn(told, self.play(1))
        with self.subTest("an answer less"):
            self.path.write_text("".join(line for line in text.splitlines(True)
                                         if not line.startswith('{"expect":{"jsonrpc":"2.0","id":77')))
            self.assertIn("nothing more was expected", self.play(1))
        with self.subTest("an answer more"):
            self.path.write_text(text + '{"expect":{"jsonrpc":"2.0","id":78,"result":{}}}\n')
            # It gives up soon, since the input ends.
            self.assertIn("no answer came", self.play(1))

    def test_the_same_store_as_it_was(self):
        url, path = self.store()
        filling = self.spawn(store=url)
        filling.result("send_team_message", **SEND)
        filling.finish()
        before = path.read_bytes()
        sidecar = self.spawn("--record", self.path, store=url)
        sidecar.result("get_team_message", **INBOX)
        sidecar.result("send_team_message", **SEND)
        sidecar.finish()
        self.assertIn("$.result.total", self.play(1))
        for file in path.parent.iterdir():
            file.unlink()
        path.touch(0o600)
        path.write_bytes(before)
        self.play(0, None, "--store", url)

    def test_it_does_not_play_to_the_usual_store(self):
        url, path = self.store()
        sidecar = self.spawn("--record", self.path)
        sidecar.result("send_team_message", **SEND)
        sidecar.finish()
        self.assertEqual(self.run_program("replay", self.path, env={"TIDINGS_STORE": url}).returncode, 0)
        self.assertFalse(path.exists())

    def test_many_requests_at_once(self):
        sidecar = self.spawn("--record", self.path, store=self.store()[0])
        talk = []
        for id in range(0, 600, 3):
            talk += [request(id, "send_team_message", content=f"{id}", **SEND),
                     request(id + 1, "get_team_message", pageSize=3, **INBOX), request(id + 2, "ping")]
        sidecar.pipeline(talk)
        sidecar.finish()
        self.assertEqual(sum("send" in step for step in self.steps()), 600)
        self.assertEqual(sum("expect" in step for step in self.steps()), 600)
        self.play()

    def test_killed_it_has_every_request_that_was_begun(self):
        sidecar = self.spawn("--record", self.path)
        sidecar.send(*[request(id, "ping") for id in range(100)])
        sidecar.answers(100)
        sidecar.process.kill()
        sidecar.wait()
        ids = [step["send"]["id"] for step in self.steps() if "send" in step]
        self.assertEqual(ids, list(range(100)))

    def test_a_cut_off_last_line_is_passed_over(self):
        self.talk().finish()
        with self.path.open("a") as file:
            file.write('{"expect":{"jsonrpc":"2')
        self.play()

    def test_headers_shutdown_and_exit(self):
        sidecar = self.spawn("--record", self.path, reading=False)
        for message in (request(1, "initialize", processId=1, rootUri=SECRET),
                        request(2, "ping"), request(3, "shutdown"), {"jsonrpc": "2.0", "method": "exit"}):
            body = json.dumps(message, indent=1).encode()
            sidecar.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.assertEqual(sidecar.wait(), 0)
        self.assertNotIn(SECRET, self.path.read_text())
        self.assertEqual(self.steps()[-1], {"exit": 0})
        self.play()

    def test_what_cannot_be_sent_again_is_left_out(self):
        sidecar = self.spawn("--record", self.path, "--max-request-bytes", 1000)
        sidecar.send_bytes(b'{"x":"' + b"x" * 2000 + b'"}\n')
        self.assertEqual(sidecar.receive()["error"]["code"], 1001)
        sidecar.result("ping")
        sidecar.finish()
        self.assertTrue(any("left out" in step.get("comment", "") for step in self.steps()))
        self.play()

    def test_bad_files(self):
        self.run_program("replay")
        for content, status in [("nothing\n{}\n", 65), ('{"say":1}\n', 65), (None, 66)]:
            with self.subTest(content):
                path = self.folder() / "bad.jsonl"
                if content:
                    path.write_text(content)
                done = self.run_program("replay", path)
                self.assertEqual((done.returncode, done.stdout), (status, b""))
                self.assertIn(str(path).encode(), done.stderr)

    def test_a_full_disk_ends_only_the_recording(self):
        sidecar = self.spawn("--record", self.path, preexec_fn=lambda: limit_files(4096))
        for _ in range(100):
            sidecar.result("ping")
        sidecar.finish()
        self.assertEqual(sidecar.errors_text().count("recording has ended"), 1)


def limit_files(size):
    """A file may have so many bytes: writing more fails as on a full disk."""
    import resource
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
