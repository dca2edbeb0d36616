"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { makeError } = require("./errors.js");

const BUNDLED = path.join(__dirname, "..", "bin", "tidings");

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false; // Whatever the reason, it can't be run.
  }
}

function onPath(name, env) {
  return (env.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, name));
}

/**
 * The program's path: the option, TIDINGS_BIN, this package's bin folder, PATH, in this order. An option or
 * a TIDINGS_BIN that names nothing executable is an error, and nothing else is looked for.
 *
 * @param {string | undefined} option
 * @param {Record<string, string | undefined>} env
 * @param {string} bundled where the package may carry the program
 * @returns {string}
 */
function findProgram(option, env, bundled = BUNDLED) {
  const named = [
    [option, "the option `program`"],
    [env.TIDINGS_BIN, "TIDINGS_BIN"],
  ].find(([value]) => value);
  let looked;
  if (named) {
    looked = named[0].includes("/") ? [path.resolve(named[0])] : onPath(named[0], env);
  } else {
    looked = [bundled, ...onPath("tidings", env)];
  }
  const found = looked.find(isExecutable);
  if (found) return found;
  const where = named
    ? `${named[1]} names ${named[0]}, which is no program that can be run`
    : "not in this package and not on PATH; install it, or say where it is with the option `program` or TIDINGS_BIN";
  throw makeError(`no program tidings: ${where}`, { kind: "program_not_found", details: { looked } });
}

/** Whether a folder can be entered. */
function entered(folder) {
  try {
    fs.accessSync(folder, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Where each program is started: the option, or where the host was at first, wherever it has gone since, so that a
 * store which is named from there stays the same file. If that can't be entered any more it is where the host is: a
 * store that is named otherwise doesn't need it.
 *
 * @param {string | URL | undefined} option
 * @returns {() => string | URL | undefined}
 */
function folderOf(option) {
  if (option !== undefined) return () => option;
  let first;
  try {
    first = process.cwd();
  } catch {
    return () => undefined; // It was removed.
  }
  return () => (entered(first) ? first : undefined);
}

module.exports = { findProgram, folderOf };
