"""`make docs`: the pages become a website without a warning, and every link stays one."""

import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import pages
import website

HERE = Path(__file__).resolve().parent


class WebsiteTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tidings-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.out = Path(folder.name) / "docs"
        cls.done = subprocess.run([sys.executable, HERE / "website.py", cls.out], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False)

    def page(self, name):
        folder = self.out / "data/documentation"
        path = folder / "tidings.json" if name == "Tidings" else folder / f"tidings/{name.lower()}.json"
        return json.loads(path.read_text(encoding="utf-8"))

    def test_it_is_built(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.assertTrue((self.out / "documentation/tidings/index.html").is_file())

    def test_every_page_is_there_and_leads_to_the_others(self):
        count = 0
        for name, path in website.sources().items():
            with self.subTest(name):
                text = path.read_text(encoding="utf-8")
                self.assertTrue(self.page(name)["metadata"]["title"])
                inside = {reference["url"] for reference in self.page(name)["references"].values()
                          if reference["type"] == "topic"}
                for link in pages.links(text):
                    file = (path.parent / link[3].partition("#")[0]).resolve()
                    other = next((n for n, p in website.sources().items() if p.resolve() == file), None)
                    if other and other != name and not link[1]:
                        count += 1
                        url = "/documentation/tidings" + ("" if other == "Tidings" else f"/{other.lower()}")
                        self.assertTrue(any(found.partition("#")[0] == url for found in inside), link[0])
        self.assertGreater(count, 50)

    def test_no_link_leads_into_the_repository(self):
        for name in website.sources():
            for reference in self.page(name)["references"].values():
                if reference["type"] == "link":
                    self.assertRegex(reference["url"], "^https://", name)

    def test_images_come_along(self):
        names = [path.name for path in (self.out / "images").rglob("*") if path.is_file()]
        self.assertIn("firststeps-screenshot.png", names)

    def test_docc_says_what_leads_nowhere(self):
        """A link that is not turned would be taken for one to another site, and an unknown page is an error."""
        with tempfile.TemporaryDirectory(prefix="tidings-test-") as folder:
            page = Path(folder) / "Page.md"
            page.write_text("# Page\n\n[a](#nowhere)\n", encoding="utf-8")
            with self.assertRaisesRegex(SystemExit, "no such heading"), contextlib.redirect_stderr(io.StringIO()):
                website.page("Page", page, {page: "Page"}, {})

    def test_links_become_doccs(self):
        path = pages.CATALOGUE / "Wire.md"
        names = {pages.CATALOGUE / "Limits.md": "Limits", path: "Wire"}
        for given, wanted in (
            ("[a](Limits.md)", "[a](doc:Limits)"),
            ("[a](Limits.md#a-connection)", "[a](doc:Limits#A-connection)"),
            ("[a](#the-end)", "[a](doc:Wire#The-end)"),
            ("[`a`](Limits.md)", "[`a`](doc:Limits)"),
            ("[a](../../../Makefile) b", "a b"),
            ("[a](https://example.com/#b)", "[a](https://example.com/#b)"),
            ("`[a](Limits.md)`", "`[a](Limits.md)`"),
        ):
            with self.subTest(given):
                links = pages.links(given)
                made = website.target(links[0], given[links[0].start(2):links[0].end(2)], "Wire", path, names, {}) + \
                    given[links[0].end():] if links else given
                self.assertEqual(made, wanted)

    def test_a_heading_of_any_form_has_an_anchor(self):
        texts = [path.read_text(encoding="utf-8") for path in pages.every_page()]
        titles = {heading for text in texts for heading in pages.headings(text)}
        self.assertTrue(all(re.search(r"\w", pages.docc_anchor(title)) for title in titles))
        self.assertEqual(pages.docc_anchor("Emacs, and whatever speaks LSP"), "Emacs-and-whatever-speaks-LSP")


if __name__ == "__main__":
    unittest.main()
