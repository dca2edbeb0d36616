"use strict";

const { makeError } = require("./errors.js");
const { onAbort } = require("./signals.js");

const ROOM = 256;
const DELAY = 50; // Milliseconds until the second try; doubles.
const LONGEST_DELAY = 2000;
const ENDS = 3; // Of programs in a row without an event of it; then a subscription waits before it begins again.

/**
 * The events of some inboxes without the seams: where a program ended, and where the host took none for long, it
 * begins again from the last cursor of each inbox.
 *
 * What the host has not taken is kept: at most 256 events and those that were read together with the last of them, or
 * of `detail: "counts"` the newest of each inbox. At more than that the subscription is given up, so that a host that
 * takes nothing costs no more memory and holds up no other call.
 */
class Feed {
  #connection;
  #params;
  #timeout;
  #numbersOnly;
  #state = "new"; // asking, live, full, waiting, ended
  #subscription = null;
  #cursors = new Map(); // By team, behind the last event that was kept; "" is the account.
  #taken = new Map(); // Each inbox as of the last event that the host took.
  #kept = [];
  #first = 0; // Of `#kept`, the first that is not taken.
  #newest = new Map();
  #reading = false; // Whether what is read in this turn of the event loop finds room.
  #waiters = new Set();
  #error = null;
  #delay = DELAY;
  #ends = 0;
  #timer = null;

  /**
   * @param {import("./connection.js").Connection} connection
   * @param {object} params those of the method, with `inboxes`
   * @param {number} timeout milliseconds until the first answer; 0: none
   */
  constructor(connection, params, timeout) {
    this.#connection = connection;
    this.#params = params;
    this.#timeout = timeout;
    this.#numbersOnly = params.detail === "counts";
  }

  /** Each inbox with its cursor and its numbers, as of the last event that was taken; null before the first answer. */
  get inboxes() {
    return this.#taken.size > 0 ? [...this.#taken.values()].map((one) => ({ ...one })) : null;
  }

  /** Resolves once the program has answered. */
  async begin(signal) {
    await this.#until(() => this.#taken.size > 0, signal);
  }

  /** The next event, once there is one. */
  async next(signal) {
    await this.#until(() => this.#first < this.#kept.length || this.#newest.size > 0, signal);
    const event = this.#take();
    const its = this.#taken.get(event.team_id ?? "");
    for (const name of ["cursor", "total", "count", "unseen"]) if (its && name in event) its[name] = event[name];
    return event;
  }

  #take() {
    if (this.#newest.size > 0) {
      const [[team, event]] = this.#newest;
      this.#newest.delete(team);
      return event;
    }
    const event = this.#kept[this.#first];
    this.#kept[this.#first++] = undefined;
    const left = this.#kept.length - this.#first;
    if (this.#first >= ROOM || left === 0) {
      this.#kept = this.#kept.slice(this.#first);
      this.#first = 0;
    }
    if (this.#state === "full" && left <= ROOM / 2) this.#ask();
    return event;
  }

