"""Real call records, where they are: what is expected is read out of the raw files by other means."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest

from auditor.logs.calls import FORMATS, asterisk, freeswitch, hep3, msgraph, rtcstats, zoom
from auditor.logs.calls.hep import from_capture
from auditor.logs.fold import complete
from auditor.logs.model import Reader, Told
from auditor.model.flow import OFFERED
from auditor.read.assemble import assemble
from auditor.read.scan import scan
from auditor.read.source import Source
from tests import corpus

FOLDER = corpus.FOLDER.parent / "calls"
needed = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"real call records are not here: {FOLDER} (AUDITOR_CORPUS names the folder above)"
)
pytestmark = needed


def found(reader: Reader, path: Path) -> pl.DataFrame:
    assert reader.sniff(path.read_bytes()[: 1 << 16])
    source = Source(path.name, str(path), path.stat().st_size, "calls")
    return pl.concat([complete(each).collect() for each in reader.read(source, Told())])


def ends(rows: pl.DataFrame) -> set[tuple[Any, ...]]:
    return set(rows.select("src_addr", "dst_addr", "dst_role").rows())


READERS: dict[str, Reader] = {
    "asterisk": asterisk, "freeswitch": freeswitch, "msgraph": msgraph, "rtcstats": rtcstats, "zoom": zoom,
}  # fmt: skip
FILES = sorted(path for path in FOLDER.glob("*") if path.name.split("_")[0] in READERS) if FOLDER.is_dir() else []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_is_of_one_format_and_each_record_is_counted(path: Path) -> None:
    head = path.read_bytes()[: 1 << 16]
    name = path.name.split("_")[0]
    assert [each for each, reader in FORMATS.items() if reader.sniff(head)] == [name]
    whole = path.suffix in (".json", ".xml")
    records = 1 if whole else sum(1 for line in path.read_text().splitlines() if line.strip())
    rows = found(READERS[name], path)
    assert rows["records"].sum() == records
    assert set(rows["status"]) <= {"ok", "no_address"}


def test_zoom() -> None:
    path = next(FOLDER.glob("zoom_*"))
    record = json.loads(path.read_text())
    words, code = re.fullmatch(r"(.*) \((\w+) Top\)", record["data_center"]).groups()  # type: ignore[union-attr]
    row = found(zoom, path).to_dicts()
    assert len(row) == 1
    assert row[0]["src_addr"] == record["ip_address"]
    assert row[0]["dst_site"] == f"zoom/{words.lower()}.{code}"


def test_msgraph() -> None:
    path = next(FOLDER.glob("msgraph_*"))
    text = path.read_text()
    relays = set(re.findall(r'"relayIPAddress":\s*"([^"]+)"', text))
    inner = set(re.findall(r'"ipAddress":\s*"([^"]+)"', text))
    packets = sorted(map(int, re.findall(r'"packetUtilization":\s*(\d+)', text)))
    rows = found(msgraph, path)
    assert set(rows.filter(dst_role="relay")["dst_addr"]) == relays
    direct = rows.filter(dst_role="client").to_dicts()
    assert {direct[0]["src_addr"], direct[0]["dst_addr"]} == inner
    assert sorted([direct[0]["src_packets"], direct[0]["dst_packets"]]) == packets
    assert set(rows["account"]) == set(re.findall(r'"tenantId":\s*"([^"]+)"', text))


def test_asterisk_tells_of_no_addresses() -> None:
    assert set(found(asterisk, next(FOLDER.glob("asterisk_*")))["status"]) == {"no_address"}


@pytest.mark.parametrize("form", ["xml", "json"])
def test_freeswitch(form: str) -> None:
    path = next(FOLDER.glob(f"freeswitch_*.{form}"))
    text = path.read_text()

    def variable(name: str) -> str:
        pattern = rf"<{name}>([^<]*)<" if form == "xml" else rf'"{name}":"([^"]*)"'
        hit = re.search(pattern, text)
        return unquote(hit[1]) if hit else ""

    rows = found(freeswitch, path)
    media = rows.filter(plane="media", basis="reported").to_dicts()
    assert [(row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) for row in media] == [(
        variable("remote_media_ip"), int(variable("remote_media_port")),
        variable("local_media_ip"), int(variable("local_media_port")),
    )]  # fmt: skip
    peer = variable("sip_network_ip") or variable("sip_destination_url").rpartition("@")[2]
    signalling = rows.filter(plane="signalling", basis="reported").to_dicts()
    assert {signalling[0]["src_addr"], signalling[0]["dst_addr"]} == {peer, variable("sip_local_network_addr")}
    passed = set(re.findall(r"received=([\d.]+)", variable("sip_full_via")))
    assert set(rows.filter(basis="attested")["dst_addr"]) == passed
    assert set(rows["session"]) == {variable("sip_call_id") or f"freeswitch:{variable('originator')}"}


DUMPS = [path for path in FILES if path.name.startswith("rtcstats_")]


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.name)
def test_selected_pairs_and_their_bytes(path: Path) -> None:
    """Replay the dump as its server does: reports keep what a later one leaves out."""
    reports: dict[str, dict[str, dict[str, Any]]] = {}
    selected: dict[tuple[str, ...], tuple[int, int]] = {}
    for line in path.read_text().splitlines():
        event = json.loads(line)
        if not isinstance(event, list) or event[0] != "getstats":
            continue
        known = reports.setdefault(event[1], {})
        for ident, news in event[2].items():
            if isinstance(news, dict):
                known[ident] = known.get(ident, {}) | news
        chosen = {report.get("selectedCandidatePairId") for report in known.values()}
        for ident, pair in known.items():
            if ident in chosen or pair.get("selected") is True:  # Chrome gave the next pair the same name, once
                ends = event[1], ident, pair["localCandidateId"], pair["remoteCandidateId"]
                selected[ends] = int(pair["bytesSent"]), int(pair["bytesReceived"])
    rows = found(rtcstats, path).filter((pl.col("status") == "ok") & (pl.col("basis") == "reported"))
    assert sorted(rows.select("src_bytes", "dst_bytes").rows()) == sorted(selected.values())


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.name)
def test_relays_of_candidate_lines_are_offered(path: Path) -> None:
    lines = re.findall(r"\"candidate:\S+ \d+ \w+ \d+ (\d[\d.]+) (\d+) typ relay", path.read_text())
    rows = found(rtcstats, path)
    offered = rows.filter((pl.col("basis") == OFFERED) & (pl.col("dst_role") == "relay"))
    assert {(where, int(port)) for where, port in lines} <= set(offered.select("dst_addr", "dst_port").rows())
    servers = set(re.findall(r'"turns?:([\w.-]+)', path.read_text()))
    assert {f"@host:{name}" for name in servers} <= set(offered["dst_addr"])


ORIGINALS = {"cloudshark_sip": "suri_sip-body-frames--public-cloudshark-sip-s0", "ndpi_sip": "ndpi_sip"}


@pytest.mark.parametrize("name", ORIGINALS)
def test_copies_are_the_calls_that_were_copied(name: str, tmp_path: Path) -> None:
    """Compare with the capture out of which the copies were made, where it is here."""
    path = FOLDER / f"derived_hep3_sngrep_{name}.pcap"
    truth = json.loads((FOLDER / f"{path.name}.truth.json").read_text())
    source = Source(path.name, str(path), path.stat().st_size, "pcap")
    written = hep3.Captures(tmp_path)  # `carried` counts nothing: its rows stand beside those of the capture
    assert not list(written.take(from_capture(source, Told())))
    written.close()
    copied = pl.concat([complete(each).collect() for each in written.flows(Told())])
    told = copied.filter(basis="reported")
    assert told["src_packets"].sum() + told["dst_packets"].sum() == truth["packets"]

    original = next((each for each in corpus.captures() if each.stem == ORIGINALS[name]), None)
    if original is None:
        pytest.skip("the capture of which these are copies is not here")
    raw = Source(original.name, str(original), original.stat().st_size, original.suffix[1:])
    flows = assemble(scan([raw], [0], workers=1), [""]).flows.filter(app="sip", basis="observed")
    whole, copies = (_messages(rows) for rows in (flows, told))
    assert all(0 < count <= whole[ends] for ends, count in copies.items())  # some messages were not copied


def _messages(flows: pl.DataFrame) -> dict[Any, int]:
    """Count the messages between each two ends of each call."""
    names = ("src_addr", "src_port", "dst_addr", "dst_port", "session", "src_packets", "dst_packets")
    return {(frozenset((row[:2], row[2:4])), row[4]): row[5] + row[6] for row in flows.select(names).rows()}
