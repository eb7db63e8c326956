from ipaddress import ip_address, ip_network

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.enrich.addresses import numbers
from auditor.enrich.catalogue import Catalogue, Entry, NetworkEntry
from auditor.enrich.match import Known, coded, ends, kinds, known, lookup, named, situations, union
from auditor.model import flow


def network(prefix: str, service: str = "s", transport: str = "", ports: tuple = (), **more) -> NetworkEntry:
    return NetworkEntry(ip_network(prefix), transport, ports, Entry(service, by_port=bool(ports), **more))


networks = st.one_of(
    st.builds(lambda n, p: ip_network((n, p), strict=False), st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.builds(lambda n, p: ip_network((n, p), strict=False), st.integers(2**125, 2**126).map(int), st.integers(3, 128)),
)


@settings(deadline=None)
@given(st.lists(networks, max_size=12, unique=True), st.data())
def test_covers_agree_with_ipaddress(prefixes: list, data: st.DataObject) -> None:
    entries = [NetworkEntry(prefix, "", (), Entry(str(i))) for i, prefix in enumerate(prefixes)]
    inside = st.sampled_from(prefixes).flatmap(
        lambda n: st.integers(int(n[0]), int(n[-1])).map(lambda i: type(n[0])(i))
    )
    anyone = st.integers(0, 2**32 - 1).map(ip_address)
    some = data.draw(st.lists(st.one_of(inside, anyone) if prefixes else anyone, min_size=1, max_size=9))
    flows = flow.frame({"src_addr": [str(a) for a in some], "dst_addr": [str(a) for a in some]})
    where = lookup(Catalogue(networks=tuple(entries)))
    found = [
        tuple(int(entry.entry.service) for entry in where.holding[code])
        for code in numbers(flows["src_addr"]).find(where.intervals)
    ]
    plain = [a.ipv4_mapped or a if a.version == 6 else a for a in some]
    assert found == [tuple(i for i, n in enumerate(prefixes) if a.version == n.version and a in n) for a in plain]


def test_kinds_of_addresses() -> None:
    texts = ["10.1.2.3", "100.64.0.1", "fe80::1", "fd00::1", "127.0.0.1", "8.8.8.8", "2400::1", "192.0.2.1",
             "224.0.0.251", "ff02::fb", "255.255.255.255", "0.0.0.0", "::"]  # fmt: skip
    codes, values = kinds(pl.Series(texts))
    assert [values[code] for code in codes] == ["private"] * 5 + ["public"] * 3 + ["group"] * 5


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.integers(0, 99)), min_size=1))
def test_situations_are_the_distinct_rows(rows: list) -> None:
    columns = [coded(pl.Series([row[i] for row in rows])) for i in range(3)]
    found, inverse = situations(columns)
    assert [found[i] for i in inverse] == rows
    assert len(found) == len(set(rows))


def test_situations_of_more_columns_than_an_integer_holds() -> None:
    columns = [(np.arange(1 << 12), list(range(1 << 12)))] * 8
    found, inverse = situations(columns)
    assert len(found) == 1 << 12
    assert all(found[i] == (row,) * 8 for row, i in enumerate(inverse))


CATALOGUE = Catalogue(
    names={
        "zoom.us": Entry("zoom", "Zoom", "signalling"),
        "kms.zoom.us": Entry("zoom", "Zoom", "keys"),
        "turn.zoom.us": Entry("zoom", "Zoom", "media", "relay"),
        "graph.facebook.com": Entry("facebook", "Meta", "telemetry"),
        "odd.example": Entry("zoom", "Zoom", "unknown"),
    }
)


def test_names_that_agree_name_the_service() -> None:
    assert named(CATALOGUE, "a.zoom.us b.zoom.us") == Entry("zoom", "", "signalling", "server")
    assert named(CATALOGUE, "a.zoom.us kms.zoom.us") == Entry("zoom", "", "keys+signalling", "server")
    assert named(CATALOGUE, "turn.zoom.us").role == "relay"
    assert named(CATALOGUE, "turn.zoom.us zoom.us").role == "server"


def test_names_that_disagree_leave_it_open() -> None:
    assert named(CATALOGUE, "graph.facebook.com zoom.us") == Entry("", "", "signalling+telemetry", "")
    assert named(CATALOGUE, "tracker.example zoom.us") == Entry("", "", "unknown", "")
    assert named(CATALOGUE, "tracker.example") is None
    assert named(CATALOGUE, "") is None


def test_a_socket_beats_a_name_and_a_name_beats_a_network() -> None:
    wide = network("1.0.0.0/8", "zoom", planes="management", operator="Zoom")
    socket = network("1.0.0.0/8", "zoom", "udp", ((8801, 8810),), planes="media", role="relay", operator="Zoom")

    def at(transport: str, port: int, names: str) -> Known:
        return known(CATALOGUE, [socket, wide], transport, port, names)

    assert at("udp", 8801, "kms.zoom.us") == Known("zoom", "Zoom", "media", "relay", "", True)
    assert at("udp", 8811, "kms.zoom.us") == Known("zoom", "Zoom", "keys?", "server", "server")
    assert at("tcp", 8801, "") == Known("zoom", "Zoom", "management", "server")
    assert at("tcp", 443, "odd.example").planes == "management"
    # A name of another service may be domain fronting, or an answer that somebody made up.
    assert at("tcp", 443, "graph.facebook.com") == Known("", "Zoom", "management+telemetry?", "server")


def test_a_name_alone_says_neither_operator_nor_role() -> None:
    assert known(CATALOGUE, [], "tcp", 443, "kms.zoom.us") == Known("zoom", "", "keys?", "", "server")


def test_ends_find_the_longest_prefix_that_fits_the_port() -> None:
    entries = (
        network("10.1.0.0/16", "narrow", "udp", ((53, 53),)),
        network("10.0.0.0/8", "wide"),
        network("2a00::/16", "six"),
    )
    addrs = ["10.1.2.3", "10.1.2.3", "10.2.0.0", "2a00::1", "11.0.0.0", None, "::ffff:10.9.9.9"]
    flows = flow.frame({"src_addr": addrs, "src_port": [53, 54, 53, 53, 53, 53, 1], "transport": ["udp"] * 7})
    codes, values = ends(flows, "src", lookup(Catalogue(networks=entries)))
    assert [values[code][1].service for code in codes] == ["narrow", "wide", "wide", "six", "", "", "wide"]


def test_union_of_planes() -> None:
    assert union("media", "keys+media") == "keys+media"
    assert union("media", "unknown") == "unknown"
