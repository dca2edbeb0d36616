"use strict";

const { TidingsError, classes } = require("./lib/errors.js");
const { Tidings } = require("./lib/tidings.js");

module.exports = { Tidings, TidingsError, ...classes };
