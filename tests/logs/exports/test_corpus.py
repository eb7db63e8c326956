"""Real exports against what tshark decodes of them, and one capture through every format that tells of it."""

import ipaddress
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor.logs.exports import FORMATS, shared
from auditor.logs.model import Told
from auditor.read.source import Source
from tests import corpus
from tests.logs.exports import build

FLOWS = corpus.FOLDER.parent / "flows"
needed = pytest.mark.skipif(
    not FLOWS.is_dir(), reason=f"real exports are not here: {FLOWS} (AUDITOR_CORPUS names the folder beside)"
)
SIDECARS = sorted(FLOWS.glob("*.flowtruth.json"))
NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6", "132": "sctp"}


def found(path: Path) -> Source:
    """Any file, by its content; of those that no reader knows alone, that of datagrams."""
    head = path.read_bytes()[:65536]
    if path.suffix == ".pcap":
        form = "pcap"
    else:
        form = next((name for name, module in FORMATS.items() if module.sniff(head)), "netflow")
    return Source(path.name, str(path), path.stat().st_size, form)


def rows(*names: str) -> tuple[pl.DataFrame, Told]:
    return build.read(*(found(FLOWS / name) for name in names))


def values(truth: dict[str, Any], *names: str) -> list[str]:
    return [value for datagram in truth["datagrams"] for name in names for value in datagram.get(f"cflow.{name}", [])]


def more(big: Counter[Any], small: Counter[Any], exact: bool) -> None:
    assert (big == small) if exact else small <= big


RECORDS = [path for path in SIDECARS if "datagrams" in json.loads(path.read_text())]
SAMPLES = [path for path in SIDECARS if path not in RECORDS]
MIXED = {"tcpdump_sflow_multiple_counter_30_pdus.pcap"}
"""Holds NetFlow 5 on the port of sFlow too, of which tshark makes nothing."""
OVER_IPV6 = {"tcpdump_sflow-print-v6.pcap"}
WHOLE = {"raw_ipfix.dat", "raw_netflow5.dat", "akv_netflow_data+templates.pcap"}
"""Of these tshark decodes only a part: one datagram of a file of several, or up to what it calls malformed."""


@needed
@pytest.mark.parametrize("sidecar", RECORDS, ids=lambda path: path.name.removesuffix(".flowtruth.json"))
def test_records_are_those_of_tshark(sidecar: Path) -> None:
    truth = json.loads(sidecar.read_text())
    name = sidecar.name.removesuffix(".flowtruth.json")
    given = truth.get("source", name)
    frame, told = rows(*([given] if isinstance(given, str) else given))
    rates = {int(rate.replace(",", "")) for note in told.notes for rate in re.findall(r"1 in ([\d,]+)", note)} or {1}
    assert len(rates) == 1
    rate = rates.pop()
    flows = frame.filter(pl.col("status") == "ok")
    exact = name not in WHOLE
    assert set(frame["status"]) <= {"ok", "no_address"}
    for side in ("src", "dst"):
        more(
            Counter(map(ipaddress.ip_address, flows[f"{side}_addr"])),
            Counter(map(ipaddress.ip_address, values(truth, f"{side}addr", f"{side}addrv6"))), exact,
        )  # fmt: skip
    protocols = values(truth, "protocol")
    more(Counter(flows["transport"]), Counter(NAMES.get(each, f"ip/{each}") for each in protocols), exact)
    for theirs, ours in (("packets", "src_packets"), ("octets", "src_bytes")):
        if told_of := values(truth, theirs):
            more(Counter(each // rate for each in flows[ours]), Counter(map(int, told_of)), exact)
    ports = values(truth, "srcport"), values(truth, "dstport")
    if len(ports[0]) == len(protocols) == len(ports[1]):
        want = Counter(
            (each, *map(int, pair)) for each, *pair in zip(protocols, *ports, strict=True) if each in ("6", "17")
        )
        have = flows.filter(pl.col("transport").is_in(["tcp", "udp"])).select("transport", "src_port", "dst_port")
        numbers = {name: number for number, name in NAMES.items()}
        more(Counter((numbers[row[0]], *row[1:]) for row in have.iter_rows()), want, exact)


@needed
@pytest.mark.parametrize("sidecar", SAMPLES, ids=lambda path: path.name.removesuffix(".flowtruth.json"))
def test_samples_are_those_of_tshark(sidecar: Path) -> None:
    """Each list of addresses holds those of the datagram itself first."""
    name = sidecar.name.removesuffix(".flowtruth.json")
    frame, _ = rows(name)
    assert set(frame["status"]) <= {"ok", "no_address"}
    truth = json.loads(sidecar.read_text())["rows"]
    want: Counter[tuple[int, str, str]] = Counter()
    for row in truth:
        lists = [each.split("|") if each else [] for each in row[6:10]]
        four, six = (list(zip(*lists[i : i + 2], strict=True)) for i in (0, 2))
        outer = six if name in OVER_IPV6 else four
        want.update((int(row[0]), *pair) for pair in [*four, *six] if pair is not outer[0])
    have = Counter(frame.filter(pl.col("status") == "ok").select("record", "src_addr", "dst_addr").iter_rows())
    more(have, want, name not in MIXED)


def pairs(frame: pl.DataFrame) -> set[frozenset[str]]:
    flows = frame.filter(pl.col("status") == "ok").select("src_addr", "dst_addr").drop_nulls()
    return {frozenset(row) for row in flows.iter_rows()}


@needed
@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("derived_softflowd_v9_wechat.pcap", ""), ("derived_softflowd_v10_wechat.pcap", ""),
        ("derived_softflowd_v5_wechat.pcap", ""), ("derived_nfdump_wechat.csv", ""), ("derived_nfdump_wechat.json", ""),
        ("derived_nfcapd_wechat.nfcapd", "nfdump"), ("derived_argus_wechat_ra.csv", ""),
        ("derived_argus_wechat.argus", "ra"),
    ],
)  # fmt: skip
def test_one_capture_through_every_format(name: str, program: str) -> None:
    """What each exporter could see is a part of what is in the capture; what it left out, it left out itself."""
    if program and not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    source = found(FLOWS / name)
    told = Told()
    frame = (
        rows(name)[0] if source.format == "pcap" else build.whole(FORMATS[source.format].read(source, told))
    )  # fmt: skip
    truth = json.loads((corpus.FOLDER / "ndpi_wechat.pcap.truth.json").read_text())
    want = {frozenset(map(_address, pair)) for pair in _pairs(truth)}
    if "argus" in name:  # ra writes other numbers where the group of IGMP belongs
        frame = frame.filter(pl.col("transport") != "ip/2")
    have = pairs(frame)
    assert have <= want
    if "nf" in name:  # nfpcapd left out half; its sums are below
        return
    left_out = {pair for pair in want - have if not any(ipaddress.ip_address(each).is_multicast for each in pair)}
    six = {pair for pair in left_out if any(":" in each for each in pair)}
    assert left_out <= (six if "v5" in name else set())
    assert set(frame["status"]) <= {"ok", "no_address"}


