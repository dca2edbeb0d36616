"""Bytes to lines to values, and calls to bytes."""

import json
import math
import unittest

import support  # noqa: F401  (it makes the package importable)
from tidings._framing import Lines, NotJSON, encode, parse


class LinesTests(unittest.TestCase):
    STREAM = '{"a":1}\n{"b":"ü\u2028"}\n\n{"c":[1,2]}\nrest'.encode()

    def test_every_split_gives_the_same_lines(self):
        for first in range(len(self.STREAM) + 1):
            for second in range(first, len(self.STREAM) + 1):
                lines = Lines()
                parts = self.STREAM[:first], self.STREAM[first:second], self.STREAM[second:]
                run = b"".join(lines.feed(part) for part in parts)
                self.assertEqual(run, self.STREAM[:-4])
                self.assertEqual(lines.feed(b"\n"), b"rest\n")

    def test_a_long_line_in_small_parts(self):
        lines = Lines()
        for _ in range(10_000):
            self.assertEqual(lines.feed(b"x" * 100), b"")
        self.assertEqual(lines.feed(b"\nnext"), b"x" * 1_000_000 + b"\n")


class ParseTests(unittest.TestCase):
    def test_runs(self):
        table = [
            (b"1\n", [1]),
            (b'{"a":"\xc3\xbc"}\n"\\n"\n', [{"a": "ü"}, "\n"]),
            (b"\n1\n\n2\n", [1, 2]),
            ('"a\u2028b"\n'.encode(), ["a\u2028b"]),
            (b"1\r\n2\r\n", [1, 2]),
        ]
        for run, values in table:
            with self.subTest(run):
                self.assertEqual(parse(run), values)

    def test_what_is_no_json_is_named(self):
        for run in (b"hello\n", b"1\n{\n", b'1\n"\xff"\n'):
            with self.subTest(run), self.assertRaises(NotJSON):
                parse(run)
        with self.assertRaisesRegex(NotJSON, "^hello$"):
            parse(b"1\nhello\n2\n")


class EncodeTests(unittest.TestCase):
    def test_a_request(self):
        line = encode(7, "m", {"text": "ü\n\u2028", "data": {"a": [1, (2, None)]}})
        self.assertEqual(line.count(b"\n"), 1)
        self.assertTrue(line.endswith(b"\n"))
        self.assertIn("ü".encode(), line)
        self.assertEqual(json.loads(line), {"jsonrpc": "2.0", "id": 7, "method": "m", "params":
                                            {"text": "ü\n\u2028", "data": {"a": [1, [2, None]]}}})

    def test_what_cannot_be_sent_is_refused_here(self):
        circle = {}
        circle["self"] = circle
        table = [
            ({"data": {1: "a"}}, TypeError),
            ({"data": {"a": [{None: 1}]}}, TypeError),
            ({"data": {"a": object()}}, TypeError),
            ({"data": {"a": math.nan}}, ValueError),
            ({"data": {"a": math.inf}}, ValueError),
            ({"content": "\ud800"}, ValueError),
            ({"data": circle}, ValueError),
        ]
        for params, error in table:
            with self.subTest(params=str(params)[:60]), self.assertRaises(error):
                encode(1, "m", params)

    def test_the_depth_is_that_of_the_whole_line(self):
        def nested(depth):
            value = {}
            for _ in range(depth - 1):
                value = {"a": value}
            return {"data": value}

        encode(1, "m", nested(126), depth=128)
        with self.assertRaises(ValueError):
            encode(1, "m", nested(127), depth=128)


if __name__ == "__main__":
    unittest.main()
