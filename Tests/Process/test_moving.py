"""`tidings export` and `tidings import`: a store as lines of JSON, and an equal store of them."""

import fcntl
import json
import os
import random
import stat
import subprocess
import sys
import threading
from pathlib import Path

import jsonschema

from sidecar import DEADLINE, SidecarCase, environment, on_each_store, program, request

SCHEMA = Path(__file__).resolve().parents[2] / "Schemas/export/export.schema.json"
BAD_DATA, NOT_FOUND, UNAVAILABLE, CANNOT_CREATE, OUTPUT_CLOSED = 65, 66, 69, 73, 74
# Prints the most memory of a program, in KiB.
PEAK = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
READERS, TEAMS = ["ann", "bo", "é", "nul\0"], ["red", "blue\n"]


def calls(seed, count=400):
    """What some hosts do, over and over."""
    rng = random.Random(seed)
    for number in range(count):
        user, team = rng.choice(READERS), rng.choice(TEAMS)
        kind = rng.randrange(10)
        message = {"message_type": rng.choice(["note", "task"]), "content": f"{number}\0\n\u2028", "username": "N", "team_name": "T"}
        if rng.random() < 0.5:
            message["idempotency_key"] = f"key {number}"
        if kind < 4:
            yield request(number, "send_team_message", team_id=team, user_id=user, data={"a": [1, None]}, **message)
        elif kind == 4:
            yield request(number, "send_team_message", team_id=team, user_id=user, reader_ids=READERS[:2],
                          receiver_id="bo", **message)
        elif kind == 5:
            yield request(number, "send_account_message", reader_id=user, **message)
        elif kind == 6:
            yield request(number, "send_announcement", **message)
        elif kind == 7:
            yield request(number, rng.choice(["join_team", "leave_team"]), team_id=team, user_id=user)
        else:
            method = rng.choice(["mark_read", "mark_unread", "mark_seen", "archive_message", "delete_message"])
            yield request(number, method, team_id=team, user_id=user, all=True)


class Moving:
    """The commands, and what readers see."""

    def filled(self, seed=1):
        """A file that hosts have worked on."""
        url, _ = self.store()
        sidecar = self.spawn(store=url)
        answers = sidecar.pipeline(list(calls(seed)))
        nids = [answer["result"]["nid"] for answer in answers.values() if "nid" in answer.get("result", {})]
        for nid in nids[::9]:
            sidecar.result("retract_message", nid=nid)
        sidecar.finish()
        return url

    def export(self, url, *arguments, status=0):
        done = self.run_program("export", "--store", url, *arguments)
        self.assertEqual(done.returncode, status)
        return done.stdout

    def import_(self, url, data, *arguments, status=0):
        done = self.run_program("import", "--store", url, "--from", "-", *arguments, input=data)
        self.assertEqual(done.returncode, status)
        return done.stderr.decode()

    def seen(self, url):
        """Every reader's pages, with their cursors' order."""
        sidecar = self.spawn(store=url)
        pages = {}
        for user in READERS:
            for team in TEAMS + [None]:
                for view in ("inbox", "all", "archived"):
                    params = {"user_id": user, "view": view, "pageSize": 7, **({"team_id": team} if team else {})}
                    method = "get_team_message" if team else "get_account_message"
                    pages[user, team, view] = [sidecar.messages(method, **params), sidecar.result(
                        method, **{**params, "pageSize": 1})["total"]]
        sidecar.finish()
        return pages


