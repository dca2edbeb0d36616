import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { IncompatibleProgramError, ProcessDiedError, ProgramNotFoundError, StartTimeoutError, Tidings } from "../index.mjs";
import version from "../lib/version.js";
import { all, client, crash, fake, fileStore, folder, gone, note, start, startFake } from "./support.mjs";

const CALLS = Number(process.env.TIDINGS_TEST_CALLS ?? 5000);
const KILLS = Number(process.env.TIDINGS_TEST_KILLS ?? 10);
const TEAMS = 8;
const own = JSON.parse(readFileSync(path.join(client, "package.json"), "utf8")).version;

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
    assert.ok(reason instanceof ProcessDiedError);
    assert.deepEqual([reason.code, reason.retryable, reason.method, reason.details.signal], [0, true, "ping", "SIGKILL"]);
    assert.match(reason.message, /keeps ending \(signal SIGKILL\)\nIts last words:(\nthe store is on fire)+$/);
  }
  assert.ok(exits >= 4);
});

test("after it was given up, a later call tries again", async (t) => {
  const inbox = await startFake(t, "die", { restarts: 0 });
  await assert.rejects(inbox.ping(), ProcessDiedError);
  await inbox.getStatus();
  await assert.rejects(inbox.ping(), ProcessDiedError);
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
  await assert.rejects(inbox.ping(), (error) => {
    assert.match(error.message, /^ping: .*fake-tidings wrote what is no JSON$/); // Nothing is quoted: others wrote it.
    return error instanceof IncompatibleProgramError && !error.retryable;
  });
});

test("a program that ends before it answers is an error at once, with its last words", async (t) => {
  const env = { ...process.env, FAKE: "die at once" };
  await assert.rejects(Tidings.start({ program: fake, env }), (error) => {
    assert.ok(error instanceof ProcessDiedError);
    assert.match(error.message, /ended before it answered \(signal SIGKILL\)\nIts last words:\nno such store$/);
    assert.deepEqual([error.details.last_words, error.retryable], [["no such store"], true]);
    return true;
  });
  const nowhere = path.join(folder(t), "no", "such", "folder.db");
  writeFileSync(path.join(path.dirname(path.dirname(path.dirname(nowhere))), "no"), "a file");
  await assert.rejects(Tidings.start({ program: process.env.TIDINGS_BIN, store: `sqlite:${nowhere}` }), (error) => {
    assert.deepEqual([error.details.status, error.retryable], [69, false]);
    return error instanceof ProcessDiedError && error.details.last_words.length > 0;
  });
});

test("what the program says of its store speaks of the option that was given", async (t) => {
  const said = async (options) => {
    const error = await Tidings.start({ program: process.env.TIDINGS_BIN, ...options }).then(assert.fail, (reason) => reason);
    assert.ok(error instanceof ProcessDiedError && !error.retryable);
    return [error.message, ...error.details.last_words].join("\n");
  };
  const given = await said({ store: "gopher:x" });
  assert.match(given, /\bstore\b/);
  assert.ok(!given.includes("TIDINGS_STORE"), given);
  assert.match(await said({ env: { ...process.env, TIDINGS_STORE: "gopher:x" } }), /TIDINGS_STORE/);
});

test("the reasons not to start that may pass are worth another try", async (t) => {
  const ends = path.join(folder(t), "ends");
  writeFileSync(ends, '#!/bin/sh\nexit "$STATUS"\n');
  chmodSync(ends, 0o755);
  for (const [status, retryable] of [[64, false], [69, false], [78, false], [0, false], [75, true]]) {
    const start = Tidings.start({ program: ends, env: { ...process.env, STATUS: `${status}` } });
    await assert.rejects(start, { kind: "process_died", code: 0, retryable });
  }
  // The kernel's own refusals: the arguments are too long.
  const start = Tidings.start({ program: ends, args: ["x".repeat(1 << 20)] });
  await assert.rejects(start, { kind: "process_died", retryable: false, message: /E2BIG/ });
});

test("programs that are not Tidings, or another version of it, are errors", async (t) => {
  const at = (name, text) => {
    const file = path.join(folder(t), name);
    writeFileSync(file, text);
    chmodSync(file, 0o755);
    return file;
  };
  const endless = at("endless", "#!/bin/sh\nexec yes | tr -d '\\n'\n");
  for (const [program, type, says] of [
    ["cat", ProcessDiedError, /status 1/],
    ["true", ProcessDiedError, /status 0/],
    ["false", ProcessDiedError, /status 1/],
    ["yes", IncompatibleProgramError, /yes wrote what is no JSON$/],
    [endless, IncompatibleProgramError, /endless wrote what is no JSON$/],
    [at("broken", "#!/no/such/interpreter\n"), ProcessDiedError, /ENOENT/],
    ["no-such-program", ProgramNotFoundError, /no program tidings/],
  ]) {
    await assert.rejects(Tidings.start({ program }), (error) => {
      assert.equal(error.constructor, type, program);
      assert.match(error.message, says);
      assert.deepEqual([error.code, error.retryable], [0, false]);
      return true;
    });
  }
  const env = { ...process.env, FAKE: "tell" };
  await assert.rejects(Tidings.start({ program: fake, env, cwd: "/no/such/folder" }), { kind: "process_died", retryable: false });
  for (const [FAKE_VERSION, taken] of [[own, true], [`${own}-dev`, true], ["0.2.0", false], ["1.0.0", false], ["", false]]) {
    const started = Tidings.start({ program: fake, env: { ...env, FAKE_VERSION } });
    if (taken) await (await started).close();
    else {
      await assert.rejects(started, (error) => {
        assert.ok(error instanceof IncompatibleProgramError && !error.retryable);
        assert.ok(error.message.endsWith(` is version ${FAKE_VERSION}, this client ${own}`), error.message);
        return true;
      });
    }
  }
});

