"""The Markdown pages of this repository: their headings, their links, their blocks of code."""

import re
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "Sources/tidings/Documentation.docc"

FENCED = re.compile(r"^( *)(```+)([^\n]*)\n(.*?)^\1\2 *$", re.M | re.S)
INLINE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")


def every_page():
    """The pages that people read: all Markdown that is in the repository."""
    clients = (path for path in ROOT.glob("Clients/**/*.md") if "node_modules" not in path.parts)
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("Schemas/**/*.md"), *CATALOGUE.glob("*.md"), *clients])


def read(path):
    """A page's text; a path is one of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def blank(match):
    """As many spaces, in the same lines: what comes after stays where it is."""
    return re.sub(r"[^\n]", " ", match[0])


def prose(text):
    """The text with its code blanked."""
    return INLINE.sub(blank, FENCED.sub(blank, text))


def links(text):
    """The links and images of a text, as matches of LINK whose positions are those in the text."""
    return list(LINK.finditer(prose(text)))


def headings(text):
    """The titles of a text's sections, in their order and without their markup."""
    titles = re.findall(r"^#{1,6} +(.*?) *$", FENCED.sub(blank, text), re.M)
    return [LINK.sub(r"\2", title).replace("`", "").replace("*", "") for title in titles]


def anchors(text):
    """The anchors that a repository's viewer gives to the headings: {anchor: title}."""
    found = {}
    for title in headings(text):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        name, number = slug, 0
        while name in found:
            number += 1
            name = f"{slug}-{number}"
        found[name] = title
    return found


def docc_anchor(title):
    """The anchor that DocC gives to a heading: no punctuation, and a hyphen for white space."""
    joined = "-".join(re.split(r"[\s\-–—]+", title.strip()))
    return "".join(c for c in joined if c == "-" or (c != "`" and not unicodedata.category(c).startswith("P")))


def section(text, heading):
    """The text under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)} *\n(.*?)(?=^#|\Z)", blank_headings_in_code(text), re.M | re.S)
    if not found:
        raise AssertionError(f"no heading {heading!r}")
    return text[found.start(1):found.end(1)]


def blank_headings_in_code(text):
    """The text with its blocks blanked, in which a comment looks like a heading."""
    return FENCED.sub(blank, text)


def blocks(text, language):
    """The blocks of code in a language, without the indent that they have in a list."""
    return [re.sub(rf"^{indent}", "", code, flags=re.M)
            for indent, _, named, code in FENCED.findall(text) if named.strip() == language]


def rows(text):
    """The rows of all tables in a text, a list of cells each, without their headings."""
    found, inside = [], False
    for line in text.split("\n"):
        if re.fullmatch(r"\|[ \-|:]+\|", line):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside:
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found
