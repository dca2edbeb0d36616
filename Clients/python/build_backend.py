"""Builds the wheel and the source distribution with the standard library alone (PEP 517, PEP 660).

    pip wheel .                                  a wheel without the program
    pip wheel . --config-settings program=PATH   one that carries it, for this platform
    python3 build_backend.py --program PATH      the same without pip, into dist/
"""

import argparse
import ast
import base64
import hashlib
import io
import os
import platform
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Of glibc: they belong to the system as its loader does. All else that the program needs goes with it.
SYSTEM = re.compile(r"(linux-vdso|ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|nsl|anl))\.so[.0-9]*$")


def project():
    """The [project] table, of which TOML and Python literals are the same."""
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    table = re.search(r"^\[project\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S)[1]
    fields = re.findall(r"^([\w-]+) = (.*?)(?=^[\w\[]|\Z)", table, re.M | re.S)
    found = {name: ast.literal_eval(value.strip()) for name, value in fields}
    found["version"] = re.search(r'__version__ = "(.*?)"', (HERE / "tidings/_version.py").read_text())[1]
    return found


def metadata():
    known = project()
    lines = ["Metadata-Version: 2.1", f"Name: {known['name']}", f"Version: {known['version']}",
             f"Summary: {known['description']}", f"License: {known['license']}",
             f"Requires-Python: {known['requires-python']}",
             *(f"Classifier: {classifier}" for classifier in known["classifiers"]),
             "Description-Content-Type: text/markdown", ""]
    return "\n".join(lines) + "\n" + (HERE / known["readme"]).read_text(encoding="utf-8")


def libraries(program):
    """The paths of the shared libraries that a program needs and a system may lack."""
    said = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = dict(re.findall(r"^\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$", said, re.M))
    missing = [name for name, path in found.items() if "not found" in path]
    if missing:
        raise FileNotFoundError(f"{program} needs {', '.join(missing)}")
    return {name: Path(path) for name, path in found.items() if not SYSTEM.match(name)}


def tag(program):
    """What the wheel runs on."""
    if program is None:
        return "py3-none-any"
    library, version = platform.libc_ver()
    if sys.platform == "linux" and library == "glibc":
        major, minor = version.split(".")[:2]
        return f"py3-none-manylinux_{major}_{minor}_{platform.machine()}"
    return "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def package_files():
    for path in sorted((HERE / "tidings").rglob("*")):
        relative = path.relative_to(HERE)
        if path.is_file() and "__pycache__" not in relative.parts and relative.parts[1] != "bin":
            yield str(relative), path


class Wheel:
    """A wheel that is written; alike whenever it is."""

    def __init__(self, folder, tags, pure):
        known = project()
        self.info = f"{known['name']}-{known['version']}.dist-info"
        self.name = f"{known['name']}-{known['version']}-{tags}.whl"
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
        self.add(f"{self.info}/METADATA", metadata().encode())
        self.add(f"{self.info}/licenses/LICENSE", (HERE / "LICENSE").read_bytes())
        root = "true" if self.pure else "false"
        self.add(f"{self.info}/WHEEL", (
            f"Wheel-Version: 1.0\nGenerator: tidings\nRoot-Is-Purelib: {root}\nTag: {self.tags}\n").encode())
        record = "".join(self.record) + f"{self.info}/RECORD,,\n"
        self.add(f"{self.info}/RECORD", record.encode())
        self.zip.close()
        return self.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    program = (config_settings or {}).get("program")
    wheel = Wheel(wheel_directory, tag(program), program is None)
    for name, path in package_files():
        wheel.add(name, path.read_bytes())
    if program is not None:
        wheel.add("tidings/bin/tidings", Path(program).read_bytes(), 0o755)
        for name, path in sorted(libraries(program).items()):
            wheel.add(f"tidings/bin/lib/{name}", path.read_bytes(), 0o755)
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
        for name, data in [("PKG-INFO", metadata().encode()),
                           *((name, path.read_bytes()) for name, path in [*own, *package_files()])]:
            entry = tarfile.TarInfo(f"{base}/{name}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return f"{base}.tar.gz"


def main():
    parser = argparse.ArgumentParser(description="Builds a wheel.")
    parser.add_argument("--program", help="the program that the wheel carries")
    parser.add_argument("--out", default="dist", help="the folder to write it to (default: dist)")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    settings = {"program": options.program} if options.program else None
    print(os.path.join(options.out, build_wheel(options.out, settings)))


if __name__ == "__main__":
    main()
