"""Special addresses are known as such, and no database ever places one."""

from ipaddress import ip_address, ip_network

import polars as pl
import pytest

from auditor.enrich import special
from auditor.enrich.addresses import numbers
from auditor.enrich.places import Places


def kind(address: str) -> str:
    registry = special.registry()
    code = numbers(pl.Series([address])).find(registry)[0]
    return registry.values[code].partition("\t")[0]


PRIVATE = (
    "10.0.0.1 172.31.255.255 192.168.1.1 100.64.0.1 169.254.1.1 127.0.0.1 ::1 fe80::1 fd00::1 fec0::1 ::ffff:10.0.0.1 "
    "0.0.0.0 224.0.0.251 255.255.255.255 :: ff02::fb"
)
SPECIAL = (
    "192.0.0.9 192.0.2.1 198.51.100.7 203.0.113.200 198.19.0.1 192.88.99.1 224.0.1.1 239.255.255.250 "
    "240.0.0.1 255.255.255.254 192.31.196.1 192.52.193.1 192.175.48.1 ff05::2 64:ff9b:1::1 100::1 2001::1 2001:2::1 "
    "2001:20::1 2001:db8::1 2002:808:808::1 3fff::1 5f00::1 ff0e::1 4000::1 2620:4f:8000::1 64:ff9b::10.0.0.1"
)
ORDINARY = (
    "1.2.3.4 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.0 192.0.1.0 "
    "2001:4860::1 2600::1 3ffe::1"
)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private(address: str) -> None:
    assert kind(address) == special.PRIVATE


@pytest.mark.parametrize("address", [each for each in SPECIAL.split() if not each.startswith("64:ff9b::")])
def test_special(address: str) -> None:
    assert kind(address) == special.SPECIAL


@pytest.mark.parametrize("address", ORDINARY.split())
def test_ordinary(address: str) -> None:
    assert kind(address) == ""


@pytest.mark.parametrize("address", (PRIVATE + " " + SPECIAL).split())
def test_no_database_places_a_special_address(address: str) -> None:
    found = Places().located(address)
    assert (found["claimed"], found["proven"], found["operator"]) == ("", "*", "")
    assert Places().explain([(address, "", None, None)]) == [()]


def test_edges_of_every_network_of_the_registry() -> None:

    for text, _, _ in special.REGISTRY:
        network = ip_network(text)
        for address in (network[0], network[-1]):
            assert bool(kind(str(address))) or text == "2000::/3", address


def test_what_the_standard_library_calls_not_global_is_special() -> None:
    for number in range(0, 2**32, 2**32 // 997):
        address = ip_address(number)
        if not address.is_global or address.is_multicast:
            assert kind(str(address)), address
