"""Could it happen?  Routing configuration is held against the same rules as traffic, under every outage.

What can answer whom is proven (`routing.reach`), each such way is a touch with the basis `configured`, and digest,
judge and report are those of an audit.  What is added is how it comes about: outages, steps, lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.intake import Paths, given
from auditor.model.documents import nanoseconds
from auditor.model.report import LINE, Evidence, Finding, Input, Report
from auditor.opening import load_baseline, load_waivers, notes, open_all

if TYPE_CHECKING:
    import polars as pl

    from auditor.digest import Digest
    from auditor.routing.collect import Collected
    from auditor.routing.shown import Told
    from auditor.routing.store import Store
    from auditor.routing.touches import Proofs, Way
    from auditor.rules import RuleSet

ASKED: Final = ("must_stay_in", "must_not_touch")
"""Verbs of rules that configuration can keep or break: it shows neither encryption nor what nothing shows."""


@dataclass(frozen=True)
class Gate:
    """One run of rules over configurations."""

    report: Report
    collected: "Collected"
    proofs: "Proofs"

    @property
    def verdict(self) -> str:
        """`pass`, `fail` or `open`."""
        return str(self.report.verdict)


def gate(
    configurations: Paths,
    *,
    rules: Sequence[str | Path] | None = None,
    inventory: str | Path | None = None,
    geo: Sequence[str | Path] = (),
    services: Sequence[str | Path] = (),
    selections: str | Path | None = None,
    waivers: Sequence[str | Path] = (),
    planes: Sequence[str] = (),
    baseline: str | Path | None = None,
    as_of: date | None = None,
    store: "Store | None" = None,
) -> Gate:
    """Prove where configurations can send clients, and judge it by rules.

    `configurations` are files and folders; `planes` is what the configured sites carry, where neither inventory nor
    configuration says it; `as_of` is the day by whose rules and proofs is judged (None: no day, so that rules with
    dates stay open).  Raises InputError for what the user can mend.
    """
    from auditor import judge
    from auditor.read.scan import uncollected
    from auditor.routing.collect import collect
    from auditor.routing.placed import placed
    from auditor.routing.reach import prove
    from auditor.routing.shown import Told
    from auditor.routing.touches import touches, ways

    places, _, ruleset = open_all(rules, inventory, geo, services, selections)
    ruleset = _asking(ruleset)
    accepted = load_waivers(waivers, ruleset, as_of)
    past = load_baseline(baseline)
    collected = collect(given(configurations), store)
    moment = nanoseconds(as_of) if as_of else None
    with uncollected():
        proofs = [prove(routing) for routing in collected.routings]
        found = list(ways(collected.routings, proofs))
        where = placed(collected.routings, places, moment, planes)
        rows = touches(collected.routings, found, collected.files, where, moment)
        digest = judge.fold(rows, judge.edges(ruleset.rules))
        report = judge.conclude(
            digest,
            ruleset.rules,
            inputs=_inputs(collected),
            databases=(*places.databases(), *ruleset.databases, *accepted.databases),
            notes=(*notes(rules), *ruleset.notes, *_passed(collected.passed)),
            limits=_limits(found),
            explain=where.explain(places),
            waivers=accepted.waivers,
            as_of=accepted.as_of,
            baseline=past,
        )
        told = Told(collected.routings, proofs)
        of = _ways(report.findings, rows, digest, ruleset)
        findings = tuple(
            _routed(each, [found[way][1] for way in of.get(each.id, ())], told) for each in report.findings
        )
    return Gate(replace(report, findings=findings, configurations=told.configurations()), collected, proofs)


def _asking(ruleset: "RuleSet") -> "RuleSet":
    """Leave out, with a note, rules that no configuration can keep or break."""
    kept = tuple(rule for rule in ruleset.rules if rule.asserts.verb in ASKED)
    count = len(ruleset.rules) - len(kept)
    if not count:
        return ruleset
    said = (
        f"{count} rule{'s' * (count != 1)} left out: routing configuration shows neither encryption nor what is kept."
    )
    return replace(ruleset, rules=kept, notes=(*ruleset.notes, said))


def _inputs(collected: "Collected") -> list[Input]:
    of = {file.name: routing.format for routing in collected.routings for file in routing.files}
    return [
        Input(file.name, sha256(file.data).hexdigest(), len(file.data), of[file.name], records=file.lines,
              configuration=True)
        for file in collected.files
    ]  # fmt: skip


def _passed(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"{count:,} other file{'s' * (count != 1)} in the given folders: of no format that is known.",)


def _limits(found: "Sequence[tuple[int, Way]]") -> tuple[str, ...]:
    unproven = sum(not way.reached.proven for _, way in found)
    if not unproven:
        return ()
    said = "whose failures are tied to each other in too many ways to consider all combinations"
    return (f"{unproven:,} ways of clients to pools {said}: they are taken for possible, and nothing passes by them.",)


def _ways(
    findings: Sequence[Finding], rows: "pl.DataFrame", digest: "Digest", ruleset: "RuleSet"
) -> dict[str, list[int]]:
    """Return the ways on which each finding rests."""
    if not findings:
        return {}
    import polars as pl

    from auditor.digest import edges, folded_into
    from auditor.judge.traced import traced

    hits = traced(digest.situations, ruleset.rules).hits.select("id", "row").unique()
    folded = folded_into(rows.drop("way"), digest.situations, edges(ruleset.rules))
    way = folded.with_columns(way=rows["way"].gather(folded["index"]))
    pairs = hits.join(way, on="row").select("id", "way").unique().sort("id", "way")
    return dict(pairs.group_by("id").agg(pl.col("way").sort()).iter_rows())


def _routed(finding: Finding, ways: "Sequence[Way]", told: "Told") -> Finding:
    """Let a finding say how it comes about."""
    routes = told.routes(ways)
    evidence = []
    for route in routes:
        some = f"{route.clients[0]}{f' and {route.client_count - 1:,} more' if route.client_count > 1 else ''}"
        count = len(route.outages)
        when = "with no outage" if not count else f"with {count} outage{'s' * (count != 1)}"
        evidence.append(Evidence(route.edge.file, route.edge.line, f"{some} to {route.site}, {when}", 0, LINE))
    return replace(finding, evidence=tuple(evidence), routes=routes)
