"""The content of a store; and the SQLite file: its mode, and what happens when it can't be used."""

import contextlib
import os
import shutil
import sqlite3
import stat
import unittest
from pathlib import Path

from sidecar import SidecarCase, on_each_store, program, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}
NOBODY = 65534


class StoreCase(SidecarCase):
    def filled(self, count=300):
        """A store with messages that no process has open: its URL and path."""
        url, path = self.store()
        sidecar = self.spawn(store=url)
        sidecar.pipeline([request(id, "send_team_message", content=str(id) + "x" * 500, **SEND)
                          for id in range(count)])
        sidecar.result("mark_read", all=True, **INBOX)
        sidecar.finish()
        return url, path

    def assert_refused(self, url, path, **options):
        """The program says what is wrong with the store, naming its path, and ends."""
        ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
        done = self.run_program("--store", url, input=ping, **options)
        self.assertNotEqual(done.returncode, 0)
        self.assert_no_crash(done.returncode)
        self.assertEqual(done.stdout, b"")
        self.assertIn(str(path), done.stderr.decode())
        return done.stderr.decode()


@on_each_store()
class RestartTests:
    def filled(self, count):
        """A store with messages that no process has open: its URL."""
        url = self.new_store()
        sidecar = self.spawn(store=url)
        sidecar.pipeline([request(id, "send_team_message", content=str(id), **SEND) for id in range(count)])
        sidecar.result("mark_read", all=True, **INBOX)
        sidecar.finish()
        return url

    def test_what_is_sent_is_there_after_a_restart(self):
        sidecar = self.spawn(store=self.filled(20))
        page = sidecar.result("get_team_message", **INBOX)
        self.assertEqual((page["total"], page["count"]), (20, 0))
        sidecar.result("send_team_message", **SEND)
        counts = sidecar.result("get_unread_count", user_id="bo", team_ids=["t"])
        self.assertEqual(counts["teams"]["t"]["count"], 1)
        sidecar.finish()

    def test_a_cursor_outlives_the_process(self):
        url = self.filled(20)
        sidecar = self.spawn(store=url)
        page = sidecar.result("get_team_message", pageSize=15, **INBOX)
        sidecar.finish()
        sidecar = self.spawn(store=url)
        rest = sidecar.result("get_team_message", pageSize=15, cursor=page["next_cursor"], **INBOX)
        self.assertEqual([m["content"] for m in rest["data"]], ["4", "3", "2", "1", "0"])
        sidecar.finish()


