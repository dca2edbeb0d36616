"""Editors talk to the program by their own JSON-RPC clients, over Content-Length and unchanged: Neovim's
`vim.lsp.rpc` and Emacs' `jsonrpc.el`."""

import shutil
import subprocess
from pathlib import Path

from sidecar import DEADLINE, SidecarCase, environment, program

HERE = Path(__file__).resolve().parent / "editors"


class EditorTests(SidecarCase):
    def editor(self, name, package):
        """The editor's path. It is not skipped where it is missing."""
        path = shutil.which(name)
        self.assertTrue(path, f"no {name} on PATH: install Debian's {package}")
        return path

    def run_editor(self, command, **variables):
        home = self.folder()
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home,
            timeout=DEADLINE, check=False, env=environment(
                TIDINGS_BIN=program(), HOME=str(home), XDG_STATE_HOME=str(home), XDG_CACHE_HOME=str(home),
                XDG_DATA_HOME=str(home), XDG_CONFIG_HOME=str(home), LC_ALL="C.UTF-8", **variables))
        self._runs.append(done)
        return done

    def test_neovim(self):
        report = self.folder() / "report"
        self.run_editor([self.editor("nvim", "neovim"), "--headless", "--clean", "-c",
                         f"luafile {HERE / 'conversation.lua'}", "-c", "cquit"], REPORT=str(report))
        self.assertEqual(report.read_text().splitlines(), [
            "initialize tidings", "list 1 same", "mark 1 0", "changes created 1", "error not_found", "exit 0"])

    def test_emacs(self):
        done = self.run_editor([self.editor("emacs", "emacs-nox"), "--batch", "-Q", "-l", HERE / "conversation.el"])
        said = done.stderr.decode().splitlines()
        for line in ("initialize tidings", "list 1 same", "mark 1 0", "cancelled -32800", "changes created 1",
                     "error not_found", "exit 0"):
            self.assertIn(line, said)
        self.assertEqual(done.returncode, 0)
