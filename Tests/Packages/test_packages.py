"""The packages that `make dist` makes: installed without a network where nothing else is, it runs.

Python's and Node's hosts run with nothing of Tidings on PATH or in the environment. That the program needs no library
of the system but glibc's is read from its memory map, and that libmongoc is that of `tidings-mongodb` from there too;
and the packaged program opens MongoDB where the system's own libraries are hidden, while the one that was packed
does not.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import uuid
from pathlib import Path
from urllib.parse import quote

import pymongo

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("TIDINGS_BIN") or ROOT / ".build/release/tidings")
GLIBC = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|nsl|anl|nss_\w+))\.so[.0-9]*$")

PYTHON = """
import json
from tidings.sync import Tidings
with Tidings.start(store="memory:") as inbox:
    inbox.send_team_message(team_id="crew", user_id="ann", message_type="note", content="Tea is ready")
    page = inbox.get_team_message(team_id="crew", user_id="bob")
    print(json.dumps([page["data"][0]["content"], open(f"/proc/{inbox.pid}/maps").read()]))
"""
NODE = """
import { readFileSync } from "node:fs";
import { Tidings } from "tidings";
const inbox = await Tidings.start({ store: "memory:" });
await inbox.sendTeamMessage({ team_id: "crew", user_id: "ann", message_type: "note", content: "Tea is ready" });
const page = await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" });
console.log(JSON.stringify([page.data[0].content, readFileSync(`/proc/${inbox.pid}/maps`, "utf8")]));
await inbox.close();
"""
# Each library is hidden under an empty file, and each folder under an empty one, for this command alone.
HIDING = """
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mount -t tmpfs none "$1"; else mount --bind /dev/null "$1"; fi || exit 99
  shift