class StartTests(StoreCase):
    def test_a_missing_folder(self):
        path = self.folder() / "no such folder" / "tidings.db"
        self.assert_refused(f"sqlite:{path}", path)
        self.assertFalse(path.parent.exists())

    def test_a_folder_instead_of_a_file(self):
        path = self.folder()
        self.assert_refused(f"sqlite:{path}", path)

    def test_a_file_that_is_no_database(self):
        url, path = self.store()
        content = b"This is no database, but somebody's notes.\n" * 1000
        path.write_bytes(content)
        self.assert_refused(url, path)
        self.assertEqual(path.read_bytes(), content)
        self.assertEqual(list(path.parent.iterdir()), [path])

    def test_a_link_that_leads_nowhere(self):
        url, path = self.store()
        path.symlink_to(path.parent / "nothing.db")
        self.assertIn("symbolic link", self.assert_refused(url, path))
        self.assertEqual(list(path.parent.iterdir()), [path])
        (path.parent / "nothing.db").touch(0o600)
        sidecar = self.spawn(store=url)
        sidecar.result("send_team_message", **SEND)
        sidecar.finish()

    def test_a_path_with_odd_characters(self):
        for name in ("with space.db", "ü%20?x#y.db", "a&b=c.db"):
            with self.subTest(name):
                url, path = self.store(name)
                sidecar = self.spawn(store=url)
                sidecar.result("send_team_message", **SEND)
                sidecar.finish()
                self.assertTrue(path.exists())

    def test_a_store_of_an_unknown_kind(self):
        for url in ("oracle:x", "nonsense", "sqlite:"):
            with self.subTest(url):
                done = self.run_program("--store", url, cwd=self.folder())
                self.assertNotEqual(done.returncode, 0)
                self.assert_no_crash(done.returncode)
                self.assertEqual(done.stdout, b"")
                self.assertTrue(done.stderr.strip())

    def test_a_newer_schema_version(self):
        url, path = self.filled(3)
        with contextlib.closing(sqlite3.connect(path)) as database:
            version, = database.execute("PRAGMA user_version").fetchone()
            database.execute(f"PRAGMA user_version = {version + 1000}")
            tables = {name for name, in database.execute("SELECT name FROM sqlite_master")}
            if "grdb_migrations" in tables:
                database.execute("INSERT INTO grdb_migrations VALUES ('a version of the future')")
            database.commit()
        os.unlink(f"{path}-lock")
        self.assert_refused(url, path)
        self.assertEqual(list(path.parent.iterdir()), [path])

    def test_a_read_only_file(self):
        url, path = self.filled(3)
        before = path.read_bytes()
        path.chmod(0o444)
        os.unlink(f"{path}-lock")
        self.assert_refused(url, path, **self.as_who_may_not_write(path))
        self.assertEqual(path.read_bytes(), before)
        self.assertFalse(os.path.exists(f"{path}-lock"))

    def as_who_may_not_write(self, path):
        """Options for a program that the file's mode holds for: root, who may write everything, becomes another."""
        if os.geteuid() != 0:
            return {}
        for place in (path.parent, *path.parent.iterdir()):
            os.chown(place, NOBODY, NOBODY)
        binary = Path(program())
        if not all(stat.S_IMODE(folder.stat().st_mode) & 0o001 for folder in binary.parents):
            binary = Path(shutil.copy(binary, path.parent / "program"))
            binary.chmod(0o755)
        return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "executable": str(binary)}


class ModeTests(StoreCase):
    def test_only_the_owner_may_read_the_files(self):
        url, path = self.store()
        sidecar = self.spawn(store=url, preexec_fn=lambda: os.umask(0))
        sidecar.result("send_team_message", **SEND)
        modes = {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in path.parent.iterdir()}
        self.assertIn(path.name, modes)
        self.assertIn(path.name + "-wal", modes)
        self.assertEqual(set(modes.values()), {oct(0o600)}, modes)
        sidecar.finish()


