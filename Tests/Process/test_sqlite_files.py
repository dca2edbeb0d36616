"""The files of an SQLite store: the log that is folded in, and what others do to the files of a running program."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import unittest
from pathlib import Path

from sidecar import SidecarCase, program

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}
INBOX = {"team_id": "t", "user_id": "bo"}
NOBODY = 65534


class FileCase(SidecarCase):
    def size(self, path, suffix):
        with contextlib.suppress(FileNotFoundError):
            return os.stat(f"{path}{suffix}").st_size
        return 0

    def contents(self, url, **options):
        """The content of every message, by a program of its own."""
        sidecar = self.spawn(store=url, **options)
        contents = [m["content"] for m in sidecar.messages(order="oldest", **INBOX)]
        sidecar.finish()
        return contents

    def contents_of_a_copy(self, path):
        """The messages in the database file without anything beside it."""
        copy = self.folder() / "copy.db"
        shutil.copy(path, copy)
        return self.contents(f"sqlite:{copy}")

    def send(self, sidecar, content):
        return sidecar.result("send_team_message", content=content, **SEND)["nid"]

    def call(self, url, content):
        done = self.run_program("call", "send_team_message", "--store", url, "-", input=line(content))
        self.assertEqual(done.returncode, 0, done.stderr)

    def refused(self, url, **options):
        """The words of a program that doesn't start on this store."""
        done = self.run_program("--store", url, input=b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', **options)
        self.assertEqual((done.returncode, done.stdout), (69, b""), done.stderr)
        return done.stderr.decode()


def line(content):
    return json.dumps({**SEND, "content": content}).encode()


class FoldingTests(FileCase):
    def test_calls_beside_an_idle_program(self):
        url, path = self.store()
        idle = self.spawn(store=url)
        idle.result("get_team_message", **INBOX)
        wanted = [f"{number}" + "x" * 60_000 for number in range(25)]
        for content in wanted:
            self.call(url, content)
            self.assertLess(self.size(path, "-wal"), 1 << 20)
        self.assertEqual(self.contents_of_a_copy(path), wanted)
        self.assertEqual(len(idle.messages(**INBOX)), len(wanted))
        idle.finish()

    def test_a_program_that_rests_leaves_the_file_whole(self):
        url, path = self.store()
        one, two = self.spawn(store=url), self.spawn(store=url)
        wanted = []
        for turn in range(2):
            for sidecar in (one, two):
                wanted.append(f"{len(wanted)}")
                self.send(sidecar, wanted[-1])
            one.wait_for(lambda: self.size(path, "-wal") == 0)
            self.assertEqual(self.contents_of_a_copy(path), wanted)
        one.finish()
        two.finish()

    def test_what_a_killed_program_wrote_is_folded_by_an_idle_one(self):
        url, path = self.store()
        idle, killed = self.spawn(store=url), self.spawn(store=url)
        idle.result("ping")
        self.send(killed, "left")
        killed.process.kill()
        killed.wait()
        idle.wait_for(lambda: self.size(path, "-wal") == 0)
        self.assertEqual(self.contents_of_a_copy(path), ["left"])
        idle.finish()

    def test_a_program_that_is_stopped_holds_up_nothing(self):
        url, path = self.store()
        stopped = self.spawn(store=url)
        stopped.result("ping")  # It has the file open, and reads nothing.
        stopped.process.send_signal(signal.SIGSTOP)
        for number in range(5):
            self.call(url, f"{number}")
        self.assertEqual(self.size(path, "-wal"), 0)
        self.assertEqual(self.contents_of_a_copy(path), [f"{number}" for number in range(5)])
        stopped.process.send_signal(signal.SIGCONT)
        self.send(stopped, "5")
        stopped.finish()



class RestoredTests(FileCase):
    def test_a_backup_that_is_restored_under_programs_shows_nothing_from_before(self):
        """SQLite's own way to restore is a change like any other, and the file stays the same one."""
        url, path = self.store()
        sidecars = [self.spawn(store=url) for _ in range(2)]
        first, second = sidecars

        def send(sidecar, team, content, kind="note"):
            sidecar.result("send_team_message", team_id=team, user_id="ann", message_type=kind, content=content)

        def seen(team):
            """The contents of a page by each program: without and with a filter, for the reader and the sender."""
            return [
                [message["content"] for message in sidecar.messages(team_id=team, user_id=user, **more)]
                for sidecar in sidecars for user in ("bo", "ann") for more in ({}, {"message_type": "note"})
            ]

        def expect(team, *contents):
            self.assertEqual(seen(team), [list(contents)] * 8)

        send(first, "a", "kept")
        expect("a", "kept")
        backup = self.folder() / "backup.db"
        with contextlib.closing(sqlite3.connect(path)) as live, contextlib.closing(sqlite3.connect(backup)) as copy:
            live.backup(copy)
        for team in "abc":
            send(first, team, f"lost in {team}")
            send(second, team, f"lost too in {team}", kind="task" if team == "b" else "note")
            seen(team)
        for sidecar in sidecars:
            sidecar.result("mark_read", team_id="a", user_id="bo", all=True)
        with contextlib.closing(sqlite3.connect(path)) as live, contextlib.closing(sqlite3.connect(backup)) as copy:
            copy.backup(live)
        expect("a", "kept")
        expect("b")
        expect("c")
        # The same numbers, and the logs in another order.
        for team in "cba":
            send(second, team, f"new in {team}")
        expect("a", "new in a", "kept")
        expect("b", "new in b")
        expect("c", "new in c")
        badge = first.result("get_unread_count", user_id="bo", team_ids=["a"])
        self.assertEqual(badge["teams"]["a"]["count"], 2)
        for sidecar in sidecars:
            sidecar.finish()


class ChangedTests(FileCase):
    def assert_nothing_is_acknowledged(self, sidecar):
        for method, params in (("send_team_message", SEND), ("get_team_message", INBOX),
                               ("mark_read", {**INBOX, "all": True})):
            error = sidecar.error(method, **params)
            self.assert_error(error, 2003, "store_unavailable")
            self.assertTrue(error["data"]["retryable"])
        self.assertEqual(sidecar.result("get_status")["store"]["state"], "unavailable")

    def test_a_file_beside_the_database_is_removed_or_replaced(self):
        for suffix in ("-wal", "-shm", "-lock"):
            for replaced in (False, True):
                for ending in ("its input ends", "it is killed"):
                    with self.subTest(suffix=suffix, replaced=replaced, ending=ending):
                        self.removed(suffix, replaced, ending)

    def removed(self, suffix, replaced, ending):
        url, path = self.store()
        sidecar = self.spawn(store=url)
        wanted = [f"{number}" for number in range(6)]
        for content in wanted:
            self.send(sidecar, content)
        if replaced:
            Path(f"{path}.new").touch(0o600)
            os.replace(f"{path}.new", f"{path}{suffix}")
        else:
            os.unlink(f"{path}{suffix}")
        self.assert_nothing_is_acknowledged(sidecar)
        self.assertIn("another process uses", self.refused(url))
        if ending == "it is killed":
            # As long as it lives it saves what was acknowledged, whatever became of the log.
            if suffix == "-lock":
                return sidecar.stop()
            sidecar.wait_for(lambda: self.contents_of_a_copy(path) == wanted)
            sidecar.process.kill()
            sidecar.wait()
        else:
            sidecar.finish()
        self.assertEqual(self.contents(url), wanted)
        self.call(url, "after")
        self.assertEqual(self.contents(url), [*wanted, "after"])

    def test_a_database_that_is_replaced_beside_its_log(self):
        """The new one must not get the old one's changes."""
        url, path = self.store()
        other, other_path = self.store()
        self.call(other, "other")
        sidecar = self.spawn(store=url)
        self.send(sidecar, "mine")
        os.replace(other_path, path)
        self.assert_nothing_is_acknowledged(sidecar)
        self.assertIn("another process uses", self.refused(url))
        sidecar.finish()
        # A backup that was put back while a program ran is that backup.
        self.assertEqual(self.contents(url), ["other"])

    def test_a_hard_link(self):
        url, path = self.store()
        sidecar = self.spawn(store=url)
        self.send(sidecar, "0")
        other = self.folder() / "other.db"
        os.link(path, other)
        self.assertIn("hard links", self.refused(f"sqlite:{other}"))
        self.assertEqual(list(other.parent.iterdir()), [other])
        self.assert_nothing_is_acknowledged(sidecar)
        self.assertIn("hard links", self.refused(url))
        other.unlink()
        self.send(sidecar, "1")
        sidecar.finish()
        self.assertEqual(self.contents(url), ["0", "1"])

    def test_a_link_that_is_moved(self):
        folder = self.folder()
        link = folder / "link.db"
        for name in ("one.db", "two.db"):
            (folder / name).touch(0o600)
        link.symlink_to("one.db")
        sidecar = self.spawn(store=f"sqlite:{link}")
        self.send(sidecar, "one")
        link.unlink()
        link.symlink_to("two.db")
        self.assert_nothing_is_acknowledged(sidecar)
        self.call(f"sqlite:{link}", "two")
        sidecar.finish()
        self.assertEqual(self.contents(f"sqlite:{folder}/one.db"), ["one"])
        self.assertEqual(self.contents(f"sqlite:{link}"), ["two"])

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "only root can mount")
    def test_one_file_in_two_folders(self):
        url, path = self.store()
        sidecar = self.spawn(store=url)
        self.send(sidecar, "0")
        other = self.folder() / "other.db"
        other.touch(0o600)
        if subprocess.run(["mount", "--bind", str(path), str(other)], capture_output=True, check=False).returncode:
            self.skipTest("this machine doesn't let root mount")
        self.addCleanup(subprocess.run, ["umount", str(other)], check=False)
        self.assertIn("mounted without its folder", self.refused(f"sqlite:{other}"))
        self.assertEqual([entry for entry in other.parent.iterdir() if entry.stat().st_size and entry != other], [])
        self.send(sidecar, "1")
        # Nor when it is killed, and what it acknowledged is in a log that lies beside one name only.
        sidecar.stop()
        self.assertIn("mounted without its folder", self.refused(f"sqlite:{other}"))
        self.assertEqual(self.contents(url), ["0", "1"])

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "only root can mount")
    def test_one_folder_in_two_places(self):
        """All files are the same: that is no more than another name of the folder."""
        url, path = self.store()
        other = self.folder()
        if subprocess.run(["mount", "--bind", str(path.parent), str(other)], capture_output=True,
                          check=False).returncode:
            self.skipTest("this machine doesn't let root mount")
        self.addCleanup(subprocess.run, ["umount", str(other)], check=False)
        one, two = self.spawn(store=url), self.spawn(store=f"sqlite:{other}/{path.name}")
        for turn in range(5):
            self.send(one, f"{2 * turn}")
            self.send(two, f"{2 * turn + 1}")
        for sidecar in (one, two):
            self.assertEqual([m["content"] for m in sidecar.messages(order="oldest", **INBOX)],
                             [f"{number}" for number in range(10)])
            sidecar.finish()


