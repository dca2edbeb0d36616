import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { ProgramFailedError, Tidings } from "../index.mjs";
import { all, crash, fake, fileStore, folder, note, start, startFake } from "./support.mjs";

const CALLS = Number(process.env.TIDINGS_TEST_CALLS ?? 5000);
const KILLS = Number(process.env.TIDINGS_TEST_KILLS ?? 10);
const TEAMS = 8;

test(`${CALLS} calls while the program is killed ${KILLS} times: all answer, no message is doubled`, async (t) => {
  const inbox = await start(t, { store: fileStore(t) });
  const kills = new Set();
  while (kills.size < KILLS) kills.add(1 + Math.floor(Math.random() * (CALLS - 1)));
  const exits = [];
  inbox.on("exit", ({ signal }) => exits.push(signal));

  const sent = new Map();
  const killed = new Set();
  let due = 0;
  let made = 0;
  const worker = async () => {
    while (made < CALLS) {
      const n = made++;
      const team_id = `team ${n % TEAMS}`;
      const reader = { team_id, user_id: `reader ${n % 5}` };
      // A program that is just being started can't be killed, nor one twice: a later call does it.
      due += kills.has(n) ? 1 : 0;
      if (due > 0 && inbox.pid !== null && !killed.has(inbox.pid)) {
        due -= 1;
        killed.add(inbox.pid);
        process.kill(inbox.pid, "SIGKILL");
      }
      if (n % 2 === 0) {
        const { nid } = await inbox.sendTeamMessage({ ...note(`${n}`), team_id });
        assert.ok(!sent.has(nid), "two messages with one nid");
        sent.set(nid, `${n}`);
      } else if (n % 4 === 1) {
        assert.ok((await inbox.getTeamMessage({ ...reader, pageSize: 5 })).data.length <= 5);
      } else {
        assert.equal((await inbox.markRead({ ...reader, all: true })).count, 0);
      }
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  while (exits.length < killed.size) await once(inbox, "exit");
  assert.ok(exits.every((signal) => signal === "SIGKILL"));
  t.diagnostic(`${killed.size} kills`);

  const found = new Map();
  for (let team = 0; team < TEAMS; team++) {
    const auditor = { team_id: `team ${team}`, user_id: "auditor" };
    const messages = await all(inbox.teamMessages({ ...auditor, pageSize: 200 }));
    for (const { nid, content } of messages) found.set(nid, content);
    assert.equal((await inbox.getTeamMessage(auditor)).total, messages.length);
  }
  assert.equal(found.size, Math.ceil(CALLS / 2));
  assert.deepEqual(new Map([...found].sort()), new Map([...sent].sort()));
});

test("a call after the program ended, with none under way, starts it again", async (t) => {
  const inbox = await start(t, { store: fileStore(t) });
  await inbox.sendTeamMessage(note("before"));
  const before = inbox.pid;
  const [exit] = await crash(inbox);
  assert.deepEqual([exit.status, exit.signal, inbox.pid], [null, "SIGKILL", null]);
  const restart = once(inbox, "restart");
  assert.equal((await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" })).total, 1);
  assert.deepEqual(await restart, [{ attempt: 1, pid: inbox.pid }]);
  assert.notEqual(inbox.pid, before);
});

test("a program that was told to end is started again too", async (t) => {
  const inbox = await start(t, { store: fileStore(t) });
  const exits = [];
  inbox.on("exit", ({ status }) => exits.push(status));
  const calls = Array.from({ length: 2000 }, (_, n) => inbox.sendTeamMessage(note(`${n}`)));
  await calls[0];
  process.kill(inbox.pid, "SIGTERM");
  await Promise.all(calls);
  assert.deepEqual(exits, [0]);
  const contents = (await all(inbox.teamMessages({ team_id: "crew", user_id: "bob", order: "oldest" }))).map(({ content }) => content);
  assert.deepEqual(contents, Array.from({ length: 2000 }, (_, n) => `${n}`));
});

test("a program that keeps ending is given up, with its last words", async (t) => {
  const inbox = await startFake(t, "die", { restarts: 3, backoff: 1 });
  let exits = 0;
  inbox.on("exit", () => (exits += 1));
  const results = await Promise.allSettled([inbox.ping(), inbox.getStatus().then(() => inbox.ping())]);
  for (const { status, reason } of results) {
    assert.equal(status, "rejected");
    assert.ok(reason instanceof ProgramFailedError);
    assert.deepEqual([reason.code, reason.method, reason.details.signal], [null, "ping", "SIGKILL"]);
    assert.match(reason.message, /keeps ending \(signal SIGKILL\)\nIts last words:(\nthe store is on fire)+$/);
  }
  assert.ok(exits >= 4);
});

test("after it was given up, a later call tries again", async (t) => {
  const inbox = await startFake(t, "die", { restarts: 0 });
  await assert.rejects(inbox.ping(), ProgramFailedError);
  await inbox.getStatus();
  await assert.rejects(inbox.ping(), ProgramFailedError);
});

test("a call that ends the program each time is given up; those beside it answer", async (t) => {
  const inbox = await startFake(t, "die at poison", { backoff: 1 });
  const poison = inbox.call("poison");
  const rest = (async () => {
    for (let n = 0; n < 200; n++) await inbox.ping();
  })();
  let settled = false;
  const error = await Promise.race([
    poison.then(assert.fail, (reason) => reason),
    (async () => {
      while (!settled) await inbox.ping();
    })(),
  ]);
  settled = true;
  assert.match(error.message, /^poison: .* ended 5 times during this call \(signal SIGKILL\)\nIts last words:\npoisoned$/);
  await rest;
});

test("a call that waited beside the one that ends the program lives; one that only waits outlives many programs", async (t) => {
  const inbox = await startFake(t, "die at poison", { backoff: 1 });
  const waiting = inbox.call("slow", { wait_ms: 1 });
  const slow = inbox.call("slow");
  for (let n = 0; n < 4; n++) {
    await assert.rejects(inbox.call("poison"), /ended 5 times/);
    await (n === 0 ? slow : inbox.ping());
  }
  const [exit] = await crash(inbox);
  assert.equal(exit.signal, "SIGKILL");
  assert.deepEqual(await inbox.call("release"), {});
  assert.deepEqual(await waiting, { released: true });
});

test("a send that was repeated under its own key is no duplicate", async (t) => {
  const inbox = await startFake(t, "die before the second answer", {}, { FAKE_KEPT: path.join(folder(t), "kept") });
  const sent = await inbox.sendTeamMessage({ ...note("x"), reader_ids: ["bob"] });
  assert.deepEqual([sent.duplicate, sent.messages[0].duplicate], [false, false]);
  const own = await inbox.sendTeamMessage({ ...note("x"), idempotency_key: "k", reader_ids: ["bob"] });
  assert.deepEqual([own.duplicate, own.messages[0].duplicate], [true, true]);
});

test("a program that writes something else is ended and replaced", async (t) => {
  const inbox = await startFake(t, "garbage", { restarts: 1, backoff: 1 });
  await assert.rejects(inbox.ping(), /keeps ending \(it wrote what is no answer: Segmentation fault\)/);
});

test("a program that ends before it answers is an error at once, with its last words", async (t) => {
  const env = { ...process.env, FAKE: "die at once" };
  await assert.rejects(Tidings.start({ program: fake, env }), (error) => {
    assert.ok(error instanceof ProgramFailedError);
    assert.match(error.message, /ended before it answered \(signal SIGKILL\)\nIts last words:\nno such store$/);
    assert.deepEqual(error.details.last_words, ["no such store"]);
    return true;
  });
  const nowhere = path.join(folder(t), "no", "such", "folder.db");
  writeFileSync(path.join(path.dirname(path.dirname(path.dirname(nowhere))), "no"), "a file");
  await assert.rejects(Tidings.start({ program: process.env.TIDINGS_BIN, store: `sqlite:${nowhere}` }), (error) => {
    assert.equal(error.details.status, 69);
    return error instanceof ProgramFailedError && error.details.last_words.length > 0;
  });
  await assert.rejects(Tidings.start({ program: process.env.TIDINGS_BIN, store: "gopher:x" }), ProgramFailedError);
});

test("programs that are not Tidings are errors", async (t) => {
  const broken = path.join(folder(t), "broken");
  writeFileSync(broken, "#!/no/such/interpreter\n");
  chmodSync(broken, 0o755);
  for (const [program, says] of [
    ["cat", /status 1/],
    ["true", /status 0/],
    ["false", /status 1/],
    ["yes", /it wrote what is no answer: serve/],
    [broken, /ENOENT/],
    ["no-such-program", /no program tidings/],
  ]) {
    await assert.rejects(Tidings.start({ program }), (error) => {
      assert.ok(error instanceof ProgramFailedError, program);
      assert.match(error.message, says);
      return true;
    });
  }
  const env = { ...process.env, FAKE: "tell" };
  delete env.FAKE;
  await assert.rejects(Tidings.start({ program: fake, env, cwd: "/no/such/folder" }), ProgramFailedError);
});

test("a program that never answers is not waited for for ever, and is ended", async (t) => {
  const silent = path.join(folder(t), "silent");
  writeFileSync(silent, "#!/bin/sh\necho $$ >&2\nexec sleep 1000\n");
  chmodSync(silent, 0o755);
  let pid;
  const onStderr = (line) => (pid = Number(line));
  await assert.rejects(Tidings.start({ program: silent, startTimeout: 1000, onStderr }), { kind: "deadline_exceeded" });
  if (pid) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});
