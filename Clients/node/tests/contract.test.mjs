import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { camelCase, className, contract, generate } from "../generate.mjs";
import * as tidings from "../index.mjs";
import table from "../lib/contract.js";
import errors from "../lib/errors.js";
import { client, folder, start } from "./support.mjs";

const document = contract();
const text = (file) => readFileSync(path.join(client, file), "utf8");

for (const [file, generated] of Object.entries(generate(document))) {
  test(`${file} is what generate.mjs makes of the contract`, () => assert.equal(text(file), generated));
}

test("every method of the contract is declared, with each of its parameters, and is there", () => {
  const declarations = text("contract.d.ts");
  const [, methods] = declarations.match(/export interface Methods \{\n([^]*?)\n\}/);
  for (const { name, params } of document.methods) {
    const own = camelCase(name);
    if (own === "subscribe" || own === "unsubscribe") {
      // An iterator, which begins and ends by itself; both can be called by their names on the wire.
      assert.ok(!methods.includes(`  ${own}(`) && declarations.includes(`  "${name}": { params: `), name);
      continue;
    }
    const [, type] = methods.match(new RegExp(`^  ${own}\\(params\\??: (\\w+)`, "m"));
    const [, members] = declarations.match(new RegExp(`export interface ${type} extends Meta \\{\\n([^]*?\\n)\\}`));
    for (const param of params) assert.match(members, new RegExp(`^  ${param.name}${param.required ? "" : "\\?"}: `, "m"));
    assert.ok(declarations.includes(`  "${name}": { params: ${type}; result: `), name);
    assert.equal(typeof tidings.Tidings.prototype[own], "function", own);
    assert.equal(tidings.Tidings.prototype[own].name, own);
  }
});

test("every reason of the contract has a class that is declared and exported", () => {
  const declarations = text("contract.d.ts");
  for (const kind of Object.keys(document.components.errors)) {
    assert.ok(declarations.includes(`export class ${className(kind)} extends TidingsError {\n  readonly kind: "${kind}";`));
    assert.equal(tidings[className(kind)].name, className(kind));
    assert.ok(tidings[className(kind)].prototype instanceof tidings.TidingsError);
  }
});

test("the client's own reasons are those of the Python client, and have a class each, with code 0", () => {
  const own = ["closed", "program_not_found", "process_died", "start_timeout", "incompatible_program", "unreadable_answer"];
  const all = [...Object.keys(document.components.errors), ...own];
  assert.deepEqual(Object.keys(table.errorCodes), all);
  for (const kind of all) {
    const error = errors.makeError("x", { kind });
    assert.deepEqual([error.constructor, error.code], [tidings[className(kind)], document.components.errors[kind]?.code ?? 0]);
  }
});

test("the program has the methods and the reasons of the contract", async (t) => {
  const inbox = await start(t);
  const own = await inbox.discover();
  assert.deepEqual(own.methods.map(({ name }) => name).sort(), document.methods.map(({ name }) => name).sort());
  assert.deepEqual(Object.keys(own.components.errors).sort(), Object.keys(document.components.errors).sort());
});

const tsc = process.env.TIDINGS_TSC ?? "tsc";

