"""The packets of a finding, as a capture: as the inputs hold them, and enough to find the same again."""

import gzip
import io
import json
import re
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from scapy.utils import RawPcapNgReader, RawPcapReader

from auditor.evidence import case as cases
from auditor.evidence.extract import Extracted, extract
from auditor.model.errors import InputError
from auditor.model.report import Finding
from tests.captures import ACK, PSH, SYN, ether, ip, pcap, rtp, sdp, sip, stun, tcp, udp, xor_mapped
from tests.evidence import pcapng_file
from tests.read import files
from tests.test_witness import BEIJING, CANADA, PACK, RULE, STATES
from tools import samples

FOUND = [
    (name, finding["id"])
    for name, _, _ in samples.samples()
    for finding in json.loads((samples.HERE / "reports" / "examples" / f"{name}.json").read_text())["findings"]
]
SAMPLES = {name: (capture, inventory) for name, capture, inventory in samples.samples()}
PROXY = "3.96.0.10"
INVENTORY = f"""\
sites:
  - {{name: relay, networks: [{BEIJING}/32], country: CN, role: relay, planes: [media, signalling]}}
  - {{name: proxy, networks: [{PROXY}/32], country: CA, role: server}}
clients:
  - {{networks: [{CANADA}/32, {STATES}/32, 142.1.34.0/24, 2001:db8::/32], country: CA}}
"""


