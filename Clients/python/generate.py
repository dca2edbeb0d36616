#!/usr/bin/env python3
"""Writes the generated part of the client from the contract, Schemas/openrpc.json.

    python3 generate.py            writes tidings/types.py, tidings/errors.py and tidings/_methods.py
    python3 generate.py --check    ends with 1 if one of them isn't what it would write
"""

import argparse
import json
import keyword
import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONTRACT = HERE.parents[1] / "Schemas/openrpc.json"
HEADER = "# Generated from Schemas/openrpc.json by generate.py; don't edit.\n"
WIDTH = 110

# Names of Python's own that `from tidings import *` must not take away: these are had by name alone.
SHADOWING = {"CancelledError"}

# What the methods that list pages are called when they give message after message.
ITERATORS = {"get_team_message": "team_messages", "get_account_message": "account_messages"}

# What the methods that wait for something new are called when they give one after another, for ever.
FOLLOWERS = {"get_changes": "changes"}

# What a method is that tells of events by notifications: an iterator of these, which begins and ends by itself.
SUBSCRIBING = {"subscribe": "InboxEvent"}
HIDDEN = {"unsubscribe"}

# Text too, for the same reason as with every other number.
TIMEOUT = "Union[float, str, None]"


def camel(name):
    """send_team_message -> SendTeamMessage"""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name) if part)


def identifier(name):
    """A name of the wire as one of Python: from -> from_, rpc.discover -> rpc_discover."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return name + "_" if keyword.iskeyword(name) else name


def error_name(kind):
    """not_found -> NotFoundError, parse_error -> ParseError"""
    return camel(re.sub(r"_error$", "", kind)) + "Error"


def wrapped(text, indent):
    """Text as lines of a doc comment."""
    return textwrap.wrap(text, WIDTH - indent, break_long_words=False, break_on_hyphens=False)


class Types:
    """JSON Schemas as Python types. Objects with properties become TypedDicts, in the order needed."""

    def __init__(self, components):
        self.components = components
        self.written = {}

    def of(self, schema, name):
        """The type of a result, or of a part of one; `name` is for an object that has none."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return self.of(self.components[name], name)
        if "anyOf" in schema:
            some = [part for part in schema["anyOf"] if part != {"type": "null"}]
            types = [self.of(part, name) for part in some]
            inner = types[0] if len(types) == 1 else f"Union[{', '.join(types)}]"
            return inner if len(some) == len(schema["anyOf"]) else f"Optional[{inner}]"
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            return f"Literal[{', '.join(str(one) if isinstance(one, bool) else json.dumps(one) for one in values)}]"
        kind = schema.get("type")
        if kind == "array":
            return f"List[{self.of(schema.get('items', {}), name + 'Item')}]"
        if kind == "object":
            if schema.get("properties"):
                return self.typed_dict(schema, name)
            extra = schema.get("additionalProperties")
            if isinstance(extra, dict) and extra:
                return f"Dict[str, {self.of(extra, name + 'Item')}]"
            return "Dict[str, Any]"
        return {"string": "str", "integer": "int", "number": "float", "boolean": "bool",
                None: "Any"}[kind]

    def typed_dict(self, schema, name):
        if name in self.written:
            return name
        self.written[name] = ""  # So that a type may hold itself.
        required, optional = [], []
        for field, described in schema["properties"].items():
            if not field.isidentifier() or keyword.iskeyword(field):
                raise ValueError(f"{name}.{field} is no name for a field")
            lines = [f"    {field}: {self.of(described, name + camel(field))}"]
            if "description" in described:
                lines = [f"    # {line}" for line in wrapped(described["description"], 6)] + lines
            (required if field in schema.get("required", []) else optional).extend(lines)
        lines = wrapped(schema.get("description") or f"`{name}` of the contract.", 10)
        doc = '    """' + "\n    ".join(lines) + '"""\n'
        text = ""
        base = "TypedDict"
        if optional and required:
            base = f"_{name}Optional"
            text = f"class {base}(TypedDict, total=False):\n" + "\n".join(optional) + "\n\n\n"
            text += f"class {name}({base}):\n{doc}\n" + "\n".join(required) + "\n"
        elif optional:
            text = f"class {name}(TypedDict, total=False):\n{doc}\n" + "\n".join(optional) + "\n"
        else:
            text = f"class {name}(TypedDict):\n{doc}\n" + "\n".join(required) + "\n"
        del self.written[name]  # Its place is after the types that it holds.
        self.written[name] = text
        return name

    def parameter(self, schema):
        """The type of a parameter: wider, since a web host may hand on the text of a query."""
        if "$ref" in schema:
            return self.parameter(self.components[schema["$ref"].rsplit("/", 1)[1]])
        if "anyOf" in schema:
            types = ["str" if "enum" in part else self.parameter(part) for part in schema["anyOf"]
                     if part != {"type": "null"}]
            return f"Union[{', '.join(dict.fromkeys(types))}]"
        if schema.get("type") == "array":
            return f"Sequence[{self.parameter(schema.get('items', {}))}]"
        if schema.get("type") == "object":
            return "Mapping[str, Any]"
        if "enum" in schema:
            # Any text besides, or else no query of a web host could be handed on by **.
            return f"Union[{self.of(schema, '')}, str]"
        return self.of(schema, "")


