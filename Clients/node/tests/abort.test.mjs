import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import test from "node:test";

import { DeadlineExceededError } from "../index.mjs";
import signals from "../lib/signals.js";
import { note, start, startFake } from "./support.mjs";

test("an aborted call rejects with the signal's reason at once, and the program is told", async (t) => {
  const inbox = await startFake(t, "tell");
  const controller = new AbortController();
  const call = inbox.call("slow", {}, { signal: controller.signal });
  await inbox.call("tell");
  controller.abort(new Error("no longer wanted"));
  await assert.rejects(call, { message: "no longer wanted" });
  const [, slow, , cancel] = await inbox.call("tell");
  assert.equal(slow.method, "slow");
  assert.deepEqual([cancel.method, cancel.id, cancel.params], ["$/cancelRequest", undefined, { id: slow.id }]);
});

test("what is aborted before it was called is never sent", async (t) => {
  const inbox = await startFake(t, "tell");
  await assert.rejects(inbox.call("slow", {}, { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.deepEqual((await inbox.call("tell")).map(({ method }) => method), ["get_status", "tell"]);
});

test("an abort after the answer does nothing; one signal serves many calls", async (t) => {
  const inbox = await start(t);
  const controller = new AbortController();
  const options = { signal: controller.signal };
  await Promise.all(Array.from({ length: 50 }, () => inbox.ping({}, options)));
  const late = Array.from({ length: 20 }, (_, n) => inbox.sendTeamMessage(note(`${n}`), options));
  controller.abort();
  controller.abort();
  for (const { status, reason } of await Promise.allSettled(late)) {
    assert.deepEqual([status, reason?.name], ["rejected", "AbortError"]);
  }
  await inbox.ping();
  // What was cancelled was done or not; what is there is there once.
  const { data } = await inbox.getTeamMessage({ team_id: "crew", user_id: "bob", pageSize: 100 });
  assert.equal(new Set(data.map(({ content }) => content)).size, data.length);
});

test("a call that takes too long rejects, by its own timeout or the client's", async (t) => {
  const inbox = await startFake(t, "silent", { timeout: 20 });
  for (const [options, timeout] of [[undefined, 20], [{ timeout: 5 }, 5]]) {
    await assert.rejects(inbox.call("slow", {}, options), (error) => {
      assert.ok(error instanceof DeadlineExceededError);
      assert.deepEqual([error.code, error.retryable, error.method, error.details], [1003, true, "slow", { timeout }]);
      return true;
    });
  }
  const controller = new AbortController();
  const patient = inbox.call("slow", {}, { timeout: 0, signal: controller.signal });
  await assert.rejects(inbox.call("slow"), DeadlineExceededError);
  controller.abort();
  await assert.rejects(patient, { name: "AbortError" });
});

test("one signal on any number of calls of any client is listened to once, and let go of at the end", async (t) => {
  const warnings = [];
  const warned = (warning) => warnings.push(warning.name);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  const [one, two] = [await startFake(t, "silent"), await startFake(t, "silent")];
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = () => getEventListeners(signal, "abort").length;
  const answered = Array.from({ length: 50 }, () => one.getStatus({}, { signal }));
  const waiting = Array.from({ length: 10_000 }, (_, n) => (n % 2 ? one : two).call("slow", {}, { signal }));
  assert.equal(listeners(), 1);
  await Promise.all(answered);
  assert.equal(listeners(), 1);
  controller.abort();
  for (const { reason } of await Promise.allSettled(waiting)) assert.equal(reason, signal.reason);
  assert.equal(listeners(), 0);
  await new Promise(setImmediate); // Warnings come a turn later.
  assert.deepEqual(warnings, []);

  const later = new AbortController();
  await Promise.all(Array.from({ length: 20 }, () => one.getStatus({}, { signal: later.signal })));
  assert.equal(getEventListeners(later.signal, "abort").length, 0);
});

test("what listens to a signal hears it once, or never after it was released", () => {
  const controller = new AbortController();
  const heard = [];
  const listen = (name) => signals.onAbort(controller.signal, (reason) => heard.push([name, reason]));
  const [a, b] = [listen("a"), listen("b")];
  a();
  a();
  listen("c");
  controller.abort("over");
  b();
  assert.deepEqual(heard, [["b", "over"], ["c", "over"]]);
});
