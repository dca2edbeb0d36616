import assert from "node:assert/strict";
import test from "node:test";

import splitter from "../lib/lines.js";

const { LineSplitter } = splitter;

const cut = (chunks, limit) => {
  const lines = [];
  const lineSplitter = new LineSplitter((line) => lines.push(line), limit);
  for (const chunk of chunks) lineSplitter.push(Buffer.from(chunk));
  return [lines, lineSplitter];
};

test("lines come whole, wherever their bytes were cut in two or three", () => {
  const bytes = Buffer.from('a\n\n{"é":"日本 \u2028 🎈"}\nlast\n');
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const [lines] = cut([bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]);
      assert.deepEqual(lines, ["a", "", '{"é":"日本 \u2028 🎈"}', "last"]);
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
  assert.deepEqual(cut(["abc", "def", "g\nh\n"], 5)[0], ["abcdef", "g", "h"]);
});
