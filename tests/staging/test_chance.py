"""What shipped packs never combine: rules and situations by chance are judged alike as rows and as captures."""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

import auditor
from auditor import rules
from auditor.judge import examples
from auditor.model.documents import nanoseconds
from auditor.model.rule import Rule
from auditor.pipeline import Located
from tests.builders import rule as built
from tests.staging import chance, stage

DOCUMENTED = Path(__file__).parents[2] / "docs" / "rules.md"


def test_captures_are_judged_as_the_rows_that_they_stand_for(tmp_path: Path) -> None:
    rng = Random(20200403)
    drawn = [chance.drawn(rng, number) for number in range(24)]
    evidence = stage.stage(drawn, tmp_path, (1,))
    found = stage.located(evidence)
    judged = stage.verdicts(found, evidence, together=False)  # what labels mean, other rules say too
    expected = {each.label: examples.verdict(each.rule, each.tree) for each in evidence.staged}
    assert judged == expected
    assert stage.strangers(found, evidence) == []
    assert len(Counter(judged.values())) == 4
    assert len(judged) >= 60


def test_the_examples_of_the_documentation(tmp_path: Path) -> None:
    for name, text in re.findall(r"```yaml (rule|encrypted)\n(.*?)```", DOCUMENTED.read_text(encoding="utf-8"), re.S):
        (tmp_path / name).mkdir()
        file = tmp_path / f"{name}.yaml"
        file.write_text(text, encoding="utf-8")
        evidence = stage.stage(rules.load([str(file)]).rules, tmp_path / name, (1, 2, 3))
        assert evidence.missing == {}
        judged = stage.verdicts(stage.located(evidence), evidence)
        assert judged == {each.label: each.promised for each in evidence.staged}


def told(*touches: dict[str, object], people: tuple[object, ...] = ("US", "CA"), **more: object) -> dict[str, object]:
    return {"participants": people, "touches": touches, **more}


def staged(tmp_path: Path, rule: Rule, *situations: dict[str, object]) -> tuple[stage.Evidence, list[str]]:
    rule.examples["told"] = situations
    evidence = stage.stage([rule], tmp_path, (1, 2))
    found = stage.located(evidence)
    assert stage.strangers(found, evidence) == []
    return evidence, [stage.verdicts(found, evidence)[each.label] for each in evidence.staged]


@pytest.mark.parametrize(
    ("touch", "verdict"),
    [
        ({"country": "CN", "plane": "media"}, "fail"),
        ({"country": "CN", "plane": "media", "as": "relay", "evidence": "claim"}, "fail"),
        ({"country": ["CN", "HK", "JP"], "plane": "keys", "evidence": "claim"}, "open"),
        ({"country": "CN", "plane": "signalling", "basis": "attested"}, "fail"),
        ({"country": "CN", "plane": "media", "as": "relay", "basis": "offered"}, "open"),
        ({"country": "CN", "plane": "media", "outcome": "unanswered"}, "open"),
        ({"country": "CN", "plane": "media", "outcome": "rejected"}, "not_applicable"),
        ({"country": "CN", "plane": "recording", "as": "unknown"}, "open"),
        ({"country": "CN", "plane": "other", "as": "hop"}, "not_applicable"),
        ({"country": "US", "plane": "management"}, "pass"),
    ],
)
def test_a_touch_is_known_as_the_example_knows_it(tmp_path: Path, touch: dict[str, object], verdict: str) -> None:
    assert staged(tmp_path, built(), told(touch))[1] == [verdict] * 2


def test_hops_are_shown_by_tunnels(tmp_path: Path) -> None:
    rule = built(roles=frozenset({"hop"}))
    cases = [told({"country": "CN", "as": "hop", "plane": plane}) for plane in ("media", "other", "unknown")]
    evidence, judged = staged(tmp_path, rule, *cases)
    assert {place.kind for each in evidence.staged for place in each.scene.places} == {"tunnel"}
    assert judged == ["fail"] * 6


def test_what_no_capture_shows_is_listed_with_its_reason(tmp_path: Path) -> None:
    media = {"country": "CN", "plane": "media"}
    rule = built(roster="complete")
    evidence, judged = staged(
        tmp_path, rule, told(media, roster="complete"), told(media | {"basis": "reported"}),
        told(media | {"basis": "configured"}), told(media),
    )  # fmt: skip
    assert {label.rpartition(" ")[2]: why.split(":")[0] for label, why in evidence.missing.items()} == {
        "1": "`roster",
        "2": "basis `reported`",
        "3": "basis `configured`",
    }
    assert judged == ["open", "open"]


def test_a_capture_that_says_more_than_its_example_is_noticed(tmp_path: Path) -> None:
    rule = built()
    evidence, _ = staged(tmp_path, rule, told({"country": "CN", "plane": "keys"}))
    (place,) = evidence.staged[0].scene.places
    for name, value in (("country", "HK"), ("plane", "media"), ("role", "relay"), ("outcome", "unanswered")):
        place.touch, kept = replace(place.touch, **{name: value}), place.touch
        (problem,) = stage.strangers(stage.located(evidence), evidence)
        assert problem.partition("): ")[2].startswith("where" if name == "country" else name)
        place.touch = kept


