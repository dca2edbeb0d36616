"use strict";

/** What versions must have in common: the major number, and before 1.0 the minor one too. */
function promise(version) {
  const parts = version.match(/\d+/g) ?? [];
  return parts.slice(0, parts[0] === "0" ? 2 : 1).join(".");
}

/** Whether two versions promise the same. */
const compatible = (version, own) => promise(version) === promise(own);

module.exports = { compatible };