// What a host writes, and what its compiler must refuse.
const HOST = `
import { Tidings, TidingsError, NotFoundError, ProcessDiedError, Message, Page, plain, sender } from "tidings";
const inbox: Tidings = await Tidings.start({ store: "memory:", onStderr: (line) => line.trim() });
const page: Page = await inbox.getTeamMessage({ team_id: "t", user_id: "u", pageSize: "12", self: true, view: "unread" });
const cursor: string | null = page.next_cursor;
interface Data { cups: number }
const data: Data = { cups: 2 };
const { nid } = await inbox.sendTeamMessage({ team_id: "t", user_id: "u", message_type: "m", data, username: null });
for await (const message of inbox.teamMessages({ team_id: "t", user_id: "u" })) {
  const one: Message = message;
  const content: string | undefined = one.content;
}
for await (const { total } of inbox.pages("get_account_message", { user_id: "u" })) total.toFixed();
for await (const change of inbox.changes({ user_id: "u", cursor }, { signal: new AbortController().signal })) {
  const count: number = change.count;
  const content: string | undefined = change.message?.content;
}
const events = inbox.subscribe({ user_id: "u", inboxes: [{ team_id: "t" }, {}] }, { signal: new AbortController().signal });
for await (const event of events) {
  const unseen: number = event.unseen;
  const where: { team_id?: string; cursor?: string }[] = events.inboxes;
  if (event.event === "created") event.message?.content?.trim();
}
for await (const event of inbox.subscribe({ user_id: "u", detail: "counts" }, { idle: 15_000 })) {
  // @ts-expect-error It may be null.
  event.count;
}
// @ts-expect-error No such detail.
inbox.subscribe({ user_id: "u", detail: "all" });
for await (const change of inbox.changes({ user_id: "u" }, { idle: 15_000 })) {
  if (change === null) break;
  const event: "created" | "marked" | "removed" = change.event;
}
const status = await inbox.getStatus();
const kind: string = status.store.kind;
await inbox.call("mark_read", { user_id: "u", nids: [nid] }, { timeout: 5, signal: new AbortController().signal });
const text: string = await inbox.call("get_team_message", { team_id: "t", user_id: "u" }, { raw: true });
const shown: string = sender(page.data[0]) + plain(page.data[0].content);
const anything: unknown = await inbox.call("brand_new", { x: 1 });
inbox.on("restart", ({ attempt }) => attempt.toFixed()).on("stderr", (line) => line.trim());
try {
  await inbox.ping();
} catch (error) {
  if (error instanceof NotFoundError) { const kind: "not_found" = error.kind; }
  if (error instanceof TidingsError) { const pointer: string | null = error.pointer; const code: number = error.code; }
  if (error instanceof ProcessDiedError) { const kind: "process_died" = error.kind; }
}
// @ts-expect-error: no team
await inbox.getTeamMessage({ user_id: "u" });
// @ts-expect-error: no such parameter
await inbox.getTeamMessage({ team_id: "t", user_id: "u", colour: 1 });
// @ts-expect-error: no such view
await inbox.getTeamMessage({ team_id: "t", user_id: "u", view: "blue" });
// @ts-expect-error: not a number
const count: string = page.count;
// @ts-expect-error: no such option
await Tidings.start({ Store: "memory:" });
// @ts-expect-error: no such option
await inbox.ping({}, { signl: new AbortController().signal });
// @ts-expect-error: not for hosts
new Tidings();
await inbox.close();
`;

test("the declarations compile, for both module systems", (t) => {
  const host = folder(t);
  const at = (name, content) => writeFileSync(path.join(host, name), content);
  execFileSync("mkdir", ["-p", path.join(host, "node_modules/@types/node")]);
  execFileSync("ln", ["-s", client, path.join(host, "node_modules/tidings")]);
  // As much of Node's types as the declarations use; the real ones are not to be had offline.
  at("node_modules/@types/node/index.d.ts", 'declare module "node:events" { export class EventEmitter {} }\n');
  at("node_modules/@types/node/package.json", '{ "name": "@types/node", "version": "18.0.0", "types": "index.d.ts" }');
  at("host.mts", HOST);
  at("host.cts", `import { Tidings } from "tidings";\nconst inbox: Promise<Tidings> = Tidings.start();\n`);
  const compiler = { module: "node16", target: "es2022", lib: ["es2022", "dom"], strict: true, noEmit: true, preserveSymlinks: true };
  at("tsconfig.json", JSON.stringify({ compilerOptions: compiler, include: ["*.mts", "*.cts"] }));
  const { status, stdout, error } = spawnSync(tsc, ["--project", host], { encoding: "utf8" });
  assert.equal(error, undefined, "there must be a tsc: Debian's node-typescript, or TIDINGS_TSC");
  assert.equal(stdout, "");
  assert.equal(status, 0);
});
