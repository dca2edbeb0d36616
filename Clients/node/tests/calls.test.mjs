import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import test from "node:test";

import * as tidings from "../index.mjs";
import request from "../lib/request.js";
import { all, fileStore, note, program, start, startFake } from "./support.mjs";

test("a message is sent, listed, marked and counted", async (t) => {
  const inbox = await start(t);
  const { nid, duplicate } = await inbox.sendTeamMessage({ ...note("Tea is ready"), data: { cups: 2 } });
  assert.equal(duplicate, false);
  const page = await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" });
  assert.deepEqual([page.total, page.count, page.next_cursor], [1, 1, null]);
  assert.deepEqual([page.data[0].nid, page.data[0].content, page.data[0].data], [nid, "Tea is ready", { cups: 2 }]);
  const marked = await inbox.markRead({ team_id: "crew", user_id: "bob", nids: [nid] });
  assert.deepEqual(marked, { changed: 1, total: 1, count: 0 });
  assert.equal((await inbox.getUnreadCount({ user_id: "bob", team_ids: ["crew"] })).count, 0);
  assert.equal((await inbox.getMessage({ team_id: "crew", user_id: "bob", nid })).read, true);
  assert.deepEqual(await inbox.retractMessage({ nid }), { retracted: true });
});

test("every method of the program can be called", async (t) => {
  const inbox = await start(t);
  const document = await inbox.discover();
  for (const { name } of document.methods) {
    // What ends a subscription has no method of its own: that is left to the iterator.
    const camel = name.replace("rpc.", "").replace(/_./g, ([, letter]) => letter.toUpperCase());
    const own = name === "subscribe" ? (params) => inbox.subscribe(params).start() : inbox[camel]?.bind(inbox);
    await (own ?? ((params) => inbox.call(name, params)))({ nonsense: 1 }).then(
      () => assert.fail(`${name} takes nonsense`),
      (error) => assert.deepEqual([error.kind, error.method], ["invalid_params", name]),
    );
  }
});

test("an error has the class of its kind, and says what it was about", async (t) => {
  const inbox = await start(t);
  await inbox.sendTeamMessage({ ...note("one"), idempotency_key: "k" });
  for (const [call, type, expected] of [
    [() => inbox.getTeamMessage({ user_id: "bob" }), "InvalidParamsError", [-32602, "invalid_params", false, "/team_id"]],
    [() => inbox.getMessage({ user_id: "bob", nid: "none" }), "NotFoundError", [2001, "not_found", false, "/nid"]],
    [() => inbox.sendTeamMessage({ ...note("two"), idempotency_key: "k" }), "ConflictError", [2002, "conflict", false, "/idempotency_key"]],
    [() => inbox.call("no_such_method"), "MethodNotFoundError", [-32601, "method_not_found", false, null]],
  ]) {
    const error = await call().then(assert.fail, (reason) => reason);
    assert.ok(error instanceof tidings[type] && error instanceof tidings.TidingsError && error instanceof Error);
    assert.equal(error.name, type);
    assert.deepEqual([error.code, error.kind, error.retryable, error.pointer], expected);
    assert.equal(typeof error.details, "object");
    assert.match(String(error), new RegExp(`^${type}: [a-z_]+: `));
  }
});

test("a program that was started for one user", async (t) => {
  const inbox = await start(t, { args: ["--user", "ann", "--read-only"] });
  assert.equal((await inbox.getAccountMessage({ user_id: "ann" })).total, 0);
  assert.equal((await inbox.call("get_account_message")).total, 0);
  const error = await inbox.getAccountMessage({ user_id: "bob" }).then(assert.fail, (reason) => reason);
  assert.ok(error instanceof tidings.ForbiddenError);
  assert.deepEqual([error.code, error.retryable, error.pointer], [2005, false, "/user_id"]);
  await assert.rejects(inbox.sendTeamMessage(note("one")), tidings.ForbiddenError);
});

