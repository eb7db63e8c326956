"""Could it happen?  Routing configuration is held against the same rules as traffic, under every outage.

What can answer whom is proven (`routing.reach`), each such way is a touch with the basis `configured`, and digest,
judge and report are those of an audit.  What is added is how it comes about: outages, steps, lines; and, where an
earlier state is given, what a change of configuration made possible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.intake import Paths, given
from auditor.model.coverage import LINE
from auditor.model.documents import nanoseconds
from auditor.model.heap import uncollected
from auditor.model.report import KNOWN, NEW, BaselineUse, Database, Evidence, Finding, Input, Past, Report
from auditor.opening import load_baseline, load_waivers, notes, open_all

if TYPE_CHECKING:
    import polars as pl

    from auditor.digest import Digest
    from auditor.enrich.places import Places
    from auditor.model.baseline import Baseline
    from auditor.routing.collect import Collected
    from auditor.routing.compare import Blame
    from auditor.routing.shown import Told
    from auditor.routing.touches import Proofs, Way
    from auditor.rules import RuleSet
    from auditor.rules.waivers import Waivers

DETAILED: Final = 200
"""Findings that are told with steps and graphs: more than a page shows."""

ASKED: Final = ("must_stay_in", "must_not_touch")
"""Verbs of rules that configuration can keep or break: it shows neither encryption nor what nothing shows."""


NAMED: Final = 12
"""Sites of an inventory that are listed in a note."""


@dataclass(frozen=True)
class Gate:
    """One run of rules over configurations."""

    report: Report
    collected: "Collected"
    proofs: "Proofs"
    ways: Mapping[str, "Sequence[Way]"]  # identifier of a finding -> the ways on which it rests

    @property
    def verdict(self) -> str:
        """`pass`, `fail` or `open`."""
        return str(self.report.verdict)


@dataclass(frozen=True, slots=True)
class _By:
    """What is judged by."""

    places: "Places"
    ruleset: "RuleSet"
    waivers: "Waivers"
    baseline: "Baseline | None"
    planes: Sequence[str]
    as_of: date | None
    notes: Sequence[str]


@uncollected()
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
    against: str | None = None,
) -> Gate:
    """Prove where configurations can send clients, and judge it by rules.

    `configurations` are files and folders; `planes` is what the configured sites carry, where neither inventory nor
    configuration says it; `as_of` is the day by whose rules and proofs is judged (None: no day, so that rules with
    dates stay open).  With `against`, a revision or a folder of an earlier state, findings that the change neither
    brought nor made easier are known, and decide nothing.  Raises InputError for what the user can mend.
    """
    from auditor.routing.collect import collect
    from auditor.routing.store import Disk

    places, _, ruleset = open_all(rules, inventory, geo, services, selections)
    ruleset = _asking(ruleset)
    accepted = load_waivers(waivers, ruleset, as_of)
    by = _By(places, ruleset, accepted, load_baseline(baseline), planes, as_of, notes(rules))
    paths = given(configurations)
    found = _judged(collect(paths, Disk()), by, DETAILED if against is None else 0)
    return found if against is None else _compared(found, against, paths, by)


def _judged(collected: "Collected", by: _By, detailed: int) -> Gate:
    """Prove and judge one state of configurations; the first `detailed` findings are told with steps and graphs."""
    from auditor import judge
    from auditor.routing.placed import placed
    from auditor.routing.reach import prove
    from auditor.routing.shown import Told
    from auditor.routing.surge.findings import Surges
    from auditor.routing.touches import Ways, touches

    moment = nanoseconds(by.as_of) if by.as_of else None
    proofs = [prove(routing) for routing in collected.routings]
    found = Ways(collected.routings, proofs)
    where = placed(collected.routings, by.places, moment, by.planes)
    rows = touches(collected.routings, found, collected.files, where, moment)
    digest = judge.fold(rows, judge.edges(by.ruleset.rules))
    told = Told(collected.routings, proofs)
    report = judge.conclude(
        digest,
        by.ruleset.rules,
        inputs=_inputs(collected),
        notes=(*by.notes, *by.ruleset.notes, *_unnamed(collected, by.places), *_passed(collected.passed)),
        databases=(*by.places.databases(), *_continents(collected), *by.ruleset.databases, *by.waivers.databases),
        limits=_limits(sum(known.unproven for known in told.configurations())),
        explain=where.explain(by.places),
        waivers=by.waivers.waivers,
        as_of=by.waivers.as_of,
        baseline=by.baseline,
    )
    numbers = _ways(report.findings, rows, digest, by.ruleset)
    of = {each.id: [found[way] for way in numbers.get(each.id, ())] for each in report.findings}
    surges = Surges(collected.routings)
    findings = tuple(
        replace(
            _routed(each, told, of[each.id], number < detailed),
            surge=surges.of(of[each.id]),
            reaching=told.reaching(of[each.id]),
        )
        for number, each in enumerate(report.findings)
    )
    report = judge.restated(replace(report, configurations=told.configurations()), findings)
    return Gate(_easier(report, by.baseline), collected, proofs, of)


def _easier(report: Report, baseline: "Baseline | None") -> Report:
    """Let findings of a baseline be new that take fewer outages by now than they did in it."""
    from auditor import judge

    if baseline is None or report.baseline is None:
        return report
    then = {past.id: past.outages for past in baseline.findings}
    findings = [
        replace(each, standing=NEW) if _fewer(each.outages, then.get(each.id)) else each for each in report.findings
    ]
    known = sum(finding.standing == KNOWN for finding in findings)
    use = replace(report.baseline, known=known, new=len(findings) - known)
    return judge.restated(replace(report, baseline=use), findings)


def _fewer(now: int | None, then: int | None) -> bool:
    return now is not None and then is not None and now < then


def _compared(now: Gate, against: str, paths: Sequence[str], by: _By) -> Gate:
    """Say of findings what they were in an earlier state; those that a change did not make easier are known."""
    from auditor import judge
    from auditor.routing.collect import collect
    from auditor.routing.compare import Blame, before
    from auditor.routing.revision import earlier
    from auditor.routing.shown import Told
    from auditor.routing.store import Disk
    from auditor.routing.surge.findings import Surges

    then = _judged(collect(paths, earlier(against, paths), earlier=against), by, 0)
    found = [(finding, then.ways[finding.id]) for finding in then.report.findings]
    blame = Blame(paths, now.collected, Disk(), before(then.collected, then.proofs, found, now.collected))
    told = Told(now.collected.routings, now.proofs)
    surges = Surges(now.collected.routings, then.collected.routings)
    findings = []
    for number, each in enumerate(now.report.findings):
        surge = surges.of(now.ways[each.id])
        if surge and each.id not in then.ways:  # its pools were elsewhere, or its clients others
            surge = replace(surge, before=None)
        findings.append(_standing(replace(each, surge=surge), told, now.ways[each.id], number < DETAILED, blame))
    still = {finding.id for finding in findings}
    fixed = [Past(each.id, each.rule, str(each.verdict)) for each in then.report.findings if each.id not in still]
    known = sum(finding.standing == KNOWN for finding in findings)
    file = f"{by.baseline.file} and {against}" if by.baseline else against
    use = BaselineUse(file, "", known, len(findings) - known, tuple(sorted(fixed, key=lambda past: past.id)), ())
    report = judge.restated(replace(now.report, baseline=use), findings)
    return replace(now, report=report)


def _standing(finding: Finding, told: "Told", ways: "Sequence[Way]", full: bool, blame: "Blame") -> Finding:
    """Tell the ways first that a change made easier; a finding without any is known."""
    worse = [way for way in ways if blame.worse(finding, way)]
    sooner = finding.surge is not None and finding.surge.sooner
    known = not (worse or sooner) or finding.standing == KNOWN
    routed = _routed(finding, told, worse or ways, full, blame)
    return replace(routed, standing=KNOWN if known else NEW)


def _asking(ruleset: "RuleSet") -> "RuleSet":
    """Leave out, with a note, rules that no configuration can keep or break."""
    kept = tuple(rule for rule in ruleset.rules if rule.asserts.verb in ASKED)
    count = len(ruleset.rules) - len(kept)
    if not count:
        return ruleset
    said = f"{count} rule{'s' * (count != 1)} left out: configuration shows neither encryption nor what is kept."
    return replace(ruleset, rules=kept, notes=(*ruleset.notes, said))


def _continents(collected: "Collected") -> list[Database]:
    """Name the tables of continents, if classes of clients rest on them."""
    from auditor.routing import continents

    asking = continents.ASKING & {routing.format for routing in collected.routings}
    return [continents.database()] if asking else []


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


def _unnamed(collected: "Collected", places: "Places") -> tuple[str, ...]:
    """Say which sites of the inventory place nothing: their names may be meant for what is called otherwise."""
    named = {name for each in collected.routings for site in each.sites.values() for name in (site.name, *site.also)}
    lost = [name for name in places.by_name() if name not in named]
    if not lost:
        return ()
    some = f"{', '.join(lost[:NAMED])}{f' and {len(lost) - NAMED:,} more' if len(lost) > NAMED else ''}"
    said = "Sites of the inventory without networks that place nothing, since no configuration leads to one of the name"
    return (f"{said}: {some}.",)


def _limits(unproven: int) -> tuple[str, ...]:
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

    sites = {finding.place.site for finding in findings}
    rules = [rule for rule in ruleset.rules if rule.id in {finding.rule for finding in findings}]
    found = digest.situations.filter(pl.col("dst_site").is_in(sites))  # each end of these is among these
    rows = rows.filter(pl.col("dst_site").is_in(sites))
    hits = traced(found, rules).hits.select("id", "row").unique()
    folded = folded_into(rows.drop("way"), found, edges(ruleset.rules))
    way = folded.with_columns(way=rows["way"].gather(folded["index"]))
    pairs = hits.join(way, on="row").select("id", "way").unique().sort("id", "way")
    return dict(pairs.group_by("id").agg(pl.col("way").sort()).iter_rows())


def _routed(finding: Finding, told: "Told", ways: "Sequence[Way]", full: bool, blame: "Blame | None" = None) -> Finding:
    """Let a finding say how it comes about; its evidence is the lines by which it does."""
    routes = told.routes(ways, full, partial(blame.judged, finding) if blame else None)
    evidence = []
    for route in routes:
        some = f"{route.clients[0]}{f' and {route.client_count - 1:,} more' if route.client_count > 1 else ''}"
        count = len(route.outages)
        when = f"with {count} outage{'s' * (count != 1)}" if count else "with no outage"
        evidence.append(Evidence(route.edge.file, route.edge.line, f"{some} to {route.site}, {when}", 0, LINE))
    return replace(finding, evidence=tuple(evidence), routes=routes)
