"""JSON Schemas of the files that rules are made of, for editors: the format, and which keys go together."""

from typing import Any, Final

from auditor.model.schema import has, schema_of
from auditor.rules import format as form
from auditor.rules import waivers as waived
from auditor.rules.resolve import EXCLUDING, QUANTIFIERS, VERBS

Asked = dict[str, dict[str, Any]]

_URN: Final = "urn:residency-auditor:auditor-{}:v1"
_NOT_BOTH: Final = {"not": {"allOf": [has("countries"), has("territory")]}}


def _any_of(kind: type[form.Strict], *without: str) -> dict[str, Any]:
    return {"anyOf": [has(key) for key in kind.__struct_encode_fields__ if key not in without]}


_TERRITORY: Final[Asked] = {"Territory": _any_of(form.Territory, "title", "note", "sources")}


def rule() -> str:
    """Write the JSON Schema of a rule file."""
    verbs = {verb: {"required": [verb], "properties": {verb: {"type": "object"}}} for verb in VERBS}
    unseen: dict[str, Any] = {"properties": {"examples": {"not": {"anyOf": [has("pass"), has("fail")]}}}}
    seen: dict[str, Any] = {"properties": {"examples": {"allOf": [has("pass"), has("fail")]}}}
    excused: dict[str, Any] = {"properties": {"examples": {"allOf": [has("pass"), {"not": has("fail")}]}}}
    excuses = [{"required": [verb], "properties": {verb: has("allowed_with")}} for verb in VERBS[:2]]
    judged = {"if": {"anyOf": excuses}, "then": excused, "else": seen}
    more: Asked = {
        "Rule": {"oneOf": list(verbs.values()), "if": verbs["not_observable"], "then": unseen, "else": judged},
        "Must": {"not": {"anyOf": [{"allOf": [has(key) for key in pair]} for pair in EXCLUDING]}}
        | _any_of(form.Must, "as"),
        "Rule.must_not_touch": {"not": has("selection")},
        "Applies": {
            "if": {**has("recognised"), "properties": {"recognised": {"const": True}}},
            "then": has("planes"),
            "dependentSchemas": {"by": {"anyOf": [has("participants"), {"not": has("by")}]}},
        },
        "Applies.participants": {"pattern": rf"^({'|'.join(QUANTIFIERS)}) \S(.*\S)?$"},
        "Chosen": {"anyOf": [has("in"), has("out")]},
    }
    return schema_of(form.Rule, _URN.format("rule"), "Rule of residency-auditor", more)


def tests() -> str:
    """Write the JSON Schema of a file of tests."""
    kinds = {"anyOf": [has(key) for key in form.Test.__struct_encode_fields__ if key != "rule"]}
    more: Asked = {"Test": kinds, "Chosen": {"anyOf": [has("in"), has("out")]}}
    return schema_of(form.Tests, _URN.format("tests"), "Tests of rules of residency-auditor", more)


def pack() -> str:
    """Write the JSON Schema of a pack.yaml."""
    people = {**_NOT_BOTH, **_any_of(form.Population, "title", "note")}
    return schema_of(
        form.Pack, _URN.format("pack"), "Pack of rules of residency-auditor", {"Population": people} | _TERRITORY
    )


def territories() -> str:
    """Write the JSON Schema of a file of territories."""
    return schema_of(form.Territories, _URN.format("territories"), "Territories of residency-auditor", _TERRITORY)


def operators() -> str:
    """Write the JSON Schema of a file of operators."""
    return schema_of(form.Operators, _URN.format("operators"), "Operators of residency-auditor")


def selections() -> str:
    """Write the JSON Schema of a file of what accounts have selected."""
    choice = {"anyOf": [has("in"), has("out")]}
    region = {"oneOf": [has(key) for key in ("countries", "territory", "sites")]}
    more: Asked = {"Chosen": choice, "Account": choice, "Region": region}
    return schema_of(form.Selections, _URN.format("selections"), "Selections of residency-auditor", more)


def waivers() -> str:
    """Write the JSON Schema of a file of waivers."""
    days: dict[str, Any] = {"properties": {"traffic": {"anyOf": [has("from"), has("until")]}}}
    narrow = _any_of(waived.MatchFile, "verdict", "traffic")["anyOf"]
    words = {"not": {"pattern": r"^\s*$"}}
    more: Asked = {
        "MatchFile": {"anyOf": [*narrow, {**has("traffic"), **days}]},
        "MatchFile.finding": {"pattern": waived.IDENTIFIER},
        "WaiverFile.reason": words,
        "WaiverFile.owner": words,
    }
    return schema_of(waived.File, _URN.format("waivers"), "Waivers of residency-auditor", more)
