"""The second law on real bytes: order, split, compression and workers change nothing but hashes and record numbers."""

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from auditor import digest, pipeline
from auditor.evidence.case import opened
from auditor.read import assemble
from auditor.report import RENDERERS
from tests.captures import ACK, PSH, RST, SYN, ether, ip, pcap, rtp, sdp, sip, stun, tcp, udp, xor_mapped
from tests.read.streams import wire as streams
from tests.read.test_initials import scattered
from tools import samples

CN, CA, US = "52.81.151.250", "142.1.33.4", "128.32.10.20"


def traffic(ordered: bool = True) -> list[bytes]:
    """A little of everything: a call, a check, a scan, noise, and streams in several packets, if order is kept."""
    frames = [
        udp(CA, 5060, US, 5060, sip("INVITE sip:b@example.com SIP/2.0", "one", CA, sdp(CA, 40000))),
        udp(US, 5060, CA, 5060, sip("SIP/2.0 200 OK", "one", CA, sdp(US, 50000))),
        *rtp(CA, 40000, US, 50000, 40),
        *rtp(US, 50000, CA, 40000, 40, ssrc=5),
        udp(CA, 41000, CN, 3478, stun(1)),
        udp(CN, 3478, CA, 41000, stun(0x0101, xor_mapped(CA, 41000))),
        *rtp(CA, 41000, CN, 50000, 30),
        tcp(CN, 999, US, 22, SYN),
        tcp(US, 22, CN, 999, RST | ACK),
        tcp(CA, 1025, CN, 443, SYN),
        tcp(CN, 443, CA, 1025, SYN | ACK),
        *(udp(CA, 1025, CN, 443, each) for each in scattered([9, 60, 120, 300, 800])),  # a hello of QUIC in pieces
        *(tcp(CA, 1025, CN, 443, PSH | ACK, bytes([23, 3, 3, 0, 40]) + bytes(40), seq=i) for i in range(20)),
        bytes(12) + b"\x08\x06" + bytes(28),
        *streams.fragments(sip("INVITE sip:b@example.com SIP/2.0", "two", CA, sdp(CN, 40004) + "a=x" * 700), [1480]),
        *streams.sctp_call("three"),
    ]
    frames += tunnels()
    random.Random(3).shuffle(frames)
    at = 0
    for number, frame in enumerate(in_order() if ordered else ()):
        at = random.Random(number).randrange(at, len(frames) + 1)
        frames.insert(at, frame)
    return frames


def wrapped(frame: bytes, outer: str, via: str = CN) -> bytes:
    """Put a frame into VXLAN (RFC 7348)."""
    return udp(outer, 50000, via, 4789, b"\x08" + bytes(7) + frame)


def tunnels() -> list[bytes]:
    """Calls with and without a name, media and a scan, in tunnels and in tunnels of tunnels, one of them both ways."""
    there, back = "10.0.0.5", "10.0.0.9"
    frames = [
        wrapped(
            udp(there, 5060, US, 5060, sip("INVITE sip:b@example.com SIP/2.0", "two", there, sdp(there, 40010))), CA
        ),
        wrapped(udp(US, 5060, there, 5060, sip("SIP/2.0 200 OK", "two", there, sdp(US, 50010))), CA),
        *(wrapped(frame, CA) for frame in rtp(there, 40010, US, 50010, 30, ssrc=7)),
        *(wrapped(frame, US, CA) for frame in rtp(US, 50010, there, 40010, 30, ssrc=8)),
        *(wrapped(wrapped(frame, back, CA), CA) for frame in rtp(back, 40020, US, 50020, 30, ssrc=9)),
        *(ether(ip(CA, CN, 4, frame[14:])) for frame in rtp(there, 40030, CN, 50020, 10, ssrc=10)),
        *(wrapped(tcp(there, 1030 + i, CN, 443, SYN), CA) for i in range(5)),
    ]
    level = rtp(there, 40040, US, 50040, 1)[0][14:]
    for _ in range(6):
        level = ip(CA, US, 4, level)
    return [*frames, ether(level)]


def in_order() -> list[bytes]:
    """What must keep its order: messages of a stream, one of them without its end."""
    call = streams.invite("four", sdp(CN, 40006) + "a=x" * 900)
    return [
        *streams.stream(call + streams.invite("five", sdp(CN, 40008)), [700, 1500, 2200]),
        *streams.stream(streams.long_hello("meet.example.com"), [1000], sport=4001, dport=443),
        *streams.stream(streams.long_hello("lost.example.com"), [1000], sport=4002, dport=443)[:1],
    ]


def report(*paths: Path, workers: int = 1) -> dict[str, Any]:
    found = pipeline.audit(list(paths), workers=workers).report
    assert RENDERERS["html"](found)
    return json.loads(RENDERERS["json"](found))