def result_name(method):
    """What the object of a result is called when the contract doesn't name it."""
    return camel(re.sub(r"^get_", "", method)) + "Result"


def optional(kind):
    """A type, or None: Union[int, str] -> Union[int, str, None]"""
    return f"{kind[:-1]}, None]" if kind.startswith("Union[") else f"Optional[{kind}]"


def signature(this, function, params, types, returns, awaited, more=()):
    """A method's first lines. Its receiver is positional only, so that `self` can be a parameter."""
    lines = [f"    {awaited}def {function}(", f"        {this},", "        /,", "        *,"]
    for param in params:
        kind = types.parameter(param["schema"])
        if not param.get("required"):
            kind = f"{optional(kind)} = None"
        lines.append(f"        {identifier(param['name'])}: {kind},")
    lines += [*more, f"        timeout: {TIMEOUT} = None,", f"    ) -> {returns}:"]
    return lines


def documentation(summary, params):
    lines = wrapped(summary, 11)
    if len(params):
        lines.append("")
    for param in params:
        if "summary" in param:
            first, *rest = wrapped(f"{identifier(param['name'])}: {param['summary']}", 8)
            lines += [first, *("    " + line for line in rest)]
    lines[0] = '"""' + lines[0]
    if len(lines) == 1:
        return ["        " + lines[0] + '"""']
    return [("        " + line).rstrip() for line in [*lines, '"""']]


def gathering(params):
    """The lines that put what was given into `params`."""
    required = ", ".join(f'"{p["name"]}": {identifier(p["name"])}' for p in params if p.get("required"))
    lines = [f"        params: Dict[str, Any] = {{{required}}}"]
    for param in params:
        if not param.get("required"):
            name = identifier(param["name"])
            lines += [f"        if {name} is not None:", f'            params["{param["name"]}"] = {name}']
    return lines


