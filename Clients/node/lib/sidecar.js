"use strict";

const { spawn } = require("node:child_process");

const { LineSplitter } = require("./lines.js");

const LAST_WORDS = 20; // lines
const LOG_LINE = 65536; // bytes

/**
 * One running program: lines in, lines out, its log, its end. It knows no JSON.
 *
 * `onEnd` comes once, after everything the program wrote was handed over.
 */
class Sidecar {
  #child;
  #pending = "";
  #scheduled = false;
  #blocked = false;
  #ending = false;
  #lastWords = [];

  /**
   * @param {object} options program, args, cwd, env; onLine(line); onLog(line);
   *   onEnd({ status, signal, cause, lastWords })
   */
  constructor({ program, args = [], cwd, env, onLine, onLog, onEnd }) {
    // In a session of its own: the terminal's Ctrl-C is the host's to handle. When the host ends, whatever the
    // reason, its end of the pipe is closed, and the program finishes and ends too.
    const child = spawn(program, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.#child = child;

    let ended = false;
    const end = (status, signal, cause) => {
      if (ended) return;
      ended = true;
      log.flush();
      onEnd({ status, signal, cause, lastWords: this.#lastWords });
    };
    const log = new LineSplitter((line) => {
      this.#lastWords.push(line);
      if (this.#lastWords.length > LAST_WORDS) this.#lastWords.shift();
      onLog(line);
    }, LOG_LINE);
    const answers = new LineSplitter(onLine);

    child.on("error", (cause) => {
      if (child.pid === undefined) end(null, null, cause); // It could not be started.
    });
    child.on("close", (status, signal) => end(status, signal));
    child.stdin.on("error", () => {}); // It closed its input; its end says the rest.
    child.stdin.on("drain", () => {
      this.#blocked = false;
      this.#flush();
    });
    child.stdout.on("data", (chunk) => answers.push(chunk));
    child.stderr.on("data", (chunk) => log.push(chunk));
    for (const stream of child.stdio) stream?.unref?.();
    child.unref();
  }

  get pid() {
    return this.#child.pid;
  }

  /** Writes text that ends with a line feed. What one turn of the event loop writes goes out as one. */
  write(text) {
    this.#pending += text;
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush() {
    if (this.#blocked) return;
    if (this.#pending !== "") {
      const text = this.#pending;
      this.#pending = "";
      this.#blocked = !this.#child.stdin.write(text);
    }
    if (this.#ending && this.#pending === "") this.#child.stdin.end();
  }

  /** Closes the program's input after what was written: it answers what it accepted, and ends. */
  end() {
    this.#ending = true;
    this.#flush();
  }

  /** @param {NodeJS.Signals} signal */
  kill(signal) {
    this.#child.kill(signal);
  }

  /** Keeps the host's event loop running until `unref`. */
  ref() {
    this.#child.ref();
    this.#child.stdout.ref();
  }

  unref() {
    this.#child.unref();
    this.#child.stdout.unref();
  }
}

module.exports = { Sidecar };