def bare(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says where in which file something stands."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: strip(entry)
                for key, entry in value.items()
                if key not in ("inputs", "evidence", "first", "unread")
            }
        return [strip(entry) for entry in value] if isinstance(value, list) else value

    out = strip(found)
    for finding, stripped in zip(found["findings"], out["findings"], strict=True):
        stripped["first"] = finding["first"]  # the time, not the names of the first sessions
        # What would settle it may be asked of an input: of two parts, then, where it was asked of one whole.
        names = {entry["name"] for entry in found["inputs"]}
        stripped["settles"] = sorted(
            {(s["fact"], "" if s["subject"] in names else s["text"]) for s in finding["settles"]}
        )
    return out


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize(
    "compress", [gzip.compress, bz2.compress, lzma.compress, zstd], ids=["gzip", "bzip2", "xz", "zstd"]
)
def test_compression_changes_nothing(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    (tmp_path / "a").write_bytes(pcap(traffic()))
    (tmp_path / "b").write_bytes(compress(pcap(traffic())))
    plain, packed = report(tmp_path / "a"), report(tmp_path / "b")
    assert bare(plain) == bare(packed)
    assert [entry["record"] for f in plain["findings"] for entry in f["evidence"]] == [
        entry["record"] for f in packed["findings"] for entry in f["evidence"]
    ]


def test_what_could_not_be_read_whole_is_said(tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(pcap(traffic()))
    assert "Read only in part: 1 TLS ClientHellos (segments are missing)." in report(tmp_path / "whole")["notes"]


@pytest.mark.parametrize("seed", range(8))
def test_splits_change_nothing(tmp_path: Path, seed: int) -> None:
    frames, chance = traffic(), random.Random(seed)
    cuts = sorted(chance.randrange(len(frames) + 1) for _ in range(chance.randint(1, 4)))
    (tmp_path / "whole").write_bytes(pcap(frames))
    parts = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(frames)], strict=True)):
        parts.append(tmp_path / f"part{number}")
        parts[-1].write_bytes(pcap(frames[start:end], start=1_700_000_000 + start * 0.02))
    chance.shuffle(parts)
    assert bare(report(*parts)) == bare(report(tmp_path / "whole"))


def test_the_order_of_inputs_changes_nothing_at_all(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(pcap(traffic(), start=ord(name) * 1e7))
    paths = [tmp_path / name for name in "abc"]
    assert report(*paths) == report(*reversed(paths))


def test_hops_and_their_sessions_are_the_same_in_any_split(tmp_path: Path) -> None:
    """Even in files that take turns, in which no stream can be followed."""
    frames = traffic(ordered=False)
    (tmp_path / "whole").write_bytes(pcap(frames))
    parts = []
    for i in range(3):
        parts.append(tmp_path / f"part{i}")
        parts[-1].write_bytes(pcap(frames[i::3], start=1_700_000_000 + i * 0.02, step=0.06))
    columns = ["session", "app", "plane", "src_addr", "dst_addr", "outcome", "first_ns", "last_ns", "src_packets"]
    tables = [
        pipeline.located([str(path) for path in paths], workers=1).frame.sort(columns, nulls_last=True).select(columns)
        for paths in ([tmp_path / "whole"], parts)
    ]
    assert tables[0].equals(tables[1])
    hops = tables[0].filter(tables[0]["app"].is_in(["vxlan", "ipip"]) & (tables[0]["src_packets"] == 0))
    assert hops["session"].n_unique() == 9


def test_workers_change_nothing_at_all(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(pcap(traffic(), start=ord(name) * 1e7))
    paths = [tmp_path / name for name in "abc"]
    assert report(*paths, workers=1) == report(*paths, workers=2)


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_flows_that_are_judged_some_at_a_time_make_the_report_of_the_whole_table(
    tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `auditor show` keeps whole, for it asks for single flows."""
    monkeypatch.setattr(assemble, "BATCH", rows)
    monkeypatch.setattr(digest, "MERGE", rows)
    (tmp_path / "a.pcap").write_bytes(pcap(traffic()))
    case = opened(tmp_path / "a.pcap", workers=1)
    found = pipeline.audit(tmp_path / "a.pcap", workers=1)
    assert found.gathered.assembled.wrapped_alone
    assert sum(map(len, found.gathered.assembled.apart())) > 3
    assert RENDERERS["json"](found.report) == RENDERERS["json"](case.report)
    assert found.located.frame.equals(case.located.frame)


def calls() -> list[bytes]:
    """Calls that share their 5-tuples, some of which tell who is the server, and media of some; no tunnel."""
    ends = [(CA, CN), (US, CA), (CN, US), (CA, US)]
    frames = []
    for number in range(24):
        one, other = ends[number % 4][:: 1 - 2 * (number // 4 % 2)]
        first = f"{['INVITE', 'REGISTER', 'OPTIONS'][number % 3]} sip:b@example.com SIP/2.0"
        frames.append(udp(one, 5060, other, 5060, sip(first, f"c{number}", one, sdp(one, 40000 + 2 * number))))
        if number % 2:
            ok = sip("SIP/2.0 200 OK", f"c{number}", one, sdp(other, 50000 + 2 * number))
            frames.append(udp(other, 5060, one, 5060, ok))
        if number % 5 == 1:
            frames += rtp(one, 40000 + 2 * number, other, 50000 + 2 * number, 30, ssrc=number)
    return [*frames, *streams.sctp_call("three")]


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_calls_that_are_judged_some_at_a_time_make_the_report_of_all(
    tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls stay whole, and ends that many of them share have the roles that all of them tell together."""
    (tmp_path / "a.pcap").write_bytes(pcap(calls()))
    paths = [tmp_path / "a.pcap", *(capture for _, capture, _ in samples.samples())]
    whole = report(paths[0]), report(*paths)
    monkeypatch.setattr(assemble, "BATCH", 1)
    monkeypatch.setattr(assemble, "CALLED", rows)
    parts = [rows for rows, _ in pipeline.audit(tmp_path / "a.pcap", workers=1).gathered.assembled.parts()]
    named = [set(part["session"].drop_nulls()) for part in parts]
    assert sum(map(len, named)) == len(set().union(*named))  # no session is parted
    assert len(parts) > 24 or rows > 1
    assert (report(paths[0]), report(*paths)) == whole


def test_the_samples_all_at_once_fail_in_any_order() -> None:
    paths = [capture for _, capture, _ in samples.samples()]
    once = report(*paths)
    random.Random(5).shuffle(paths)
    assert report(*paths) == once
