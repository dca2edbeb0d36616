import assert from "node:assert/strict";
import test from "node:test";

import { DeadlineExceededError } from "../index.mjs";
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
      assert.deepEqual([error.code, error.method, error.details], [null, "slow", { timeout }]);
      return true;
    });
  }
  const controller = new AbortController();
  const patient = inbox.call("slow", {}, { timeout: 0, signal: controller.signal });
  await assert.rejects(inbox.call("slow"), DeadlineExceededError);
  controller.abort();
  await assert.rejects(patient, { name: "AbortError" });
});
