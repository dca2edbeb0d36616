"""Every link between the pages of this repository leads to something."""

import subprocess
import unittest

import pages


def faults(path, text):
    """The faults of a page's links, a line each."""
    found = []
    for link in pages.links(text):
        place, _, anchor = link[3].partition("#")
        if "://" in place:
            continue
        file = (path.parent / place).resolve() if place else path
        if not file.exists():
            found.append(f"{link[3]}: there is no such file")
        elif not file.is_relative_to(pages.ROOT):
            found.append(f"{link[3]}: leads out of the repository")
        elif link[3] == "":
            found.append(f"{link[0]}: leads nowhere")
        elif anchor and anchor not in pages.anchors(file.read_text(encoding="utf-8")):
            found.append(f"{link[3]}: there is no such heading")
    return found


class LinkTests(unittest.TestCase):
    def test_every_link_leads_to_a_file_and_a_heading(self):
        count = 0
        for path in pages.every_page():
            with self.subTest(path=str(path.relative_to(pages.ROOT))):
                text = path.read_text(encoding="utf-8")
                count += len(pages.links(text))
                self.assertEqual(faults(path, text), [])
        self.assertGreater(count, 100)

    def test_what_is_linked_to_is_in_the_repository(self):
        """Not only on the disk of who wrote the link."""
        kept = subprocess.run(["git", "ls-files", "-z"], cwd=pages.ROOT, capture_output=True, text=True, check=False)
        if kept.returncode:
            self.skipTest("not a clone: " + kept.stderr.strip())
        names = {pages.ROOT / name for name in kept.stdout.split("\0") if name}
        names |= {parent for name in names for parent in name.parents}
        for path in pages.every_page():
            for link in pages.links(path.read_text(encoding="utf-8")):
                place = link[3].partition("#")[0]
                if place and "://" not in place:
                    self.assertIn((path.parent / place).resolve(), names, path)

    def test_a_link_to_nothing_is_found(self):
        path = pages.ROOT / "README.md"
        for text, wanted in (
            ("[a](Nowhere.md)", ["Nowhere.md: there is no such file"]),
            ("![a](Nowhere.png)", ["Nowhere.png: there is no such file"]),
            ("[a](CONTRIBUTING.md#nowhere)", ["CONTRIBUTING.md#nowhere: there is no such heading"]),
            ("[a](#nowhere)", ["#nowhere: there is no such heading"]),
            ("[`a`](Nowhere.md)", ["Nowhere.md: there is no such file"]),
            ("`[a](Nowhere.md)` [b](https://example.com)", []),
            ("```\n[a](Nowhere.md)\n```", []),
            ("[a](LICENSE) [b](Clients/python) [c](CONTRIBUTING.md#house-rules)", []),
        ):
            with self.subTest(text):
                self.assertEqual(faults(path, text), wanted)

    def test_anchors_are_those_of_a_repositorys_viewer(self):
        text = "# A b\n## `send_team_message`\n## Emacs, and [x](y)\n## rpc.discover\n## A b\n```\n# no\n```\n"
        self.assertEqual(list(pages.anchors(text)), ["a-b", "send_team_message", "emacs-and-x", "rpcdiscover", "a-b-1"])

    def test_readme_is_one_screen_and_five_minutes(self):
        self.assertLessEqual((pages.ROOT / "README.md").stat().st_size, 12 * 1024)

    def test_every_page_can_be_found(self):
        first = pages.read("Sources/tidings/Documentation.docc/Documentation.md")
        linked = {link[3].partition("#")[0] for link in pages.links(first)}
        own = {path.name for path in pages.CATALOGUE.glob("*.md")} - {"Documentation.md"}
        self.assertFalse(own - linked)

    def test_a_page_begins_with_what_it_is_for(self):
        for path in pages.CATALOGUE.glob("*.md"):
            with self.subTest(path.name):
                title, empty, purpose, after = path.read_text(encoding="utf-8").split("\n")[:4]
                self.assertRegex(title, r"^# \w+$")
                self.assertRegex(purpose, r"^[A-Z].*\.$")
                self.assertEqual((empty, after), ("", ""))


if __name__ == "__main__":
    unittest.main()
