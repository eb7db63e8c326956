"""Places of flows: the addresses that databases get wrong, proofs and their dates, the inventory, and STUN."""

import pickle
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.enrich.places import Places, open_places, override
from auditor.model import flow
from auditor.model.countries import bits, possible
from auditor.model.documents import nanoseconds
from auditor.model.errors import InputError
from tests.enrich.mmdb_file import mmdb

IN_2020, IN_DATE = nanoseconds(date(2020, 4, 3)), nanoseconds(date(2026, 11, 1))

Write = Callable[[str], str]


@pytest.fixture
def inventory(tmp_path: Path) -> Write:
    def write(text: str) -> str:
        path = tmp_path / "inventory.yaml"
        path.write_text(text)
        return str(path)

    return write


def place(
    places: Places,
    address: str | None,
    *,
    time: int = IN_DATE,
    vantage: str = "",
    reflexive: Any = None,
    **columns: Any,
) -> dict[str, Any]:
    """Return what one flow from an address says of it, names without `src_`."""
    row = {
        "src_addr": [address],
        "dst_addr": ["198.51.100.1"],
        "vantage": [vantage],
        "first_ns": [time],
        "last_ns": [time],
    }
    flows = flow.frame({**row, **{name: [value] for name, value in columns.items()}})
    found = places(flows, reflexive)
    assert found.schema == pl.Schema(flow.FLOW)
    named = found.row(0, named=True)
    return {**named, **{name: named[f"src_{name}"] for name in flow.ENDPOINT}}


def where(places: Places, address: str | None, **options: Any) -> str:
    found = place(places, address, **options)
    return possible(found["claimed"], found["proven"])


@pytest.mark.parametrize(
    ("address", "countries", "operator"),
    [
        ("52.81.151.250", "CN", "AWS China"),  # Beijing
        ("223.5.5.5", "CN", "Alibaba Cloud"),  # an international AS serves from the mainland
        ("114.114.114.114", "CN", "Zenlayer Inc"),
        ("1.1.1.1", "*", "Cloudflare"),
        ("8.8.8.8", "*", "Google"),
        ("2606:4700:4700::1111", "*", "Cloudflare"),
        ("18.162.1.1", "HK", "Amazon Web Services"),  # registration data says CN
        ("47.52.1.1", "HK", "Alibaba Cloud"),
        ("203.205.147.171", "SG", "Tencent Cloud"),
        ("13.248.130.1", "*", "Amazon Web Services"),  # Global Accelerator
        ("13.32.1.1", "*", "Amazon Web Services"),  # CloudFront
        ("34.96.64.1", "*", "Google Cloud"),  # a global load balancer
        ("151.101.1.1", "*", "Fastly"),
    ],
)
@pytest.mark.parametrize("time", [IN_2020, IN_DATE])
def test_addresses_that_databases_get_wrong(address: str, countries: str, operator: str, time: int) -> None:
    found = place(Places(), address, time=time)
    assert (possible(found["claimed"], found["proven"]), found["operator"]) == (countries, operator)


def test_a_published_range_is_a_proof_from_its_day_for_a_year() -> None:
    beijing = {time: place(Places(), "52.81.151.250", time=time) for time in (IN_2020, IN_DATE)}
    assert (beijing[IN_2020]["claimed"], beijing[IN_2020]["proven"]) == ("CN", "*")
    assert (beijing[IN_DATE]["claimed"], beijing[IN_DATE]["proven"]) == ("CN", "CN")
    for day, proven in (
        (date(2026, 10, 25), "*"),
        (date(2026, 10, 26), "CN"),
        (date(2027, 10, 25), "CN"),
        (date(2027, 10, 26), "*"),
    ):
        assert place(Places(), "52.81.151.250", time=nanoseconds(day))["proven"] == proven


def test_traffic_across_the_edge_of_a_window_is_not_proven() -> None:
    flows = flow.frame(
        {"src_addr": ["52.81.151.250"], "dst_addr": ["10.0.0.1"], "first_ns": [IN_2020], "last_ns": [IN_DATE]}
    )
    assert Places()(flows)["src_proven"].to_list() == ["*"]


def test_rows_without_addresses_and_texts_that_are_none() -> None:
    flows = flow.frame({"src_addr": [None, "oops"], "dst_addr": ["8.8.8.8", None], "status": ["no_address", "ok"]})
    found = Places()(flows)
    assert found["src_claimed"].to_list() == ["", ""]
    assert found["src_proven"].to_list() == ["*", "*"]
    assert found["dst_operator"].to_list() == ["Google", ""]
    assert Places()(flow.empty()).schema == pl.Schema(flow.FLOW)


