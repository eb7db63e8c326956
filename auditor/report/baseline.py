"""Baselines, `auditor-baseline/v1`: the findings of a report, by identifier, so that the next one says what is new.

A baseline holds nothing but identifiers, rules, verdicts and numbers of outages: no address, no name, no day.  The same
report gives the same bytes, and a finding is a line, so that changes can be read and merged.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from auditor.model.baseline import Baseline
from auditor.model.errors import InputError
from auditor.model.report import Past
from auditor.model.schema import written as schema_written
from auditor.report.clean import encodable, in_ascii

FORMAT: Final = "auditor-baseline/v1"
SCHEMA_ID: Final = "urn:residency-auditor:auditor-baseline:v1"
REMEDY: Final = "write it again with `auditor baseline REPORT.json --output FILE`"
MAX_BYTES: Final = 64 << 20

Identifier = Annotated[str, Meta(pattern="^[0-9a-f]{16}$", description="Of a finding, as reports have it.")]
Rule = Annotated[str, Meta(min_length=1, max_length=1_000, description="Whose finding it is.")]


class Known(msgspec.Struct, forbid_unknown_fields=True):
    """A finding that is known."""

    id: Identifier
    rule: Rule
    verdict: Literal["fail", "open"]
    outages: Annotated[int, Meta(ge=0, description="Of a configuration: the fewest that bring it about.")] | None = None


class File(msgspec.Struct, forbid_unknown_fields=True):
    """A baseline."""

    format: Literal["auditor-baseline/v1"]
    findings: Annotated[list[Known], Meta(description="Sorted by id.")]


class _Route(msgspec.Struct):
    outages: list[str]


class _Found(msgspec.Struct):
    """What a baseline takes out of a finding of a report."""

    id: Identifier
    rule: Rule
    verdict: Literal["fail", "open"]
    waiver: Any = None
    routes: list[_Route] = []

    def past(self) -> Past:
        """Return what is kept of it."""
        fewest = min((len(route.outages) for route in self.routes), default=None)
        return Past(self.id, self.rule, self.verdict, fewest)


class _Report(msgspec.Struct):
    format: Literal["auditor-report/v1"]
    findings: list[_Found]


def load(path: str | Path) -> Baseline:
    """Read a baseline.  Raise InputError, with the way on, for whatever is none."""
    data = _read(path)
    try:
        given = msgspec.json.decode(data, type=File)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        if _named(data) == "auditor-report/v1":
            raise InputError(str(path), f"is a report, not a baseline of one; {_made(str(path))}") from None
        raise InputError(str(path), f"is no baseline of this tool ({_said(error)}); {REMEDY}") from None
    findings = {each.id: Past(each.id, each.rule, each.verdict, each.outages) for each in given.findings}
    return Baseline(str(path), hashlib.sha256(data).hexdigest(), tuple(findings[each] for each in sorted(findings)))


def of_report(data: bytes, name: str) -> tuple[Past, ...]:
    """Return what a JSON report found, sorted, without what a waiver accepts: that has an owner and an end.

    `name` is the report's in errors.  Raise InputError for whatever is no report.
    """
    try:
        given = msgspec.json.decode(data, type=_Report)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        remedy = "give the JSON report of an audit (--format json)"
        raise InputError(name, f"is no report of this tool ({_said(error)}); {remedy}") from None
    found = {each.id: each.past() for each in given.findings if each.waiver is None}
    return tuple(found[each] for each in sorted(found))


def written(findings: tuple[Past, ...]) -> str:
    """Write a baseline, a line a finding."""
    lines = [json.dumps(_line(each)) for each in findings]
    listed = "[" + ",".join(f"\n    {line}" for line in lines) + ("\n  ]" if lines else "]")
    return in_ascii(encodable(f'{{\n  "format": "{FORMAT}",\n  "findings": {listed}\n}}\n'))


def _line(past: Past) -> dict[str, str | int]:
    known: dict[str, str | int] = {"id": past.id, "rule": past.rule, "verdict": past.verdict}
    return known if past.outages is None else known | {"outages": past.outages}


def schema() -> str:
    """Write the JSON Schema (draft 2020-12) of a baseline."""
    return schema_written({"title": "Baseline of residency-auditor, version 1", **msgspec.json.schema(File)}, SCHEMA_ID)


def _read(path: str | Path) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), f"can't be read ({error.strerror}); {REMEDY}") from None
    if len(data) > MAX_BYTES:
        raise InputError(str(path), f"is larger than {MAX_BYTES >> 20} MiB, which no baseline is; {REMEDY}")
    return data


def _named(data: bytes) -> str:
    """Return what a JSON document says it is."""

    class Head(msgspec.Struct):
        format: str

    try:
        return msgspec.json.decode(data, type=Head).format
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return ""


def _made(report: str) -> str:
    return f"make one: `auditor baseline {report} --output FILE`"


def _said(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