SELECTED = """\
id: sessions-stay-where-selected
title: Sessions stay where their account selected
severity: high
applies: {planes: [media]}
must_stay_in: {selection: host}
why: Accounts choose.
fix: Route them there.
references: [{title: Terms}]
examples:
  pass:
    - participants: [{country: DE, account: acme}]
      touches: [{country: FR, as: relay, plane: media}]
      selections: {acme: {in: [eea]}, default: {out: [CN]}}
  fail:
    - participants: [{country: DE, account: acme}, {country: FR, account: acme}]
      touches: [{country: US, as: relay, plane: media}]
      selections: {acme: {in: [eea]}, default: {in: [CH]}}
    - note: everybody's choice forbids it
      participants: [{country: DE, account: acme}, {country: FR, account: globex}]
      touches: [{country: CN, as: relay, plane: media}]
      selections: {acme: {in: [eea]}, default: {out: [CN]}}
  open:
    - note: one of both hosts it, and they chose differently
      participants: [{country: DE, account: acme}, {country: US, account: globex}]
      touches: [{country: US, as: relay, plane: media}]
      selections: {acme: {in: [eea]}, globex: {in: [US]}}
    - participants: [{country: DE}]
      touches: [{country: US, as: relay, plane: media}]
      selections: {acme: {in: [eea]}, globex: {in: [US]}}
    - note: a record says whose it is
      participants: [{country: DE, account: acme}]
      touches: [{country: [DE, US], as: relay, plane: media}]
      account: globex
      selections: {acme: {in: [US]}, globex: {in: [DE]}}
  not_applicable:
    - participants: [{country: DE, account: acme}]
      touches: [{country: US, as: relay, plane: recording}]
      selections: {acme: {in: [eea]}}
"""


def test_accounts_and_what_they_selected(tmp_path: Path) -> None:
    (tmp_path / "selected.yaml").write_text(SELECTED, encoding="utf-8")
    (rule,) = rules.load([str(tmp_path / "selected.yaml")]).rules
    assert examples.check(rule) == []
    evidence = stage.stage([rule], tmp_path, (1, 2), home=tmp_path)
    (why,) = evidence.missing.values()
    assert why.startswith("`account`")
    found = stage.located(evidence)
    judged = stage.verdicts(found, evidence)
    assert judged == {each.label: each.promised for each in evidence.staged}
    assert len(judged) == 12
    assert stage.strangers(found, evidence) == []
    for each in evidence.staged[:4]:
        alone = auditor.audit(
            each.capture, rules=[tmp_path / "selected.yaml"], inventory=evidence.files.inventory,
            selections=each.selections, workers=1,
        )  # fmt: skip
        assert alone.verdict == each.promised


DATED = """\
id: dated-pack
title: A pack
version: "1"
date: 2026-01-01
description: For tests.
territories:
  union: {title: the union, countries: [FR, DE], members: [{countries: [GB], until: 2020-02-01}]}
"""
WITHIN = """\
id: stays-in-the-union
title: Media stays in the union
severity: high
applies: {planes: [media]}
must_stay_in: {territory: union}
why: A test asks.
fix: None.
references: [{title: A text}]
examples:
  pass:
    - {participants: [DE], touches: [{country: FR, as: relay, plane: media}]}
    - {date: 2020-01-31, participants: [DE], touches: [{country: GB, as: relay, plane: media}]}
  fail:
    - {date: 2020-02-01, participants: [DE], touches: [{country: GB, as: relay, plane: media}]}
    - {date: 2019-05-05, participants: [DE], touches: [{country: US, as: relay, plane: media}]}
  open:
    - {date: 2020-01-31, participants: [DE], touches: [{country: [US, GB], as: relay, plane: media}]}
"""


def test_days_on_which_territories_change(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(DATED, encoding="utf-8")
    (tmp_path / "within.yaml").write_text(WITHIN, encoding="utf-8")
    (rule,) = rules.load([str(tmp_path)]).rules
    rule.examples["undated"] = ({"participants": ["DE"], "touches": [{"country": "GB", "plane": "media"}]},)
    evidence = stage.stage([rule], tmp_path, (1, 2), home=tmp_path)
    found = stage.located(evidence)
    judged = stage.verdicts(found, evidence)
    assert judged == {each.label: examples.verdict(rule, each.tree) for each in evidence.staged}
    assert {each.promised for each in evidence.staged if judged[each.label] != each.promised} == {"undated"}
    times = {found.frame["first_ns"][at] for at in range(len(found.frame)) if "undated" in _name(found, at)}
    assert min(times) >= nanoseconds(date(2020, 2, 1)), "what bears no date is told of the latest wording"


def _name(found: Located, row: int) -> str:
    return found.inputs[found.frame["source"][row]].name
