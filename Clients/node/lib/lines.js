"use strict";

const LF = 0x0a;
const HEAD = 256;

const utf8 = (bytes) => bytes.toString("utf8");

/**
 * Cuts bytes into lines: at line feeds, and at nothing else that some take for a line's end. A line may have any
 * size: its parts are joined once, when its end has come.
 */
class LineSplitter {
  #parts = [];
  #size = 0;
  #onLine;
  #onUnreadable;
  #read;
  limit;

  /**
   * @param {(line: string) => void} onLine gets each line without its end
   * @param {object} options limit: bytes after which an unended line is handed over as it is; onUnreadable(head,
   *   error): gets the beginning of a line that makes no string, since it is longer than any; read: makes the string
   */
  constructor(onLine, { limit = Infinity, onUnreadable, read = utf8 } = {}) {
    this.#onLine = onLine;
    this.#onUnreadable = onUnreadable;
    this.#read = read;
    this.limit = limit;
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LF, start);
      if (end < 0) break;
      if (this.#parts.length > 0) {
        this.#parts.push(chunk.subarray(start, end));
        this.flush();
      } else {
        this.#hand(chunk.subarray(start, end));
      }
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#parts.push(start > 0 ? chunk.subarray(start) : chunk);
      this.#size += chunk.length - start;
      if (this.#size > this.limit) this.flush();
    }
  }

  /** Hands over what came of a line that has no end. */
  flush() {
    if (this.#parts.length === 0) return;
    const line = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    this.#hand(line);
  }

  #hand(bytes) {
    let line;
    try {
      line = this.#read(bytes);
    } catch (error) {
      if (!this.#onUnreadable) throw error;
      return this.#onUnreadable(bytes.toString("latin1", 0, HEAD), error);
    }
    this.#onLine(line);
  }
}

module.exports = { LineSplitter };
