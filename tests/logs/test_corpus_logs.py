"""Real logs through the whole audit: each is known, nothing raises, no record is lost, and what is decided only grows.

`tests/data/logs.json` says for each file what was decided when it was last written, as `corpus.json` does for captures.
"""

import ipaddress
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor import pipeline
from auditor.enrich import pfx2as
from auditor.model import flow
from auditor.model.errors import InputError
from auditor.read import pcap
from tests import corpus
from tests.logs.exports.test_corpus import NAMES, WHOLE

TABLE = Path(__file__).parents[1] / "data" / "logs.json"
TABLES = [path for path in corpus.logs() if pfx2as.sniff(str(path))]
"""Of prefixes and operators: databases for `--geo`, which tell of no traffic."""
LOGS = [path for path in corpus.logs() if path not in TABLES]
PROGRAMS = {".nfcapd": "nfdump", ".argus": "ra"}
each = pytest.mark.parametrize("log", LOGS, ids=lambda path: path.name)
pytestmark = corpus.logs_needed


@cache
def audited(*logs: Path) -> pipeline.Audit:
    for log in logs:
        if (program := PROGRAMS.get(log.suffix)) and not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    return pipeline.audit(logs, workers=1)


def measured(found: pipeline.Audit) -> dict[str, Any]:
    """Return format, records by status, the share of them that are exchanges, of ends placed, of touches decided."""
    records = dict(found.report.coverage.records)
    return {
        "format": found.report.inputs[0].format,
        "records": records,
        "ok": corpus.share(records.get(flow.OK, 0), sum(records.values())),
        "placed": corpus.placed(found.located.frame),
        "decided": corpus.decided(found),
    }


def lines(path: Path, but: str = r"^$") -> int:
    """Count lines that are not blank and are no `but`."""
    texts = path.read_text(errors="replace").splitlines()
    return sum(1 for text in texts if text.strip() and not re.search(but, text))


def found(pattern: str) -> Callable[[Path], int]:
    return lambda path: len(re.findall(pattern, path.read_text(errors="replace"), re.MULTILINE))


def beside(name: str) -> Callable[[Path], int]:
    return lambda path: counted(path.with_name(name))


TRACES = found(r'"type":\s*"trace')
RECORDS: dict[str, Callable[[Path], int]] = {
    "aws_": lambda path: lines(path, r"^[a-z -]+$"),
    "azure_": found(r'"\d{10,13},'),
    "zeek_": lambda path: lines(path, r"^#"),
    "nfdump_nftest": found("^Flow Record"),
    "derived_nfdump_wechat.csv": lambda path: int(path.read_text().splitlines()[-1].split(",")[0]),
    "derived_nfdump_wechat.json": lambda path: len(json.loads(path.read_text())),
    "derived_nfcapd": beside("derived_nfdump_wechat.csv"),
    "derived_argus_wechat_ra": lambda path: lines(path, "^StartTime"),
    "derived_mtr_loopback.json": lambda path: 1,
    "derived_mtr_loopback_report": found(r"^ *\d+\."),
    "derived_scamper_loopback.warts.json": TRACES,
    "derived_scamper_loopback.warts": beside("derived_scamper_loopback.warts.json"),
    "derived_traceroute": found(r"^ *\d+ "),
    "besttrace_": found(r"^ *\d+ "),
    "mlab_": TRACES,
    **dict.fromkeys(("freeswitch_", "msgraph_", "zoom_"), lambda path: 1),
    **dict.fromkeys(("asterisk_", "cisco_", "envoy_", "gcp_", "hubble_", "juniper_", "paloalto_"), lines),
    **dict.fromkeys(("ripe_", "rtcstats_", "suricata_"), lines),
}
"""How many records a file holds, as other means than the reader's count them, by how its name begins."""


def counted(path: Path) -> int:
    """Count records; -1: only the reader of its format can."""
    count = next((count for begin, count in RECORDS.items() if path.name.startswith(begin)), None)
    return count(path) if count else -1


@each
def test_every_record_is_a_row_or_counted_with_its_reason(log: Path) -> None:
    report = audited(log).report
    (given,), coverage = report.inputs, report.coverage
    assert given.bytes == log.stat().st_size
    assert sum(count for _, count in coverage.records) == coverage.packets + coverage.logged
    if pcap.sniff(log.read_bytes()[:65536]):
        assert coverage.packets == given.packets == corpus.truth(log)["packets"]
        return
    assert (coverage.packets, coverage.logged) == (0, given.records)
    if (count := counted(log)) >= 0:
        assert coverage.logged == count