class OtherUsersTests(FileCase):
    @unittest.skipUnless(os.geteuid() == 0, "only root has files of two users")
    def test_files_of_another_user(self):
        url, path = self.store()
        self.call(url, "0")
        options = self.as_nobody(path.parent)
        os.chown(path.parent, NOBODY, NOBODY)
        names = ["", "-wal", "-shm", "-lock"]
        for name in names:
            with self.subTest(name):
                for other in names:
                    os.chown(f"{path}{other}", NOBODY, NOBODY)
                    os.chmod(f"{path}{other}", 0o600)
                os.chown(f"{path}{name}", 0, 0)
                os.chmod(f"{path}{name}", 0o666)
                said = self.refused(url, **options)
                self.assertIn(f"{path}{name} belongs to another user", said)
                done = self.run_program("doctor", "--store", url, **options)
                self.assertEqual(done.returncode, 69)
                self.assertIn("belongs to another user", done.stderr.decode())
        # What root makes beside it belongs to whom the database belongs.
        for name in names:
            os.chown(f"{path}{name}", NOBODY, NOBODY)
            os.chmod(f"{path}{name}", 0o600)
        for name in names[1:]:
            os.unlink(f"{path}{name}")
        self.call(url, "1")
        self.assertEqual({os.stat(f"{path}{name}").st_uid for name in names}, {NOBODY})
        self.assertEqual(self.contents(url, **options), ["0", "1"])

    def as_nobody(self, folder):
        binary = Path(shutil.copy(program(), folder / "program"))
        binary.chmod(0o755)
        return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "executable": str(binary)}

    def test_files_that_others_may_read(self):
        url, path = self.store()
        self.call(url, "0")
        for name in ("", "-wal", "-shm", "-lock"):
            with self.subTest(name):
                os.chmod(f"{path}{name}", 0o640)
                self.assertIn("chmod 600", self.refused(url))
                os.chmod(f"{path}{name}", 0o600)
        self.assertEqual(self.contents(url), ["0"])

    def test_a_lock_that_is_a_link(self):
        url, path = self.store()
        target = self.folder() / "target"
        os.symlink(target, f"{path}-lock")
        self.assertIn("-lock", self.refused(url))
        self.assertFalse(target.exists())
