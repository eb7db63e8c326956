"""Put touches that fail or stay open together into findings.

A finding is one rule, verdict, population, place, plane and basis.  Its counts are exact: a flow that touches
the place with both ends is one flow, and a session that touches it often is one session.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.digest import witnessed
from auditor.judge.scope import belongs
from auditor.judge.seal import Sealed
from auditor.judge.settle import Person, Subject, settles
from auditor.judge.verdicts import CONDITIONS, FAIL, FAIL_PROVEN, OPEN, Outcomes
from auditor.model import countries
from auditor.model.flow import CARRIED, OFFERED, UNKNOWN
from auditor.model.report import Evidence, Finding, Participants, Place, Source, Verdict
from auditor.model.rule import Rule, Scope

ENDPOINTS: Final = 20
SESSIONS: Final = 5
EVIDENCE: Final = 5
LOCATED: Final = 5  # touched addresses, and as many participants, whose location is explained
CLASSES: Final = 20  # of participants

Explain = Callable[[Sequence[tuple[str, str, int | None, int | None]]], Sequence[tuple[Source, ...]]]
"""Says of each (address, vantage, first and last moment in nanoseconds) what every source of location says."""

_PLACE: Final = ["countries", "state", "site", "operator"]
_KEY: Final = ["fails", "proven", *_PLACE, "plane", "basis"]
_ENDS: Final = [
    "row", "id", "own", "audience", "role", "vantage", "example", "site", "operator", "proof",
    "plane", "basis", "app", "direction", "outcome", "flows", "packets", "bytes", "first_ns", "last_ns", "witness",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What findings call their inputs and sessions."""

    inputs: Sequence[str]
    sealed: Sealed
    lives: dict[str, str]

    def source(self, index: int) -> str:
        """Name an input."""
        return self.inputs[index] if index < len(self.inputs) else f"input {index + 1}"

    def flow(self, witness: int) -> str:
        """Name a flow of its own by the first record that shows it."""
        source, record, _ = witnessed(witness)
        return f"flow {self.source(source)}#{record}"


def about(applies: Scope) -> str:
    """Name whom a rule asks about, as its file does: `all overseas`."""
    return f"{applies.quantifier} {applies.population.name}" if applies.quantifier and applies.population else ""


def state(proof: str, place: str) -> str:
    """Say what kind of place a country set describes."""
    if proof == countries.NOWHERE:
        return "contradiction"
    return "anywhere" if place == countries.ANYWHERE or place.startswith("-") else "located"


def _hits(rule: Rule, outcomes: Outcomes, sealed: Sealed) -> pl.DataFrame:
    """Select the ends that fail or are open, with the words that name their finding."""
    at = np.flatnonzero(outcomes.outcome <= OPEN)
    place = "proof" if rule.proof else "possible"
    hits = (
        sealed.ends[at]
        .select(*_ENDS, countries=place)
        .with_columns(
            fails=pl.Series(outcomes.outcome[at] <= FAIL),
            proven=pl.Series(outcomes.outcome[at] == FAIL_PROVEN),
            why=pl.Series(outcomes.why[at]),
        )
    )
    kinds = hits.select("proof", "countries").unique()
    states = [state(proof, place) for proof, place in kinds.iter_rows()]
    return hits.join(kinds.with_columns(state=pl.Series(states, dtype=pl.String)), on=["proof", "countries"])


