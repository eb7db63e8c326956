from ipaddress import ip_network
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.enrich.catalogue import Catalogue, Entry, NetworkEntry
from auditor.enrich.roles import settle
from auditor.enrich.who import who
from auditor.model import flow

PHONE, OTHER, INSIDE, NATTED = "203.0.113.5", "198.51.100.7", "192.168.1.5", "100.64.3.4"
ZOOM, CLOUD, BEIJING = "170.114.10.2", "52.4.5.6", "52.81.151.250"

CATALOGUE = Catalogue(
    names={
        "zoom.us": Entry("zoom", "Zoom", "signalling"),
        "kms.zoom.us": Entry("zoom", "Zoom", "keys"),
        "turn.zoom.us": Entry("zoom", "Zoom", "media", "relay"),
        "graph.facebook.com": Entry("facebook", "Meta", "telemetry"),
    },
    networks=(
        NetworkEntry(
            ip_network("170.114.0.0/16"), "udp", ((8801, 8810),), Entry("zoom", "Zoom", "media", "relay", by_port=True)
        ),
        NetworkEntry(ip_network("170.114.0.0/16"), "", (), Entry("zoom", "Zoom", "signalling", "server")),
    ),
    apps={"zoom": Entry("zoom", "Zoom", "media")},
)


def one(
    src: str, dst: str, ports: tuple[int, int] = (51000, 443), transport: str = "tcp", **more: Any
) -> dict[str, Any]:
    row = {"src_addr": src, "dst_addr": dst, "src_port": ports[0], "dst_port": ports[1], "transport": transport}
    return {"src_packets": 3, **row, **more}


def enriched(flows: pl.DataFrame) -> pl.DataFrame:
    return settle(who(flows, CATALOGUE))