test("a kind that only a newer program knows", async (t) => {
  const inbox = await startFake(t, "new kind");
  const error = await inbox.ping().then(assert.fail, (reason) => reason);
  assert.equal(error.constructor, tidings.TidingsError);
  assert.deepEqual(
    [error.code, error.kind, error.retryable, error.pointer, error.message],
    [9999, "too_blue", true, "/x", "ping: too blue"],
  );
});

test("a program that can't read a request is none of this version; the calls beside it are answered by the next one", async (t) => {
  const inbox = await startFake(t, "no id", { backoff: 1 });
  const lost = inbox.call("lost");
  const results = await Promise.allSettled([inbox.ping(), lost, inbox.ping(), inbox.ping()]);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  assert.ok(results[1].reason instanceof tidings.IncompatibleProgramError);
  assert.match(results[1].reason.message, /^lost: .* couldn't read a request/);
  await inbox.ping();
});

test("what the program says unasked is an event; progress goes to its call", async (t) => {
  const inbox = await startFake(t, "events");
  const heard = once(inbox, "notification");
  const progress = [];
  await inbox.ping(undefined, { onProgress: (value) => progress.push(value) });
  assert.deepEqual(await heard, [{ method: "inbox_event", params: { n: 1 } }]);
  assert.deepEqual(progress, [{ done: 1, total: 2 }, { done: 2, total: 2 }]);
});

test("a listener that throws is heard of, and loses no answer", async (t) => {
  const inbox = await startFake(t, "events");
  const uncaught = [];
  const runners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error.message));
  t.after(() => {
    process.removeAllListeners("uncaughtException");
    for (const runner of runners) process.on("uncaughtException", runner);
  });
  inbox.on("notification", () => {
    throw new Error("in a listener");
  });
  const onProgress = () => {
    throw new Error("in onProgress");
  };
  assert.deepEqual(await inbox.ping(undefined, { onProgress }), {});
  assert.deepEqual(await inbox.ping(), {});
  await new Promise(setImmediate);
  const [listener, progress] = ["in a listener", "in onProgress"];
  assert.deepEqual(uncaught, [listener, progress, progress, listener]);
});

test("an error of any form rejects its call, and nothing else happens", async (t) => {
  const inbox = await startFake(t, "odd errors");
  for (const error of [null, 5, "text", [], {}, { data: null }, { message: 5, code: "x", data: { kind: 1, details: null, retryable: "yes" } }]) {
    const reason = await inbox.call("odd", { error }).then(assert.fail, (thrown) => thrown);
    assert.ok(reason instanceof tidings.TidingsError);
    assert.deepEqual(
      [reason.code, reason.kind, reason.retryable, reason.pointer, reason.details],
      [0, "internal", false, null, {}],
    );
  }
});

test("values that JavaScript knows otherwise come as they are, and a name like __proto__ is a name", async (t) => {
  const inbox = await start(t);
  const data = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1, "a": "\\r\\u0085\\u2028\\u2029\\u001b"}');
  await inbox.sendTeamMessage({ ...note("one\r\ntwo\rthree"), data });
  const { data: [message] } = await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" });
  assert.deepEqual(Object.keys(message.data).sort(), ["__proto__", "a", "constructor"]);
  assert.equal(JSON.stringify(message.data), JSON.stringify(data));
  assert.deepEqual([message.content, {}.admin, message.admin], ["one\r\ntwo\rthree", undefined, undefined]);
});

