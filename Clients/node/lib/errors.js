"use strict";

const contract = require("./contract.js");

/** What a call rejects with: an error of the wire, or one of the client's own. */
class TidingsError extends Error {
  /**
   * @param {string} message
   * @param {object} what code (null where no answer came), kind, retryable, details; the method called
   */
  constructor(message, { code = null, kind, retryable = false, details = {}, method = null, cause }) {
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
for (const kind of [...contract.errorKinds, ...contract.clientErrorKinds]) {
  const type = class extends TidingsError {};
  name(type, className(kind));
  byKind.set(kind, type);
  classes[type.name] = type;
}

/** An error of a kind; of TidingsError itself if a newer program made the kind up. */
function makeError(message, what) {
  const type = byKind.get(what.kind) ?? TidingsError;
  return new type(message, what);
}

/** The error that an answer's `error` member says. */
function errorFromWire({ code, message, data }, method) {
  const { kind = "internal", retryable = false, details = {} } = data ?? {};
  return makeError(`${method}: ${message}`, { code, kind, retryable, details, method });
}

module.exports = { TidingsError, classes, className, makeError, errorFromWire };
