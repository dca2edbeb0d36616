"use strict";

// Control characters (C0, DEL, C1), two line ends of Unicode, and what turns the direction of the text that follows.
const UNFIT = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** What others wrote as one line of plain text, for terminals and logs. */
function plain(text) {
  return String(text ?? "").replace(/[\t\n\v\f\r]/g, " ").replace(UNFIT, "\ufffd");
}

/** Who wrote a message: the user_id, and beside it the display name, which its sender chose. */
function sender({ user_id, username }) {
  const name = username !== undefined && username !== user_id ? `(${username})` : undefined;
  return plain([user_id, name].filter((part) => part !== undefined).join(" "));
}

module.exports = { plain, sender };