done
shift
exec "$@"
"""


def run(*command, **options):
    """The output of a command; if it fails, an error that says why."""
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise AssertionError(f"{command[0]}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def unshared():
    """The command that gives another one mounts of its own, or None where the system forbids it."""
    for command in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        tried = subprocess.run([*command, "sh", "-c", HIDING, "sh", "/etc/passwd", "--", "true"], capture_output=True)
        if tried.returncode == 0:
            return command
    return None


class PackageTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Beside the build, since /tmp may be in memory, and may forbid to run what is in it.
        (ROOT / ".build").mkdir(exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="packages-", dir=ROOT / ".build")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.out = cls.folder / "dist"
        run(ROOT / ".ci/dist", PROGRAM, cls.out)
        cls.env = {"PATH": "/nowhere", "HOME": str(cls.folder)}

        [cls.wheel] = cls.out.glob("tidings-*.whl")
        cls.python = cls.venv("venv", "tidings")
        cls.in_wheel = Path(run(cls.python, "-c", "import tidings; print(tidings.__path__[0])").strip()) / "bin"

        [cls.mongodb_wheel] = cls.out.glob("tidings_mongodb-*.whl")
        [cls.mongodb_tarball] = cls.out.glob("tidings-mongodb-*.tgz")
        [cls.tarball] = cls.out.glob("tidings-[0-9]*.tgz")
        (cls.folder / "host").mkdir()
        (cls.folder / "host/package.json").write_text('{ "private": true }')
        run("npm", "install", "--offline", "--no-audit", "--no-fund", "--cache", cls.folder / "cache", cls.tarball,
            cwd=cls.folder / "host")
        cls.in_tarball = cls.folder / "host/node_modules/tidings/bin"

        # And the same with what MongoDB needs.
        with_mongodb = cls.venv("venv-mongodb", "tidings[mongodb]")
        (cls.folder / "host-mongodb").mkdir()
        (cls.folder / "host-mongodb/package.json").write_text('{ "private": true }')
        run("npm", "install", "--offline", "--no-audit", "--no-fund", "--cache", cls.folder / "cache", cls.tarball,
            cls.mongodb_tarball, cwd=cls.folder / "host-mongodb")
        cls.with_mongodb = [
            Path(run(with_mongodb, "-c", "import tidings; print(tidings.__path__[0])").strip()) / "bin",
            cls.folder / "host-mongodb/node_modules/tidings/bin"]
        cls.libraries = [cls.with_mongodb[0].parent.parent / "tidings_mongodb/lib",
                         cls.with_mongodb[1].parent.parent / "tidings-mongodb/lib"]

    @classmethod
    def venv(cls, name, wanted):
        """Python of an environment in which a distribution of `make dist` is installed."""
        run(sys.executable, "-m", "venv", cls.folder / name)
        python = cls.folder / name / "bin/python"
        run(python, "-m", "pip", "install", "--no-index", "--find-links", cls.out, "--disable-pip-version-check", wanted)
        return python

    def node(self, name, text):
        """The output of a module in the host's folder."""
        path = self.folder / "host" / name
        path.write_text(text)
        return run(self.which("node"), path, env=self.env)

    @staticmethod
    def which(name):
        return run("sh", "-c", f"command -v {name}").strip()

    def assert_glibc_alone(self, maps):
        """No library is mapped but glibc's."""
        mapped = set(re.findall(r"^\S+ \S+ \S+ \S+ \S+ +(/.*\.so[.0-9]*)$", maps, re.M))
        self.assertEqual({path for path in mapped if not GLIBC.match(os.path.basename(path))}, set())

    def test_a_python_host_runs_with_the_wheel_alone(self):
        content, maps = json.loads(run(self.python, "-c", PYTHON, env=self.env))
        self.assertEqual(content, "Tea is ready")
        self.assert_glibc_alone(maps)

    def test_a_node_host_runs_with_the_tarball_alone(self):
        content, maps = json.loads(self.node("host.mjs", NODE))
        self.assertEqual(content, "Tea is ready")
        self.assert_glibc_alone(maps)

    def test_either_brings_the_command(self):
        version = run(PROGRAM, "--version")
        for command in ("venv/bin/tidings", "host/node_modules/.bin/tidings"):
            self.assertEqual(run(self.folder / command, "--version"), version)

    def test_without_mongodbs_package_the_program_says_what_to_install(self):
        env = {**self.env, "TIDINGS_STORE": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1", "LD_LIBRARY_PATH": str(self.folder)}
        # A file that is no library stands before the system's own.
        (self.folder / "libmongoc-1.0.so.0").write_bytes(b"")
        for home in (self.in_wheel, self.in_tarball):
            tried = subprocess.run([home / "tidings"], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual((tried.returncode, tried.stdout), (69, ""))
            self.assertRegex(tried.stderr, r"\Atidings: MongoDB needs libmongoc, which can't be loaded \(.*\): install .*\n\Z")

    def test_where_the_systems_libraries_are_hidden_the_packaged_program_opens_every_store(self):
        unshare = unshared()
        if unshare is None:
            self.skipTest("this system allows no mount namespace; the other tests tell most of it")
        path = run("clang", "-print-file-name=libmongoc-1.0.so.0").strip()
        found = {"libmongoc-1.0.so.0": path, **dict(re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", path), re.M))}
        hidden = [os.path.realpath(path) for name, path in found.items() if not GLIBC.match(name)]
        hidden += {folder for path in hidden if os.path.isdir(folder := os.path.join(os.path.dirname(path), "sasl2"))}
        command = [*unshare, "sh", "-c", HIDING, "sh", *hidden, "--"]
        urls = ["memory:", f"sqlite:{self.folder}/hidden.db", *os.environ.get("TIDINGS_TEST_STORES", "").split()]
        for home in self.with_mongodb:
            for url in urls:
                with self.subTest(home=home, store=url.partition(":")[0]):
                    store = url.replace("{unique}", uuid.uuid4().hex)
                    env = {**os.environ, "TIDINGS_STORE": store}
                    said = run(*command, home / "tidings", "call", "get_status", env=env)
                    self.assertEqual(json.loads(said)["store"]["kind"], store.partition(":")[0])
                    # What was packed has SQLite in it, and the system's libmongoc is hidden.
                    if store.startswith("mongodb:"):
                        with self.assertRaisesRegex(AssertionError, "status 69"):
                            run(*command, PROGRAM, "call", "get_status", env=env)

    def test_a_password_of_any_alphabet_opens_mongodb(self):
        """libmongoc prepares it with ICU, of whose tables the package has two."""
        url = next((url for url in os.environ.get("TIDINGS_TEST_STORES", "").split() if "mongodb:" in url), None)
        if url is None:
            self.skipTest("no MongoDB")
        client = pymongo.MongoClient(url.replace("{unique}", "admin"))
        database = "packages" + uuid.uuid4().hex
        # A roman numeral of one character is the letters I and X, after preparation.
        client[database].command("createUser", "ann", pwd="\u2168-\u00e9\u00df", roles=["readWrite"])
        self.addCleanup(client.drop_database, database)
        self.addCleanup(client[database].command, "dropUser", "ann")
        for password in ("\u2168-\u00e9\u00df", "IX-e\u0301\u00df"):
            store = url.replace("{unique}", database).replace("mongodb://", f"mongodb://ann:{quote(password)}@")
            for home in self.with_mongodb:
                said = run(home / "tidings", "call", "get_unread_count", '{"user_id":"bob"}',
                           env={**self.env, "TIDINGS_STORE": store})
                self.assertEqual(json.loads(said)["count"], 0)

    def test_the_packages_are_small(self):
        """As small as is promised: the wheel, the tarball and the program, in MB."""
        sizes = [path.stat().st_size / 1e6 for path in (self.wheel, self.tarball, self.in_wheel / "tidings")]
        self.assertTrue(all(size <= most for size, most in zip(sizes, (6, 6, 15))), sizes)

    def test_the_tags_are_true(self):
        table = [(self.wheel, "tidings", [self.in_wheel / "tidings"]),
                 (self.mongodb_wheel, "tidings_mongodb", list(self.libraries[0].iterdir()))]
        for wheel, name, files in table:
            versions = [int(minor) for path in files for minor in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())]
            tag = f"py3-none-manylinux_2_{max(versions)}_{os.uname().machine}"
            self.assertRegex(wheel.name, rf"^{name}-[0-9.]+-{tag}\.whl$")
        cpu = [run("node", "-p", "process.arch").strip()]
        for home in (self.in_tarball.parent, self.libraries[1].parent):
            manifest = json.loads((home / "package.json").read_text())
            self.assertEqual((manifest["os"], manifest["libc"], manifest["cpu"]), (["linux"], ["glibc"], cpu))

    def test_each_library_comes_with_its_licence(self):
        tables = {self.in_wheel: ("libsqlite3", "libstdc++", "swift-collections", "swift-argument-parser"),
                  self.libraries[0].parent: ("libmongoc-1.0-0", "libbson-1.0-0", "libicu", "libssl3")}
        for home, wanted in [*tables.items(), *zip((self.in_tarball, self.libraries[1].parent), tables.values())]:
            names = os.listdir(home / "licenses")
            for start in wanted:
                self.assertTrue(any(name.startswith(start) for name in names), (start, names))

    def test_the_program_is_the_arguments_the_variables_the_packages_or_paths(self):
        programs = {}
        for name in ("argument", "variable", "path"):
            programs[name] = self.folder / "programs" / name / "tidings"
            programs[name].parent.mkdir(parents=True, exist_ok=True)
            programs[name].write_text("#!/bin/sh\n")
            programs[name].chmod(0o755)
        argument, variable, path = map(str, programs.values())
        table = [(argument, {"TIDINGS_BIN": variable}), (None, {"TIDINGS_BIN": variable}), (None, {})]
        env = {"PATH": os.path.dirname(path)}
        code = "import sys, tidings; print(tidings.find_program(*sys.argv[1:]))"
        lookup = json.dumps(str(self.in_tarball.parent / "lib/program.js"))
        finder = f"const [program] = process.argv.slice(1); console.log(require({lookup}).findProgram(program, process.env))"
        for home, command in ((self.in_wheel, [self.python, "-c", code]),
                              (self.in_tarball, [self.which("node"), "-e", finder])):
            def look(program, more):
                given = [program] if program else []
                return run(*command, *given, env={**env, **more}).strip()

            with self.subTest(home=home):
                own = home / "tidings"
                self.assertEqual([look(*case) for case in table], [argument, variable, str(own)])
                aside = own.rename(own.with_name("aside"))
                try:
                    self.assertEqual(look(None, {}), path)
                finally:
                    aside.rename(own)

    def test_the_source_distribution_installs_offline(self):
        [sdist] = self.out.glob("*.tar.gz")
        run(self.python, "-m", "pip", "install", "--no-index", "--no-build-isolation", "--disable-pip-version-check",
            "--target", self.folder / "target", sdist)
        self.assertTrue((self.folder / "target/tidings/py.typed").is_file())
        self.assertFalse((self.folder / "target/tidings/bin").exists())

    def shown(self, heading, language):
        """The first block of a language under a heading of the top-level README."""
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        section = re.search(rf"^#+ {heading}\n(.*?)(?=^##|\Z)", text, re.M | re.S)[1]
        return re.search(rf"^```{language}\n(.*?)^```", section, re.M | re.S)[1]

    def test_what_readme_shows_of_packages_runs_as_it_stands_there(self):
        """Installed by README's own commands, in a folder that has what `make dist` left."""
        for heading, language, name, command, brought in (
            ("Python", "python", "hello.py", "env/bin/python", "env/bin"),
            ("Node", "js", "hello.mjs", self.which("node"), "node_modules/.bin"),
        ):
            with self.subTest(heading), tempfile.TemporaryDirectory(dir=self.folder) as name_of_folder:
                folder = Path(name_of_folder)
                (folder / ".build").mkdir()
                (folder / ".build/dist").symlink_to(self.out)
                # npm would look for one above this folder.
                (folder / "package.json").write_text('{ "private": true }')
                tools = {**os.environ, "HOME": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
                run("sh", "-eu", "-c", self.shown(heading, "sh"), cwd=folder, env=tools)
                (folder / name).write_text(self.shown(heading, language), encoding="utf-8")
                self.assertEqual(run(command, name, cwd=folder, env=self.env), "1 unread: Tea is ready\n")
                # Either brings the command that the shell is shown with.
                env = {**self.env, "PATH": str(folder / brought)}
                for path in folder.glob("inbox.db*"):
                    path.unlink()
                *_, last = run("/bin/sh", "-eu", "-c", self.shown("Shell", "sh"), cwd=folder, env=env).strip().split("\n")
                self.assertEqual(json.loads(last)["teams"], {"crew": {"total": 1, "count": 1, "unseen": 1}})


if __name__ == "__main__":
    unittest.main()
