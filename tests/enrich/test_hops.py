"""Hops of tunnels, from captures to verdicts: whose they are, where, and that they make nobody a participant."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor import judge, pipeline
from auditor.enrich import hops as enrich_hops
from auditor.model import flow
from tests import builders
from tests.captures import SYN, ether, ip, pcap, rtp, sdp, sip, tcp, udp

CN, CA, US = "52.81.151.250", "142.1.33.4", "128.32.10.20"
HOME = "10.0.0.5"


def vxlan(frame: bytes, src: str = CA, dst: str = CN) -> bytes:
    return udp(src, 50000, dst, 4789, b"\x08" + bytes(7) + frame)


CALL = [
    vxlan(udp(HOME, 5060, US, 5060, sip("INVITE sip:b@example.com SIP/2.0", "call", HOME, sdp(HOME, 40010)))),
    vxlan(udp(US, 5060, HOME, 5060, sip("SIP/2.0 200 OK", "call", HOME, sdp(US, 50010)))),
    *(vxlan(frame) for frame in rtp(HOME, 40010, US, 50010, 30)),
    *(vxlan(frame, CN, CA) for frame in rtp(US, 50010, HOME, 40010, 30, ssrc=8)),
]


def located(tmp_path: Path, frames: list[bytes], inventory: str = "") -> pl.DataFrame:
    (tmp_path / "a.pcap").write_bytes(pcap(frames))
    if inventory:
        (tmp_path / "inventory.yaml").write_text(inventory)
    path = tmp_path / "inventory.yaml" if inventory else None
    return pipeline.located(tmp_path / "a.pcap", inventory=path, workers=1).frame


def hops(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.filter(pl.col("detail") == flow.PASSED).to_dicts()


def ends(frame: pl.DataFrame, addr: str, column: str) -> set[str]:
    sides = [frame.filter(pl.col(f"{side}_addr") == addr)[f"{side}_{column}"] for side in flow.SIDES]
    return set(pl.concat([side.alias("it") for side in sides]))


def test_hops_belong_to_the_call_that_the_tunnel_carried(tmp_path: Path) -> None:
    frame = located(tmp_path, CALL)
    rows = hops(frame)
    assert [(row["session"], row["plane"], row["app"], row["transport"]) for row in rows] == [
        ("call", "signalling", "vxlan", "udp"),
        ("call", "media", "vxlan", "udp"),
    ]
    assert {(row["src_addr"], row["dst_addr"], row["src_role"], row["dst_role"]) for row in rows} == {
        (CA, CN, "hop", "hop")
    }
    assert [row["record"] for row in rows] == [1, 3]
    assert {(row["basis"], row["status"], row["src_packets"] + row["dst_packets"]) for row in rows} == {
        ("observed", "ok", 0)
    }
    assert int((frame["src_packets"] + frame["dst_packets"]).sum()) == len(CALL)
    inner = frame.filter(pl.col("src_packets") > 0)
    assert set(inner["session"]) == {"call"}
    assert rows[1]["first_ns"] == inner.filter(pl.col("plane") == "media")["first_ns"].item()


def test_flows_without_a_session_get_one_that_no_stranger_can_write(tmp_path: Path) -> None:
    one, other = tcp(HOME, 1030, US, 443, SYN), ether(ip("fd00::1", "2001:500::9", 58, b"\x80\0" + bytes(8)))
    name = f"wrapped tcp {HOME}:1030 \N{RIGHTWARDS ARROW} {US}:443"
    forged = udp(CA, 5060, US, 5060, sip("INVITE sip:b@example.com SIP/2.0", name, CA))
    frame = located(tmp_path, [vxlan(one), vxlan(other), forged, one])
    assert [row["session"] for row in hops(frame)] == [
        name,
        "wrapped icmp6 fd00::1 \N{RIGHTWARDS ARROW} 2001:500::9",
    ]
    assert frame.filter(pl.col("session") == name)["app"].to_list() == ["", "vxlan"]
    assert frame.filter(pl.col("session").is_null()).is_empty()


def test_sessions_of_named_vantages_say_so(tmp_path: Path) -> None:
    frame = located(tmp_path, [vxlan(tcp(CA, 1030, US, 443, SYN), CN, US)], "vantage: {name: toronto, country: CA}\n")
    assert hops(frame)[0]["session"] == f"wrapped tcp {CA}:1030 \N{RIGHTWARDS ARROW} {US}:443 at toronto"


@pytest.mark.parametrize(
    ("inventory", "inner", "outer"),
    [
        ("vantage: {name: toronto, country: CA}\n", {"*"}, {"CA"}),
        ("vantage: {name: toronto, country: CA, private: [10.0.0.0/8]}\n", {"CA"}, {"CA"}),
        ("vantage: {name: toronto, country: CA, private: [10.9.0.0/16]}\n", {"*"}, {"CA"}),
    ],
)
def test_private_addresses_in_tunnels_are_at_the_vantage_only_if_declared(
    inventory: str, inner: set[str], outer: set[str], tmp_path: Path
) -> None:
    frames = [vxlan(tcp(HOME, 1030, US, 443, SYN), "10.9.0.1"), tcp("10.9.0.1", 5, US, 443, SYN)]
    frame = located(tmp_path, frames, inventory)
    assert ends(frame, HOME, "proven") == inner
    assert ends(frame, "10.9.0.1", "proven") == outer


def test_what_is_told_in_a_tunnel_is_told_by_those_inside(tmp_path: Path) -> None:
    via = f"Via: SIP/2.0/UDP {HOME}:5060;branch=z9hG4bK776\r\nVia: SIP/2.0/UDP {CN}:5060"
    message = sip("INVITE sip:b@example.com SIP/2.0", "call", HOME).replace(
        f"Via: SIP/2.0/UDP {HOME}:5060".encode(), via.encode()
    )
    frame = located(tmp_path, [vxlan(udp(HOME, 5060, US, 5060, message))], "vantage: {name: toronto, country: CA}\n")
    assert set(frame["basis"]) == {"observed", "attested"}
    assert ends(frame, HOME, "proven") == {"*"}
    assert set(frame.filter(pl.col("basis") == "attested")["vantage"]) == {"toronto in tunnels"}


INVENTORY = f"""
clients:
  - {{networks: [{CA}/32], population: overseas, country: CA}}
