"""The longest network describes an address, and what was not valid proves nothing."""

from ipaddress import IPv4Network, ip_address, ip_network

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auditor.enrich.ground import Said, covers, lay, said, windows
from auditor.enrich.inventory import ALWAYS, Entry, Inventory

ENTRIES = st.lists(
    st.builds(
        lambda name, base, length, country, window: Entry(
            name, (IPv4Network((base >> (32 - length) << (32 - length), length)),), country, valid=window
        ),
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(10 << 24, (10 << 24) + 63),
        st.integers(26, 32),
        st.sampled_from(["", "CN", "HK", "US", "CN+HK"]),
        st.sampled_from([ALWAYS, (0, 10), (10, 20)]),
    ),
    max_size=8,
)


def ask(entries: list[Entry], address: str, first: int | None = 0, last: int | None = 0) -> Said:
    intervals, levels = lay(Inventory(entries=tuple(entries)))
    code = intervals.find4(np.array([int(ip_address(address))], np.uint32))[0]
    return said(levels[int(code)], first, last)


def site(name: str, network: str, country: str = "", **more: object) -> Entry:
    return Entry(name, (ip_network(network),), country, **more)  # type: ignore[arg-type]


@given(ENTRIES, st.integers(0, 63), st.sampled_from([0, 5, 12, 25]))
def test_agrees_with_a_naive_search(entries: list[Entry], offset: int, time: int) -> None:
    address = ip_address((10 << 24) + offset)
    found = ask(entries, str(address), time, time)
    holding = [entry for entry in entries if address in entry.networks[0]]
    valid = [entry for entry in holding if entry.valid[0] <= time < entry.valid[1]]
    longest = max((entry.networks[0].prefixlen for entry in valid), default=0)
    names = {entry.name for entry in valid if entry.networks[0].prefixlen == longest}
    assert set(found.site.split(" / ")) - {""} == names
    telling = [entry for entry in valid if entry.countries]
    longest = max((entry.networks[0].prefixlen for entry in telling), default=0)
    assert list(found.proofs) == [entry for entry in telling if entry.networks[0].prefixlen == longest]
    assert all(entry.countries and entry not in valid for entry in found.claims)


def test_the_longest_network_wins() -> None:
    entries = [site("wide", "10.0.0.0/8", "CN"), site("narrow", "10.1.0.0/16", "US")]
    assert [entry.name for entry in ask(entries, "10.1.2.3").proofs] == ["narrow"]
    assert [entry.name for entry in ask(entries, "10.2.2.3").proofs] == ["wide"]
    assert ask(entries, "11.0.0.1") == Said()


def test_a_country_left_out_is_taken_from_around() -> None:
    clients = Entry("", (ip_network("10.1.0.0/16"),), label="staff", role="client")
    found = ask([site("wide", "10.0.0.0/8", "CN", operator="X", role="server"), clients], "10.1.2.3")
    assert (found.label, found.role, found.site, found.operator, found.ground) == ("staff", "client", "", "", "CN")


def test_two_sites_of_one_network_contradict_each_other_and_both_stay() -> None:
    found = ask([site("a", "10.0.0.0/8", "CN"), site("b", "10.0.0.0/8", "US")], "10.1.2.3")
    assert (found.site, found.ground, len(found.proofs)) == ("a / b", "!", 2)


def test_a_site_that_moved() -> None:
    entries = [site("old", "10.0.0.0/8", "CN", valid=(0, 10)), site("new", "10.0.0.0/8", "SG", valid=(10, 20))]
    assert (ask(entries, "10.1.2.3", 5, 5).site, ask(entries, "10.1.2.3", 15, 15).ground) == ("old", "SG")
    across = ask(entries, "10.1.2.3", 5, 15)
    assert (across.proofs, {entry.countries for entry in across.claims}, across.site) == ((), {"CN", "SG"}, "")
    assert windows(Inventory(entries=tuple(entries))) == {0, 10, 20}


def test_traffic_without_a_time_lies_in_every_window() -> None:
    assert covers((5, 6), None, None)
    assert not covers((5, 6), 6, 6)
    assert covers((5, 7), 6, 6)


def test_both_ends_of_ipv6_networks() -> None:
    intervals, levels = lay(Inventory(entries=(site("six", "2001:db8::/126", "CN"),)))
    addresses = np.array([ip_address(f"2001:db8::{n}").packed for n in (0, 3, 4)], "S16")
    assert [len(levels[code]) for code in intervals.find6(addresses)] == [1, 1, 0]
