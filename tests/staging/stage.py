"""The examples of rules as evidence on disk, and what an audit of it says of each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import polars as pl

import auditor
from auditor import judge, pipeline, rules
from auditor.digest import folded_into
from auditor.judge.traced import traced
from auditor.model import countries, flow
from auditor.model.report import Input
from auditor.model.rule import Choice, Rule
from auditor.pipeline import Located
from auditor.rules.format import Situation
from tests.captures import pcap
from tests.staging import CannotStage, plot
from tests.staging.cast import Place, where
from tests.staging.ground import Files, Ground
from tests.staging.scene import Scene, play

STEP = 0.011  # seconds between packets


@dataclass(frozen=True)
class Staged:
    """One example as a capture."""

    rule: Rule
    promised: str
    number: int  # of the example under its verdict
    tree: Mapping[str, Any]  # the situation as the file has it
    capture: Path
    scene: Scene
    selections: Path | None = None

    @property
    def label(self) -> str:
        return f"{self.rule.id}: {self.promised} {self.number} ({self.capture.name})"


@dataclass(frozen=True)
class Evidence:
    """Captures, and what is known of who is in them."""

    staged: list[Staged]
    missing: dict[str, str]  # example -> why it can't be staged
    files: Files


def stage(given: Iterable[Rule], folder: Path, seeds: Sequence[int], home: Path | None = None) -> Evidence:
    """Stage every example of some rules, once for each seed; `home` is the folder of their files."""
    ground, staged, missing = Ground(), [], {}
    for rule in given:
        for promised, cases in rule.examples.items():
            for number, tree in enumerate(cases, 1):
                told = msgspec.convert({name: each for name, each in tree.items() if name != CHOICES}, Situation)
                for seed in seeds:
                    rng = Random(f"{seed}/{rule.pack}/{rule.id}/{promised}/{number}")
                    path = folder / f"{rule.id}.{promised}-{number}.{seed}.pcap"
                    try:
                        scene = play(rule, told, ground, rng)
                    except CannotStage as reason:
                        missing[f"{rule.id}: {promised} {number}"] = str(reason)
                        continue
                    start = moment(rule, told, rng)
                    path.write_bytes(pcap(scene.frames, start, STEP if start else 0))
                    chosen = selections(tree.get(CHOICES, {}), path.with_suffix(".selections.yaml"))
                    staged.append(Staged(_knowing(rule, chosen, home), promised, number, tree, path, scene, chosen))
    return Evidence(staged, missing, ground.write(folder))


CHOICES: Final = "selections"


def selections(told: Mapping[str, Choice], file: Path) -> Path | None:
    """Write what accounts have selected."""
    if not told:
        return None
    regions: dict[str, Any] = {}

    def named(where: str | None, sites: Iterable[str]) -> list[str]:
        names = []
        for kind, found in (("countries", countries.members(where or countries.NOWHERE)), ("sites", sorted(sites))):
            if found:
                names.append(f"region-{len(regions)}")
                regions[names[-1]] = {kind: list(found)}
        return names

    chosen = {
        account: {"in": named(choice.inside, choice.sites), "out": named(choice.outside, choice.banned)}
        for account, choice in told.items()
    }
    chosen = {account: {key: names for key, names in each.items() if names} for account, each in chosen.items()}
    default = {"default": chosen.pop("default")} if "default" in chosen else {}
    listed = [{"account": account, **each} for account, each in chosen.items()]
    file.write_text(json.dumps({"regions": regions, **default, "accounts": listed}), encoding="utf-8")
    return file


def _knowing(rule: Rule, chosen: Path | None, home: Path | None) -> Rule:
    """Load a rule again with the selections that it asks for."""
    if chosen is None or rule.asserts.selection is None:
        return rule
    (loaded,) = rules.load([str((home or rules.builtin()) / rule.file)], (), chosen).rules
    return replace(loaded, file=rule.file)


def moment(rule: Rule, told: Situation, rng: Random) -> float:
    """Choose when it happens: on the day that the example names, else on one at which the rule judges.

    A rule whose sets change with time is taken as it stands last.
    """
    seconds = rng.randrange(3600, 80000)
    if told.date is not None:
        day = datetime(told.date.year, told.date.month, told.date.day, tzinfo=UTC)
    elif rule.since_ns is not None:
        day = datetime.fromtimestamp(rule.since_ns // 10**9, UTC)
    elif rule.until_ns is not None:
        day = datetime.fromtimestamp(rule.until_ns // 10**9, UTC) - timedelta(days=1)
    elif rule.versions and rule.versions[-1].since_ns is not None:
        day = datetime.fromtimestamp(rule.versions[-1].since_ns // 10**9, UTC)
    else:
        day = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(days=rng.randrange(2500))
    return day.timestamp() + seconds


def audited(evidence: Evidence, packs: Sequence[str | Path]) -> auditor.Audit:
    """Audit all captures at once."""
    files = evidence.files
    captures = [each.capture for each in evidence.staged]
    return auditor.audit(
        captures, rules=packs, inventory=files.inventory, services=files.services, geo=files.geo, workers=1
    )


def located(evidence: Evidence) -> Located:
    """Locate the flows of all captures at once."""
    files = evidence.files
    captures = [each.capture for each in evidence.staged]
    return pipeline.located(captures, inventory=files.inventory, services=files.services, geo=files.geo, workers=1)


def verdicts(found: Located, evidence: Evidence, together: bool = True) -> dict[str, str]:
    """Say of each example, by its label, how its rule judges its capture: the worst of what it says of any touch.

    Rules are judged `together`, as the audit of a pack does, for no address stands in two captures; or each by itself.
    An example with selections of its own is judged apart.
    """
    groups: dict[Any, list[Staged]] = {}
    for each in evidence.staged:
        key = each.capture if each.selections is not None else "all" if together else each.rule.id
        groups.setdefault(key, []).append(each)
    return {label: verdict for some in groups.values() for label, verdict in _judged(found, some).items()}


def _judged(found: Located, some: Sequence[Staged]) -> dict[str, str]:
    """Judge captures by all of their rules at once; where nothing is found a rule passed, or had nothing to say."""
    at = _sources(found)
    frame = found.frame.filter(pl.col("source").is_in([at[each.capture.name] for each in some]))
    rules = list({each.rule.id: each.rule for each in some}.values())
    dates, rejected = judge.edges(rules), judge.asks_rejected(rules)
    situations = judge.fold(frame, dates, rejected).situations
    rows = folded_into(frame, situations, dates, rejected)
    rows = rows.with_columns(source=frame["source"].gather(rows["index"]))
    hits = traced(situations, rules).hits.join(rows, on="row").select("rule", "source", "verdict").unique()
    worst: dict[tuple[str, int], str] = {}
    for rule, source, verdict in hits.sort("verdict", descending=True).iter_rows():
        worst[rule, source] = verdict  # open before fail
    judged = {each.label: worst.get((each.rule.id, at[each.capture.name]), "") for each in some}
    for rule in rules:
        clean = [each for each in some if each.rule.id == rule.id and not judged[each.label]]
        aside = [each for each in clean if each.promised == "not_applicable"]
        if not _passed(frame, [at[each.capture.name] for each in aside], rule, rules):
            judged |= {each.label: "not_applicable" for each in aside}
        for each in clean:
            if not judged[each.label]:
                passed = _passed(frame, [at[each.capture.name]], rule, rules)
                judged[each.label] = "pass" if passed else "not_applicable"
    return judged


def _passed(frame: pl.DataFrame, sources: Sequence[int], rule: Rule, rules: Sequence[Rule]) -> int:
    """Count what a rule, judged among others, lets pass in some captures."""
    part = frame.filter(pl.col("source").is_in(sources)).with_columns(source=pl.lit(0, pl.Int32))
    digest = judge.fold(part, judge.edges(rules), judge.asks_rejected(rules))
    report = judge.conclude(digest, rules, inputs=[Input("captures", "0" * 64, 1, "pcap")])
    return dict(report.coverage.judged)[rule.id].passed


def strangers(found: Located, evidence: Evidence) -> list[str]:
    """List what the evidence says otherwise than its example."""
    parts, at = found.frame.partition_by("source", as_dict=True), _sources(found)
    return [
        f"{each.label}: {problem}"
        for each in evidence.staged
        for problem in strange(parts[(at[each.capture.name],)], each)
    ]


def _sources(found: Located) -> dict[str, int]:
    return {Path(entry.name).name: source for source, entry in enumerate(found.inputs)}


def strange(found: pl.DataFrame, staged: Staged) -> list[str]:
    """List what the evidence says otherwise than the example, of each place that is touched."""
    asked = plot.asks(staged.rule)
    problems = []
    for place in staged.scene.places:
        seen = told_of(found, place.address)
        wanted = promised(place, asked)
        if not seen:
            problems.append(f"nothing is seen of {place.address}")
        for name, value in wanted.items():
            other = {row[name] for row in seen} - {value}
            problems += [f"{name} of {place.address} ({place.kind}): {sorted(other)}, not {value!r}"] if other else []
    return problems


def told_of(found: pl.DataFrame, address: str) -> list[dict[str, str]]:
    """Say of each row that has an address on either side what it tells of that end."""
    out = []
    for side, opened in (("src", "from"), ("dst", "to")):
        for row in found.filter(pl.col(f"{side}_addr") == address).iter_rows(named=True):
            claimed, proven = row[f"{side}_claimed"], row[f"{side}_proven"]
            out.append({
                "where": countries.possible(claimed, proven),
                "role": row[f"{side}_role"],
                "operator": row[f"{side}_operator"],
                "service": row["service"],
                "site": row[f"{side}_site"],
                "plane": row["plane"].removesuffix(flow.NAMED),
                "basis": row["basis"],
                "outcome": row["outcome"],
                "direction": opened if row["opened"] else "",
                "encrypted": row["encrypted"],
            })  # fmt: skip
    return out


def promised(place: Place, asked: plot.Asked) -> dict[str, str]:
    """Say what the example tells of a place, as far as its rule asks."""
    touch = place.touch
    told = where(touch.country)
    codes = told.get("countries") or [told[name] for name in told]
    wanted = {
        "where": countries.of(codes) if codes else countries.ANYWHERE,
        "role": touch.role, "plane": touch.plane, "basis": touch.basis, "outcome": touch.outcome,
    }  # fmt: skip
    if place.touch.role == "client":
        del wanted["plane"]  # whoever takes part signals as well
        asked = replace(asked, encrypted=False)
    return wanted | {
        name: value
        for name, value, matters in (
            ("operator", touch.operator, asked.operator),
            ("service", touch.service, asked.service),
            ("site", touch.site, asked.site),
            ("direction", touch.direction or "", asked.direction),
            ("encrypted", {True: "yes", False: "no"}.get(touch.encrypted, ""), asked.encrypted),  # type: ignore[call-overload]
        )
        if matters
    }