def test_an_operator_that_is_known_is_kept_unless_the_inventory_names_one(inventory: Write) -> None:
    assert place(Places(), "8.8.8.8", src_operator="From the catalogue")["operator"] == "From the catalogue"
    places = open_places(inventory("sites: [{name: s, networks: 8.8.8.0/24, country: US, operator: Own}]"))
    assert place(places, "8.8.8.8", src_operator="From the catalogue")["operator"] == "Own"


INVENTORY = """
sites:
  - {name: kms, networks: 10.9.0.0/24, country: CN, role: server, planes: [keys], holds: mainland, operator: Own}
  - {name: cache, networks: 8.8.8.8, country: CN}
  - {name: either, networks: 192.0.2.0/24, countries: [CN, HK]}
  - {name: moved, networks: 203.0.113.0/24, country: CN, valid: {until: 2021-01-01}}
  - {name: moved, networks: 203.0.113.0/24, country: SG, valid: {from: 2021-01-01}}
  - {name: wrong, networks: 52.81.151.250, country: US}
clients:
  - {networks: 10.1.0.0/16, population: overseas, tenant: acme, country: CA}
vantages:
  - {name: toronto, sources: "t-*", country: CA}
  - {name: office, sources: "o-*", country: DE, private: [10.2.0.0/16, 9.134.0.0/16]}
  - {name: nowhere, sources: "n-*"}
"""


@pytest.mark.parametrize(
    ("address", "vantage", "time", "countries", "site", "label", "role"),
    [
        ("10.9.0.7", "", IN_DATE, "CN", "kms", "mainland", "server"),
        ("10.9.0.7", "toronto", IN_DATE, "CN", "kms", "mainland", "server"),
        ("10.1.2.3", "", IN_DATE, "CA", "", "overseas, account:acme", "client"),
        ("8.8.8.8", "", IN_DATE, "CN", "cache", "", "unknown"),
        ("8.8.8.9", "", IN_DATE, "*", "", "", "unknown"),
        ("192.0.2.1", "", IN_DATE, "CN+HK", "either", "", "unknown"),
        ("203.0.113.1", "", IN_2020, "CN", "moved", "", "unknown"),
        ("203.0.113.1", "", IN_DATE, "SG", "moved", "", "unknown"),
        ("52.81.151.250", "", IN_2020, "US", "wrong", "", "unknown"),
        ("52.81.151.250", "", IN_DATE, "!", "wrong", "", "unknown"),
        ("192.168.1.1", "toronto", IN_DATE, "CA", "", "", "unknown"),
        ("fe80::1", "toronto", IN_DATE, "CA", "", "", "unknown"),
        ("192.168.1.1", "", IN_DATE, "*", "", "", "unknown"),
        ("192.168.1.1", "nowhere", IN_DATE, "*", "", "", "unknown"),
        ("198.18.0.1", "toronto", IN_DATE, "*", "", "", "unknown"),
        ("10.2.0.1", "office", IN_DATE, "DE", "", "", "unknown"),
        ("10.3.0.1", "office", IN_DATE, "*", "", "", "unknown"),
        ("9.134.0.1", "office", IN_DATE, "DE", "", "", "unknown"),
        ("9.134.0.1", "toronto", IN_DATE, "US", "", "", "unknown"),
    ],
)
def test_the_inventory(
    inventory: Write, address: str, vantage: str, time: int, countries: str, site: str, label: str, role: str
) -> None:
    found = place(open_places(inventory(INVENTORY)), address, vantage=vantage, time=time)
    assert (possible(found["claimed"], found["proven"]), found["site"]) == (countries, site)
    assert (found["label"], found["role"]) == (label, role)


def test_vantages_of_inputs(inventory: Write) -> None:
    places = open_places(inventory(INVENTORY))
    names = ["t-1.pcap", "o-1.pcap", "x.pcap", "folder/t-2.pcap"]
    assert places.vantages(names) == (["", "office", "toronto"], [2, 1, 0, 2])
    assert Places().vantages(names) == ([""], [0, 0, 0, 0])


@pytest.mark.parametrize(
    ("plane", "declared", "result"),
    [
        ("media", ("media+signalling", ""), "media"),
        ("unknown", ("media+signalling", ""), "media+signalling"),
        ("other", ("keys", ""), "keys"),
        ("media", ("keys+media", "media+recording"), "media"),
        ("unknown", ("keys+media", "media+recording"), "media"),
        ("unknown", ("keys", "recording"), "keys+recording"),
        ("keys+media", ("keys+media+recording", ""), "keys+media"),
        ("keys+media", ("keys", ""), "keys"),
    ],
)
def test_the_planes_of_sites_override(plane: str, declared: Sequence[str], result: str) -> None:
    assert override(plane, *declared) == result == override(plane, *reversed(declared))


