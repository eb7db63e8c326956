"""The committed samples: the same bytes as their script writes, and packets that hold water."""

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from scapy.layers.dns import DNS
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import NoPayload, Packet, Raw
from scapy.utils import RawPcapNgReader, RawPcapReader

FOLDER = Path(__file__).resolve().parent.parent / "sample_pcaps"
CAPTURES = sorted(path for path in FOLDER.iterdir() if ".pcap" in path.name)
NAMES = [path.name for path in CAPTURES]


def frames(path: Path) -> list[bytes]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    reader = RawPcapNgReader if data[:4] == b"\n\r\r\n" else RawPcapReader
    return [frame for frame, _ in reader(io.BytesIO(data))]


def packets(path: Path) -> list[Packet]:
    return [Ether(frame) for frame in frames(path)]


def test_the_script_writes_the_committed_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(FOLDER / "make.py"), str(tmp_path)], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES
    for path in CAPTURES:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), f"{path.name}: run sample_pcaps/make.py"


def test_there_are_all_three_kinds_of_file() -> None:
    starts = {path.read_bytes()[:4] for path in CAPTURES}
    assert starts == {b"\xd4\xc3\xb2\xa1", b"\n\r\r\n", b"\x1f\x8b\x08\x00"}


@pytest.mark.parametrize("path", CAPTURES, ids=NAMES)
def test_lengths_and_checksums_are_right(path: Path) -> None:
    for frame in frames(path):
        packet = Ether(frame)
        assert not any(isinstance(layer, NoPayload) for layer in (packet[IP], packet[IP].payload))
        rebuilt = Ether(frame)
        for layer in (IP, TCP, UDP):
            if layer in rebuilt:
                rebuilt[layer].chksum = None
        rebuilt[IP].len = None
        if UDP in rebuilt:
            rebuilt[UDP].len = None
        assert bytes(rebuilt) == frame
        assert len(packet[IP]) == packet[IP].len


@pytest.mark.parametrize("path", CAPTURES, ids=NAMES)
def test_tcp_streams_are_whole(path: Path) -> None:
    """Every segment begins where the one before ended, and acknowledges no more than was sent."""
    following: dict[tuple[str, int, str, int], int] = {}
    for packet in packets(path):
        if TCP not in packet:
            continue
        there = (packet[IP].src, packet[TCP].sport, packet[IP].dst, packet[TCP].dport)
        back = (there[2], there[3], there[0], there[1])
        assert packet[TCP].seq == following.get(there, packet[TCP].seq)
        if packet[TCP].flags.A:
            assert packet[TCP].ack <= following[back]
        size = packet[IP].len - 4 * packet[IP].ihl - 4 * packet[TCP].dataofs
        following[there] = packet[TCP].seq + size + bool(packet[TCP].flags.S) + bool(packet[TCP].flags.F)


@pytest.mark.parametrize("path", CAPTURES, ids=NAMES)
def test_dns_answers_their_questions(path: Path) -> None:
    asked = {}
    for packet in packets(path):
        if UDP in packet and 53 in (packet[UDP].sport, packet[UDP].dport):
            message = packet[DNS] if DNS in packet else DNS(bytes(packet[UDP].payload))
            if message.qr:
                assert asked.pop(message.id) == message.qd[0].qname
                assert message.an[-1].type == 1
            else:
                asked[message.id] = message.qd[0].qname
    assert not asked


@pytest.mark.parametrize("path", CAPTURES, ids=NAMES)
def test_sip_bodies_are_as_long_as_they_say(path: Path) -> None:
    for packet in packets(path):
        data = bytes(packet[UDP].payload) if UDP in packet and 5060 in (packet[UDP].sport, packet[UDP].dport) else b""
        if data:
            head, _, body = data.partition(b"\r\n\r\n")
            assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
            assert head.split(b"\r\n")[0].count(b"SIP/2.0") == 1


@pytest.mark.parametrize("path", CAPTURES, ids=NAMES)
def test_rtp_streams_advance(path: Path) -> None:
    last: dict[tuple[str, int], tuple[int, int, int]] = {}
    for packet in packets(path):
        data = bytes(packet[UDP].payload) if UDP in packet and Raw in packet else b""
        if len(data) == 172 and data[0] == 0x80 and data[1] & 0x7F == 0:
            head = tuple(int.from_bytes(data[a:b], "big") for a, b in ((2, 4), (4, 8), (8, 12)))
            end = (packet[IP].src, packet[UDP].sport, packet[IP].dst)
            assert head == (
                (before := last.get(end, head))[0] + (end in last),
                before[1] + 160 * (end in last),
                before[2],
            )
            last[end] = head


def test_times_never_go_back() -> None:
    for path in CAPTURES:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if data[:4] != b"\n\r\r\n":
            times = [(meta.sec, meta.usec) for _, meta in RawPcapReader(io.BytesIO(data))]
            assert times == sorted(times)


def test_every_sample_is_described_and_expected() -> None:
    named = {path.name.partition(".")[0] for path in CAPTURES}
    assert set(yaml.safe_load((FOLDER / "expected.yaml").read_text())) == named
    readme = (FOLDER / "README.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in readme] == []
    assert {path.name.partition(".")[0] for path in FOLDER.glob("*.inventory.yaml")} <= named
