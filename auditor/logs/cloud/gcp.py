"""VPC Flow Logs of Google Cloud, as entries of Cloud Logging: exported, read by `gcloud`, or out of BigQuery.

Google Cloud documentation, "About VPC Flow Logs records"; Cloud Logging API, `LogEntry`.  A record counts one direction
of one connection in one interval, at the end or gateway that `reporter` names.  Where both ends are in subnets with
flow logs, both report the same packets, sampled apart: both are kept, as neither shows whether there is the other.

The packets are sampled and the counts scaled up by the service; of the records, a share is logged that they don't tell.
Metadata (instances, VPCs) are approximations by the service's own word, so a region is what is claimed, as everywhere.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import polars as pl

from auditor.logs.cloud.instants import ODD, interval, written
from auditor.logs.cloud.pick import child, portions, text, whole
from auditor.logs.model import Told
from auditor.logs.protocols import numbered
from auditor.logs.values import Value, by_line, values
from auditor.model.status import MALFORMED, OK, UNSUPPORTED
from auditor.read.source import Source

SAMPLED: Final = (
    "Google VPC Flow Logs are sampled: counts are the service's estimates, and flows that its samples left out are not "
    "here."
)
BOTH: Final = (
    "Google VPC Flow Logs tell of traffic between two logged machines at both ends: its packets and bytes are those of "
    "both reports."
)
OTHER: Final = "an entry of another log than VPC flow logs"
NOWHERE: Final = "a record without an address"
NUMBERS: Final = "a field that is no number, or one out of range"
STATUS: Final = {OTHER: UNSUPPORTED}

SCHEMA: Final[dict[str, Any]] = {
    "record": pl.Int64, "state": pl.String, "status": pl.String, "observer": pl.String, "src_addr": pl.String,
    "dst_addr": pl.String,
    "src_port": pl.Int32, "dst_port": pl.Int32, "src_site": pl.String, "dst_site": pl.String, "protocol": pl.Int32,
    "src_packets": pl.Int64, "src_bytes": pl.Int64, "start": pl.String, "end": pl.String, "both": pl.Boolean,
}  # fmt: skip
_NESTED: Final = re.compile(rb'"connection"\s*:\s*\{[^{}]*"(?:src|dest)_ip"')
_FLAT: Final = re.compile(rb'"(?:jsonPayload\.)?connection\.(?:src|dest)_ip"')
_REGION: Final = re.compile(r"[a-z]{2,20}-[a-z]{2,20}[0-9]{1,2}(-[a-z])?")
Record = dict[str, Any]


LINES: Final = partial(by_line, key="entries")
"""A record is a line where a text has one a line."""


def sniff(head: bytes) -> bool:
    """Tell by a connection's ends and who reported it."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    return start and b'reporter"' in head and bool(_NESTED.search(head) or _FLAT.search(head))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row for each entry."""
    for found in portions(map(_row, values(source, told, "entries")), SCHEMA):
        told.notes.add(SAMPLED)
        if found["both"].any():
            told.notes.add(BOTH)
        bad = found.filter(pl.col("state") != OK)
        if len(bad):
            yield bad.lazy().select("record", "status", detail="state")
        yield _flows(found.lazy().filter(pl.col("state") == OK))


def _row(value: Value) -> tuple[Any, ...]:
    """Make a row of SCHEMA of an entry."""
    if value.status:
        return _none(value.record, value.detail, value.status)
    record = _payload(value.value)
    ends = child(record, "connection")
    if not ends:
        return _none(value.record, OTHER)
    src, dst = ends.get("src_ip"), ends.get("dest_ip")
    if not (isinstance(src, str) and src and isinstance(dst, str) and dst):
        return _none(value.record, NOWHERE)
    ports = [whole(ends.get(name, 0), 65535) for name in ("src_port", "dest_port")]
    counts = [whole(record.get(name, 0)) for name in ("packets_sent", "bytes_sent")]
    protocol = whole(ends.get("protocol"), 255)
    if None in (*ports, *counts, protocol):
        return _none(value.record, NUMBERS)
    reporter = text(record, "reporter").lower()
    sites = [_site(record, side) for side in ("src", "dest")]
    return (
        value.record, OK, OK, _observer(value.value, record, reporter), src, dst, *ports, *sites, protocol, *counts,
        text(record, "start_time"), text(record, "end_time"),
        reporter == "dest" and bool(child(record, "src_instance")),
    )  # fmt: skip


def _none(record: int, why: str, status: str = "") -> tuple[Any, ...]:
    left = len(SCHEMA) - 3
    return (record, why, status or STATUS.get(why, MALFORMED), *[None] * left)


def _payload(entry: Any) -> Record:
    """Return the record of an entry: its payload, or itself, with members in members or with dots in their names."""
    if not isinstance(entry, dict):
        return {}
    for name in ("jsonPayload", "json_payload", "jsonpayload"):
        if found := child(entry, name):
            return found
    if isinstance(entry.get("connection"), dict):
        return entry
    nested: Record = {}
    for name, member in entry.items():
        *above, last = name.removeprefix("jsonPayload.").split(".", 4)
        inside = nested
        for each in above:
            inside = inside.setdefault(each, {}) if isinstance(inside.get(each, {}), dict) else {}
        inside[last] = member
    return nested


def _observer(entry: Record, record: Record, reporter: str) -> str:
    """Return the VPC of the end that reported, else the project: there private addresses mean one machine each."""
    sides = ("dest", "src") if reporter.startswith("dest") else ("src", "dest")
    for side in sides:
        vpc = child(record, f"{side}_vpc")
        if vpc and text(vpc, "project_id") and text(vpc, "vpc_name"):
            return f"gcp/{text(vpc, 'project_id')}/{text(vpc, 'vpc_name')}"
    project = text(child(child(entry, "resource"), "labels"), "project_id")
    return f"gcp/{project}" if project else ""


def _site(record: Record, side: str) -> str:
    """Return the region in which the service says that an end of the project's own is."""
    machine, vpc = child(record, f"{side}_instance"), child(record, f"{side}_vpc")
    cluster = child(child(record, f"{side}_gke_details"), "cluster")
    told = ((machine, "region"), (machine, "zone"), (vpc, "subnetwork_region"), (cluster, "cluster_location"))
    for where in (text(*each) for each in told):
        if _REGION.fullmatch(where):
            return f"gcp/{where}"
    return ""


def _flows(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Give records that are whole the columns of LOG."""
    rows = rows.with_columns(written(pl.col("start")).alias("start"), written(pl.col("end")).alias("end"))
    return rows.with_columns(interval("start", "end")).select(
        *("record", "observer", "src_addr", "dst_addr", "src_port", "dst_port", "src_site", "dst_site"),
        *("src_packets", "src_bytes", "first_ns", "last_ns"),
        transport=numbered("protocol"),
        detail=pl.when("odd").then(pl.lit(ODD)).otherwise(pl.lit("")),
    )
