"""The arguments reach the program whatever was loaded before it, and name the store they name."""

import json
import os
import shutil
import subprocess
import unittest

from sidecar import DEADLINE, SidecarCase, environment, line, program, request

PRELOADED = """
#include <stdlib.h>
__attribute__((constructor)) static void begin(void) { setenv("SET_BEFORE_MAIN", "1", 1); }
"""
NO_ARGUMENTS = """
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv) { char *none[] = {0}; execve(argv[1], none, environ); return 1; }
"""
PING = line(request(1, "ping"))


class PreloadedLibraryTests(SidecarCase):
    """A library that changes the environment before main: it moves what lies behind the arguments."""

    def setUp(self):
        super().setUp()
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        self.assertIsNotNone(compiler, "a C compiler is needed")
        folder = self.folder()
        (folder / "early.c").write_text(PRELOADED)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "early.so", folder / "early.c"],
                       check=True)
        self.env = {"LD_PRELOAD": str(folder / "early.so"), "XDG_DATA_HOME": str(folder)}
        self.home = folder

    def test_store_and_scope_hold(self):
        url, path = self.store()
        sidecar = self.spawn("--user", "ann", "--read-only", store=url, env=self.env)
        self.assert_error(sidecar.error("get_account_message", user_id="bo"), 2005, "forbidden")
        self.assert_error(sidecar.error("send_account_message", reader_id="ann", message_type="note"),
                          2005, "forbidden")
        sidecar.finish()
        self.assertTrue(path.exists())
        self.assertFalse((self.home / "tidings").exists(), "the standard store was opened")

    def test_every_command_has_its_arguments(self):
        done = self.run_program("--version", env=self.env)
        self.assertRegex(done.stdout.decode(), r"^\d+\.\d+\.\d+\n$")
        self.assertEqual(self.run_program("--nonsense", env=self.env, input=PING).returncode, 64)
        done = self.run_program("call", "ping", "--store", "memory:", env=self.env)
        self.assertEqual((done.returncode, done.stdout), (0, b"{}\n"))

    def test_without_arguments_it_does_not_start(self):
        """Not even a name, as execve(2) allows: Linux gives such a program an empty one since 5.18."""
        (self.home / "none.c").write_text(NO_ARGUMENTS)
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        subprocess.run([compiler, "-o", self.home / "none", self.home / "none.c"], check=True)
        done = subprocess.run([self.home / "none", program()], input=PING, capture_output=True, timeout=DEADLINE,
                              env=environment(TIDINGS_STORE="memory:"), check=False)
        if done.returncode == 71:
            self.assertEqual(done.stdout, b"")
            self.assertIn(b"has not told this program its arguments", done.stderr)
        else:
            self.assertEqual((done.returncode, json.loads(done.stdout)["result"]), (0, {}))


class PathTests(SidecarCase):
    """Paths are bytes."""

    def test_names_that_are_not_utf_8_are_files_of_their_own(self):
        folder = os.fsencode(self.folder())
        for byte in (b"\xe9", b"\xe8", b"\xc3\xa9"):
            store = b"sqlite:" + folder + b"/caf" + byte + b".db"
            for how in ({"arguments": ["--store", store]}, {"variable": store}):
                done = self.call(
                    "send_account_message", b'{"reader_id":"bo","message_type":"note"}', **how)
                self.assertEqual(done.returncode, 0, done)
        for byte in (b"\xe9", b"\xe8", b"\xc3\xa9"):
            path = folder + b"/caf" + byte + b".db"
            self.assertTrue(os.path.exists(path), path)
            done = self.call("get_unread_count", b'{"user_id":"bo"}', arguments=["--store", b"sqlite:" + path])
            self.assertIn(b'"count":2', done.stdout, done)
            self.assertEqual(self.doctor(b"sqlite:" + path).returncode, 0)

    def test_the_standard_store_under_such_a_home(self):
        home = os.fsencode(self.folder()) + b"/h\xff"
        os.mkdir(home)
        env = {**os.environb, b"HOME": home}
        env.pop(b"XDG_DATA_HOME", None)
        env.pop(b"TIDINGS_STORE", None)
        done = subprocess.run([program()], input=PING, env=env, capture_output=True, timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, done)
        self.assertTrue(os.path.exists(home + b"/.local/share/tidings/tidings.db"))
        self.assertEqual(os.stat(home + b"/.local/share/tidings").st_mode & 0o777, 0o700)

    def test_identifiers_must_be_utf_8(self):
        for option in ("--user", "--team"):
            done = subprocess.run([program(), "--store", "memory:", option, b"caf\xe9"], input=PING,
                                  env=environment(), capture_output=True, timeout=DEADLINE, check=False)
            self.assertEqual(done.returncode, 64, done)
            self.assertIn(f"{option} must be UTF-8", done.stderr.decode())

    def test_parameters_must_be_utf_8(self):
        done = self.call("get_unread_count", b'{"user_id":"caf\xe9"}', arguments=["--store", "memory:"])
        self.assertEqual(done.returncode, 64, done)

    def call(self, method, params, arguments=(), variable=None):
        env = {os.fsencode(k): os.fsencode(v) for k, v in environment().items()}
        if variable:
            env[b"TIDINGS_STORE"] = variable
        return subprocess.run([program(), "call", method, params, *arguments], env=env, capture_output=True,
                              timeout=DEADLINE, check=False)

    def doctor(self, store):
        return subprocess.run([program(), "doctor", "--store", store], env=environment(), capture_output=True,
                              timeout=DEADLINE, check=False)


