import assert from "node:assert/strict";
import test from "node:test";

import { ClosedError, CursorExpiredError, InvalidParamsError, TidingsError } from "../index.mjs";
import { crash, fileStore, note, start, startFake } from "./support.mjs";

test("an inbox is followed across the ends of the program, and nothing comes twice", async (t) => {
  const inbox = await start(t, { store: fileStore(t), timeout: 10_000 });
  const bob = { team_id: "crew", user_id: "bob" };
  const { cursor } = await inbox.getChanges(bob);
  const changes = inbox.changes({ ...bob, cursor });
  for (let n = 0; n < 8; n++) {
    const next = changes.next(); // It waits in the program, and in the next one.
    if (n % 2 === 1) await crash(inbox);
    await inbox.sendTeamMessage(note(`${n}`));
    const { value } = await next;
    assert.deepEqual([value.event, value.message.content, value.total, value.count], ["created", `${n}`, n + 1, n + 1]);
  }
  const next = changes.next();
  await inbox.markRead({ ...bob, all: true });
  const { value: marked } = await next;
  assert.deepEqual([marked.event, marked.count], ["marked", 0]);

  // A host that comes again with the cursor that it saw last misses nothing.
  await inbox.sendTeamMessage(note("after"));
  for await (const { event, message } of inbox.changes({ ...bob, cursor: marked.cursor })) {
    assert.deepEqual([event, message.content], ["created", "after"]);
    break;
  }
});

test("following begins with the present; a signal ends it; an error is the caller's", async (t) => {
  const inbox = await start(t);
  await inbox.sendAccountMessage({ reader_id: "bob", message_type: "note", content: "past" });
  const stop = new AbortController();
  const changes = inbox.changes({ user_id: "bob" }, { signal: stop.signal });
  const first = changes.next();
  // The order of the wire: it began before this is sent.
  await inbox.sendAccountMessage({ reader_id: "bob", message_type: "note", content: "new" });
  assert.equal((await first).value.message.content, "new");
  const second = changes.next();
  stop.abort();
  await assert.rejects(second, { name: "AbortError" });
  await assert.rejects(inbox.changes({ user_id: "bob", cursor: "odd" }).next(), (error) => {
    assert.ok(error instanceof InvalidParamsError || error instanceof CursorExpiredError, `${error}`);
    return error instanceof TidingsError;
  });
});

/** Whether a call waits in a program that lets one wait. */
async function waits(inbox, following) {
  try {
    await inbox.getChanges({ ...following, wait_ms: 1 });
    return false;
  } catch (error) {
    assert.equal(error.kind, "limit_reached");
    return true;
  }
}

test("following can be left while nothing happens, and the program waits for it no more", async (t) => {
  const inbox = await start(t, { args: ["--max-waiting", "1"] });
  const bob = { user_id: "bob", cursor: (await inbox.getChanges({ user_id: "bob" })).cursor };
  for (const leave of [
    (changes) => changes.return("left"),
    (changes) => changes.throw(new Error("left")).catch(({ message: value }) => ({ value, done: true })),
  ]) {
    const changes = inbox.changes(bob);
    const waiting = [changes.next(), changes.next()]; // The second waits for the first.
    assert.ok(await waits(inbox, bob));
    assert.deepEqual(await leave(changes), { value: "left", done: true });
    for (const next of waiting) assert.deepEqual(await next, { value: undefined, done: true });
    assert.deepEqual(await changes.next(), { value: undefined, done: true });
    assert.ok(!(await waits(inbox, bob)));
  }

  const stop = new AbortController();
  const changes = inbox.changes(bob, { signal: stop.signal });
  const next = changes.next();
  assert.ok(await waits(inbox, bob));
  stop.abort(new Error("gone"));
  await assert.rejects(next, { message: "gone" });
  assert.ok(!(await waits(inbox, bob)));
  assert.deepEqual(await changes.next(), { value: undefined, done: true });

  const before = inbox.changes(bob);
  assert.deepEqual(await before.return(), { value: undefined, done: true });
  assert.deepEqual(await before.next(), { value: undefined, done: true });
  await assert.rejects(inbox.changes(bob, { signal: AbortSignal.abort() }).next(), { name: "AbortError" });
  if (Symbol.asyncDispose) {
    const disposed = inbox.changes(bob);
    const last = disposed.next();
    await disposed[Symbol.asyncDispose]();
    assert.deepEqual(await last, { value: undefined, done: true });
  }
});

test("with idle, null comes after so long of nothing, by one call that goes on waiting", async (t) => {
  const inbox = await start(t, { args: ["--max-waiting", "1"] });
  const bob = { user_id: "bob", cursor: (await inbox.getChanges({ user_id: "bob" })).cursor };
  const seen = [];
  for await (const change of inbox.changes(bob, { idle: 5 })) {
    seen.push(change?.message.content ?? null);
    if (seen.length <= 3) assert.ok(await waits(inbox, bob));
    if (seen.length === 3) await inbox.sendAccountMessage({ reader_id: "bob", message_type: "note", content: "x" });
    if (change) break;
  }
  assert.deepEqual([seen.slice(0, 3), seen.at(-1)], [[null, null, null], "x"]);
  assert.ok(seen.slice(3, -1).every((one) => one === null));
  const { cursor } = await inbox.getChanges({ user_id: "bob" });
  for await (const change of inbox.changes({ user_id: "bob", cursor }, { idle: 5 })) {
    assert.equal(change, null);
    break; // Leaves the call that it had begun.
  }
  assert.ok(!(await waits(inbox, { user_id: "bob", cursor })));
});

test("a failure while nobody waits comes with the next step, and is no unhandled rejection", async (t) => {
  const inbox = await startFake(t, "die", { restarts: 0 });
  const changes = inbox.changes({ user_id: "bob" }, { idle: 1 });
  const first = await changes.next().catch((error) => error);
  if (first.value === null) {
    while (inbox.pid !== null) await new Promise(setImmediate);
    await assert.rejects(changes.next(), { kind: "process_died" });
  } else assert.equal(first.kind, "process_died");
  assert.deepEqual(await changes.next(), { value: undefined, done: true });
});

test("a listing can be left while its page is on the way", async (t) => {
  const inbox = await startFake(t, "silent");
  for (const messages of [inbox.teamMessages({ team_id: "crew", user_id: "bob" }), inbox.pages("get_account_message", { user_id: "bob" })]) {
    const next = messages.next();
    await messages.return();
    assert.deepEqual(await next, { value: undefined, done: true });
  }
});

test("closing does not wait for those that wait", async (t) => {
  const inbox = await start(t);
  const changes = inbox.changes({ user_id: "bob" });
  const next = changes.next();
  await inbox.ping();
  await Promise.all([assert.rejects(next, ClosedError), inbox.close({ timeout: 60_000 })]);
});

test("the client's timeout comes on top of what a call may wait for", async (t) => {
  const inbox = await startFake(t, "silent", { timeout: 20 });
  await assert.rejects(inbox.ping(), { kind: "deadline_exceeded", details: { timeout: 20 } });
  await assert.rejects(inbox.getChanges({ user_id: "bob", wait_ms: 30 }), { details: { timeout: 50 } });
  await assert.rejects(inbox.getChanges({ user_id: "bob", wait_ms: 30 }, { timeout: 5 }), { details: { timeout: 5 } });
});