def _pairs(truth: dict[str, Any]) -> Iterable[list[str]]:
    for pair in truth["ip_pairs_outer"]:
        yield [pair["src"], pair["dst"]]


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


@needed
def test_sums_are_those_that_nfdump_prints() -> None:
    text = (FLOWS / "derived_nfdump_wechat.csv").read_text()
    flows, octets, count = map(int, text.rstrip().splitlines()[-1].split(",")[:3])
    for name in ("derived_nfdump_wechat.csv", "derived_nfdump_wechat.json"):
        source = found(FLOWS / name)
        frame = build.whole(FORMATS[source.format].read(source, Told()))
        assert (len(frame), int(frame["src_bytes"].sum()), int(frame["src_packets"].sum())) == (flows, octets, count)


@needed
def test_raw_text_has_a_row_for_each_record_at_its_line() -> None:
    path = FLOWS / "nfdump_nftest.1.out"
    lines = path.read_text().splitlines()
    begins = [number for number, line in enumerate(lines, 1) if line.startswith("Flow Record")]
    frame = build.whole(FORMATS["nfdump-raw"].read(found(path), Told()))
    assert frame["record"].to_list() == begins
    addresses = [line.split("=")[1].strip() for line in lines if line.strip().startswith("src addr")]
    assert frame.filter(pl.col("status") == "ok")["src_addr"].to_list() == addresses


@needed
def test_every_real_export_is_known_by_its_content_and_no_other_file_is() -> None:
    ours = re.compile(r"^(raw_|derived_(?!.*pcap)|nfdump_)")
    for path in sorted(FLOWS.iterdir()):
        if (path.suffix == ".json" and "truth" in path.name) or path.suffix == ".pcap":
            continue
        taken = [name for name, module in FORMATS.items() if module.sniff(path.read_bytes()[:65536])]
        assert len(taken) == bool(ours.match(path.name)), (path.name, taken)


@needed
@pytest.mark.parametrize("path", sorted(FLOWS.glob("raw_*_data*.dat")), ids=lambda path: path.name)
def test_sets_whose_template_is_in_another_file_are_counted_without_it(path: Path) -> None:
    if path.name.replace("_data", "_tpl").replace("256", "") not in {each.name for each in FLOWS.iterdir()}:
        pytest.skip("the template is in the file")
    frame, _ = rows(path.name)
    assert set(frame["status"]) == {"unsupported"}
    assert frame["records"].sum() >= 1


def test_captures_are_prepared_like_files() -> None:
    assert set(shared.FILES) <= set(FORMATS)
