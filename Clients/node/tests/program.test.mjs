import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { ProgramNotFoundError } from "../index.mjs";
import lookup from "../lib/program.js";
import { folder } from "./support.mjs";

const { findProgram } = lookup;

/** A folder with the programs `option`, `variable`, `package/tidings` and `path/tidings`, and a plain file. */
function house(t) {
  const root = folder(t);
  const at = (...parts) => path.join(root, ...parts);
  for (const name of ["package", "path", "empty"]) mkdirSync(at(name));
  for (const name of ["option", "variable", "package/tidings", "path/tidings", "path/other", "plain"]) {
    writeFileSync(at(name), "#!/bin/sh\n");
    chmodSync(at(name), name === "plain" ? 0o644 : 0o755);
  }
  return at;
}

test("the program is the option's, TIDINGS_BIN's, the package's, or PATH's, in this order", (t) => {
  const at = house(t);
  const PATH = `:${at("empty")}:${at("path")}`;
  const bundled = at("package/tidings");
  const none = at("empty/tidings");
  const table = [
    [at("option"), { PATH, TIDINGS_BIN: at("variable") }, bundled, at("option")],
    [undefined, { PATH, TIDINGS_BIN: at("variable") }, bundled, at("variable")],
    [undefined, { PATH, TIDINGS_BIN: "" }, bundled, bundled],
    [undefined, { PATH }, none, at("path/tidings")],
    ["other", { PATH }, bundled, at("path/other")],
    [undefined, { PATH, TIDINGS_BIN: "other" }, bundled, at("path/other")],
  ];
  for (const [option, env, inPackage, expected] of table) {
    assert.equal(findProgram(option, env, inPackage), expected);
  }
});

test("what is named and can't be run is an error, though there is another one", (t) => {
  const at = house(t);
  const bundled = at("package/tidings");
  for (const [option, TIDINGS_BIN, says] of [
    [at("plain"), undefined, /the option `program` names .*plain/],
    [at("empty"), undefined, /the option `program`/],
    [at("nothing"), at("variable"), /the option `program`/],
    [undefined, at("nothing"), /TIDINGS_BIN names .*nothing/],
    ["nothing", undefined, /the option `program` names nothing/],
  ]) {
    assert.throws(
      () => findProgram(option, { PATH: at("path"), TIDINGS_BIN }, bundled),
      (error) => error instanceof ProgramNotFoundError && error.kind === "program_not_found" && error.code === 0 && !error.retryable && says.test(error.message),
    );
  }
  assert.throws(() => findProgram(undefined, {}, at("empty/tidings")), /not in this package and not on PATH/);
});
