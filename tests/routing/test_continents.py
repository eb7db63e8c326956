import pytest

from auditor.model.countries import CODES
from auditor.model.documents import loads
from auditor.model.errors import InputError
from auditor.routing import continents

SEVEN = ("AF", "AN", "AS", "EU", "NA", "OC", "SA")
ENTRY = """\
providers:
  - id: a
    title: A
    sources: [{title: b, url: "https://example.org", date: 2020-01-01}]
    continents: {EU: [DE, NO], AS: [CN]}
    formerly: {NO: AS}
"""
EU27 = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()


def test_every_country_is_on_one_continent_of_geonames() -> None:
    placed = [country for code in continents.codes("geonames") for country in continents.members("geonames", code)]
    assert continents.codes("geonames") == SEVEN
    assert sorted(placed) == sorted(CODES)
    assert all(country in continents.members("geonames", continents.of("geonames", country)) for country in CODES)


def test_the_legacy_databases_know_all_but_kosovo() -> None:
    placed = [country for code in continents.codes("geoip1") for country in continents.members("geoip1", code)]
    assert set(CODES) - set(placed) == {"XK"}
    assert len(placed) == len(CODES) - 1
    assert continents.of("geoip1", "XK") == ""
    assert continents.either("geoip1", "XK") == ()


@pytest.mark.parametrize(
    ("country", "geonames", "geoip1"),
    [
        ("NO", "EU", "EU"),
        ("CY", "EU", "AS"),
        ("TR", "AS", "EU"),
        ("TL", "OC", "AS"),
        ("CX", "OC", "AS"),
        ("RU", "EU", "EU"),
        ("XK", "EU", ""),
        ("GS", "AN", "AN"),
        ("NA", "AF", "AF"),
        ("AF", "AS", "AS"),
        ("HK", "AS", "AS"),
        ("TW", "AS", "AS"),
        ("GF", "SA", "SA"),
        ("RE", "AF", "AF"),
        ("GL", "NA", "NA"),
        ("AN", "", ""),
    ],
)
def test_where_countries_are(country: str, geonames: str, geoip1: str) -> None:
    assert (continents.of("geonames", country), continents.of("geoip1", country)) == (geonames, geoip1)


def test_the_european_union_is_on_the_continent_of_geonames_and_cyprus_not_on_that_of_the_legacy_databases() -> None:
    assert {continents.of("geonames", country) for country in EU27} == {"EU"}
    assert [country for country in EU27 if continents.of("geoip1", country) != "EU"] == ["CY"]


def test_editions_of_one_source_may_disagree() -> None:
    assert continents.either("geonames", "CX") == ("OC", "AS")
    assert continents.either("geonames", "DE") == ("EU",)


def test_a_provider_or_continent_that_is_not_known() -> None:
    for wrong in (("nobody", "EU"), ("geonames", "XX"), ("geonames", "eu")):
        with pytest.raises(KeyError):
            continents.members(*wrong)
    with pytest.raises(KeyError):
        continents.of("nobody", "DE")


def test_the_report_tells_of_the_tables() -> None:
    told = continents.database()
    assert told.kind == "continents"
    assert len(told.sha256) == 64
    assert told.date >= "2026-11-23"


def test_a_table_is_read() -> None:
    table = continents.tables(loads(ENTRY.encode(), "f.yaml"))["a"]
    assert table.members == {"AS": ("CN",), "EU": ("DE", "NO")}
    assert table.home == {"DE": "EU", "NO": "EU", "CN": "AS"}
    assert table.formerly == {"NO": "AS"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("DE, NO", "DE, UK", "f.yaml:5:27: `UK` is no country"),
        ("[CN]", "[CN, DE]", "`DE` is placed twice"),
        ("NO: AS", "NO: EU", "`NO: EU` is no other continent"),
        ("NO: AS", "NO: OC", "`NO: OC` is no other continent"),
        ("NO: AS", "SE: AS", "`SE: AS` is no other continent"),
        ("title: A", "titel: A", "titel"),
        ("2020-01-01", "soon", "date"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_with_its_place(old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        continents.tables(loads(ENTRY.replace(old, new).encode(), "f.yaml"))
    assert said in str(error.value)


def test_a_provider_that_stands_twice() -> None:
    twice = ENTRY + ENTRY.split("\n", 1)[1]
    with pytest.raises(InputError, match="stands twice"):
        continents.tables(loads(twice.encode(), "f.yaml"))
