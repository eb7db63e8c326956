"""JSON Schemas (draft 2020-12) of files that people write, for editors: out of the types that the files are read into.

A type's docstring says what it is and then, a line (or more, indented) each, `key: what the key means`.
Editors show both.  What else a schema can ask and a type can't, such as one key of three, is told beside the type.
"""

import inspect
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from auditor.model import countries

_COUNTRY: Final = "country code"
Country = Annotated[str, Meta(min_length=1, title=_COUNTRY)]
"""A country as a file names it; which ones exist is checked when it is read."""

_COUNTRIES: Final = {
    "description": "ISO 3166-1 alpha-2, such as DE; HK, MO and TW are codes of their own; XK is Kosovo.",
    "enum": list(countries.CODES),
}


def schema_of(kind: type, name: str, title: str, more: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Write the schema of a type; `more` is what it asks besides, by the name of the type, or `Type.key`."""
    body: dict[str, Any] = _shared(msgspec.json.schema(kind))
    named: dict[str, dict[str, Any]] = body.get("$defs", {})
    for each in named.values():
        if "properties" in each:
            _describe(each)
    for which, asked in (more or {}).items():
        record, _, key = which.partition(".")
        (named[record]["properties"][key] if key else named[record]).update(asked)
    if f'"{_REFERENCE}"' in json.dumps(body):
        named["Country"] = _COUNTRIES
    return written({"title": title, **body}, name)


def has(key: str) -> dict[str, Any]:
    """Ask that a key is there and says something."""
    return {"required": [key], "properties": {key: {"not": {"enum": [None, "", []]}}}}


def written(body: Mapping[str, Any], name: str) -> str:
    """Write a schema under its name, as it is published."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": name}
    return json.dumps({**head, **body}, indent=2, ensure_ascii=False) + "\n"


_REFERENCE: Final = "#/$defs/Country"


def _shared(part: Any) -> Any:
    """Put a reference to the list of countries wherever one is meant."""
    if isinstance(part, list):
        return [_shared(each) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("title") == _COUNTRY:
        return {"$ref": _REFERENCE} | {key: part[key] for key in ("description", "default") if key in part}
    return {key: _shared(each) for key, each in part.items()}


def _describe(record: dict[str, Any]) -> None:
    """Give each property of a record the line of the docstring that speaks of it."""
    lines = inspect.cleandoc(record.get("description", "")).split("\n")
    kept: list[str] = []
    key = ""
    for line in lines:
        match = re.match(r"([a-z_]+): (.+)", line)
        if match and match[1] in record["properties"]:
            key = match[1]
            record["properties"][key]["description"] = match[2]
        elif key and line.startswith("    "):
            record["properties"][key]["description"] += " " + line.strip()
        else:
            key = ""
            kept.append(line)
    record["description"] = "\n".join(kept).strip()
