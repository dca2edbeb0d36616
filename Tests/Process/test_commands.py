"""`schema`, `doctor`, `--help`, `--version`, and how the program is linked."""

import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from sidecar import ROOT, SidecarCase, program


class CommandTests(SidecarCase):
    def test_schema_prints_the_checked_in_document(self):
        done = self.run_program("schema", env={"TIDINGS_STORE": "sqlite:/no such folder/tidings.db"})
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["info"]["title"].lower(), "tidings")
        self.assertTrue(done.stdout == (ROOT / "Schemas/openrpc.json").read_bytes(),
                        "`tidings schema` differs from Schemas/openrpc.json")

    def test_doctor_on_a_good_store(self):
        url, path = self.store()
        sidecar = self.spawn(store=url)
        sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note")
        done = self.run_program("doctor", env={"TIDINGS_STORE": url})  # Beside a running one.
        self.assertEqual(done.returncode, 0)
        self.assertIn(str(path), done.stdout.decode())
        sidecar.finish()
        self.assertEqual(self.run_program("doctor", "--store", url).returncode, 0)

    def test_doctor_on_a_bad_store(self):
        missing = self.folder() / "no such folder" / "tidings.db"
        other = self.folder() / "notes.txt"
        other.write_text("no database\n" * 1000)
        for path in (missing, other):
            with self.subTest(path.name):
                done = self.run_program("doctor", env={"TIDINGS_STORE": f"sqlite:{path}"})
                self.assertNotEqual(done.returncode, 0)
                self.assert_no_crash(done.returncode)
                self.assertIn(str(path), (done.stdout + done.stderr).decode())

    def test_doctor_makes_no_file(self):
        path = self.folder() / "tidings.db"
        done = self.run_program("doctor", "--store", f"sqlite:{path}")
        self.assertEqual(done.returncode, 69)
        self.assertIn(f"no file at {path}", done.stderr.decode())
        home = self.folder()
        done = self.run_program("doctor", env={"XDG_DATA_HOME": str(home)})
        self.assertEqual(done.returncode, 69)
        self.assertEqual([*path.parent.iterdir(), *home.iterdir()], [])

    def test_help(self):
        done = self.run_program("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("serve", "call", "schema", "doctor", "verify", "backup", "--version"):
            self.assertIn(word, done.stdout.decode())
        for command, words in {"serve": ["--store", "--log-level", "--log-format", "--drain-timeout"],
                               "call": ["--store"], "schema": [], "doctor": ["--store"], "verify": ["--repair", "--json"], "backup": ["--store"]}.items():
            with self.subTest(command):
                done = self.run_program(command, "--help")
                self.assertEqual(done.returncode, 0)
                for word in words:
                    self.assertIn(word, done.stdout.decode())

    def test_version(self):
        done = self.run_program("--version")
        self.assertEqual(done.returncode, 0)
        version = done.stdout.decode().split()[-1]
        sidecar = self.spawn()
        self.assertEqual(sidecar.result("get_status")["version"], version)
        self.assertEqual(sidecar.result("initialize")["serverInfo"]["version"], version)
        self.assertEqual(sidecar.result("rpc.discover")["info"]["version"], version)
        sidecar.finish()

    def test_serve_is_the_default(self):
        ping, pong = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', b'{"jsonrpc":"2.0","id":1,"result":{}}\n'
        for arguments in (["--store", "memory:"], ["serve", "--store", "memory:"]):
            with self.subTest(arguments):
                done = self.run_program(*arguments, input=ping)
                self.assertEqual((done.returncode, done.stdout), (0, pong))

    def test_a_wrong_use_is_refused(self):
        for arguments in (["--no-such-option"], ["no_such_command"], ["call"], ["serve", "--store"]):
            with self.subTest(arguments):
                done = self.run_program(*arguments, env={"TIDINGS_STORE": "memory:"})
                self.assertEqual((done.returncode, done.stdout), (64, b""))
                self.assertTrue(done.stderr.strip())


@unittest.skipUnless(shutil.which("ldd"), "there is no ldd")
class LinkingTests(unittest.TestCase):
    def test_neither_foundation_nor_its_unicode_data_is_linked_in(self):
        """Names of types and of data, which a program has even when it is stripped."""
        content = Path(program()).read_bytes()
        for name in (b"FoundationInternationalization", b"_FoundationICU", b"icudt", b"libFoundation.so",
                     b"NSRegularExpression"):
            with self.subTest(name):
                self.assertFalse(name in content, "it is linked in")

    def test_the_swift_runtime_is_linked_in(self):
        done = subprocess.run(["ldd", os.path.realpath(program())], capture_output=True, text=True,
                              check=True)
        libraries = [entry.split()[0] for entry in done.stdout.splitlines() if entry.strip()]
        runtime = ("libswift", "libFoundation", "lib_Foundation", "libdispatch", "libBlocksRuntime")
        found = [name for name in libraries if os.path.basename(name).startswith(runtime)]
        self.assertEqual(found, [], done.stdout)
        self.assertNotIn("not found", done.stdout)