def found(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    names = {name for row in rows for name in row}
    columns = {name: [row.get(name, flow.DEFAULTS[name]) for row in rows] for name in names}
    return enriched(flow.frame(columns)).to_dicts()


def roles(*rows: dict[str, Any]) -> tuple[str, str]:
    row = found(*rows)[0]
    return row["src_role"], row["dst_role"]


TLS = {"app": "tls", "opened": "handshake"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # 1 what was known before stays
        (one(PHONE, CLOUD, **TLS, dst_role="hop"), ("client", "hop")),
        (one(PHONE, CLOUD, **TLS, src_role="server"), ("server", "server")),
        # 2 the catalogue's network, whichever side opened
        (one(ZOOM, OTHER, (51000, 9999)), ("server", "unknown")),
        (one(ZOOM, "170.114.9.9", **TLS), ("server", "server")),
        (one(ZOOM, OTHER, (8801, 50000), "udp", app="zoom"), ("relay", "client")),
        # 3 the peer of a listed socket
        (one(PHONE, ZOOM, (50000, 8801), "udp", app="zoom"), ("client", "relay")),
        (one("170.114.9.9", ZOOM, (50000, 8801), "udp", app="zoom"), ("server", "relay")),
        (one("170.114.9.9", ZOOM, (8802, 8801), "udp", app="zoom"), ("relay", "relay")),
        (one(PHONE, ZOOM, (50000, 8801), "udp", outcome="unanswered"), ("unknown", "relay")),
        # 4 opened towards a server
        (one(PHONE, CLOUD, **TLS), ("client", "server")),
        (one(PHONE, CLOUD, (51000, 22), app="ssh", opened="handshake"), ("client", "server")),
        (one(PHONE, CLOUD, (51000, 8443), **TLS), ("client", "server")),
        (one(PHONE, CLOUD, (51000, 9443), **TLS), ("client", "server")),
        (one(PHONE, CLOUD, (51000, 3478), "udp", app="stun", opened="protocol"), ("client", "server")),
        (one(PHONE, CLOUD, (51000, 55000), "udp", app="turn", opened="protocol"), ("client", "relay")),
        (one(PHONE, CLOUD, (51000, 53), "udp", app="dns", opened="protocol"), ("client", "server")),
        (one(PHONE, CLOUD, (51000, 443), dst_name="turn.zoom.us", **TLS), ("client", "relay")),
        (one(PHONE, CLOUD, (123, 123), "udp", app="ntp", opened="protocol"), ("client", "server")),
        # … not where both ends may listen, nobody answered, or the port tells nothing
        (one(PHONE, OTHER, (51000, 5060), "udp", app="sip", opened="protocol"), ("unknown", "unknown")),
        (one(PHONE, OTHER, (51000, 5061), **TLS), ("unknown", "unknown")),
        (one(PHONE, OTHER, (51000, 52000), **TLS), ("unknown", "unknown")),
        (one(PHONE, OTHER, (51000, 52000), "udp", app="stun", opened="protocol"), ("unknown", "unknown")),
        (one(PHONE, OTHER, (51000, 3478), "udp", app="rtp", opened="protocol"), ("unknown", "unknown")),
        (one(PHONE, OTHER, (51000, 40002), "udp", app="dtls", opened="handshake"), ("unknown", "unknown")),
        (one(PHONE, OTHER, (51000, 9999), opened="handshake"), ("unknown", "unknown")),
        (one(PHONE, CLOUD, **TLS, outcome="rejected"), ("unknown", "unknown")),
        (one(PHONE, CLOUD, opened="handshake", outcome="unanswered"), ("unknown", "unknown")),
        (one(PHONE, CLOUD, basis="offered"), ("unknown", "unknown")),
        (one(PHONE, "255.255.255.255", (68, 67), "udp", app="dhcp", opened="protocol"), ("unknown", "unknown")),
        # 5 ports alone
        (one(PHONE, CLOUD, (51000, 443)), ("client", "server")),
        (one(CLOUD, PHONE, (443, 51000)), ("server", "client")),
        (one(PHONE, CLOUD, (51000, 3389), app="rdp"), ("client", "server")),
        (one(CLOUD, PHONE, (3478, 51000), "udp", app="turn"), ("server", "client")),
        (one(PHONE, CLOUD, (51000, 3389)), ("unknown", "unknown")),
        (one(PHONE, CLOUD, (3306, 443)), ("unknown", "unknown")),
        (one(PHONE, OTHER, (443, 443), "udp"), ("unknown", "unknown")),
        (one(PHONE, OTHER, (40000, 40002), "udp", app="rtp"), ("unknown", "unknown")),
        # … a public one that somebody behind a translator reached from a port that systems hand out
        (one(INSIDE, OTHER, (51000, 3478), "udp", app="rtp", opened="protocol"), ("client", "relay")),
        (one(INSIDE, OTHER, (51000, 3478), "udp"), ("client", "server")),
        (one(OTHER, INSIDE, (5222, 51000)), ("server", "client")),
        (one(OTHER, INSIDE, (3478, 51000), "udp", app="rtp", opened="protocol"), ("unknown", "unknown")),
        (one(INSIDE, OTHER, (5000, 3478), "udp", app="rtp"), ("unknown", "unknown")),
        (one(INSIDE, OTHER, (51000, 5060), "udp", app="rtp"), ("unknown", "unknown")),
        (one(INSIDE, "10.0.0.9", (51000, 3478), "udp", app="rtp"), ("unknown", "unknown")),
        (one(INSIDE, OTHER, (51000, 3478), "udp", app="rtp", outcome="unanswered"), ("unknown", "unknown")),
        # 6 facing a server that is known otherwise
        (one(PHONE, OTHER, (51000, 9999), opened="handshake", dst_role="server"), ("client", "server")),
        (one(PHONE, OTHER, (40000, 40002), "udp", app="rtp", dst_role="relay"), ("unknown", "relay")),
        (one(INSIDE, OTHER, (40000, 40002), "udp", app="rtp", dst_role="relay"), ("client", "relay")),
        (one(OTHER, INSIDE, (40000, 40002), "udp", app="rtp", src_role="relay"), ("relay", "client")),
        (one(OTHER, INSIDE, (40000, 9999), opened="handshake", src_role="server"), ("server", "unknown")),
        (one(INSIDE, "10.0.0.9", (40000, 40002), "udp", app="rtp", dst_role="relay"), ("unknown", "relay")),
        # 7 from behind NAT
        (one(INSIDE, OTHER, (5060, 5060), "udp", app="sip", opened="protocol"), ("client", "unknown")),
        (one(NATTED, OTHER, (5060, 9999), opened="handshake", outcome="unanswered"), ("client", "unknown")),
        (one(INSIDE, OTHER, (40000, 40002), "udp", app="rtp"), ("unknown", "unknown")),
        (one(INSIDE, "10.0.0.9", (5060, 5060), "udp", app="sip", opened="protocol"), ("unknown", "unknown")),
        (one(INSIDE, "224.0.0.251", (5353, 5353), "udp", app="mdns", opened="protocol"), ("unknown", "unknown")),
        (one(OTHER, INSIDE, (40000, 9999), opened="handshake"), ("unknown", "unknown")),
    ],
)
def test_roles(row: dict[str, Any], expected: tuple[str, str]) -> None:
    assert roles(row) == expected