@each
def test_rows_stand_for_the_records_that_were_counted(log: Path) -> None:
    found = audited(log)
    rows = found.located.frame.filter(pl.col("basis") != flow.OBSERVED).group_by("status").agg(pl.col("records").sum())
    packets = found.located.frame.filter(pl.col("basis") == flow.OBSERVED).group_by("status")
    sums = Counter(dict(rows.iter_rows()))
    sums.update(dict(packets.agg((pl.col("src_packets") + pl.col("dst_packets")).sum()).iter_rows()))
    assert +sums == +Counter(dict(found.report.coverage.records))


@each
def test_what_is_decided_only_grows(log: Path) -> None:
    now = measured(audited(log))
    corpus.only_grows(TABLE, log.name, now, "records", "ok", "placed", "decided")
    assert json.loads(TABLE.read_text())[log.name]["format"] == now["format"]


def test_the_table_has_every_log() -> None:
    assert sorted(json.loads(TABLE.read_text())) == sorted(path.name for path in LOGS)


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.name)
def test_tables_of_prefixes_are_no_logs(table: Path) -> None:
    with pytest.raises(InputError, match="neither a capture nor a log"):
        audited(table)


SIDECARS = {
    path.name.removesuffix(".flowtruth.json"): json.loads(path.read_text())
    for path in sorted(corpus.LOGS[0].glob("*.flowtruth.json"))
}
EXPORTERS = {
    name: truth
    for name, truth in SIDECARS.items()
    if isinstance(truth.get("source"), list) and len(truth["source"]) > 1
}
"""Exporters whose templates are in one file and whose data are in another."""


def exchanges(truth: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    """Return for each exchange that tshark decodes its records, and what it counts of packets and bytes."""
    sums: Counter[tuple[Any, ...]] = Counter()
    for datagram in truth["datagrams"]:
        four, six = (
            [datagram.get(f"cflow.{name}{version}", []) for name in ("srcaddr", "dstaddr")] for version in ("", "v6")
        )
        ends = [[*one, *other] for one, other in zip(four, six, strict=True)]
        column = [datagram.get(f"cflow.{name}", []) for name in ("srcport", "dstport", "protocol")]
        counts = [datagram.get(f"cflow.{name}") or [0] * len(column[0]) for name in ("packets", "octets")]
        for src, dst, sport, dport, protocol, packets, octets in zip(*ends, *column, *counts, strict=True):
            key = exchange(src, dst, sport, dport, NAMES.get(protocol, f"ip/{protocol}"))
            sums.update({(*key, "records"): 1, (*key, "packets"): int(packets), (*key, "bytes"): int(octets)})
    return +sums


def exchange(src: str, dst: str, sport: Any, dport: Any, transport: str) -> tuple[Any, ...]:
    ported = transport in ("tcp", "udp")
    ends = [
        (str(ipaddress.ip_address(addr)), int(port) if ported else 0) for addr, port in ((src, sport), (dst, dport))
    ]
    return (*sorted(ends), transport)


ALONE = [name for name, truth in SIDECARS.items() if truth.get("source") == [name] and name not in WHOLE]


@pytest.mark.parametrize("name", [*EXPORTERS, *ALONE])
def test_exports_decode_with_the_templates_of_other_files(name: str) -> None:
    truth = SIDECARS[name]
    files = [corpus.LOGS[0] / each for each in truth["source"]]
    records = dict(audited(*files).report.coverage.records)
    assert {status for status, count in records.items() if count} <= {flow.OK, flow.NO_ADDRESS}
    frame = pipeline.located(files).frame  # an audit may put together what differs in clients' ports
    want, have = exchanges(truth), Counter[tuple[Any, ...]]()
    told = {key[-1] for key in want}
    for row in frame.filter((pl.col("basis") != flow.OBSERVED) & (pl.col("status") == flow.OK)).iter_rows(named=True):
        key = exchange(row["src_addr"], row["dst_addr"], row["src_port"], row["dst_port"], row["transport"])
        for what in told & {"packets", "bytes"}:
            have[*key, what] += row[f"src_{what}"] + row[f"dst_{what}"]
        have[*key, "records"] += row["records"]
    assert +have == want
