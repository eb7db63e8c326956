"""A user's database is read whatever its layout, and a broken one is an error that a user can act on."""

import contextlib
import random
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from auditor.enrich.addresses import numbers
from auditor.enrich.mmdb import NOTHING, Answer, open_database, read
from auditor.model.errors import InputError
from tests.enrich.mmdb_file import mmdb

LAYOUTS: list[tuple[Any, Answer]] = [
    ({"country": {"iso_code": "HK", "names": {"en": "Hong Kong"}}, "city": {}}, Answer("HK")),  # MaxMind, DB-IP
    ({"registered_country": {"iso_code": "US"}, "represented_country": {"iso_code": "US"}}, NOTHING),
    ({"continent": {"code": "EU"}}, NOTHING),
    ({"country": {"iso_code": "US"}, "traits": {"is_anycast": True}}, Answer("US", True)),
    ({"country": "SG", "country_name": "Singapore"}, Answer("SG")),  # IPinfo standard
    (
        {"country": "China", "country_code": "CN", "asn": "AS37963", "as_name": "Alibaba", "as_domain": "a.example"},
        Answer("CN", False, "Alibaba", "AS37963"),  # IPinfo lite
    ),
    ({"country": "US", "anycast": "true"}, Answer("US", True)),
    ({"country_code": "TW"}, Answer("TW")),  # ip-location-db
    ({"country_code": "ZZ"}, NOTHING),
    ({"country_code": "EU"}, NOTHING),
    (
        {"autonomous_system_number": 45102, "autonomous_system_organization": "Alibaba US"},
        Answer("", False, "Alibaba US", "AS45102"),
    ),
    ({"traits": {"autonomous_system_number": 1, "organization": "O"}}, Answer("", False, "O", "AS1")),
    ({"asn": "not a number", "country": ["CN"], "traits": "x"}, NOTHING),
    ({"asn": "9" * 4000, "as_name": "a\x1b[31m\nb" + "c" * 300}, Answer("", False, "a [31m b" + "c" * 92, "")),
    ("text", NOTHING),
    (None, NOTHING),
]


@pytest.mark.parametrize(("record", "answer"), LAYOUTS)
def test_layouts(record: Any, answer: Answer) -> None:
    assert read(record) == answer


@pytest.mark.parametrize(("record", "answer"), [each for each in LAYOUTS if isinstance(each[0], dict)])
def test_layouts_in_a_file(tmp_path: Path, record: Any, answer: Answer) -> None:
    database = open_database(str(mmdb(tmp_path / "x.mmdb", {"1.0.0.0/8": record})))
    codes, answers = database.answers(numbers(pl.Series(["1.1.1.1", "9.9.9.9"])), np.array([True, True]))
    assert [answers[code] for code in codes] == [answer, NOTHING]
    assert database.answer("1.1.1.1") == (answer, 8)


def test_what_a_report_says_of_it(tmp_path: Path) -> None:
    database = open_database(str(mmdb(tmp_path / "x.mmdb", {"1.0.0.0/8": {}}, kind="DBIP-Country\x1b[2J", built=1)))
    assert (database.name, database.date) == ("DBIP-Country [2J 1970-01-01", "1970-01-01")
    assert database.database.attribution == "IP Geolocation by DB-IP"
    assert database.database.kind == "country"
    assert (
        open_database(str(mmdb(tmp_path / "y.mmdb", {"1.0.0.0/8": {}}, kind="GeoLite2-ASN"))).database.kind
        == "operator"
    )
    absurd = open_database(str(mmdb(tmp_path / "z.mmdb", {"1.0.0.0/8": {}}, kind="", built=(1 << 64) - 1)))
    assert (absurd.name, absurd.date) == ("z", "")


def test_an_ipv4_database_says_nothing_of_ipv6(tmp_path: Path) -> None:
    database = open_database(str(mmdb(tmp_path / "x.mmdb", {"1.0.0.0/8": {"country_code": "AU"}}, version=4)))
    codes, answers = database.answers(numbers(pl.Series(["::1", "2400::1", "1.1.1.1"])), np.ones(3, np.bool_))
    assert [answers[code].countries for code in codes] == ["", "", "AU"]
    assert database.answer("2400::1") == (NOTHING, 0)


def test_no_file_and_files_that_are_no_database(tmp_path: Path) -> None:
    (tmp_path / "empty.mmdb").write_bytes(b"")
    (tmp_path / "text.mmdb").write_text("country,network\n" * 100)
    (tmp_path / "folder").mkdir()
    for name in ("missing.mmdb", "empty.mmdb", "text.mmdb", "folder"):
        with pytest.raises(InputError, match=r"\.mmdb form") as caught:
            open_database(str(tmp_path / name))
        assert caught.value.source.endswith(name)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of maxminddb, on text that is not UTF-8
def test_cut_and_altered_files_are_errors_or_answers_never_more(tmp_path: Path) -> None:
    records = {
        f"{n}.0.0.0/8": {"country": {"iso_code": code}} for n, code in enumerate(["CN", "US", "HK", "SG"] * 8, 1)
    }
    whole = mmdb(tmp_path / "x.mmdb", records).read_bytes()
    rng = random.Random(5)
    path = tmp_path / "y.mmdb"
    asked = numbers(pl.Series([f"{n}.1.1.1" for n in range(1, 40)]))
    refused = 0
    for _ in range(300):
        data = bytearray(whole[: rng.randrange(1, len(whole))] if rng.random() < 0.3 else whole)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        with contextlib.suppress(InputError):
            refused += 1
            database = open_database(str(path))
            database.answers(asked, np.ones(asked.count, np.bool_))
            database.answer("3.1.1.1")
            refused -= bool(database.name)
    assert refused > 20


def test_maxmind_s_own_reader_says_the_same(tmp_path: Path) -> None:
    """The oracle: geoip2 reads MaxMind's layouts and no other, so only this test depends on it."""
    from geoip2.database import Reader

    records = {
        "1.0.0.0/8": {"country": {"iso_code": "HK"}, "registered_country": {"iso_code": "CN"}},
        "2.0.0.0/8": {"country": {"iso_code": "US"}, "traits": {"is_anycast": True}},
        "3.0.0.0/8": {"registered_country": {"iso_code": "US"}},
    }
    path = mmdb(tmp_path / "x.mmdb", records, kind="GeoLite2-Country")
    ours = open_database(str(path))
    with Reader(str(path)) as reader:
        for address in ("1.2.3.4", "2.2.3.4", "3.2.3.4"):
            theirs = reader.country(address)
            answer, _ = ours.answer(address)
            assert answer.countries == (theirs.country.iso_code or "")
            assert answer.anycast == theirs.traits.is_anycast
