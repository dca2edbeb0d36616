"""Commands whose standard output, input or error output is closed or full: none succeeds without its result, and no file is
opened in the place of one of them."""

import json
import os
import re
import unittest

from sidecar import ROOT, SidecarCase

OUTPUT_CLOSED = 74
# Commands that print no result.
SILENT = {"import"}


def without(*descriptors):
    """Closes these in the new process."""
    def close():
        for descriptor in descriptors:
            os.close(descriptor)
    return close


class ClosedOutputTests(SidecarCase):
    def setUp(self):
        super().setUp()
        self.url, self.path = self.store()
        sidecar = self.spawn(store=self.url)
        sidecar.result("send_team_message", team_id="t", user_id="ann", message_type="note", content="hello")
        sidecar.finish()
        self.exported = self.run_program("export", "--store", self.url).stdout
        self.file = self.folder() / "export.jsonl"
        self.file.write_bytes(self.exported)

    def commands(self):
        """Every command of the program, with what it needs."""
        text = self.run_program("--help").stdout.decode().split("SUBCOMMANDS:")[1]
        names = set(re.findall(r"^  ([a-z]+)\b", text, re.MULTILINE)) - {"help"}
        self.assertLess({"serve", "call", "watch", "schema", "export", "verify", "doctor", "backup", "import", "replay"}, names | {"x"})
        needed = {
            "call": ["--store", self.url, "get_team_message", '{"team_id":"t","user_id":"bo"}'],
            "watch": ["--store", self.url, "--user", "bo", "--team", "t"], "schema": [],
            "backup": ["--store", self.url, self.folder() / "copy.db"],
            "import": ["--store", self.url, "--from", self.file],
            "replay": [ROOT / "Schemas/transcripts/importing.jsonl"]}
        commands = [[name, *needed.get(name, ["--store", self.url])] for name in sorted(names)]
        return commands + [["--help"], ["--version"], ["call", "--help"]]

    def assert_fails(self, done, arguments):
        self.assertEqual(done.returncode, OUTPUT_CLOSED, (arguments, done.stderr))
        self.assertEqual(done.stderr.count(b"\n"), 1, (arguments, done.stderr))

    def test_no_command_succeeds_without_its_output(self):
        before = self.path.read_bytes()
        for arguments in self.commands():
            done = self.run_program(*arguments, stdout=None, preexec_fn=without(1))
            if arguments[0] in SILENT:
                self.assertEqual(done.returncode, 0, (arguments, done.stderr))
            elif arguments[0] == "serve":
                self.assertEqual(done.returncode, OUTPUT_CLOSED)
            else:
                self.assert_fails(done, arguments)
        self.assertEqual(self.path.read_bytes(), before, "nothing is written over")
        self.assertEqual(self.run_program("export", "--store", self.url).stdout, self.exported)

    def test_nothing_is_begun_for_nobody(self):
        copy = self.folder() / "copy.db"
        send = ["call", "--store", self.url, "send_team_message", '{"team_id":"t","user_id":"ann","message_type":"n"}']
        for arguments in (["backup", "--store", self.url, copy], send):
            self.assert_fails(self.run_program(*arguments, stdout=None, preexec_fn=without(1)), arguments)
        self.assertFalse(copy.exists())
        self.assertEqual(self.run_program("export", "--store", self.url).stdout, self.exported)

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_no_command_succeeds_on_a_full_disk(self):
        for arguments in self.commands():
            if arguments[0] in SILENT | {"serve"}:
                continue
            with open("/dev/full", "wb") as full:
                self.assert_fails(self.run_program(*arguments, stdout=full), arguments)

    def test_no_file_takes_the_place_of_a_closed_one(self):
        copy = self.folder() / "copy.jsonl"
        done = self.run_program("export", "--store", self.url, "-o", copy, stdin=None, stdout=None, stderr=None,
                                preexec_fn=without(0, 1, 2))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(copy.read_bytes(), self.exported)
        url, _ = self.store()
        done = self.run_program("import", "--store", url, "--from", copy, stdin=None, stdout=None, stderr=None,
                                preexec_fn=without(0, 1, 2))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.run_program("export", "--store", url).stdout, self.exported)
        self.assertEqual([json.loads(line)["kind"] for line in copy.read_text().splitlines()], ["header", "log", "message", "end"])
