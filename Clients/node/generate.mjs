#!/usr/bin/env node
// Makes of the contract what this package says about it: lib/contract.js, contract.d.ts, index.mjs.
//
//   node generate.mjs            writes them
//   node generate.mjs --check    fails if they are not what would be written

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// What the client says itself, as no answer of the program does; their code is 0. The Python client has the same.
const CLIENT_ERRORS = {
  closed: "The client was closed, before the call or during it.",
  program_not_found: "There is no program to start; the message says where it was looked for.",
  process_died: "The program ended, and ended again each time it was started; `details.last_words` is what it said.",
  start_timeout: "The program gave no answer in time after its start, and was ended.",
  incompatible_program: "The program is of another version, or what it writes is no answer.",
  unreadable_answer: "What was asked for was done, but the answer is more than JavaScript can hold.",
};
const WIDTH = 110;

export const className = (kind) =>
  kind
    .split("_")
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join("")
    .replace(/Error$/, "") + "Error";

/** `get_team_message` is getTeamMessage, `rpc.discover` is discover. */
export const camelCase = (name) => name.replace(/^rpc\./, "").replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

const pascalCase = (name) => camelCase(name).replace(/^[a-z]/, (letter) => letter.toUpperCase());

/** The TypeScript type of a JSON Schema. `input` is what a host passes, otherwise what it gets. */
function typeOf(schema, input, indent = "") {
  if (schema.$ref) return schema.$ref.replace("#/components/schemas/", "");
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => typeOf(one, input, indent)))].join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.type === "string" || schema.type === "boolean" || schema.type === "null") return schema.type;
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "array") {
    const item = typeOf(schema.items ?? {}, input, indent);
    return /^[\w.]+$/.test(item) ? `${item}[]` : `Array<${item}>`;
  }
  if (schema.type === "object") {
    if (schema.properties) return membersOf(schema, input, indent);
    if (typeof schema.additionalProperties === "object") {
      return `Record<string, ${typeOf(schema.additionalProperties, input, indent)}>`;
    }
    if (schema.additionalProperties === false) return "Record<string, never>";
    return input ? "object" : "Record<string, unknown>";
  }
  if (Object.keys(schema).every((key) => key === "description")) return "unknown";
  throw new Error(`no type for the schema ${JSON.stringify(schema)}`);
}

