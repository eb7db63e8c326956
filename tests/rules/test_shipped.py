"""What is shipped: every rule says why, how and after which text; every catalogue entry has a source."""

import re
from datetime import date
from pathlib import Path

import pytest

from auditor import rules, workshop
from auditor.judge import examples
from auditor.model import countries, documents, timeline
from auditor.model.rule import Rule
from auditor.rules import format as form
from auditor.rules import lint, named

TODAY = documents.nanoseconds(date(2026, 11, 23))

SHIPPED = rules.load(rules.shipped())
TEXTS_READ = {"us-dsp-28cfr202", "us-itar-120-54", "eu-gdpr-chapter-v"}
"""Packs that cite the text of a law itself, in a copy."""

HERE = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.id)
def test_a_shipped_rule_is_complete(rule: Rule) -> None:
    assert rule.file == f"{rule.pack}/{rule.id}.yaml"
    assert all(reference.url.startswith("https://") for reference in rule.references)
    unseen = rule.asserts.verb == "not_observable"
    decided = set() if unseen else {"pass"} if rule.asserts.excusable else {"pass", "fail"}
    assert set(rule.examples) == {"open", "not_applicable", *decided}
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
    assert examples.check(rule) == []
    if rule.pack not in TEXTS_READ:  # secondary sources: worded as policy
        assert "law" not in {reference.kind for reference in rule.references}


def test_the_pack_of_2020_speaks_of_the_mainland_alone() -> None:
    pack = {rule.id: rule for rule in SHIPPED.rules if rule.pack == "zoom-2020"}
    overseas = pack["overseas-media-avoids-mainland"].applies.population
    assert overseas is not None
    assert set(countries.members(overseas.countries)) >= {"HK", "MO", "TW", "US"}
    assert not countries.bits(overseas.countries) & countries.bits("CN")
    assert {rule.asserts.countries for rule in pack.values()} == {"CN", "-CN", None}


def test_the_readme_of_each_pack_lists_its_rules() -> None:
    for name in rules.shipped():
        text = (rules.builtin() / name / "README.md").read_text(encoding="utf-8")
        listed = re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.M)
        assert listed == [rule.id for rule in SHIPPED.rules if rule.pack == name]


def test_territories_hold_what_their_texts_say() -> None:
    document = documents.load(rules.builtin() / "territories.yaml")
    given = documents.convert(document, form.Territories).territories
    found = {
        name: set(countries.members(timeline.at(territory.where, TODAY)))
        for name, territory in named.territories(document, given).items()
    }
    assert found["china-mainland"] == {"CN"}
    assert found["china-28cfr202"] == {"CN", "HK", "MO"}
    assert found["countries-of-concern-28cfr202"] == {"CN", "HK", "MO", "CU", "IR", "KP", "RU", "VE"}
    assert len(found["eu"]) == 27
    assert found["eea"] - found["eu"] == {"IS", "LI", "NO"}
    assert not found["gdpr-adequate"] & found["eea"]
    assert all(territory.sources and all(each.url for each in territory.sources) for territory in given.values())


def test_every_service_of_the_catalogue_has_a_dated_source() -> None:
    seen = set()
    for file in rules.catalogue_files():
        for service in documents.load(file).tree["services"]:
            assert service["sources"], service["id"]
            assert all(each["url"].startswith("https://") and each["date"] for each in service["sources"]), service[
                "id"
            ]
            seen.add(service["id"])
    assert seen >= {
        "zoom",
        "facebook",
        "google-analytics",
        "crashlytics",
        "appsflyer",
        "sentry",
        "microsoft-teams",
        "webex",
        "google-meet",
    }


def test_the_blocks_of_the_documentation_load(tmp_path: Path) -> None:
    text = (HERE / "docs" / "rules.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```yaml (\w+)\n(.*?)```", text, re.S))
    assert set(blocks) == {"rule", "pack", "encrypted"}
    assert len(re.findall(r"```yaml", text)) == len(blocks)
    (tmp_path / "pack.yaml").write_text(blocks["pack"], encoding="utf-8")
    (tmp_path / "rule.yaml").write_text(blocks["rule"], encoding="utf-8")
    loaded = rules.load([str(tmp_path)]).rules
    assert [rule.id for rule in loaded] == ["eu-media-stays-in-eea"]
    (tmp_path / "encrypted.yaml").write_text(blocks["encrypted"], encoding="utf-8")
    (tmp_path / "pack.yaml").unlink()
    (ciphered,) = rules.load([str(tmp_path / "encrypted.yaml")]).rules
    assert examples.check(loaded[0]) == examples.check(ciphered) == []


def test_every_shipped_rule_is_shown_to_do_all_that_is_asked() -> None:
    tried, covered = workshop.trial(None)
    assert [(each.promise.rule.id, each.promise.line) for each in tried if not each.kept] == []
    assert {each.rule.id: each.missing for each in covered if each.missing} == {}


@pytest.mark.parametrize("pack", rules.shipped())
def test_lint_finds_nothing_in_a_shipped_pack(pack: str) -> None:
    found = workshop.remarks(workshop.look_over([pack], date(2026, 11, 23)))
    assert [(each.place, each.what) for each in found if each.severity != "note"] == []


def test_shipped_packs_contradict_each_other_only_where_laws_meet() -> None:
    found = workshop.remarks(workshop.look_over(None, date(2026, 11, 23)))
    assert [(each.place, each.what) for each in found if each.severity == "error"] == []


def test_the_tests_of_the_documentation_load(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml rule\n(.*?)```", (HERE / "docs" / "rules.md").read_text(encoding="utf-8"), re.S)
    page = (HERE / "docs" / "testing-rules.md").read_text(encoding="utf-8")
    (tests,) = re.findall(r"```yaml tests\n(.*?)```", page, re.S)
    (tmp_path / "rule.yaml").write_text(block, encoding="utf-8")
    (tmp_path / "rule.test.yaml").write_text(tests, encoding="utf-8")
    tried, _ = workshop.trial([str(tmp_path / "rule.yaml")])
    assert [each.kept for each in tried] == [True] * 7
    assert {name for name in lint.CHECKS if f"`{name}`" not in page} == set()


def test_the_documentation_names_every_key_and_territory() -> None:
    text = (HERE / "docs" / "rules.md").read_text(encoding="utf-8")
    for kind in (form.Rule, form.Applies, form.Must, form.Encrypted, form.Touch, form.Situation, form.Reference):
        for key in kind.__struct_encode_fields__:
            assert f"`{key}`" in text or f"{key}:" in text, key
    for name in documents.load(rules.builtin() / "territories.yaml").tree["territories"]:
        assert f"`{name}`" in text