@on_each_store()
class MovingTests(Moving):
    def test_an_import_makes_an_equal_store(self):
        source = self.filled()
        data = self.export(source)
        url = self.new_store()
        self.import_(url, data)
        self.assertEqual(self.export(url), data)
        self.assertEqual(self.seen(url), self.seen(source))
        # Keys hold, and hosts go on.
        sends = [call for call in calls(1) if "idempotency_key" in call["params"] and "reader_ids" not in call["params"]]
        sidecar = self.spawn(store=url)
        for call in sends[:40]:
            self.assertTrue(sidecar.ask(call)["result"]["duplicate"])
        sidecar.finish()
        self.assertIn("wrote 0 messages and 0 marks", self.import_(url, data))

    def test_an_import_that_is_killed_is_completed(self):
        data = self.export(self.filled(2))
        lines = data.splitlines(keepends=True)
        rng = random.Random(3)
        url = self.new_store()
        for _ in range(10):
            child = subprocess.Popen([program(), "import", "--store", url, "--from", "-"], stdin=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, env=environment())
            # Somewhere in the middle of reading or writing.
            child.stdin.write(b"".join(lines[:rng.randrange(len(lines))]))
            child.stdin.flush()
            child.kill()
            child.stdin.close()
            child.wait(DEADLINE)
        self.import_(url, data)
        self.assertEqual(self.export(url), data)

    def test_an_export_is_whole_while_hosts_write(self):
        url = self.new_store()
        self.import_(url, self.export(self.filled(4)))
        sidecar = self.spawn(store=url)
        stop = threading.Event()

        def write():
            number = 0
            while not stop.is_set():
                number += 1
                sidecar.result("send_team_message", team_id="red", user_id="ann", message_type="note", content="more")
                sidecar.result("mark_read", team_id="red", user_id="bo", all=True)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            exports = [self.export(url) for _ in range(5)]
        finally:
            stop.set()
            writer.join(DEADLINE)
        sidecar.finish()
        for data in exports:
            copy, _ = self.store()
            self.import_(copy, data)
            self.assertEqual(self.export(copy), data)

    def test_a_team_and_a_person(self):
        data = self.export(self.filled(5))
        url = self.new_store()
        self.import_(url, data)
        lines = [json.loads(line) for line in data.splitlines()]
        red = [json.loads(line) for line in self.export(url, "--team", "red").splitlines()]
        self.assertEqual(red[1:-1], [line for line in lines if line.get("team_id") == "red"])
        person = self.export(url, "--user", "bo")
        found = [line for line in map(json.loads, person.splitlines()) if line["kind"] == "message"]
        self.assertEqual(found, [
            line for line in lines if line["kind"] == "message" and (
                line.get("reader_id") == "bo"
                or not line.get("retracted") and "bo" in (line.get("user_id"), line.get("receiver_id")))])
        # Of the logs of others nothing else is told, such as how many messages they have.
        logs = [line for line in map(json.loads, person.splitlines()) if line["kind"] in ("log", "record")]
        self.assertTrue(any(line.get("reader_id") != "bo" for line in logs))
        for line in logs:
            if line.get("reader_id") != "bo":
                self.assertLessEqual(set(line), {"kind", "team_id", "reader_id"})
        self.assertIn("line 1", self.import_(self.new_store(), person, status=BAD_DATA))

    def test_hosts_that_wrote_are_never_overwritten(self):
        data = self.export(self.filled(6))
        url = self.new_store()
        sidecar = self.spawn(store=url)
        mine = sidecar.result("send_team_message", team_id="red", user_id="ann", message_type="note", content="mine")
        told = self.import_(url, data, "--skip-bad")
        self.assertIn("the log has another message 1", told)
        page = sidecar.result("get_team_message", team_id="red", user_id="bo", view="all")
        self.assertEqual(page["data"][-1]["nid"], mine["nid"])
        self.assertGreater(sidecar.result("get_team_message", team_id="blue\n", user_id="new", view="all")["total"], 0)
        sidecar.finish()


class FormatTests(Moving, SidecarCase):
    def test_every_line_is_as_the_schema_says(self):
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        url = self.filled()
        for arguments in ([], ["--team", "red"], ["--user", "bo"]):
            lines = [json.loads(line) for line in self.export(url, *arguments).splitlines()]
            for line in lines:
                validator.validate(line)
        whole = [json.loads(line) for line in self.export(url).splitlines()]
        self.assertEqual({line["kind"] for line in whole}, {"header", "log", "message", "record", "marks", "end"})
        # Every member that the schema names occurs, so none of them is another's.
        for kind in ("log", "message", "record", "marks"):
            known = set(schema["$defs"][kind]["properties"])
            self.assertEqual(known, {name for line in whole if line["kind"] == kind for name in line}, kind)

    def test_the_page_has_every_member_and_every_tag(self):
        page = (SCHEMA.parent / "README.md").read_text(encoding="utf-8")
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        for kind, described in schema["$defs"].items():
            for name in described.get("properties", {}):
                self.assertIn(f"`{name}`", page, kind)
        for example in page.split("```json\n")[1].split("```")[0].splitlines():
            jsonschema.validate(json.loads(example), schema)


