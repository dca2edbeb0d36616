"""`tidings export` and `tidings import`: a store as lines of JSON, and an equal store of them."""

import bz2
import contextlib
import fcntl
import gzip
import json
import lzma
import os
import random
import re
import signal
import stat
import subprocess
import sys
import threading
import unittest
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


def edited(lines, changes):
    """Lines of an export; some, by their numbers, are replaced by others."""
    return [new for number, line in enumerate(lines) for new in changes.get(number, [line])]


def text(lines):
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def log_of(line):
    return line.get("team_id"), line.get("reader_id")


def bad_files(lines):
    """Files of which something can't be imported, at least into the store whose export these lines are."""
    def first(kind):
        return next(number for number, line in enumerate(lines) if line["kind"] == kind and not line.get("retracted"))

    message, marks, record = first("message"), first("marks"), first("record")
    keyed = next(line for line in lines if "idempotency_key" in line and not line.get("retracted"))
    numbers = [number for number, line in enumerate(lines) if line["kind"] in ("log", "message") and log_of(line) == log_of(keyed)]
    head, last = numbers[0], numbers[-1]
    again = {**keyed, "create_time": lines[last]["create_time"]}
    del again["token"]
    fresh = {**again, "idempotency_key": "fresh"}
    plain = {name: value for name, value in again.items() if name not in ("idempotency_key", "digest")}

    def longer(*more):
        """The file with these messages at the end of a log."""
        end = lines[head]["head"]
        added = [{**each, "seq": end + number} for number, each in enumerate(more, 1)]
        return edited(lines, {head: [{**lines[head], "head": end + len(more)}], last: [lines[last], *added]})

    def changed(number, **members):
        return edited(lines, {number: [{**lines[number], **members}]})

    yield "a key that the store has", longer(again)
    yield "a key twice", longer(fresh, fresh)
    # Far from each other, so that they are not restored at once.
    yield "a key twice, far apart", longer(fresh, *[plain] * 6000, fresh)
    yield "an earlier message", longer({**plain, "create_time": "2001-01-01T00:00:00.000Z"})
    yield "a wrong digest", changed(message, idempotency_key="other", digest="A" * 43)
    yield "another type", changed(last, message_type="other")
    yield "other marks", changed(marks, version=99, sections={"2": "AQAB"})
    yield "marks of nothing", changed(marks, team_id="nowhere", sections={"2": "AQAB"})
    yield "retractions in no order", changed(record, sections={"2": lines[record]["sections"]["2"]})
    yield "a message that is missing", edited(lines, {message: []})
    yield "a line of no kind", changed(message, kind="letter")
    yield "a line twice", edited(lines, {message: [lines[message]] * 2})
    yield "a file that was cut off", lines[:marks + 1]


