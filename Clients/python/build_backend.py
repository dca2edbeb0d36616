"""Builds the wheel and the source distribution with the standard library alone (PEP 517, PEP 660).

    pip wheel .                                    a wheel without the program
    pip wheel . --config-settings bundle=FOLDER    one that carries it, for this platform

The folder holds the program `tidings`; `make dist` of the repository makes one, and the wheel of it. What the
program needs for MongoDB is a distribution of its own, `tidings-mongodb`, which the extra `tidings[mongodb]` names.
"""

import ast
import base64
import hashlib
import io
import platform
import re
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The command `tidings` in the environment's own bin folder: the program that the wheel carries.
SCRIPT = """#!python
import os, sys
from tidings._program import PACKAGED
os.execv(PACKAGED, ["tidings", *sys.argv[1:]])
"""


def project():
    """The [project] table, of which TOML and Python literals are the same."""
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    table = re.search(r"^\[project\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S)[1]
    fields = re.findall(r"^([\w-]+) = (.*?)(?=^[\w\[]|\Z)", table, re.M | re.S)
    found = {name: ast.literal_eval(value.strip()) for name, value in fields}
    found["version"] = re.search(r'__version__ = "(.*?)"', (HERE / "tidings/_version.py").read_text())[1]
    return found


def mongodb_project():
    """That of `tidings-mongodb`: libraries, and no line of Python."""
    known = project()
    return {"name": "tidings-mongodb", "version": known["version"], "requires-python": known["requires-python"],
            "description": "libmongoc and what it needs, for tidings with MongoDB", "classifiers": [],
            "license": "the licences of the libraries, which are in the package"}


def metadata(known):
    lines = ["Metadata-Version: 2.1", f"Name: {known['name']}", f"Version: {known['version']}",
             f"Summary: {known['description']}", f"License: {known['license']}",
             f"Requires-Python: {known['requires-python']}",
             *(f"Classifier: {classifier}" for classifier in known["classifiers"])]
    if "readme" not in known:
        return "\n".join(lines) + "\n"
    lines += ["Provides-Extra: mongodb", f"Requires-Dist: tidings-mongodb=={known['version']}; extra == \"mongodb\"",
              "Description-Content-Type: text/markdown", ""]
    return "\n".join(lines) + "\n" + (HERE / known["readme"]).read_text(encoding="utf-8")


def tag(bundle):
    """What the wheel runs on: any platform, or Linux with the newest glibc that a file of the bundle names."""
    if bundle is None:
        return "py3-none-any"
    wanted = {version for path in bundle.rglob("*") if path.is_file()
              for version in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())}
    return f"py3-none-manylinux_2_{max(map(int, wanted))}_{platform.machine()}"


def package_files():
    for path in sorted((HERE / "tidings").rglob("*")):
        relative = path.relative_to(HERE)
        if path.is_file() and "__pycache__" not in relative.parts and relative.parts[1] != "bin":
            yield str(relative), path


class Wheel:
    """A wheel that is written; alike whenever it is."""

    def __init__(self, folder, tags, pure, known=None):
        self.known = known or project()
        self.base = f"{self.known['name'].replace('-', '_')}-{self.known['version']}"
        self.info = f"{self.base}.dist-info"
        self.name = f"{self.base}-{tags}.whl"
        self.tags, self.pure = tags, pure
        self.record = []
        self.zip = zipfile.ZipFile(Path(folder) / self.name, "w", zipfile.ZIP_DEFLATED)

    def add(self, name, data, mode=0o644):
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (0o100000 | mode) << 16
        self.zip.writestr(entry, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        self.record.append(f"{name},sha256={digest},{len(data)}\n")

    def finish(self):
        self.add(f"{self.info}/METADATA", metadata(self.known).encode())
        self.add(f"{self.info}/licenses/LICENSE", (HERE / "LICENSE").read_bytes())
        root = "true" if self.pure else "false"
        self.add(f"{self.info}/WHEEL", (
            f"Wheel-Version: 1.0\nGenerator: tidings\nRoot-Is-Purelib: {root}\nTag: {self.tags}\n").encode())
        record = "".join(self.record) + f"{self.info}/RECORD,,\n"
        self.add(f"{self.info}/RECORD", record.encode())
        self.zip.close()
        return self.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    bundle = (config_settings or {}).get("bundle")
    bundle = Path(bundle) if bundle else None
    wheel = Wheel(wheel_directory, tag(bundle), bundle is None)
    for name, path in package_files():
        wheel.add(name, path.read_bytes())
    if bundle:
        for path in sorted(path for path in bundle.rglob("*") if path.is_file()):
            wheel.add(f"tidings/bin/{path.relative_to(bundle)}", path.read_bytes(), path.stat().st_mode & 0o777)
        wheel.add(f"{wheel.base}.data/scripts/tidings", SCRIPT.encode(), 0o755)
    return wheel.finish()


def build_mongodb_wheel(wheel_directory, libraries):
    """The wheel of `tidings-mongodb`: a folder's files. Only `make dist` can make it."""
    wheel = Wheel(wheel_directory, tag(libraries), False, mongodb_project())
    wheel.add("tidings_mongodb/__init__.py", b'"""libmongoc and what it needs: the program tidings finds it here."""\n')
    for path in sorted(path for path in libraries.rglob("*") if path.is_file()):
        wheel.add(f"tidings_mongodb/{path.relative_to(libraries)}", path.read_bytes(), path.stat().st_mode & 0o777)
    return wheel.finish()


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    wheel = Wheel(wheel_directory, tag(None), True)
    wheel.add("tidings.pth", f"{HERE}\n".encode())
    return wheel.finish()


def build_sdist(sdist_directory, config_settings=None):
    known = project()
    base = f"{known['name']}-{known['version']}"
    own = [(path.name, path) for path in (HERE / "pyproject.toml", HERE / "README.md", HERE / "LICENSE",
                                           HERE / "build_backend.py")]
    with tarfile.open(Path(sdist_directory) / f"{base}.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, data in [("PKG-INFO", metadata(known).encode()),
                           *((name, path.read_bytes()) for name, path in [*own, *package_files()])]:
            entry = tarfile.TarInfo(f"{base}/{name}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return f"{base}.tar.gz"
