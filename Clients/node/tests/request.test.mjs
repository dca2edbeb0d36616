import assert from "node:assert/strict";
import test from "node:test";

import { MessageTooLargeError, TidingsError } from "../index.mjs";
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
  const half = "it holds half of a surrogate pair, which is no Unicode text";
  const deep = /^send_team_message: more than 128 arrays and objects are inside one another, or one holds itself$/;
  const itself = {};
  itself.self = [itself];
  for (const [params, says, type] of [
    [note("\ud83c"), `/content: ${half}`, RangeError],
    [note("\\\udf88"), `/content: ${half}`, RangeError],
    [{ ...note(""), data: { "\ud83c": 1 } }, `/data: ${half}`, RangeError],
    [{ ...note(""), data: { "a/~b": [0, { c: "\udf88" }] } }, `/data/a~1~0b/1/c: ${half}`, RangeError],
    [{ ...note(""), data: nested(depth - 1) }, deep, RangeError],
    [{ ...note(""), data: nested(200_000) }, deep, RangeError],
    [{ ...note(""), data: itself }, deep, RangeError],
    [[1], /must be an object/, TypeError],
    ["text", /must be an object/, TypeError],
  ]) {
    await assert.rejects(inbox.sendTeamMessage(params), (error) => {
      assert.equal(error.constructor, type);
      assert.match(error.message, says instanceof RegExp ? says : new RegExp(`^${says}$`));
      return true;
    });
  }

  const size = (content) => `{"jsonrpc":"2.0","id":1000,"method":"ping","params":${JSON.stringify({ content })}}`.length;
  const room = most - size("") - 10;
  await assert.rejects(inbox.call("ping", { content: "x".repeat(room) }), { pointer: "/content" });
  await assert.rejects(inbox.call("ping", { content: "é".repeat(room / 2 + 20) }), (error) => {
    assert.ok(error instanceof MessageTooLargeError);
    assert.deepEqual([error.details, error.code, error.retryable], [{ limit: most }, 1001, false]);
    return true;
  });
  await inbox.ping();
});

test("what JSON can't say, or would say otherwise, is refused with where it is and what to write", async (t) => {
  const inbox = await start(t);
  for (const [value, says, type = TypeError] of [
    [10n, /^\/data\/x: a BigInt has no form in JSON; write String\(value\)/],
    [NaN, /^\/data\/x: NaN has no form/, RangeError],
    [[0, -Infinity], /^\/data\/x\/1: -Infinity has no form/, RangeError],
    [new Map([["a", 1]]), /^\/data\/x: a Map .*Object\.fromEntries/],
    [{ y: new Set() }, /^\/data\/x\/y: a Set .*\[\.\.\.set\]/],
    [[undefined], /^\/data\/x\/0: undefined .*write null/],
    [[, 1], /^\/data\/x\/0: undefined .*write null/],
    [Promise.resolve(), /^\/data\/x: a promise .*await it/],
    [Buffer.from("a"), /^\/data\/x: bytes .*base64/],
    [new Float64Array(2), /^\/data\/x: bytes .*base64/],
    [new ArrayBuffer(2), /^\/data\/x: bytes .*base64/],
    [new Date(NaN), /^\/data\/x: it is no valid date/],
    [/x/, /^\/data\/x: it has no form in JSON/],
    [new TypeError("x"), /^\/data\/x: it has no form in JSON/],
    [() => 1, /^\/data\/x: a function has no form/],
    [Symbol("x"), /^\/data\/x: a symbol has no form/],
    [{ toJSON: () => ({ y: 1n }) }, /^\/data\/x\/y: a BigInt/],
  ]) {
    const error = await inbox.sendTeamMessage({ ...note(""), data: { x: value } }).then(assert.fail, (reason) => reason);
    assert.match(error.message, says);
    assert.ok(error instanceof type && !(error instanceof TidingsError), error);
  }
  await assert.rejects(inbox.getTeamMessage({ team_id: "crew", user_id: Promise.resolve("bob") }), /^TypeError: \/user_id: a promise/);
  const data = {
    left: undefined,
    date: new Date(0),
    url: new URL("http://localhost/"),
    own: { toJSON: (key) => `own ${key}` },
    bare: Object.assign(Object.create(null), { a: 1 }),
    list: [new Date(0), null],
  };
  const { nid } = await inbox.sendTeamMessage({ ...note("fit"), username: undefined, data });
  assert.equal(
    JSON.stringify((await inbox.getMessage({ team_id: "crew", user_id: "bob", nid })).data),
    '{"date":"1970-01-01T00:00:00.000Z","url":"http://localhost/","own":"own own","bare":{"a":1},"list":["1970-01-01T00:00:00.000Z",null]}',
  );
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
