// Replays Schemas/transcripts (its README says how): every one over the client's transport, and through the
// client's methods those that are made of calls.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { camelCase } from "../generate.mjs";
import { TidingsError } from "../index.mjs";
import transport from "../lib/sidecar.js";
import { program, repository, start } from "./support.mjs";

const PLACEHOLDER = /^<(?:(nid|cursor|time):([^<>]+)|(time|string|number|any))>$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const OPEN = "<open>";

class Mismatch extends Error {}

const show = (value) => JSON.stringify(value)?.slice(0, 500);

function require(holds, where, expected, value) {
  if (!holds) throw new Mismatch(`at ${where}: expected ${show(expected)}, got ${show(value)}`);
}

/** Binds placeholders in `bound`; throws Mismatch. */
function match(pattern, value, bound, where = "$") {
  const fits = (holds) => require(holds, where, pattern, value);
  const placeholder = typeof pattern === "string" && pattern.match(PLACEHOLDER);
  if (placeholder) {
    const [, named, name, plain] = placeholder;
    const kind = named ?? plain;
    if (kind === "number") fits(typeof value === "number");
    else if (kind === "time") fits(typeof value === "string" && TIME.test(value));
    else if (kind === "string") fits(typeof value === "string");
    else if (kind !== "any") fits(typeof value === "string" && value !== "");
    if (!named) return;
    if (bound.has(pattern)) fits(bound.get(pattern) === value);
    else if (kind === "nid") fits(![...bound].some(([key, one]) => key.startsWith("<nid:") && one === value));
    bound.set(pattern, value);
  } else if (Array.isArray(pattern)) {
    fits(Array.isArray(value) && value.length === pattern.length);
    pattern.forEach((item, index) => match(item, value[index], bound, `${where}[${index}]`));
  } else if (typeof pattern === "object" && pattern !== null) {
    fits(typeof value === "object" && value !== null && !Array.isArray(value));
    const names = Object.keys(pattern).filter((name) => name !== OPEN);
    fits(names.every((name) => Object.hasOwn(value, name)));
    fits(pattern[OPEN] || names.length === Object.keys(value).length);
    for (const name of names) match(pattern[name], value[name], bound, `${where}.${name}`);
  } else {
    fits(pattern === value);
  }
}

function matchUnordered(patterns, values, bound) {
  const left = [...patterns];
  for (const value of values) {
    const reasons = [];
    const found = left.findIndex((pattern) => {
      const attempt = new Map(bound);
      try {
        match(pattern, value, attempt);
      } catch (reason) {
        if (!(reason instanceof Mismatch)) throw reason;
        reasons.push(reason.message);
        return false;
      }
      for (const [key, one] of attempt) bound.set(key, one);
      return true;
    });
    if (found < 0) throw new Mismatch(`${show(value)} matches no pattern left:\n  ${reasons.join("\n  ")}`);
    left.splice(found, 1);
  }
}

function fill(message, bound) {
  if (Array.isArray(message)) return message.map((item) => fill(item, bound));
  if (typeof message === "object" && message !== null) {
    return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, fill(value, bound)]));
  }
  if (typeof message !== "string" || !PLACEHOLDER.test(message)) return message;
  assert.ok(bound.has(message), `${message} is sent before it is bound`);
  return bound.get(message);
}

/** The program behind the client's transport: `write`, `line`, `end`. */
function open(t, store) {
  const lines = [];
  let wake = () => {};
  let over = null;
  const sidecar = new transport.Sidecar({
    program,
    env: { ...process.env, TIDINGS_STORE: store },
    onLog: () => {},
    onLine: (line) => wake(lines.push(line)),
    onEnd: (end) => wake((over = end)),
  });
  sidecar.ref();
  t.after(() => over ?? sidecar.kill("SIGKILL"));
  const until = async (holds) => {
    while (!holds()) await new Promise((resolve) => (wake = resolve));
  };
  return {
    write: (text) => sidecar.write(text),
    async line() {
      await until(() => lines.length > 0 || over);
      if (lines.length === 0) throw new Mismatch("the stream ended");
      return lines.shift();
    },
    async end(status, close) {
      if (close) sidecar.end();
      await until(() => over);
      require(over.status === status && lines.length === 0, "the end", status, { ...over, lines });
    },
  };
}

async function replay(steps, wire) {
  const bound = new Map();
  const read = async () => JSON.parse((last = await wire.line()));
  let last;
  let ended = false;
  for (const [index, step] of steps.entries()) {
    const [[kind, value]] = Object.entries(step);
    try {
      if (kind === "send") wire.write(`${typeof value === "string" ? value : JSON.stringify(fill(value, bound))}\n`);
      else if (kind === "expect") match(value, await read(), bound);
      else if (kind === "expect_all") {
        const answers = [];
        while (answers.length < value.length) answers.push(await read());
        matchUnordered(value, answers, bound);
      } else if (kind === "expect_batch") {
        const answers = await read();
        require(Array.isArray(answers) && answers.length === value.length, "$", value, answers);
        matchUnordered(value, answers, bound);
      } else if (kind === "contains") require(last.includes(value), "the line", value, last);
      else if (kind === "exit") {
        await wire.end(value, false);
        ended = true;
      } else assert.equal(kind, "comment");
    } catch (error) {
      error.message = `line ${index + 1}: ${error.message}`;
      throw error;
    }
  }
  if (!ended) await wire.end(0, true);
}

/** The same through a client: each request is a call, and what it gives is put into an answer again. */
function through(inbox) {
  const answers = [];
  let wake = () => {};
  return {
    write(text) {
      const { id, method, params } = JSON.parse(text);
      const own = camelCase(method);
      const call = typeof inbox[own] === "function" ? inbox[own](params) : inbox.call(method, params);
      call
        .then((result) => ({ result }))
        .catch((error) => {
          if (!(error instanceof TidingsError)) throw error;
          const { code, message, kind, retryable, details } = error;
          return { error: { code, message, data: { kind, retryable, details } } };
        })
        .then((settled) => wake(answers.push(JSON.stringify({ jsonrpc: "2.0", id, ...settled }))));
    },
    async line() {
      while (answers.length === 0) await new Promise((resolve) => (wake = resolve));
      return answers.shift();
    },
    end: () => require(answers.length === 0, "the end", [], answers),
  };
}

const ofCalls = (steps) =>
  steps.every(({ send, expect_batch, contains, exit }) => {
    if (expect_batch !== undefined || contains !== undefined || exit !== undefined) return false;
    if (send === undefined) return true;
    return send.jsonrpc === "2.0" && send.id !== undefined && !Array.isArray(send.params) && send.method !== "initialize";
  });

const folder = path.join(repository, "Schemas/transcripts");
const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
let replayedAsCalls = 0;

// One store is enough: the program's own tests replay them on every one.
for (const file of files) {
  const steps = readFileSync(path.join(folder, file), "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  test(`${file} over the transport`, (t) => replay(steps, open(t, "memory:")));
  if (!ofCalls(steps)) continue;
  replayedAsCalls += 1;
  test(`${file} by calls`, async (t) => replay(steps, through(await start(t, { store: "memory:" }))));
}

test("most transcripts are made of calls", () => assert.ok(replayedAsCalls > files.length / 2, `${replayedAsCalls}`));
