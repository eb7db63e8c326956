"""Build flows, rules and whole audits for tests from what a test is about; the rest gets a plain value."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from auditor import judge
from auditor.model import countries
from auditor.model import flow as model
from auditor.model.report import Input, Report
from auditor.model.rule import Assertion, Names, Population, Rule, Scope

OVERSEAS = Population("overseas", "-CN", frozenset({"overseas"}))
MAINLAND = Population("mainland", "CN", frozenset({"mainland"}))
SOURCES = 3

Row = dict[str, Any]


def flow(**columns: Any) -> Row:
    """One FLOW row that carried a packet; what is not given gets the default of the model."""
    plain = {"record": 1, "src_packets": 1, "src_bytes": 100, "first_ns": 1_000, "last_ns": 2_000}
    return {**model.DEFAULTS, **plain, **columns}


def end(side: str, addr: str | None, role: str, claimed: str = "", proven: str = "*", **more: Any) -> Row:
    """The columns of one end of a flow."""
    return {
        f"{side}_{name}": value
        for name, value in {"addr": addr, "role": role, "claimed": claimed, "proven": proven, **more}.items()
    }


def client(addr: str, claimed: str = "", proven: str = "*", side: str = "src", **more: Any) -> Row:
    return end(side, addr, "client", claimed, proven, **more)


def server(addr: str, claimed: str = "", proven: str = "*", side: str = "dst", **more: Any) -> Row:
    return end(side, addr, "server", claimed, proven, **more)


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    """A FLOW frame of rows."""
    return pl.DataFrame(list(rows), schema=model.FLOW)


def rule(id: str = "rule", **fields: Any) -> Rule:
    """A rule; fields of its scope and of its assertion are told apart by their names.

    Without any, overseas calls must not touch the mainland.
    """
    scope = {name: fields.pop(name) for name in list(fields) if name in _SCOPE}
    asserts = {name: fields.pop(name) for name in list(fields) if name in _ASSERTS}
    scope = {"quantifier": "all", "population": OVERSEAS, **scope}
    if asserts.get("verb") == "must_be_encrypted":
        scope = {"bases": frozenset({"observed"}), **scope}
        asserts = {"roles": frozenset(model.ROLES), **asserts}
    elif not asserts.keys() & {"countries", "operators", "asserted", "sites", "operated", "selection"}:
        asserts["countries"] = "CN"
    asserts["services"] = asserts.pop("asserted", None)
    plain = {"title": id, "severity": "high", "why": "a test asks", "fix": "don't"}
    return Rule(
        id=id, applies=Scope(**scope), asserts=Assertion(**{"verb": "must_not_touch", **asserts}), **{**plain, **fields}
    )


_SCOPE = (
    "quantifier",
    "population",
    "roster",
    "planes",
    "recognised",
    "services",
    "directions",
    "bases",
    "by",
    "outcomes",
)
_ASSERTS = (
    "verb", "countries", "operators", "operated", "asserted", "sites", "selection", "roles", "territory", "evidence",
)  # fmt: skip


def names(*members: str, negated: bool = False) -> Names:
    return Names(frozenset(members), negated)


def inputs(count: int = SOURCES) -> list[Input]:
    return [Input(f"{'abcdefgh'[i]}.pcap", "0" * 64, 1, "pcap") for i in range(count)]


def audit(rows: Iterable[Row], *rules: Rule, **more: Any) -> Report:
    """Judge rows by rules (by default the plain one), from the fold to the report."""
    judged: Sequence[Rule] = rules or (rule(),)
    folded = judge.fold(frame(rows), judge.edges(judged), judge.asks_rejected(judged))
    return judge.conclude(folded, judged, inputs=inputs(), **more)


def counts(report: Report) -> dict[str, int]:
    """How the first rule judged, without zeros."""
    judged = report.coverage.judged[0][1]
    found = {
        "pass": judged.passed,
        "fail": judged.failed,
        "open": judged.open,
        "not_applicable": judged.not_applicable,
    }
    return {name: count for name, count in found.items() if count}


def facts(report: Report) -> set[tuple[str, str]]:
    """What would settle the open findings: fact and subject."""
    return {(settle.fact, settle.subject) for finding in report.findings for settle in finding.settles}


def but(*codes: str) -> str:
    """The whole world but some countries."""
    return countries.text(countries.WORLD & ~countries.bits("+".join(codes)))