class DamageTests(StoreCase):
    def damaged(self, change):
        """A store whose bytes were changed by a function of (bytearray, page size)."""
        url, path = self.filled()
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            size, = database.execute("PRAGMA page_size").fetchone()
        content = bytearray(path.read_bytes())
        self.assertGreater(len(content), 8 * size)
        change(content, size)
        path.write_bytes(content)
        return url, path

    def assert_survives(self, url, path):
        """The program refuses the file, or answers every request somehow; it never crashes."""
        sidecar = self.spawn(store=url)
        requests = [
            *[request(id, "get_team_message", pageSize=200, pageNo=id + 1, **INBOX) for id in range(3)],
            *[request(id, "send_team_message", content="y" * 500, **SEND) for id in range(3, 50)],
            request(50, "mark_unread", all=True, **INBOX),
            request(51, "ping"),
        ]
        try:
            sidecar.send(*requests)
            sidecar.close_input()
        except BrokenPipeError:
            pass
        answers = sidecar.rest()
        status = sidecar.wait()
        self.assert_no_crash(status)
        if answers:
            self.assertEqual((status, sorted(a["id"] for a in answers)), (0, list(range(52))))
            for answer in answers:
                if "error" in answer:
                    self.assertIn(answer["error"]["data"]["kind"],
                                  ("store_unavailable", "outcome_unknown", "internal"))
        else:
            self.assertNotEqual(status, 0)
            self.assertIn(str(path), sidecar.errors_text())

    def test_a_damaged_header(self):
        def change(content, size):
            content[:100] = b"\x5a" * 100
        url, path = self.damaged(change)
        self.assert_refused(url, path)

    def test_a_damaged_schema(self):
        def change(content, size):
            content[100:size] = b"\x5a" * (size - 100)
        url, path = self.damaged(change)
        self.assert_refused(url, path)

    def test_a_file_cut_short(self):
        def change(content, size):
            del content[len(content) // 2 // size * size:]
        self.assert_survives(*self.damaged(change))

    def test_pages_of_zeros(self):
        def change(content, size):
            for page in range(2, len(content) // size, 2):
                content[page * size:(page + 1) * size] = bytes(size)
        self.assert_survives(*self.damaged(change))

    def test_pages_of_garbage(self):
        def change(content, size):
            for page in range(1, len(content) // size):
                content[page * size + 8:page * size + 64] = os.urandom(56)
        self.assert_survives(*self.damaged(change))

    def test_a_damaged_log_file_is_never_a_crash(self):
        url, path = self.store()
        sidecar = self.spawn(store=url)
        sidecar.pipeline([request(id, "send_team_message", **SEND) for id in range(200)])
        sidecar.process.kill()
        sidecar.wait()
        wal = path.with_name(path.name + "-wal")
        content = bytearray(wal.read_bytes())
        for index in range(len(content) // 2, len(content), 97):
            content[index] ^= 0xff
        wal.write_bytes(content)
        self.assert_survives(url, path)


class DoctorTests(StoreCase):
    def edited(self, *statements):
        url, path = self.filled(5)
        with contextlib.closing(sqlite3.connect(path)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()
        return url, path

    def test_it_says_what_is_wrong_and_what_to_do(self):
        for statement, words in [
            ("DELETE FROM message WHERE position & 4294967295 = 2", ["messages are missing", "backup"]),
            ("UPDATE log SET head = 9 WHERE head = 5", ["messages are missing", "backup"]),
            ("UPDATE log SET head = 3 WHERE head = 5", ["beyond the heads", "marks are of messages", "backup"]),
            ("UPDATE message SET data = x'7b' WHERE position & 4294967295 = 2", ["no JSON object", "backup"]),
            ("DROP INDEX message_type", ["index message_type is missing", "sqlite3", "CREATE INDEX"]),
            ("DROP TABLE marks", ["table marks is missing", "backup"]),
            ("DROP TABLE log", ["table log is missing", "backup"]),
        ]:
            with self.subTest(statement):
                url, path = self.edited(statement)
                done = self.run_program("doctor", "--store", url)
                self.assertEqual(done.returncode, 70)
                said = (done.stdout + done.stderr).decode()
                for word in ["PROBLEM", str(path), *words]:
                    self.assertIn(word, said)
                for word in ("SELECT", "while executing", "SQLite error"):
                    self.assertNotIn(word, said)

    def test_a_sound_store(self):
        url, _ = self.filled(5)
        done = self.run_program("doctor", "--store", url)
        self.assertEqual(done.returncode, 0)
        self.assertIn("5 messages in 1 logs", done.stdout.decode())

    def test_data_that_is_no_json_breaks_no_line(self):
        """A message somebody spoilt by hand: an error that is whole, and every other answer as before."""
        for data in ("7b", "5b5d", "", "7b7d0a7b7d", "7b2261223a317d7d", "22", "7b2261223aff7d"):
            with self.subTest(data):
                url, path = self.edited(
                    f"UPDATE message SET data = x'{data}' WHERE position & 4294967295 = 2")
                sidecar = self.spawn(store=url)
                page = sidecar.result("get_team_message", pageSize=3, **INBOX)
                self.assertEqual(len(page["data"]), 3)
                error = sidecar.error("get_team_message", **INBOX)
                self.assert_error(error, -32603, "internal")
                self.assertIn("data", error["message"])
                nid = page["data"][0]["nid"].rpartition(".")[0] + ".2"
                self.assert_error(sidecar.error("get_message", nid=nid, **INBOX), -32603, "internal")
                sidecar.result("retract_message", nid=nid)
                self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], 4)
                sidecar.finish()


class LockTests(StoreCase):
    def test_a_lock_of_another_program_holds_up_only_writes_and_not_for_ever(self):
        url, path = self.filled(3)
        sidecar = self.spawn(store=url)
        sidecar.result("get_team_message", **INBOX)  # The file is open.
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            sidecar.send(request("send", "send_team_message", **SEND))
            for id in range(1, 6):
                self.assertIn("result", sidecar.ask(request(id, "ping")))
                get = request(-id, "get_team_message", team_id="t2", user_id="bo")
                self.assertIn("result", sidecar.ask(get))
            other.execute("ROLLBACK")
        answer, = sidecar.answers(1)
        self.assertEqual(answer["id"], "send")
        total = sidecar.result("get_team_message", **INBOX)["total"]
        if "error" in answer:
            self.assertTrue(answer["error"]["data"]["retryable"])
        else:
            self.assertEqual(total, 4)
        sidecar.finish()

    def test_a_lock_held_for_ever_is_a_retryable_error(self):
        url, path = self.filled(3)
        sidecar = self.spawn(store=url)
        sidecar.result("get_team_message", **INBOX)  # The file is open.
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            error = sidecar.error("send_team_message", **SEND)
            self.assert_error(error, 2003, "store_unavailable")
            self.assertTrue(error["data"]["retryable"])
            other.execute("ROLLBACK")
        sidecar.result("send_team_message", **SEND)
        self.assertEqual(sidecar.result("get_team_message", **INBOX)["total"], 4)
        sidecar.finish()


class RemovedTests(StoreCase):
    def test_a_database_that_is_removed_or_replaced(self):
        """What is acknowledged is in the file of that name, or it is not acknowledged."""
        for replace in (False, True):
            with self.subTest(replace=replace):
                url, path = self.filled(3)
                sidecar = self.spawn(store=url)
                sidecar.result("get_team_message", **INBOX)
                if replace:
                    shutil.copy(path, str(path) + ".new")
                    os.replace(str(path) + ".new", path)
                else:
                    path.unlink()
                for method, params in (("send_team_message", SEND), ("get_team_message", INBOX)):
                    error = sidecar.error(method, **params)
                    self.assert_error(error, 2003, "store_unavailable")
                self.assertEqual(sidecar.result("get_status")["store"]["state"], "unavailable")
                sidecar.finish()
                for name in (path, str(path) + "-lock"):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(name)

    def test_odd_values_are_no_crash(self):
        edits = [
            "UPDATE log SET head = 0", "UPDATE log SET id = 9223372036854775807", "UPDATE log SET head = -1",
            "UPDATE message SET time = -9223372036854775808", "UPDATE log SET time = 9223372036854775807",
            "UPDATE log SET record = x'010600000000'", "UPDATE message SET message_type = NULL",
            "PRAGMA user_version = -1",
        ]
        for edit in edits:
            with self.subTest(edit=edit):
                url, path = self.filled(5)
                nid = self.spawn(store=url).result("get_team_message", **INBOX)["data"][0]["nid"]
                with contextlib.closing(sqlite3.connect(path)) as database:
                    try:
                        database.execute(edit)
                        database.commit()
                    except sqlite3.IntegrityError:
                        pass  # the schema itself refuses the value
                sidecar = self.spawn(store=url)
                try:
                    for method, params in (
                            ("get_team_message", INBOX), ("send_team_message", SEND),
                            ("send_team_message", {**SEND, "team_id": "new"}),
                            ("mark_read", {**INBOX, "up_to": nid}), ("retract_message", {"nid": nid})):
                        sidecar.ask(request(1, method, **params))
                    sidecar.close_input()
                except (BrokenPipeError, EOFError, AssertionError):
                    pass  # refused at its start, which is as good
                self.assert_no_crash(sidecar.wait())
                for ending in ("", "-wal", "-shm", "-lock"):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(str(path) + ending)
