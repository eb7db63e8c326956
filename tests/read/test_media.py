"""The table of streams: one row for each source and payload type, of media that are recognised alone."""

import io
import struct
from pathlib import Path

import polars as pl

from auditor.read.assemble import assemble
from auditor.read.media import STREAM
from auditor.read.scan import scan
from auditor.read.source import sources
from auditor.report import table
from tests.read.facts.payloads import sdp, sip
from tests.read.files import Frame, ether, ip4, pcap, udp
from tests.read.oneway import Row, assembled, back, facts

A, B = "192.0.2.1", "2001:db8::2"
V6 = "2001:db8::1"
VOICE = Row(A, 6000, "198.51.100.2", 7000, "rtp", packets=50, ssrc=7, kind=111, first=1, last=9)


def listed(*rows: Row) -> list[tuple[str, int, int, int]]:
    found = assembled(rows).streams
    return found.select("src_addr", "ssrc", "payload_type", "packets").rows()


def test_every_source_and_payload_type_of_a_socket_is_a_stream() -> None:
    video = Row(A, 6000, "198.51.100.2", 7000, "rtp", packets=70, ssrc=0xFFFFFFFF, kind=98, first=2, last=8)
    six = Row(V6, 6000, B, 7000, "rtp", packets=9, ssrc=0, kind=0)
    assert sorted(listed(VOICE, video, back(VOICE, ssrc=9), six)) == [
        (A, 7, 111, 50),
        (A, 0xFFFFFFFF, 98, 70),
        ("198.51.100.2", 9, 111, 50),
        (V6, 0, 0, 9),
    ]


def test_what_is_no_stream_is_not_listed() -> None:
    stray = Row(A, 6000, "198.51.100.2", 7000, "rtp", packets=1, ssrc=8)
    noise = Row(A, 6000, "198.51.100.2", 7000, "rtp", packets=90, ssrc=None)
    control = Row(A, 6000, "198.51.100.2", 7000, "rtcp", packets=9, ssrc=7)
    assert listed(VOICE, stray, noise, control) == [(A, 7, 111, 50)]
    assert listed(Row(A, 6000, "198.51.100.2", 53, "rtp", packets=9, ssrc=8)) == []
    assert listed() == []


def test_one_packet_is_a_stream_where_it_was_announced() -> None:
    invite = Row(A, 5060, "198.51.100.2", 5060, "sip")
    body = sdp(f"c=IN IP4 {A}", "m=audio 6000 RTP/AVP 0")
    said = facts((invite, sip("INVITE sip:b SIP/2.0", "Call-ID: one", body=body)))
    one = Row(A, 6000, "198.51.100.2", 7000, "rtp", packets=1, ssrc=8)
    assert assembled([invite, one], said).streams["ssrc"].to_list() == [8]


def test_zoom_has_streams_too() -> None:
    found = assembled([Row(A, 6000, "198.51.100.2", 8801, "zoom", packets=9, ssrc=7, kind=98)]).streams
    assert found.select("app", "ssrc").rows() == [("zoom", 7)]


def channel(payload: bytes) -> bytes:
    return b"\x40\x00" + len(payload).to_bytes(2, "big") + payload


def test_channels_to_a_relay_are_looked_into(tmp_path: Path) -> None:
    rtp = [struct.pack(">BBHII", 0x80, 111, i, 960 * i, 7) + bytes(20) for i in range(5)]
    report, dtls = struct.pack(">BBHI", 0x81, 201, 7, 9) + bytes(24), b"\x16\xfe\xfd" + bytes(20)
    there, back_again = {"sport": 5000, "dport": 3478}, {"sport": 3478, "dport": 5000}
    frames = [ip4(udp(channel(payload), **there)) for payload in (*rtp, report, dtls, b"\x80", b"anything")]
    answer = ip4(udp(channel(dtls), **back_again), "198.51.100.2", "192.0.2.1")
    for seen, expected in ((frames, ""), ([*frames, answer], "yes")):
        path = tmp_path / "relay.pcap"
        path.write_bytes(pcap([Frame(ether(frame)) for frame in seen]))
        found = assemble(scan(sources([str(path)]), [0], workers=1), [""])
        assert found.streams.select("app", "ssrc", "payload_type", "packets").rows() == [("turn", 7, 111, 5)]
        assert found.flows.select("app", "encrypted").rows() == [("turn", expected)]


def test_the_table_is_written_like_that_of_flows() -> None:
    streams = assembled([VOICE], vantages=("=cmd", "")).streams
    assert streams.schema == pl.Schema(STREAM)
    written = table.streams(streams, ["a.pcap"])
    assert table.csv(written).decode().splitlines()[1] == (
        "1970-01-01T00:00:00.000000001Z,1970-01-01T00:00:00.000000009Z,192.0.2.1,6000,198.51.100.2,7000,"
        "rtp,7,111,50,2200,'=cmd,a.pcap,1"
    )
    assert pl.read_parquet(io.BytesIO(table.parquet(written))).equals(written)
