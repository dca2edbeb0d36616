#!/usr/bin/env python3
"""Writes the reference of the methods, README.md beside this file, from the contract, openrpc.json.

    python3 Schemas/generate.py            writes it
    python3 Schemas/generate.py --check    ends with 1 if it isn't what it would write
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE / "README.md"

# The sections of the reference; a method that is in none is an error.
SECTIONS = {
    "Sending": ["send_team_message", "send_account_message", "send_announcement", "retract_message"],
    "Moving in": ["import_messages"],
    "Reading": ["get_team_message", "get_account_message", "get_message", "get_unread_count"],
    "Marking": ["mark_read", "mark_unread", "mark_seen", "archive_message", "unarchive_message", "delete_message"],
    "Following": ["get_changes", "subscribe", "unsubscribe"],
    "Membership": ["join_team", "leave_team", "join_account"],
    "The program itself": ["ping", "get_status", "rpc.discover"],
}

INTRODUCTION = """\
# The contract

Every method of Tidings: its parameters, its result, the errors it may answer with, and an example. All of
it is generated from [openrpc.json](openrpc.json), which the program prints with `tidings schema` and answers
`rpc.discover` with; `make generate` writes it anew. Version {version}.

[transcripts](transcripts/README.md) holds whole conversations, which every client replays. How lines, ids and order work
is told in [Wire](../Sources/tidings/Documentation.docc/Wire.md), how much is allowed in
[Limits](../Sources/tidings/Documentation.docc/Limits.md).

- Parameters go by name, and **bold** ones are required. Null is the same as left out, and an unknown name is refused.
- `user_id` is always the one who acts: the sender of a send, the reader otherwise. An inbox is named by
  `user_id` with `team_id` (a team inbox) or without it (an account inbox).
- Lengths of text are in bytes of UTF-8. Where a number may be a string of digits, or a truth value `"true"`
  or `"false"`, a web host can pass a query string through.
- Every method also takes `_meta`: `timeout_ms`, then the answer is `deadline_exceeded`, and `progressToken`,
  then a long call sends `$/progress` with `{{token, value: {{done, total}}}}`.
- Any method may answer `invalid_request`, `internal`, `cancelled`, `deadline_exceeded` and
  `response_too_large` besides the errors that stand at it.
"""


def amount(number):
    return f"{number:,}"


def size(schema, low, high, unit):
    """`1 to 128 bytes`, `at most 65,536 bytes`, or nothing."""
    least, most = schema.get(low), schema.get(high)
    if least and most:
        return f"{amount(least)} to {amount(most)}{unit}"
    if most is not None:
        return f"at most {amount(most)}{unit}"
    return f"at least {amount(least)}{unit}" if least and least > 1 else ""


def form(schema):
    """A schema in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        choices = schema["anyOf"]
        # An integer or its digits, a truth value or its word: told once, at the top.
        if len(choices) == 2 and (choices[1].get("pattern") == "^[0-9]+$" or choices[1].get("enum") == ["true", "false"]):
            return form(choices[0]) + " (or as text)"
        return " or ".join(form(choice) for choice in choices)
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    kind = schema.get("type", "any JSON value")
    if kind == "string" and schema.get("format") == "date-time":
        return "time"
    if kind == "array":
        many = size(schema, "minItems", "maxItems", "")
        items = form(schema.get("items", {}))
        return f"list of {many}: {items}" if many else f"list of {items}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {form(schema['additionalProperties'])}, by name"
    limits = {"string": ("minLength", "maxLength", " bytes"), "integer": ("minimum", "maximum", "")}.get(kind)
    words = {"string": "text", "boolean": "true or false"}.get(kind, kind)
    # That a count is not below zero needs no saying.
    limit = size(schema, *limits) if limits else ""
    return f"{words}, {limit}" if limit else words


def cell(text):
    return text.replace("|", "\\|")


