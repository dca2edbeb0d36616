"""The check for cycles between folders sees what it says that it sees, and nothing else."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FOLDERS = Path(__file__).resolve().parents[2] / ".ci/folders"


class Folders(unittest.TestCase):
    def arrows(self, **files):
        """The arrows of a module with these files, each named after its folders, and whether it has a cycle."""
        with tempfile.TemporaryDirectory() as sources:
            for name, text in files.items():
                path = Path(sources, "Module", *(name if name != "Root" else "").split("_"), f"{name}.swift")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            done = subprocess.run([sys.executable, FOLDERS, "--arrows", f"--sources={sources}"],
                                  capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            lines = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
            return sorted(line.split(":")[0] for line in lines), done.returncode == 1

    def test_a_cycle_is_found_with_the_types_that_make_it(self):
        arrows = self.arrows(A="struct One { var two: Two }", B="struct Two { func f(_ one: One?) {} }")
        self.assertEqual(arrows, (["A -> B", "B -> A"], True))

    def test_a_cycle_through_a_third_folder_and_a_folder_in_a_folder(self):
        arrows = self.arrows(A="struct One { var two: Two }", A_B="struct Two { var three: Three }",
                             C="struct Three { var one: [One] }")
        self.assertEqual(arrows, (["A -> A/B", "A/B -> C", "C -> A"], True))

    def test_a_file_beside_the_folders_stands_for_itself(self):
        arrows = self.arrows(A="struct One {}", Root="struct Top { var one: One }")
        self.assertEqual(arrows, (["Root.swift -> A"], False))

    def test_comments_and_strings_are_no_uses_but_interpolations_are(self):
        self.assertEqual(
            self.arrows(A='// Two\n/* Two /* Two */ Two */ let a = "Two \\" Two" + """\n Two "Two" \n""" + #"\\(Two)"#\n',
                        B="struct Two {}"), ([], False))
        self.assertEqual(self.arrows(A='let a = "x \\(f("\\(Two())")) y"', B="struct Two {}"), (["A -> B"], False))
        self.assertEqual(self.arrows(A='let a = #"x \\#(Two()) y"#', B="struct Two {}"), (["A -> B"], False))

    def test_a_nested_type_is_known_by_its_own_scope_alone(self):
        outer = "struct Outer {}"
        inner = "extension Outer { struct Inner {} }"
        self.assertEqual(self.arrows(A=outer, B=inner, C="let a: Inner"), (["B -> A"], False))
        self.assertEqual(self.arrows(A=outer, B=inner, C="let a: Outer.Inner"),
                         (["B -> A", "C -> A", "C -> B"], False))
        self.assertEqual(self.arrows(A=outer, B=inner, C="extension Outer { func f(_ a: Inner) {} }"),
                         (["B -> A", "C -> A", "C -> B"], False))
        own = "struct Other { enum Inner {}; var a: Inner; var b: Self.Inner }"
        self.assertEqual(self.arrows(A="enum Inner {}", C=own), ([], False))

    def test_a_private_type_and_a_generic_parameter_hide_a_type(self):
        self.assertEqual(self.arrows(A="private struct One {}", B="struct Two { var one: One }"), ([], False))
        self.assertEqual(
            self.arrows(A="struct One {}", B="private enum One {}\nlet one: One\n", C="func f<One>(_ a: One) { One() }"),
            ([], False))
        self.assertEqual(self.arrows(A="protocol One {}", B="func f<T: One>(_ a: T) {}"), (["B -> A"], False))

    def test_a_member_counts_if_one_extension_alone_declares_it(self):
        adds = "extension String { var shown: Int { 0 } }"
        self.assertEqual(self.arrows(A=adds, B='let a = "".shown'), (["B -> A"], False))
        self.assertEqual(self.arrows(A=adds, B='let a = "".shown', C="struct Two { let shown = 1 }"), ([], False))
        self.assertEqual(self.arrows(A=adds.replace("var", "private var"), B='let a = "".shown'), ([], False))
        self.assertEqual(self.arrows(A="struct One { func starts() {} }", B="let a = [1].starts()"), ([], False))

    def test_a_free_function_counts_where_it_is_called(self):
        self.assertEqual(self.arrows(A="func made() {}", B="func f() { made() }"), (["B -> A"], False))
        self.assertEqual(self.arrows(A="func made() {}", B="struct B { var made = 1; var b: Int { made } }"), ([], False))


if __name__ == "__main__":
    unittest.main()