test("a send without a key gets one, and each its own; a key that is given stays", async (t) => {
  const inbox = await startFake(t, "tell");
  for (const params of [note("a"), { ...note("b"), idempotency_key: null }, { ...note("c"), idempotency_key: "mine" }]) {
    inbox.sendTeamMessage(params).catch(() => {}); // Never answered: rejects when the client is closed.
  }
  for (const send of ["sendAccountMessage", "sendAnnouncement", "ping"]) inbox[send]({}).catch(() => {});
  const keys = (await inbox.call("tell")).slice(1, -1).map(({ params }) => params.idempotency_key);
  assert.deepEqual([keys[2], keys[5]], ["mine", undefined]);
  const made = [keys[0], keys[1], keys[3], keys[4]];
  assert.equal(new Set(made).size, 4);
  assert.ok(made.every((key) => typeof key === "string" && key.length <= 128));
});

test("requests reach the program in the order of the calls", async (t) => {
  const inbox = await startFake(t, "tell");
  for (let n = 0; n < 1000; n++) {
    inbox.call("x", { n, pad: "x".repeat(n % 7 === 0 ? 100_000 : n) }).catch(() => {});
    if (n % 50 === 0) await new Promise(setImmediate);
  }
  const seen = (await inbox.call("tell")).filter(({ method }) => method === "x").map(({ params }) => params.n);
  assert.deepEqual(seen, Array.from({ length: 1000 }, (_, n) => n));
});

test("the pages and the messages of a listing, by cursor", async (t) => {
  const inbox = await start(t);
  for (let n = 0; n < 250; n++) inbox.sendTeamMessage(note(`${n}`));
  for (let n = 0; n < 3; n++) await inbox.sendAccountMessage({ reader_id: "bob", message_type: "note", content: `${n}` });
  const bob = { team_id: "crew", user_id: "bob", order: "oldest" };
  const contents = async (values) => (await all(values)).map(({ content }) => Number(content));
  const counted = (from, count) => Array.from({ length: count }, (_, n) => from + n);

  assert.deepEqual(await contents(inbox.teamMessages(bob)), counted(0, 250));
  assert.deepEqual(await contents(inbox.teamMessages({ ...bob, pageSize: 7 })), counted(0, 250));
  assert.deepEqual(await contents(inbox.accountMessages({ user_id: "bob", order: "oldest", pageSize: 2 })), counted(0, 3));
  assert.deepEqual(await contents(inbox.teamMessages({ ...bob, team_id: "none" })), []);

  const pages = await all(inbox.pages("get_team_message", { ...bob, pageSize: 100, pageNo: 2 }));
  assert.deepEqual(pages.map(({ data }) => [data[0].content, data.length]), [["100", 100], ["200", 50]]);

  for await (const { content } of inbox.teamMessages(bob)) if (content === "5") break;
  const stopped = new AbortController();
  await assert.rejects(
    async () => {
      for await (const { content } of inbox.teamMessages({ ...bob, pageSize: 10 }, { signal: stopped.signal })) {
        if (content === "9") stopped.abort();
      }
    },
    { name: "AbortError" },
  );
  await assert.rejects(all(inbox.teamMessages({ team_id: "crew" })), { pointer: "/user_id" });
});

test("an answer of many megabytes", async (t) => {
  const inbox = await start(t, { store: fileStore(t) });
  const content = "日".repeat(21_000);
  await Promise.all(Array.from({ length: 200 }, () => inbox.sendTeamMessage(note(content))));
  const pages = await all(inbox.pages("get_team_message", { team_id: "crew", user_id: "bob", pageSize: 200 }));
  const contents = pages.flatMap(({ data }) => data.map((message) => message.content));
  assert.equal(contents.length, 200);
  assert.ok(contents.every((one) => one === content));
});

test("thousands of calls at once", async (t) => {
  const inbox = await start(t);
  const results = await Promise.all(Array.from({ length: 5000 }, (_, n) => inbox.sendTeamMessage(note(`${n}`))));
  assert.equal(new Set(results.map(({ nid }) => nid)).size, 5000);
  const messages = await all(inbox.teamMessages({ team_id: "crew", user_id: "bob", order: "oldest", pageSize: 200 }));
  assert.deepEqual(messages.map(({ nid }) => nid), results.map(({ nid }) => nid));
});

