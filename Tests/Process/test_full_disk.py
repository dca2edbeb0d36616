"""A full disk: a retryable error, no crash, nothing acknowledged lost, and on once there is room."""

import errno
import os
import resource
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from sidecar import SidecarCase, request

INBOX = {"team_id": "t", "user_id": "bo"}
MIB = 1 << 20


def fill(path):
    """Makes a file that takes all the room there is."""
    with open(path, "wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


class FullDiskTests(SidecarCase):
    def send_until_full(self, sidecar):
        """Sends until one fails. The nids acknowledged so far and the error."""
        nids = []
        for id in range(2000):
            answer = sidecar.ask(request(id, "send_team_message", team_id="t", user_id="ann",
                                         message_type="note", content="x" * 60_000))
            if "error" in answer:
                return nids, answer["error"]
            nids.append(answer["result"]["nid"])
        raise AssertionError(f"the disk never filled\n{sidecar.describe()}")

    def conversation(self, url, make_room, why, **options):
        sidecar = self.spawn(store=url, **options)
        nids, error = self.send_until_full(sidecar)
        self.assertGreater(len(nids), 0)
        self.assert_error(error, 2003, "store_unavailable")
        self.assertIn(why, error["message"])
        self.assertTrue(error["data"]["retryable"])
        # It still answers, and what was acknowledged can be read.
        sidecar.result("ping")
        self.assertEqual([m["nid"] for m in sidecar.messages(order="oldest", **INBOX)], nids)
        make_room(sidecar)
        sent = sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")
        nids.append(sent["nid"])
        sidecar.result("mark_read", nids=nids[:10], **INBOX)
        sidecar.finish()
        again = self.spawn(store=url)
        self.assertEqual([m["nid"] for m in again.messages(order="oldest", **INBOX)], nids)
        again.finish()

    def test_a_limit_on_the_file_size(self):
        url, _ = self.store()
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MIB, unlimited))

        def make_room(sidecar):
            resource.prlimit(sidecar.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))

        # Python ignores SIGXFSZ, and so does the child unless the signals are restored: a write over
        # the limit then fails as on a full disk.
        self.conversation(url, make_room, "the limit on the size of files is reached", preexec_fn=limit,
                          restore_signals=False)

    def small_disk(self):
        """A disk of 4 MiB, and what makes it larger."""
        if os.geteuid() != 0 or not shutil.which("mount"):
            self.skipTest("only root can mount a small disk")
        folder = Path(tempfile.mkdtemp(prefix="tidings-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={4 * MIB}", "tmpfs", str(folder)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            self.skipTest("this machine doesn't let root mount")
        self.addCleanup(subprocess.run, ["umount", str(folder)], check=False)

        def make_room(_=None):
            subprocess.run(["mount", "-o", f"remount,size={64 * MIB}", str(folder)], check=True)

        return folder, make_room

    def test_a_small_disk(self):
        folder, make_room = self.small_disk()
        self.conversation(f"sqlite:{folder}/tidings.db", make_room, "full")

    def test_a_start_on_a_full_disk_reads(self):
        for ends in ("its input ends", "it is killed"):
            with self.subTest(ends):
                folder, make_room = self.small_disk()
                url = f"sqlite:{folder}/tidings.db"
                sidecar = self.spawn(store=url)
                sent = [sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")["nid"]
                        for _ in range(3)]
                if ends == "it is killed":
                    sidecar.process.kill()
                    sidecar.wait()
                else:
                    sidecar.finish()
                fill(folder / "filler")
                sidecar = self.spawn(store=url)
                self.assertEqual([m["nid"] for m in sidecar.messages(order="oldest", **INBOX)], sent)
                done = self.run_program("doctor", "--store", url)
                self.assertEqual(done.returncode, 70)
                self.assertIn("the disk that holds the database is full", done.stdout.decode())
                _, error = self.send_until_full(sidecar)
                self.assert_error(error, 2003, "store_unavailable")
                self.assertIn("full", error["message"])
                make_room()
                sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")
                sidecar.finish()

    def test_a_disk_without_room_for_a_database(self):
        folder, _ = self.small_disk()
        fill(folder / "filler")
        done = self.run_program("call", "ping", "--store", f"sqlite:{folder}/tidings.db")
        self.assertEqual(done.returncode, 69)
        self.assertIn("the disk that holds the database is full", done.stderr.decode())

    def test_what_is_beside_the_store_has_no_room(self):
        """It is not the store that failed, nor the source: the disk of the copy, or of temporary files."""
        folder, _ = self.small_disk()
        url, path = self.store()
        sidecar = self.spawn(store=url)
        for number in range(150):
            sidecar.result("send_account_message", reader_id=f"user {number}", message_type="note", content="x" * 60_000)
            sidecar.result("mark_read", user_id=f"user {number}", all=True)
        sidecar.finish()
        done = self.run_program("backup", f"{folder}/copy.db", "--store", url)
        self.assertEqual(done.returncode, 73, done.stderr)
        self.assertIn("its disk is full", done.stderr.decode())
        self.assertEqual(list(folder.iterdir()), [])
        table = path.parent / "table.csv"
        with open(table, "w") as file:
            file.write("reader_id,message_type,create_time,content\n")
            for number in range(60_000):
                file.write(f"user,note,2024-01-01T00:00:00Z,{number} {'x' * 400}\n")
        fill(folder / "filler")
        for command in (["export", "-o", path.parent / "all.jsonl", "--store", url],
                        ["import", "--from", table, "--kind", "account", "--store", f"sqlite:{path.parent}/new.db"]):
            done = self.run_program(*command, env={"TMPDIR": str(folder)})
            self.assertEqual(done.returncode, 73, done.stderr)
            self.assertIn("TMPDIR names another folder", done.stderr.decode())
        self.assertFalse((path.parent / "new.db").exists())
        self.assertFalse((path.parent / "all.jsonl").exists())

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_full_disk_behind_stdout(self):
        with open("/dev/full", "wb") as full:
            done = self.run_program("--store", "memory:", stdout=full, stderr=subprocess.PIPE,
                                    input=b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        self.assertEqual(done.returncode, 74)
        self.assertTrue(done.stderr.strip())
