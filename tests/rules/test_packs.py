import os
from pathlib import Path

import pytest

from auditor import rules
from auditor.judge import examples
from auditor.model import countries
from auditor.model.errors import InputError
from auditor.model.rule import Names, Rule, Scope
from auditor.rules import speaks

RULE = """\
id: a-rule
title: A rule
severity: high
applies: {participants: all overseas, planes: [media]}
must_not_touch: {territory: china-mainland}
why: Because.
fix: Mend it.
references: [{title: A text}]
examples:
  pass: [{participants: [US], touches: [{country: US, plane: media}]}]
  fail: [{participants: [US], touches: [{country: CN, plane: media}]}]
  open: [{participants: [US], touches: [{plane: media}]}]
"""
PACK = """\
id: a-pack
title: A pack
version: "1"
date: 2026-01-01
description: For tests.
populations:
  overseas: {countries: {except: [CN]}, labels: [overseas]}
"""


def folder(path: Path, pack: str = PACK, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    (path / "pack.yaml").write_text(pack, encoding="utf-8")
    for name, text in (files or {"a_rule": RULE}).items():
        (path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return path


def one(path: Path, text: str = RULE, pack: str = PACK) -> Rule:
    return rules.load([str(folder(path, pack, a_rule=text))]).rules[0]


def refused(path: Path, text: str = RULE, pack: str = PACK) -> str:
    with pytest.raises(InputError) as caught:
        one(path, text, pack)
    assert all(each.source.startswith(str(path)) and each.column for each in caught.value.each)
    return "\n".join(f"line {each.record}: {each.message}" for each in caught.value.each)


def test_a_rule_resolves(tmp_path: Path) -> None:
    rule = one(tmp_path / "p")
    assert rule.applies.population is not None
    assert rule.applies.population.countries == "-CN"
    assert rule.applies.population.labels == {"overseas"}
    assert (rule.applies.quantifier, rule.applies.planes) == ("all", {"media"})
    assert rule.asserts.countries == "CN"
    assert rule.asserts.territory == "mainland China"
    assert rule.asserts.roles == {"server", "relay"}
    assert (rule.pack, rule.file, rule.line, len(rule.sha256)) == ("a-pack", "p/a_rule.yaml", 1, 64)
    assert rule.examples["fail"][0]["touches"][0]["country"] == "CN"
    assert rule.applies.bases == Scope().bases


def test_dates_names_and_exceptions_resolve(tmp_path: Path) -> None:
    text = RULE.replace(
        "must_not_touch: {territory: china-mainland}",
        "must_stay_in: {countries: {except: [NO, CN]}, operators: {except: [Acme]},"
        " sites: [a], services: [zoom], as: [hop]}\n"
        "valid: {from: 1970-01-02, until: 1970-01-03}\nproof: required",
    ).replace(
        "planes: [media]",
        "planes: [media], direction: to, bases: [offered], roster: complete, services: {except: [zoom]}",
    )
    rule = one(tmp_path, text)
    assert rule.asserts.verb == "must_stay_in"
    assert rule.asserts.countries == countries.text(countries.WORLD & ~countries.bits("CN+NO"))
    assert rule.asserts.operators == Names(frozenset({"Acme"}), negated=True)
    assert rule.asserts.sites == Names(frozenset({"a"}))
    assert rule.asserts.roles == {"hop"}
    assert (rule.since_ns, rule.until_ns, rule.proof) == (86_400_000_000_000, 172_800_000_000_000, True)
    assert rule.applies.directions == {"to"}
    assert rule.applies.bases == {"offered"}
    assert rule.applies.roster == "complete"
    assert rule.applies.services == Names(frozenset({"zoom"}), negated=True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "territory: china-mainland",
            "countries: [CN, UK]",
            "line 5: unknown country `UK`; the code is exceptionally reserved in ISO 3166-1, for the United Kingdom; "
            "write `GB`",
        ),
        ("territory: china-mainland", "countries: [cn]", "line 5: unknown country `cn`; did you mean `CN`?"),
        ("territory: china-mainland", "countries: [EU]", "write `territory: eu`"),
        ("territory: china-mainland", "countries: [China]", "write an ISO 3166-1 alpha-2 code"),
        ("territory: china-mainland", "countries: {except: [ZZ]}", "unknown country `ZZ`"),
        (
            "territory: china-mainland",
            "territory: china-mainlnd",
            "unknown territory `china-mainlnd`; did you mean `china-mainland`?",
        ),
        ("territory: china-mainland", "territory: {except: [nowhere]}", "unknown territory `nowhere`"),
        (
            "territory: china-mainland",
            "territory: eu, countries: [CN]",
            "`territory` and `countries` exclude each other",
        ),
        ("territory: china-mainland", "as: [server]", "`must_not_touch` names nothing"),
        ("territory: china-mainland", "services: [zom]", "unknown service `zom`; did you mean `zoom`?"),
        ("territory: china-mainland", "territory: eu, as: [proxy]", "`proxy` is not allowed here"),
        (
            "must_not_touch: {territory: china-mainland}",
            "",
            "has none of must_not_touch, must_stay_in, must_be_encrypted",
        ),
        (
            "why:",
            "must_stay_in: {territory: eu}\nwhy:",
            "line 6: has `must_not_touch` and `must_stay_in`; a rule asserts one thing",
        ),
        (
            "must_not_touch: {territory: china-mainland}",
            "must_be_encrypted: {territory: eu}",
            "unknown key `territory`",
        ),
        ("why:", "must_be_encrypted: {}\nwhy:", "line 6: has `must_not_touch` and `must_be_encrypted`"),
        ("[{plane: media}]", "[{encrypted: perhaps}]", "`perhaps`"),
        ("all overseas", "all oversea", "unknown population `oversea`; did you mean `overseas`?"),
        ("all overseas", "every overseas", "names no participants"),
        ("all overseas", "none", "names no participants"),
        ("[media]", "[medai]", "`medai` is not allowed here; did you mean `media`?"),
        ("severity: high", "severity: fatal", "line 3: `fatal` is not allowed here"),
        ("severity: high", "sevrity: high", "line 3: unknown key `sevrity`; did you mean `severity`?"),
        ("id: a-rule", "id: A rule", "line 1: `A rule` is wrong for `id`"),
        ("why: Because.\n", "", "key `why` is missing"),
        ("references: [{title: A text}]\n", "references: []\n", "`references` is empty; list at least 1"),
        ("  open: [{participants: [US], touches: [{plane: media}]}]\n", "", "key `open` is missing"),
        ("[{plane: media}]", "[{country: [CN, XX]}]", "unknown country `XX`"),
        (
            "participants: [US], touches: [{plane",
            "participants: [{country: YY}], touches: [{plane",
            "unknown country `YY`",
        ),
        ("why:", "valid: {from: 2021-01-01, until: 2021-01-01}\nwhy:", "line 6: `until` must be a later day"),
        ("why:", "valid: {from: 2021-13-01}\nwhy:", "line 6: `from` must be a date"),
    ],
)
def test_a_rule_that_could_not_be_meant_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RULE
    assert said in refused(tmp_path, RULE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("territories: {x: {title: X, includes: [y]}, y: {title: Y, includes: [x]}}", "territory `x` includes itself"),
        ("territories: {x: {title: X, includes: [z]}}", "unknown territory `z`"),
        ("territories: {x: {title: X}}", "territory `x` holds no country"),
        ("territories: {eu: {title: EU, countries: [FR]}}", "territory `eu` is defined already"),
        ("territories: {x: {title: X, countries: [QQ]}}", "unknown country `QQ`"),
        ("rules: [b-rule]", "no rule file here has the id `b-rule`; did you mean `a-rule`?"),
        ("rules: [a-rule, a-rule]", "rule `a-rule` stands twice"),
    ],
)
def test_a_pack_that_could_not_be_meant_is_refused(tmp_path: Path, added: str, said: str) -> None:
    assert said in refused(tmp_path, pack=f"{PACK}{added}\n")


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("{}", "population `overseas` is empty"),
        ("{countries: [CN], territory: eu}", "`countries` and `territory` exclude each other"),
        ("{territory: europa}", "unknown territory `europa`"),
    ],
)
def test_populations_are_checked(tmp_path: Path, people: str, said: str) -> None:
    assert said in refused(tmp_path, pack=PACK.replace("{countries: {except: [CN]}, labels: [overseas]}", people))