test("versions are of one promise by their major number, and before 1.0 by the minor one too", () => {
  for (const [one, other, same] of [
    ["0.1.0", "0.1.9", true],
    ["0.1.0", "0.2.0", false],
    ["1.0.0", "1.9.3", true],
    ["1.2.0", "2.2.0", false],
    ["10.0.0", "1.0.0", false],
    ["0.1.0", "none", false],
  ]) {
    assert.equal(version.compatible(one, other), same, `${one} ${other}`);
    assert.equal(version.compatible(other, one), same, `${other} ${one}`);
  }
});

// A wrapper that does not exec, around programs that never answer and end at no end of their input.
const wrapped = (t, body) => {
  const file = path.join(folder(t), "wrapper");
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
};

for (const [how, body] of [
  ["runs in the wrapper", 'trap "" TERM INT; sh -c "echo \\$\\$ >&2; sleep 1000; :"; :'],
  ["is the wrapper", "trap '' TERM; echo $$ >&2; exec sleep 1000"],
  ["stays when the wrapper has ended", 'sh -c "echo \\$\\$ >&2; sleep 1000; :" & read -r line; sleep 0.1'],
  ["has a session of its own", 'setsid sh -c "sleep 20; :" & wait'],
]) {
  test(`a program that never answers can't hang a start, and is ended, if it ${how}`, async (t) => {
    let pid;
    const onStderr = (line) => (pid = Number(line));
    const ends = how.startsWith("stays"); // The wrapper's end is the program's.
    await assert.rejects(Tidings.start({ program: wrapped(t, body), startTimeout: ends ? 60_000 : 1000, onStderr }), (error) => {
      if (ends) return error instanceof ProcessDiedError;
      assert.ok(error instanceof StartTimeoutError && error.retryable && error.code === 0, `${error}`);
      return /gave no answer within 1000 ms of its start/.test(error.message);
    });
    if (pid) await gone(pid);
  });
}

test("a program that ended by itself was not too late, though somebody holds its pipes", async (t) => {
  const script = path.join(folder(t), "wrapper");
  const pid = path.join(folder(t), "pid");
  writeFileSync(script, `#!/bin/sh\nsetsid sh -c 'echo $$ >${pid}; exec sleep 1000' &\nexit 69\n`, { mode: 0o755 });
  const details = (error) => assert.deepEqual([error.kind, error.retryable, error.details.status], ["process_died", false, 69]) ?? true;
  try {
    await assert.rejects(Tidings.start({ program: script, startTimeout: 5000 }), details);
  } finally {
    process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
  }
});

test("close ends everything that a wrapper started", async (t) => {
  const program = wrapped(t, `trap "" TERM; "${fake}" "$@"; sleep 1000`);
  const inbox = await start(t, { program, env: { ...process.env, FAKE: "stays" } });
  const [child] = readFileSync(`/proc/${inbox.pid}/task/${inbox.pid}/children`, "utf8").trim().split(" ");
  const { pid } = inbox;
  await inbox.close({ timeout: 10 });
  await Promise.all([gone(pid), gone(Number(child))]);
});

test("calls go on with a wrapper whose program is killed, or that is killed itself", async (t) => {
  const program = wrapped(t, '"$TIDINGS_BIN" "$@"; exit $?');
  const inbox = await start(t, { program, store: fileStore(t) });
  await inbox.sendTeamMessage(note("one"));
  const children = () => readFileSync(`/proc/${inbox.pid}/task/${inbox.pid}/children`, "utf8").trim().split(" ");
  const [before] = children();
  process.kill(Number(before), "SIGKILL");
  assert.equal((await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" })).total, 1);
  const [child] = children();
  process.kill(inbox.pid, "SIGKILL");
  assert.equal((await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" })).total, 1);
  await gone(Number(child));
});

test("a program that answers no more after a restart is ended too, and the calls are given up in time", async (t) => {
  const counted = path.join(folder(t), "counted");
  const hello = `{"jsonrpc":"2.0","id":0,"result":{"version":"${own}"}}`;
  const program = wrapped(t, `[ -e ${counted} ] && exec sleep 1000\ntouch ${counted}\nread -r line; echo '${hello}'; exec sleep 1000`);
  const inbox = await start(t, { program, startTimeout: 5000, restarts: 1, backoff: 1 });
  const call = inbox.call("slow");
  call.catch(() => {}); // Rejects before it is looked at.
  await crash(inbox);
  await assert.rejects(call, { kind: "start_timeout", method: "slow", retryable: true });
});

test("a store that is named from the host's folder stays the same file wherever the host goes", async (t) => {
  const before = process.cwd();
  t.after(() => process.chdir(before));
  const [first, second] = [folder(t), folder(t)];
  process.chdir(first);
  const inbox = await start(t, { store: "sqlite:inbox.db" });
  await inbox.sendTeamMessage(note("x"));
  process.chdir(second);
  await crash(inbox);
  assert.equal((await inbox.getTeamMessage({ team_id: "crew", user_id: "bob" })).total, 1);
  assert.deepEqual(readdirSync(second), []);
});

test("a program whose first folder is gone is started where the host is", async (t) => {
  const before = process.cwd();
  t.after(() => process.chdir(before));
  const first = mkdtempSync(path.join(folder(t), "first"));
  const store = fileStore(t);
  process.chdir(first);
  const inbox = await start(t, { store });
  process.chdir(before);
  rmdirSync(first);
  await crash(inbox);
  assert.deepEqual(await inbox.ping(), {});
});
