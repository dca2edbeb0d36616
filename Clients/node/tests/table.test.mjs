import assert from "node:assert/strict";
import test from "node:test";

import table from "../lib/calls.js";

const call = (id, patient = false) => ({ id, line: `${id};`, patient, ends: 0, sent: false });

function calls(...added) {
  const made = new table.Calls();
  for (const one of added) made.add(one);
  return made;
}

test("each call is written once, in order; what was taken back is not", () => {
  const made = calls(call(1), call(2), call(3));
  made.settle(2);
  assert.deepEqual([made.take(), made.take()], ["1;3;", ""]);
  made.add(call(4));
  assert.deepEqual([made.take(), made.size], ["4;", 3]);
  assert.deepEqual([made.settle(9), made.settle(1).id, made.settle(1)], [undefined, 1, undefined]);
});

test("after an end all is written again; only what was under way saw it", () => {
  const [one, two] = [call(1), call(2)];
  const made = calls(one);
  made.take();
  made.add(two);
  assert.deepEqual(made.ended(), []);
  assert.deepEqual([one.ends, two.ends, made.take()], [1, 0, "1;2;"]);
});

test("suspects are written one at a time, and the guilty one is given up alone", () => {
  const made = calls(call(1), call(2), call(3));
  for (let end = 0; end < 3; end++) {
    assert.equal(made.take(), "1;2;3;");
    assert.deepEqual(made.ended(), []);
  }
  made.add(call(4));
  assert.deepEqual([made.take(), made.take()], ["1;", ""]);
  made.settle(1);
  assert.equal(made.take(), "2;");
  made.ended();
  made.settle(3); // Taken back: it is not written.
  assert.equal(made.take(), "2;");
  assert.deepEqual(made.ended().map(({ id }) => id), [2]);
  assert.deepEqual([made.take(), made.ids()], ["4;", [4]]);
});

test("what waits goes with the others, does not count as work, and outlives many programs", () => {
  const made = calls(call(1, true));
  assert.deepEqual([made.idle, made.size], [true, 1]);
  for (let end = 0; end < 99; end++) {
    assert.equal(made.take(), "1;");
    assert.deepEqual(made.ended(), []);
  }
  made.add(call(2));
  assert.deepEqual([made.idle, made.take()], [false, "1;2;"]);
  assert.deepEqual(made.ended().map(({ id }) => id), [1]);
  made.settle(2);
  assert.ok(made.idle);
});