  /** Waits until a condition holds, the feed ends, or the signal aborts. Meanwhile the host is kept running. */
  async #until(holds, signal) {
    if (this.#state === "new") this.#ask();
    while (!holds()) {
      if (this.#error) throw this.#error;
      await new Promise((resolve) => {
        this.#connection.listen(1);
        const wake = () => {
          if (!this.#waiters.delete(wake)) return;
          this.#connection.listen(-1);
          release?.();
          resolve();
        };
        const release = signal && onAbort(signal, wake);
        this.#waiters.add(wake);
      });
      signal?.throwIfAborted();
    }
  }

  #wake() {
    for (const wake of [...this.#waiters]) wake();
  }

  /** The host takes no more: the program tells no more. */
  end() {
    this.#finish(makeError("subscribe: it was left", { kind: "closed", method: "subscribe" }));
  }

  /** It can't go on. */
  fail(error) {
    if (this.#state !== "ended") this.#finish(error);
  }

  #finish(error) {
    clearTimeout(this.#timer);
    this.#giveUp();
    this.#state = "ended";
    this.#error ??= error;
    this.#wake();
  }

  /** The program tells no more. */
  #giveUp() {
    if (this.#subscription !== null) this.#connection.leave(this.#subscription);
    this.#subscription = null;
  }

  #ask() {
    clearTimeout(this.#timer);
    this.#state = "asking";
    const inboxes = [...this.#cursors].map(([team, cursor]) => (team === "" ? { cursor } : { team_id: team, cursor }));
    const params = inboxes.length > 0 ? { ...this.#params, inboxes } : this.#params;
    // What is given up before its answer is left at its answer, which names it: so no time and no signal ends the call.
    if (inboxes.length === 0 && this.#timeout > 0) {
      const details = { timeout: this.#timeout };
      const late = makeError(`subscribe: no answer within ${this.#timeout} ms`, {
        kind: "deadline_exceeded",
        retryable: true,
        details,
        method: "subscribe",
      });
      this.#timer = setTimeout(() => this.fail(late), this.#timeout);
    }
    try {
      this.#connection.begin(
        "subscribe",
        params,
        {},
        false,
        (result) => this.#subscribed(result),
        (error) => this.#refused(error),
      );
    } catch (error) {
      this.fail(error); // What can't be sent.
    }
  }

  #subscribed({ subscription, inboxes }) {
    if (this.#state === "ended") return this.#connection.leave(subscription);
    clearTimeout(this.#timer);
    const first = this.#taken.size === 0;
    const unknown = inboxes.filter((one) => this.#place(one, first));
    this.#subscription = subscription;
    this.#connection.feeds.set(subscription, this);
    this.#state = "live";
    this.#delay = DELAY;
    const event = this.#numbersOnly ? "counts" : "lagged";
    for (const { expired, ...one } of unknown) this.event({ subscription, event, ...one });
    this.#wake();
  }

  /** Notes where an inbox is followed from. Whether its host has to be told of the present. */
  #place({ expired = false, ...told }, first) {
    const team = told.team_id ?? "";
    const asked = first && this.#params.inboxes.find((one) => (one.team_id ?? "") === team);
    const known = this.#cursors.get(team) ?? asked?.cursor;
    // Of numbers alone the answer tells the present; everything else comes as events.
    this.#cursors.set(team, expired || this.#numbersOnly ? told.cursor : (known ?? told.cursor));
    if (!this.#taken.has(team)) this.#taken.set(team, { ...told, cursor: known ?? told.cursor });
    return expired || (this.#numbersOnly && known !== undefined && known !== told.cursor);
  }

  #refused(error) {
    if (this.#state === "ended") return;
    clearTimeout(this.#timer);
    // An error of the wire that passes is no seam, once it has begun. That of a program that can't be kept running is
    // the host's to hear.
    if (this.#taken.size > 0 && error.retryable && error.code !== 0) this.#wait();
    else this.fail(error);
  }

  #wait() {
    this.#state = "waiting";
    this.#timer = setTimeout(() => this.#ask(), this.#delay).unref();
    this.#delay = Math.min(2 * this.#delay, LONGEST_DELAY);
  }

  // For the connection

  event(event) {
    const team = event.team_id ?? "";
    this.#ends = 0;
    if (this.#numbersOnly) {
      this.#newest.set(team, event);
    } else {
      if (!this.#reading && this.#kept.length - this.#first >= ROOM) {
        this.#giveUp();
        this.#state = "full";
        return;
      }
      if (!this.#reading) {
        this.#reading = true;
        queueMicrotask(() => (this.#reading = false)); // After what was read together.
      }
      this.#kept.push(event);
    }
    this.#cursors.set(team, event.cursor);
    this.#wake();
  }

  /** The program ended; the next one is told where to go on. */
  lost() {
    this.#subscription = null;
    if (++this.#ends < ENDS) this.#ask();
    else this.#wait(); // It may be what they end of.
  }
}

module.exports = { Feed };
