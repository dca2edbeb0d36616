"""`tidings verify` and `tidings backup`: what they say, their statuses, and what is there after a kill."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
import unittest
from pathlib import Path

from sidecar import DEADLINE, SidecarCase, environment, on_each_store, program, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}
FAULTS, BAD_PARAMETERS, UNAVAILABLE, DAMAGED, CANNOT_CREATE, OUTPUT_CLOSED = 1, 64, 69, 70, 73, 74


def filled(case, url, count=30):
    """Messages with keys and data, a retraction and marks."""
    sidecar = case.spawn(store=url)
    nids = [sidecar.result("send_team_message", content=f"secret {number}", data={"n": number},
                           idempotency_key=f"key {number}", **SEND)["nid"] for number in range(count)]
    sidecar.result("retract_message", nid=nids[3])
    sidecar.result("mark_read", all=True, **INBOX)
    sidecar.result("join_team", team_id="t", user_id="cy")
    sidecar.finish()


def leaves(path):
    """The pages that hold the messages of a file, as ranges of bytes."""
    with sqlite3.connect(path) as database:
        root, = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'message'").fetchone()
    data = path.read_bytes()
    page = data[(root - 1) * 4096:root * 4096]
    assert page[0] == 5, "the table has one page"
    cells = [int.from_bytes(page[12 + 2 * number:14 + 2 * number], "big") for number in range(int.from_bytes(page[3:5], "big"))]
    numbers = [int.from_bytes(page[cell:cell + 4], "big") for cell in cells]
    return [slice((number - 1) * 4096, number * 4096) for number in numbers]


class DamagedFileTests(SidecarCase):
    def test_pages_in_the_place_of_others(self):
        """SQLite returns rows there that were not asked for: every command ends, and a repair promises and changes nothing."""
        url, path = self.store()
        filled(self, url, 400)
        pages, data = leaves(path), path.read_bytes()
        for first, second in [(pages[0], pages[-1]), (pages[1], pages[2]), (pages[-2], pages[-1])]:
            bad = bytearray(data)
            bad[first], bad[second] = data[second], data[first]
            path.write_bytes(bad)
            for beside in ("-wal", "-shm"):
                Path(f"{path}{beside}").unlink(missing_ok=True)
            for command in (["verify"], ["verify", "--repair"], ["verify", "--repair", "--at-most", "0"], ["verify"]):
                done = self.run_program(*command, "--store", url)
                self.assertEqual(done.returncode, FAULTS, done.stderr)
                said = done.stdout.decode()
                self.assertTrue(said.endswith("(restore the store from a backup)\n"), said[-300:])
                self.assertNotIn("mended", said)
            self.assertEqual(self.run_program("doctor", "--store", url).returncode, DAMAGED)
            self.assertEqual(self.run_program("export", "--store", url).returncode, DAMAGED)
            self.assertEqual(self.run_program("backup", path.parent / "copy.db", "--store", url).returncode, FAULTS)


@on_each_store(memory=True)
class SoundTests:
    def test_a_store_that_tidings_wrote_is_whole(self):
        url = self.new_store()
        if url != "memory:":
            filled(self, url)
        else:
            self.assertEqual(self.run_program("verify", "--store", url).returncode, 0)
            return
        done = self.run_program("verify", env={"TIDINGS_STORE": url})
        # What the URI of a test's server is warned of.
        told = [line for line in done.stderr.splitlines() if b"warning: an option of the MongoDB URI" not in line]
        self.assertEqual((done.returncode, told), (0, []))
        self.assertEqual(done.stdout.decode(), "30 messages in 1 logs, marks of 2 inboxes, 2 of them counted one by one: "
                                               "whole\n")
        done = self.run_program("verify", "--json", "--repair", env={"TIDINGS_STORE": url})
        self.assertEqual(done.returncode, 0)
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()],
                         [{"logs": 1, "messages": 30, "inboxes": 2, "recounted": 2, "faults": 0}])

    def test_hosts_write_meanwhile(self):
        url = self.new_store()
        if url == "memory:":
            return
        sidecar = self.spawn(store=url)
        sidecar.result("ping")
        for start in range(0, 300, 100):
            sidecar.send(*[request(id, "send_team_message", content="x" * 300, **SEND)
                           for id in range(start, start + 100)])
            done = self.run_program("verify", "--repair", env={"TIDINGS_STORE": url})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertTrue(all("result" in answer for answer in sidecar.answers(100)))
        sidecar.finish()


class VerifyTests(SidecarCase):
    def damaged(self, *statements):
        url, path = self.store()
        filled(self, url)
        with sqlite3.connect(path) as database:
            for statement in statements:
                database.execute(statement)
        database.close()
        return url

    def test_it_names_and_mends(self):
        url = self.damaged("DELETE FROM message WHERE position & 4294967295 IN (8, 9)",
                           "UPDATE message SET data = x'7b' WHERE position & 4294967295 = 5",
                           "UPDATE marks SET version = -1")
        done = self.run_program("verify", "--store", url)
        self.assertEqual((done.returncode, done.stderr), (FAULTS, b""))
        text = done.stdout.decode()
        for words in ("hole: messages are missing from logs (2 found)", "the team t, number 8 (", "and 1 more",
                      "data: the data of messages is no JSON object (1 found)", "marks_version:", "--repair"):
            self.assertIn(words, text)
        self.assertNotIn("secret", text)
        done = self.run_program("verify", "--store", url, "--json", "--at-most", "1")
        self.assertEqual(done.returncode, FAULTS)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([fault["kind"] for fault in found[:-1]], ["hole", "data", "marks_version"])
        self.assertEqual((found[0]["team_id"], found[0]["number"], found[0]["count"]), ("t", 8, 2))
        self.assertEqual(found[-1]["faults"], 5)
        done = self.run_program("verify", "--store", url, "--repair")
        self.assertEqual(done.returncode, 0, done.stdout)
        lines = done.stdout.decode().splitlines()
        self.assertEqual(len([line for line in lines if line.startswith("mended ")]), 4)
        self.assertTrue(lines[-1].endswith(": whole"), lines)
        self.assertEqual(self.run_program("verify", "--store", url).returncode, 0)
        self.assertEqual(self.run_program("doctor", "--store", url).returncode, 0)
        sidecar = self.spawn(store=url)
        page = sidecar.result("get_team_message", pageSize=50, **INBOX)
        # One was retracted, two are lost; the numbers of all others stay.
        self.assertEqual(page["total"], 27)
        self.assertEqual([message["content"] for message in page["data"]],
                         [f"secret {number}" for number in range(29, -1, -1) if number not in (3, 7, 8)])
        sidecar.finish()

    def test_a_number_far_away(self):
        """Neither a repair nor an export makes or reads as many messages as the number says."""
        far = "UPDATE message SET position = {} WHERE position & 4294967295 = 7"
        for statement, line in [
            (far.format("9223372036854775807"), "mended orphan: position 9223372036854775807: put, without its key, at the"),
            (far.format("-5"), "mended orphan: position -5: put, without its key, at the end of a team named \"lost+found\""),
            (far.format("position + 400000"), "mended number: the team t, number 400007 (AQF0.400007): put at the end"),
            (far.format("position + 4000000000"), "mended number: the team t, number 4000000007 (AQF0.4000000007): put at"),
            ("UPDATE log SET head = 4294967295", "mended head: the team t: the head was corrected"),
            ("UPDATE log SET id = 2147483647", "mended log_id: the team t: the log got back the number of its messages"),
        ]:
            with self.subTest(statement):
                url = self.damaged(statement)
                for arguments in ([], ["--user", "nobody"], ["--user", "ann"]):
                    done = self.run_program("export", "--store", url, *arguments)
                    if done.returncode:
                        self.assertEqual(done.returncode, DAMAGED)
                        self.assertIn("tidings verify", done.stderr.decode())
                done = self.run_program("verify", "--store", url, "--repair")
                lines = done.stdout.decode().splitlines()
                self.assertEqual(done.returncode, 0, lines)
                self.assertTrue(any(found.startswith(line) for found in lines), lines)
                self.assertFalse(any(" more from there on" in found for found in lines), lines)
                self.assertLessEqual(int(lines[-1].split()[0]), 31)
                exported = self.run_program("export", "--store", url)
                self.assertEqual(exported.returncode, 0, exported.stderr)
                self.assertEqual(exported.stdout.count(b'"content":"secret '), 29)
                sidecar = self.spawn(store=url)
                self.assertEqual(sidecar.result("send_team_message", **{**SEND, "team_id": "new"})["duplicate"], False)
                self.assertLessEqual(sidecar.result("get_team_message", **INBOX)["total"], 29)
                sidecar.finish()

    def test_random_damage(self):
        """After one repair the store is whole, the program answers, and an export ends and can be imported."""
        columns = {"log": ["id", "head", "time", "token", "record"], "marks": ["version", "stamp", "body"],
                   "message": ["position", "position", "time", "token", "content", "data", "key", "digest"]}
        seed = random.randrange(2 ** 32)
        print("seed", seed)
        rng = random.Random(seed)
        for _ in range(6):
            url, path = self.store()
            filled(self, url, 12)
            done = []
            with sqlite3.connect(path) as database:
                for _ in range(rng.randrange(1, 4)):
                    table = rng.choice(list(columns))
                    column = rng.choice(columns[table])
                    key = {"log": "id", "marks": "inbox", "message": "position"}[table]
                    value = rng.choice([f"{column} + {rng.choice([1, 400_000, 4_000_000_000])}", f"-{column}", "1 << 62",
                                        f"{column} | (1 << {rng.randrange(64)})", "x'00ff'", "NULL"])
                    row = f"(SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {rng.randrange(12)})"
                    done.append(f"UPDATE {table} SET {column} = {value} WHERE {key} = {row}")
                    try:
                        database.execute(done[-1])
                    except sqlite3.Error:
                        # What the table itself refuses is no damage.
                        continue
            database.close()
            with self.subTest(seed=seed, done=done):
                repair = self.run_program("verify", "--store", url, "--repair")
                self.assertEqual(repair.returncode, 0, repair.stdout)
                sidecar = self.spawn(store=url)
                sidecar.result("get_team_message", **INBOX)
                sidecar.result("send_team_message", **SEND)
                sidecar.finish()
                exported = self.run_program("export", "--store", url)
                self.assertEqual(exported.returncode, 0, exported.stderr)
                copy, _ = self.store()
                imported = self.run_program("import", "--store", copy, "--from", "-", input=exported.stdout)
                self.assertEqual(imported.returncode, 0, imported.stderr)
                self.assertEqual(self.run_program("export", "--store", copy).stdout, exported.stdout)

    def test_a_running_host_sees_what_was_mended(self):
        url, path = self.store()
        filled(self, url)
        sidecar = self.spawn(store=url)
        self.assertEqual(len(sidecar.result("get_team_message", pageSize=50, **INBOX)["data"]), 29)
        with sqlite3.connect(path) as database:
            database.execute("UPDATE message SET content = x'ff' WHERE position & 4294967295 = 20")
        database.close()
        self.assertEqual(self.run_program("verify", "--store", url, "--repair").returncode, 0)
        page = sidecar.result("get_team_message", pageSize=50, **INBOX)
        self.assertEqual([message["content"] for message in page["data"]][10], "\ufffd")
        sidecar.finish()

    def test_names_do_nothing_to_a_terminal(self):
        url, path = self.store()
        sidecar = self.spawn(store=url)
        evil = "\x1b[2J\u202e\nwhole"
        sidecar.result("send_team_message", **{**SEND, "team_id": evil})
        sidecar.finish()
        with sqlite3.connect(path) as database:
            database.execute("UPDATE message SET token = 'none'")
        database.close()
        for arguments in ([], ["--json"], ["--repair"]):
            done = self.run_program("verify", "--store", url, *arguments)
            text = done.stdout.decode()
            for character in "\x1b\u202e":
                self.assertNotIn(character, text)

    def test_statuses(self):
        for arguments, status, words in [
            (["--store", f"sqlite:{self.folder() / 'none.db'}"], UNAVAILABLE, "there is no file"),
            (["--store", "memory:", "--at-most", "-1"], BAD_PARAMETERS, "at-most"),
            (["--store", "nothing"], BAD_PARAMETERS, "scheme"),
        ]:
            with self.subTest(arguments):
                done = self.run_program("verify", *arguments)
                self.assertEqual((done.returncode, done.stdout), (status, b""))
                self.assertIn(words, done.stderr.decode())

    def test_a_closed_output(self):
        url = self.damaged("UPDATE message SET token = 'none'")
        for command in (["verify"], ["verify", "--json"], ["backup", str(self.folder() / "copy.db")]):
            read, write = os.pipe()
            os.close(read)
            done = self.run_program(*command, "--store", url, stdout=write)
            os.close(write)
            # The copy of a store with faults isn't kept, and nothing is said on stdout.
            self.assertEqual(done.returncode, FAULTS if command[0] == "backup" else OUTPUT_CLOSED)
            self.assertTrue(done.stderr)


class BackupTests(SidecarCase):
    def test_while_a_host_writes(self):
        url, path = self.store()
        filled(self, url)
        sidecar = self.spawn(store=url)
        sidecar.send(*[request(id, "send_team_message", content="x" * 500, **SEND) for id in range(500)])
        copy = self.folder() / "copy.db"
        done = self.run_program("backup", copy, env={"TIDINGS_STORE": url})
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn("the copy is whole", done.stdout.decode())
        self.assertTrue(all("result" in answer for answer in sidecar.answers(500)))
        sidecar.finish()
        self.assertEqual(os.stat(copy).st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(copy.parent), [copy.name])
        self.assertEqual(self.run_program("verify", "--store", f"sqlite:{copy}").returncode, 0)
        restored = self.spawn(store=f"sqlite:{copy}")
        self.assertGreaterEqual(restored.result("get_team_message", **INBOX)["total"], 29)
        restored.finish()

    def test_what_it_refuses(self):
        url, path = self.store()
        filled(self, url)
        there = self.folder() / "there.db"
        there.write_text("mine")
        stale = there.parent / "stale.db"
        Path(f"{stale}-wal").write_text("of another database")
        for store, target, status, words in [
            (url, there, CANNOT_CREATE, "overwrites nothing"),
            (url, path, CANNOT_CREATE, "overwrites nothing"),
            (url, stale, CANNOT_CREATE, "belongs to a database that was there"),
            (url, there.parent / "no folder" / "copy.db", CANNOT_CREATE, "folder"),
            ("memory:", "copy.db", BAD_PARAMETERS, "memory"),
            ("mongodb://127.0.0.1:1/tidings", "copy.db", BAD_PARAMETERS, "mongodump"),
            (f"sqlite:{there.parent / 'none.db'}", "copy.db", UNAVAILABLE, "there is no file"),
        ]:
            with self.subTest(words, store=store):
                done = self.run_program("backup", target, env={"TIDINGS_STORE": store})
                self.assertEqual((done.returncode, done.stdout), (status, b""), done.stderr)
                self.assertIn(words, done.stderr.decode())
                self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertEqual(there.read_text(), "mine")

    def test_a_store_with_faults(self):
        url, path = self.store()
        filled(self, url)
        with sqlite3.connect(path) as database:
            database.execute("DELETE FROM message WHERE position & 4294967295 = 8")
        database.close()
        copy = self.folder() / "copy.db"
        done = self.run_program("backup", copy, "--store", url)
        self.assertEqual((done.returncode, done.stdout), (FAULTS, b""))
        self.assertIn("hole", done.stderr.decode())
        self.assertEqual(os.listdir(copy.parent), [])

    def test_a_kill_leaves_no_half_file(self):
        """At several moments: the copy is whole or absent, and the next backup succeeds."""
        url, path = self.store()
        sidecar = self.spawn(store=url)
        sidecar.pipeline([request(id, "send_team_message", content="x" * 60_000, **SEND) for id in range(1500)])
        sidecar.finish()
        size = os.stat(path).st_size
        for part in (0, 0.2, 0.6, 1):
            with self.subTest(part):
                copy = self.folder() / "copy.db"
                partial = Path(f"{copy}.partial")
                with subprocess.Popen([program(), "backup", str(copy), "--store", url], env=environment(),
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
                    self.wait_until(lambda: running.poll() is not None or copy.exists()
                                    or partial.exists() and partial.stat().st_size >= part * size)
                    running.send_signal(signal.SIGKILL)
                    running.wait(DEADLINE)
                if copy.exists():
                    self.assertEqual(self.run_program("verify", "--store", f"sqlite:{copy}").returncode, 0)
                    copy.unlink()
                done = self.run_program("backup", copy, "--store", url)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertFalse(partial.exists())
                self.assertEqual(self.run_program("verify", "--store", f"sqlite:{copy}").returncode, 0)

    def wait_until(self, condition):
        end = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), end, "it takes too long")
            time.sleep(0.001)


if __name__ == "__main__":
    unittest.main()
