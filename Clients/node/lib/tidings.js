"use strict";

const { EventEmitter } = require("node:events");

const { Connection } = require("./connection.js");
const { methods } = require("./contract.js");
const { findProgram } = require("./program.js");

const PAGE = 100;
const WAIT_MS = 30_000;
const keyed = new Set(Object.values(methods).flatMap((method) => (method.keyed ? [method.name] : [])));

/**
 * A running program and its methods. Made by `Tidings.start`.
 *
 * Events: `stderr` (line), `exit` (how the program ended), `restart` ({ attempt, pid }), `notification`
 * ({ method, params }).
 */
class Tidings extends EventEmitter {
  #connection;
  #timeout;

  /** @private use `Tidings.start` */
  constructor(connection, timeout) {
    super();
    this.#connection = connection;
    this.#timeout = timeout;
  }

  /** Starts the program and resolves once it has answered. */
  static async start({
    store,
    program,
    args = [],
    cwd,
    env = process.env,
    timeout,
    startTimeout = 30_000,
    restarts = 5,
    backoff = 100,
    onStderr,
  } = {}) {
    let inbox;
    const early = [];
    const connection = new Connection({
      program: findProgram(program, env),
      args: ["serve", ...args],
      cwd,
      // By the environment, since others can read the arguments and a URL may hold a password.
      env: store === undefined ? env : { ...env, TIDINGS_STORE: store },
      restarts,
      backoff,
      onLog: (line) => {
        onStderr?.(line);
        if (inbox) inbox.emit("stderr", line);
        else early.push(line);
      },
      onExit: (end) => inbox?.emit("exit", end),
      onRestart: (what) => inbox?.emit("restart", what),
      onNotification: (what) => inbox?.emit("notification", what),
    });
    try {
      await connection.start(startTimeout);
    } catch (error) {
      await connection.close(0);
      throw error;
    }
    inbox = new Tidings(connection, timeout);
    // What it said before there was anyone to listen; the caller's own turn comes first.
    setImmediate(() => early.forEach((line) => inbox.emit("stderr", line)));
    return inbox;
  }

  /** The running program's process id; null while there is none. */
  get pid() {
    return this.#connection.pid;
  }

  /** From now on the running program keeps the host running, also with no call under way. */
  ref() {
    this.#connection.hold(true);
    return this;
  }

  /** From now on, as at the start, only a call under way keeps the host running. */
  unref() {
    this.#connection.hold(false);
    return this;
  }

  /** Calls a method by its name on the wire, also one that this client doesn't know. */
  call(method, params, { signal, timeout = this.#allowed(params), onProgress } = {}) {
    return this.#connection.call(method, params, { signal, timeout, onProgress }, keyed.has(method));
  }

  /** The timeout of a call that names none. It comes on top of what the call may wait for. */
  #allowed(params) {
    const wait = Number(params?.wait_ms ?? 0);
    return this.#timeout && wait > 0 ? this.#timeout + wait : this.#timeout;
  }

  /** The pages of a listing, from the first (or the one at `params.cursor` or `params.pageNo`) on. */
  async *pages(method, params, options) {
    const { pageNo, ...rest } = params;
    let query = params;
    for (;;) {
      const page = await this.call(method, query, options);
      yield page;
      if (page.next_cursor === null) return;
      query = { ...rest, cursor: page.next_cursor };
    }
  }

  /** The messages of a team inbox, page by page as they are needed. */
  teamMessages(params, options) {
    return this.#messages("get_team_message", params, options);
  }

  /** The messages of an account inbox, page by page as they are needed. */
  accountMessages(params, options) {
    return this.#messages("get_account_message", params, options);
  }

  /** Change after change of an inbox, for ever: `get_changes` again and again, each from the last one's end. */
  async *changes(params, options) {
    let from = params;
    for (;;) {
      const { changes, cursor } = await this.call("get_changes", { wait_ms: WAIT_MS, ...from }, options);
      yield* changes;
      from = { ...params, cursor };
    }
  }

  async *#messages(method, params, options) {
    for await (const page of this.pages(method, { pageSize: PAGE, ...params }, options)) yield* page.data;
  }

  /** Waits for the calls under way and ends the program; after `timeout` ms by force. */
  close({ timeout = 10_000 } = {}) {
    return this.#connection.close(timeout);
  }
}

for (const [name, method] of Object.entries(methods)) {
  const call = {
    [name](params, options) {
      return this.call(method.name, params, options);
    },
  }[name];
  Object.defineProperty(Tidings.prototype, name, { value: call, writable: true, configurable: true });
}

if (Symbol.asyncDispose) {
  Object.defineProperty(Tidings.prototype, Symbol.asyncDispose, {
    value() {
      return this.close();
    },
    writable: true,
    configurable: true,
  });
}

module.exports = { Tidings };
