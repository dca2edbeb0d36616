"""Files that other programs wrote, moved to Tidings: a dump of a site with the real django-notifications-hq, tables, JSON."""

import fcntl
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sidecar import ROOT, SidecarCase, on_each_store

BAD_DATA = 65
SITE = Path(__file__).with_name("notifications_site.py")
WANTED = ROOT / "Tests/notifications.txt"


def packages():
    """The folder with django-notifications-hq and the Django that it runs on, which is not the one of the other tests."""
    folder = ROOT / ".build/notifications"
    folder.parent.mkdir(exist_ok=True)
    # Tests run side by side.
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "notifications.txt"
        if not stamp.exists() or stamp.read_text() != WANTED.read_text():
            shutil.rmtree(folder, ignore_errors=True)
            # What has no wheel is built with the setuptools that is pinned, and not with whichever is the newest today.
            rest, name, builder = WANTED.read_text().partition("setuptools==")
            for wanted, *options in (name + builder,), (rest, "--no-build-isolation", "--use-pep517"):
                with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
                    file.write(wanted)
                    file.flush()
                    subprocess.run(
                        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                         "--require-hashes", "--target", folder, "--requirement", file.name, *options],
                        check=True, stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(folder)})
            stamp.write_text(WANTED.read_text())
    return folder


class Moving:
    def moved(self, url, *arguments, status=0, **options):
        """Runs an import into a store; what it said on stderr."""
        done = self.run_program("import", "--store", url, *arguments, **options)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def file(self, text, name="file"):
        path = self.folder() / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


@on_each_store()
class DjangoTests(Moving):
    def site(self, database, seed, command):
        environment = {**os.environ, "PYTHONPATH": str(packages()), "PYTHONWARNINGS": "ignore"}
        return subprocess.run(
            [sys.executable, SITE, database, str(seed), command], env=environment, check=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE).stdout

    def test_a_site(self):
        seed = random.randrange(1 << 32)
        print("seed", seed)
        database = self.folder() / "site.db"
        self.site(database, seed, "fill")
        dump = self.file(self.site(database, seed, "dump"))
        url = self.new_store()
        self.moved(url, "--from", dump, "--kind", "account")
        again = self.moved(url, "--from", "-", "--kind", "account", input=dump.read_bytes())
        self.assertIn("wrote 0 messages and 0 marks", again)
        sidecar = self.spawn(store=url)
        for user, expected in json.loads(self.site(database, seed, "answers")).items():
            for number, page in enumerate(expected["pages"], 1):
                got = sidecar.result("get_account_message", user_id=user, pageNo=number)
                self.assertEqual((got["total"], got["count"]), (expected["total"], expected["unread"]))
                self.assertEqual(len(got["data"]), len(page))
                for message, notification in zip(got["data"], page):
                    self.assert_same(message, notification)
        sidecar.finish()

    def assert_same(self, message, notification):
        actor = notification["actor"]
        self.assertEqual(message["message_type"], notification["verb"])
        self.assertEqual(message.get("content"), notification["description"])
        self.assertEqual(message["create_time"], notification["timestamp"])
        self.assertEqual(message["read"], not notification["unread"])
        self.assertEqual(message.get("user_id"), actor["id"] if actor["type"] == "auth.user" else None)
        for name in ("level", "actor", "target", "action_object", "data"):
            self.assertEqual(message["data"].get(name), notification[name], name)


