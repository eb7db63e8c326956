"""Put touches that fail or stay open together into findings.

A finding is one rule, verdict, population, place, plane and basis, with who took part, the records that show it,
and, where it is open, the facts that would close it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from auditor.digest import witnessed
from auditor.judge.conditions import CONDITIONS
from auditor.judge.gather import PLACE, SESSIONS, Clashes, Facts, gather
from auditor.judge.scope import belongs, homes
from auditor.judge.seal import Sealed
from auditor.judge.settle import Person, Subject, settles
from auditor.judge.verdicts import Hits
from auditor.model.coverage import PACKET
from auditor.model.flow import CARRIED, CLEAR, ENCRYPTED, NOT_SHOWN, OFFERED, REPORTED, UNKNOWN
from auditor.model.report import Evidence, Finding, Input, Participants, Place, Settle, Source, Verdict
from auditor.model.rule import Rule, Scope

LOCATED: Final = 3  # touched addresses, and as many participants, whose location is explained
CLASSES: Final = 20  # of participants

Explain = Callable[[Sequence[tuple[str, str, int | None, int | None]]], Sequence[tuple[Source, ...]]]
"""Says of each (address, vantage, first and last moment in nanoseconds) what every source of location says."""


@dataclass(frozen=True, slots=True)
class Names:
    """What findings call their inputs and sessions."""

    inputs: Sequence[Input]
    sealed: Sealed

    def source(self, index: int) -> str:
        """Name an input."""
        return self.inputs[index].name if index < len(self.inputs) else f"input {index + 1}"

    def unit(self, index: int) -> str:
        """Name what an input holds."""
        return self.inputs[index].unit if index < len(self.inputs) else PACKET

    def flow(self, witness: int) -> str:
        """Name a flow of its own by the first record that shows it."""
        source, record, _ = witnessed(witness)
        return f"flow {self.source(source)}#{record}"


def about(applies: Scope) -> str:
    """Name whom a rule asks about, as its file does: `all overseas`."""
    return f"{applies.quantifier} {applies.population.name}" if applies.quantifier and applies.population else ""


Unexplained = tuple[Finding, Sequence[tuple[str, str]]]
"""A finding, and the ends (address, vantage) whose location it has to explain."""


def explained(found: Sequence[Unexplained], explain: Explain | None) -> list[Finding]:
    """Let findings say why their ends are believed to be where they are, asking for all of them at once."""
    if explain is None:
        return [finding for finding, _ in found]
    asked = [(f, [*ends, ("@" + f.place.site, "")] if "/" in f.place.site else ends) for f, ends in found]
    questions = list(dict.fromkeys((*end, f.first_ns, f.last_ns) for f, ends in asked for end in ends))
    answers = dict(zip(questions, explain(questions), strict=True))
    return [
        replace(
            f,
            located_by=tuple(
                (name, said)
                for name, vantage in ends
                if (said := answers[name, vantage, f.first_ns, f.last_ns]) or name[:1] != "@"
            ),
        )
        for f, ends in asked
    ]


def findings(rule: Rule, hits: Hits, names: Names, clashes: Clashes = ()) -> Iterator[Unexplained]:
    """Yield what a rule finds, in no particular order; `clashes` are rules that it excludes, and for which ends."""
    if len(hits.ends):
        facts = gather(rule, hits, names.sealed, clashes)
        for key in facts.keys:
            yield _finding(rule, key, facts, names)


def _finding(rule: Rule, key: dict[str, Any], facts: Facts, names: Names) -> Unexplained:
    number = key["finding"]
    total = facts.totals[number][0]
    people = facts.people.get(number, [])
    endpoints = [(end["example"], end["vantage"]) for end in facts.endpoints.get(number, [])]
    addresses = tuple(dict.fromkeys(address for address, _ in endpoints))
    examples = [(who["example"], who["vantage"]) for who in people if who["example"]]
    unexplained = list(dict.fromkeys([*endpoints[:LOCATED], *examples[:LOCATED]]))
    place = Place(*(key[name] for name in PLACE))
    population = about(rule.applies)
    finding = Finding(
        id=named(rule, key),
        rule=rule.id,
        verdict=verdict(key),
        severity=rule.severity,
        basis=key["basis"],
        plane=key["plane"],
        population=population,
        place=place,
        proven=key["proven"],
        sessions=total["named"] + total["own"],
        first_sessions=_first_sessions(number, facts, names),
        participants=participants(people[:CLASSES], names.sealed, rule.proof),
        endpoints=addresses,
        endpoint_count=total["endpoint_count"],
        packets=total["packets"],
        bytes=total["bytes"],
        first_ns=total["first_ns"],
        last_ns=total["last_ns"],
        evidence=tuple(_evidence(rule, row, names) for row in facts.evidence[number]),
        located_by=(),
        settles=() if key["fails"] else _settles(rule, facts.unknown[number], people, names),
        asked=rule.asserts.verb,
        conflicts=tuple(sorted({other for row in facts.clashes.get(number, []) for other in row["rules"]})),
        every_endpoint=total["whole"] and total["endpoint_count"] == len(addresses),
    )
    return finding, unexplained


def verdict(key: dict[str, Any]) -> Verdict:
    """Return the verdict of a finding, told by the columns of `gather.KEY`."""
    return Verdict.FAIL if key["fails"] else Verdict.OPEN


def named(rule: Rule, key: dict[str, Any]) -> str:
    """Return the identifier of a finding of a rule, told by the columns of `gather.KEY`."""
    place = (key[name] for name in PLACE)
    words = (str(verdict(key)), about(rule.applies), *place, key["plane"], key["basis"], str(key["proven"]))
    return identity((rule.id, *words))


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
        found.append(Participants(place, ", ".join(member.names), who["example"] or "", member.sure))
    return tuple(dict.fromkeys(found))


def _first_sessions(number: int, facts: Facts, names: Names) -> tuple[str, ...]:
    called = [(row["first_ns"], names.sealed.names[row["id"]]) for row in facts.named.get(number, [])]
    alone = [(row["first_ns"], names.flow(row["witness"])) for row in facts.own.get(number, [])]
    return tuple(name for _, name in sorted(called + alone)[:SESSIONS])


def _evidence(rule: Rule, row: dict[str, Any], names: Names) -> Evidence:
    """Point at one record, and say what a stranger will see there."""
    source, record, time = witnessed(row["witness"])
    way = {"to": "to", "from": "from"}.get(row["direction"], "with")
    unnamed = "traffic" if row["basis"] == REPORTED else "traffic of no recognised protocol"
    what = row["app"] or unnamed
    plane = "plane not known" if row["plane"] == UNKNOWN else row["plane"].replace("+", " or ")
    rest = "offered only" if row["basis"] == OFFERED else row["outcome"] if row["outcome"] != CARRIED else ""
    secret = _SECRET[row["encrypted"]] if rule.asserts.verb == "must_be_encrypted" else ""
    end = row["example"] or "a place without an address"
    detail = ", ".join(word for word in (f"{what} {way} {end}", plane, secret, rest) if word)
    return Evidence(names.source(source), record, detail, time, names.unit(source))


_SECRET: Final = {ENCRYPTED: "encrypted", CLEAR: "in clear", NOT_SHOWN: "not known whether encrypted"}


def _settles(rule: Rule, unknown: list[dict[str, Any]], people: list[dict[str, Any]], names: Names) -> tuple[Any, ...]:
    """Name the facts that would close an open finding."""
    if rule.asserts.verb == "not_observable":
        return (Settle("evidence", "", f"No traffic can show it. What would: {rule.asserts.evidence.rstrip('.')}."),)
    population = rule.applies.population
    conditions = []
    excused: tuple[Settle, ...] = ()
    for i, condition in enumerate(CONDITIONS):
        ends = [_subject(row, row["role"], row["proof"], names) for row in unknown if row["why"] & (1 << i)]
        if ends and condition != "evidence":
            conditions.append((condition, ends))
        elif ends:
            excuse = f"That is allowed with this, which no traffic can show: {rule.asserts.evidence.rstrip('.')}."
            excused = (Settle("evidence", "", excuse),)
    asked = []
    lives = dict(homes(rule))
    for who in people:
        member = names.sealed.members[who["member"]]
        if who["asked"] and population:
            known = belongs(member, population, rule.proof, lives, rule.applies.by)
            asked.append(
                Person(member, known, _subject(who, who["role"], member.proof, names), rule.applies.by == "account")
            )
    return (*settles(conditions, asked), *excused)


def _subject(row: dict[str, Any], role: str, proof: str, names: Names) -> Subject:
    index, *_ = witnessed(row["witness"])
    told = str(row.get("app", "")), str(row.get("direction", ""))
    configured = index < len(names.inputs) and names.inputs[index].configuration
    return Subject(row["example"] or "", role, row["vantage"], names.source(index), proof, *told, configured)
