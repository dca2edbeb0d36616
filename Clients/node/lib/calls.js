"use strict";

const SUSPECT = 3;
const ENDS = 5;
const PATIENT_ENDS = 100;

/**
 * The calls that have no answer yet, in the order in which they were made, and what of them has to be written.
 * It knows no process.
 *
 * A call may be what programs end of. One that was under way at 3 ends is written alone from then on, everything
 * else behind it, and after 5 it is given up: the others live. One that may wait in the program for something to
 * happen (`patient`) would hold up the others and sees the ends of many programs through no fault of its own: it
 * goes with the others, and has 100 ends.
 *
 * A call is { id, line, patient, ends: 0, sent: false } and whatever else its owner needs.
 */
class Calls {
  #waiting = new Map();
  #unsent = [];
  #suspects = [];
  #alone = null;
  #patient = 0;

  get size() {
    return this.#waiting.size;
  }

  /** Whether nothing is left but what waits for something to happen. */
  get idle() {
    return this.#waiting.size === this.#patient;
  }

  get(id) {
    return this.#waiting.get(id);
  }

  ids() {
    return [...this.#waiting.keys()];
  }

  add(call) {
    this.#waiting.set(call.id, call);
    this.#unsent.push(call);
    if (call.patient) this.#patient += 1;
  }

  /** What has to be written now. */
  take() {
    if (this.#alone) return "";
    while (this.#suspects.length > 0) {
      const call = this.#suspects.shift();
      if (!this.#waiting.has(call.id)) continue;
      this.#alone = call;
      call.sent = true;
      return call.line;
    }
    let text = "";
    for (const call of this.#unsent) {
      if (!this.#waiting.has(call.id)) continue;
      call.sent = true;
      text += call.line;
    }
    this.#unsent = [];
    return text;
  }

  /** Takes a call out, and gives it; undefined if it was settled before. */
  settle(id) {
    const call = this.#waiting.get(id);
    if (!call) return undefined;
    this.#waiting.delete(id);
    if (call.patient) this.#patient -= 1;
    if (call === this.#alone) this.#alone = null;
    return call;
  }

  /** The program ended: all is to be written again. Takes out and gives the calls that saw too many ends. */
  ended() {
    const lost = [];
    this.#alone = null;
    this.#suspects = [];
    this.#unsent = [];
    for (const call of [...this.#waiting.values()]) {
      if (call.sent) {
        call.sent = false;
        call.ends += 1;
      }
      if (call.ends >= (call.patient ? PATIENT_ENDS : ENDS)) lost.push(this.settle(call.id));
      else if (call.ends >= SUSPECT && !call.patient) this.#suspects.push(call);
      else this.#unsent.push(call);
    }
    return lost;
  }
}

module.exports = { Calls };
