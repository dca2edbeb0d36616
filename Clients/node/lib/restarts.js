"use strict";

/**
 * Decides whether, and after how long, a program that ended is started again. It knows no process and no
 * clock. The first end after an answer is met at once; ends in a row, with no answer in between, are met
 * ever later; after `limit` of them it is given up.
 */
class Restarts {
  #limit;
  #first;
  #longest;
  #random;
  #inARow = 0;

  /**
   * @param {object} options limit: starts in a row without an answer; first, longest: delays in milliseconds;
   *   random: between 0 and 1
   */
  constructor({ limit, first = 100, longest = 5000, random = Math.random }) {
    this.#limit = limit;
    this.#first = first;
    this.#longest = longest;
    this.#random = random;
  }

  /** The program answered. */
  answered() {
    this.#inARow = 0;
  }

  /** The program ended. Milliseconds to wait before the next start; null: give up. */
  ended() {
    const times = this.#inARow++;
    if (times >= this.#limit) {
      this.#inARow = 0; // Whoever calls later has the program tried again.
      return null;
    }
    if (times === 0) return 0;
    const delay = Math.min(this.#first * 2 ** (times - 1), this.#longest);
    return delay * (0.5 + 0.5 * this.#random());
  }
}

module.exports = { Restarts };
