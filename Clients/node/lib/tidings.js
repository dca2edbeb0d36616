"use strict";

const { EventEmitter } = require("node:events");

const { Connection } = require("./connection.js");
const { Events } = require("./events.js");
const { Feed } = require("./feed.js");
const { methods } = require("./contract.js");
const { CALL, CLOSE, EACH, FOLLOW, START, checked, storeText, timer } = require("./options.js");
const { findProgram, folderOf } = require("./program.js");
const { Steps } = require("./steps.js");

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
  static async start(options) {
    const {
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
    } = checked(options, START, "Tidings.start");
    let inbox;
    const early = [];
    const connection = new Connection({
      program: findProgram(program, env),
      args: ["serve", ...args],
      folder: folderOf(cwd),
      // By the environment, since others can read the arguments and a URL may hold a password.
      env: store === undefined ? env : { ...env, TIDINGS_STORE: storeText(store) },
      storeGiven: store !== undefined,
      startTimeout: timer(startTimeout),
      restarts,
      backoff,
      onLog: (line) => {
        // The client's listeners hear it too, whatever this one does.
        if (inbox) inbox.emit("stderr", line);
        else early.push(line);
        onStderr?.(line);
      },
      onExit: (end) => inbox?.emit("exit", end),
      onRestart: (what) => inbox?.emit("restart", what),
      onNotification: (what) => inbox?.emit("notification", what),
    });
    try {
      await connection.start();
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
  async call(method, params, options) {
    const { signal, timeout = this.#allowed(params), onProgress, raw = false } = checked(options, CALL, method);
    return this.#connection.call(method, params, { signal, timeout: timer(timeout), onProgress, raw }, keyed.has(method));
  }

  /** The timeout of a call that names none. It comes on top of what the call may wait for. */
  #allowed(params) {
    const wait = Number(params?.wait_ms ?? 0);
    return this.#timeout && wait > 0 ? this.#timeout + wait : this.#timeout;
  }

  /** The pages of a listing, from the first (or the one at `params.cursor` or `params.pageNo`) on. */
  pages(method, params, options) {
    return this.#listing(method, params, options, (page) => [page]);
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
  changes(params, options) {
    const { idle, ...each } = checked(options, FOLLOW, "changes");
    let from = params;
    const fetch = async (signal) => {
      const answer = await this.call("get_changes", { wait_ms: WAIT_MS, ...from }, { ...each, signal });
      const { changes, cursor, inboxes } = answer;
      from = inboxes ? { ...params, inboxes } : { ...params, cursor };
      return { values: changes, last: false };
    };
    return new Steps(fetch, { signal: each.signal, idle });
  }

  /** Event after event of one or several inboxes, for ever, across the ends of programs. */
  subscribe(params = {}, options) {
    const { timeout = this.#timeout, onProgress, ...each } = checked(options, FOLLOW, "subscribe");
    const { team_id, cursor, ...rest } = params;
    // Always as a list, in which a cursor that is too old is no error: the host is told `lagged`. What is given in both
    // ways is the program's to refuse.
    const alone = (params.inboxes ?? null) === null;
    const asked = alone ? { ...rest, inboxes: [{ team_id: team_id ?? undefined, cursor: cursor ?? undefined }] } : params;
    const feed = new Feed(this.#connection, asked, timer(timeout ?? 0));
    return new Events(feed, asked.inboxes, alone, each);
  }

  #messages(method, params, options) {
    return this.#listing(method, { pageSize: PAGE, ...params }, options, (page) => page.data);
  }

  #listing(method, params, options, valuesOf) {
    const each = checked(options, EACH, method);
    const { pageNo, ...rest } = params;
    let query = params;
    const fetch = async (signal) => {
      const page = await this.call(method, query, { ...each, signal });
      query = { ...rest, cursor: page.next_cursor };
      return { values: valuesOf(page), last: page.next_cursor === null };
    };
    return new Steps(fetch, { signal: each.signal });
  }

  /** Waits for the calls under way and ends the program; after `timeout` ms by force. */
  async close(options) {
    const { timeout = 10_000 } = checked(options, CLOSE, "close");
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
