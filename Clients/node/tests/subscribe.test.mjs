import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { ClosedError, DeadlineExceededError, InvalidParamsError, ProcessDiedError, StoreUnavailableError } from "../index.mjs";
import { crash, fileStore, folder, here, run, start } from "./support.mjs";

const turn = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A client of `fake-followed`, and its log of events. */
async function followed(t, options = {}) {
  const place = folder(t);
  const env = { ...process.env, FOLDER: place };
  const inbox = await start(t, { program: path.join(here, "fake-followed"), env, restarts: 50, backoff: 1, ...options });
  const file = (name) => path.join(place, name);
  const asked = (method) => (existsSync(file("log")) ? readFileSync(file("log"), "utf8").split("\n") : []).filter((one) => one === method).length;
  return {
    inbox,
    happen: (...teams) => appendFileSync(file("events"), teams.map((team) => `${team}\n`).join("")),
    asked,
    order: (name) => (name ? writeFileSync(file("orders"), `${name}\n`) : rmSync(file("orders"))),
    async until(method, count = 1) {
      while (asked(method) < count) await turn();
    },
  };
}

async function take(events, count) {
  const taken = [];
  while (taken.length < count) taken.push((await events.next()).value);
  return taken;
}

const places = (events) => events.map(({ team_id = null, cursor }) => [team_id, cursor]);
const upTo = (count) => Array.from({ length: count }, (_, n) => `${n + 1}`);

test("events of several inboxes come in their order, and leaving unsubscribes", async (t) => {
  const { inbox, happen, until } = await followed(t);
  happen("a", "a", "-");
  const events = inbox.subscribe({ user_id: "u", inboxes: [{ team_id: "a" }, {}] });
  assert.deepEqual(await events.start(), [
    { team_id: "a", cursor: "3", total: 3, count: 3, unseen: 3 },
    { cursor: "3", total: 3, count: 3, unseen: 3 },
  ]);
  happen("-", "a", "b", "a");
  assert.deepEqual(places(await take(events, 3)), [["a", "5"], ["a", "7"], [null, "4"]]);
  assert.deepEqual(events.inboxes, [{ team_id: "a", cursor: "7" }, { cursor: "4" }]);
  assert.deepEqual((await events.start()).map(({ total }) => total), [7, 4]);
  happen("a");
  for await (const { cursor } of events) {
    assert.equal(cursor, "8");
    break;
  }
  await until("unsubscribe");
  assert.deepEqual(await events.next(), { value: undefined, done: true });
});

test("programs that end leave no gap and no repeat", async (t) => {
  const { inbox, happen } = await followed(t);
  const events = inbox.subscribe({ user_id: "u", inboxes: [{ team_id: "a" }, {}] });
  await events.start();
  const seen = [];
  let sent = 0;
  for (let n = 0; n < 12; n++) {
    happen("a", "-", "a");
    sent += 3;
    if (n % 2) {
      await crash(inbox);
      happen("a");
      sent += 1;
    }
    seen.push(...(await take(events, sent - seen.length)));
  }
  assert.deepEqual(seen.map(({ cursor }) => Number(cursor)).sort((a, b) => a - b), upTo(sent).map(Number));
  for (const team of ["a", undefined]) {
    const its = seen.filter(({ team_id }) => team_id === team).map(({ cursor }) => Number(cursor));
    assert.deepEqual(its, its.toSorted?.((a, b) => a - b) ?? [...its].sort((a, b) => a - b));
  }
});

test("a host that takes nothing has a bounded queue, holds up no call, and misses nothing", async (t) => {
  const { inbox, happen, asked } = await followed(t);
  const events = inbox.subscribe({ user_id: "u", team_id: "a" });
  await events.start();
  let count = 0;
  while (asked("unsubscribe") === 0 || count < 4000) {
    happen(...Array(100).fill("a"));
    count += 100;
    await inbox.ping();
    await turn();
  }
  assert.deepEqual((await take(events, count)).map(({ cursor }) => cursor), upTo(count));
  assert.ok(asked("subscribe") > 1);
  happen("a");
  assert.equal((await events.next()).value.cursor, `${count + 1}`);
});

