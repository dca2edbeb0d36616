"use strict";

const { makeError } = require("./errors.js");

// What JSON.stringify makes of a lone surrogate. An escaped backslash before it makes it plain text.
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/;

function depth(value) {
  if (typeof value !== "object" || value === null) return 0;
  let deepest = 0;
  for (const name in value) deepest = Math.max(deepest, depth(value[name]));
  return deepest + 1;
}

/**
 * A request as one line of the wire. What the program could not read well enough to answer by id, and what
 * would hence never be answered, is refused here.
 *
 * @param {number} id
 * @param {string} method
 * @param {object | null | undefined} params
 * @param {{ request_bytes?: number, depth?: number }} limits the program's
 */
function encodeRequest(id, method, params, limits) {
  const head = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}`;
  if (params === undefined || params === null) return `${head}}\n`;
  const refuse = (kind, message, details) => {
    throw makeError(`${method}: ${message}`, { kind, method, details });
  };
  const text = JSON.stringify(params); // Throws for what JSON can't say: a BigInt, a cycle.
  if (text.includes("\\ud") && LONE_SURROGATE.test(text)) {
    refuse("invalid_params", "a string holds half of a surrogate pair, which is no Unicode text", {});
  }
  if (text.length > 2 * (limits.depth ?? Infinity) && depth(params) + 1 > limits.depth) {
    refuse("invalid_params", `more than ${limits.depth} arrays and objects inside one another`, {});
  }
  const line = `${head},"params":${text}}\n`;
  const most = limits.request_bytes ?? Infinity;
  if (line.length * 3 > most && Buffer.byteLength(line) - 1 > most) {
    refuse("message_too_large", `the request is larger than ${most} bytes`, { limit: most });
  }
  return line;
}

module.exports = { encodeRequest };
