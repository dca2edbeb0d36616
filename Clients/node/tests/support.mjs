// What several tests need: a client that is closed when its test ends, stores, programs that misbehave.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Tidings } from "../index.mjs";

export const here = path.dirname(fileURLToPath(import.meta.url));
export const client = path.dirname(here);
export const repository = path.resolve(client, "../..");
export const program = process.env.TIDINGS_BIN;
export const fake = path.join(here, "fake-tidings");

/** A folder that is gone when the test has ended. */
export function folder(t) {
  const made = mkdtempSync(path.join(tmpdir(), "tidings-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A file store of the test's own. */
export const fileStore = (t) => `sqlite:${path.join(folder(t), "inbox.db")}`;

/** A client that ends with its test. */
export async function start(t, options = {}) {
  const inbox = await Tidings.start({ store: "memory:", program, ...options });
  t.after(() => inbox.close({ timeout: 0 }));
  return inbox.ref(); // A test also waits for what no call brings.
}

/** A client of `fake-tidings`, which behaves as `manner` says. */
export const startFake = (t, manner, options = {}, env = {}) =>
  start(t, { program: fake, env: { ...process.env, FAKE: manner, ...env }, ...options });

/** Ends a client's program as a crash would, and resolves once the client knows. */
export async function crash(inbox) {
  const exit = once(inbox, "exit");
  process.kill(inbox.pid, "SIGKILL");
  return exit;
}

/** Resolves once a process is gone; a zombie is. */
export async function gone(pid) {
  for (;;) {
    try {
      process.kill(pid, 0);
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return;
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Runs a script of Node in a process of its own and gives what it prints. */
export const run = (file, options = {}) =>
  execFileSync(process.execPath, [file], { encoding: "utf8", env: process.env, ...options });

/** All values of an async iterator. */
export async function all(values) {
  const result = [];
  for await (const value of values) result.push(value);
  return result;
}

export const note = (content) => ({ team_id: "crew", user_id: "ann", message_type: "note", content });