test("of counts the newest of each inbox is kept, and the present is told after a seam", async (t) => {
  const { inbox, happen, asked, order, until } = await followed(t);
  const events = inbox.subscribe({ user_id: "u", inboxes: [{ team_id: "a" }, { team_id: "b" }], detail: "counts" });
  await events.start();
  for (let n = 0; n < 500; n++) happen("a", "b");
  let last;
  do last = (await events.next()).value;
  while (last.cursor !== "1000");
  assert.deepEqual([last.event, asked("subscribe"), asked("unsubscribe")], ["counts", 1, 0]);
  order("deaf");
  await crash(inbox);
  await until("subscribe", 2);
  happen("a", "a");
  order(null);
  await crash(inbox);
  const { event, team_id, total } = (await events.next()).value;
  assert.deepEqual([event, team_id, total], ["counts", "a", 1002]);
});

test("a cursor that is too old is told as lagged", async (t) => {
  const { inbox, happen } = await followed(t);
  happen("a", "a");
  const events = inbox.subscribe({ user_id: "u", team_id: "a", cursor: "old" });
  assert.equal((await events.start())[0].cursor, "old"); // Until it was taken.
  const { event, cursor, total } = (await events.next()).value;
  assert.deepEqual([event, cursor, total], ["lagged", "2", 2]);
  happen("a");
  assert.equal((await events.next()).value.cursor, "3");
});

test("null comes while nothing happens; return and a signal end it at once", async (t) => {
  const { inbox, happen, until } = await followed(t);
  const ticking = inbox.subscribe({ user_id: "u", team_id: "a" }, { idle: 5 });
  assert.deepEqual(await take(ticking, 2), [null, null]);
  happen("a");
  let one;
  do one = (await ticking.next()).value;
  while (one === null);
  assert.equal(one.event, "created");
  await ticking.return();
  await until("unsubscribe");

  const events = inbox.subscribe({ user_id: "u" });
  const next = events.next();
  await until("subscribe", 2);
  assert.deepEqual(await events.return("left"), { value: "left", done: true });
  assert.deepEqual(await next, { value: undefined, done: true });
  await until("unsubscribe", 2);

  const controller = new AbortController();
  const aborted = inbox.subscribe({ user_id: "u" }, { signal: controller.signal });
  await aborted.start();
  controller.abort(new Error("gone")); // While nobody asks for the next one.
  await until("unsubscribe", 3);
  await assert.rejects(aborted.next(), { message: "gone" });
  await assert.rejects(inbox.subscribe({ user_id: "u" }, { signal: AbortSignal.abort() }).start(), { name: "AbortError" });
});

test("one that is left before its answer is unsubscribed at its answer", async (t) => {
  const { inbox, asked, until } = await followed(t);
  process.kill(inbox.pid, "SIGSTOP");
  const events = inbox.subscribe({ user_id: "u" });
  const next = events.next();
  await events.return();
  assert.equal((await next).done, true);
  process.kill(inbox.pid, "SIGCONT");
  await until("unsubscribe");
  assert.equal(asked("subscribe"), 1);
});

test("one signal serves any number of subscriptions", async (t) => {
  const { inbox, until } = await followed(t);
  const warnings = [];
  const warned = (warning) => warnings.push(warning.name);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  const controller = new AbortController();
  const { signal } = controller;
  const all = Array.from({ length: 50 }, () => inbox.subscribe({ user_id: "u" }, { signal, idle: 1 }));
  await Promise.all(all.map((events) => events.next()));
  assert.equal(getEventListeners(signal, "abort").length, 1);
  controller.abort();
  await until("unsubscribe", 50);
  assert.equal(getEventListeners(signal, "abort").length, 0);
  const later = new AbortController();
  const left = Array.from({ length: 20 }, () => inbox.subscribe({ user_id: "u" }, { signal: later.signal, idle: 1 }));
  for (const events of left) {
    await events.next();
    await events.return();
  }
  await new Promise(setImmediate); // Warnings come a turn later, too.
  assert.equal(getEventListeners(later.signal, "abort").length, 0);
  assert.deepEqual(warnings, []);
});