def methods_class(methods, types, synchronous):
    """One class with every method; `_call` is what the subclass brings."""
    name = "SyncMethods" if synchronous else "AsyncMethods"
    doc = "and waits for its answer" if synchronous else "and gives its answer when awaited"
    gives = "Any" if synchronous else "Coroutine[Any, Any, Any]"
    lines = [f"class {name}:", f'    """Every method of the contract: calls it, {doc}.', "",
             "    `timeout` is in seconds. Parameters left out or None are not sent.", '    """', "",
             "    def _call(", "        this,", "        method: str,", "        params: Dict[str, Any],",
             f"        timeout: {TIMEOUT},",
             f"    ) -> {gives}:", "        raise NotImplementedError"]
    if synchronous:
        lines += ["", "    def _begin(", "        this,", "        method: str,", "        params: Dict[str, Any],",
                  f"        timeout: {TIMEOUT},", "    ) -> Pending:", "        raise NotImplementedError"]
    lines += ["", "    def _feed(", "        this,", "        params: Dict[str, Any],", f"        timeout: {TIMEOUT},",
              "        wake: Callable[[], None],", "    ) -> Feed:", "        raise NotImplementedError"]
    for method in methods:
        if method["name"] in HIDDEN:
            continue
        params, wire = method["params"], method["name"]
        returns = types.of(method["result"]["schema"], result_name(wire))
        call = f'this._call("{wire}", params, timeout)'
        lines.append("")
        if wire in SUBSCRIBING:
            lines += subscriber(method, types, synchronous)
            continue
        if synchronous:
            lines += signature("this", identifier(wire), params, types, returns, "")
            lines += documentation(method["summary"], params) + gathering(params)
            lines += [f"        result: {returns} = {call}", "        return result"]
        else:
            lines += signature(
                "this", identifier(wire), params, types, f"Coroutine[Any, Any, {returns}]", "")
            lines += documentation(method["summary"], params) + gathering(params)
            lines += [f"        return {call}"]
        if wire in ITERATORS:
            lines += [""] + iterator(method, types, synchronous)
        if wire in FOLLOWERS:
            lines += [""] + follower(method, types, synchronous)
    return "\n".join(lines) + "\n"


def iterator(method, types, synchronous):
    """A generator of messages, page after page by cursor."""
    params = [param for param in method["params"] if param["name"] not in ("cursor", "pageNo")]
    awaited, kind = ("", "Iterator") if synchronous else ("async ", "AsyncIterator")
    lines = signature("this", ITERATORS[method["name"]], params, types, f"{kind}[Message]", awaited)
    summary = (f"Gives message after message, page by page as {method['name']} does: none twice and "
               "none left out, whatever is sent meanwhile. pageSize is how many are asked for at once.")
    lines += documentation(summary, params) + gathering(params)
    call = f'{"" if synchronous else "await "}this._call("{method["name"]}", params, timeout)'
    return lines + [
        "        while True:",
        f"            page: Page = {call}",
        '            for message in page["data"]:',
        "                yield message",
        '            if page["next_cursor"] is None:',
        "                return",
        '            params = {**params, "cursor": page["next_cursor"]}']


def follower(method, types, synchronous):
    """An iterator of changes, answer after answer."""
    params = [param for param in method["params"] if param["name"] != "wait_ms"]
    cls, name = ("Changes" if synchronous else "AsyncChanges"), FOLLOWERS[method["name"]]
    summary = (f"Gives change after change, and waits for each, for ever: {method['name']} again and again, "
               "from where the last answer ended. Without a cursor it begins with the present of its first "
               "step. The cursor of a change is where a host goes on that has taken it in.")
    return idling(cls, name, "Change", summary, params, types)


def subscriber(method, types, synchronous):
    """An iterator of events. It unsubscribes when it is left."""
    cls, item = ("Events" if synchronous else "AsyncEvents"), SUBSCRIBING[method["name"]]
    types.of({"$ref": f"#/components/schemas/{item}"}, item)
    summary = ("Gives event after event of one inbox, or of up to 1,000 `inboxes`, for ever; begins with its first "
               "step, with the present of those without a cursor. It outlives the program: a new one goes on from "
               "the last cursor of each inbox, so nothing is missed and nothing comes twice. `lagged` comes only "
               "where a cursor is too old to go on from. Leaving or losing it unsubscribes.")
    return idling(cls, identifier(method["name"]), item, summary, method["params"], types)


def idling(cls, name, item, summary, params, types):
    """A method that gives an iterator. With `idle` its items may be None, which its type says."""
    lines = []
    for idle, items in (("None = None", item), ("float", f"Optional[{item}]")):
        head = signature("this", name, params, types, f"{cls}[{items}]", "", [f"        idle: {idle},"])
        lines += ["    @overload", *head[:-1], head[-1] + " ...", ""]
    lines += signature("this", name, params, types, f"{cls}[Any]", "", ["        idle: Optional[float] = None,"])
    idle = {"name": "idle", "summary": "Seconds without anything after which None is given instead, again and "
            "again, so that a host can see whether anybody still listens."}
    lines += documentation(summary, [*params, idle]) + gathering(params)
    return lines + [f"        return {cls}(this, params, idle, timeout)"]


