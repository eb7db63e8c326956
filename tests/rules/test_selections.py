from datetime import date
from pathlib import Path

import pytest

from auditor import rules
from auditor.model.documents import nanoseconds
from auditor.model.errors import InputError
from auditor.model.rule import Choice, Selection
from tests.rules.test_packs import PACK, RULE, folder

SELECTIONS = """\
regions:
  china: {countries: [CN]}
  europe: {territory: eea}
  dedicated: {sites: [fra-1, fra-2]}
default: {out: [china]}
accounts:
  - {account: acme, in: [dedicated, US], valid: {from: 2020-04-18, until: 2021-01-01}}
  - {account: acme, out: [CN, HK], valid: {from: 2021-01-01}}
"""
ASKS = RULE.replace("must_not_touch: {territory: china-mainland}", "must_stay_in: {selection: host}").replace(
    "applies: {participants: all overseas, planes: [media]}\n", ""
)
ACME = "selections: {acme: {in: [US]}}, participants: [{account: acme}], touches: "
EXAMPLES = f"""\
examples:
  pass: [{{{ACME}[{{country: US}}]}}]
  fail: [{{{ACME}[{{country: CN}}]}}]
  open: [{{{ACME}[{{country: [US, CN]}}]}}]
"""
ASKS = ASKS[: ASKS.index("examples:")] + EXAMPLES


def selections(tmp_path: Path, text: str, table: str | bytes = "") -> rules.RuleSet:
    file = tmp_path / "selections.yaml"
    file.write_text(text, encoding="utf-8")
    (tmp_path / "accounts.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return rules.load([str(folder(tmp_path / "pack", PACK, a_rule=ASKS))], selections=file)


def of_day(ruleset: rules.RuleSet, day: str) -> Selection:
    moment = nanoseconds(date.fromisoformat(day))
    (rule,) = ruleset.rules
    for era in rule.eras():
        if (era.since_ns is None or era.since_ns <= moment) and (era.until_ns is None or moment < era.until_ns):
            assert era.asserts.selection is not None
            return era.asserts.selection
    raise AssertionError(day)


def test_choices_hold_in_their_time(tmp_path: Path) -> None:
    found = selections(tmp_path, SELECTIONS)
    assert of_day(found, "2020-01-01").accounts == {}
    assert of_day(found, "2020-04-18").accounts == {"acme": Choice("US", frozenset({"fra-1", "fra-2"}))}
    assert of_day(found, "2021-01-01").accounts == {"acme": Choice(outside="CN+HK")}
    assert of_day(found, "2021-01-01").default == Choice(outside="CN")
    assert [entry.name for entry in found.databases if entry.kind == "selections"] == ["selections.yaml"]


def test_a_table_adds_accounts(tmp_path: Path) -> None:
    table = '\ufeffAccount,in,out,from,until\nglobex,"europe; US",,2020-01-01,\ninitech,,china HK,,\n'
    found = selections(
        tmp_path, "regions: {europe: {territory: eea}, china: {countries: [CN]}}\ntable: accounts.csv", table
    )
    now = of_day(found, "2024-01-01").accounts
    assert now["initech"] == Choice(outside="CN+HK")
    assert "US" in (now["globex"].inside or "")
    assert "NO" in (now["globex"].inside or "")
    assert [entry.name for entry in found.databases if entry.kind == "selections"] == [
        "selections.yaml",
        "accounts.csv",
    ]


@pytest.mark.parametrize(
    ("text", "table", "said"),
    [
        ("accounts: [{account: a, in: [atlantis]}]", "", "line 1: unknown region `atlantis`"),
        ("accounts: [{account: a}]", "", "says nothing; add regions"),
        ("accounts: [{account: a, in: [US]}, {account: a, in: [CN]}]", "", "two selections at one time"),
        ("regions: {r: {countries: [CN], sites: [s]}}", "", "needs either countries, a territory or sites"),
        ("regions: {r: {countries: [XX]}}", "", "unknown country `XX`"),
        ("regions: {r: {territory: nowhere}}", "", "unknown territory `nowhere`"),
        ("regions: {CN: {countries: [US]}}", "", "`CN` is the name of a country or a territory"),
        ("regions: {eea: {countries: [US]}}", "", "`eea` is the name of a country or a territory"),
        ("accounts: [{account: a, in: [US], valid: {from: 2020-01-02, until: 2020-01-01}}]", "", "later day"),
        ("acounts: []", "", "did you mean `accounts`?"),
        ("table: accounts.csv", "name,in\nx,US\n", "unknown or repeated column `name`"),
        ("table: accounts.csv", "in,out\nUS,\n", "no column `account`"),
        ("table: accounts.csv", "account,in\na,atlantis\n", "accounts.csv, line 2: unknown region `atlantis`"),
        ("table: accounts.csv", "account,in\na,US,CN\n", "line 2: has more fields than heads"),
        ("table: accounts.csv", "account,in,from\na,US,yesterday\n", "line 2: `yesterday` is no day"),
        ("table: accounts.csv", "account,in\n,US\n", "names no account"),
        ("table: accounts.csv", 'account,in\na,"US\n', "is not CSV"),
        ("table: accounts.csv", b"account,in\n\xff,US\n", "line 2: is not UTF-8"),
        ("table: missing.csv", "", "can't be read"),
    ],
)
def test_what_does_not_resolve_is_refused_with_its_line(
    tmp_path: Path, text: str, table: str | bytes, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        selections(tmp_path, text, table)
    lines = [f"{Path(each.source).name}, line {each.record}: {each.message}" for each in caught.value.each]
    assert said in "\n".join(lines)
