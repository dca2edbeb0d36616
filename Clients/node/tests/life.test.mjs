import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { ClosedError, Tidings } from "../index.mjs";
import { all, client, fileStore, folder, gone, note, program, run, start, startFake } from "./support.mjs";

const index = JSON.stringify(path.join(client, "index.js"));

/** A script that hosts the program, which `inbox` is. */
function host(t, body) {
  const file = path.join(folder(t), "host.cjs");
  writeFileSync(file, `const { Tidings } = require(${index});\n(async () => {\n${body}\n})();\n`);
  return file;
}

test("close waits for what is under way, ends the program, and takes no more calls", async (t) => {
  const store = fileStore(t);
  const inbox = await start(t, { store });
  const { pid } = inbox;
  const ends = [];
  inbox.on("exit", (exit) => ends.push(exit));
  const calls = Array.from({ length: 500 }, (_, n) => inbox.sendTeamMessage(note(`${n}`)));
  const closed = inbox.close();
  await assert.rejects(inbox.ping(), (error) => error instanceof ClosedError && error.kind === "closed");
  await Promise.all(calls);
  await closed;
  await inbox.close();
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  assert.deepEqual([inbox.pid, ends], [null, []]);
  const again = await start(t, { store });
  assert.equal((await again.getTeamMessage({ team_id: "crew", user_id: "bob" })).total, 500);
});

test("close ends a program that does not end, and gives up its calls", async (t) => {
  const silent = await startFake(t, "silent");
  const call = silent.ping();
  const closed = silent.close({ timeout: 10 });
  await assert.rejects(call, /^ClosedError: ping: the client was closed before the answer came$/);
  await closed;
  const stays = await startFake(t, "stays");
  const { pid } = stays;
  await stays.close({ timeout: 10 });
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});

test("a client that was closed while the program was down", async (t) => {
  const inbox = await start(t);
  const exit = once(inbox, "exit");
  process.kill(inbox.pid, "SIGKILL");
  await exit;
  await inbox.close();
  await assert.rejects(inbox.ping(), ClosedError);
});

test("await using closes", { skip: !Symbol.asyncDispose && "this Node has no Symbol.asyncDispose" }, async (t) => {
  const inbox = await start(t);
  await inbox[Symbol.asyncDispose]();
  await assert.rejects(inbox.ping(), ClosedError);
});

test("an idle client does not keep the host running, a call under way does", (t) => {
  const printed = run(
    host(
      t,
      `const inbox = await Tidings.start({ store: "memory:" });
      for (let n = 0; n < 3; n++) {
        await inbox.sendTeamMessage(${JSON.stringify(note("x"))});
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      inbox.getTeamMessage({ team_id: "crew", user_id: "bob" }).then(({ total }) => console.log(total));`,
    ),
  );
  assert.equal(printed, "3\n");
});

test("a call under way keeps the host running through restarts", (t) => {
  const printed = run(
    host(
      t,
      `const inbox = await Tidings.start({ store: "memory:" });
      inbox.on("exit", () => console.log("exit"));
      process.kill(inbox.pid, "SIGKILL");
      inbox.ping().then(() => console.log("answered"));`,
    ),
  );
  assert.equal(printed, "exit\nanswered\n");
});

test("a start keeps the host running until it is settled, whatever of the program is left", (t) => {
  const program = path.join(folder(t), "program");
  // The process has ended, its output too; a child holds its log.
  writeFileSync(program, "#!/bin/sh\nsleep 0.3 >/dev/null &\nexit 64\n", { mode: 0o755 });
  const body = `await Tidings.start({ program: ${JSON.stringify(program)} }).catch(({ kind }) => console.log(kind));`;
  assert.equal(run(host(t, body)), "process_died\n");
});

for (const [how, signal] of [["ends", "SIGTERM"], ["is killed", "SIGKILL"]]) {
  test(`the program ends when its host ${how}`, async (t) => {
    const hosting = spawn(
      process.execPath,
      [
        host(
          t,
          `const inbox = await Tidings.start({ store: "memory:" });
          console.log(inbox.pid);
          setInterval(() => inbox.ping(), 10);`,
        ),
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [pid] = await once(hosting.stdout, "data");
    hosting.kill(signal);
    await once(hosting, "exit");
    await gone(Number(pid));
  });
}

test("the program has a session of its own, so that Ctrl-C is the host's", async (t) => {
  const inbox = await start(t);
  const [, , group] = readFileSync(`/proc/${inbox.pid}/stat`, "utf8").split(") ")[1].split(" ");
  assert.equal(Number(group), inbox.pid);
});

test("the store is not among the program's arguments", async (t) => {
  const inbox = await start(t, { store: "memory:" });
  assert.ok(!readFileSync(`/proc/${inbox.pid}/cmdline`, "utf8").includes("memory:"));
  assert.equal((await inbox.getStatus()).store.kind, "memory");
});

test("the log is heard line by line, from the start on", async (t) => {
  const heard = [];
  const inbox = await start(t, { onStderr: (line) => heard.push(line) });
  const [line] = await once(inbox, "stderr"); // What was said before there was a client comes too.
  assert.match(line, /kept in memory/);
  assert.ok(heard.includes(line));
});

test("a flood of log lines, and one that has no end", async (t) => {
  const inbox = await startFake(t, "flood");
  const heard = [];
  inbox.on("stderr", (line) => heard.push(line.length));
  await inbox.ping();
  await inbox.close();
  assert.equal(heard.filter((length) => length === 999).length, 32_000);
  const rest = heard.filter((length) => length !== 999);
  assert.equal(rest.reduce((sum, length) => sum + length, 0), 300_000);
  assert.ok(rest.length > 1 && Math.max(...rest) <= 2 * 65_536);
});

test("two clients of one file at once, each with its own program", async (t) => {
  const store = fileStore(t);
  const [one, two] = [await start(t, { store }), await start(t, { store })];
  assert.notEqual(one.pid, two.pid);
  const sends = Array.from({ length: 400 }, (_, n) => (n % 2 === 0 ? one : two).sendTeamMessage(note(`${n}`)));
  assert.equal(new Set((await Promise.all(sends)).map(({ nid }) => nid)).size, 400);
  for (const inbox of [one, two]) {
    const contents = (await all(inbox.teamMessages({ team_id: "crew", user_id: "bob" }))).map(({ content }) => Number(content));
    assert.deepEqual(contents.sort((a, b) => a - b), Array.from({ length: 400 }, (_, n) => n));
  }
  await one.markRead({ team_id: "crew", user_id: "bob", all: true });
  assert.equal((await two.getUnreadCount({ user_id: "bob", team_ids: ["crew"] })).count, 0);
});

test("without a store, TIDINGS_STORE says where", async (t) => {
  const inbox = await Tidings.start({ program, env: { ...process.env, TIDINGS_STORE: "memory:" } });
  t.after(() => inbox.close());
  assert.equal((await inbox.getStatus()).store.kind, "memory");
});
