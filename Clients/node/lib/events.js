"use strict";

const { onAbort } = require("./signals.js");
const { Steps } = require("./steps.js");

/** The iterator that `subscribe` gives. */
class Events extends Steps {
  #feed;
  #asked;
  #alone;
  #signal;

  /**
   * @param {import("./feed.js").Feed} feed
   * @param {object[]} asked the inboxes as the host asked for them
   * @param {boolean} alone whether it wrote no list
   * @param {{ signal?: AbortSignal, idle?: number }} options
   */
  constructor(feed, asked, alone, { signal, idle }) {
    const fetch = async (stop) => {
      try {
        return { values: [await feed.next(stop)], last: false };
      } catch (error) {
        throw this.#told(error);
      }
    };
    const onEnd = () => {
      release?.();
      feed.end();
    };
    // Also while nobody asks for the next event.
    const release = signal && !signal.aborted ? onAbort(signal, () => feed.end()) : null;
    super(fetch, { signal, idle, onEnd });
    this.#feed = feed;
    this.#asked = asked;
    this.#alone = alone;
    this.#signal = signal;
  }

  /** Subscribes now. Gives each inbox with its cursor and its numbers. */
  async start() {
    this.#signal?.throwIfAborted();
    try {
      await this.#feed.begin(this.#signal);
    } catch (error) {
      throw this.#told(error);
    }
    return this.#feed.inboxes;
  }

  /** Where a host goes on that has taken in what it was given: as `inboxes` of the parameters. */
  get inboxes() {
    const known = this.#feed.inboxes;
    if (!known) return this.#asked.map((one) => ({ ...one }));
    return known.map(({ team_id, cursor }) => (team_id === undefined ? { cursor } : { team_id, cursor }));
  }

  /** An error names the parameters as the host wrote them. */
  #told(error) {
    const pointer = error?.details?.pointer;
    if (this.#alone && typeof pointer === "string") {
      error.pointer = error.details.pointer = pointer.replace("/inboxes/0", "");
    }
    return error;
  }
}

module.exports = { Events };
