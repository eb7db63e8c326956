"""Broken files of packs: each is refused with place and remedy, all of their errors at once."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import rules
from auditor.cli import app, exits
from auditor.model import documents
from auditor.model.errors import InputError
from tests.rules.test_packs import PACK, RULE, folder

KNOWN = sorted(documents.load(rules.builtin() / "territories.yaml").tree["territories"])


def refused(*packs: Path) -> list[tuple[str, int, int, str]]:
    """Load packs that can't be, and return file, line, column and message of each error."""
    with pytest.raises(InputError) as caught:
        rules.load([str(path) for path in packs])
    return [(Path(each.source).name, each.record, each.column, each.message) for each in caught.value.each]


def test_all_errors_of_a_rule_are_told_at_once(tmp_path: Path) -> None:
    text = (
        RULE.replace("severity: high", "sevrity: high")
        .replace("all overseas, planes: [media]", "all oversea, planes: [medai], services: [zoom, zom]")
        .replace("territory: china-mainland", "territory: [eu, chyna], as: [server, proxy]")
        .replace("why: Because.\n", "")
        .replace("{country: CN,", "{country: UK,")
    )
    assert [entry[1:] for entry in refused(folder(tmp_path / "p", a_rule=text))] == [
        (1, 1, "key `why` is missing; add it"),
        (3, 1, "unknown key `sevrity`; did you mean `severity`?"),
        (4, 25, "unknown population `oversea`; did you mean `overseas`?"),
        (4, 47, "`medai` is not allowed here; did you mean `media`?"),
        (4, 72, "unknown service `zom`; did you mean `zoom`?"),
        (5, 34, f"unknown territory `chyna`; known: {', '.join(KNOWN)}"),
        (5, 55, "`proxy` is not allowed here; known: client, hop, relay, server"),
        (
            10,
            42,
            "unknown country `UK`; the code is exceptionally reserved in ISO 3166-1, for the United Kingdom; "
            "write `GB`",
        ),
    ]


def test_errors_of_all_files_of_all_packs_are_told_at_once(tmp_path: Path) -> None:
    one = folder(
        tmp_path / "p",
        PACK
        + "territories: {x: {title: X, includes: [y]}, y: {title: Y, includes: [x, z]}}\nrules: [a-rule, c-rule]\n",
        one=RULE,
        two=RULE.replace("high", "fatal"),
        three=RULE.replace("a-rule", "b-rule").replace("all overseas", "all y"),
    )
    two = folder(tmp_path / "q", PACK.replace("[overseas]", "[*x]"), one=RULE, two=RULE + "\t", three="[")
    found = refused(one, tmp_path / "nowhere", two)
    assert [entry[:3] for entry in found] == [
        ("nowhere", 0, 0),
        ("pack.yaml", 8, 70),  # x includes itself
        ("pack.yaml", 8, 73),  # no territory z
        ("pack.yaml", 9, 1),  # b-rule is missing
        ("pack.yaml", 9, 17),  # no rule c-rule
        ("two.yaml", 1, 5),  # the id is taken
        ("two.yaml", 3, 11),  # fatal
        ("pack.yaml", 7, 50),  # *x
        ("three.yaml", 1, 2),  # [
        ("two.yaml", 13, 1),  # a tab
        ("one.yaml", 1, 5),  # the id is taken by the other pack
    ]


def test_a_pack_that_cannot_be_read_hides_no_error_of_its_rules(tmp_path: Path) -> None:
    path = folder(tmp_path / "p", "id: [", a_rule=RULE.replace("high", "fatal").replace("overseas", "nobody"))
    assert [entry[:3] for entry in refused(path)] == [("pack.yaml", 1, 6), ("a_rule.yaml", 3, 11)]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
)


