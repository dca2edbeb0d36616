"use strict";

const LF = 0x0a;

/** Cuts bytes into lines. A line may have any size: its parts are joined once, when its end has come. */
class LineSplitter {
  #parts = [];
  #size = 0;
  #onLine;
  #limit;

  /**
   * @param {(line: string) => void} onLine gets each line without its end
   * @param {number} limit bytes after which an unended line is handed over as it is
   */
  constructor(onLine, limit = Infinity) {
    this.#onLine = onLine;
    this.#limit = limit;
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
        this.#onLine(chunk.toString("utf8", start, end));
      }
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#parts.push(start > 0 ? chunk.subarray(start) : chunk);
      this.#size += chunk.length - start;
      if (this.#size > this.#limit) this.flush();
    }
  }

  /** Hands over what came of a line that has no end. */
  flush() {
    if (this.#parts.length === 0) return;
    const line = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    this.#onLine(line.toString("utf8"));
  }
}

module.exports = { LineSplitter };