def imports(text, module, names):
    """The import of those names that the text uses."""
    used = [name for name in names if re.search(rf"\b{name}\b", text)]
    line = f"from {module} import {', '.join(used)}\n"
    if len(line) > WIDTH:
        line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in used) + ")\n"
    return line if used else ""


TYPING = "TYPE_CHECKING Any AsyncIterator Callable Coroutine Dict Iterator List Literal Mapping Optional Sequence Union overload"

# Before 3.12 the standard library's doesn't keep enough for pydantic, which refuses it.
TYPED_DICT = """\
if TYPE_CHECKING or sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    try:
        from typing_extensions import TypedDict
    except ImportError:
        from typing import TypedDict
"""


def generate(contract):
    """The files, as {name: text}."""
    types = Types(contract["components"]["schemas"])
    methods = contract["methods"]
    classes = (methods_class(methods, types, False) + "\n\n" + methods_class(methods, types, True))
    dicts = "\n\n".join(types.written.values())
    keyed = ("# Those that take an idempotency key, without which it isn't safe to send them again.\n"
             "KEYED = frozenset(\n    {\n" + "".join(
                 f'        "{method["name"]}",\n' for method in methods
                 if any(param["name"] == "idempotency_key" for param in method["params"])) + "    }\n)\n")
    names = sorted(types.written)
    types_text = (f'"""What the methods give."""\n\n{HEADER}\nfrom __future__ import annotations\n\n'
                  + "import sys\n"
                  + imports("TYPE_CHECKING " + dicts, "typing", TYPING.split()) + "\n" + TYPED_DICT + "\n"
                  + "__all__ = [\n" + "".join(f'    "{name}",\n' for name in names) + "]\n\n\n" + dicts)
    methods_text = (f'"""The methods of the contract."""\n\n{HEADER}\nfrom __future__ import annotations\n\n'
                    + imports(classes, "typing", TYPING.split()) + "\n"
                    + imports(classes, "._changes", ["AsyncChanges", "Changes", "Pending"])
                    + imports(classes, "._events", ["AsyncEvents", "Events"])
                    + imports(classes, "._feed", ["Feed"])
                    + imports(classes, ".types", names) + "\n" + keyed + "\n\n" + classes)
    kinds = contract["components"]["errors"]
    errors = []
    for kind, error in kinds.items():
        bases = "TidingsError, TimeoutError" if kind == "deadline_exceeded" else "TidingsError"
        lines = wrapped(f"{kind} ({error['code']}): {error['message']}", 10)
        errors.append(f'class {error_name(kind)}({bases}, kind="{kind}", code={error["code"]}):\n'
                      + '    """' + "\n    ".join(lines) + '"""\n')
    own = ["ClosedError", "ForkedError", "IncompatibleProgramError", "ProcessDiedError",
           "ProgramNotFoundError", "StartTimeoutError", "TidingsError", "UnreadableAnswerError"]
    public = sorted({*own, *map(error_name, kinds)} - SHADOWING)
    errors_text = ('"""One exception for each kind of error, all of them under TidingsError."""\n\n'
                   + HEADER + "\nfrom __future__ import annotations\n\n"
                   + imports(" ".join(own), "._errors", own) + "\n"
                   + "__all__ = [\n" + "".join(f'    "{name}",\n' for name in public) + "]\n\n\n"
                   + "\n\n".join(errors))
    return {"types.py": types_text, "errors.py": errors_text, "_methods.py": methods_text}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--contract", type=Path, default=CONTRACT)
    options = parser.parse_args()
    stale = []
    for name, text in generate(json.loads(options.contract.read_text(encoding="utf-8"))).items():
        path = HERE / "tidings" / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not options.check:
                path.write_text(text, encoding="utf-8")
    if options.check and stale:
        print(f"not what {options.contract.name} says: {', '.join(stale)}; run generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
