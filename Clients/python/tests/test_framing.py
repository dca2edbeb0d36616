"""Bytes to lines to values, and calls to bytes."""

import collections
import datetime
import decimal
import json
import math
import pickle
import sys
import types
import unittest
import uuid

import support  # noqa: F401  (it makes the package importable)
from tidings._framing import Lines, encode
from tidings._json import HugeNumber, NotJSON, Unreadable, parse


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
        for run in (b"1\nhello\n2\n", b"[NaN]\n", b"1\n-Infinity\n", b'"\xffhello"\n'):
            with self.subTest(run), self.assertRaises(NotJSON) as caught:
                parse(run)
            # It may be anybody's words.
            self.assertNotIn("hello", str(caught.exception))
            self.assertIn(caught.exception.line + b"\n", run)

    def test_numbers_that_python_cannot_hold_come_as_their_text(self):
        long = "-" + "7" * 5000
        for run in (b'{"a":[%s,1e400,-1E999,1e300,12]}\n', b'1\n{"a":[%s,1e400,-1E999,1e300,12]}\n'):
            values = parse(run % long.encode())[-1]["a"]
            self.assertEqual(values, [long, "1e400", "-1E999", 1e300, 12])
            self.assertEqual([type(value) for value in values], [HugeNumber] * 3 + [float, int])
            # Whatever a host does with a page: encode it for a browser, copy it, send it to another process.
            self.assertEqual(json.loads(json.dumps(values, allow_nan=False)), [long, "1e400", "-1E999", 1e300, 12])
            self.assertEqual(pickle.loads(pickle.dumps(values)), values)
            encode(1, "m", {"data": {"a": values}})

    def test_half_a_surrogate_pair_comes_as_text_that_can_be_encoded(self):
        table = [
            (r'"\ud800"', "\ufffd"),
            (r'"\uDc00\ud83d\ude00\ud83d"', "\ufffd\U0001f600\ufffd"),
            (r'"\\ud800 \\\ud800\ud800\n"', "\\ud800 \\\ufffd\ufffd\n"),
            (r'{"\ud800":1}', {"\ufffd": 1}),
        ]
        for text, value in table:
            with self.subTest(text):
                self.assertEqual(parse(text.encode() + b"\n"), [value])

    def test_what_is_too_deep_is_known_by_its_id(self):
        deep = b"[" * 200_000 + b"]" * 200_000
        table = [
            (b'{"jsonrpc":"2.0","id":7,"result":%s}\n' % deep, 7, False),
            (b'{"result":{"id":8,"x":["id",%s]}, "id" : 9 }\n' % deep, 9, False),
            (b'{"x":"\\"id\\":5","method":"m","params":%s}\n' % deep, None, True),
            (b'{"x":"method","id":"7","result":%s}\n' % deep, None, False),
        ]
        for run, id, notification in table:
            one, other = parse(run + b"1\n")
            self.assertIsInstance(one, Unreadable)
            self.assertEqual((one.id, one.notification, other), (id, notification, 1))


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

    def test_an_error_begins_with_the_place_of_the_value(self):
        table = [
            ({"data": {"a/b": [0, {"when": datetime.datetime(2020, 1, 1)}]}}, TypeError, "/data/a~1b/1/when: a datetime"),
            ({"data": {"id": uuid.UUID(int=0)}}, TypeError, "/data/id: a UUID has no form in JSON"),
            ({"data": {"sum": decimal.Decimal(1)}}, TypeError, "/data/sum: .*default=str"),
            ({"data": {"a": math.nan}}, ValueError, "/data/a: nan"),
            ({"data": {"a": {1: 2}}}, TypeError, "/data/a: a key must be a string, not int"),
            ({"data": {"\ud800": 1}}, ValueError, "/data: a key holds a lone surrogate"),
            ({"data": {"a": ["\ud800"]}}, ValueError, "/data/a/0: a lone surrogate"),
            ({"nids": {1, 2}}, TypeError, "/nids: a set"),
        ]
        if hasattr(sys, "get_int_max_str_digits"):
            table.append(({"data": {"n": [10**5000]}}, ValueError, "/data/n/0: .*4300"))
        for params, error, said in table:
            with self.subTest(said), self.assertRaisesRegex(error, "^" + said):
                encode(1, "m", params)

    def test_default_is_asked_for_what_has_no_form(self):
        moment = datetime.datetime(2020, 1, 1)
        params = {"data": {"a": [uuid.UUID(int=1), (moment, 1.5)], "b": {2}}}

        def default(value):
            return sorted(value) if isinstance(value, set) else {"text": str(value)}

        self.assertEqual(json.loads(encode(1, "m", params, default=default))["params"], {
            "data": {"a": [{"text": str(uuid.UUID(int=1))}, [{"text": str(moment)}, 1.5]], "b": [2]}})
        for bad, error in ((lambda value: value, ValueError), (lambda value: math.nan, ValueError),
                           (lambda value: {1: 2}, TypeError), (lambda value: [value], ValueError)):
            with self.assertRaisesRegex(error, "^/data/a/0"):
                encode(1, "m", params, default=bad)

    def test_any_mapping_and_any_sequence_will_do(self):
        params = {"data": types.MappingProxyType({"a": collections.UserList([range(2)])})}
        self.assertEqual(json.loads(encode(1, "m", params))["params"], {"data": {"a": [[0, 1]]}})

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
