"use strict";

const { randomUUID } = require("node:crypto");

const { Calls } = require("./calls.js");
const { errorFromWire, makeError } = require("./errors.js");
const { encodeRequest } = require("./request.js");
const { Restarts } = require("./restarts.js");
const { Sidecar } = require("./sidecar.js");
const { onAbort } = require("./signals.js");
const { compatible } = require("./version.js");
const own = require("../package.json").version;

const HELLO = 0; // The id of the first request to each program; calls count from 1.
const LONGEST_GREETING = 1 << 20; // Bytes; what goes on for longer is no Tidings.
const EX_TEMPFAIL = 75;
// Reasons not to start that may be over later.
const PASSING = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ETXTBSY"]);

/** What a call resolves with. */
function resultOf(call, { result }, line) {
  const repeated = call.ownKey && call.ends > 0;
  const own = repeated ? sentByThisCall(result) : result;
  if (!call.raw) return own;
  const head = `{"jsonrpc":"2.0","id":${call.id},"result":`; // As the program writes it.
  return repeated || !line.startsWith(head) ? JSON.stringify(own) : line.slice(head.length, line.lastIndexOf("}"));
}

/** Runs what the host gave. What it throws is the host's to hear, and stops no reading. */
function tell(listener, ...values) {
  try {
    listener(...values);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

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
  #greeted = false;
  #restarting = null;
  #starting = null;
  #tooLate = null;
  #calls = new Calls();
  #lastId = HELLO;
  #keys = randomUUID();
  #limits = { request_bytes: 4 << 20, depth: 128 };
  #fault = null;
  #answered = false;
  #held = false;
  #starts = 0;
  #closing = null;
  #inputClosed = false;
  #onIdle = null;
  #onEnded = null;
  #listening = 0;
  #leaving = new Map(); // The requests that end subscriptions, and which.
  #left = new Set(); // Those that this program may tell of still.

  /** Who gets the events of a subscription of this program. */
  feeds = new Map();

  /**
   * @param {object} options program, args, env: of the process; folder(): where it is started; storeGiven: whether its store is an option of the
   *   host; startTimeout: milliseconds that it has to answer once; restarts, backoff: see Restarts; onLog(line),
   *   onExit(end), onRestart({ attempt, pid }), onNotification({ method, params })
   */
  constructor(options) {
    this.#options = options;
    this.#restarts = new Restarts({ limit: options.restarts, first: options.backoff });
  }

  /** Starts the program and sees it answer. One that ends before it does is not started again. */
  start() {
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
      this.#spawn();
    });
  }

  get pid() {
    return this.#sidecar?.pid ?? null;
  }

  /** Whether the running program keeps the host running, also with no call under way. */
  hold(held) {
    this.#held = held;
    this.#refer();
  }

  /** One more, or one less, waits for an event. */
  listen(more) {
    this.#listening += more;
    this.#refer();
  }

  #refer() {
    if (this.#calls.size > 0 || this.#listening > 0 || this.#held || this.#closing || this.#starting) this.#sidecar?.ref();
    else this.#sidecar?.unref();
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {object} options signal; timeout, milliseconds; onProgress(value); raw: whether the result's text is wanted
   * @param {boolean} keyed whether the method takes an idempotency key, and gets one if it has none
   */
  call(method, params, options, keyed) {
    return new Promise((resolve, reject) => this.begin(method, params, options, keyed, resolve, reject));
  }

  /** The same; `resolve` or `reject` is called before the next line of the program is read. */
  begin(method, params, { signal, timeout, onProgress, raw = false } = {}, keyed, resolve, reject) {
    if (this.#closing) throw makeError(`${method}: the client is closed`, { kind: "closed", method });
    signal?.throwIfAborted();
    if (typeof (params ?? {}) !== "object" || Array.isArray(params)) {
      throw new TypeError(`${method}: the parameters must be an object`);
    }
    const id = ++this.#lastId;
    const ownKey = keyed && (params?.idempotency_key ?? null) === null;
    if (ownKey) {
      params = { ...params, idempotency_key: `${this.#keys}-${id}` };
    }
    if (onProgress) params = { ...params, _meta: { ...params?._meta, progressToken: id } };
    const line = encodeRequest(id, method, params, this.#limits);
    const patient = (params?.wait_ms ?? null) !== null;
    const call = { id, method, line, patient, ownKey, raw, ends: 0, sent: false, resolve, reject, onProgress, release: null };
    if (signal || timeout) this.#watch(id, call, signal, timeout);
    this.#calls.add(call);
    if (this.#calls.size === 1) this.#refer();
    if (this.#sidecar) this.#flush();
    else if (!this.#restarting) this.#restart();
  }

  /** Ends a subscription: nobody listens to it any more. */
  leave(subscription) {
    this.feeds.delete(subscription);
    if (!this.#greeted) return;
    // No call, which would be sent again to another program: that may give the name to another subscription.
    const id = ++this.#lastId;
    this.#leaving.set(id, subscription);
    this.#left.add(subscription);
    this.#sidecar.write(encodeRequest(id, "unsubscribe", { subscription }, this.#limits));
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
    const release = signal && onAbort(signal, give);
    const timer =
      timeout &&
      setTimeout(() => {
        const what = { kind: "deadline_exceeded", retryable: true, details: { timeout }, method: call.method };
        give(makeError(`${call.method}: no answer within ${timeout} ms`, what));
      }, timeout);
    call.release = () => {
      release?.();
      clearTimeout(timer);
    };
  }

  #flush() {
    if (!this.#greeted) return; // Written as soon as the program has said hello.
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
    if (this.#calls.size === 0) this.#refer();
    if (this.#onIdle && this.#calls.idle) this.#onIdle();
  }

  #receive(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch (error) {
      if (error instanceof SyntaxError) return this.#violation("wrote what is no JSON");
      return this.#unreadable(line.slice(0, 256), error);
    }
    if (typeof message !== "object" || message === null) return this.#violation("wrote what is no answer");
    if (message.method !== undefined) {
      if (message.id !== undefined) return this.#violation("wrote a request");
      return this.#notify(message);
    }
    if (message.error === undefined && message.result === undefined) return this.#violation("wrote what is no answer");
    // `encodeRequest` makes no line that a program can't read.
    if (message.id === null) return this.#violation("couldn't read a request");
    if (message.id === HELLO && !this.#greeted) return this.#greet(message);
    this.#left.delete(this.#leaving.get(message.id));
    this.#leaving.delete(message.id);
    const call = this.#settle(message.id); // None: it was given up meanwhile.
    if (call) this.#restarts.answered();
    if (message.error !== undefined) call?.reject(errorFromWire(message.error, call.method));
    else call?.resolve(resultOf(call, message, line));
    this.#flush();
  }

  /** The program's first answer. */
  #greet({ result, error }) {
    if (typeof result?.version !== "string") {
      return this.#violation(error ? `gave no version: ${errorFromWire(error, "get_status").message}` : "gave no version");
    }
    if (!compatible(result.version, own)) return this.#violation(`is version ${result.version}, this client ${own}`);
    Object.assign(this.#limits, result.limits);
    clearTimeout(this.#tooLate);
    this.#sidecar.longestLine = Infinity;
    this.#greeted = true;
    this.#answered = true;
    this.#starting?.resolve();
    this.#starting = null;
    if (this.#starts > 1) tell(this.#options.onRestart, { attempt: this.#starts - 1, pid: this.pid });
    this.#refer();
    this.#flush();
  }

  /** An answer that JavaScript can't hold fails its call alone. Nothing of it is told: others wrote it. */
  #unreadable(head, cause) {
    const id = head.match(/^\{"jsonrpc":"2\.0","id":(\d+),/)?.[1];
    if (id === undefined || !this.#greeted) return this.#violation("wrote what can't be read");
    const call = this.#settle(Number(id));
    if (call) this.#restarts.answered();
    const says = `the answer is more than JavaScript can hold (${cause.code ?? cause.name})`;
    call?.reject(makeError(`${call.method}: ${says}`, { kind: "unreadable_answer", method: call.method }));
    this.#flush();
  }

  #notify({ method, params }) {
    if (method === "$/progress") {
      const { onProgress } = this.#calls.get(params?.token) ?? {};
      if (onProgress) tell(onProgress, params.value);
    } else if (method === "inbox_event" && this.feeds.has(params?.subscription)) {
      this.feeds.get(params.subscription).event(params);
    } else if (method !== "inbox_event" || !this.#left.has(params?.subscription)) {
      tell(this.#options.onNotification, { method, params });
    }
  }

  /** What writes something else is not the program, or is broken: it is ended, and started again. */
  #violation(how) {
    this.#kill("incompatible_program", how);
  }

  #kill(kind, how) {
    this.#fault ??= { kind, how };
    this.#sidecar?.kill();
  }

  #spawn() {
    const { program, args, folder, env, startTimeout, onLog } = this.#options;
    this.#fault = null;
    this.#greeted = false;
    this.#starts += 1;
    this.#sidecar = new Sidecar({
      program,
      args,
      cwd: folder(),
      env,
      onLog: (line) => tell(onLog, line),
      onLine: (line) => {
        if (!this.#fault) this.#receive(line);
      },
      onUnreadable: (head, error) => {
        if (!this.#fault) this.#unreadable(head, error);
      },
      onEnd: (end) => this.#ended(end),
    });
    this.#sidecar.longestLine = LONGEST_GREETING;
    if (startTimeout) {
      const late = () => {
        if (!this.#sidecar?.gone) this.#kill("start_timeout", `gave no answer within ${startTimeout} ms of its start`);
      };
      this.#tooLate = setTimeout(late, startTimeout).unref();
    }
    this.#sidecar.write(encodeRequest(HELLO, "get_status", undefined, this.#limits));
    this.#refer();
  }

  #ended(end) {
    clearTimeout(this.#tooLate);
    this.#sidecar = null;
    this.#greeted = false;
    const fault = this.#fault?.how ?? null;
    this.#leaving.clear();
    this.#left.clear();
    if (!this.#inputClosed && this.#answered) tell(this.#options.onExit, { ...end, fault });
    this.#onEnded?.();
    if (this.#inputClosed) return;
    const lost = this.#calls.ended();
    for (const call of lost) {
      this.#settled(call);
      call.reject(this.#failure(end, `ended ${call.ends} times during this call`, call.method));
    }
    if (lost.length > 0) this.#restarts.answered(); // What it ended of is gone.
    const delay = this.#answered ? this.#restarts.ended() : null;
    if (delay === null) {
      this.#giveUp(end);
      return;
    }
    const feeds = this.#takeFeeds();
    if (this.#calls.size > 0 || feeds.length > 0) this.#restart(delay);
    for (const feed of feeds) feed.lost();
  }

  #takeFeeds() {
    const feeds = [...this.feeds.values()];
    this.feeds.clear();
    return feeds;
  }

  #restart(delay = 0) {
    this.#restarting = setTimeout(() => {
      this.#restarting = null;
      this.#spawn();
    }, delay);
  }

  #giveUp(end) {
    const how = this.#answered ? "keeps ending" : "ended before it answered";
    for (const id of this.#calls.ids()) {
      const call = this.#settle(id);
      call.reject(this.#failure(end, how, call.method));
    }
    for (const feed of this.#takeFeeds()) feed.fail(this.#failure(end, how, "subscribe"));
    this.#starting?.reject(this.#failure(end, how, null));
    this.#starting = null;
  }

  #failure({ status, signal, cause, lastWords }, how, method) {
    const { program, storeGiven } = this.#options;
    // The program speaks of the variable by which this client hands on what its host calls otherwise.
    const told = (text) => (storeGiven ? text.replaceAll("TIDINGS_STORE", "store") : text);
    const words = lastWords.map(told);
    const last = cause?.message ?? (signal ? `signal ${signal}` : `status ${status}`);
    const said = words.length > 0 ? `\nIts last words:\n${words.join("\n")}` : "";
    const what = this.#fault ? this.#fault.how : `${how} (${last})`;
    const kind = this.#fault?.kind ?? "process_died";
    let retryable = kind === "start_timeout";
    if (kind === "process_died") {
      if (cause) retryable = PASSING.has(cause.code);
      else retryable = this.#answered || signal !== null || status === EX_TEMPFAIL;
    }
    const details = { program, status, signal, last_words: words };
    return makeError(`${method ? `${method}: ` : ""}${program} ${what}${said}`, { kind, retryable, method, cause, details });
  }

  /** Takes no more calls, waits for those under way, and ends the program; after `timeout` ms by force. */
  close(timeout) {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  async #close(timeout) {
    let late;
    await null; // Now #closing is set.
    for (const feed of this.#takeFeeds()) {
      feed.fail(makeError("subscribe: the client was closed", { kind: "closed", method: "subscribe" }));
    }
    // Without a timeout it waits for ever.
    const tooLate = new Promise((resolve) => (late = timeout === Infinity ? null : setTimeout(resolve, timeout, true)));
    if (!this.#calls.idle) await Promise.race([new Promise((idle) => (this.#onIdle = idle)), tooLate]);
    clearTimeout(this.#restarting);
    this.#inputClosed = true;
    if (this.#sidecar) {
      const ended = new Promise((resolve) => (this.#onEnded = resolve));
      this.#refer();
      this.#sidecar.end(); // What waits in the program is answered by that.
      if (await Promise.race([ended, tooLate])) this.#sidecar?.kill();
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
