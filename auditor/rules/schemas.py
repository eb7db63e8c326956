"""JSON Schemas of the files that rules are made of, for editors: the format, and which keys go together."""

from typing import Any, Final

from auditor.model.schema import has, schema_of
from auditor.rules import format as form
from auditor.rules.resolve import QUANTIFIERS, VERBS

Asked = dict[str, dict[str, Any]]

_URN: Final = "urn:residency-auditor:auditor-{}:v1"


def _one_of(*keys: str) -> dict[str, Any]:
    return {"not": {"allOf": [has(key) for key in keys]}}


def _any_of(kind: type[form.Strict], *without: str) -> dict[str, Any]:
    return {"anyOf": [has(key) for key in kind.__struct_encode_fields__ if key not in without]}


_TERRITORY: Final[Asked] = {"Territory": _any_of(form.Territory, "title", "note", "sources")}


def rule() -> str:
    """Write the JSON Schema of a rule file."""
    more: Asked = {
        "Rule": {"oneOf": [{"required": [verb], "properties": {verb: {"type": "object"}}} for verb in VERBS]},
        "Must": {**_one_of("countries", "territory"), **_any_of(form.Must, "as")},
        "Applies": {"if": {**has("recognised"), "properties": {"recognised": {"const": True}}}, "then": has("planes")},
        "Applies.participants": {"pattern": rf"^({'|'.join(QUANTIFIERS)}) \S(.*\S)?$"},
    }
    return schema_of(form.Rule, _URN.format("rule"), "Rule of residency-auditor", more)


def pack() -> str:
    """Write the JSON Schema of a pack.yaml."""
    people = {**_one_of("countries", "territory"), **_any_of(form.Population, "title", "note")}
    more: Asked = {"Population": people, **_TERRITORY}
    return schema_of(form.Pack, _URN.format("pack"), "Pack of rules of residency-auditor", more)


def territories() -> str:
    """Write the JSON Schema of a file of territories."""
    return schema_of(form.Territories, _URN.format("territories"), "Territories of residency-auditor", _TERRITORY)
