"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const { isMainThread } = require("node:worker_threads");

const { Launched } = require("./launch.js");
const { LineSplitter } = require("./lines.js");

const LAST_WORDS = 20; // lines
const LOG_LINE = 65536; // bytes
const GRACE = 2000; // Milliseconds from the end of the process to the end of whatever holds its pipes.

const signalNames = Object.fromEntries(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** How a process ended, of the status that a shell gives. */
const endOf = (status) =>
  status > 128 && signalNames[status - 128]
    ? { status: null, signal: signalNames[status - 128] }
    : { status, signal: null };

/**
 * One running program: lines in, lines out, its log, its end. It knows no JSON.
 *
 * `onEnd` comes once, after everything the program wrote was handed over, and in any case: also if what the program
 * started still holds its pipes.
 */
class Sidecar {
  #child;
  #input = null;
  #answers;
  #pid = null;
  #pending = "";
  #scheduled = false;
  #blocked = false;
  #ending = false;
  #lastWords = [];
  #end;
  #killed = null;
  #gone = false;

  /**
   * @param {object} options program, args, cwd, env; onLine(line); onUnreadable(head, error): a line that makes no
   *   string; onLog(line); onEnd({ status, signal, cause, lastWords }); inWorker: whether its thread may be terminated
   */
  constructor({ program, args = [], cwd, env, onLine, onUnreadable, onLog, onEnd, inWorker = !isMainThread }) {
    const log = new LineSplitter((line) => {
      this.#lastWords.push(line);
      if (this.#lastWords.length > LAST_WORDS) this.#lastWords.shift();
      onLog(line);
    }, { limit: LOG_LINE });
    this.#answers = new LineSplitter(onLine, { onUnreadable });
    let over = false;
    this.#end = (status, signal, cause) => {
      if (over) return;
      over = true;
      log.flush();
      onEnd({ status, signal, cause, lastWords: this.#lastWords });
    };

    // In a session of its own: the terminal's Ctrl-C is the host's to handle. When the host ends, whatever the
    // reason, its end of the pipe is closed, and the program finishes and ends too.
    const options = { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] };
    let child;
    try {
      child = inWorker ? new Launched(program, args, options) : spawn(program, args, options);
    } catch (cause) {
      setImmediate(this.#end, null, null, cause); // Some reasons are thrown, others are events.
      return;
    }
    this.#child = child;
    child.on("error", (cause) => {
      if (child.pid === undefined) this.#end(null, null, cause); // It could not be started.
    });
    if (inWorker) {
      this.#blocked = true;
      child.on("streams", () => this.#follow(child, log));
      this.unref();
      return;
    }
    if (!child.stdout) return; // No descriptors are left: the event says so.
    this.#pid = child.pid ?? null;
    child.on("exit", (status, signal) => this.#wait({ status, signal }));
    child.on("close", (status, signal) => this.#end(status, signal));
    this.#read(child, log);
    this.unref();
  }

  /** The program of a worker: what a shell tells of it. */
  #follow(child, log) {
    let ended = { status: null, signal: null };
    const told = new LineSplitter((line) => {
      if (this.#pid === null) {
        this.#pid = Number(line);
        this.#blocked = false;
        this.#flush();
      } else {
        ended = endOf(Number(line));
      }
    });
    child.told.on("data", (chunk) => told.push(chunk));
    child.told.on("close", () => {
      this.#pid = null;
      this.#wait(ended);
    });
    child.on("close", () => this.#end(ended.status, ended.signal ?? (ended.status === null ? this.#killed : null)));
    this.#read(child, log);
  }

  #read(child, log) {
    this.#input = child.stdin;
    this.#input.on("error", () => {}); // It closed its input; its end says the rest.
    this.#input.on("drain", () => {
      this.#blocked = false;
      this.#flush();
    });
    child.stdout.on("data", (chunk) => this.#answers.push(chunk));
    child.stderr.on("data", (chunk) => log.push(chunk));
  }

  get pid() {
    return this.#pid;
  }

  /** Whether it has ended by itself, which `onEnd` is about to tell. */
  get gone() {
    return this.#gone;
  }

  /** The bytes that a line may have; one that has no end is handed over as it is then. */
  set longestLine(bytes) {
    if (this.#answers) this.#answers.limit = bytes;
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
    if (this.#blocked || !this.#input) return;
    if (this.#pending !== "") {
      const text = this.#pending;
      this.#pending = "";
      this.#blocked = !this.#input.write(text);
    }
    if (this.#ending && this.#pending === "") this.#input.end();
  }

  /** Closes the program's input after what was written: it answers what it accepted, and ends. */
  end() {
    this.#ending = true;
    this.#flush();
  }

  /** Ends the program and whatever it started, at once. */
  kill() {
    this.#killed = "SIGKILL";
    if (this.#child?.pid === undefined) return;
    this.#killGroup();
    this.#later(null, "SIGKILL");
  }

  /** The process ended. What it started, as a wrapper's program, may still answer what it has, and ends by that. */
  #wait({ status, signal }) {
    this.#gone = true;
    this.#input.destroy();
    this.#later(status, signal);
  }

  /** Sees the end, though somebody may hold the pipes. */
  #later(status, signal) {
    const late = setTimeout(() => {
      this.#killGroup();
      for (const stream of this.#child.stdio) stream?.destroy();
      this.#end(status, signal);
    }, GRACE);
    late.unref();
    this.#child.once("close", () => clearTimeout(late));
  }

  /** The session that the program leads is its process group too. */
  #killGroup() {
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      this.#child.kill?.("SIGKILL"); // Nobody is left in it, or it is not ours.
    }
  }

  /** Keeps the host's event loop running until `unref`: also from the end of the process to that of its pipes. */
  ref() {
    this.#child?.ref();
    for (const stream of this.#child?.stdio ?? []) stream?.ref?.();
  }

  unref() {
    this.#child?.unref();
    for (const stream of this.#child?.stdio ?? []) stream?.unref?.();
  }
}

module.exports = { Sidecar };
