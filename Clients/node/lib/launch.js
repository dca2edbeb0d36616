"use strict";

const { spawnSync } = require("node:child_process");
const { EventEmitter } = require("node:events");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");

// A thread that is terminated can't take the status of its children, which would be zombies for as long as the host
// lives. So a worker's program is the child of a shell that nobody has to wait for: it tells the program's process id
// and how it ended on descriptor 3, and holds none of the program's pipes. The input is descriptor 4, since 0 is nothing
// in the background.
const LAUNCH = `
exec 4<&0
(
  "$@" <&4 3>&- 4<&- &
  exec <&- >&- 2>&- 4<&-
  echo $! >&3
  wait $!
  echo $? >&3
) &
`;

/** Connects sockets to a server, in one step. What it accepts later is their other ends, in their order. */
function connected(server, count) {
  // Nobody else may come in between, so it is in a folder of our own, and has no name any more after this.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tidings-"));
  const sockets = [];
  try {
    const name = path.join(folder, "s");
    server.listen({ path: name, exclusive: true }); // Not by way of a cluster's first process.
    if (!server.listening) throw new Error(`no socket can be made in ${folder}`);
    for (let n = 0; n < count; n++) sockets.push(net.connect(name).on("error", () => {}));
    if (!sockets.every((one) => one._handle?.fd >= 0)) {
      throw Object.assign(new Error("no descriptors are left"), { code: "EMFILE" });
    }
    return sockets;
  } catch (error) {
    sockets.forEach((one) => one.destroy());
    throw error;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A program that is started by a shell which is started, and waited for, in one step: however soon the thread is
 * terminated, there is no child of its own left. It looks like a ChildProcess, whose `pid` is that of the process group.
 * Node makes no pipes, so sockets stand for them.
 *
 * Events: `streams`, when it has `stdin`, `stdout`, `stderr` and `told`, which are also in `stdio`; `close`, when all
 * but the first of them have ended.
 */
class Launched extends EventEmitter {
  stdio = [];
  #referred = true;
  #server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });

  constructor(program, args, { cwd, env }) {
    super();
    this.#server.on("error", () => {}); // `connected` throws it.
    let theirs;
    try {
      theirs = connected(this.#server, 4);
    } catch (error) {
      if (this.#server.listening) this.#server.close();
      throw error;
    }
    const stdio = theirs.map((one) => one._handle.fd);
    const { error, pid } = spawnSync("/bin/sh", ["-c", LAUNCH, "sh", program, ...args], { cwd, env, stdio, detached: true });
    theirs.forEach((one) => one.destroy());
    if (error) {
      this.#server.close();
      throw error;
    }
    this.pid = pid;
    this.#server.on("connection", (socket) => {
      this.stdio.push(socket.on("error", () => {})); // Its end says the rest.
      if (this.stdio.length === theirs.length) this.#complete();
    });
  }

  #complete() {
    this.#server.close();
    [this.stdin, this.stdout, this.stderr, this.told] = this.stdio;
    let open = this.stdio.length - 1;
    for (const stream of this.stdio.slice(1)) {
      stream.on("end", () => stream.destroy());
      stream.on("close", () => {
        open -= 1;
        if (open === 0) this.emit("close");
      });
    }
    this.emit("streams");
    for (const stream of this.stdio.slice(1)) stream.resume(); // Not before somebody hears their ends.
    if (this.#referred) this.ref();
    else this.unref();
  }

  // There is no handle of a process: what keeps the host running is the streams, and what waits for them.
  ref() {
    this.#referred = true;
    for (const one of [this.#server, ...this.stdio]) one.ref();
  }

  unref() {
    this.#referred = false;
    for (const one of [this.#server, ...this.stdio]) one.unref();
  }
}

module.exports = { Launched };
