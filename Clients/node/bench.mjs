#!/usr/bin/env node
// What a call costs through this client, beside a bare loop over the same pipes: one table.
//
//   TIDINGS_BIN=.build/release/tidings node Clients/node/bench.mjs [CALLS] [--json]
//
// Both keep 32 calls in flight against a program of their own with its store in memory. Rounds alternate,
// and the middle one of each counts, since other work on the machine comes and goes.

import { spawn } from "node:child_process";

import { Tidings } from "./index.mjs";
import lookup from "./lib/program.js";

const asJSON = process.argv.includes("--json");
const CALLS = Number(process.argv.slice(2).find((argument) => argument !== "--json") ?? 20_000);
const IN_FLIGHT = 32;
const ROUNDS = 9;

const METHODS = [
  ["ping", {}],
  ["get_team_message", { team_id: "crew", user_id: "bob" }],
];
const program = lookup.findProgram(undefined, process.env);
const env = { ...process.env, TIDINGS_STORE: "memory:" };

/** As little as a host can do: cut lines, parse them, and write as many new ones at once. */
function bareLoop() {
  const child = spawn(program, ["serve"], { env, stdio: ["pipe", "pipe", "ignore"] });
  let rest = "";
  let onLine;
  child.stdout.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    let more = "";
    for (const line of lines) more += onLine(JSON.parse(line));
    if (more !== "") child.stdin.write(more);
  });
  return {
    run: (method, params) =>
      new Promise((resolve) => {
        let asked = 0;
        let answered = 0;
        const request = () => `${JSON.stringify({ jsonrpc: "2.0", id: ++asked, method, params })}\n`;
        onLine = () => {
          if (++answered === CALLS) resolve();
          return asked < CALLS ? request() : "";
        };
        child.stdin.write(Array.from({ length: IN_FLIGHT }, request).join(""));
      }),
    close: () => child.stdin.end(),
  };
}

async function client() {
  const inbox = await Tidings.start({ program, store: "memory:" });
  return {
    async run(method, params) {
      let asked = 0;
      const worker = async () => {
        while (asked++ < CALLS) await inbox.call(method, params);
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    },
    close: () => inbox.close(),
  };
}

/** Microseconds a call, of the clock and of this process's time on a processor. */
async function measure(host, method, params) {
  const cpu = process.cpuUsage();
  const started = process.hrtime.bigint();
  await host.run(method, params);
  const elapsed = Number(process.hrtime.bigint() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { clock: elapsed / CALLS, cpu: (user + system) / CALLS };
}

const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);

const hosts = { bare: bareLoop(), client: await client() };
const filler = { team_id: "crew", user_id: "ann", message_type: "note", content: "Tea is ready" };
for (const host of Object.values(hosts)) await host.run("send_team_message", filler);

const found = {};
for (const [method, params] of METHODS) {
  const rounds = { bare: [], client: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of Object.keys(hosts)) rounds[name].push(await measure(hosts[name], method, params));
  }
  const of = (name, what) => middle(rounds[name].map((one) => one[what]));
  found[method] = Object.fromEntries(Object.keys(hosts).map((name) => [name, [of(name, "clock"), of(name, "cpu")]]));
}
for (const host of Object.values(hosts)) await host.close();

if (asJSON) {
  console.log(JSON.stringify(found));
} else {
  console.log(`${CALLS} calls, ${IN_FLIGHT} in flight, Node ${process.version}; µs a call, clock (this process's CPU)\n`);
  row("method", "bare loop", "client", "overhead", "ratio");
  row("---", "---", "---", "---", "---");
  for (const [method, { bare, client }] of Object.entries(found)) {
    const cell = ([clock, cpu]) => `${clock.toFixed(1)} (${cpu.toFixed(1)})`;
    const over = [client[0] - bare[0], client[1] - bare[1]];
    row(method, cell(bare), cell(client), cell(over), (client[0] / bare[0]).toFixed(2));
  }
}
