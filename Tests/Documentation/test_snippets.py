"""What README and the pages show runs as it stands there, and prints what they say.

README's first steps with a package are tested in Packages, where packages are made.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import pages

PROGRAM = os.path.abspath(os.environ.get("TIDINGS_BIN") or pages.ROOT / ".build/release/tidings")
README = pages.read("README.md")
TEA = {"team_id": "crew", "user_id": "ann", "message_type": "note", "content": "Tea is ready"}
# Bounds what is broken; no test passes by it.
SECONDS = 120
# What is `tidings` on PATH: the program, whose process is known.
STARTED = """#!/bin/sh
echo $$ >>"$STARTED"
exec "$PROGRAM" "$@"
"""
# sqlite3's command that the page about backups shows, by the SQLite that Python has.
SQLITE3 = """#!%s
import sqlite3, sys
_, path, command = sys.argv
database = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None)
database.execute(command)
"""


def page(name):
    """The text of a page of the catalogue."""
    return (pages.CATALOGUE / f"{name}.md").read_text(encoding="utf-8")


def only(found):
    """The one item of a list."""
    [item] = found
    return item


class Snippets(unittest.TestCase):
    """A folder with nothing but `tidings` before what is on PATH, as somebody's who follows README."""

    def setUp(self):
        self.assertTrue(os.access(PROGRAM, os.X_OK), f"no program at {PROGRAM}: run make build, or set TIDINGS_BIN")
        folder = tempfile.TemporaryDirectory(prefix="tidings-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.started = self.folder / "started"
        self.addCleanup(self.all_have_ended)
        self.command("tidings", STARTED)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
        self.environment.update({
            "PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.folder), "PROGRAM": PROGRAM,
            "STARTED": str(self.started), "LC_ALL": "C.UTF-8",
            **{f"XDG_{name}_HOME": str(self.folder) for name in ("DATA", "CONFIG", "STATE", "CACHE")}})

    def all_have_ended(self):
        """Waits until no program is left that was started by `tidings`: it ends with its host."""
        for pid in self.started.read_text().split() if self.started.exists() else []:
            deadline = time.monotonic() + SECONDS
            while is_running(pid):
                self.assertLess(time.monotonic(), deadline, "a program outlives its host")
                time.sleep(0.01)

    def command(self, name, text):
        """Puts a program on PATH."""
        path = self.bin / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def run_command(self, command, **options):
        """The result of a command, which must succeed."""
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        done = subprocess.run(list(map(str, command)), cwd=self.folder, env=self.environment, capture_output=True,
                              text=True, timeout=SECONDS, check=False, **options)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        return done

    def shell(self, script, **options):
        """The output of a script."""
        return self.run_command(["sh", "-eu", "-c", script], **options).stdout

    def call(self, method, store="sqlite:inbox.db", **params):
        """The result of a call."""
        command = [PROGRAM, "call", "--store", store, method, json.dumps(params)]
        return json.loads(self.run_command(command).stdout)


def is_running(pid):
    """Returns whether a process is there, and not only waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def without_times(text):
    """The text with every time as the same."""
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME", text)


class ReadmeTests(Snippets):
    def test_the_first_screen_runs_after_a_clone(self):
        """All of it: the build, which is only asked for here, PATH, and the pipe."""
        self.command("make", '#!/bin/sh\n[ "$*" = build ] || exit 1\nmkdir -p .build/release\n'
                             'cp "$PROGRAM" .build/release/tidings\n')
        (self.bin / "tidings").unlink()
        beginning = README[:README.index("\n## ")]
        printed = self.shell(pages.blocks(beginning, "sh")[0])
        self.assertEqual(without_times(printed), without_times(only(pages.blocks(beginning, "text"))))
        self.assertIn("PROGRAM := .build/release/tidings\n", pages.read("Makefile"))

    def test_a_shell(self):
        *_, last = self.shell(only(pages.blocks(pages.section(README, "Shell"), "sh"))).strip().split("\n")
        self.assertEqual(json.loads(last)["teams"], {"crew": {"total": 1, "count": 1, "unseen": 1}})

    def test_any_other_language(self):
        code = only(pages.blocks(pages.section(README, "Any other language"), "python"))
        (self.folder / "bare.py").write_text(f"{code}\nprint('status', tidings.returncode)\n")
        printed = self.run_command([sys.executable, "bare.py"]).stdout
        self.assertEqual(printed, "1 unread: Tea is ready\nstatus 0\n", "the program has to have ended at the end")

    def test_neovim(self):
        self.environment["TIDINGS_STORE"] = f"sqlite:{self.folder}/inbox.db"
        self.call("send_team_message", **TEA)
        config = only(pages.blocks(pages.section(README, "Neovim"), "lua"))
        self.assertIn("/path/to/tidings/", config)
        (self.folder / "init.lua").write_text(config.replace("/path/to/tidings/", f"{pages.ROOT}/"))
        (self.folder / "after.lua").write_text("""
            local shown = vim.wait(60000, function()
              return vim.api.nvim_eval_statusline(vim.o.statusline, {}).str:find("✉ 1", 1, true) ~= nil
            end, 5)
            vim.cmd("Inbox")
            local listed = vim.wait(60000, function()
              return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false)):find("Tea is ready", 1, true) ~= nil
            end, 5)
            io.stdout:write(tostring(shown), " ", tostring(listed))
            vim.cmd("qall!")
        """)
        nvim = self.editor("nvim", "neovim")
        done = self.run_command([nvim, "--headless", "-u", "init.lua", "-c", "luafile after.lua", "-c", "cquit"])
        self.assertTrue(done.stdout.endswith("true true"), (done.stdout, done.stderr))

    def test_emacs(self):
        (self.folder / "init.el").write_text(
            only(pages.blocks(pages.section(README, "Emacs, and whatever speaks LSP"), "elisp")))
        done = self.run_command([self.editor("emacs", "emacs-nox"), "--batch", "-Q", "-l", "init.el"])
        self.assertIn("1 unread", done.stderr.split("\n"))

    def editor(self, name, package):
        """The editor's path. It is not skipped where it is missing."""
        path = shutil.which(name)
        self.assertTrue(path, f"no {name} on PATH: install Debian's {package}")
        return path

    def test_what_make_is_asked_for_is_there(self):
        targets = set(re.findall(r"^([a-z-]+):.*##", pages.read("Makefile"), re.M))
        for path in pages.every_page():
            text = path.read_text(encoding="utf-8")
            scripts = "\n".join(pages.blocks(text, "sh"))
            asked = re.findall(r"^(?:[A-Z]+=\S+ |sudo )?make (?:-C \S+ )?([a-z-]+)", scripts, re.M)
            asked += re.findall(r"`(?:[A-Z]+=\S+ |sudo )?make ([a-z-]+)`", text)
            with self.subTest(path.name):
                self.assertFalse(set(asked) - targets)
        self.assertIn("docs", targets)


