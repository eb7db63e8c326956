"""Files of waivers: what they may say, and how everything else is refused with its line."""

from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from auditor.model.documents import nanoseconds
from auditor.model.errors import InputError
from auditor.model.waiver import LONGEST, Match, Waiver
from auditor.rules.waivers import Waivers, load, speaks
from tests.builders import rule

DAY = date(2026, 11, 23)
RULES = [rule("keys", severity="critical"), rule("media"), rule("low-one", severity="low")]
WHOLE = """\
waivers:
  - rule: media
    match:
      verdict: open
      finding: 0123456789abcdef
      countries: [CN, HK]
      sites: [beijing-2]
      operators: [Sinnet]
      planes: [media, keys]
      bases: [observed]
      networks: [52.81.0.0/16, "2001:db8::/32", 192.0.2.1]
      traffic: {from: 2020-04-01, until: 2020-05-01}
    reason: Traffic is moved in December.
    owner: network operations
    approved_by: A. Example
    ticket: NET-42
    approved: 2026-11-01
    expires: 2026-12-01
"""
PLAIN = """\
waivers:
  - rule: media
    match: {countries: [CN]}
    reason: Moved in December.
    owner: operations
    approved: 2026-11-01
    expires: 2026-12-01
"""


def files(folder: Path, *texts: str) -> list[Path]:
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    return [folder / f"{number}.yaml" for number in range(len(texts))]


def loaded(folder: Path, *texts: str, as_of: Any = DAY) -> Waivers:
    return load(files(folder, *texts), RULES, as_of)


def refused(folder: Path, *texts: str, as_of: Any = DAY) -> str:
    return str(error(folder, *texts, as_of=as_of))


def error(folder: Path, *texts: str, as_of: Any = DAY) -> InputError:
    with pytest.raises(InputError) as caught:
        loaded(folder, *texts, as_of=as_of)
    return caught.value


def test_everything_that_a_waiver_may_say(tmp_path: Path) -> None:
    found = loaded(tmp_path, WHOLE)
    match = Match(
        verdict="open",
        finding="0123456789abcdef",
        countries="CN+HK",
        sites=frozenset({"beijing-2"}),
        operators=frozenset({"Sinnet"}),
        planes=frozenset({"media", "keys"}),
        bases=frozenset({"observed"}),
        networks=(ip_network("52.81.0.0/16"), ip_network("192.0.2.1/32"), ip_network("2001:db8::/32")),
        since_ns=nanoseconds(date(2020, 4, 1)),
        until_ns=nanoseconds(date(2020, 5, 1)),
    )
    days = date(2026, 11, 1), date(2026, 12, 1)
    why = "Traffic is moved in December.", "network operations"
    assert found.waivers == (Waiver("media", match, *why, *days, "A. Example", "NET-42", "0.yaml", 2),)
    assert found.as_of == DAY
    ((name, kind, digest),) = [(each.name, each.kind, each.sha256) for each in found.databases]
    assert (name, kind, len(digest)) == ("0.yaml", "waivers", 64)
    assert speaks(found.waivers[0]) == (
        "Accepts open questions of media where the finding is 0123456789abcdef; the place lies within CN, HK; its site "
        "is beijing-2; its operator is Sinnet; the plane is keys or media; the basis is observed; all addresses lie in "
        "52.81.0.0/16 or 192.0.2.1/32 or 2001:db8::/32; all traffic is of 2020-04-01 or later; all traffic is before "
        "2020-05-01."
    )


def test_without_files_there_is_nothing_to_judge_by_a_day() -> None:
    assert load([], RULES, None) == Waivers()


