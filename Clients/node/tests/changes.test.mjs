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