class CommandTests(Moving, SidecarCase):
    def test_a_file_has_its_name_once_it_is_whole(self):
        url, path = self.filled(), self.folder() / "out.jsonl"
        self.assertEqual(self.export(url, "-o", path), b"")
        self.assertEqual(path.read_bytes(), self.export(url))
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(os.listdir(path.parent), ["out.jsonl"])
        self.export(url, "-o", path.parent / "none" / "out.jsonl", status=CANNOT_CREATE)

    def test_a_file_that_is_there_is_not_written_over(self):
        url, folder = self.filled(), self.folder()
        there, pipe, partial = folder / "there", folder / "pipe", folder / "new.part"
        there.write_text("mine")
        os.mkfifo(pipe)
        for path in (there, pipe):
            self.export(url, "-o", path, status=CANNOT_CREATE)
        self.assertEqual(there.read_text(), "mine")
        self.assertTrue(stat.S_ISFIFO(pipe.stat().st_mode))
        # What is left of one that was killed may have any mode; while another process writes it, it is left alone.
        partial.write_text("half")
        partial.chmod(0o644)
        with open(partial, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.export(url, "-o", folder / "new", status=CANNOT_CREATE)
        self.assertEqual(partial.read_text(), "half")
        self.export(url, "-o", folder / "new")
        self.assertEqual(stat.S_IMODE((folder / "new").stat().st_mode), 0o600)
        self.assertEqual((folder / "new").read_bytes(), self.export(url))

    def test_a_file_that_is_no_export_is_never_a_success(self):
        lines = self.export(self.filled()).splitlines(keepends=True)
        for first in (b"", lines[0].replace(b'"version":1', b'"version":2')):
            done = self.run_program("import", "--store", "memory:", "--from", "-", "--skip-bad",
                                    input=first + b"".join(lines[1:]))
            self.assertEqual(done.returncode, BAD_DATA)
            self.assertLess(len(done.stderr.splitlines()), 5)
        done = self.run_program("import", "--store", "memory:", "--from", "-",
                                input=lines[0] + b'{"kind":"log","' + b"S" * 5_000_000 + b'":1,"tail":1,"head":1}\n')
        self.assertEqual(done.returncode, BAD_DATA)
        self.assertLess(len(done.stderr), 1_000)

    def test_a_closed_pipe_ends_it(self):
        reading, writing = os.pipe()
        os.close(reading)
        done = self.run_program("export", "--store", self.filled(), stdout=writing)
        os.close(writing)
        self.assertEqual(done.returncode, OUTPUT_CLOSED)
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_what_is_not_there_is_not_made(self):
        url, path = self.store()
        self.export(url, status=UNAVAILABLE)
        self.assertFalse(path.exists())
        done = self.run_program("import", "--store", url, "--from", self.folder() / "none")
        self.assertEqual(done.returncode, NOT_FOUND)

    def test_a_dry_run_writes_nothing_and_tells_every_problem(self):
        lines = self.export(self.filled()).splitlines(keepends=True)
        messages = [place for place, line in enumerate(lines) if b'"kind":"message"' in line]
        first, last = messages[3], messages[-1]
        lines[first] = b"no JSON\n"
        lines[last] = lines[last].replace(b'"message_type"', b'"message_typo"')
        url, _ = self.store()
        told = self.import_(url, b"".join(lines), "--dry-run", status=BAD_DATA)
        self.assertIn(f"line {first + 1}: not JSON", told)
        self.assertIn(f"line {last + 1}: message_type is missing", told)
        self.assertIn("would write", told)
        self.assertEqual(list(Path(url.removeprefix("sqlite:")).parent.iterdir()), [])
        # Without it the first problem ends the import; --skip-bad goes past both.
        told = self.import_(url, b"".join(lines), status=BAD_DATA)
        self.assertNotIn(f"line {last + 1}:", told)
        self.import_(url, b"".join(lines), "--skip-bad")
        self.assertGreater(self.export(url).count(b"\n"), 2)

    def test_memory_is_bounded(self):
        """A file of some hundred megabytes, with the largest messages."""
        url, _ = self.store()
        path = self.folder() / "large.jsonl"
        count, content = 1500, json.dumps("\0" * 20_000 + "x" * 40_000)
        with path.open("w") as file:
            file.write('{"kind":"header","format":"tidings-export","version":1,"holds":"all"}\n')
            file.write(f'{{"kind":"log","team_id":"t","tail":1,"head":{count}}}\n')
            for seq in range(1, count + 1):
                file.write(f'{{"kind":"message","team_id":"t","seq":{seq},"create_time":"2026-01-02T11:00:00.000Z",'
                           f'"message_type":"n","content":{content},"token":"p02_bllWheA"}}\n')
            file.write(f'{{"kind":"end","logs":1,"messages":{count},"records":0,"marks":0}}\n')
        self.assertGreater(path.stat().st_size, 200 << 20)
        out = self.folder() / "out.jsonl"
        for arguments in (["import", "--store", url, "--from", path], ["export", "--store", url, "-o", out]):
            # A program has at first what its parent has: a small one starts it.
            done = subprocess.run([sys.executable, "-c", PEAK, program(), *map(str, arguments)], env=environment(),
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertLess(int(done.stdout) / 1024, 100)
        self.assertEqual(out.read_bytes(), path.read_bytes())
