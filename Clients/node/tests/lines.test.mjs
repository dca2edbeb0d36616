import assert from "node:assert/strict";
import test from "node:test";

import splitter from "../lib/lines.js";

const { LineSplitter } = splitter;

const cut = (chunks, options) => {
  const lines = [];
  const lineSplitter = new LineSplitter((line) => lines.push(line), options);
  for (const chunk of chunks) lineSplitter.push(Buffer.from(chunk));
  return [lines, lineSplitter];
};

test("lines come whole, wherever their bytes were cut in two or three", () => {
  const ends = "\r \u0085 \u2028 \u2029 \v \f"; // What others take for a line's end.
  const bytes = Buffer.from(`a\n\n{"é":"日本 ${ends} 🎈"}\r\nlast\n`);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const [lines] = cut([bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]);
      assert.deepEqual(lines, ["a", "", `{"é":"日本 ${ends} 🎈"}\r`, "last"]);
    }
  }
});

test("a line of many chunks is joined once", () => {
  const [lines] = cut([...Array.from({ length: 1000 }, () => "x".repeat(65_536)), "\n"]);
  assert.deepEqual(lines.map((line) => line.length), [65_536_000]);
});

test("what has no end is handed over when asked for, or over the limit", () => {
  const [lines, lineSplitter] = cut(["one\ntwo"]);
  assert.deepEqual(lines, ["one"]);
  lineSplitter.flush();
  lineSplitter.flush();
  assert.deepEqual(lines, ["one", "two"]);
  assert.deepEqual(cut(["abc", "def", "g\nh\n"], { limit: 5 })[0], ["abcdef", "g", "h"]);
});

test("a line that is longer than any string is told by its beginning, and the next ones come", () => {
  const heads = [];
  const read = (bytes) => {
    if (bytes.length > 1000) throw Object.assign(new Error("too long"), { code: "ERR_STRING_TOO_LONG" });
    return bytes.toString();
  };
  const onUnreadable = (head, { code }) => heads.push([head, code]);
  const [lines] = cut(["one\n", `{"id":1,${"x".repeat(700)}`, `${"x".repeat(700)}\nthree\n`], { read, onUnreadable });
  assert.deepEqual(lines, ["one", "three"]);
  assert.deepEqual(heads, [[`{"id":1,${"x".repeat(248)}`, "ERR_STRING_TOO_LONG"]]);
});
