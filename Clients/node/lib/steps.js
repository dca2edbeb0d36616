"use strict";

const { onAbort } = require("./signals.js");

/**
 * An async iterator over the values of one call after the other. Unlike an async generator it can be left while it
 * waits: `return` ends it at once, and the call under way with it.
 */
class Steps {
  #fetch;
  #signal;
  #idle;
  #onEnd;
  #values = [];
  #taken = 0;
  #last = false;
  #ended = false;
  #step = null;
  #stop = null;
  #wake = null;
  #timer = null;
  #turn = null;

  /**
   * @param {(signal: AbortSignal) => Promise<{ values: unknown[], last: boolean }>} fetch makes the next call
   * @param {{ signal?: AbortSignal, idle?: number, onEnd?: () => void }} options idle: milliseconds of nothing after
   *   which null comes
   */
  constructor(fetch, { signal, idle, onEnd } = {}) {
    this.#fetch = fetch;
    this.#signal = signal;
    this.#idle = idle;
    this.#onEnd = onEnd;
  }

  /** One after the other, as an async generator does it; the first call is made at once. */
  next() {
    const result = this.#turn ? this.#turn.then(() => this.#next()) : this.#next();
    const over = () => {
      if (this.#turn === turn) this.#turn = null;
    };
    const turn = (this.#turn = result.then(over, over));
    return result;
  }

  async return(value) {
    this.#end();
    return { value, done: true };
  }

  async throw(error) {
    this.#end();
    throw error;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async #next() {
    try {
      for (;;) {
        if (this.#ended) return { value: undefined, done: true };
        this.#signal?.throwIfAborted();
        if (this.#taken < this.#values.length) return { value: this.#values[this.#taken++], done: false };
        if (this.#last) {
          this.#end();
          continue;
        }
        this.#step ??= this.#take();
        if ((await this.#settled()) === "idle") return { value: null, done: false };
        if (!this.#ended && this.#step?.error) throw this.#step.error.thrown;
      }
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** Makes the next call. Nothing rejects here: nobody may be waiting when it fails. */
  #take() {
    const stop = (this.#stop = new AbortController());
    const release = this.#signal && onAbort(this.#signal, (reason) => stop.abort(reason));
    const step = { error: null, done: null };
    step.done = this.#fetch(stop.signal)
      .then(
        ({ values, last }) => {
          this.#values = values;
          this.#taken = 0;
          this.#last = last;
          this.#step = null;
        },
        (thrown) => (step.error = { thrown }),
      )
      .finally(() => release?.());
    return step;
  }

  /** Waits for the call under way, for the end, or for as long as nothing may come. Says what it was. */
  #settled() {
    const { done } = this.#step;
    return new Promise((resolve) => {
      this.#wake = resolve;
      done.then(() => resolve("step"));
      if (this.#idle !== undefined) this.#timer = setTimeout(resolve, this.#idle, "idle");
    }).finally(() => {
      this.#wake = null;
      clearTimeout(this.#timer);
    });
  }

  #end() {
    this.#ended = true;
    this.#values = [];
    this.#stop?.abort();
    this.#wake?.("end");
    this.#onEnd?.();
  }
}

if (Symbol.asyncDispose) {
  Object.defineProperty(Steps.prototype, Symbol.asyncDispose, {
    async value() {
      await this.return();
    },
    writable: true,
    configurable: true,
  });
}

module.exports = { Steps };
