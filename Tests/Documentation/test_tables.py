"""The tables of the pages say what the program says."""

import json
import os
import re
import subprocess
import unittest

import pages

PROGRAM = os.path.abspath(os.environ.get("TIDINGS_BIN") or pages.ROOT / ".build/release/tidings")
COMMANDS = (
    "serve",
    "call",
    "watch",
    "schema",
    "doctor",
    "verify",
    "backup",
    "export",
    "import",
    "replay",
)


def said(*arguments):
    """The output of the program."""
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return done.stdout


def page(name):
    """The text of a page of the catalogue."""
    return (pages.CATALOGUE / f"{name}.md").read_text(encoding="utf-8")


def names(cell):
    """The words in a cell that are code, or the names in it."""
    return re.findall(r"`([^`]+)`", cell)


class ContractTests(unittest.TestCase):
    def setUp(self):
        self.contract = json.loads(pages.read("Schemas/openrpc.json"))

    def test_every_method_is_in_the_table_with_its_parameters(self):
        table = {name: row for row in pages.rows(pages.section(page("Inboxes"), "Methods")) for name in names(row[0])}
        methods = {method["name"]: method for method in self.contract["methods"]}
        self.assertEqual(set(table), set(methods))
        for name, method in methods.items():
            with self.subTest(name):
                required, _, optional = re.sub(r"\(.*?\)", "", table[name][1]).partition(";")
                given = [set(re.findall(r"[A-Za-z_]+", part)) for part in (required, optional)]
                parameters = {param["name"]: param.get("required", False) for param in method["params"]}
                for parameter, is_required in parameters.items():
                    if is_required:
                        self.assertIn(parameter, given[0])
                    elif "rest as above" not in optional:
                        self.assertIn(parameter, given[0] | given[1])
                words = ("nid", "nids", "cursor", "from")
                named = {word for word in given[0] | given[1] if "_" in word or word in words}
                self.assertFalse(named - set(parameters) - ({"from"} if name == "leave_team" else set()))

    def test_every_kind_of_error_is_in_the_table(self):
        table = [(row[0], only) for row in pages.rows(page("Errors")) for only in names(row[1])]
        self.assertEqual(sorted(table), sorted(
            (str(error["code"]), kind) for kind, error in self.contract["components"]["errors"].items()))

    def test_the_limits_of_parameters_are_the_contracts(self):
        text = pages.section(page("Limits"), "A parameter")
        table = {name: row[1] for row in pages.rows(text) for name in names(row[0])}
        methods = {method["name"]: {param["name"]: param["schema"] for param in method["params"]}
                   for method in self.contract["methods"]}

        def number(name):
            return int(re.search(r"[\d,]+", table[name])[0].replace(",", ""))

        def most(schema, key):
            found = [schema.get(key), *(one.get(key) for one in schema.get("anyOf", schema.get("oneOf", [])))]
            return max(value for value in found if value is not None)

        send, listing = methods["send_team_message"], methods["get_team_message"]
        self.assertEqual(number("username") * 1024, most(send["username"], "maxLength"))
        self.assertEqual(number("content") * 1024, most(send["content"], "maxLength"))
        self.assertEqual(number("reader_ids"), most(send["reader_ids"], "maxItems"))
        self.assertEqual(number("pageSize"), most(listing["pageSize"], "maximum"))
        self.assertIn(f"| types in `message_type` | {most(listing['message_type'], 'maxItems')} |", text)
        self.assertEqual(number("nids"), most(methods["mark_read"]["nids"], "maxItems"))
        self.assertEqual(number("team_ids"), most(methods["get_unread_count"]["team_ids"], "maxItems"))
        self.assertEqual((table["wait_ms"], most(methods["get_changes"]["wait_ms"], "maximum")), ("a minute", 60_000))


