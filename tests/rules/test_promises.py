from pathlib import Path

import pytest

from auditor import rules, workshop
from auditor.model.errors import InputError
from auditor.rules import files, promises
from tests.rules.test_packs import PACK, RULE, folder

TESTS = """\
tests:
  - rule: a-rule
    pass:
      - {participants: [US, FR], touches: [{country: FR, plane: media}]}
    not_applicable:
      - {participants: [CN], touches: [{country: CN, plane: media}]}
      - {participants: [US], touches: [{country: CN, plane: keys}]}
"""
UNSEEN = """\
id: unseen
title: A rule
severity: low
not_observable: {evidence: A list of copies}
why: Because.
fix: Mend it.
references: [{title: A text}]
examples: {open: [{touches: [{country: CN}]}]}
"""


def pack_with(path: Path, text: str = TESTS, name: str = "a_rule.test.yaml", **rule_files: str) -> Path:
    pack = folder(path / "p", **(rule_files or {"a_rule": RULE}))
    (pack / name).parent.mkdir(exist_ok=True)
    (pack / name).write_text(text, encoding="utf-8")
    return pack


def refused(path: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        workshop.trial([str(pack_with(path, text))])
    return [str(each) for each in caught.value.each]


@pytest.mark.parametrize("name", ["a_rule.test.yaml", "other.test.yml", "tests/many.test.yaml"])
def test_tests_stand_beside_rules_and_are_none(tmp_path: Path, name: str) -> None:
    pack = pack_with(tmp_path, name=name)
    assert [rule.id for rule in rules.load([str(pack)]).rules] == ["a-rule"]
    tried, (covered,) = workshop.trial([str(pack)])
    assert [(each.promise.kind, each.kept) for each in tried if not each.promise.example] == [
        ("pass", True), ("not_applicable", True), ("not_applicable", True),
    ]  # fmt: skip
    assert covered.kept == {"pass": 2, "fail": 1, "open": 1, "not_applicable": 2}
    assert covered.missing == ()


def test_a_rule_file_alone_has_the_tests_of_its_name(tmp_path: Path) -> None:
    pack = pack_with(tmp_path)
    (pack / "other.test.yaml").write_text("tests: [{rule: another}]", encoding="utf-8")
    tried, _ = workshop.trial([str(pack / "a_rule.yaml")])
    assert sum(not each.promise.example for each in tried) == 3


def test_further_tests_are_named(tmp_path: Path) -> None:
    pack = folder(tmp_path / "p", a_rule=RULE)
    more = tmp_path / "more"
    more.mkdir()
    (more / "any.yaml").write_text(TESTS, encoding="utf-8")
    (more / ".hidden.yaml").write_text("no: tests", encoding="utf-8")
    for named in (more, more / "any.yaml"):
        tried, _ = workshop.trial([str(pack)], [named])
        assert len(tried) == 6
    with pytest.raises(InputError, match="is no file or folder of tests"):
        workshop.trial([str(pack)], [tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no YAML file of tests"):
        workshop.trial([str(pack)], [tmp_path / "empty"])


def test_a_file_of_tests_is_no_pack(tmp_path: Path) -> None:
    pack = pack_with(tmp_path)
    with pytest.raises(InputError, match="name its pack"):
        rules.load([str(pack / "a_rule.test.yaml")])


def test_what_is_not_as_promised_is_told_with_its_place(tmp_path: Path) -> None:
    text = TESTS + "    fail: [{participants: [US], touches: [{country: [CN, HK], plane: media}]}]\n"
    tried, (covered,) = workshop.trial([str(pack_with(tmp_path, text))])
    (wrong,) = [each for each in tried if not each.kept]
    assert (wrong.promise.kind, wrong.found, wrong.promise.line) == ("fail", "open", 8)
    assert wrong.promise.file.endswith("a_rule.test.yaml")
    assert covered.wrong == 1


def test_all_faults_of_tests_are_told_at_once(tmp_path: Path) -> None:
    text = """\
tests:
  - rule: a-rul
    pass: [{touches: [{}]}]
  - rule: a-rule
  - rule: a-rule
    open: [{participants: [UK], touches: [{}]}]
"""
    said = refused(tmp_path, text)
    assert [each.rpartition("a_rule.test.yaml:")[2] for each in said] == [
        "2:11: no loaded rule has the id `a-rul`; did you mean `a-rule`?",
        "4:5: holds no situation; add one under pass, fail, open or not_applicable",
        "6:28: unknown country `UK`; the code is exceptionally reserved in ISO 3166-1, for the United Kingdom; "
        "write `GB`",
    ]
    (unknown,) = refused(tmp_path, TESTS.replace("pass:", "passes:"))
    assert "unknown key `passes`; did you mean `pass`?" in unknown
    assert "at least" in refused(tmp_path, "tests: []")[0]


def test_what_no_traffic_shows_is_shown_to_be_open_and_not_applicable(tmp_path: Path) -> None:
    pack = pack_with(tmp_path, "tests: [{rule: unseen, open: [{touches: [{country: US}]}]}]", unseen=UNSEEN)
    _, (covered,) = workshop.trial([str(pack)])
    assert promises.asked(covered.rule) == ("open", "not_applicable")
    assert covered.missing == ("not_applicable",)
    more = tmp_path / "more.yaml"
    more.write_text("tests: [{rule: unseen, not_applicable: [{touches: [{as: client}]}]}]", encoding="utf-8")
    assert workshop.trial([str(pack)], [more])[1][0].missing == ()
    more.write_text("tests: [{rule: unseen, pass: [{touches: [{as: client}]}]}]", encoding="utf-8")
    with pytest.raises(InputError, match="what no traffic shows can't pass"):
        workshop.trial([str(pack)], [more])


def test_selections_and_names_of_the_pack_hold_in_tests(tmp_path: Path) -> None:
    pack = PACK + "territories: {north: {title: North, countries: [NO, SE]}}\n"
    rule = RULE.replace("must_not_touch: {territory: china-mainland}", "must_stay_in: {selection: host}").replace(
        "touches", "account: acme, selections: {acme: {in: [north]}}, touches"
    ).replace("{country: US,", "{country: NO,")  # fmt: skip
    text = """\
tests:
  - rule: a-rule
    fail:
      - participants: [US]
        account: acme
        selections: {acme: {in: [north]}}
        touches: [{country: FI, plane: media}]
"""
    folder(tmp_path / "p", pack, a_rule=rule)
    (tmp_path / "p" / "x.test.yaml").write_text(text, encoding="utf-8")
    tried, _ = workshop.trial([str(tmp_path / "p")])
    assert [each.found for each in tried] == [each.promise.kind for each in tried]


def test_paths_are_shown_from_where_the_reader_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert files.shown(str(tmp_path / "a" / "b.yaml")) == str(Path("a/b.yaml"))
    assert files.shown("/elsewhere/b.yaml") == "/elsewhere/b.yaml"
