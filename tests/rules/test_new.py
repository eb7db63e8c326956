from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditor import rules, workshop
from auditor.model.errors import InputError
from auditor.rules.new import Wanted

DAY = date(2026, 11, 23)
TEXT = {"title": "A notice", "kind": "law", "date": date(2024, 2, 29)}


def wanted(*verbs: str, **more: Any) -> Wanted:
    return Wanted("a-pack", verbs, DAY, more.pop("reference", TEXT), **{"countries": ("SG",), **more})


@pytest.mark.parametrize(
    "asked",
    [
        wanted("must_stay_in"),
        wanted("must_stay_in", participants="all sg"),
        wanted("must_stay_in", participants="any sg", countries=("SG", "MY", "NO"), planes=("media", "recording")),
        wanted("must_stay_in", participants="mixed sg", people=("MY",)),
        wanted("must_stay_in", participants="none sg", severity="low", title="Ours"),
        wanted("must_stay_in", participants="all eea", countries=("DE",)),
        wanted("must_not_touch", participants="all overseas", countries=("CN", "HK"), since=date(2024, 2, 29)),
        wanted("must_not_touch", participants="any staff", people=("US",)),
        wanted("must_be_encrypted", countries=()),
        wanted("must_be_encrypted", "must_stay_in", participants="all sg", since=date(2020, 3, 1)),
        wanted("not_observable", evidence="A list of copies", participants="mixed sg"),
        wanted("must_not_touch", "must_be_encrypted", "not_observable", evidence="A list", planes=("keys",)),
    ],
)
def test_a_new_pack_loads_and_keeps_what_it_promises(tmp_path: Path, asked: Wanted) -> None:
    folder = tmp_path / "a-pack"
    written = workshop.write_pack(asked, folder)
    assert sorted(written) == sorted(folder.iterdir())
    tried, covered = workshop.trial([str(folder)])
    assert all(each.kept for each in tried)
    assert not [each.rule.id for each in covered if each.missing]
    assert [rule.asserts.verb for rule in rules.load([str(folder)]).rules] == list(asked.verbs)
    found = workshop.remarks(workshop.look_over([str(folder)], DAY))
    assert {each.check for each in found} <= {"not-yet", "stale-territory"}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{each.rule.id}` | " in readme for each in covered)
    assert "TODO" not in "".join(path.read_text(encoding="utf-8") for path in written)


def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path: Path) -> None:
    for number, title in enumerate(("NO", "1e3", "0o17", "- a: b #c", "null", "'\"", "2024-01-01", "0x1f", "~")):
        folder = tmp_path / f"pack-{number}"
        asked = Wanted(folder.name, ("must_stay_in",), DAY, {"title": title, "article": title}, countries=("NO",))
        workshop.write_pack(asked, folder)
        (rule,) = rules.load([str(folder)]).rules
        assert (rule.references[0].title, rule.references[0].article) == (title, title)
        assert rule.asserts.countries == "NO"


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "a-pack"
    folder.mkdir()
    with pytest.raises(InputError, match="nothing is overwritten"):
        workshop.write_pack(wanted("must_stay_in"), folder)
    with pytest.raises(InputError, match="does the folder above it exist"):
        workshop.write_pack(wanted("must_stay_in"), tmp_path / "none" / "a-pack")
    with pytest.raises(InputError, match="small letters"):
        workshop.write_pack(Wanted("A Pack", ("must_stay_in",), DAY, TEXT, ("SG",)), tmp_path / "A Pack")
    with pytest.raises(InputError, match="in what would be"):
        workshop.write_pack(wanted("must_stay_in", reference={"title": ""}), tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["a-pack"]


@pytest.mark.parametrize(
    ("asked", "option", "said"),
    [
        (wanted("must_stay_in", countries=("UK",)), "--country", "write `GB`"),
        (wanted("must_stay_in", countries=()), "--country", "needs countries"),
        (wanted("must_stay_in", "must_not_touch"), "--verb", "keep must_stay_in or must_not_touch"),
        (wanted("not_observable"), "--evidence", "say what would"),
        (wanted("must_stay_in", participants="sg"), "--participants", "all, any, mixed or none"),
        (wanted("must_stay_in", people=("SG",)), "--people", "name it by --participants"),
        (wanted("must_stay_in", participants="all eea", people=("SG",)), "--people", "a territory that all packs know"),
        (wanted("must_be_encrypted", countries=(), participants="all sg"), "--people", "name their countries"),
        (wanted("must_stay_in", participants="all sg", people=("XX",)), "--people", "unknown place"),
    ],
)
def test_options_that_make_no_sense_are_named(tmp_path: Path, asked: Wanted, option: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        workshop.write_pack(asked, tmp_path / "a-pack")
    assert caught.value.source == option
    assert said in caught.value.message
    assert not list(tmp_path.iterdir())


def test_the_whole_world_leaves_nothing_to_say(tmp_path: Path) -> None:
    from auditor.model import countries

    with pytest.raises(InputError, match="whole world"):
        workshop.write_pack(wanted("must_stay_in", countries=countries.CODES), tmp_path / "a-pack")
    asked = wanted("must_stay_in", participants="mixed all-people", people=countries.CODES)
    with pytest.raises(InputError, match="nobody else"):
        workshop.write_pack(asked, tmp_path / "a-pack")
