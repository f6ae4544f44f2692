"""The schema of the probe's document, made of the records that define it: JSON Schema, draft 2020-12.

`make probe-schema` writes `docs/probe-schema.json`. What a field means is its comment in `scanners/host.py`.
"""

from __future__ import annotations

import ast
import inspect
import io
import json
import re
import sys
import textwrap
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from scanners import host

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = f"urn:plimsoll:probe:{host.SCHEMA.rpartition('/')[2]}"
_DESCRIPTION = (
    "What one run of the Plimsoll host probe prints. A fact is its value, or null. Null with the fact's JSON pointer in "
    "not_measured could not be read; null without one means that the host does not have the thing. Fields that are not "
    "named here may be added without a new version."
)


def schema() -> dict[str, Any]:
    """The whole document, with a definition for each of its parts."""
    found = msgspec.json.schema(host.HostFacts)
    definitions = found["$defs"]
    for name, definition in definitions.items():
        _explain(definition, getattr(host, name))
    definitions["HostFacts"]["properties"]["schema"]["const"] = host.SCHEMA
    return {
        "$schema": DIALECT,
        "$id": ID,
        "title": f"Document of the host probe, {host.SCHEMA}",
        "description": _DESCRIPTION,
        "$ref": found["$ref"],
        "$defs": dict(sorted(definitions.items())),
    }


def _explain(definition: dict[str, Any], record: type[msgspec.Struct]) -> None:
    """Put what the source says of a record and its fields into its definition; a row's items get their names."""
    if "description" in definition:
        definition["description"] = _in_json(inspect.cleandoc(definition["description"]))
    comments = _comments(record)
    items = (
        zip(record.__struct_fields__, definition["prefixItems"], strict=True)
        if "prefixItems" in definition
        else definition["properties"].items()
    )
    for name, item in items:
        if "properties" not in definition:
            item["title"] = name
        if name in comments:
            item["description"] = comments[name]


def _comments(record: type[msgspec.Struct]) -> Mapping[str, str]:
    """Field -> its comment in the source, for those that have one."""
    source = textwrap.dedent(inspect.getsource(record))
    by_line = dict(_lines_with_comments(source))
    found = {}
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    for field in body.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            lines = range(field.lineno, (field.end_lineno or field.lineno) + 1)
            if said := [by_line[line] for line in lines if line in by_line]:
                found[field.target.id] = _in_json(" ".join(said))
    return found


def _lines_with_comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ")


def _in_json(text: str) -> str:
    return re.sub(r"\bNone\b", "null", re.sub(r"(?<!\n)\n(?!\n)", " ", text))


def text() -> str:
    """The published file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m scanners.probe_schema FILE\n")
        return 2
    Path(arguments[0]).write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