def test_a_population_may_not_hide_a_territory(tmp_path: Path) -> None:
    assert "is the name of a territory" in refused(tmp_path, pack=PACK + "  eu: {countries: [FR]}\n")


def test_territories_include_each_other_and_serve_as_populations(tmp_path: Path) -> None:
    pack = (
        PACK
        + "territories: {far: {title: far away, includes: [near], countries: [NZ]},"
        + " near: {title: near, includes: [eea]}}\n"
    )
    rule = one(tmp_path, RULE.replace("all overseas", "none far"), pack)
    assert rule.applies.population is not None
    assert set(countries.members(rule.applies.population.countries)) >= {"NZ", "NO", "DE"}
    assert rule.applies.quantifier == "none"


def test_rules_come_in_the_order_of_the_pack(tmp_path: Path) -> None:
    second = RULE.replace("a-rule", "b-rule")
    for order in (["b-rule", "a-rule"], ["a-rule", "b-rule"]):
        path = folder(tmp_path / "p", PACK + f"rules: [{', '.join(order)}]\n", one=RULE, two=second)
        assert [rule.id for rule in rules.load([str(path)]).rules] == order
    path = folder(tmp_path / "q", PACK + "rules: [a-rule]\n", one=RULE, two=second)
    with pytest.raises(InputError, match=r"rule `b-rule` .* is missing here"):
        rules.load([str(path)])


