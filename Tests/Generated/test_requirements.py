"""What the tests fetch is pinned by version and hash."""

import re
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def requirements(name):
    """{package: (version, hashes)} of a file in which each requirement is pinned."""
    text = re.sub(r"(?m)^\s*#.*\n?|\s+#.*$", "", (TESTS / name).read_text(encoding="utf-8")).replace("\\\n", " ")
    found = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        requirement, *hashes = line.split()
        package, equals, version = requirement.partition("==")
        assert equals and version, f"{name}: {requirement} is not pinned"
        found[package.lower().replace("_", "-")] = version, hashes
    return found


class RequirementsTests(unittest.TestCase):
    def test_each_has_a_version_and_hashes(self):
        for name in ("requirements.txt", "mongod.txt", "Benchmarks/peers/requirements.txt"):
            found = requirements(name)
            self.assertTrue(found)
            for package, (_, hashes) in found.items():
                with self.subTest(package):
                    self.assertTrue(hashes)
                    for one in hashes:
                        self.assertRegex(one, r"\A--hash=sha256:[0-9a-f]{64}\Z")

    def test_what_is_asked_for_is_what_is_pinned(self):
        pinned = requirements("requirements.txt")
        for package, (version, _) in requirements("requirements.in").items():
            with self.subTest(package):
                self.assertEqual(pinned[package][0], version)


if __name__ == "__main__":
    unittest.main()
