"""The wheel and the source distribution, as they are built. What runs after an install: Tests/Packages."""

import subprocess
import sys
import tarfile
import unittest
import zipfile

import support

sys.path.insert(0, str(support.CLIENT))
import build_backend  # noqa: E402


class WheelTests(support.Case):
    def test_without_a_program_it_is_for_any_platform(self):
        name = build_backend.build_wheel(str(self.folder))
        self.assertRegex(name, r"^tidings-[0-9.]+-py3-none-any\.whl$")
        with zipfile.ZipFile(self.folder / name) as wheel:
            names = wheel.namelist()
            self.assertIn("tidings/py.typed", names)
            self.assertFalse([name for name in names if "/bin/" in name or "__pycache__" in name])
            info = names[-1].split("/")[0]
            self.assertEqual(len(wheel.read(f"{info}/RECORD").splitlines()), len(names))

    def test_the_source_distribution_builds_the_same_wheel(self):
        first = (self.folder / build_backend.build_wheel(str(self.folder))).read_bytes()
        name = build_backend.build_sdist(str(self.folder))
        with tarfile.open(self.folder / name) as archive:
            archive.extractall(self.folder)
        code = "import build_backend, sys; print(build_backend.build_wheel(sys.argv[1]))"
        unpacked = self.folder / name[: -len(".tar.gz")]
        run = subprocess.run([sys.executable, "-c", code, str(unpacked)], cwd=unpacked, check=True,
                             stdout=subprocess.PIPE, text=True)
        self.assertEqual((unpacked / run.stdout.strip()).read_bytes(), first)


if __name__ == "__main__":
    unittest.main()
