"""What the program is linked with: glibc, and nothing else; libmongoc is looked for where a store is in MongoDB."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("TIDINGS_BIN") or ROOT / ".build/release/tidings")
NOWHERE = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1"
SENTENCE = "libmongoc-1.0-0 (Debian, Ubuntu), tidings[mongodb] (Python) or tidings-mongodb (Node)\n"


def said(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, errors="replace", **options).stdout  # A checksum's bytes are no text.


class LinkingTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="linking-", dir=ROOT / ".build")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, store, *arguments, **env):
        """Runs the program to the end of an empty stdin."""
        return subprocess.run([PROGRAM, *arguments], env={**os.environ, "TIDINGS_STORE": store, **env},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def library(self, source):
        """The environment in which libmongoc is this one, of C."""
        subprocess.run(["clang", "-shared", "-fPIC", "-x", "c", "-", "-o", self.folder / "libmongoc-1.0.so.0"],
                       input=source, text=True, check=True)
        return {"LD_LIBRARY_PATH": str(self.folder)}

    def test_the_program_needs_glibc_alone(self):
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", said("readelf", "--dynamic", PROGRAM)))
        self.assertLessEqual({name for name in needed if not name.startswith("ld-linux")}, {"libc.so.6", "libm.so.6"})

    def test_no_symbol_of_a_library_that_is_linked_in_is_the_worlds(self):
        """What the program exports, a library that it loads would find in place of its own."""
        symbols = said("readelf", "--dyn-syms", "--wide", PROGRAM)
        defined = re.findall(r" (?:GLOBAL|WEAK) +DEFAULT +\d+ (\S+)", symbols)
        self.assertEqual([name for name in defined if re.match("mongoc_|bson_|sqlite3_|_ZS|_ZNS", name)], [])

    def test_foundation_is_not_in_it(self):
        symbols = said("nm", PROGRAM)
        self.assertIn("$s7tidings", symbols)
        # It has 28,000 names; a few of them are there so that the linker does not look for the others.
        self.assertLess(len(re.findall(r"20FoundationEssentials", symbols)), 100)

    def test_a_library_that_cannot_be_loaded_is_a_sentence(self):
        (self.folder / "libmongoc-1.0.so.0").write_bytes(b"no library")
        env = {"LD_LIBRARY_PATH": str(self.folder)}
        for arguments in ([], ["doctor"], ["call", "ping"]):
            run = self.start(NOWHERE, *arguments, **env)
            self.assertEqual((run.returncode, run.stdout), (69, ""))
            self.assertRegex(run.stderr, r"\Atidings: MongoDB needs libmongoc, which can't be loaded \(.*libmongoc-1.0.so.0: .*\): ")
            self.assertTrue(run.stderr.endswith(": install " + SENTENCE), run.stderr)

    def test_an_old_library_is_a_sentence(self):
        run = self.start(NOWHERE, **self.library('const char *mongoc_get_version(void) { return "1.2.3"; }'))
        self.assertEqual((run.returncode, run.stdout), (69, ""))
        self.assertRegex(run.stderr, r"\Atidings: libmongoc 1\.2\.3 is too old, it has no [a-z_]+: install a newer one, ")
        self.assertTrue(run.stderr.endswith(SENTENCE), run.stderr)

    def test_a_library_of_another_kind_is_a_sentence(self):
        run = self.start(NOWHERE, **self.library("int nothing;"))
        self.assertEqual((run.returncode, run.stdout), (69, ""))
        self.assertRegex(run.stderr, r"\Atidings: libmongoc of unknown version is too old, it has no [a-z_]+: ")
        self.assertTrue(run.stderr.endswith(SENTENCE), run.stderr)

    def test_the_other_stores_do_not_look_for_it(self):
        ends = "#include <stdlib.h>\n__attribute__((constructor)) static void begin(void) { abort(); }"
        env = self.library(ends)
        self.assertLess(self.start(NOWHERE, **env).returncode, 0)
        for store in ("memory:", f"sqlite:{self.folder}/inbox.db"):
            run = self.start(store, "call", "get_status", **env)
            self.assertEqual(json.loads(run.stdout)["store"]["kind"], store.partition(":")[0])

    def test_libmongoc_leaves_nothing_in_shared_memory_when_the_program_is_killed(self):
        env = {name: value for name, value in os.environ.items() if name != "MONGOC_DISABLE_SHM"}
        program = subprocess.Popen([PROGRAM], env={**env, "TIDINGS_STORE": NOWHERE}, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with program:
            program.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
            program.stdin.flush()
            self.assertIn(b'"result"', program.stdout.readline())
            self.assertIn("libmongoc", Path(f"/proc/{program.pid}/maps").read_text())
            program.kill()
        self.assertFalse(Path(f"/dev/shm/mongoc-{program.pid}").exists())

    def test_the_options_as_json_are_not_offered(self):
        run = self.start("memory:", "--experimental-dump-help")
        self.assertEqual((run.returncode, run.stdout), (64, ""))
        self.assertEqual(run.stderr, "tidings: --experimental-dump-help is not in this program: see tidings --help\n")

    def test_what_is_installed_is_stripped_and_its_symbols_are_beside(self):
        if os.path.realpath(PROGRAM) != os.path.realpath(ROOT / ".build/release/tidings"):
            self.skipTest("`make install` copies what `make build` left")
        said("make", "--silent", "--directory", ROOT, "install", f"DESTDIR={self.folder}", "PREFIX=/usr")
        home = self.folder / "usr/bin"
        self.assertEqual(said(home / "tidings", "--version"), said(PROGRAM, "--version"))
        self.assertNotIn(".symtab", said("readelf", "--sections", "--wide", home / "tidings"))
        self.assertIn("tidings.debug", said("readelf", "--string-dump=.gnu_debuglink", home / "tidings"))
        self.assertIn("$s7tidings", said("nm", home / ".debug/tidings.debug"))
        self.assertLessEqual((home / "tidings").stat().st_size, 15e6)


if __name__ == "__main__":
    unittest.main()