function membersOf(schema, input, indent) {
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties).map(([name, member]) => {
    const optional = (schema.required ?? []).includes(name) ? "" : "?";
    return `${comment(member.description, inner)}${inner}${name}${optional}: ${typeOf(member, input, inner)};`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

function comment(text, indent = "") {
  if (!text) return "";
  const line = `${indent}/** ${text} */\n`;
  if (line.length <= WIDTH) return line;
  const lines = [];
  let current = "";
  for (const word of text.split(" ")) {
    if (current && indent.length + 3 + current.length + 1 + word.length > WIDTH) {
      lines.push(current);
      current = word;
    } else {
      current = current ? `${current} ${word}` : word;
    }
  }
  lines.push(current);
  return `${indent}/**\n${lines.map((one) => `${indent} * ${one}\n`).join("")}${indent} */\n`;
}

function declareMethod(method) {
  const name = pascalCase(method.name);
  const params = method.params.map(
    ({ name, summary, required, schema }) =>
      `${comment(summary, "  ")}  ${name}${required ? "" : "?"}: ${typeOf(schema, true, "  ")}${required ? "" : " | null"};\n`,
  );
  const needed = method.params.some(({ required }) => required);
  const result = method.result.schema;
  const named = result.$ref !== undefined;
  return {
    types:
      `/** The parameters of ${camelCase(method.name)}. */\n` +
      `export interface ${name}Params extends Meta {\n${params.join("")}}\n\n` +
      (named ? "" : `/** The result of ${camelCase(method.name)}. */\nexport type ${name}Result = ${typeOf(result, false)};\n\n`),
    signature:
      comment(method.summary, "  ") +
      `  ${camelCase(method.name)}(params${needed ? "" : "?"}: ${name}Params${needed ? "" : " | null"}, ` +
      `options?: CallOptions): Promise<${named ? typeOf(result) : `${name}Result`}>;\n`,
    entry: `  ${JSON.stringify(method.name)}: { params: ${name}Params; result: ${named ? typeOf(result) : `${name}Result`} };\n`,
  };
}

/** What the client has otherwise: an iterator, which begins and ends by itself. */
const ITERATED = new Set(["subscribe", "unsubscribe"]);

function declarations(document) {
  const declared = document.methods.map(declareMethod);
  const called = declared.filter((_, index) => !ITERATED.has(document.methods[index].name));
  const schemas = Object.entries(document.components.schemas)
    .filter(([name]) => name !== "Error") // As the wire has it; here errors are classes.
    .map(([name, schema]) => `${comment(schema.description)}export interface ${name} ${typeOf(schema, false)}\n`);
  const errors = [
    ...Object.entries(document.components.errors).map(([kind, { code, message }]) => [kind, `\`${kind}\`, code ${code}: ${message}`]),
    ...Object.entries(CLIENT_ERRORS).map(([kind, text]) => [kind, `\`${kind}\`, code 0: ${text}`]),
  ];
  return (
    "// Generated by generate.mjs from the contract. Change that, not this.\n\n" +
    'import { CallOptions, Meta, TidingsError } from "./index.js";\n\n' +
    `${schemas.join("\n")}\n` +
    declared.map(({ types }) => types).join("") +
    "/** The methods, by their names in this language. */\n" +
    `export interface Methods {\n${called.map(({ signature }) => signature).join("\n")}}\n\n` +
    "/** Parameters and results, by the methods' names on the wire. */\n" +
    `export interface Wire {\n${declared.map(({ entry }) => entry).join("")}}\n\n` +
    `/** The reasons an error may have. */\nexport type ErrorKind =\n${errors.map(([kind]) => `  | "${kind}"`).join("\n")};\n\n` +
    errors
      .map(([kind, text]) => `${comment(text)}export class ${className(kind)} extends TidingsError {\n  readonly kind: "${kind}";\n}\n`)
      .join("\n")
  );
}

function table(document) {
  const methods = document.methods.filter(({ name }) => !ITERATED.has(name)).map(({ name, params }) => {
    const keyed = params.some((param) => param.name === "idempotency_key");
    return `  ${camelCase(name)}: { name: ${JSON.stringify(name)}, keyed: ${keyed} },\n`;
  });
  const ofWire = Object.entries(document.components.errors).map(([kind, { code }]) => `  ${kind}: ${code},\n`);
  const ofClient = Object.keys(CLIENT_ERRORS).map((kind) => `  ${kind}: 0,\n`);
  return (
    '"use strict";\n\n// Generated by generate.mjs from the contract. Change that, not this.\n\n' +
    `/** The methods; the keyed ones take an idempotency key. */\nconst methods = {\n${methods.join("")}};\n\n` +
    `/** The codes of the kinds of errors; 0 where the client makes them of itself. */\n` +
    `const errorCodes = {\n${ofWire.join("")}${ofClient.join("")}};\n\n` +
    "module.exports = { methods, errorCodes };\n"
  );
}

function module(document) {
  const classes = [...Object.keys(document.components.errors), ...Object.keys(CLIENT_ERRORS)].map(className);
  return (
    "// Generated by generate.mjs from the contract. Change that, not this.\n\n" +
    'import tidings from "./index.js";\n\n' +
    `export const {\n${["Tidings", "TidingsError", "plain", "sender", ...classes].map((name) => `  ${name},\n`).join("")}} = tidings;\n`
  );
}

/** The generated files' texts, by their paths in this folder. */
export function generate(document) {
  return { "contract.d.ts": declarations(document), "index.mjs": module(document), "lib/contract.js": table(document) };
}

export const contract = () =>
  JSON.parse(readFileSync(new URL("../../Schemas/openrpc.json", import.meta.url), "utf8"));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(generate(contract()))) {
    const url = new URL(path, import.meta.url);
    if (!process.argv.includes("--check")) {
      writeFileSync(url, text);
    } else if (readFileSync(url, "utf8") !== text) {
      console.error(`${path} is not what the contract says: run node generate.mjs`);
      process.exitCode = 1;
    }
  }
}