class FileTests(Moving, SidecarCase):
    LARAVEL = ["--kind", "account", "--map", "reader_id=notifiable_id", "--map", "message_type=type", "--map", "create_time=created_at",
               "--map", "read=read_at"]

    def test_a_table_of_laravels(self):
        table = self.file(
            "id,type,notifiable_type,notifiable_id,data,read_at,created_at,updated_at\r\n"
            'a1,Paid,User,7,"{""amount"":12,\r\n""of"":""A, B""}",NULL,2024-05-01 10:30:00,\r\n'
            "a2,Paid,User,7,[],2024-05-01 11:00:00,2024-05-01 10:30:01,\r\n"
            "a3,Paid,User,7,{},,yesterday,\r\n")
        url, _ = self.store()
        said = self.moved(url, "--from", table, *self.LARAVEL, status=BAD_DATA)
        self.assertIn("document a3: create_time is no date", said)
        said = self.moved(url, "--from", table, *self.LARAVEL, "--skip-bad")
        self.assertIn("notifiable_type", said, "what was left out is named")
        sidecar = self.spawn(store=url)
        newest, oldest = sidecar.messages("get_account_message", user_id="7")
        self.assertEqual((newest["read"], oldest["read"]), (True, False))
        self.assertEqual(oldest["data"], {"amount": 12, "of": "A, B"})
        self.assertNotIn("data", newest, "PHP writes an object without members as a list")
        sidecar.finish()

    def test_what_mongoexport_writes(self):
        forms = [
            ('{"_id":{"$oid":"64f0c0ffee0123456789ab%02d"},"reader_id":"bo","team_id":"t","message_type":"n",'
             '"create_time":{"$date":%s},"read":%s}') % (number, date, read)
            for number, (date, read) in enumerate([
                ('"2024-05-01T10:30:00.001Z"', "true"), ('{"$numberLong":"1714559400002"}', "false"), ("1714559400003", "true")])]
        for text in ("\n".join(forms), "[" + ",\n".join(forms) + "]\n"):
            url, _ = self.store()
            self.moved(url, "--from", self.file(text), "--kind", "team")
            sidecar = self.spawn(store=url)
            messages = sidecar.messages(team_id="t", user_id="bo", order="oldest")
            self.assertEqual([(each["create_time"][-5:-1], each["read"]) for each in messages],
                             [(".001", True), (".002", False), (".003", True)])
            sidecar.finish()

    def test_a_file_that_was_cut_off(self):
        text = '[{"reader_id":"bo","message_type":"n","create_time":1714559400},{"reader_id":"bo"'
        url, path = self.store()
        self.moved(url, "--from", self.file(text), "--kind", "account", status=BAD_DATA)
        self.assertFalse(path.exists() and self.spawn(store=url).messages("get_account_message", user_id="bo"))

    def test_bad_options(self):
        table = self.file("reader_id,message_type,create_time\n")
        for options in (["--map", "nobody=x"], ["--timezone", "Mars/Phobos"], ["--format", "xml"], ["--kind", "none"],
                        ["--default", "x"], ["--default", "read=perhaps"], ["--default", "create_time=9999-01-01"], ["--default", "team_id=t"],
                        ["--map", "read=a", "--map", "read=!b"], ["--default", "read=yes", "--default", "read=no"]):
            done = self.run_program("import", "--store", "memory:", "--from", table, "--kind", "account", *options)
            self.assertEqual(done.returncode, 64, (options, done.stderr))
            self.assertIn(options[1].split("=")[0], done.stderr.decode())
            # What is wrong with options is told before anything is read.
            done = self.run_program("import", "--store", "memory:", "--from", "none", "--kind", "account", *options)
            self.assertEqual(done.returncode, 64, (options, done.stderr))

    ROW = "reader_id,message_type,create_time,content\n"

    def bad_table(self, rows):
        """What an import says of a table, of which one row is good; without --skip-bad nothing is made."""
        table = self.file(rows)
        url, path = self.store()
        said = self.moved(url, "--from", table, "--kind", "account", status=BAD_DATA)
        self.assertIn("nothing was imported", said)
        self.assertEqual(list(path.parent.iterdir()), [])
        skipped = self.moved(url, "--from", table, "--kind", "account", "--skip-bad")
        dry = self.moved(self.store()[0], "--from", table, "--kind", "account", "--dry-run", status=BAD_DATA)
        self.assertEqual([line for line in dry.splitlines() if line.startswith("line")],
                         [line for line in skipped.splitlines() if line.startswith("line")])
        self.assertIn("wrote 1 messages", skipped)
        return skipped

    def test_what_a_table_can_hold(self):
        good = "bo,n,2024-05-01,good\n"
        for row, sentence in [
                (b"bo,n,2024-05-01,caf\xe9\n", "line 3: a field is not UTF-8"),
                (b"bo,n,2024-05-01," + b"x" * (5 << 20) + b"\n", "line 3: content is longer than 65536 bytes"),
                (b"x" * (5 << 20) + b",n,2024-05-01,\n", "line 3: reader_id is longer than 128 bytes"),
                (b"bo,n,20240501,\n", "line 3: create_time is a number of neither 10 digits"),
                (b"bo,n,9999-05-01,\n", "line 3: create_time is more than a day ahead"),
                (b"bo,n,2024-05-01\n", "line 3: it has 3 fields"), (b'bo,n,2024-05-01,"a\n\nb', "line 3: a quote is not closed")]:
            said = self.bad_table((self.ROW + good).encode() + row)
            self.assertIn(sentence, said)
            self.assertIn("1 documents can't be messages", said)
            self.assertLess(len(said), 1_000)

    def test_a_row_without_an_end(self):
        url, path = self.store()
        said = self.moved(url, "--from", self.file(self.ROW + 'bo,n,2024-05-01,"' + "x" * (17 << 20)), "--kind", "account", status=BAD_DATA)
        self.assertIn("line 2: a row is larger than 16 MiB: is a quote missing?", said)
        self.assertEqual(list(path.parent.iterdir()), [])

    def test_spreadsheets_of_other_countries(self):
        rows = '\ufeff"reader_id";"message_type";"create_time";"content"\r\n"bo";"n";"2024-05-01";"a;b,\r\nc ""d"""\r\n'
        url, _ = self.store()
        self.moved(url, "--from", self.file(rows), "--kind", "account")
        [message] = self.spawn(store=url).messages("get_account_message", user_id="bo")
        self.assertEqual(message["content"], 'a;b,\r\nc "d"')

    def test_a_column_that_is_not_there(self):
        url, path = self.store()
        said = self.moved(url, "--from", self.file(self.ROW), "--kind", "account", "--map", "read=read_at", status=BAD_DATA)
        self.assertIn('no "read_at"', said)
        self.assertEqual(list(path.parent.iterdir()), [])

    def test_nothing_is_shown_of_what_documents_hold(self):
        secret = "what-nobody-else-may-read"
        documents = [
            {"reader_id": "bo", "message_type": "n", "create_time": secret}, {"reader_id": [secret], "message_type": "n"},
            {"reader_id": "bo", "message_type": "n", "create_time": "2024-05-01", "data": secret},
            {"reader_id": "bo", "message_type": "n", "create_time": "2024-05-01", "read": secret, "extra": secret},
            {"reader_id": secret * 9, "message_type": "n", "create_time": "2024-05-01"}, secret, [secret]]
        said = self.moved(self.store()[0], "--from", self.file("\n".join(map(json.dumps, documents)) + "\n{" + secret), "--kind", "account",
                          status=BAD_DATA)
        self.assertEqual(said.count("line "), 8)
        self.assertNotIn(secret, said)