class StoreNameTests(SidecarCase):
    """Stores as people write them: taken as they mean it, or refused with what to write."""

    def test_refused(self):
        for name, advice in {
            "inbox.db": "write sqlite:inbox.db",
            "./inbox.db": "write sqlite:./inbox.db",
            "/srv/inbox.db": "write sqlite:/srv/inbox.db",
            "~/inbox.db": "write sqlite:~/inbox.db",
            "memory": "write memory:",
            ":memory:": "write memory:",
            "sqlite::memory:": "write memory:",
            "sqlite:": "write sqlite:PATH",
            "sqlite:///": "write sqlite:PATH",
            "sqlite://inbox.db": "write sqlite:inbox.db",
            "sqlite:inbox.db?mode=ro": "write sqlite:inbox.db",
            "sqlite:file:inbox.db": "write sqlite:inbox.db",
            "file:inbox.db": "write sqlite:inbox.db",
            "sqlite:~root/inbox.db": "write the full path",
            "postgres://db/inbox": "a store is sqlite:PATH",
            "": "a store is sqlite:PATH",
        }.items():
            for origin, run in {
                "--store": lambda: self.run_program("--store", name, input=PING, cwd=folder),
                "TIDINGS_STORE": lambda: self.run_program(
                    input=PING, cwd=folder, env={"TIDINGS_STORE": name, "XDG_DATA_HOME": str(folder)}),
            }.items():
                if origin == "TIDINGS_STORE" and not name:
                    continue  # An empty variable is as none.
                with self.subTest(name=name, origin=origin):
                    folder = self.folder()
                    done = run()
                    self.assertEqual((done.returncode, done.stdout), (64, b""))
                    sentence = done.stderr.decode()
                    self.assertTrue(sentence.startswith(f"tidings: {origin}: "), sentence)
                    self.assertIn(name, sentence)
                    self.assertIn(advice, sentence)
                    self.assertEqual([*folder.iterdir()], [], "something was made")

    def test_taken(self):
        folder = self.folder()
        for name, path in {
            "sqlite:a.db": folder / "a.db",
            f"sqlite://{folder}/b.db": folder / "b.db",
            f"sqlite:///{folder}/c.db": folder / "c.db",
            "sqlite:~/d.db": folder / "d.db",
            "sqlite:e and % and é.db": folder / "e and % and é.db",
        }.items():
            with self.subTest(name):
                done = self.run_program("--store", name, input=PING, cwd=folder, env={"HOME": str(folder)})
                self.assertEqual(done.returncode, 0)
                self.assertTrue(path.exists())

    def test_no_password_is_repeated(self):
        secret = "hunter2"
        for arguments in (
            [f"mongodb://u:{secret}@db/tidings"],
            ["--store", f"sqlite:mongodb://u:{secret}@db/tidings"],
            ["--store", f"postgres://u:{secret}@db/tidings"],
            ["--store", f"mongodb://u:{secret}@db/tidings", "--nonsense"],
            ["--log-level", f"mongodb://u:{secret}@db/tidings"],
            ["call", "ping", "{}", f"mongodb://u:{secret}@db"],
            ["--store", "memory:", "--drain-timeout", f"mongodb://u:{secret}/x@y@db"],
            ["replay", f"mongodb://u:{secret}@db/tidings"],
            [f"mongodb://u:my {secret}@db/tidings"],
            [f"u:{secret}@db/tidings"],
            ["--store", f"u:{secret}@db/tidings"],
            ["--store", f"mongodb:/u:{secret}@db/tidings"],
            ["--store", f"mongodb+srv//u:{secret}@db/tidings"],
            *(arguments for text in (f"mongodb:/u:{secret}@db/tidings", f"mongodb:u:{secret}@db", f"u:{secret}@db",
                                     f"mongodb://u:my {secret}@db", f"sqlite:mongodb:/u:{secret}@db")
              for arguments in ([text], ["--store", text])),
        ):
            with self.subTest(arguments):
                done = self.run_program(*arguments, input=PING)
                self.assertNotEqual(done.returncode, 0)
                self.assertNotIn(secret.encode(), done.stdout + done.stderr)

    def test_errors_carry_nothing_to_a_terminal(self):
        for arguments in (["\x1b]0;title\x07"], ["--store", "\x1b[2J\nforged: line"], ["--user", "x" * 200 + "\x9b"]):
            with self.subTest(arguments):
                done = self.run_program(*arguments, input=PING)
                self.assertEqual(done.returncode, 64)
                text = done.stderr.decode()
                self.assertFalse({c for c in text if c != "\n" and not c.isprintable()}, text)


if __name__ == "__main__":
    unittest.main()
