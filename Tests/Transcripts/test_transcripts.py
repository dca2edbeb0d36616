"""Replays every transcript on every store, and checks the OpenRPC document by what is said in them.

TIDINGS_TEST_STORES may name more stores, separated by white space; {unique} in a URL is replaced by
a new word for each transcript, since each needs an empty store.
"""

import json
import tempfile
import unittest

import replay
from openrpc import Document
from sidecar import ROOT, SidecarCase, stores

TRANSCRIPTS = sorted((ROOT / "Schemas/transcripts").glob("*.jsonl"))
OPENRPC = ROOT / "Schemas/openrpc.json"


class ReplayTests(unittest.TestCase):
    """One test for each transcript and store, made below."""


def add_replay_tests():
    def add(name, path, url):
        def test(self):
            with tempfile.TemporaryDirectory(prefix="tidings-test-") as folder:
                replay.replay_file(path, replay.fresh(url.replace("{folder}", folder)))
        setattr(ReplayTests, f"test_{path.stem}_on_{name}", test)

    for path in TRANSCRIPTS:
        for name, url in stores(memory=True).items():
            add(name, path, url)


add_replay_tests()


class DocumentTests(SidecarCase):
    """Schemas/openrpc.json is what the program says of itself, and is true."""

    @classmethod
    def setUpClass(cls):
        cls.document = Document(json.loads(OPENRPC.read_text(encoding="utf-8")))

    def assert_none(self, problems):
        self.assertFalse(problems, "\n".join(["", *problems]))

    def test_it_is_openrpc(self):
        self.assert_none(self.document.problems())

    def test_the_program_prints_the_checked_in_document(self):
        run = self.run_program("schema")
        self.assertEqual(run.returncode, 0)
        self.assertTrue(run.stdout == OPENRPC.read_bytes(),
                        "`tidings schema` differs from Schemas/openrpc.json")

    def test_discover_answers_with_the_checked_in_document(self):
        sidecar = self.spawn()
        self.assertTrue(sidecar.result("rpc.discover") == self.document.document,
                        "rpc.discover differs from Schemas/openrpc.json")
        sidecar.finish()

    def test_every_method_is_described(self):
        wanted = """send_team_message send_account_message send_announcement get_team_message
            get_account_message get_message mark_read mark_unread mark_seen archive_message
            unarchive_message delete_message get_unread_count join_team leave_team join_account
            retract_message import_messages ping get_status rpc.discover""".split()
        self.assertEqual([name for name in wanted if name not in self.document.methods], [])
        for name in wanted:
            with self.subTest(name):
                method = self.document.methods[name][1]
                self.assertTrue(method.get("summary"))
                self.assertEqual(method.get("paramStructure"), "by-name")
                self.assertIn("result", method)
                self.assertTrue(method.get("examples"))

    def test_every_method_of_the_document_exists(self):
        sidecar = self.spawn()
        for name in self.document.methods:
            if name not in ("shutdown", "exit"):
                answer = sidecar.ask({"jsonrpc": "2.0", "id": name, "method": name, "params": {"?": 1}})
                self.assertNotEqual(answer.get("error", {}).get("code"), -32601, answer)

    def test_examples_fit_their_schemas(self):
        for name, (_, method) in self.document.methods.items():
            for example in method.get("examples", []):
                with self.subTest(method=name, example=example["name"]):
                    self.assert_none(self.document.params_errors(name, self.document.example_params(example)))
                    if "result" in example:
                        self.assert_none(self.document.result_errors(name, example["result"]["value"]))

    def test_every_answer_of_every_transcript_fits_its_schema(self):
        for path in TRANSCRIPTS:
            with self.subTest(path.stem):
                problems = []
                for exchange in replay.replay_file(path, "memory:"):
                    problems += self.check(exchange)
                self.assert_none(problems)

    def check(self, exchange):
        """The problems of one answer; and of the parameters that were taken."""
        answer, params = exchange.answer, exchange.params
        if answer.get("jsonrpc") != "2.0" or set(answer) not in ({"jsonrpc", "id", "result"},
                                                                {"jsonrpc", "id", "error"}):
            return [f"no answer of JSON-RPC 2.0: {answer}"]
        if "error" in answer:
            return self.document.error_errors(answer["error"])
        if exchange.method in ("initialize", "shutdown"):
            return []  # They take and give what the hosts' own protocol says.
        by_name = params if isinstance(params, dict) else {}
        return (self.document.result_errors(exchange.method, answer["result"])
                + self.document.params_errors(exchange.method, by_name))


if __name__ == "__main__":
    unittest.main()
