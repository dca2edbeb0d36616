"use strict";

/** What listens to each signal: one listener for any number of calls, since Node warns of a leak at eleven. */
const heard = new WeakMap();

/**
 * Calls `then(reason)` once, if the signal aborts before it is released. Gives the function that releases.
 *
 * @param {AbortSignal} signal that is not aborted yet
 * @param {(reason: unknown) => void} then
 */
function onAbort(signal, then) {
  let calls = heard.get(signal);
  if (!calls) {
    const all = new Set();
    const listener = () => {
      heard.delete(signal);
      for (const one of all) one.then(signal.reason);
    };
    calls = { all, listener };
    heard.set(signal, calls);
    signal.addEventListener("abort", listener, { once: true });
  }
  const own = { then }; // So that the same function given twice is called twice.
  calls.all.add(own);
  return () => {
    calls.all.delete(own);
    if (calls.all.size > 0 || heard.get(signal) !== calls) return;
    heard.delete(signal);
    signal.removeEventListener("abort", calls.listener);
  };
}

module.exports = { onAbort };
