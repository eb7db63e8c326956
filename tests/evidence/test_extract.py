"""The packets of a finding, as a capture: as the inputs hold them, and enough to find the same again."""

import gzip
import io
import shutil
import subprocess
from pathlib import Path

import pytest
from scapy.utils import RawPcapNgReader, RawPcapReader

from auditor.evidence import case as cases
from auditor.model.errors import InputError
from tests.captures import pcap, rtp
from tests.evidence import pcapng_file
from tests.evidence.folder import FOUND, PROXY, SAMPLES, Folder, extracted, records
from tests.read import files
from tests.test_witness import BEIJING, CANADA, STATES


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
