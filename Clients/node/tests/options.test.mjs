import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";

import { Tidings } from "../index.mjs";
import options from "../lib/options.js";
import { folder, note, program, start } from "./support.mjs";

const refused = (promise, says) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.constructor, TypeError);
    assert.match(error.message, says);
    return true;
  });

test("an option of start that is misspelt or of another kind is refused, and nothing is started", async () => {
  for (const [given, says] of [
    [{ Store: "memory:" }, /^Tidings\.start has no option `Store`; did you mean `store`\?$/],
    [{ store: "memory:", start_timeout: 1 }, /no option `start_timeout`; did you mean `startTimeout`\?/],
    [{ path: "tidings" }, /no option `path`; did you mean `/],
    [{ onstderr() {} }, /did you mean `onStderr`\?/],
    [{ timeOut: 5 }, /did you mean `timeout`\?/],
    [{ arg: [] }, /did you mean `args`\?/],
    [{ store: 5 }, /^the option `store` of Tidings\.start must be a string, as "sqlite:inbox\.db", or a file: URL object$/],
    [{ store: null }, /`store`/],
    [{ store: "" }, /^the option `store` is empty/], // The program would take it for none.
    [{ store: new URL("http://localhost/x") }, /`store` takes a URL object only of a file/],
    [{ store: new URL("file:///tmp/x.db?mode=ro") }, /without a query/],
    [{ args: "--read-only" }, /`args` of Tidings\.start must be an array of strings/],
    [{ args: [1] }, /`args`/],
    [{ env: "A=B" }, /`env`/],
    [{ timeout: "5" }, /`timeout`/],
    [{ timeout: NaN }, /`timeout`/],
    [{ startTimeout: 2 ** 31 }, /`startTimeout` .* to 2147483647, or Infinity/],
    [{ restarts: -1 }, /`restarts`/],
    [{ onStderr: true }, /`onStderr` of Tidings\.start must be a function/],
    ["memory:", /the options of Tidings\.start must be an object/],
  ]) {
    await refused(Tidings.start(typeof given === "string" ? given : { program, ...given }), says);
  }
});

test("an option of a call, an iterator or close that is unknown or of another kind is refused", async (t) => {
  const inbox = await start(t);
  const bob = { team_id: "crew", user_id: "bob" };
  for (const [call, says] of [
    [() => inbox.ping({}, { Signal: null }), /^ping has no option `Signal`; did you mean `signal`\?$/],
    [() => inbox.sendTeamMessage(note("x"), { timeOut: 5 }), /^send_team_message has no option `timeOut`; did you mean `timeout`\?$/],
    [() => inbox.call("get_status", {}, { onprogress() {} }), /did you mean `onProgress`\?/],
    [() => inbox.ping({}, { signal: new AbortController() }), /`signal` of ping must be an AbortSignal/],
    [() => inbox.ping({}, { timeout: -1 }), /`timeout` of ping/],
    [() => inbox.ping({}, 5), /the options of ping must be an object/],
    [async () => inbox.teamMessages(bob, { idle: 5 }), /^get_team_message has no option `idle`/],
    [() => inbox.call("ping", {}, { raw: "yes" }), /`raw` of ping must be true or false/],
    [async () => inbox.pages("get_team_message", bob, { raw: true }), /^get_team_message has no option `raw`/],
    [async () => inbox.pages("get_team_message", bob, { limit: 5 }), /has no option `limit`/],
    [async () => inbox.changes(bob, { idel: 5 }), /^changes has no option `idel`; did you mean `idle`\?$/],
    [async () => inbox.changes(bob, { idle: 0 }), /`idle` of changes/],
    [() => inbox.close({ timout: 5 }), /^close has no option `timout`; did you mean `timeout`\?$/],
  ]) {
    await refused(call(), says);
  }
  assert.equal((await inbox.getTeamMessage(bob)).total, 0); // And nothing was sent.
  for (const fine of [undefined, null, {}, { timeout: undefined, signal: undefined }, { timeout: Infinity }, { timeout: 0 }]) {
    assert.deepEqual(await inbox.ping({}, fine), {});
  }
});

test("a store may be the URL of a file", async (t) => {
  const file = path.join(folder(t), "an inbox é?.db");
  const store = pathToFileURL(file);
  assert.equal(options.storeText(store), `sqlite:${file}`);
  assert.equal(options.storeText("sqlite:x?y"), "sqlite:x?y"); // Text is the program's to judge.
});

test("a store that is the URL of a file is that file", async (t) => {
  const file = path.join(folder(t), "inbox é.db");
  const inbox = await start(t, { store: pathToFileURL(file), program });
  await inbox.sendTeamMessage(note("x"));
  await inbox.close();
  const again = await start(t, { store: `sqlite:${file}` });
  assert.equal((await again.getTeamMessage({ team_id: "crew", user_id: "bob" })).total, 1);
});