class ProgramTests(unittest.TestCase):
    def setUp(self):
        self.help = {name: said(name, "--help") for name in COMMANDS}

    def options(self, name):
        return set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", self.help[name], re.M)) - {"--help", "--version"}

    def test_every_option_is_in_the_table_of_its_commands(self):
        limits = {name for row in pages.rows(pages.section(page("Limits"), "A connection")) for name in names(row[2])}
        table = {}
        for what, of, _ in pages.rows(pages.section(page("Commands"), "Options")):
            given = limits if what == "`--max-...`" else {text.split()[0] for text in names(what)}
            commands = set(COMMANDS) - {"schema"} if of == "all but `schema`" else set(names(of))
            for command in commands:
                table.setdefault(command, set()).update(given)
        for name in COMMANDS:
            with self.subTest(name):
                self.assertEqual(table.get(name, set()), self.options(name))

    def test_scopes_has_every_option_of_a_scope(self):
        titled = self.help["serve"].partition("SCOPE:")[2].partition("\n\n")[0]
        options = re.findall(r"^  (--[a-z-]+)", titled, re.M)
        self.assertGreaterEqual(len(options), 3)
        for option in options:
            self.assertRegex(page("Scopes"), rf"(?m)^- \*\*`{option}[ `]")

    def test_every_limit_is_in_the_table_with_its_default(self):
        table = {names(row[3])[0]: row[1] for row in pages.rows(pages.section(page("Limits"), "A connection"))}
        limits = json.loads(said("call", "--store", "memory:", "get_status"))["limits"]
        self.assertEqual(set(table), set(limits))
        for name, text in table.items():
            value = int(text.removesuffix(" MiB").replace(",", "")) << (20 if text.endswith(" MiB") else 0)
            self.assertEqual(value, limits[name], name)

    def test_the_exit_statuses_are_those_of_the_help(self):
        table = pages.rows(pages.section(page("Commands"), "Exit statuses"))
        columns = {"serve": {row[0] for row in table if row[1]}, "call": {row[0] for row in table if row[2]}}
        for name, column in columns.items():
            text = " ".join(self.help[name].partition("USAGE")[0].split())
            found = set(re.findall(r"\b(\d\d?)\b", text[text.lower().index("status"):]))
            self.assertFalse(found - column, name)
        for number in re.findall(r"\b(\d\d?)\b", self.help["replay"].partition("Exit status")[2].partition("USAGE")[0]):
            self.assertIn(f"{number} if", re.sub(r"\s+", " ", page("Commands").partition("`replay` ends with")[2]))

    def test_every_status_of_the_source_is_in_the_table(self):
        table = {row[0] for row in pages.rows(pages.section(page("Commands"), "Exit statuses"))}
        source = pages.read("Sources/tidings/Platform/ExitStatus.swift")
        statuses = set(re.findall(r"case \w+ = (\d+)", source))
        self.assertGreater(len(statuses), 8)
        self.assertEqual(statuses | {"0"}, table)

    def test_every_command_is_in_the_table(self):
        table = " ".join(row[0] for row in pages.rows(page("Commands").partition("\n## ")[0]))
        commands = re.findall(r"^  (\w+)(?: \(default\))?  ", said("--help").partition("SUBCOMMANDS:")[2], re.M)
        self.assertEqual(set(commands), set(COMMANDS))
        for name in commands:
            self.assertIn(f"`tidings {name}", table)


class DependencyTests(unittest.TestCase):
    def test_readme_tells_what_the_package_stands_on(self):
        text = pages.section(pages.read("README.md"), "What it stands on")
        manifest = pages.read("Package.swift")
        fetched = re.findall(r'\.package\(url: "[^"]*/([^"/]+)"', manifest)
        self.assertEqual(sorted(re.findall(r"^\| \[(swift-[a-z-]+)\]", text, re.M)), sorted(fetched))
        for library in re.findall(r'\.systemLibrary\([^)]*pkgConfig: "([a-z]+)', manifest):
            self.assertIn(library.removeprefix("lib"), text)


if __name__ == "__main__":
    unittest.main()
