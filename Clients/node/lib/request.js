"use strict";

const { types } = require("node:util");

const { makeError } = require("./errors.js");

// What JSON.stringify makes of a lone surrogate. An escaped backslash before it makes it plain text.
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/;
const HALF = /\p{Surrogate}/u;

// What JSON.stringify would silently make something else of: how to tell it, and what to write instead.
const UNFIT = [
  [types.isMap, "a Map has no form in JSON; write Object.fromEntries(map)"],
  [types.isSet, "a Set has no form in JSON; write [...set]"],
  [(value) => types.isWeakMap(value) || types.isWeakSet(value), "it has no form in JSON"],
  [types.isPromise, "a promise has no form in JSON; await it first"],
  [
    (value) => ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value),
    'bytes have no form in JSON; write Buffer.from(bytes).toString("base64")',
  ],
  [(value) => types.isRegExp(value) || types.isNativeError(value), "it has no form in JSON; write String(value)"],
  [
    (value) => types.isDate(value) && Number.isNaN(value.getTime()),
    "it is no valid date; a valid one is sent as its ISO 8601 text",
  ],
];

const fault = (says, Type = TypeError) => ({ says, Type, path: [] });

/**
 * What of a value JSON can't say, or would say otherwise than it was meant; null if it is fit. A member that is
 * undefined is left out, as everywhere in JavaScript.
 *
 * @param {number} room how many arrays and objects may still be inside one another
 * @param {string | number} key what `toJSON` is given
 * @param {boolean} told whether the value is what a `toJSON` said
 */
function unfit(value, room, key, inArray, told = false) {
  switch (typeof value) {
    case "string":
    case "boolean":
      return null;
    case "number":
      if (Number.isFinite(value)) return null;
      return fault(`${value} has no form in JSON; leave it out, or write it as a string`, RangeError);
    case "undefined":
      return inArray ? fault("undefined has no form in JSON, and would become null in an array; write null") : null;
    case "bigint":
      if (typeof value.toJSON === "function") return unfit(value.toJSON(key), room, key, inArray);
      return fault("a BigInt has no form in JSON; write String(value), or Number(value) up to 2^53");
    case "function":
    case "symbol":
      return fault(`a ${typeof value} has no form in JSON`);
  }
  if (value === null) return null;
  if (Array.isArray(value)) {
    if (room <= 0) return tooDeep;
    for (let index = 0; index < value.length; index++) {
      const found = unfit(value[index], room - 1, index, true);
      if (found) return within(found, index);
    }
    return null;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    for (const [is, says] of UNFIT) if (is(value)) return fault(says);
  }
  if (!told && typeof value.toJSON === "function") return unfit(value.toJSON(key), room, key, inArray, true);
  if (room <= 0) return tooDeep;
  for (const name of Object.keys(value)) {
    const found = unfit(value[name], room - 1, name, false);
    if (found) return within(found, name);
  }
  return null;
}

const tooDeep = { tooDeep: true };

function within(found, name) {
  if (!found.tooDeep) found.path.unshift(name);
  return found;
}

/** The path to a string or a name with half of a surrogate pair. */
function halfOf(value) {
  if (typeof value === "string") return HALF.test(value) ? [] : null;
  if (typeof value !== "object" || value === null) return null;
  if (typeof value.toJSON === "function") return null; // Where in it, is its own affair.
  for (const name of Object.keys(value)) {
    if (HALF.test(name)) return [];
    const path = halfOf(value[name]);
    if (path) return [name, ...path];
  }
  return null;
}

const pointer = (path) => path.map((name) => `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** The error of a parameter that can't be sent: JavaScript's own, since no program saw it. */
function refusal(method, path, says, Type = TypeError) {
  const where = pointer(path);
  return new Type(`${where === "" ? method : where}: ${says}`);
}

/**
 * A request as one line of the wire. What JSON can't say, and what the program could not read well enough to answer
 * by id, is refused here.
 *
 * @param {number} id
 * @param {string} method
 * @param {object | null | undefined} params
 * @param {{ request_bytes: number, depth: number }} limits the program's
 */
function encodeRequest(id, method, params, limits) {
  const head = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}`;
  if (params === undefined || params === null) return `${head}}\n`;
  const found = unfit(params, limits.depth - 1, "params", false); // The request itself is one more.
  if (found?.tooDeep) {
    const says = `more than ${limits.depth} arrays and objects are inside one another, or one holds itself`;
    throw refusal(method, [], says, RangeError);
  }
  if (found) throw refusal(method, found.path, found.says, found.Type);
  const text = JSON.stringify(params);
  if (text.includes("\\ud") && LONE_SURROGATE.test(text)) {
    throw refusal(method, halfOf(params) ?? [], "it holds half of a surrogate pair, which is no Unicode text", RangeError);
  }
  const line = `${head},"params":${text}}\n`;
  const most = limits.request_bytes;
  if (line.length * 3 > most && Buffer.byteLength(line) - 1 > most) {
    const details = { limit: most };
    throw makeError(`${method}: the request is larger than ${most} bytes`, { kind: "message_too_large", method, details });
  }
  return line;
}

module.exports = { encodeRequest };
