import re
from pathlib import Path

import pytest

from auditor.enrich import regions
from auditor.enrich.format import RegionsText
from auditor.model.countries import members
from auditor.model.documents import convert, loads
from auditor.model.errors import InputError

TABLE = Path(__file__).parents[2] / "tools" / "geo" / "regions.tsv"
ENTRY = "providers:\n- id: aws\n  title: A\n  sources: [{title: b}]\n  zone: '[a-z]'\n  regions: {eu-west-1: IE}\n"


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("aws/eu-west-1", "IE"),
        ("aws/eu-west-1a", "IE"),
        ("aws/euw1-az3", "IE"),
        ("aws/cn-northwest-1", "CN"),
        ("aws/us-gov-west-1", "US"),
        ("aws/us-east-1-scl-1a", "CL"),  # a Local Zone abroad is not in its region's country
        ("aws/us-east-1-nowhere-1a", ""),
        ("aws/use1-scl1-az1", "CL"),
        ("aws/use1-wl1-bos-wlz1", "US"),
        ("aws/use1-nowhere1-az1", ""),
        ("azure/CHINANORTH3", "CN"),
        ("azure/usgovvirginia", "US"),
        ("azure/germanywestcentral", "DE"),
        ("gcp/europe-west4-b", "NL"),
        ("gcp/europe-west4", "NL"),
        ("gcp/europe-west40", ""),
        ("oracle/me-jeddah-1", "SA"),
        ("alibaba/ap-southeast-1", "SG"),
        ("alibaba/cn-hongkong", "HK"),
        ("alibaba/cn-hangzhou-b", "CN"),
        ("tencent/ap-guangzhou-3", "CN"),
        ("huawei/ap-southeast-1", "HK"),
        ("huawei/cn-north-4a", "CN"),
        ("aws", ""),
        ("aws/", ""),
        ("/", ""),
        ("", ""),
        ("nobody/eu-west-1", ""),
        ("aws/" + "a" * 10_000_000, ""),
        ("aws/eu-west-1\n", ""),
    ],
)
def test_a_code_tells_its_country(code: str, where: str) -> None:
    assert regions.countries(code) == where


def test_the_table_agrees_with_that_of_the_published_ranges() -> None:
    rows = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    told = [
        (provider, region, home) for provider, region, home, *_ in rows if regions.countries(f"{provider}/{region}")
    ]
    assert len(told) > 150
    assert [each for each in told if regions.countries(f"{each[0]}/{each[1]}") != each[2]] == []


def test_every_provider_has_sources_with_dates_and_every_code_a_country() -> None:
    given = convert(regions._document(), RegionsText)
    assert {"aws", "azure", "gcp", "oracle", "alibaba", "tencent", "huawei"} <= {each.id for each in given.providers}
    for provider in given.providers:
        for source in provider.sources:
            assert source.title
            assert source.url.startswith("https://")
            assert source.date
        for code in provider.regions:
            assert members(regions.countries(f"{provider.id}/{code}"))


def test_a_report_can_cite_the_table() -> None:
    found = regions.database()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found.date)
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: aws", "id: A W S", "is no id"),
        ("[{title: b}]", "[]", "without a source"),
        ("'[a-z]'", "'['", "is no pattern"),
        ("IE}", "XX}", "`XX` is no country"),
        ("IE}", "[]}", "is no country"),
        ("IE}", "IE, EU-WEST-1: DE}", "stands twice"),
        ("eu-west-1:", "'=1':", "is no code"),
        ("regions:", "region:", "region"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as error:
        regions.table(loads(ENTRY.replace(old, new).encode(), "regions.yaml"))
    assert "regions.yaml" in str(error.value)


def test_a_provider_stands_once() -> None:
    twice = ENTRY + ENTRY.partition("\n")[2]
    with pytest.raises(InputError, match="stands twice"):
        regions.table(loads(twice.encode(), "regions.yaml"))