def rows(schema, prefix=""):
    """The members of an object schema, with those of objects in it."""
    for name, member in schema["properties"].items():
        optional = "" if name in schema.get("required", []) else " (may be absent)"
        yield f"| `{prefix}{name}` | {cell(form(member))}{optional} | {cell(member.get('description', ''))} |"
        for inner, step in ((member, "."), (member.get("items"), "[]."), (member.get("additionalProperties"), ".*.")):
            if isinstance(inner, dict) and "properties" in inner:
                yield from rows(inner, f"{prefix}{name}{step}")


def members(schema):
    return ["| member | form | |", "| --- | --- | --- |", *rows(schema)]


def result(schema):
    if "$ref" in schema:
        return [f"**Result:** {form(schema)}."]
    if schema.get("properties"):
        return ["**Result:**", "", *members(schema)]
    return [f"**Result:** {schema['description']}" if "description" in schema else "**Result:** `{}`."]


def parameters(method):
    if not method["params"]:
        return ["No parameters.", ""]
    lines = ["| parameter | form | |", "| --- | --- | --- |"]
    for param in method["params"]:
        schema = param["schema"]
        name = f"**`{param['name']}`**" if param["required"] else f"`{param['name']}`"
        default = f"; `{json.dumps(schema['default'])}` if left out" if "default" in schema else ""
        lines.append(f"| {name} | {cell(form(schema))}{default} | {cell(param['summary'])} |")
    return [*lines, ""]


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def example(method):
    """The exchange on the wire. A document as a result is told and not shown."""
    lines = []
    for shown in method["examples"]:
        params = {param["name"]: param["value"] for param in shown["params"]}
        request = {"jsonrpc": "2.0", "id": 1, "method": method["name"], **({"params": params} if params else {})}
        value = shown["result"]["value"]
        lines += ["```text", f"→ {compact(request)}", f"← {compact({'jsonrpc': '2.0', 'id': 1, 'result': value})}", "```", ""]
    return lines


def errors(method):
    names = [reference["$ref"].rpartition("/")[2] for reference in method["errors"]]
    return ["**Errors:** " + ", ".join(f"`{name}`" for name in names) + ".", ""]


def anchor(name):
    return name.replace(".", "").lower()


def page(contract):
    methods = {method["name"]: method for method in contract["methods"]}
    strays = set(methods) - {name for names in SECTIONS.values() for name in names}
    if strays:
        sys.exit(f"Schemas/generate.py: in which section is {', '.join(sorted(strays))}?")
    sections = {title: [name for name in names if name in methods] for title, names in SECTIONS.items()}
    lines = [INTRODUCTION.format(version=contract["info"]["version"])]
    lines += ["| | |", "| --- | --- |"]
    for title, names in sections.items():
        lines.append(f"| {title} | {', '.join(f'[`{name}`](#{anchor(name)})' for name in names)} |")
    lines += ["| Shapes | " + ", ".join(f"[{name}](#{name.lower()})" for name in contract["components"]["schemas"])
              + " |", "| Errors | [all kinds](#errors) |", ""]
    for title, names in sections.items():
        lines += [f"## {title}", ""]
        for name in names:
            method = methods[name]
            lines += [f"### {name}", "", method["summary"], ""]
            lines += [*parameters(method), *result(method["result"]["schema"]), ""]
            lines += [*errors(method), *example(method)]
    lines += ["## Shapes", ""]
    for name, schema in contract["components"]["schemas"].items():
        lines += [f"### {name}", ""]
        lines += [schema["description"], ""] if "description" in schema else []
        lines += [*members(schema), ""]
    lines += ["## Errors", "", "`data.kind` is stable, and `data.retryable` says whether the same request may succeed later.",
              "", "| code | kind | when |", "| --- | --- | --- |"]
    for kind, error in contract["components"]["errors"].items():
        lines.append(f"| {error['code']} | `{kind}` | {cell(error['message'])} |")
    return "\n".join(lines) + "\n"


def main():
    text = page(json.loads((HERE / "openrpc.json").read_text(encoding="utf-8")))
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print("Schemas/README.md is not what the contract says: run make generate", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
