"use strict";

const { TidingsError, classes } = require("./lib/errors.js");
const { plain, sender } = require("./lib/text.js");
const { Tidings } = require("./lib/tidings.js");

module.exports = { Tidings, TidingsError, plain, sender, ...classes };