def test_planes_of_flows(inventory: Write) -> None:
    places = open_places(inventory(INVENTORY))
    assert place(places, "10.9.0.7", plane="media")["plane"] == "keys"
    assert place(places, "10.9.0.7", plane="keys")["plane"] == "keys"
    assert place(places, "10.9.0.7")["plane"] == "keys"
    assert place(places, "10.1.2.3", plane="media")["plane"] == "media"


def seen_as(*pairs: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"vantage": pl.String, "addr": pl.String, "public": pl.String}, orient="row")


@pytest.mark.parametrize(
    ("publics", "countries", "proven", "label"),
    [
        (["99.224.0.1"], "CA", "*", ""),
        (["99.224.0.1", "223.5.5.5"], "CA+CN", "*", ""),
        (["203.0.113.77"], "CA", "CA", "overseas"),
        (["203.0.113.77", "99.224.0.1"], "CA", "*", ""),
        (["52.81.151.250"], "CN", "*", ""),  # a published range proves where the translator is, not the client
        (["8.8.8.8"], "*", "*", ""),
        (["10.0.0.1"], "*", "*", ""),
        (["oops"], "*", "*", ""),
    ],
)
def test_a_private_client_is_placed_by_what_others_saw(
    inventory: Write, publics: list[str], countries: str, proven: str, label: str
) -> None:
    places = open_places(inventory("clients: [{networks: 203.0.113.0/24, population: overseas, country: CA}]"))
    found = place(places, "192.168.1.7", reflexive=seen_as(*(("", "192.168.1.7", public) for public in publics)))
    assert (possible(found["claimed"], found["proven"]), found["proven"], found["label"]) == (countries, proven, label)


def test_what_others_saw_changes_nothing_else(inventory: Write) -> None:
    places = open_places(inventory(INVENTORY))
    seen = seen_as(
        ("", "10.9.0.7", "99.224.0.1"), ("toronto", "192.168.1.1", "223.5.5.5"), ("", "99.224.0.1", "223.5.5.5")
    )
    assert where(places, "10.9.0.7", reflexive=seen) == "CN"
    assert where(places, "192.168.1.1", vantage="toronto", reflexive=seen) == "CA"
    assert where(places, "192.168.1.1", reflexive=seen) == "*"
    assert where(places, "99.224.0.1", reflexive=seen) == "CA"


def test_a_users_database_adds_claims(tmp_path: Path) -> None:
    records = {
        "18.162.0.0/16": {"country_code": "CN"},
        "9.9.10.0/24": {"country": "US", "anycast": True},
        "10.0.0.0/8": {"country": "US"},
    }
    path = mmdb(tmp_path / "user.mmdb", records)
    places = open_places(geo=[path])
    assert where(places, "18.162.1.1", time=IN_2020) == "CN+HK"
    assert where(places, "18.162.1.1") == "HK"
    assert where(places, "::ffff:18.162.1.1", time=IN_2020) == "CN+HK"
    assert where(places, "9.9.10.1") == "*"
    assert where(places, "10.1.1.1") == "*"
    assert [each.kind for each in places.databases()] == ["country", "operator", "ranges", "regions", "country"]


def test_places_pickle(inventory: Write) -> None:
    places = open_places(inventory(INVENTORY))
    assert pickle.loads(pickle.dumps(places)) == places


def test_what_can_not_be_opened_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        open_places(geo=[tmp_path / "missing.mmdb"])
    with pytest.raises(InputError):
        open_places(tmp_path / "missing.yaml")


ADDRESSES = st.one_of(st.ip_addresses(), st.sampled_from(["52.81.151.250", "10.1.1.1", "8.8.8.8", "18.162.1.1"])).map(
    str
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ADDRESSES, min_size=1, max_size=10), st.sampled_from([IN_2020, IN_DATE]))
def test_flows_and_explanations_agree(addresses: list[str], time: int) -> None:
    from auditor.enrich.evidence import weigh

    places = Places()
    flows = flow.frame(
        {
            "src_addr": addresses,
            "dst_addr": addresses[::-1],
            "first_ns": [time] * len(addresses),
            "last_ns": [time] * len(addresses),
        }
    )
    found = places(flows)
    assert found["src_claimed"].to_list() == found["dst_claimed"].to_list()[::-1]
    for address, claimed, proven in found.select("src_addr", "src_claimed", "src_proven").iter_rows():
        told = weigh(places.explain([(address, "", time, time)])[0])
        assert bits(possible(*told)) == bits(possible(claimed, proven))
        assert told[1] == proven
