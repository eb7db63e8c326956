"""Which packets are evidence: those of the flows, calls and datagrams that a finding rests on, and no others."""

import struct

import numpy as np
import pytest

from auditor.evidence.keys import Keys
from auditor.evidence.shown import shown
from tests.captures import ACK, PSH, SYN, ether, ip, pcap, rtp, sdp, sip, stun, tcp, udp, xor_mapped
from tests.evidence import pcapng_file
from tests.evidence.folder import PROXY, Folder, call, extracted, fragmented, records
from tests.read import files
from tests.read.streams.wire import chunk
from tests.test_witness import BEIJING, CANADA, STATES


def test_all_fragments_of_a_datagram_in_any_order(folder: Folder) -> None:
    ours = [fragmented(frame, 100 + i) for i, frame in enumerate(rtp(CANADA, 40000, BEIJING, 3480, count=6))]
    others = [fragmented(frame, 100 + i) for i, frame in enumerate(rtp(CANADA, 40000, PROXY, 3480, count=6))]
    rest = [part for both in zip(ours[1:], others[1:], strict=True) for parts in both for part in parts]
    file, _, finding = folder.proof(folder.write(a=pcap([*ours[0][::-1], *others[0], *rest])))
    assert [packet.data for packet in file.packets] == [*ours[0][::-1], *(part for parts in ours[1:] for part in parts)]
    assert finding.packets == len(file.packets) == 18


def test_fragments_without_a_first_one(folder: Folder) -> None:
    lost = [fragmented(frame, 100 + i)[1:] for i, frame in enumerate(rtp(CANADA, 40000, BEIJING, 3480, count=3))]
    frames = [*(part for parts in lost for part in parts), *rtp(CANADA, 40000, PROXY, 3480)]
    file, _, finding = folder.proof(folder.write(a=pcap(frames)))
    assert len(file.packets) == finding.packets == 6


def test_of_calls_on_one_five_tuple_only_those_that_touched(folder: Folder) -> None:
    register = sip("REGISTER sip:example.com SIP/2.0", "reg", CANADA, method="REGISTER")
    frames = [
        udp(CANADA, 5060, PROXY, 5060, register),
        *call("good", CANADA, 40000, PROXY),
        *call("bad", CANADA, 42000, BEIJING),
        *call("fine", CANADA, 44000, PROXY),
        udp(CANADA, 5060, PROXY, 5060, b"\r\n\r\n"),
    ]
    file, _, finding = folder.proof(folder.write(a=pcap(frames)))
    assert finding.first_sessions == ("bad",)
    said = b"".join(packet.data for packet in file.packets)
    assert b"Call-ID: bad" in said
    assert b"Call-ID: reg" in said  # it shows who serves whom
    assert b"Call-ID: good" not in said
    assert b"Call-ID: fine" not in said
    assert len(file.packets) == 1 + 2 + 40


def test_legs_of_one_session_on_the_five_tuple_that_calls_share(folder: Folder) -> None:
    """A back-to-back user agent gives each leg its own Call-ID; `Session-ID` (RFC 7989) says that they are one."""
    session = f"\r\nSession-ID: {'ab' * 16};remote={'cd' * 16}"
    asked, answered = "INVITE sip:b@example.com SIP/2.0" + session, "SIP/2.0 200 OK" + session
    legs = [
        udp(*ends, sip(first, name, CANADA, sdp(*media)))
        for name in ("a-leg", "b-leg")
        for first, ends, media in (
            (asked, (CANADA, 5060, PROXY, 5060), (CANADA, 40000)),
            (answered, (PROXY, 5060, CANADA, 5060), (BEIJING, 41000)),
        )
    ]
    media = rtp(CANADA, 40000, BEIJING, 41000)
    paths = folder.write(a=pcap([*legs, *call("good", CANADA, 44000, PROXY), *media]))
    file, _, finding = folder.proof(paths)
    assert finding.first_sessions == ("a-leg",)
    assert [packet.data for packet in file.packets] == [*legs, *media]
    told = shown(folder.open(paths), finding)
    assert {line for message in told.messages for line in message.text if line.startswith("Call-ID")} == {
        "Call-ID: a-leg",
        "Call-ID: b-leg",
    }


def test_calls_on_one_association_are_taken_whole(folder: Folder) -> None:
    """SIP on SCTP: messages of several calls may share a packet, and one may run across several."""
    good, bad = call("good", CANADA, 40000, PROXY), call("bad", CANADA, 42000, BEIJING)
    ours = [
        ether(ip(src, dst, 132, struct.pack("!HHII", 5060, 5060, 1, 0) + chunk(frame[42:], number, 3)))
        for number, frames in enumerate((good, bad))
        for src, dst, frame in ((CANADA, PROXY, frames[0]), (PROXY, CANADA, frames[1]))
    ]
    file, _, finding = folder.proof(folder.write(a=pcap([*ours, *good[2:], *bad[2:]])))
    assert finding.first_sessions == ("bad",)
    assert [packet.data for packet in file.packets] == [*ours, *bad[2:]]


