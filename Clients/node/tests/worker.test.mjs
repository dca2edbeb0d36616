// A worker's program: whatever becomes of the worker, it ends, and the host keeps no zombie of it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { Worker } from "node:worker_threads";

import transport from "../lib/sidecar.js";
import { client, fake, fileStore, folder, gone, program } from "./support.mjs";

const HOST = `
  const { parentPort } = require("node:worker_threads");
  const { Tidings } = require(${JSON.stringify(path.join(client, "index.js"))});
  (async () => {
    const inbox = await Tidings.start(OPTIONS);
    BODY
  })().catch((error) => parentPort.postMessage({ error: String(error) }));
`;

/** A worker that hosts the program. */
const worker = (body, options) =>
  new Worker(HOST.replace("OPTIONS", () => JSON.stringify({ program, store: "memory:", ...options })).replace("BODY", () => body), { eval: true });

/** This process's children, those that nobody took the status of among them. */
function children() {
  const found = [];
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(parent) === process.pid) found.push({ pid: Number(name), state });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

test("a worker that is terminated, or ends, leaves no process and no zombie", async () => {
  const WAITS = `inbox.call("get_changes", { user_id: "bob", wait_ms: 30000 }).catch(() => {}); await inbox.ping();`;
  for (const [body, how] of [
    ["parentPort.postMessage(inbox.pid); setInterval(() => inbox.ping(), 10);", "terminate"],
    [`${WAITS} parentPort.postMessage(inbox.pid); inbox.ref();`, "terminate"],
    ["parentPort.postMessage(inbox.pid);", "ends"],
    ["parentPort.postMessage(inbox.pid); process.exit(0);", "ends"],
    ["const { pid } = inbox; await inbox.close(); parentPort.postMessage(pid);", "ends"],
  ]) {
    const hosting = worker(body);
    const exit = once(hosting, "exit");
    const [pid] = await once(hosting, "message");
    assert.equal(typeof pid, "number", JSON.stringify(pid));
    if (how === "terminate") await hosting.terminate();
    await exit;
    await gone(pid);
    assert.deepEqual(children(), [], body);
  }
});

test("a worker that is terminated at any moment of its start leaves no process and no zombie", async (t) => {
  const store = fileStore(t);
  const pids = path.join(folder(t), "pids");
  const traced = path.join(folder(t), "traced");
  writeFileSync(traced, `#!/bin/sh\necho $$ >>${pids}\nexec ${program} "$@"\n`, { mode: 0o755 });
  writeFileSync(pids, "");
  // On a machine that is busy, so many more that a program was begun.
  for (let round = 0; round < 40 || readFileSync(pids).length === 0; round++) {
    const hosting = worker("await inbox.ping();", { store, program: traced });
    hosting.on("error", () => {});
    await once(hosting, "online");
    await new Promise((resolve) => setTimeout(resolve, round * 3));
    await hosting.terminate();
  }
  assert.deepEqual(children(), []);
  const started = readFileSync(pids, "utf8").split("\n").filter((pid) => pid !== "");
  assert.ok(started.length > 0);
  await Promise.all(started.map(gone));
});

test("a worker calls, its program is killed and started again, and closes with its status", async (t) => {
  const hosting = worker(
    `inbox.ref();
    const { once } = require("node:events");
    const note = (content) => ({ team_id: "crew", user_id: "ann", message_type: "note", content });
    await Promise.all(Array.from({ length: 300 }, (_, n) => inbox.sendTeamMessage(note(String(n)))));
    const before = inbox.pid;
    const exit = once(inbox, "exit");
    process.kill(before, "SIGKILL");
    const [{ status, signal }] = await exit;
    const { total } = await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" });
    const other = inbox.pid !== before;
    await inbox.close();
    parentPort.postMessage({ status, signal, total, other, pid: inbox.pid });`,
    { store: fileStore(t) },
  );
  const exit = once(hosting, "exit");
  assert.deepEqual((await once(hosting, "message"))[0], { status: null, signal: "SIGKILL", total: 300, other: true, pid: null });
  await exit;
  assert.deepEqual(children(), []);
});

/** How a program ends that is started as a worker does it. */
async function ended(options, then = () => {}) {
  const said = [];
  let sidecar;
  const end = await new Promise((onEnd) => {
    sidecar = new transport.Sidecar({ inWorker: true, onLine: (line) => said.push(line), onLog: () => {}, onEnd, ...options });
    sidecar.ref();
    then(sidecar);
  });
  return { ...end, said, pid: sidecar.pid };
}

test("a worker's program is as any other: its lines, its log, its end, and being ended by force", async (t) => {
  const status = async (script, then) => ended({ program: "/bin/sh", args: ["-c", script] }, then);
  const end = { cause: undefined, lastWords: [], said: [], pid: null };
  assert.deepEqual(await status("exit 69"), { ...end, status: 69, signal: null });
  assert.deepEqual(await status("kill -9 $$"), { ...end, status: null, signal: "SIGKILL" });
  assert.deepEqual(await status("kill -TERM $$"), { ...end, status: null, signal: "SIGTERM" });
  const talk = await status('read -r a; echo "got $a"; read -r b || echo end; echo word >&2; exit 3', (sidecar) => {
    sidecar.write("one\n");
    sidecar.end();
  });
  assert.deepEqual(talk, { ...end, status: 3, signal: null, said: ["got one", "end"], lastWords: ["word"] });
  assert.deepEqual(await status("trap '' TERM; sleep 1000; :", (sidecar) => sidecar.kill()), { ...end, status: null, signal: "SIGKILL" });
  const missing = await ended({ program: path.join(folder(t), "none") });
  assert.equal(missing.status, 127);
  const nowhere = await ended({ program: fake, cwd: "/no/such/folder" });
  assert.equal(nowhere.cause.code, "ENOENT");
  assert.deepEqual(children(), []);
});