class PageTests(Snippets):
    def test_conversation_is_what_make_demo_prints(self):
        printed = self.run_command([pages.ROOT / ".ci/demo", PROGRAM]).stdout.strip("\n")
        shown = only(pages.blocks(page("Conversation"), "text")).strip("\n")
        self.assertEqual(without_times(printed), without_times(shown))

    def test_scopes(self):
        self.environment["TIDINGS_STORE"] = "sqlite:inbox.db"
        lines = only(pages.blocks(page("Scopes"), "sh")).strip().split("\n")
        ask = '{"jsonrpc":"2.0","id":1,"method":"get_status"}\n'
        [scope] = [json.loads(line)["result"]["scope"] for line in self.shell(lines[0], input=ask).split("\n") if line]
        self.assertEqual(scope, {"user_id": "ann", "read_only": True})
        self.assertEqual(json.loads(self.shell("\n".join(lines[1:])))["total"], 0)

    def test_recording(self):
        talk = "".join(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"
                       for number, (method, params) in enumerate([("send_team_message", TEA), ("ping", {})]))
        printed = self.shell(only(pages.blocks(page("Recording"), "sh")), input=talk)
        self.assertTrue(printed.endswith("2 answers: all as recorded\n"), printed)
        recording = (self.folder / "talk.jsonl").read_text()
        self.assertIn("crew", recording)
        self.assertNotIn("Tea is ready", recording)

    def test_backup_while_a_program_runs(self):
        self.command("sqlite3", SQLITE3 % sys.executable)
        running = subprocess.Popen([PROGRAM, "--store", "sqlite:inbox.db"], cwd=self.folder, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.environment)
        with running:
            request = {"jsonrpc": "2.0", "id": 1, "method": "send_team_message", "params": TEA}
            running.stdin.write(json.dumps(request).encode() + b"\n")
            running.stdin.flush()
            self.assertIn(b"result", running.stdout.readline())
            self.shell("".join(pages.blocks(page("Backup"), "sh")))
            running.stdin.close()
            self.assertEqual(running.wait(SECONDS), 0)
        for copy in ("copy.db", "compact.db"):
            with self.subTest(copy):
                self.assertEqual((self.folder / copy).stat().st_mode & 0o777, 0o600)
                self.run_command([PROGRAM, "doctor", "--store", f"sqlite:{copy}"])
                listed = self.call("get_team_message", f"sqlite:{copy}", team_id="crew", user_id="bob")
                self.assertEqual([message["content"] for message in listed["data"]], ["Tea is ready"])

    def test_moving(self):
        self.environment["TIDINGS_STORE"] = "sqlite:inbox.db"
        self.call("send_team_message", **{**TEA, "team_id": "blue"})
        self.shell("".join(pages.blocks(page("Moving"), "sh")))
        whole = (self.folder / "inbox.jsonl").read_text(encoding="utf-8")
        self.assertIn("Tea is ready", whole)
        for store in ("new.db", "newer.db"):
            listed = self.call("get_team_message", f"sqlite:{store}", team_id="blue", user_id="bob")
            self.assertEqual([message["content"] for message in listed["data"]], ["Tea is ready"])
        [request] = pages.blocks(page("Moving"), "json")
        self.assertEqual(json.loads(request)["method"], "import_messages")
        imported = self.call("import_messages", **json.loads(request)["params"])
        self.assertEqual(imported["imported"], 1)

    def test_a_copy_is_restored_as_the_page_says(self):
        self.call("send_team_message", **TEA)
        shutil.copy(self.folder / "inbox.db", self.folder / "copy.db")
        self.call("send_team_message", **{**TEA, "content": "Never mind"})
        for path in self.folder.glob("inbox.db-[ws]*"):
            path.unlink()
        (self.folder / "copy.db").replace(self.folder / "inbox.db")
        self.run_command([PROGRAM, "doctor", "--store", "sqlite:inbox.db"])
        listed = self.call("get_team_message", team_id="crew", user_id="bob")
        self.assertEqual([message["content"] for message in listed["data"]], ["Tea is ready"])

    def test_every_command_that_is_shown_is_one(self):
        """In text and in what can't run here: the program knows each command and each option."""
        known = {}
        for path in [pages.ROOT / "README.md", *pages.CATALOGUE.glob("*.md")]:
            for text in re.findall(r"`(tidings [^`\n]+)`", path.read_text(encoding="utf-8")):
                with self.subTest(path.name, text=text):
                    words = shlex.split(text.removesuffix(" &"))[1:]
                    name = words[0] if words[0] in ("call", "schema", "doctor", "verify", "backup", "export", "import", "replay", "serve", "watch", "help") else "serve"
                    if name == "help":
                        continue
                    known.setdefault(name, self.run_command([PROGRAM, name, "--help"]).stdout)
                    for option in (word for word in words if word.startswith("--")):
                        self.assertIn(f" {option}", known[name])


if __name__ == "__main__":
    unittest.main()
