"""Reads an OpenRPC document: checks its form, and values against its schemas (JSON Schema 2020-12)."""

import re

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

URI = "urn:openrpc"

# Every object of the specification: its members, and those that must be there.
DOCUMENT = ("$schema openrpc info servers methods components externalDocs", "openrpc info methods")
INFO = ("title description termsOfService contact license version", "title version")
METHOD = ("name tags summary description externalDocs params result deprecated servers errors links "
          "paramStructure examples", "name params")
DESCRIPTOR = ("name summary description required schema deprecated", "name schema")
EXAMPLE_PAIRING = ("name description summary params result", "name params")
EXAMPLE = ("name summary description value externalValue", "name value")
ERROR = ("code message data", "code message")
COMPONENTS = ("contentDescriptors schemas examples links errors examplePairingObjects tags", "")


def escape(part):
    """A member's name as a part of a JSON Pointer."""
    return str(part).replace("~", "~0").replace("/", "~1")


class Document:
    """A document with look-ups; `problems` are the faults of its form."""

    def __init__(self, document):
        self.document = document
        self.methods = {method["name"]: (index, method)
                        for index, method in enumerate(document.get("methods", []))}
        self._registry = Registry().with_resource(
            URI, Resource(contents=document, specification=DRAFT202012))
        self._validators = {}

    def errors(self, pointer, value):
        """The faults of a value, by the schema at a JSON Pointer into the document."""
        if pointer not in self._validators:
            self._validators[pointer] = Draft202012Validator(
                {"$ref": f"{URI}#{pointer}"}, registry=self._registry)
        return [f"{error.json_path}: {error.message[:300]} (schema {pointer})"
                for error in self._validators[pointer].iter_errors(value)]

    def result_errors(self, method, result):
        """The faults of a method's result."""
        if method not in self.methods:
            return [f"{method} isn't in the document"]
        return self.errors(f"/methods/{self.methods[method][0]}/result/schema", result)

    def params_errors(self, method, params):
        """The faults of a method's parameters by name."""
        if method not in self.methods:
            return [f"{method} isn't in the document"]
        index, described = self.methods[method]
        places = {param["name"]: place for place, param in enumerate(described["params"])}
        problems = [f"{method}: {name} is required" for name, place in places.items()
                    if described["params"][place].get("required") and params.get(name) is None]
        for name, value in params.items():
            if name not in places:
                if name != "_meta":
                    problems.append(f"{method}: unknown parameter {name}")
            elif value is not None:  # Null is the same as left out.
                problems += self.errors(f"/methods/{index}/params/{places[name]}/schema", value)
        return problems

    def error_errors(self, error):
        """The faults of an answer's error object."""
        if "Error" not in self.document["components"]["schemas"]:
            return ["components.schemas.Error is missing"]
        return self.errors("/components/schemas/Error", error)

    def example_params(self, example):
        """The parameters of an example pairing, by name."""
        return {param["name"]: param["value"] for param in example["params"]}

    def problems(self):
        """Everything in which the document isn't OpenRPC."""
        found = []

        def known(value, shape, where):
            if not isinstance(value, dict):
                found.append(f"{where} is no object")
                return False
            members, required = (set(part.split()) for part in shape)
            found.extend(f"{where}: no such member: {name}" for name in value
                         if name not in members and not name.startswith("x-"))
            missing = required - set(value)
            found.extend(f"{where}: {name} is missing" for name in sorted(missing))
            return not missing

        def schema(value, where):
            found.extend(f"{where}{error.json_path[1:]}: {error.message[:200]}" for error in
                         Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(value))

        def references(value, where):
            if isinstance(value, dict):
                if isinstance(reference := value.get("$ref"), str):
                    if not reference.startswith("#/"):
                        found.append(f"{where}: {reference} points out of the document")
                    elif not self._resolves(reference[1:]):
                        found.append(f"{where}: {reference} points nowhere")
                for name, item in value.items():
                    references(item, f"{where}/{escape(name)}")
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    references(item, f"{where}/{index}")

        document = self.document
        if not known(document, DOCUMENT, ""):
            return found
        if not re.fullmatch(r"1\.[0-9]+\.[0-9]+", document["openrpc"]):
            found.append(f"openrpc is {document['openrpc']}")
        known(document["info"], INFO, "/info")
        if known(document.get("components", {}), COMPONENTS, "/components"):
            for name, value in document.get("components", {}).get("schemas", {}).items():
                if not re.fullmatch(r"[a-zA-Z0-9.\-_]+", name):
                    found.append(f"no name for a component: {name}")
                schema(value, f"/components/schemas/{name}")
        names = [method.get("name") for method in document["methods"]]
        found += [f"two methods named {name}" for name in set(names) if names.count(name) > 1]
        for index, method in enumerate(document["methods"]):
            where = f"/methods/{index} ({method.get('name')})"
            if not known(method, METHOD, where):
                continue
            if method.get("paramStructure", "either") not in ("by-name", "by-position", "either"):
                found.append(f"{where}: paramStructure")
            params = [param for place, param in enumerate(method["params"])
                      if known(param, DESCRIPTOR, f"{where}/params/{place}")]
            for place, param in enumerate(params):
                schema(param["schema"], f"{where}/params/{place}/schema")
            if len({param["name"] for param in params}) != len(params):
                found.append(f"{where}: two parameters of one name")
            required = [bool(param.get("required")) for param in params]
            if required != sorted(required, reverse=True):
                found.append(f"{where}: a required parameter comes after an optional one")
            if "result" in method and known(method["result"], DESCRIPTOR, f"{where}/result"):
                schema(method["result"]["schema"], f"{where}/result/schema")
            for place, error in enumerate(method.get("errors", [])):
                error_where = f"{where}/errors/{place}"
                if "$ref" in error:
                    continue  # `references` follows it.
                if known(error, ERROR, error_where) and not isinstance(error["code"], int):
                    found.append(f"{error_where}: the code is no integer")
            for place, example in enumerate(method.get("examples", [])):
                example_where = f"{where}/examples/{place}"
                if known(example, EXAMPLE_PAIRING, example_where):
                    for at, param in enumerate(example["params"]):
                        known(param, EXAMPLE, f"{example_where}/params/{at}")
                    if "result" in example:
                        known(example["result"], EXAMPLE, f"{example_where}/result")
        references(document, "")
        return found

    def _resolves(self, pointer):
        value = self.document
        for part in pointer.split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, ValueError, TypeError):
                return False
        return True