sites:
  - {{name: gateway, networks: [{CN}/32], country: CN, planes: [keys], holds: mainland}}
"""


def test_the_inventory_makes_no_hop_a_participant_and_moves_no_plane(tmp_path: Path) -> None:
    rows = hops(located(tmp_path, CALL, INVENTORY))
    assert [(row["plane"], row["src_role"], row["dst_role"]) for row in rows] == [
        ("signalling", "hop", "hop"),
        ("media", "hop", "hop"),
    ]
    assert {row[f"{side}_label"] for row in rows for side in flow.SIDES} == {""}
    assert {(row["dst_site"], row["dst_proven"]) for row in rows} == {("gateway", "CN")}


def judged(tmp_path: Path, roles: set[str]) -> dict[str, int]:
    frame = located(tmp_path, CALL, f"clients:\n  - {{networks: [{HOME}/32, {US}/32], country: CA}}\n")
    rule = builders.rule(roles=frozenset(roles), planes=frozenset({"media"}))
    report = judge.conclude(judge.fold(frame, ()), [rule], inputs=builders.inputs())
    assert report.coverage.packets == len(CALL)
    assert report.coverage.flows == 2
    return builders.counts(report)


def test_a_hop_is_a_touch_only_for_rules_that_ask(tmp_path: Path) -> None:
    assert "fail" not in judged(tmp_path, {"server", "relay"})
    assert judged(tmp_path, {"hop"})["fail"] == 1


def test_of_too_many_wrapped_flows_hops_stand_alone_and_the_report_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [*CALL, *(vxlan(tcp(HOME, 1000 + i, US, 443, SYN)) for i in range(5))]
    monkeypatch.setattr(enrich_hops, "SESSIONS", 5)
    assert {row["session"] for row in hops(located(tmp_path, frames))} >= {"call"}
    assert len(hops(located(tmp_path, frames))) == 7
    monkeypatch.setattr(enrich_hops, "SESSIONS", 4)
    rows = hops(located(tmp_path, frames))
    assert [(row["session"], row["plane"]) for row in rows] == [
        ("call", "signalling"),
        ("call", "media"),
        (None, "unknown"),
    ]
    report = pipeline.audit(tmp_path / "a.pcap", workers=1).report
    assert any("without sessions" in note for note in report.notes)
    assert enrich_hops.WRAPPED_SOME in report.notes
    assert report.coverage.packets == len(frames)


def test_a_private_address_in_a_tunnel_asks_for_its_network(tmp_path: Path) -> None:
    frame = located(tmp_path, CALL)
    report = judge.conclude(judge.fold(frame, ()), [builders.rule(roles=frozenset({"hop"}))], inputs=builders.inputs())
    asked = {settle.text for finding in report.findings for settle in finding.settles if settle.fact == "vantage"}
    assert any(HOME in text and "`private`" in text for text in asked)