def test_media_of_a_call_has_the_roles_of_its_signalling() -> None:
    call = {"session": "abc", "app": "sip", "opened": "protocol"}
    rtp = {"session": "abc", "app": "rtp"}
    media = one(INSIDE, OTHER, (40000, 40002), "udp", **rtp)
    assert roles(media, one(INSIDE, CLOUD, (5060, 5060), "udp", **call)) == ("client", "unknown")
    assert roles(media, one(INSIDE, CLOUD, (5060, 5060), "udp", **{**call, "session": "def"})) == ("unknown", "unknown")
    assert roles(media, one(INSIDE, CLOUD, (5060, 5060), "udp", **call, vantage="b")) == ("unknown", "unknown")
    both = one("10.9.9.9", OTHER, (5060, 5060), "udp", **call, dst_role="server")
    assert roles(media, both) == ("client", "server")  # the relay, then who faces it from a private address
    twice = one(OTHER, CLOUD, (5060, 5060), "udp", **call, src_role="client")
    assert roles(media, both, twice) == ("unknown", "unknown")


def test_a_registration_tells_who_is_called() -> None:
    sip = {"app": "sip", "opened": "protocol"}
    called = one(CLOUD, PHONE, (5060, 5060), "udp", **sip, session="abc", src_role="server")
    asked = one(PHONE, CLOUD, (5060, 5060), "udp", **sip, dst_role="server")
    media = one(PHONE, OTHER, (40000, 40002), "udp", app="rtp", session="abc")
    assert roles(called) == ("server", "unknown")
    assert roles(called, {**asked, "src_port": 5070}) == ("server", "unknown")
    assert roles(called, asked, media) == ("server", "client")
    assert roles(media, called, asked) == ("client", "unknown")


def test_an_inventory_tells_more_about_the_ends_beside_it() -> None:
    rows = [
        one(PHONE, OTHER, (5060, 5060), "udp", app="sip", opened="protocol", session="a"),
        one(PHONE, CLOUD, (40000, 40002), "udp", app="rtp", session="a"),
    ]
    flows = flow.frame(
        {name: [row[name] for row in rows] for name in rows[0] if name in rows[1]} | {"opened": ["protocol", ""]}
    )
    seen = who(flows, CATALOGUE)
    assert seen["src_role"].to_list() == ["unknown", "unknown"]
    told = settle(seen.with_columns(dst_role=pl.lit("server")))
    assert told["src_role"].to_list() == ["client", "client"]
    assert settle(told).equals(told)


def meaning(row: dict[str, Any]) -> tuple[str, str]:
    (out,) = found(row)
    return out["service"], out["plane"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # packets first: no name turns media into anything else
        (
            one(PHONE, CLOUD, (40000, 40002), "udp", app="rtp", plane="media", dst_name="graph.facebook.com"),
            ("facebook", "media"),
        ),
        (one(PHONE, ZOOM, plane="signalling", dst_name="kms.zoom.us"), ("zoom", "signalling")),
        # then the socket, the name, the network, the protocol
        (one(PHONE, ZOOM, (50000, 8805), "udp", dst_name="kms.zoom.us"), ("zoom", "media")),
        (one(ZOOM, PHONE, (8805, 50000), "udp"), ("zoom", "media")),
        (one(PHONE, BEIJING, **TLS, dst_name="kms.zoom.us"), ("zoom", "keys?")),
        (one(PHONE, ZOOM, **TLS, dst_name="kms.zoom.us"), ("zoom", "keys?")),
        (one(PHONE, ZOOM, **TLS), ("zoom", "signalling")),
        (one(PHONE, CLOUD, (50000, 8801), "udp", app="zoom"), ("zoom", "media")),
        (one(PHONE, CLOUD, **TLS), ("", "unknown")),
        # what disagrees stays open
        (one(PHONE, CLOUD, **TLS, dst_name="graph.facebook.com zoom.us"), ("", "signalling+telemetry?")),
        (one(PHONE, CLOUD, **TLS, dst_name="cdn.example zoom.us"), ("", "unknown")),
        (one(PHONE, ZOOM, **TLS, dst_name="graph.facebook.com"), ("", "signalling+telemetry?")),
        # what the opener would serve says nothing of what it asked for
        (one(ZOOM, CLOUD, **TLS), ("", "unknown")),
        (one(ZOOM, CLOUD, **TLS, dst_name="graph.facebook.com"), ("facebook", "telemetry?")),
        (one(CLOUD, PHONE, (443, 50000), src_name="kms.zoom.us"), ("zoom", "keys?")),
        # a reader that knows the service keeps it
        (one(PHONE, ZOOM, **TLS, service="own"), ("own", "signalling")),
    ],
)
def test_service_and_plane(row: dict[str, Any], expected: tuple[str, str]) -> None:
    assert meaning(row) == expected


