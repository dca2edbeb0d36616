import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import * as imported from "../index.mjs";
import { client, folder, program, run } from "./support.mjs";

const CONVERSATION = `
  const inbox = await Tidings.start({ store: "memory:" });
  await inbox.sendTeamMessage({ team_id: "crew", user_id: "ann", message_type: "note", content: "Tea is ready" });
  const { count, data } = await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" });
  await inbox.close();
  console.log(count, data[0].content);
`;
const IMPORTS = 'import { Tidings } from "tidings";\n';
const REQUIRES = 'const { Tidings } = require("tidings");\n';

test("both module systems give the same classes", () => {
  const required = createRequire(import.meta.url)("../index.js");
  assert.deepEqual(Object.keys(imported).filter((name) => name !== "default").sort(), Object.keys(required).sort());
  for (const name of Object.keys(required)) assert.equal(imported[name], required[name]);
});

const noNPM = spawnSync("npm", ["--version"]).status !== 0 && "npm is not at hand";

test("the packed package holds what it needs, and is imported and required by its name", { skip: noNPM }, (t) => {
  const host = folder(t);
  const npm = (...args) =>
    execFileSync("npm", [...args, "--offline", "--no-audit", "--no-fund", "--cache", path.join(host, "cache")], {
      cwd: host,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const [{ filename, files }] = JSON.parse(npm("pack", "--json", client));
  assert.ok(files.every(({ path: name }) => !/test|bench|generate/.test(name)));
  writeFileSync(path.join(host, "package.json"), '{ "private": true }');
  npm("install", path.join(host, filename));
  assert.deepEqual(readdirSync(path.join(host, "node_modules")).filter((name) => !name.startsWith(".")), ["tidings"]);

  const at = (name, text) => {
    writeFileSync(path.join(host, name), text);
    return path.join(host, name);
  };
  const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };
  assert.equal(run(at("esm.mjs", IMPORTS + CONVERSATION), { env }), "1 Tea is ready\n");
  assert.equal(run(at("cjs.cjs", `${REQUIRES}(async () => {${CONVERSATION}})();`), { env }), "1 Tea is ready\n");

  // A package that carries the program needs to be told nothing.
  delete env.TIDINGS_BIN;
  mkdirSync(path.join(host, "node_modules/tidings/bin"));
  symlinkSync(program, path.join(host, "node_modules/tidings/bin/tidings"));
  assert.equal(run(at("again.mjs", IMPORTS + CONVERSATION), { env }), "1 Tea is ready\n");
});

test("what README shows runs as it stands there, and prints what it says", (t) => {
  const text = readFileSync(path.join(client, "README.md"), "utf8");
  const blocks = [...text.matchAll(/```js\n([^]*?)```\n(?:\nIt prints:\n\n```\n([^]*?)```)?/g)];
  assert.ok(blocks.length >= 5);
  const host = folder(t);
  mkdirSync(path.join(host, "node_modules"));
  symlinkSync(client, path.join(host, "node_modules/tidings"));
  blocks.forEach(([, code, printed], index) => {
    const file = path.join(host, `example${index}.mjs`);
    // The first shows a whole host; the others go on from an inbox that is there.
    const whole = code.includes("import ");
    writeFileSync(
      file,
      whole
        ? code
        : `import { Tidings, TidingsError, ConflictError, plain, sender } from "tidings";
          const inbox = await Tidings.start({ store: "memory:" });
          const request = { userId: "bob", teamId: "crew", signal: new AbortController().signal, headers: {} };
          const log = { info() {}, warn() {} };
          const response = { write() {} };
          ${code.includes("const bob") ? "" : 'const bob = { user_id: "bob", team_id: "crew" };'}
          ${code}
          await inbox.close();`,
    );
    const said = run(file, { cwd: host });
    if (printed !== undefined) assert.equal(said, printed);
  });
});