def test_one_id_names_one_rule(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the id `a-rule` is taken by p/one\.yaml, line 1"):
        rules.load([str(folder(tmp_path / "p", one=RULE, two=RULE))])
    with pytest.raises(InputError, match=r"is taken by p/one\.yaml"):
        rules.load(
            [str(folder(tmp_path / "p", one=RULE, two=RULE.replace("a-rule", "b"))), str(folder(tmp_path / "q"))]
        )


def test_single_files_load_with_and_without_a_pack_beside_them(tmp_path: Path) -> None:
    path = folder(tmp_path / "p") / "a_rule.yaml"
    assert [(rule.pack, rule.file) for rule in rules.load([str(path)]).rules] == [("a-pack", "a_rule.yaml")]
    alone = tmp_path / "alone.yaml"
    alone.write_text(RULE.replace("all overseas", "none china-mainland"))
    assert rules.load([str(alone)]).rules[0].pack == ""
    alone.write_text(RULE)
    with pytest.raises(InputError, match="unknown population `overseas`"):
        rules.load([str(alone)])


def test_the_same_pack_twice_counts_once(tmp_path: Path) -> None:
    path = folder(tmp_path / "p")
    loaded = rules.load([str(path), str(path / ".." / "p")])
    assert len(loaded.rules) == len(loaded.packs) == 1


def test_what_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="zoom-2021: is neither a shipped pack nor a file or folder; did you mean `zoom-2020`"
    ):
        rules.load(["zoom-2021"])
    with pytest.raises(InputError, match=r"has no pack\.yaml"):
        rules.load([str(tmp_path)])
    (tmp_path / "pack.yaml").write_text(PACK)
    (tmp_path / ".hidden.yaml").write_text("not: [a rule")
    with pytest.raises(InputError, match="holds no rule file"):
        rules.load([str(tmp_path)])


def test_a_shipped_name_wins_over_a_folder_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path / "zoom-2020")
    monkeypatch.chdir(tmp_path)
    assert rules.load(["zoom-2020"]).packs[0].id == "zoom-2020"
    assert rules.load([f".{os.sep}zoom-2020"]).packs[0].id == "a-pack"


def test_what_decides_the_meaning_of_rules_is_named_with_its_hash(tmp_path: Path) -> None:
    loaded = rules.load([str(folder(tmp_path / "p"))])
    assert [(each.name, each.kind, each.date) for each in loaded.databases][1:] == [
        ("p/pack.yaml", "rules", "2026-01-01")
    ]
    assert all(len(each.sha256) == 64 and each.date for each in loaded.databases)


def test_rules_are_found_in_a_wheel_and_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "auditor" / "rules" / "files.py"
    monkeypatch.setattr("auditor.rules.files.__file__", str(module))
    assert rules.builtin() == tmp_path / "rules"
    (tmp_path / "auditor" / "_rules" / "mine").mkdir(parents=True)
    folder(tmp_path / "auditor" / "_rules" / "mine")
    assert rules.builtin() == tmp_path / "auditor" / "_rules"
    assert rules.shipped() == ["mine"]
    assert rules.catalogue_files() == []


def test_what_something_unseen_allows_has_examples_of_pass_and_open_alone(tmp_path: Path) -> None:
    excusable = RULE.replace("china-mainland}", "china-mainland, allowed_with: a contract}")
    assert "what no traffic shows can't fail; remove it" in refused(tmp_path / "p", excusable)
    text = excusable.replace("  fail: [{", "  open: [{").replace("  open: [{participants: [US], touches: [{plane", "#")
    rule = one(tmp_path / "q", text)
    assert rule.asserts.excusable
    assert examples.check(rule) == []
    assert speaks(rule).endswith("allowed with a contract; no traffic can show that, so the rule stays open there.")


def test_selections_stand_with_the_verb_that_they_fit(tmp_path: Path) -> None:
    assert "use must_not_touch" in refused(
        tmp_path / "p", RULE.replace("must_not_touch: {territory: china-mainland}", "must_stay_in: {unselected: host}")
    )
    assert "names nothing" in refused(tmp_path / "q", RULE.replace("territory: china-mainland", "allowed_with: luck"))


def test_rules_that_hold_only_with_selections_are_left_out_with_a_note(tmp_path: Path) -> None:
    scoped = "applies: {selections: %s, participants"
    given, none = (
        RULE.replace("applies: {participants", scoped % word).replace("id: a-rule", f"id: {word}")
        for word in ("given", "none")
    )
    loaded = rules.load([str(folder(tmp_path / "p", plain=RULE, given=given, none=none))])
    for known, out, how in ((False, "given", "where selections are given"), (True, "none", "where no selections are")):
        fitting = rules.fitting(loaded, known)
        assert {rule.id for rule in fitting.rules} == {"a-rule", "given", "none"} - {out}
        assert fitting.notes[0].startswith(f"Not judged, for they hold only {how}")
        assert fitting.notes[0].endswith(f": {out}.")
    with pytest.raises(InputError, match="add --selections FILE"):
        rules.fitting(rules.load([str(tmp_path / "p" / "given.yaml")]), False)
    assert (
        "where no selections of accounts are given, when all"
        in speaks(loaded.rules[1]).lower() + speaks(loaded.rules[2]).lower()
    )
