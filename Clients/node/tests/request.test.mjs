import assert from "node:assert/strict";
import test from "node:test";

import { InvalidParamsError, MessageTooLargeError } from "../index.mjs";
import { note, start } from "./support.mjs";

const nested = (levels) => {
  let value = {};
  while (--levels > 0) value = { a: value };
  return value;
};

test("what the program could not answer by id is refused here, and nothing more than that", async (t) => {
  const inbox = await start(t);
  const { request_bytes: most, depth } = (await inbox.getStatus()).limits;
  const good = [
    note("\u{1f388}"),
    note("\\ud800, as text; \\\\uD800; \\"),
    { ...note("deep"), data: nested(depth - 2) }, // The request and its parameters are two more.
    { ...note("zero \0 and \u2028") },
  ];
  for (const params of good) await inbox.sendTeamMessage(params);
  assert.deepEqual(
    (await inbox.getTeamMessage({ team_id: "crew", user_id: "bob", order: "oldest" })).data.map(({ content }) => content),
    good.map(({ content }) => content),
  );
  const half = /half of a surrogate pair/;
  for (const [params, says] of [
    [note("\ud83c"), half],
    [note("\\\udf88"), half],
    [{ ...note(""), data: { "\ud83c": 1 } }, half],
    [{ ...note(""), data: nested(depth - 1) }, /more than 128 arrays and objects/],
    [[1], /must be an object/],
    ["text", /must be an object/],
  ]) {
    await assert.rejects(inbox.sendTeamMessage(params), (error) => {
      assert.match(error.message, says);
      return error instanceof InvalidParamsError && error.code === null && error.method === "send_team_message";
    });
  }
  await assert.rejects(inbox.sendTeamMessage({ ...note(""), data: { n: 1n } }), TypeError);

  const size = (content) => `{"jsonrpc":"2.0","id":1000,"method":"ping","params":${JSON.stringify({ content })}}`.length;
  const room = most - size("") - 10;
  await assert.rejects(inbox.call("ping", { content: "x".repeat(room) }), { pointer: "/content" });
  await assert.rejects(inbox.call("ping", { content: "é".repeat(room / 2 + 20) }), (error) => {
    assert.ok(error instanceof MessageTooLargeError);
    assert.deepEqual(error.details, { limit: most });
    return true;
  });
  await inbox.ping();
});

test("the largest request that the program takes is sent, the next byte is not", async (t) => {
  const inbox = await start(t, { args: ["--max-request-bytes", "4096"] });
  let refusals = 0;
  for (let size = 4000; size < 4096; size++) {
    await assert.rejects(inbox.call("ping", { c: "x".repeat(size) }), (error) => {
      if (error instanceof MessageTooLargeError) refusals += 1;
      else assert.equal(error.pointer, "/c"); // The program read it: answered by id.
      return true;
    });
  }
  assert.ok(refusals > 0 && refusals < 96);
});
