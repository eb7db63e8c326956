"""Files that would cost hours or read what nobody meant: refused with place and remedy, or read in no time."""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor import rules
from auditor.cli import app, exits
from auditor.model import timeline
from auditor.model.errors import InputError
from auditor.rules import packs, resolve
from auditor.rules.selections import load as selections
from tests.rules.test_packs import PACK, RULE, folder
from tests.rules.test_selections import ASKS

DAY = timedelta(1)


def days(count: int) -> Iterator[date]:
    return (date(1700, 1, 1) + number * DAY for number in range(count))


def refused(pack: Path, file: Path | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        rules.load([str(pack)], selections=file)
    return [f"{Path(each.source).name}:{each.record}: {each.message}" for each in caught.value.each]


def changing(tmp_path: Path, count: int, name: str = "p") -> Path:
    """A pack of which a territory changes its members twice in two days, so often."""
    members = [f"{{countries: [CN], from: {day}, until: {day + DAY}}}" for day in list(days(2 * count))[::2]]
    more = f"territories: {{turning: {{title: it turns, members: [{', '.join(members)}]}}}}\n"
    ident = f"rule-{name}"
    rule = RULE.replace("china-mainland", "turning").replace("a-rule", ident)
    return folder(tmp_path / name, PACK + more, **{ident.replace("-", "_"): rule})


def test_a_rule_may_not_change_more_often_than_anybody_can_wait_for(tmp_path: Path) -> None:
    (said,) = refused(changing(tmp_path, 5_000))
    assert said.startswith("rule_p.yaml:1: means something else on 10,0")
    assert "give the rule a shorter `valid`" in said
    ruleset = rules.load([str(changing(tmp_path, resolve.MOST_CHANGES // 2 - 20, "q"))])
    assert len(ruleset.rules[0].eras()) > resolve.MOST_CHANGES - 50


def test_nor_may_all_rules_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "MOST_ERAS", 50)
    one, other = (str(changing(tmp_path, 20, name)) for name in "ab")
    assert rules.load([one]).rules
    with pytest.raises(InputError, match=r"rule_b.yaml.* more than 50 times; audit by fewer at a time"):
        rules.load([one, other])


def test_the_union_of_many_is_what_each_of_them_holds() -> None:
    parts = [timeline.between(code, number, number + 3) for number, code in enumerate(["CN", "US", "FR"] * 300)]
    whole = timeline.union(parts)
    for moment in (-1, 0, 1, 2, 450, 901, 902, 903):
        assert (
            timeline.at(whole, moment) == timeline.union([timeline.always(timeline.at(p, moment)) for p in parts])[0][1]
        )
    beyond = timeline.between("CN", -timeline.DAWN, -timeline.DAWN)
    assert timeline.union([beyond, timeline.always("US")]) == timeline.always("US")


def table(tmp_path: Path, rows: str | bytes) -> Path:
    (tmp_path / "t.csv").write_bytes(rows if isinstance(rows, bytes) else rows.encode())
    (tmp_path / "s.yaml").write_text("table: t.csv\n")
    return tmp_path / "s.yaml"


def asking(tmp_path: Path) -> Path:
    return folder(tmp_path / "asks", PACK, a_rule=ASKS)


def test_one_account_may_choose_anew_each_day(tmp_path: Path) -> None:
    some = list(days(50_000))
    some.reverse()
    file = table(tmp_path, "account,in,from,until\n" + "".join(f"acme,US,{day},{day + DAY}\n" for day in some))
    (said,) = refused(asking(tmp_path), file)
    assert "a_rule.yaml:1: means something else on 50,0" in said


def test_choices_that_overlap_are_found_in_any_order(tmp_path: Path) -> None:
    rows = ["acme,US,2021-01-01,2022-01-01", "acme,US,2019-01-01,2020-01-01", "acme,US,2019-06-01,2019-07-01"]
    for order in (rows, rows[::-1], rows[1:] + rows[:1]):
        file = table(tmp_path, "\n".join(["account,in,from,until", *order]))
        assert any("two selections at one time" in said for said in refused(asking(tmp_path), file))


def test_many_accounts_that_change_on_many_days_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "MOST_CHOICES", 400)
    file = table(tmp_path, "account,in,from\n" + "".join(f"a{day},US,{day}\n" for day in days(30)))
    (said,) = refused(asking(tmp_path), file)
    assert "asks for the selections of 30 accounts, which change on 3" in said
    assert "shorter `valid`" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../t.csv", "is no file beside this one; give its name alone"),
        ("/etc/passwd", "is no file beside this one; give its name alone"),
        ("..", "is no file beside this one; give its name alone"),
        ("pipe", "is no regular file; give a CSV table"),
        ("asks", "is no regular file; give a CSV table"),
        ("x" * 4_000, "can't be read"),
    ],
)
def test_a_table_stands_beside_its_file(tmp_path: Path, name: str, said: str) -> None:
    """Else whoever sends selections could have any file of the machine read, and its first line told."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "s.yaml").write_text(f"table: {name}\n")
    (found,) = refused(asking(tmp_path), tmp_path / "s.yaml")
    assert said in found


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("account,in,out\nacme,US\n", "t.csv:2: has fewer fields than heads"),
        ("account,in,out\nacme,;,CN\n", "t.csv:2: names no region under `in`"),
        ("account,in\nac\0me,US\n", "t.csv:2: holds the control character U+0000"),
        ("account,in\n\x1b[31macme,US\n", "t.csv:2: holds the control character U+001B"),
        ('account,in\n"a,b",US\n', "t.csv:2: `a,b` holds a comma"),
        ("account,in\naccount:acme,US\n", "t.csv:2: `account:acme` begins with `account:`"),
    ],
)
def test_what_a_line_leaves_out_allows_nothing(tmp_path: Path, rows: str, said: str) -> None:
    assert any(found.startswith(said) for found in refused(asking(tmp_path), table(tmp_path, rows)))


def test_a_blank_makes_another_account(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("accounts: [{account: ' acme', in: [US]}]\n")
    with pytest.raises(InputError, match="begins or ends with a blank"):
        selections(tmp_path / "s.yaml", {})


@pytest.mark.parametrize("option", ["--rules", "--waivers", "--selections", "--inventory", "--catalogue"])
def test_links_that_go_round_are_refused(
    tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "round").symlink_to("round")
    monkeypatch.setattr("sys.argv", ["auditor", "audit", "a.pcap", option, str(tmp_path / "round")])
    assert exits.guarded(app) == exits.ERROR
    assert "round: " in capsys.readouterr().err


def test_no_rule_of_a_folder_is_passed_over_in_silence(tmp_path: Path) -> None:
    """One that is not read is one that never fails."""
    pack = folder(tmp_path / "p", PACK, a_rule=RULE)
    (pack / "b.YAML").write_text(RULE.replace("a-rule", "b-rule"))
    (pack / "c.yaml").symlink_to("nowhere")
    (pack / "d.yml").mkdir()
    os.mkfifo(pack / "e.yaml")
    (pack / ".f.yaml").symlink_to("an editor's lock")
    assert [(found.split(":")[0], found.rpartition("; ")[2]) for found in refused(pack)] == [
        ("b.YAML", "call it b.yaml"),
        ("c.yaml", "mend or remove it"),
        ("d.yml", "mend or remove it"),
        ("e.yaml", "mend or remove it"),
    ]
