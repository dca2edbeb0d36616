"use strict";

const { randomUUID } = require("node:crypto");

const { Calls } = require("./calls.js");
const { errorFromWire, makeError } = require("./errors.js");
const { encodeRequest } = require("./request.js");
const { Restarts } = require("./restarts.js");
const { Sidecar } = require("./sidecar.js");

/** A message that was there already is of this call, whose key nobody else has, sent to a program that ended. */
function sentByThisCall(result) {
  for (const message of result?.messages ?? []) message.duplicate = false;
  return { ...result, duplicate: false };
}

/**
 * Calls to a program that is looked after: when it ends, it is started again and gets every call that has no
 * answer yet, in their order.
 *
 * A call is in `#calls` from when it is made until it is settled, so that this one table says what to send
 * to a new program, and whether anything keeps the host waiting.
 */
class Connection {
  #options;
  #restarts;
  #sidecar = null;
  #restarting = null;
  #calls = new Calls();
  #lastId = 0;
  #keys = randomUUID();
  #limits = {};
  #fault = null;
  #unclaimed = [];
  #answered = false;
  #held = false;
  #starts = 0;
  #closing = null;
  #inputClosed = false;
  #onIdle = null;
  #onEnded = null;

  /**
   * @param {object} options program, args, cwd, env: of the process; restarts, backoff: see Restarts;
   *   onLog(line), onExit(end), onRestart({ attempt, pid }), onNotification({ method, params })
   */
  constructor(options) {
    this.#options = options;
    this.#restarts = new Restarts({ limit: options.restarts, first: options.backoff });
  }

  /** Starts the program and sees it answer. One that ends before it does is not started again. */
  async start(timeout) {
    this.#spawn();
    const status = await this.call("get_status", undefined, { timeout });
    this.#limits = status.limits ?? {};
  }

  get pid() {
    return this.#sidecar?.pid ?? null;
  }

  /** Whether the running program keeps the host running, also with no call under way. */
  hold(held) {
    this.#held = held;
    this.#refer();
  }

  #refer() {
    if (this.#calls.size > 0 || this.#held || this.#closing) this.#sidecar?.ref();
    else this.#sidecar?.unref();
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {{ signal?: AbortSignal, timeout?: number, onProgress?: (value: object) => void }} options
   * @param {boolean} keyed whether the method takes an idempotency key, and gets one if it has none
   */
  call(method, params, { signal, timeout, onProgress } = {}, keyed = false) {
    return new Promise((resolve, reject) => {
      if (this.#closing) throw makeError(`${method}: the client is closed`, { kind: "closed", method });
      signal?.throwIfAborted();
      if (typeof (params ?? {}) !== "object" || Array.isArray(params)) {
        const what = { kind: "invalid_params", method };
        throw makeError(`${method}: the parameters must be an object`, what);
      }
      const id = ++this.#lastId;
      const ownKey = keyed && (params?.idempotency_key ?? null) === null;
      if (ownKey) {
        params = { ...params, idempotency_key: `${this.#keys}-${id}` };
      }
      if (onProgress) params = { ...params, _meta: { ...params?._meta, progressToken: id } };
      const line = encodeRequest(id, method, params, this.#limits);
      const patient = (params?.wait_ms ?? null) !== null;
      const call = { id, method, line, patient, ownKey, ends: 0, sent: false, resolve, reject, onProgress, release: null };
      if (signal || timeout) this.#watch(id, call, signal, timeout);
      this.#calls.add(call);
      if (this.#calls.size === 1) this.#refer();
      if (this.#sidecar) this.#flush();
      else if (!this.#restarting) this.#restart();
    });
  }

  /** Lets a call end by its signal or its time, whatever the program does. */
  #watch(id, call, signal, timeout) {
    const give = (error) => {
      if (!this.#settle(id)) return;
      if (call.sent) {
        this.#sidecar?.write(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":${id}}}\n`);
        this.#flush();
      }
      call.reject(error);
    };
    const onAbort = () => give(signal.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer =
      timeout &&
      setTimeout(() => {
        const what = { kind: "deadline_exceeded", details: { timeout }, method: call.method };
        give(makeError(`${call.method}: no answer within ${timeout} ms`, what));
      }, timeout);
    call.release = () => {
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    };
  }

  #flush() {
    const text = this.#calls.take();
    if (text !== "") this.#sidecar?.write(text);
  }

  /** Takes a call off the table; undefined if it was settled before. */
  #settle(id) {
    const call = this.#calls.settle(id);
    if (call) this.#settled(call);
    return call;
  }

  #settled(call) {
    call.release?.();
    if (this.#calls.size === 0) {
      this.#unclaimed = [];
      this.#refer();
    }
    if (this.#onIdle && this.#calls.idle) this.#onIdle();
  }

  #receive(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      return this.#violation(line);
    }
    if (typeof message !== "object" || message === null) return this.#violation(line);
    if (message.method !== undefined) {
      if (message.id !== undefined) return this.#violation(line);
      return this.#notify(message);
    }
    if (message.error === undefined && message.result === undefined) return this.#violation(line);
    this.#answered = true;
    this.#restarts.answered();
    if (message.id === null) return this.#claim(message.error);
    const call = this.#settle(message.id); // None: it was given up meanwhile.
    if (message.error !== undefined) call?.reject(errorFromWire(message.error, call.method));
    else call?.resolve(call.ownKey && call.ends > 0 ? sentByThisCall(message.result) : message.result);
    if (this.#unclaimed.length > 0) this.#claim();
    this.#flush();
  }

  #notify({ method, params }) {
    if (method === "$/progress") this.#calls.get(params?.token)?.onProgress?.(params.value);
    else this.#options.onNotification({ method, params });
  }

  /** An error without an id belongs to one of the calls: to those that are left when all others are answered. */
  #claim(error) {
    if (error) this.#unclaimed.push(error);
    if (this.#calls.size > this.#unclaimed.length) return;
    for (const id of this.#calls.ids()) {
      const wire = this.#unclaimed.shift();
      const call = this.#settle(id);
      call.reject(errorFromWire(wire, call.method));
    }
    this.#unclaimed = [];
  }

  /** What writes something else is not the program, or is broken: it is ended, and started again. */
  #violation(line) {
    this.#fault ??= `it wrote what is no answer: ${line.slice(0, 200)}`;
    this.#sidecar?.kill("SIGKILL");
  }

  #spawn() {
    const { program, args, cwd, env, onLog } = this.#options;
    this.#fault = null;
    this.#starts += 1;
    this.#sidecar = new Sidecar({
      program,
      args,
      cwd,
      env,
      onLog,
      onLine: (line) => {
        if (!this.#fault) this.#receive(line);
      },
      onEnd: (end) => this.#ended(end),
    });
    this.#refer();
  }