@on_each_store()
class DryRunTests(Moving):
    def told(self, url, data, *arguments):
        """The problems that an import tells, in any order, and what it counts."""
        done = self.run_program("import", "--store", url, "--from", "-", *arguments, input=data)
        lines = done.stderr.decode().splitlines()
        problems = sorted(line for line in lines if line.startswith("line "))
        self.assertEqual(done.returncode, BAD_DATA if problems and "--dry-run" in arguments else 0, lines)
        return problems, lines[-1].replace("would write", "wrote").rsplit(";", 1)[0]

    def test_a_dry_run_tells_what_the_true_one_would(self):
        whole = self.export(self.filled(8))
        lines = [json.loads(line) for line in whole.splitlines()]
        for name, bad in bad_files(lines):
            for there in (whole, text([lines[0], {"kind": "end", "logs": 0, "messages": 0, "records": 0, "marks": 0}])):
                with self.subTest(name, empty=there != whole):
                    url = self.new_store()
                    self.import_(url, there)
                    before = self.export(url)
                    dry = self.told(url, text(bad), "--dry-run")
                    self.assertEqual(self.export(url), before)
                    self.assertEqual(dry, self.told(url, text(bad), "--skip-bad"))
                    if there == whole:
                        self.assertTrue(dry[0])
                    # What verify would find is not in the store.
                    self.assertEqual(self.run_program("verify", "--store", url).returncode, 0)


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
        examples = page.split("```json\n")[1].split("```")[0]
        for example in examples.splitlines():
            jsonschema.validate(json.loads(example), schema)
        # It is an export that this program would have written.
        url, _ = self.store()
        self.import_(url, examples.encode())
        self.assertEqual(self.export(url), examples.encode())


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

    def test_a_mark_blank_lines_and_other_line_ends_are_passed_over(self):
        data = self.export(self.filled())
        lines = data.splitlines(keepends=True)
        for changed in (b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n"), b"\n \n" + b"\n\t\r\n".join(lines) + b"\n"):
            url, _ = self.store()
            self.import_(url, changed)
            self.assertEqual(self.export(url), data)
        # Problems are still told with their lines, also those that the store tells.
        place = next(number for number, line in enumerate(lines) if b'"seq":3,' in line)
        lines[place] = re.sub(rb'"create_time":"....', b'"create_time":"1999', lines[place])
        told = self.import_(self.store()[0], b"\n\n".join(line.strip() for line in lines), status=BAD_DATA)
        self.assertIn(f"line {2 * place + 1}: message 3 is earlier", told)

    def test_a_digest_is_that_of_its_message(self):
        lines = [json.loads(line) for line in self.export(self.filled()).splitlines()]
        place = next(number for number, line in enumerate(lines) if "digest" in line and "content" in line)
        digest = lines[place]["digest"]
        other = ("B" if digest[0] == "A" else "A") + digest[1:]
        for name, value in (("content", "edited"), ("digest", "AAAA"), ("digest", other)):
            url, _ = self.store()
            told = self.import_(url, text(edited(lines, {place: [{**lines[place], name: value}]})), "--skip-bad")
            self.assertIn(f"line {place + 1}: message {lines[place]['seq']} has ", told)
            self.assertEqual(self.run_program("verify", "--store", url).returncode, 0)

    def test_nothing_is_made_for_what_is_no_export(self):
        data = self.export(self.filled())
        folder = self.folder()
        files = {"empty": b"", "blank": b"\r\n \n", "gzip": gzip.compress(data), "bzip2": bz2.compress(data), "xz": lzma.compress(data),
                 "zip": b"PK\3\4" + data, "UTF-16": data.decode().encode("utf-16"), "no text": b"\x10\0\0\0" + data,
                 "no export": b'{"reader_id":"bo"}\n', "not JSON": b"a,b\n1,2\n", "SQLite": b"SQLite format 3\0" + data}
        cases = [(name, self.file_in(folder, name, data)) for name, data in files.items()]
        cases += [("directory", folder), ("No such file", folder / "none"), ("Bad file descriptor", "-")]
        for name, path in cases:
            for kind in ([], ["--kind", "team"]):
                if kind and name in ("no export", "not JSON"):
                    continue
                with self.subTest(name, kind=kind):
                    url, made = self.store()
                    closed = {"stdin": None, "preexec_fn": lambda: os.close(0)} if path == "-" else {}
                    done = self.run_program("import", "--store", url, "--from", path, *kind, **closed)
                    self.assertEqual(done.returncode, BAD_DATA if name in files else NOT_FOUND, done.stderr)
                    self.assertIn({"blank": "empty", "not JSON": "line 1: not JSON"}.get(name, name).lower(), done.stderr.decode().lower())
                    self.assertLess(len(done.stderr), 500)
                    self.assertEqual(list(made.parent.iterdir()), [])

    def file_in(self, folder, name, data):
        path = folder / name
        path.write_bytes(data)
        return path

    @unittest.skipUnless(sys.platform == "linux", "/proc shows how far a process has read")
    def test_a_file_that_changes_meanwhile_is_told(self):
        header = b'{"kind":"header","format":"tidings-export","version":1,"holds":"all"}\n'
        end = b'{"kind":"end","logs":0,"messages":0,"records":0,"marks":0}\n'
        row = b"bo,n,2024-05-01," + b"x" * 1000 + b"\n"
        for kind, data in (([], header + (b" " * 1000 + b"\n") * 20_000 + end),
                           (["--kind", "account"], b"reader_id,message_type,create_time,content\n" + row * 20_000)):
            path = self.file_in(self.folder(), "file", data)
            url, made = self.store()
            child = self.stopped_on_the_way(["import", "--store", url, "--from", path, *kind], path)
            with path.open("ab") as file:
                file.write(b"\n")
            child.send_signal(signal.SIGCONT)
            said = child.communicate(timeout=DEADLINE)[1].decode()
            self.assertEqual(child.returncode, 75, said)
            self.assertIn(f"{path} was changed while it was read", said)
            if kind:
                self.assertFalse(made.exists())

    def stopped_on_the_way(self, arguments, path):
        """A process that stands still while it has read a part of a file."""
        for _ in range(100):
            child = subprocess.Popen([program(), *map(str, arguments)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                     env=environment())
            while child.poll() is None and not self.place(child, path):
                pass
            child.send_signal(signal.SIGSTOP)
            while child.poll() is None and " T " not in Path(f"/proc/{child.pid}/stat").read_text():
                pass
            if child.poll() is None and 0 < self.place(child, path) < path.stat().st_size:
                return child
            # It was faster.
            child.kill()
            child.communicate()
        raise AssertionError("it always reads everything before it can be stopped")

    @staticmethod
    def place(child, path):
        """How far a process has read a file."""
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{child.pid}/fd").iterdir():
                if link.readlink() == path:
                    return int(Path(f"/proc/{child.pid}/fdinfo/{link.name}").read_text().split()[1])
        return 0

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
