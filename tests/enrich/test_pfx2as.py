"""Tables of prefixes and AS numbers: they name operators and no places."""

import gzip
import hashlib
from pathlib import Path

import pytest

from auditor.enrich.locate import locate
from auditor.enrich.pfx2as import Prefixes, open_prefixes, sniff
from auditor.enrich.places import open_places
from auditor.model.errors import InputError
from tests import corpus

TABLE = """128.32.0.0\t16\t64500
128.32.8.0 24 64501_64502
128.32.9.0\t24\t64501,64502
2607:f140::\t32\t64503
2607:f140:1::\t48\t25
"""
NAME = "routeviews-rv2-20260102-1200.pfx2as"


def table(path: Path, text: str = TABLE, name: str = NAME) -> str:
    (path / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return str(path / name)


@pytest.mark.parametrize("name", [NAME, NAME + ".gz"])
def test_it_names_who_operates_an_address_and_not_where_it_is(name: str, tmp_path: Path) -> None:
    path = table(tmp_path, name=name)
    assert sniff(path)
    before, after = (locate(["128.32.1.1"], open_places(geo=geo))[0] for geo in ([], [path]))
    assert after["operator"] == "AS64500"
    assert after["countries"] == before["countries"]
    said = [each for each in after["sources"] if each["name"] == name]
    assert said == [{"name": name, "kind": "operator", "countries": [], "detail": "AS64500 AS64500"}]
    facts = open_prefixes(path).database
    assert (facts.date, facts.kind) == ("2026-01-02", "operator")
    assert facts.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("address", "number", "length"),
    [
        ("128.32.1.1", "AS64500", 16),
        ("128.32.8.1", "", 0),
        ("128.32.9.1", "", 0),
        ("128.33.0.1", "", 0),
        ("2607:f140::1", "AS64503", 32),
        ("2607:f140:1::1", "AS25", 48),
    ],
)
def test_the_longest_prefix_answers_and_several_origins_name_nobody(
    address: str, number: str, length: int, tmp_path: Path
) -> None:
    answer, prefix = open_prefixes(table(tmp_path)).answer(address)
    assert (answer.number, prefix) == (number, length)


def test_the_names_are_those_of_the_shipped_data(tmp_path: Path) -> None:
    found = locate(["2607:f140:1::1"], open_places(geo=[table(tmp_path)]))[0]["operator"]
    assert found == locate(["128.32.1.1"], open_places())[0]["operator"] != "AS25"  # a network of the same university


@pytest.mark.parametrize(
    ("text", "line"),
    [(TABLE + "what is this\n", 6), ("128.32.0.0\t33\t1\n", 1), ("1::2::3\t33\t1\n", 1), ("1\t2\t3\n", 0)],
)
def test_damaged_tables_are_refused_with_the_line(text: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        open_places(geo=[table(tmp_path, text)])
    assert error.value.record == line


def test_a_cut_table_is_refused(tmp_path: Path) -> None:
    path = Path(table(tmp_path, TABLE * 2_000, NAME + ".gz"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="can't be read whole"):
        open_places(geo=[str(path)])


@pytest.mark.skipif(not (corpus.FOLDER.parent / "traces").is_dir(), reason="real tables are not here")
def test_a_real_table() -> None:
    path = next((corpus.FOLDER.parent / "traces").glob("*prefix2as*"))
    found = open_prefixes(str(path))
    assert isinstance(found, Prefixes)
    for line in gzip.decompress(path.read_bytes()).decode().split("\n"):
        if line and "_" not in line and "," not in line:
            prefix, length, number = line.split("\t")
            answer, longest = found.answer(prefix)
            assert longest >= int(length)
            if longest == int(length):
                assert answer.number == f"AS{number}"