@pytest.mark.parametrize("as_of", [None, "2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)])
def test_with_files_the_day_has_to_be_given(tmp_path: Path, as_of: Any) -> None:
    assert "as_of=date(" in refused(tmp_path, PLAIN, as_of=as_of)


def test_violations_are_meant_unless_a_waiver_says_that_it_accepts_not_knowing(tmp_path: Path) -> None:
    (waiver,) = loaded(tmp_path, PLAIN).waivers
    assert waiver.match == Match(verdict="fail", countries="CN")
    assert speaks(waiver) == "Accepts violations of media where the place lies within CN."


@pytest.mark.parametrize("key", ["reason", "owner", "approved", "expires", "rule", "match"])
def test_what_is_missing_is_named_with_its_line(tmp_path: Path, key: str) -> None:
    lines = [line for line in PLAIN.splitlines() if f"{key}:" not in line]
    text = "\n".join(lines).replace("waivers:\n    match", "waivers:\n  - match") + "\n"
    found = error(tmp_path, text)
    assert f"`{key}` is missing" in str(found)
    assert (Path(found.source).name, found.record) == ("0.yaml", 2)


WRONG = [
    ("{countries: [CN]}", "{}", 3, "would excuse all that the rule finds"),
    ("{countries: [CN]}", "{verdict: open}", 3, "would excuse all that the rule finds"),
    ("{countries: [CN]}", "{traffic: {}}", 3, "would excuse all that the rule finds"),
    ("{countries: [CN]}", "{country: CN}", 3, "did you mean `countries`?"),
    ("{countries: [CN]}", "{countries: []}", 3, "countries"),
    ("{countries: [CN]}", "{countries: [UK]}", 3, "write `GB`"),
    ("{countries: [CN]}", "{countries: CN}", 3, "must be a list"),
    ("{countries: [CN]}", "{planes: [medai]}", 3, "did you mean `media`?"),
    ("{countries: [CN]}", "{planes: [unknown]}", 3, "`unknown` is not allowed here"),
    ("{countries: [CN]}", "{verdict: pass, sites: [x]}", 3, "`pass` is not allowed here"),
    ("{countries: [CN]}", "{finding: bcde3a2c}", 3, "write all 16 digits"),
    ("{countries: [CN]}", "{finding: BCDE3A2C24A4F341}", 3, "write all 16 digits"),
    ("{countries: [CN]}", "{networks: [10.0.0.1/8]}", 3, "has host bits set"),
    ("{countries: [CN]}", "{networks: [example.com]}", 3, "is no network"),
    ("{countries: [CN]}", "{traffic: {from: 2020-02-01, until: 2020-02-01}}", 3, "later day than `from`"),
    ("Moved in December.", '" "', 4, "`reason` is empty"),
    ("owner: operations", 'owner: "  "', 5, "`owner` is empty"),
    ("expires: 2026-12-01", "expires: 2026-11-01", 7, "later day than `approved`"),
    ("expires: 2026-12-01", "expires: never", 7, "a date that exists"),
    ("expires: 2026-12-01", "expires: 2027-12-01", 7, "let it expire by 2027-01-30"),
    ("rule: media", "rule: Media", 2, "rule"),
    ("owner: operations", "owner: operations\n    until: 2027-01-01", 6, "unknown key `until`"),
    ("waivers:", "longest: {hihg: 3}\nwaivers:", 1, "did you mean `high`?"),
    ("waivers:", "longest: {high: 0}\nwaivers:", 1, "high"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), WRONG, ids=[new for _, new, _, _ in WRONG])
def test_what_is_wrong_is_refused_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in PLAIN
    found = error(tmp_path, PLAIN.replace(old, new))
    assert (Path(found.source).name, found.record) == ("0.yaml", line)
    assert words in str(found)


@pytest.mark.parametrize(("name", "days"), [("keys", 30), ("media", 90), ("low-one", 365), ("no-such-rule", 365)])
def test_how_long_a_waiver_may_live(tmp_path: Path, name: str, days: int) -> None:
    """By the severity of its rule; of a rule that is not loaded, no longer than any."""
    assert days in LONGEST.values()
    start = date(2026, 1, 1)

    def until(more: int) -> str:
        text = PLAIN.replace("rule: media", f"rule: {name}").replace("2026-11-01", str(start))
        return text.replace("2026-12-01", str(date.fromordinal(start.toordinal() + days + more)))

    assert len(loaded(tmp_path, until(0)).waivers) == 1
    assert f"lives {days + 1} days, and {days} are the most" in refused(tmp_path, until(1))


def test_the_strictest_file_says_how_long(tmp_path: Path) -> None:
    """A team can lengthen what is shipped, and not what another file of the same run says."""
    long = PLAIN.replace("2026-12-01", "2027-12-01")
    own = f"longest: {{high: 400}}\n{long}"
    assert "90 are the most" in refused(tmp_path, long)
    assert len(loaded(tmp_path, own).waivers) == 1
    for texts in ((own, "longest: {high: 365}\n"), ("longest: {high: 365}\n", own)):
        assert "lives 395 days, and 365 are the most" in refused(tmp_path, *texts)
    assert len(loaded(tmp_path, own, "longest: {critical: 5}\n").waivers) == 1


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    (path,) = files(tmp_path, PLAIN)
    found = load([path, tmp_path / "." / "0.yaml", path], RULES, DAY)
    assert len(found.waivers) == len(found.databases) == 1


def test_the_same_files_in_any_order_are_named_in_one_order(tmp_path: Path) -> None:
    paths = files(tmp_path, PLAIN, PLAIN.replace("operations", "sales"), "longest: {}\n")
    one, other = load(paths, RULES, DAY), load(paths[::-1], RULES, DAY)
    assert one.databases == other.databases
    assert [each.name for each in one.databases] == ["0.yaml", "1.yaml", "2.yaml"]
    assert sorted(map(repr, one.waivers)) == sorted(map(repr, other.waivers))


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    wrong = PLAIN.replace("[CN]", "[UK, XX]").replace("owner: operations", 'owner: " "').replace("2026-12", "2029-12")
    found = error(tmp_path, wrong, "longest: {high: x}\n", PLAIN.replace("    expires: 2026-12-01\n", ""))
    told = sorted((Path(each.source).name, each.record) for each in found.each)
    assert told == [("0.yaml", 3), ("0.yaml", 3), ("0.yaml", 5), ("0.yaml", 7), ("1.yaml", 1), ("2.yaml", 2)]


def test_yaml_is_read_as_strictly_as_everywhere(tmp_path: Path) -> None:
    assert "anchor" in refused(tmp_path, PLAIN.replace("[CN]", "&a [CN]"))
    assert "stands twice" in refused(tmp_path, PLAIN + "    owner: other\n")
    assert loaded(tmp_path, PLAIN.replace("[CN]", "[NO]")).waivers[0].match.countries == "NO"


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ("networks: [10.0.0.0/8, 0.0.0.0/0]", "`0.0.0.0/0` is every address; leave it out"),
        ("networks: ['::/0']", "`::/0` is every address"),
        ("traffic: {from: 0001-01-01}", "`traffic` is of any day; leave it out"),
        ("traffic: {from: 1970-01-01, until: 9999-12-31}", "`traffic` is of any day"),
        ("traffic: {until: 2262-04-12}", "`traffic` is of any day"),
    ],
)
def test_what_holds_of_everything_names_nothing(tmp_path: Path, match: str, said: str) -> None:
    """It would silence the rule as an empty match would."""
    file = tmp_path / "w.yaml"
    entry = "{rule: media, match: {%s}, reason: r, owner: o, approved: 2026-11-01, expires: 2026-12-01}"
    file.write_text("waivers:\n  - " + entry % match + "\n")
    with pytest.raises(InputError) as caught:
        load([file], RULES, DAY)
    assert [each.record for each in caught.value.each] == [2]
    assert said in str(caught.value)
    file.write_text("waivers:\n  - " + entry % "traffic: {from: 1970-01-02}" + "\n")
    assert load([file], RULES, DAY).waivers


@pytest.mark.parametrize("empty", ["\\u200b", "\\u00a0 ", "...", "\\u2800"])
def test_what_shows_nothing_is_no_reason(tmp_path: Path, empty: str) -> None:
    file = tmp_path / "w.yaml"
    entry = (
        'rule: media, match: {countries: [CN]}, reason: "%s", owner: "%s", approved: 2026-11-01, expires: 2026-12-01'
    )
    file.write_text("waivers:\n  - {" + entry % (empty, empty) + "}\n")
    with pytest.raises(InputError, match="say it in words") as caught:
        load([file], RULES, DAY)
    assert len(caught.value.each) == 2
