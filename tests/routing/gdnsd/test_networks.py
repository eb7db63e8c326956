from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.routing.model import Client, Routing
from tests.routing.gdnsd.samples import whole


def nets(text: str) -> Routing:
    return whole({"geo-maps": f"m => {{ datacenters => [a, b, c]\nnets => {{\n{text}\n}} }}"})


def classes(routing: Routing) -> dict[str, tuple[str, ...]]:
    return {client.name.removeprefix("m "): client.networks for client in routing.clients if client.networks}


def who(routing: Routing, address: str) -> list[Client]:
    """Return the classes that hold an address."""
    at = ip_address(address)
    return [
        client for client in routing.clients for net in client.networks
        if ip_network(net).version == at.version and at in ip_network(net)
    ]  # fmt: skip


def test_a_network_does_not_hold_what_lies_in_others() -> None:
    found = classes(nets("10.0.0.0/8 => a\n10.128.0.0/9 => b\n"))
    assert found == {"10.0.0.0/8": ("10.0.0.0/9",), "10.128.0.0/9": ("10.128.0.0/9",)}


def test_a_network_that_others_fill_serves_nobody() -> None:
    routing = nets("198.51.100.0/24 => a\n198.51.100.0/25 => b\n198.51.100.128/25 => c\n")
    assert set(classes(routing)) == {"198.51.100.0/25", "198.51.100.128/25"}
    assert [remark.text for remark in routing.remarks] == [
        "`198.51.100.0/24` serves nobody: the networks inside it have all of its addresses"
    ]


def test_bits_behind_the_mask_are_cleared_and_told() -> None:
    routing = nets("192.0.2.7/24 => b")
    assert classes(routing) == {"192.0.2.7/24": ("192.0.2.0/24",)}
    assert "bits behind its mask" in routing.remarks[0].text


def test_equal_networks_with_different_lists_may_be_either() -> None:
    routing = nets("192.0.2.0/24 => a\n192.0.2.9/24 => b\n::192.0.2.0/120 => a\n")
    found = [client for client in routing.clients if client.networks]
    assert {pool for client in found for pool in routing.replay(client, frozenset()).pools} == {"a", "b"}
    assert {unread.text for unread in routing.unread} == {"192.0.2.0/24", "::192.0.2.0/120"} - {"::192.0.2.0/120"}


def test_halves_that_are_alike_may_lose_to_a_whole_that_is_not() -> None:
    """gdnsd merges the halves first, and then one of two equal networks is lost."""
    routing = nets("198.51.100.0/24 => a\n198.51.100.0/25 => [b, c]\n198.51.100.128/25 => [b, c]\n")
    found = {(client.name, *routing.replay(client, frozenset()).pools) for client in routing.clients if client.networks}
    assert found == {(f"m {net}", pool) for net in ("198.51.100.0/25", "198.51.100.128/25") for pool in ("a", "b")}
    assert {unread.at.line for unread in routing.unread} == {3, 4, 5}
    apart = nets("198.51.100.0/23 => a\n198.51.100.0/25 => [b, c]\n198.51.100.128/25 => [b, c]\n")
    assert not apart.unread


def test_networks_of_ipv6_around_ipv4_hold_it_too() -> None:
    assert classes(nets("::/0 => a"))["::/0"] == ("0.0.0.0/0", "::/0")
    assert classes(nets("::10.0.0.0/104 => a"))["::10.0.0.0/104"] == ("10.0.0.0/8",)
    routing = nets("::/0 => a\n10.0.0.0/8 => b\n2001:db8::/32 => c\n")
    assert [client.name for client in who(routing, "10.1.2.3")] == ["m 10.0.0.0/8"]
    assert [client.name for client in who(routing, "192.0.2.1")] == ["m ::/0"]
    assert [client.name for client in who(routing, "2001:db8::1")] == ["m 2001:db8::/32"]
    assert [client.name for client in who(routing, "2001:db9::1")] == ["m ::/0"]


@pytest.mark.parametrize("form", ["10.0.0.0/08", "10/8", "0x0a.0.0.0/8", "012.0.0.0/8", "167772160/8"])
def test_addresses_in_the_forms_of_old(form: str) -> None:
    expected = {"10/8": "0.0.0.0/8"}.get(form, "10.0.0.0/8")
    assert classes(nets(f"{form} => a"))[form] == (expected,)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 63), st.integers(26, 32)), min_size=1, max_size=12, unique=True))
def test_every_address_is_in_the_class_of_its_longest_prefix(given: list[tuple[int, int]]) -> None:
    written = {str(ip_network((int(ip_address("192.0.2.0")) + low, bits), strict=False)) for low, bits in given}
    routing = nets("\n".join(f"{net} => a" for net in sorted(written)))
    for low in range(64):
        address = ip_address("192.0.2.0") + low
        around = [ip_network(net) for net in written if address in ip_network(net)]
        longest = max(around, key=lambda net: net.prefixlen, default=None)
        assert [client.name for client in who(routing, str(address))] == ([f"m {longest}"] if longest else [])