  #ended(end) {
    this.#sidecar = null;
    this.#unclaimed = [];
    if (!this.#inputClosed) this.#options.onExit({ ...end, fault: this.#fault });
    this.#onEnded?.();
    if (this.#inputClosed) return;
    const lost = this.#calls.ended();
    for (const call of lost) {
      this.#settled(call);
      call.reject(this.#failure(end, `ended ${call.ends} times during this call`, call.method));
    }
    if (lost.length > 0) this.#restarts.answered(); // What it ended of is gone.
    const delay = this.#answered ? this.#restarts.ended() : null;
    if (delay === null) this.#giveUp(end);
    else if (this.#calls.size > 0) this.#restart(delay);
  }

  #restart(delay = 0) {
    this.#restarting = setTimeout(() => {
      this.#restarting = null;
      this.#spawn();
      this.#options.onRestart({ attempt: this.#starts - 1, pid: this.pid });
      this.#flush();
    }, delay);
  }

  #giveUp(end) {
    const how = this.#answered ? "keeps ending" : "ended before it answered";
    for (const id of this.#calls.ids()) {
      const call = this.#settle(id);
      call.reject(this.#failure(end, how, this.#answered ? call.method : null));
    }
  }

  #failure({ status, signal, cause, lastWords }, how, method) {
    const last = this.#fault ?? cause?.message ?? (signal ? `signal ${signal}` : `status ${status}`);
    const said = lastWords.length > 0 ? `\nIts last words:\n${lastWords.join("\n")}` : "";
    return makeError(`${method ? `${method}: ` : ""}${this.#options.program} ${how} (${last})${said}`, {
      kind: "program_failed",
      method,
      cause,
      details: { program: this.#options.program, status, signal, last_words: lastWords },
    });
  }

  /** Takes no more calls, waits for those under way, and ends the program; after `timeout` ms by force. */
  close(timeout) {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  async #close(timeout) {
    let late;
    await null; // Now #closing is set.
    const tooLate = new Promise((resolve) => (late = setTimeout(resolve, timeout, true)));
    if (!this.#calls.idle) await Promise.race([new Promise((idle) => (this.#onIdle = idle)), tooLate]);
    clearTimeout(this.#restarting);
    this.#inputClosed = true;
    if (this.#sidecar) {
      const ended = new Promise((resolve) => (this.#onEnded = resolve));
      this.#refer();
      this.#sidecar.end(); // What waits in the program is answered by that.
      if (await Promise.race([ended, tooLate])) this.#sidecar?.kill("SIGKILL");
      await ended;
    }
    for (const id of this.#calls.ids()) {
      const call = this.#settle(id);
      const what = { kind: "closed", method: call.method };
      call.reject(makeError(`${call.method}: the client was closed before the answer came`, what));
    }
    clearTimeout(late);
  }
}

module.exports = { Connection };