test("a result is had as the text that the program wrote, with all digits of its numbers", async (t) => {
  const digits = "1".repeat(400);
  const bob = { team_id: "crew", user_id: "bob" };
  const other = request.encodeRequest(1, "send_team_message", { ...note("x"), data: {} }, { depth: 128, request_bytes: 1e6 });
  assert.match(other, /"data":\{\}/);
  // Another host of the same store, whose language has such numbers.
  const store = fileStore(t);
  const inbox = await start(t, { store });
  execFileSync(program, ["--log-level", "error", "--store", store], {
    input: other.replace('"data":{}', `"data":{"n":12345678901234567890,"big":${digits},"deep":${"[".repeat(120)}${"]".repeat(120)},"huge":1e999}`),
  });
  const page = await inbox.getTeamMessage(bob);
  assert.deepEqual([page.data[0].data.n, page.data[0].data.big, page.data[0].data.huge], [12345678901234567000, Infinity, Infinity]);
  const text = await inbox.call("get_team_message", bob, { raw: true });
  assert.ok(text.includes('"n":12345678901234567890,') && text.includes(`"big":${digits},`) && text.includes('"huge":1e999'));
  assert.deepEqual(JSON.parse(text), page);
  assert.equal(await inbox.call("ping", {}, { raw: true }), "{}");
  await assert.rejects(inbox.call("get_message", { user_id: "bob", nid: "none" }, { raw: true }), tidings.NotFoundError);
});

test("what others wrote, made fit to be shown", () => {
  const lost = [];
  const add = (from, to) => {
    for (let code = from; code <= to; code++) lost.push(code);
  };
  for (const [from, to] of [[0, 8], [14, 31], [127, 159], [0x61c, 0x61c], [0x200e, 0x200f], [0x2028, 0x202e], [0x2066, 0x2069]]) add(from, to);
  const same = 'é 日本 🎈 \u00a0 \u2027 \u202f \u2065 \u206a \u200d \\ "';
  for (const [given, expected] of [
    [undefined, ""],
    [null, ""],
    [same, same],
    ["a\tb\nc\rd\ve\ff", "a b c d e f"],
    [String.fromCodePoint(...lost), "\ufffd".repeat(lost.length)],
  ]) {
    assert.equal(tidings.plain(given), expected);
  }
  for (const [message, expected] of [
    [{}, ""],
    [{ user_id: "ann" }, "ann"],
    [{ user_id: "ann", username: "ann" }, "ann"],
    [{ user_id: "ann", username: "Ann" }, "ann (Ann)"],
    [{ username: "Ann" }, "(Ann)"],
    [{ user_id: "a\nb", username: "c\u001bd" }, "a b (c\ufffdd)"],
  ]) {
    assert.equal(tidings.sender(message), expected);
  }
});

test("an answer that JavaScript can't hold fails its call alone, and nothing of it is told", async (t) => {
  const inbox = await start(t);
  await inbox.sendTeamMessage(note("a secret of others"));
  const { pid } = inbox;
  const parse = JSON.parse;
  t.mock.method(JSON, "parse", (text, ...more) => {
    if (text.includes("a secret")) throw new RangeError("a secret is too deep"); // Stands for what an engine may do.
    return parse(text, ...more);
  });
  const calls = [inbox.ping(), inbox.getTeamMessage({ team_id: "crew", user_id: "bob" }), inbox.ping()];
  const [one, page, two] = await Promise.allSettled(calls);
  assert.deepEqual([one.status, two.status, inbox.pid], ["fulfilled", "fulfilled", pid]);
  assert.ok(page.reason instanceof tidings.UnreadableAnswerError);
  assert.deepEqual([page.reason.code, page.reason.retryable, page.reason.method], [0, false, "get_team_message"]);
  assert.equal(page.reason.message, "get_team_message: the answer is more than JavaScript can hold (RangeError)");
  await inbox.ping();
});
