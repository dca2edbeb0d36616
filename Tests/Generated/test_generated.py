"""What follows from the contract is what the contract says: the document, its reference, the clients' types."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("TIDINGS_BIN") or ROOT / ".build/release/tidings")


def check(program):
    """The status, and what is said not to be current."""
    done = subprocess.run([ROOT / ".ci/generate", program, "--check"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    # libmongoc may warn of something of its own besides.
    return done.returncode, [line for line in done.stderr.split("\n") if "generate" in line]


def run(*command, **options):
    """The output of a command, which is JSON."""
    return json.loads(subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, **options).stdout)


class GeneratedTests(unittest.TestCase):
    def test_all_of_it_is_current(self):
        self.assertEqual(check(PROGRAM), (0, []))

    def test_a_program_that_says_something_else_is_noticed(self):
        with tempfile.TemporaryDirectory(prefix="tidings-test-") as folder:
            other = Path(folder) / "other"
            other.write_text(f'#!/bin/sh\n"{PROGRAM}" "$@" | sed s/pageSize/pagesize/\n')
            other.chmod(0o755)
            self.assertEqual(check(other), (1, ["Schemas/openrpc.json is not what the program says: run make generate"]))

    def test_the_program_the_contract_and_the_clients_have_one_version(self):
        version = subprocess.run([PROGRAM, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout.strip()
        contract = json.loads((ROOT / "Schemas/openrpc.json").read_text(encoding="utf-8"))
        python = (ROOT / "Clients/python/tidings/_version.py").read_text(encoding="utf-8")
        node = json.loads((ROOT / "Clients/node/package.json").read_text(encoding="utf-8"))
        self.assertRegex(version, r"^\d+\.\d+\.\d+")
        self.assertEqual(contract["info"]["version"], version)
        self.assertEqual(re.search(r'__version__ = "(.*)"', python)[1], version)
        self.assertEqual(node["version"], version)


class ErrorTests(unittest.TestCase):
    def test_the_clients_have_the_kinds_classes_and_codes_of_the_contract_and_of_one_another(self):
        contract = json.loads((ROOT / "Schemas/openrpc.json").read_text(encoding="utf-8"))["components"]["errors"]
        python = run(sys.executable, "-c", "import json, tidings\n"
                     "print(json.dumps({kind: [one.__name__, one.code] for kind, one in tidings.TidingsError._classes.items()}))",
                     env={**os.environ, "PYTHONPATH": str(ROOT / "Clients/python")})
        node = run("node", "-p", "const { errorCodes } = require('./lib/contract.js'), { makeError } = require('./lib/errors.js');\n"
                   "const told = (kind) => { const { name, code } = makeError('', { kind }); return [kind, [name, code]]; };\n"
                   "JSON.stringify(Object.fromEntries(Object.keys(errorCodes).map(told)))", cwd=ROOT / "Clients/node")
        self.assertEqual(python.pop("forked"), ["ForkedError", 0])  # Nothing forks Node.
        self.assertEqual(python, node)
        self.assertEqual({kind: code for kind, (_, code) in python.items() if kind in contract},
                         {kind: error["code"] for kind, error in contract.items()})
        self.assertEqual({code for kind, (_, code) in python.items() if kind not in contract}, {0})


class ReferenceTests(unittest.TestCase):
    """Schemas/README.md for its readers."""

    def setUp(self):
        self.text = (ROOT / "Schemas/README.md").read_text(encoding="utf-8")
        self.contract = json.loads((ROOT / "Schemas/openrpc.json").read_text(encoding="utf-8"))

    def test_it_tells_of_every_method_parameter_and_error(self):
        sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", self.text, re.M | re.S))
        for method in self.contract["methods"]:
            section = sections[method["name"]]
            self.assertIn(method["summary"], section)
            for param in method["params"]:
                self.assertRegex(section, rf"(?m)^\| (\*\*)?`{param['name']}`(\*\*)? \| \S")
            for error in method["errors"]:
                self.assertIn(f"`{error['$ref'].rpartition('/')[2]}`", section)
        for kind, error in self.contract["components"]["errors"].items():
            self.assertIn(f"| {error['code']} | `{kind}` | {error['message']} |", self.text)

    def test_its_links_lead_somewhere(self):
        headings = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
                    for heading in re.findall(r"^#+ (.*)$", self.text, re.M)}
        links = set(re.findall(r"\]\(#([^)]*)\)", self.text))
        self.assertTrue(links)
        self.assertFalse(links - headings)


if __name__ == "__main__":
    unittest.main()
