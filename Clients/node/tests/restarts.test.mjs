import assert from "node:assert/strict";
import test from "node:test";

import restarts from "../lib/restarts.js";

const { Restarts } = restarts;

/** What is decided for a run of events: `e`, it ended; `a`, it answered. */
function decide(events, options) {
  const policy = new Restarts({ random: () => 1, ...options });
  const decisions = [];
  for (const event of events) {
    if (event === "a") policy.answered();
    else decisions.push(policy.ended());
  }
  return decisions;
}

const table = [
  ["the first end is met at once", "e", { limit: 5 }, [0]],
  ["ends in a row are met ever later, then it is given up", "eeee", { limit: 3 }, [0, 100, 200, null]],
  ["an answer in between begins anew", "eeaeaee", { limit: 3 }, [0, 100, 0, 0, 100]],
  ["after giving up it begins anew", "eee", { limit: 1 }, [0, null, 0]],
  ["no restarts", "eaee", { limit: 0 }, [null, null, null]],
  ["the delay has a limit", "eeeee", { limit: 9, first: 1000, longest: 3000 }, [0, 1000, 2000, 3000, 3000]],
  ["chance takes up to half of the delay", "eee", { limit: 9, random: () => 0 }, [0, 50, 100]],
];

for (const [what, events, options, decisions] of table) {
  test(what, () => assert.deepEqual(decide(events, options), decisions));
}
