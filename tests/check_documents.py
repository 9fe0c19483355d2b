#!/usr/bin/python3
"""Checks documents (JSON Lines, of either format) against feeds/schema.

    check_documents.py [--suricata SCHEMA] FILE ...       - is standard input

With --suricata, EVE documents without their radome object are checked against that schema of Suricata's as well (its
sources' etc/schema.json). Also checked, because no schema can say it: within all the files of a run one field name keeps
one type, and text is safe in a terminal. Needs python3-jsonschema (4.10 or later)."""

import argparse
import json
import pathlib
import re
import sys

import jsonschema

try:
    import referencing
    import referencing.jsonschema
except ImportError:  # python3-jsonschema before 4.18, Debian 12's, resolves by itself
    referencing = None

SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "feeds" / "schema"
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")
JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}


def validator_of(name, store):
    keywords = {"format_checker": jsonschema.FormatChecker()}
    if referencing is None:
        keywords["resolver"] = jsonschema.RefResolver(name, store[name], store=store)
    else:
        kind = referencing.jsonschema.DRAFT202012
        keywords["registry"] = referencing.Registry().with_resources((key, kind.create_resource(text)) for key, text in store.items())
    return jsonschema.Draft202012Validator(store[name], **keywords)


def load_validators():
    """ECS and EVE by name; their references to each other and to the radome object are resolved by file name."""
    store = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    return {name: validator_of(name, store) for name in ("ecs.json", "eve.json")}


def no_twice(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key twice among {keys}")
    return dict(pairs)


def fields(value, path=""):
    """Every field's path and type; entries of an array under the array's path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if "." in key:
                raise ValueError(f"a dotted key: {key}")
            yield from fields(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, path + "[]")
    yield path, JSON_TYPES[type(value)]


def problems(line, validators, suricata, types):
    if UNSAFE.search(line):
        yield "a character that a terminal acts upon"
    document = json.loads(line, object_pairs_hook=no_twice)
    name = "ecs.json" if "@timestamp" in document else "eve.json"
    for error in validators[name].iter_errors(document):
        yield f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
    for path, kind in fields(document):
        if types.setdefault((name, path), kind) != kind:
            yield f"{path} is {kind} here and {types[name, path]} before"
    if suricata is not None and name == "eve.json":
        del document["radome"]
        for error in suricata.iter_errors(document):
            yield f"Suricata: {'.'.join(map(str, error.absolute_path))}: {error.message}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suricata", type=pathlib.Path)
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    suricata = arguments.suricata and jsonschema.Draft202012Validator(json.loads(arguments.suricata.read_text()))
    validators, types, count, bad = load_validators(), {}, 0, 0
    for name in arguments.files:
        with open(0 if name == "-" else name, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, 1):
                count += 1
                try:
                    found = list(problems(line.rstrip("\n"), validators, suricata, types))
                except ValueError as error:
                    found = [str(error)]
                for problem in found:
                    print(f"{name}:{number}: {problem[:300]}")
                bad += bool(found)
    print(f"documents: {count - bad} passed, {bad} failed")
    return bad > 0 or count == 0


if __name__ == "__main__":
    sys.exit(main())
