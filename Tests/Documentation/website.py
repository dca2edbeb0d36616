#!/usr/bin/env python3
"""Builds the documentation as a website with DocC, which comes with Swift's toolchain (`make docs`).

    website.py FOLDER [OPTION OF DOCC]...

Pages link to one another as files, so that they can be read in the repository as they are. DocC wants links of its
own: they are made here, on copies. Pages from elsewhere in the repository that are linked to come along; a link to
what is no page is left as its text. What DocC warns of, such as a link to nothing, is an error.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pages

# Pages from elsewhere: their names on the website, and where they are.
MORE = {
    "FirstSteps": "README.md",
    "Contract": "Schemas/README.md",
    "Transcripts": "Schemas/transcripts/README.md",
    "Python": "Clients/python/README.md",
    "Node": "Clients/node/README.md",
    "Shell": "Clients/shell/README.md",
    "Neovim": "Clients/neovim/README.md",
    "Changelog": "CHANGELOG.md",
    "Contributing": "CONTRIBUTING.md",
}
# README is called as the program is, and so is the website.
TITLES = {"FirstSteps": "First steps"}
ROOT_PAGE = "Tidings"


def sources():
    """{name: path} of all pages."""
    own = {path.stem: path for path in sorted(pages.CATALOGUE.glob("*.md"))}
    return {ROOT_PAGE: own.pop("Documentation"), **own, **{name: pages.ROOT / path for name, path in MORE.items()}}


def page(name, path, names, images):
    """A page's text as DocC wants it; `images` gets those that it shows, {name: path}."""
    text = path.read_text(encoding="utf-8")
    made, end = [], 0
    for link in pages.links(text):
        made.append(text[end:link.start()])
        made.append(target(link, text[link.start(2):link.end(2)], name, path, names, images))
        end = link.end()
    return "".join(made) + text[end:]


def target(link, shown, name, path, names, images):
    """The text that replaces a link."""
    place, _, anchor = link[3].partition("#")
    if "://" in place:
        return f"{link[1]}[{shown}]({link[3]})"
    file = (path.parent / place).resolve() if place else path
    if link[1]:
        image = f"{name}-{file.name}".lower()
        images[image] = file
        return f"![{shown}]({image})"
    if file not in names:
        return shown
    if anchor:
        title = pages.anchors(file.read_text(encoding="utf-8")).get(anchor)
        if title is None:
            sys.exit(f"docs: {path}: {link[3]}: there is no such heading")
        return f"[{shown}](doc:{names[file]}#{pages.docc_anchor(title)})"
    return f"[{shown}](doc:{names[file]})"


def catalogue(folder):
    """Writes the catalogue that DocC reads."""
    all_pages = sources()
    names = {path.resolve(): name for name, path in all_pages.items()}
    images = {}
    for name, path in all_pages.items():
        text = page(name, path, names, images)
        if name in TITLES:
            text = re.sub(r"\A# .*", f"# {TITLES[name]}", text)
        if name == ROOT_PAGE:
            text = root(text, [other for other in all_pages if other != name])
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    for name, path in images.items():
        shutil.copy(path, folder / name)


def root(text, others):
    """The first page: it says that it is, and lists the others in the order in which it links to them."""
    linked = [name for name in dict.fromkeys(re.findall(r"\(doc:(\w+)", text)) if name in others]
    linked += [name for name in others if name not in linked]
    groups = {"Pages": [name for name in linked if name not in MORE],
              "Reference, clients, the project": [name for name in linked if name in MORE]}
    topics = "".join(f"\n### {title}\n\n" + "".join(f"- <doc:{name}>\n" for name in found)
                     for title, found in groups.items())
    text = re.sub(r"\A(# .*\n)", r"\1\n@Metadata {\n  @TechnologyRoot\n}\n", text)
    return f"{text}\n## Topics\n{topics}"


def docc():
    """The tool: $DOCC, on PATH, or beside the compiler."""
    swift = shutil.which(os.environ.get("SWIFT", "swift"))
    beside = Path(swift).resolve().parent / "docc" if swift else None
    found = os.environ.get("DOCC") or shutil.which("docc") or (beside if beside and beside.exists() else None)
    return found or sys.exit("docs: there is no docc on PATH nor beside swift: name it by DOCC")


def build(out, options=()):
    """Builds the website. Returns DocC's status."""
    with tempfile.TemporaryDirectory(prefix="tidings-docs-") as folder:
        source = Path(folder) / "Tidings.docc"
        source.mkdir()
        catalogue(source)
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        command = [docc(), "convert", source, "--output-path", out, "--warnings-as-errors",
                   "--fallback-display-name", "Tidings", "--fallback-bundle-identifier", "tidings", *options]
        return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    status = build(sys.argv[1], sys.argv[2:])
    if status == 0:
        print(f"The website is in {sys.argv[1]}. To read it: python3 -m http.server --directory {sys.argv[1]},")
        print("then http://localhost:8000/documentation/tidings")
    sys.exit(status)