Rows = dict[int, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What findings are made of: a few rows each, by the number of the finding."""

    totals: Rows
    endpoints: Rows
    named: Rows
    own: Rows
    evidence: Rows
    people: Rows
    unknown: Rows


def _gather(hits: pl.DataFrame, sealed: Sealed) -> _Facts:
    """Reduce hits to the few rows of each finding."""
    flows = hits.unique(["finding", "row"])
    totals = flows.group_by("finding").agg(
        pl.col("packets", "bytes").sum(),
        pl.col("first_ns").min(),
        pl.col("last_ns").max(),
        own=pl.col("flows").filter("own").sum(),
    )
    ends = hits.filter(pl.col("example").is_not_null()).unique(["finding", "example", "vantage"])
    named = flows.filter(~pl.col("own")).group_by("finding", "id").agg(pl.col("first_ns").min())
    counts = [
        ends.group_by("finding").agg(endpoint_count=pl.col("example").n_unique()),
        named.group_by("finding").agg(named=pl.len()),
    ]
    for count in counts:
        totals = totals.join(count, on="finding", how="left")
    evidence = hits.sort("witness", "direction", "example").unique(
        ["finding", "witness"], keep="first", maintain_order=True
    )
    return _Facts(
        _rows(totals.fill_null(0)),
        _first(ends, ["example", "vantage"], ENDPOINTS),
        _first(named, ["first_ns", "id"], SESSIONS),
        _first(flows.filter("own"), ["first_ns", "witness"], SESSIONS),
        _first(evidence, ["witness"], EVIDENCE),
        _rows(_people(hits, sealed)),
        _unknown(hits),
    )


def _people(hits: pl.DataFrame, sealed: Sealed) -> pl.DataFrame:
    """List the classes of participants of each finding; `asked`: in a session that is open for their sake."""
    asked = pl.col("why") & (1 << CONDITIONS.index("participants")) > 0
    crowds = hits.select("finding", "audience", asked=asked).unique().join(sealed.people, on="audience")
    people = crowds.group_by("finding", "member").agg(
        pl.col("example", "witness", "vantage", "role").min(), pl.col("asked").any()
    )
    return people.sort("finding", "member")


def _unknown(hits: pl.DataFrame) -> Rows:
    """List some of the ends of each finding for each set of conditions that are not known of them."""
    ends = (
        hits.filter(~pl.col("fails"))
        .group_by("finding", "why", "example", "role", "vantage", "proof")
        .agg(pl.col("witness").min())
    )
    ends = ends.sort("why", "example", "role", "vantage", "proof", nulls_last=True)
    return _rows(ends.group_by("finding", "why", maintain_order=True).head(ENDPOINTS))


def _first(rows: pl.DataFrame, order: list[str], count: int) -> Rows:
    return _rows(rows.sort(order).group_by("finding", maintain_order=True).head(count))


def _rows(frame: pl.DataFrame) -> Rows:
    found: Rows = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["finding"], []).append(row)
    return found


Unexplained = tuple[Finding, Sequence[tuple[str, str]]]
"""A finding, and the ends (address, vantage) whose location it has to explain."""


def explained(found: Sequence[Unexplained], explain: Explain | None) -> list[Finding]:
    """Let findings say why their ends are believed to be where they are, asking for all of them at once."""
    if explain is None:
        return [finding for finding, _ in found]
    questions = list(dict.fromkeys((*end, f.first_ns, f.last_ns) for f, ends in found for end in ends))
    answers = dict(zip(questions, explain(questions), strict=True))
    return [
        replace(f, located_by=tuple((end[0], answers[*end, f.first_ns, f.last_ns]) for end in ends))
        for f, ends in found
    ]


def findings(rule: Rule, outcomes: Outcomes, names: Names) -> Iterator[Unexplained]:
    """Yield what a rule finds, in no particular order."""
    hits = _hits(rule, outcomes, names.sealed)
    if not len(hits):
        return
    keys = hits.select(_KEY).unique().with_row_index("finding").with_columns(pl.col("finding").cast(pl.Int64))
    facts = _gather(hits.join(keys, on=_KEY), names.sealed)
    for key in keys.iter_rows(named=True):
        yield _finding(rule, key, facts, names)


def _finding(rule: Rule, key: dict[str, Any], facts: _Facts, names: Names) -> Unexplained:
    number = key["finding"]
    total = facts.totals[number][0]
    people = facts.people.get(number, [])
    endpoints = [(end["example"], end["vantage"]) for end in facts.endpoints.get(number, [])]
    examples = [(who["example"], who["vantage"]) for who in people if who["example"]]
    unexplained = list(dict.fromkeys([*endpoints[:LOCATED], *examples[:LOCATED]]))
    place = Place(*(key[name] for name in _PLACE))
    verdict = Verdict.FAIL if key["fails"] else Verdict.OPEN
    population = about(rule.applies)
    words = (
        rule.id,
        str(verdict),
        population,
        *(key[name] for name in _PLACE),
        key["plane"],
        key["basis"],
        str(key["proven"]),
    )
    finding = Finding(
        id=identity(words),
        rule=rule.id,
        verdict=verdict,
        severity=rule.severity,
        basis=key["basis"],
        plane=key["plane"],
        population=population,
        place=place,
        proven=key["proven"],
        sessions=total["named"] + total["own"],
        first_sessions=_first_sessions(number, facts, names),
        participants=participants(people[:CLASSES], names.sealed, rule.proof),
        endpoints=tuple(dict.fromkeys(address for address, _ in endpoints)),
        endpoint_count=total["endpoint_count"],
        packets=total["packets"],
        bytes=total["bytes"],
        first_ns=total["first_ns"],
        last_ns=total["last_ns"],
        evidence=tuple(_evidence(row, names) for row in facts.evidence[number]),
        located_by=(),
        settles=() if key["fails"] else _settles(rule, facts.unknown[number], people, names),
    )
    return finding, unexplained


def identity(words: Sequence[str]) -> str:
    """Name a finding by what it is about: equal words give an equal name in every run, and no text can imitate two."""
    lengths = "".join(f"{len(word)}:{word}" for word in words)
    return hashlib.sha256(lengths.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def participants(people: Sequence[dict[str, Any]], sealed: Sealed, proof: bool) -> tuple[Participants, ...]:
    """Describe classes of participants."""
    found = []
    for who in people:
        member = sealed.members[who["member"]]
        place = member.proof if proof else member.possible
        found.append(Participants(place, ", ".join(member.labels), who["example"] or "", member.sure))
    return tuple(dict.fromkeys(found))


def _first_sessions(number: int, facts: _Facts, names: Names) -> tuple[str, ...]:
    called = [(row["first_ns"], names.sealed.names[row["id"]]) for row in facts.named.get(number, [])]
    alone = [(row["first_ns"], names.flow(row["witness"])) for row in facts.own.get(number, [])]
    return tuple(name for _, name in sorted(called + alone)[:SESSIONS])


def _evidence(row: dict[str, Any], names: Names) -> Evidence:
    """Point at one record, and say what a stranger will see there."""
    source, record, time = witnessed(row["witness"])
    way = {"to": "to", "from": "from"}.get(row["direction"], "with")
    what = row["app"] or "traffic of no recognised protocol"
    plane = "plane not known" if row["plane"] == UNKNOWN else row["plane"].replace("+", " or ")
    rest = "offered only" if row["basis"] == OFFERED else row["outcome"] if row["outcome"] != CARRIED else ""
    detail = ", ".join(
        word for word in (f"{what} {way} {row['example'] or 'a place without an address'}", plane, rest) if word
    )
    return Evidence(names.source(source), record, detail, time)


def _settles(rule: Rule, unknown: list[dict[str, Any]], people: list[dict[str, Any]], names: Names) -> tuple[Any, ...]:
    """Name the facts that would close an open finding."""
    population = rule.applies.population
    conditions = []
    for i, condition in enumerate(CONDITIONS):
        ends = [_subject(row, row["role"], row["proof"], names) for row in unknown if row["why"] & (1 << i)]
        if ends:
            conditions.append((condition, ends))
    asked = []
    for who in people:
        member = names.sealed.members[who["member"]]
        if who["asked"] and population:
            known = belongs(member, population, rule.proof, names.lives)
            asked.append(Person(member, known, _subject(who, who["role"], member.proof, names)))
    return settles(conditions, asked)


def _subject(row: dict[str, Any], role: str, proof: str, names: Names) -> Subject:
    return Subject(row["example"] or "", role, row["vantage"], names.source(witnessed(row["witness"])[0]), proof)