def test_fragments_of_messages_follow_their_call(folder: Folder) -> None:
    calls = {
        name: call(name, CANADA, port, relay) for name, port, relay in (("good", 40000, PROXY), ("bad", 42000, BEIJING))
    }
    cut = {
        name: [fragmented(frame, i, 336) for i, frame in enumerate(frames[:2], ord(name[0]))]
        for name, frames in calls.items()
    }
    frames = [part for name, frames in calls.items() for parts in cut[name] for part in parts[::-1]]
    file, _, finding = folder.proof(folder.write(a=pcap([*frames, *calls["good"][2:], *calls["bad"][2:]])))
    assert finding.first_sessions == ("bad",)
    kept = [packet.data for packet in file.packets]
    assert kept == [*(part for parts in cut["bad"] for part in parts[::-1]), *calls["bad"][2:]]


def test_a_private_client_behind_a_translator(folder: Folder) -> None:
    inside, server = "192.168.7.20", STATES
    frames = [
        udp(inside, 40000, server, 3478, stun(1)),
        udp(server, 3478, inside, 40000, stun(0x0101, xor_mapped(CANADA, 61000))),
        *rtp(inside, 40000, BEIJING, 3480),
        *rtp(inside, 40000, PROXY, 3480),
    ]
    file, _, _ = folder.proof(folder.write(a=pcap(frames)))
    assert records(file)[0] == ("a.pcap", 2)
    assert "public address" in file.packets[0].comment
    assert len(file.packets) == 21


def test_a_touch_that_no_packet_shows(folder: Folder) -> None:
    offer = [
        udp(CANADA, 5060, PROXY, 5060, sip("INVITE sip:b@example.com SIP/2.0", "two", CANADA, sdp(CANADA, 40000))),
        udp(PROXY, 5060, CANADA, 5060, sip("SIP/2.0 200 OK", "two", CANADA, sdp(BEIJING, 50000))),
    ]
    file, _, finding = folder.proof(folder.write(a=pcap([*rtp(CANADA, 4, PROXY, 4), *offer])))
    assert finding.basis == "offered"
    assert [packet.data for packet in file.packets] == offer


def test_a_name_that_only_the_capture_file_tells(folder: Folder) -> None:
    name = struct.pack("<HH", 1, 4 + 11) + bytes([52, 80, 19, 7]) + b"dns.google\0" + bytes(1) + bytes(4)
    frames = [
        tcp(CANADA, 50001, "52.80.19.7", 443, SYN),
        tcp("52.80.19.7", 443, CANADA, 50001, SYN | ACK),
        tcp(CANADA, 50001, "52.80.19.7", 443, ACK | PSH, bytes([23, 3, 3, 0, 40]) + bytes(40)),
        tcp("52.80.19.7", 443, CANADA, 50001, ACK | PSH, bytes([23, 3, 3, 0, 40]) + bytes(40)),
    ]
    content = files.section() + files.interface() + b"".join(files.enhanced(files.Frame(frame)) for frame in frames)
    file, _, _ = folder.proof(folder.write(a=content + files.block(4, name)))
    assert file.names == [(bytes([52, 80, 19, 7]), "dns.google")]
    assert len(file.packets) == 4


def test_ipv6_and_mapped_addresses(folder: Folder) -> None:
    mapped = [
        ether(ip("2001:db8::5", "::ffff:52.81.151.250", 17, frame[34:])) for frame in rtp(CANADA, 40000, BEIJING, 3480)
    ]
    file, _, _ = folder.proof(folder.write(a=pcap([*mapped, *rtp(CANADA, 1, PROXY, 1)])))
    assert [packet.data for packet in file.packets] == mapped


def test_a_flow_whose_packets_do_not_show_its_ends_is_stood_for_by_its_first(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = folder.open(folder.write(a=pcap([*rtp(CANADA, 1, PROXY, 1, count=3), *rtp(CANADA, 40000, BEIJING, 3480)])))
    monkeypatch.setattr(Keys, "find", lambda self, columns: np.full(len(columns[0]), -1, np.int64))
    content, done = extracted(case, case.report.findings[0])
    assert records(pcapng_file.parse(content)) == [("a.pcap", 4)]
    assert done.packets == 1


def test_what_is_in_a_tunnel_is_taken_as_it_was_wrapped(folder: Folder) -> None:
    inner = [*rtp("10.0.0.4", 40000, BEIJING, 3480), *rtp("10.0.0.4", 40000, PROXY, 3480, ssrc=9)]
    outer = [udp(CANADA, 50000, STATES, 4789, bytes([8, 0, 0, 0, 0, 0, 1, 0]) + frame) for frame in inner]
    paths = folder.write(a=pcap(outer))
    case = folder.open(paths)
    finding = next(found for found in case.report.findings if BEIJING in found.endpoints)
    file, _, _ = folder.proof(paths, at=case.report.findings.index(finding))
    assert [packet.data for packet in file.packets] == outer[:20]