def test_names_never_make_a_server() -> None:
    told = one(PHONE, OTHER, (40000, 40002), "udp", app="rtp", plane="media", dst_name="turn.zoom.us")
    assert roles(told) == ("unknown", "unknown")


def test_operators_come_from_networks_only() -> None:
    assert found(one(PHONE, ZOOM, **TLS))[0]["dst_operator"] == "Zoom"
    assert found(one(PHONE, ZOOM, **TLS, dst_operator="X"))[0]["dst_operator"] == "X"
    assert found(one(PHONE, CLOUD, **TLS, dst_name="kms.zoom.us"))[0]["dst_operator"] == ""


def test_rows_without_addresses_pass_through() -> None:
    flows = flow.frame({"status": ["ok", "no_address"], "detail": ["", "ARP"], "src_packets": [1, 2]})
    assert who(flows, CATALOGUE).equals(flows)
    assert who(flow.empty(), CATALOGUE).equals(flow.empty())
    assert settle(flow.empty()).equals(flow.empty())


addresses = st.sampled_from([PHONE, OTHER, INSIDE, NATTED, ZOOM, "170.114.9.9", CLOUD, "224.0.0.1", "fe80::1", None])
ports = st.sampled_from([22, 53, 443, 3478, 5060, 8801, 9999, 40000, 51000])
random_rows = st.fixed_dictionaries(
    {
        "src_addr": addresses, "dst_addr": addresses, "src_port": ports, "dst_port": ports,
        "transport": st.sampled_from(["tcp", "udp", "icmp"]),
        "app": st.sampled_from(["", "sip", "rtp", "tls", "turn", "zoom"]),
        "opened": st.sampled_from(["", "handshake", "protocol"]), "outcome": st.sampled_from(["", "", "rejected"]),
        "plane": st.sampled_from(["unknown", "unknown", "media", "signalling"]),
        "basis": st.sampled_from(["observed", "observed", "offered"]),
        "session": st.sampled_from([None, "a", "b"]), "vantage": st.sampled_from(["", "v"]),
        "src_role": st.sampled_from(["unknown"] * 4 + ["client", "server", "relay", "hop"]),
        "dst_role": st.sampled_from(["unknown"] * 4 + ["client", "server", "relay", "hop"]),
        "dst_name": st.sampled_from(["", "", "zoom.us", "graph.facebook.com", "x.example zoom.us", "\x00<b>"]),
    }
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(random_rows, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_no_decision_depends_on_the_order_of_rows(rows: list[dict[str, Any]], chance: Any) -> None:
    flows = flow.frame({name: [row[name] for row in rows] for name in rows[0]})
    order = list(range(len(rows)))
    chance.shuffle(order)
    assert enriched(flows[order]).equals(enriched(flows)[order])


@settings(deadline=None)
@given(st.lists(random_rows, min_size=1, max_size=8))
def test_what_is_known_stays_and_nothing_is_lost(rows: list[dict[str, Any]]) -> None:
    flows = flow.frame({name: [row[name] for row in rows] for name in rows[0]})
    out = enriched(flows)
    assert out.schema == flows.schema
    filled = ["service", "plane", "src_role", "dst_role", "src_operator", "dst_operator"]
    assert out.drop(filled).equals(flows.drop(filled))
    for name in ("plane", "src_role", "dst_role"):
        known = flows[name] != "unknown"
        assert out.filter(known)[name].equals(flows.filter(known)[name])
    assert who(out, CATALOGUE).equals(out)
