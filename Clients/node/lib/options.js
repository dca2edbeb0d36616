"use strict";

const { fileURLToPath } = require("node:url");

const LONGEST = 2 ** 31 - 1; // Milliseconds that a timer of Node can wait; beyond it would fire at once.

/** How many letters have to change to make one word of the other. */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (one[i] === other[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length];
}

/** The known name that a misspelt one is most like, whatever its case and its underscores. */
function nearest(name, known) {
  const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  let best = known[0];
  for (const one of known) {
    if (distance(plain(name), plain(one)) < distance(plain(name), plain(best))) best = one;
  }
  return best;
}

const text = (value) => typeof value === "string";
const natural = (value) => Number.isInteger(value) && value >= 0;
const callable = (value) => typeof value === "function";
const object = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// What each kind of value must be, and how an error says it.
const TEXT = [text, "a string"];
const COUNT = [natural, "a whole number, 0 or more"];
const FUNCTION = [callable, "a function"];
const TIME = [
  (value) => value === Infinity || (typeof value === "number" && value >= 0 && value <= LONGEST),
  `milliseconds: a number from 0 to ${LONGEST}, or Infinity`,
];
const SIGNAL = [(value) => object(value) && callable(value.addEventListener), "an AbortSignal"];

const START = {
  store: [(value) => text(value) || value instanceof URL, 'a string, as "sqlite:inbox.db", or a file: URL object'],
  program: TEXT,
  args: [(value) => Array.isArray(value) && value.every(text), "an array of strings"],
  cwd: [(value) => text(value) || value instanceof URL, "a string or a file: URL object"],
  env: [object, "an object"],
  timeout: TIME,
  startTimeout: TIME,
  restarts: COUNT,
  backoff: TIME,
  onStderr: FUNCTION,
};
const EACH = { signal: SIGNAL, timeout: TIME, onProgress: FUNCTION };
const CALL = { ...EACH, raw: [(value) => typeof value === "boolean", "true or false"] };
const IDLE = [
  (value) => typeof value === "number" && value > 0 && value <= LONGEST,
  `milliseconds: a number above 0, up to ${LONGEST}`,
];
const FOLLOW = { ...EACH, idle: IDLE };
const CLOSE = { timeout: TIME };

/**
 * Options as they were given; a TypeError for one that is unknown, since whoever misspelt it means something, and
 * for a value of another kind. What is undefined counts as left out.
 *
 * @param {object | null | undefined} given
 * @param {Record<string, [(value: unknown) => boolean, string]>} known
 * @param {string} whose how an error calls them
 */
function checked(given, known, whose) {
  if (given === undefined || given === null) return {};
  if (!object(given)) throw new TypeError(`the options of ${whose} must be an object`);
  for (const name in given) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known);
      throw new TypeError(`${whose} has no option \`${name}\`; did you mean \`${nearest(name, names)}\`?`);
    }
    const value = given[name];
    if (value !== undefined && !known[name][0](value)) {
      throw new TypeError(`the option \`${name}\` of ${whose} must be ${known[name][1]}`);
    }
  }
  return given;
}

/** The store as the program takes it. A `file:` URL object is a file; any text is the program's to judge. */
function storeText(store) {
  if (store === "") throw new TypeError('the option `store` is empty: write "sqlite:PATH", or leave it out');
  if (!(store instanceof URL)) return store;
  if (store.protocol !== "file:" || store.search !== "" || store.hash !== "") {
    throw new TypeError("the option `store` takes a URL object only of a file, without a query: write others as a string");
  }
  return `sqlite:${fileURLToPath(store)}`;
}

/** A timer's milliseconds; 0 where it waits for ever. */
const timer = (milliseconds) => (milliseconds === Infinity ? 0 : milliseconds);

module.exports = { START, CALL, EACH, FOLLOW, CLOSE, checked, nearest, storeText, timer };
