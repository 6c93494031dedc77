"""Checks lines of result files, or the last line of --json, by the schema that `skad sim schema` prints.

    python3 results_check.py SCHEMA FILE...
"""
import json
import sys

import jsonschema

with open(sys.argv[1]) as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)


def undescribed(part, path="schema"):
    """Yields the place of each object in the schema that allows what it does not describe."""
    if isinstance(part, dict):
        if part.get("type") == "object" and part.get("additionalProperties") is not False:
            yield path
        if "properties" in part:
            for name, value in part["properties"].items():
                if "$ref" not in value and not value.get("description"):
                    yield f"{path}.{name}"
        for name, value in part.items():
            yield from undescribed(value, f"{path}.{name}")
    elif isinstance(part, list):
        for value in part:
            yield from undescribed(value, path)


for place in undescribed(schema):
    sys.exit(f"{place} is not described")

# One validator for each kind of line: what `oneOf` says of a wrong one is hard to read.
kinds = {kind: jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})
         for kind in ("head", "result", "report", "results")}
whole = jsonschema.Draft202012Validator(schema)
lines = 0
for path in sys.argv[2:]:
    for number, text in enumerate(open(path), 1):
        if not text.startswith("{"):
            continue
        line = json.loads(text)
        kind = line.get("line", "results")
        for error in kinds[kind].iter_errors(line):
            sys.exit(f"{path}, line {number}, at {list(error.absolute_path)}: {error.message[:300]}")
        lines += 1
        if kind == "results":
            line["surprise"] = 1
            if whole.is_valid(line):
                sys.exit("a field that is not described is allowed")
print(f"{lines} lines are valid")