@pytest.mark.parametrize(
    ("text", "line", "column", "said", "remedy"),
    [
        (BOMB + RULE, 1, 4, "anchor `&a` is not allowed", "remove it"),
        (RULE + "#" * 10_000_000, 13, 1_048_170, "is larger than 1 MiB", "split it"),
        (RULE.replace("  pass", "\tpass"), 10, 1, "is not YAML", "indent with spaces, not tabs"),
        (RULE.replace("china-mainland", "china-mainlnd"), 5, 29, "unknown territory", "did you mean `china-mainland`?"),
        (RULE.replace("[media]", "*planes"), 4, 47, "alias `*planes`", "write the value out"),
        (RULE + "id: other\n", 13, 1, "key `id` stands twice (first in line 1)", "keep one"),
        (RULE + "valid: {from: 2020-02-30}\n", 13, 15, "`from` must be a date that exists", "YYYY-MM-DD"),
        (RULE.replace("[media]", "[" * 40 + "]" * 40), 4, 77, "nested more than 32 levels", "flatten it"),
        (RULE.replace("Because.", "NO\x07"), 6, 8, "control character U+0007", "remove it"),
        (RULE.replace("[US]", "[1e3]", 1), 10, 26, "must be text or a list or a mapping", "not a number"),
    ],
)
def test_what_could_do_harm_is_refused_by_the_command(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    line: int,
    column: int,
    said: str,
    remedy: str,
) -> None:
    path = folder(tmp_path / "p", a_rule=text)
    monkeypatch.setattr("sys.argv", ["auditor", "rules", "list", str(path)])
    assert exits.guarded(app) == exits.ERROR
    err = capsys.readouterr().err
    assert "Traceback" not in err
    (first, *_) = [entry for entry in err.splitlines() if entry.startswith(f"{path}{'/a_rule.yaml'}:{line}:{column}: ")]
    assert said in first
    assert remedy in first
    assert re.fullmatch(r"auditor: error: \d+ problems? in 1 file; mend (it|them) and run again", err.splitlines()[-1])


def test_chains_of_territories_may_be_long(tmp_path: Path) -> None:
    chain = "".join(f"  t{number}: {{title: T, includes: [t{number + 1}]}}\n" for number in range(5_000))
    path = folder(tmp_path / "p", f"{PACK}territories:\n{chain}  t5000: {{title: T, countries: [NO]}}\n")
    assert rules.load([str(path)]).rules[0].id == "a-rule"


def test_cycles_of_territories_are_refused_at_the_name_that_closes_them(tmp_path: Path) -> None:
    names = [f"t{number}" for number in range(500)]
    chain = "".join(
        f"  {name}: {{title: T, includes: [{after}]}}\n"
        for name, after in zip(names, names[1:] + names[:1], strict=True)
    )
    found = refused(folder(tmp_path / "p", f"{PACK}territories:\n{chain}"))
    assert ("pack.yaml", 508, 31, "territory `t0` includes itself") in [
        (file, line, column, said.partition(";")[0]) for file, line, column, said in found
    ]


SHIPPED = sorted(path for name in rules.shipped() for path in (rules.builtin() / name).glob("*.yaml"))
SPLICES = [
    "",
    " ",
    "\n",
    "\t",
    "- ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    "*a",
    "&a ",
    "!x ",
    "null",
    "1e3",
    "NO",
    "'",
    '"',
    "#",
    "é",
    "\x00",
]


def mutated(text: str, seed: int) -> str:
    """Edit a text here and there: drop, double, move or replace a line, a word or a character."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        parts = chance.choice([text.splitlines(keepends=True), re.split(r"(\W+)", text), list(text)])
        at, other = chance.randrange(len(parts) or 1), chance.randrange(len(parts) or 1)
        part = [chance.choice(SPLICES), parts[other] if parts else "", parts[at] * 2 if parts else "x"]
        parts[at : at + chance.randint(0, 2)] = [chance.choice(part)]
        text = "".join(parts)
    return text


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SHIPPED), st.integers(0, 2**32))
def test_edited_files_load_or_are_refused(tmp_path_factory: pytest.TempPathFactory, path: Path, seed: int) -> None:
    here = tmp_path_factory.getbasetemp() / "edited"
    here.mkdir(exist_ok=True)
    for each in path.parent.glob("*.yaml"):
        text = each.read_text(encoding="utf-8")
        (here / each.name).write_text(mutated(text, seed) if each == path else text, encoding="utf-8")
    found: tuple[InputError, ...] = ()
    try:
        rules.load([str(here)])
    except InputError as error:
        found = error.each
    for each in found:
        assert each.message
        assert each.source.startswith(str(here))
        assert each.column


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_edited_inventories_load_or_are_refused(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    from auditor.enrich.inventory import load_inventory
    from tests.enrich.test_inventory import WHOLE

    path = tmp_path_factory.getbasetemp() / "inventory.yaml"
    path.write_text(mutated(WHOLE, seed), encoding="utf-8")
    found: tuple[InputError, ...] = ()
    try:
        load_inventory(str(path))
    except InputError as error:
        found = error.each
    assert all(each.column for each in found)