test("what is refused is told with the name that the host used; what passes is waited for once it has begun", async (t) => {
  const { inbox, happen, asked, order, until } = await followed(t);
  order("bad");
  await assert.rejects(inbox.subscribe({ user_id: "u", team_id: "" }).next(), (error) => {
    assert.ok(error instanceof InvalidParamsError);
    assert.deepEqual([error.pointer, error.details.pointer], ["/team_id", "/team_id"]);
    return true;
  });
  await assert.rejects(inbox.subscribe({ user_id: "u", inboxes: [{ team_id: "" }] }).next(), { pointer: "/inboxes/0/team_id" });
  await assert.rejects(inbox.subscribe({ user_id: new Set() }).next(), TypeError);
  order("away");
  await assert.rejects(inbox.subscribe({ user_id: "u" }).start(), StoreUnavailableError);
  order(null);
  const events = inbox.subscribe({ user_id: "u", team_id: "a" });
  await events.start();
  order("away");
  const before = asked("subscribe");
  await crash(inbox);
  await until("subscribe", before + 3);
  happen("a");
  order(null);
  assert.equal((await events.next()).value.cursor, "1");
  order("deaf");
  await assert.rejects(inbox.subscribe({ user_id: "u" }, { timeout: 5 }).start(), DeadlineExceededError);
  assert.throws(() => inbox.subscribe({ user_id: "u" }, { detail: "counts" }), TypeError);
});

test("the end of the client and of the program are told", async (t) => {
  const { inbox } = await followed(t);
  const events = inbox.subscribe({ user_id: "u" });
  await events.start();
  const next = events.next();
  await Promise.all([assert.rejects(next, ClosedError), inbox.close({ timeout: 60_000 })]);
  const mortal = await followed(t, { restarts: 0 });
  const other = mortal.inbox.subscribe({ user_id: "u" });
  await other.start();
  await crash(mortal.inbox);
  await assert.rejects(other.next(), ProcessDiedError);
});

test("who waits for an event keeps the host running; one that nobody waits for doesn't", (t) => {
  const place = folder(t);
  const script = path.join(place, "host.mjs");
  writeFileSync(
    script,
    `import { Tidings } from ${JSON.stringify(path.join(here, "../index.mjs"))};
     import { appendFileSync } from "node:fs";
     const inbox = await Tidings.start({ program: ${JSON.stringify(path.join(here, "fake-followed"))} });
     const events = inbox.subscribe({ user_id: "u", team_id: "a" });
     await events.start();
     setTimeout(() => appendFileSync(process.env.FOLDER + "/events", "a\\n"), 50);
     console.log((await events.next()).value.cursor);`,
  );
  assert.equal(run(script, { env: { ...process.env, FOLDER: place } }), "1\n");
});

test("the program itself is followed while it is killed, and each message comes once, in its order", async (t) => {
  const inbox = await start(t, { store: fileStore(t), restarts: 1000, backoff: 1 });
  const count = Number(process.env.TIDINGS_TEST_CALLS ?? 5000) / 5;
  const kills = Number(process.env.TIDINGS_TEST_KILLS ?? 10);
  const sent = { crew: [], deck: [], "": [] };
  const told = { crew: [], deck: [], "": [] };
  let inboxes = [{ team_id: "crew" }, { team_id: "deck" }, {}];
  const first = inbox.subscribe({ user_id: "bob", inboxes });
  await first.start();
  ({ inboxes } = first);
  await first.return();
  const following = (async () => {
    // Now and then it is left, and another one goes on from where it was.
    for (let taken = 0; taken < count; ) {
      const events = inbox.subscribe({ user_id: "bob", inboxes });
      for await (const { event, team_id, message } of events) {
        assert.equal(event, "created");
        told[team_id ?? ""].push(message.nid);
        if (++taken === count || taken % 97 === 0) break;
      }
      ({ inboxes } = events);
    }
  })();
  for (let number = 0; number < count; number++) {
    if (number % Math.ceil(count / kills) === 5 && inbox.pid) process.kill(inbox.pid, "SIGKILL");
    const team = ["crew", "deck", ""][(number * 7) % 3];
    const body = { message_type: "m", content: `${number}` };
    const { nid } = team
      ? await inbox.sendTeamMessage({ team_id: team, user_id: "ann", ...body })
      : await inbox.sendAccountMessage({ reader_id: "bob", ...body });
    sent[team].push(nid);
  }
  await following;
  assert.deepEqual(told, sent);
});
