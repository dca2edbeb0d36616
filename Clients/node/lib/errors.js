"use strict";

const contract = require("./contract.js");

/** What a call rejects with: an error of the wire, or one of the client's own. */
class TidingsError extends Error {
  /**
   * @param {string} message
   * @param {object} what code (0 where it is the client's own), kind, retryable, details; the method called
   */
  constructor(message, { code = 0, kind, retryable = false, details = {}, method = null, cause }) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.kind = kind;
    this.retryable = retryable;
    this.details = details;
    this.pointer = typeof details.pointer === "string" ? details.pointer : null;
    this.method = method;
  }
}
name(TidingsError, "TidingsError");

/** `not_found` is NotFoundError, `parse_error` is ParseError. */
function className(kind) {
  const words = kind.split("_").map((word) => word[0].toUpperCase() + word.slice(1));
  return words.join("").replace(/Error$/, "") + "Error";
}

function name(type, text) {
  Object.defineProperty(type, "name", { value: text });
  // On the prototype, so that it prints and yet is no property of each error.
  Object.defineProperty(type.prototype, "name", { value: text, writable: true, configurable: true });
}

const byKind = new Map();
const classes = {};
for (const kind of Object.keys(contract.errorCodes)) {
  const type = class extends TidingsError {};
  name(type, className(kind));
  byKind.set(kind, type);
  classes[type.name] = type;
}

/** An error of a kind; of TidingsError itself if a newer program made the kind up. */
function makeError(message, what) {
  const type = byKind.get(what.kind) ?? TidingsError;
  return new type(message, { code: contract.errorCodes[what.kind], ...what });
}

const object = (value) => (typeof value === "object" && value !== null ? value : {});

/** The error that an answer's `error` member says, whatever form it has. */
function errorFromWire(error, method) {
  const { code, message, data } = object(error);
  const { kind, retryable, details } = object(data);
  return makeError(`${method}: ${typeof message === "string" ? message : "an error of no known form"}`, {
    code: typeof code === "number" ? code : 0,
    kind: typeof kind === "string" ? kind : "internal",
    retryable: retryable === true,
    details: object(details),
    method,
  });
}

module.exports = { TidingsError, classes, className, makeError, errorFromWire };