class Folder:
    """A folder with inputs, a rule and an inventory; what is extracted is judged by the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "pack").mkdir()
        (path / "pack" / "pack.yaml").write_text(PACK)
        (path / "pack" / "overseas-avoids-china.yaml").write_text(RULE)
        (path / "inventory.yaml").write_text(INVENTORY)

    def write(self, **contents: bytes) -> list[Path]:
        paths = [self.path / f"{name}.pcap" for name in contents]
        for path, content in zip(paths, contents.values(), strict=True):
            path.write_bytes(content)
        return paths

    def open(self, inputs: Sequence[Path]) -> cases.Case:
        return cases.opened(inputs, rules=[self.path / "pack"], inventory=self.path / "inventory.yaml", workers=1)

    def proof(self, inputs: Sequence[Path], at: int = 0, **options: Any) -> tuple[pcapng_file.File, Extracted, Finding]:
        """Extract a finding, judge what was extracted, and return the file once the same was found in it."""
        case = self.open(inputs)
        finding = case.report.findings[at]
        file, done = extracted(case, finding, **options)
        (self.path / "evidence.pcapng").write_bytes(file)
        assert finding.id in {each.id for each in self.open([self.path / "evidence.pcapng"]).report.findings}
        return pcapng_file.parse(file), done, finding


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def extracted(case: cases.Case, finding: Finding, **options: Any) -> tuple[bytes, Extracted]:
    into = io.BytesIO()
    done = extract(case, finding, into, **options)
    return into.getvalue(), done


def records(file: pcapng_file.File) -> list[tuple[str, int]]:
    told = [re.fullmatch(r"(.+), packet (\d+): .+", packet.comment) for packet in file.packets]
    return [(found[1], int(found[2])) for found in told if found]


def frames_of(path: Path) -> list[bytes]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    reader = RawPcapNgReader if data[:4] == b"\n\r\r\n" else RawPcapReader
    return [frame for frame, _ in reader(io.BytesIO(data))]


@pytest.mark.parametrize(("name", "identifier"), FOUND)
def test_samples_are_found_again(name: str, identifier: str, tmp_path: Path) -> None:
    capture, inventory = SAMPLES[name]
    case = cases.opened(capture, inventory=inventory, workers=1)
    finding = case.finding(identifier)
    content, done = extracted(case, finding)
    file = pcapng_file.parse(content)
    whole = frames_of(capture)
    assert [packet.data for packet in file.packets] == [whole[number - 1] for _, number in records(file)]
    assert {name for name, _ in records(file)} == {capture.name}
    assert len(file.packets) == done.packets == len(set(records(file)))
    (tmp_path / "evidence.pcapng").write_bytes(content)
    again = cases.opened(tmp_path / "evidence.pcapng", inventory=inventory, workers=1).finding(identifier)
    assert (again.rule, again.place, again.verdict, again.plane, again.basis, again.proven) == (
        finding.rule, finding.place, finding.verdict, finding.plane, finding.basis, finding.proven,
    )  # fmt: skip
    assert (again.sessions, again.packets, again.bytes) == (finding.sessions, finding.packets, finding.bytes)
    assert (again.first_ns, again.last_ns) == (finding.first_ns, finding.last_ns)
    told = "\n".join(file.comments)
    for word in (identifier, finding.rule, capture.name, case.report.inputs[0].sha256):
        assert word in told
    assert file.application.startswith("residency-auditor ")


def test_nothing_else_is_taken() -> None:
    capture, inventory = SAMPLES["zoom-2020-incident"]
    case = cases.opened(capture, inventory=inventory, workers=1)
    finding = case.report.findings[0]
    file = pcapng_file.parse(extracted(case, finding)[0])
    named = [packet.comment for packet in file.packets if packet.comment.endswith("names the place")]
    assert named == ["zoom-2020-incident.pcapng, packet 26: names the place"]
    assert len(file.packets) == finding.packets + 1


def test_the_same_bytes_for_any_number_of_workers(folder: Folder) -> None:
    paths = folder.write(a=pcap(rtp(CANADA, 40000, BEIJING, 3480)), b=pcap(rtp(STATES, 40000, BEIJING, 3480)))
    options = {"rules": [folder.path / "pack"], "inventory": folder.path / "inventory.yaml"}
    first, *others = (cases.opened(order, workers=count, **options) for order, count in ((paths, 1), (paths[::-1], 3)))  # type: ignore[arg-type]
    for other in others:
        assert extracted(other, other.report.findings[0]) == extracted(first, first.report.findings[0])


def test_tshark_opens_it_and_reads_the_comments(tmp_path: Path) -> None:
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    capture, inventory = SAMPLES["zoom-2020-incident"]
    case = cases.opened(capture, inventory=inventory, workers=1)
    (tmp_path / "e.pcapng").write_bytes(extracted(case, case.report.findings[0])[0])

    def shown(path: Path, *more: str) -> list[list[str]]:
        fields = [word for name in ("frame.time_epoch", "frame.len", "ip.src", "ip.dst") for word in ("-e", name)]
        command = ["tshark", "-r", str(path), "-T", "fields", *fields, *more]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return [line.split("\t") for line in done.stdout.splitlines()]

    rows = shown(tmp_path / "e.pcapng", "-e", "frame.comment")
    whole = shown(capture)
    assert len(rows) == 31
    for *row, comment in rows:
        number = int(comment.partition("packet ")[2].partition(":")[0])
        assert row == whole[number - 1]
    if shutil.which("capinfos"):
        told = subprocess.run(
            ["capinfos", str(tmp_path / "e.pcapng")], capture_output=True, text=True, check=True
        ).stdout
        assert case.report.inputs[0].sha256 in told
        assert case.report.findings[0].id in told


def test_several_inputs_in_their_order(folder: Folder) -> None:
    talk = rtp(CANADA, 40000, BEIJING, 3480, count=30)
    other = rtp(CANADA, 40000, PROXY, 3480, count=5, ssrc=3)
    b, a = folder.write(
        b=gzip.compress(pcap([*other, *talk[10:]], start=1_700_000_010.0)), a=pcap([*talk[:10], *other])
    )
    file, done, finding = folder.proof([b, a])
    assert records(file) == [("a.pcap", n) for n in range(1, 11)] + [("b.pcap", n) for n in range(6, 26)]
    assert (done.inputs, finding.sessions) == (2, 1)
    assert [packet.data for packet in file.packets] == talk
    assert "10 of its 15 packets are here" in "\n".join(file.comments)


def test_clocks_link_types_and_cut_packets_stay_as_they_are(folder: Folder) -> None:
    frames = rtp(CANADA, 40000, BEIJING, 3480, count=8)
    base = 1_600_000_000
    second = (base << 20) + 5
    parts = [
        files.section(), files.interface(1, resolution=12), files.interface(101, resolution=0x80 | 20, offset=-7),
        files.enhanced(files.Frame(frames[0], wire=1000), 0, stamp=1_234_567_890_123_456_789),
        files.enhanced(files.Frame(frames[1][14:]), 1, stamp=second),
        files.enhanced(files.Frame(frames[2]), 0, stamp=1_234_567_890_123_456_790),
        files.simple(files.Frame(frames[3])),
        files.section(">"), files.interface(1, ">"),
        files.enhanced(files.Frame(frames[4]), 0, ">", stamp=base * 1_000_000),
        files.old(files.Frame(frames[5]), 0, ">"),
    ]  # fmt: skip
    nano = files.pcap([files.Frame(frames[6], ns=base * 10**9 + 999_999_999)], magic=0xA1B23C4D)
    micro = files.pcap([files.Frame(frames[7], ns=base * 10**9 + 999_999_000)], order=">")
    file, _, _ = folder.proof(folder.write(a=b"".join(parts), b=nano, c=micro))
    assert records(file) == [("a.pcap", n) for n in range(1, 7)] + [("b.pcap", 1), ("c.pcap", 1)]
    assert [(p.face.link, p.face.resolution, p.face.offset, p.stamp, p.wire) for p in file.packets] == [
        (1, 12, 0, 1_234_567_890_123_456_789, 1000),
        (101, 0x80 | 20, -7, second, 200),
        (1, 12, 0, 1_234_567_890_123_456_790, 214),
        (1, 12, 0, 0, 214),
        (1, 6, 0, base * 1_000_000, 214),
        (1, 6, 0, files.SECOND * 1_000_000, 214),
        (1, 9, 0, base * 10**9 + 999_999_999, 214),
        (1, 6, 0, base * 10**6 + 999_999, 214),
    ]
    assert [p.data for p in file.packets] == [frames[0], frames[1][14:], *frames[2:]]
    assert len(file.faces) == 4  # of a kind, one


def fragmented(frame: bytes, identification: int, size: int = 64) -> list[bytes]:
    """Cut an Ethernet frame with IPv4 into fragments (RFC 791)."""
    head, body = frame[14:34], frame[34:]
    found = []
    for at in range(0, len(body), size):
        more = 0x2000 if at + size < len(body) else 0
        part = head[:2] + struct.pack("!HHH", 20 + len(body[at : at + size]), identification, more | at // 8) + head[8:]
        found.append(frame[:14] + part + body[at : at + size])
    return found


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


def call(name: str, caller: str, port: int, relay: str) -> list[bytes]:
    """A call through the proxy on the one 5-tuple that all calls share, with media to a relay."""
    ask = sip("INVITE sip:b@example.com SIP/2.0", name, caller, sdp(caller, port))
    answer = sip("SIP/2.0 200 OK", name, caller, sdp(relay, port + 1000))
    return [
        udp(caller, 5060, PROXY, 5060, ask),
        udp(PROXY, 5060, caller, 5060, answer),
        *rtp(caller, port, relay, port + 1000, ssrc=port),
        *rtp(relay, port + 1000, caller, port, ssrc=port + 1),
    ]


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


def test_a_limit_says_what_it_cut(folder: Folder) -> None:
    frames = [*rtp(CANADA, 40000, BEIJING, 3480, count=30), *rtp(BEIJING, 3480, CANADA, 40000, count=4)]
    file, done, _ = folder.proof(folder.write(a=pcap(frames)), limit=10)
    assert records(file) == [("a.pcap", n) for n in range(1, 11)]
    assert done.left == 24
    (cut,) = [comment for comment in file.comments if comment.startswith("CUT: ")]
    assert "At most 10 packets of each flow" in cut
    assert "24 packets" in cut
    assert not [c for c in folder.proof(folder.write(a=pcap(frames)))[0].comments if c.startswith("CUT")]


def test_an_input_that_changed_is_refused(folder: Folder) -> None:
    (path,) = folder.write(a=pcap(rtp(CANADA, 40000, BEIJING, 3480)))
    case = folder.open([path])
    path.write_bytes(pcap(rtp(CANADA, 40000, BEIJING, 3480, ssrc=9)))
    with pytest.raises(InputError, match="has changed since it was audited"):
        extracted(case, case.report.findings[0])
    path.unlink()
    with pytest.raises(InputError, match=r"a\.pcap"):
        extracted(case, case.report.findings[0])


def test_hostile_input_names_are_one_clean_line(folder: Folder) -> None:
    path = folder.path / "a\x1b[31m\n\udcff.pcap"
    path.write_bytes(pcap(rtp(CANADA, 40000, BEIJING, 3480)))
    file, _, _ = folder.proof([path])
    for text in (*file.comments, *(packet.comment for packet in file.packets)):
        assert text.isprintable()
    assert "\\x1b[31m" in file.packets[0].comment
