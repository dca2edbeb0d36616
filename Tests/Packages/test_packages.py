"""The packages that `make dist` makes: installed without a network where nothing else is, it runs.

Python's and Node's hosts run with nothing of Tidings on PATH or in the environment. That the libraries are
those of the package is read from the running program's memory map; and the packaged program runs where the
system's own are hidden, while the one that was packed does not.
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

        [cls.wheel] = cls.out.glob("*.whl")
        run(sys.executable, "-m", "venv", cls.folder / "venv")
        cls.python = cls.folder / "venv/bin/python"
        run(cls.python, "-m", "pip", "install", "--no-index", "--disable-pip-version-check", cls.wheel)
        cls.in_wheel = Path(run(cls.python, "-c", "import tidings; print(tidings.__path__[0])").strip()) / "bin"

        [cls.tarball] = cls.out.glob("*.tgz")
        (cls.folder / "host").mkdir()
        (cls.folder / "host/package.json").write_text('{ "private": true }')
        run("npm", "install", "--offline", "--no-audit", "--no-fund", "--cache", cls.folder / "cache", cls.tarball,
            cwd=cls.folder / "host")
        cls.in_tarball = cls.folder / "host/node_modules/tidings/bin"

    def node(self, name, text):
        """The output of a module in the host's folder."""
        path = self.folder / "host" / name
        path.write_text(text)
        return run(self.which("node"), path, env=self.env)

    @staticmethod
    def which(name):
        return run("sh", "-c", f"command -v {name}").strip()

    def assert_own_libraries(self, maps, home):
        """Every library that the program was linked with is mapped, from the package and from nowhere else.

        What else is mapped are plugins that libsasl2 looks for, which it does without where there are none.
        """
        found = dict(re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", PROGRAM), re.M))
        ours = {name for name in found if not GLIBC.match(name)}
        mapped = set(re.findall(r"^\S+ \S+ \S+ \S+ \S+ +(/.*\.so[.0-9]*)$", maps, re.M))
        self.assertEqual({os.path.basename(path) for path in mapped if Path(path).parent == home / "lib"}, ours)
        self.assertFalse(mapped & {os.path.realpath(found[name]) for name in ours})
        self.assertIn("libmongoc-1.0.so.0", ours)

    def test_a_python_host_runs_with_the_wheel_alone(self):
        content, maps = json.loads(run(self.python, "-c", PYTHON, env=self.env))
        self.assertEqual(content, "Tea is ready")
        self.assert_own_libraries(maps, self.in_wheel)

    def test_a_node_host_runs_with_the_tarball_alone(self):
        content, maps = json.loads(self.node("host.mjs", NODE))
        self.assertEqual(content, "Tea is ready")
        self.assert_own_libraries(maps, self.in_tarball)

    def test_either_brings_the_command(self):
        version = run(PROGRAM, "--version")
        for command in ("venv/bin/tidings", "host/node_modules/.bin/tidings"):
            self.assertEqual(run(self.folder / command, "--version"), version)

    def test_where_the_systems_libraries_are_hidden_the_packaged_program_runs(self):
        unshare = unshared()
        if unshare is None:
            self.skipTest("this system allows no mount namespace; the maps above tell the same")
        found = re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", PROGRAM), re.M)
        hidden = [os.path.realpath(path) for name, path in found if not GLIBC.match(name)]
        hidden += {folder for path in hidden if os.path.isdir(folder := os.path.join(os.path.dirname(path), "sasl2"))}
        command = [*unshare, "sh", "-c", HIDING, "sh", *hidden, "--"]
        self.assertTrue(any("libmongoc" in path for path in hidden), hidden)
        with self.assertRaisesRegex(AssertionError, "lib.*file too short"):
            run(*command, PROGRAM, "--version")
        urls = ["memory:", f"sqlite:{self.folder}/hidden.db", *os.environ.get("TIDINGS_TEST_STORES", "").split()]
        for home in (self.in_wheel, self.in_tarball):
            for url in urls:
                with self.subTest(home=home, store=url.partition(":")[0]):
                    store = url.replace("{unique}", uuid.uuid4().hex)
                    said = run(*command, home / "tidings", "call", "get_status", env={**os.environ, "TIDINGS_STORE": store})
                    self.assertEqual(json.loads(said)["store"]["kind"], store.partition(":")[0])

    def test_the_tags_are_true(self):
        names = [path for path in (self.in_wheel, *(self.in_wheel / "lib").iterdir()) if path.is_file()]
        versions = [int(minor) for path in names for minor in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())]
        tag = f"py3-none-manylinux_2_{max(versions)}_{os.uname().machine}"
        self.assertRegex(self.wheel.name, rf"^tidings-[0-9.]+-{tag}\.whl$")
        manifest = json.loads((self.in_tarball.parent / "package.json").read_text())
        self.assertEqual((manifest["os"], manifest["libc"]), (["linux"], ["glibc"]))
        self.assertEqual(manifest["cpu"], [run("node", "-p", "process.arch").strip()])

    def test_each_library_comes_with_its_licence(self):
        for home in (self.in_wheel, self.in_tarball):
            names = os.listdir(home / "licenses")
            for wanted in ("libmongoc-1.0-0", "libbson-1.0-0", "libsqlite3-0", "swift-collections"):
                self.assertTrue(any(name.startswith(wanted) for name in names), (wanted, names))

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
