"""What the fields of AWS VPC flow logs mean, whether they came as text or as Parquet.

Amazon VPC User Guide, "Flow log records".  A record counts one direction of one flow at one interface in one
interval.  `pkt-srcaddr` and `pkt-dstaddr` are the true ends where traffic passed a NAT gateway, a load balancer or a
node of a cluster, whose own addresses stand in `srcaddr` and `dstaddr`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import polars as pl

from auditor.logs.model import Told, turned
from auditor.logs.protocols import ACK, FIN, RST, SYN, TCP, numbered
from auditor.logs.tables import MORE
from auditor.logs.together import Together
from auditor.model.flow import REJECTED
from auditor.model.status import MALFORMED, NO_ADDRESS, OK

ORDER: Final = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type "
    "sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path ecs-cluster-arn "
    "ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id "
    "ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id encryption-status"
).split()
"""All fields, in the order in which they came with versions 2 to 10."""
SKIPPED: Final = (
    "The flow log service skipped records (SKIPDATA): what was exchanged at those interfaces in those intervals is "
    "not examined."
)

NODATA: Final = "no traffic in the interval (NODATA)"
SKIPDATA: Final = "records that the service skipped (SKIPDATA)"
NOWHERE: Final = "a log format without addresses"
TORN: Final = "a record with other fields than its header or version has"
NUMBERS: Final = "a field that is no number, or one out of range"
STATUS: Final = {NODATA: NO_ADDRESS, SKIPDATA: NO_ADDRESS, NOWHERE: NO_ADDRESS}
KEYS: Final = {
    "account-id": pl.Categorical, "vpc-id": pl.Categorical, "srcaddr": pl.String, "dstaddr": pl.String,
    "pkt-srcaddr": pl.String, "pkt-dstaddr": pl.String, "action": pl.Categorical, "tcp-flags": pl.Int32,
    "region": pl.Categorical, "flow-direction": pl.Categorical,
}  # fmt: skip
"""Fields by which records are kept apart; few values are numbered."""
_PORTS: Final = {"src_port": "srcport", "dst_port": "dstport"}
_COUNTS: Final = {"packets": "src_packets", "bytes": "src_bytes"}
_TIMES: Final = {"start": "first_ns", "end": "last_ns"}
_SMALL: Final = {
    "src_port": ("srcport", 65535), "dst_port": ("dstport", 65535), "protocol": ("protocol", 255),
    "tcp-flags": ("tcp-flags", 255),
}  # fmt: skip
"""Columns of small numbers: the field, and the greatest value."""
LOCAL: Final = {"src": "egress", "dst": "ingress"}
"""The flow direction in which an end is the interface's own."""
SYNACK: Final = SYN | ACK
NONE: Final = pl.lit(None, pl.String)
_SECOND: Final = 1_000_000_000
_LATEST: Final = (1 << 63) // _SECOND - 1


def _numbers(given: set[str]) -> list[pl.Expr]:
    """Read the fields that are numbers; of those that the format lacks, zero."""
    found = [
        pl.col(name).cast(pl.Int32, strict=False) if name in given else pl.lit(None, pl.Int32).alias(name)
        for name in ("protocol", "tcp-flags")
    ]
    found += [
        (pl.col(field).cast(pl.Int32, strict=False) if field in given else pl.lit(0, pl.Int32)).alias(name)
        for name, field in _PORTS.items()
    ]
    found += [
        (pl.col(name).cast(pl.Int64, strict=False) if name in given else pl.lit(0, pl.Int64)).alias(column)
        for name, column in _COUNTS.items()
    ]
    for name, column in _TIMES.items():
        seconds = pl.col(name).cast(pl.Int64, strict=False) if name in given else pl.lit(0, pl.Int64)
        found.append((pl.when(seconds.is_between(0, _LATEST)).then(seconds) * _SECOND).alias(column))
    return found


def _state(given: set[str], text: bool) -> pl.Expr:
    """Say what becomes of each record: ok, or why it is none."""
    small = [
        ~pl.col(name).is_between(0, most).fill_null(False) for name, (field, most) in _SMALL.items() if field in given
    ]
    large = [pl.col(name).is_null() | (pl.col(name) < 0) for name in (*_COUNTS.values(), *_TIMES.values())]
    ends = [name for name in ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "action") if name in given]
    torn = pl.any_horizontal(pl.col(MORE).is_not_null() if text else False, *(pl.col(name).is_null() for name in ends))
    status = pl.col("log-status") if "log-status" in given else pl.lit("OK")
    if "action" in given:
        torn |= ~pl.col("action").is_in(["ACCEPT", "REJECT"])
    if not ({"srcaddr", "pkt-srcaddr"} & given and {"dstaddr", "pkt-dstaddr"} & given):
        return pl.lit(NOWHERE)
    return (
        pl.when(status == "NODATA").then(pl.lit(NODATA)).when(status == "SKIPDATA").then(pl.lit(SKIPDATA))
        .when(torn | (status != "OK")).then(pl.lit(TORN))
        .when(pl.any_horizontal(*small, *large)).then(pl.lit(NUMBERS))
        .otherwise(pl.lit(OK))
    )  # fmt: skip


def rows(tables: Iterable[tuple[pl.LazyFrame, Sequence[str]]], told: Told) -> Iterator[pl.LazyFrame]:
    """Make rows of LOG of records that stand in tables, each with the fields that it has.

    Tables have the columns `record` and those fields (text or numbers), and MORE where the text had any.
    """
    kept: dict[tuple[str, ...], Together] = {}
    for found, names in tables:
        given = set(names)
        keys = {name: kind for name, kind in KEYS.items() if name in given}
        group = kept.setdefault(tuple(names), Together(keys, told))
        state = _state(given, MORE in found.collect_schema())
        read = found.with_columns(_numbers(given)).with_columns(state=state).collect()
        ok = read["state"] == OK
        if not ok.all():
            yield _others(read.filter(~ok), told)
            read = read.filter(ok)
        yield from (_flows(some, given) for some in group.add(read.with_columns(_cast(keys))))
    for fields, group in kept.items():
        yield from (_flows(some, set(fields)) for some in group.groups())


def _cast(keys: Mapping[str, Any]) -> list[pl.Expr]:
    return [pl.col(name).cast(kind) for name, kind in keys.items() if kind == pl.Categorical]


def _others(read: pl.DataFrame, told: Told) -> pl.LazyFrame:
    """Count records without addresses, and those that can't be read."""
    counted = read.group_by("state").agg(pl.col("record").min(), records=pl.len().cast(pl.Int64))
    if SKIPDATA in counted["state"]:
        told.limits.add(SKIPPED)
    status = pl.col("state").replace_strict(STATUS, default=MALFORMED, return_dtype=pl.String)
    return counted.lazy().select("record", "records", detail="state", status=status)


def _flows(rows: pl.DataFrame, given: set[str]) -> pl.LazyFrame:
    """Give rows of these fields the columns of LOG."""
    flags = pl.col("tcp-flags") if "tcp-flags" in given else pl.lit(None, pl.Int32)
    tcp = pl.col("protocol") == TCP if "protocol" in given else pl.lit(True)
    answer = (tcp & (flags & SYNACK == SYNACK)).fill_null(False)
    opens = (tcp & (flags & SYN == SYN)).fill_null(False)
    said = {
        "observer": pl.coalesce(*(_said(name, given) for name in ("vpc-id", "account-id")), pl.lit("")),
        "transport": numbered("protocol") if "protocol" in given else pl.lit(""),
        "outcome": pl.when(pl.col("action") == "REJECT").then(pl.lit(REJECTED)) if "action" in given else NONE,
        "opened": pl.when(opens).then(pl.lit("handshake")).otherwise(pl.lit("")),
        **{f"{side}_{name}": value for side in ("src", "dst") for name, value in _end(side, given).items()},
        "src_flags": pl.when(tcp).then(_flags(flags)).cast(pl.Int32),
        "dst_flags": pl.lit(None, pl.Int32),
        "dst_packets": pl.lit(None, pl.Int64),
        "dst_bytes": pl.lit(None, pl.Int64),
        "answer": answer,
    }
    counts = ("record", "records", "first_ns", "last_ns", "src_packets", "src_bytes", "src_port", "dst_port")
    return turned(rows.lazy().select(*counts, **said), pl.col("answer")).drop("answer")


def _end(side: str, given: set[str]) -> dict[str, pl.Expr]:
    """Return the address, the port and the region of an end: the interface is in the region that the record names."""
    field = f"{side}addr"
    true = _said(f"pkt-{field}", given)
    addr = pl.coalesce(true, _said(field, given))
    site = pl.lit("")
    if {"region", "flow-direction", field} <= given:
        here = pl.col("flow-direction") == LOCAL[side]
        itself = true.is_null() | (true == pl.col(field))
        site = pl.when(here & itself & (pl.col("region") != "-")).then(pl.format("aws/{}", "region")).otherwise(site)
    return {"addr": addr, "site": site}


def _said(name: str, given: set[str]) -> pl.Expr:
    """Return a field, null where it says nothing."""
    return pl.when(~pl.col(name).is_in(["-", "unknown"])).then(pl.col(name)) if name in given else NONE


def _flags(flags: pl.Expr) -> pl.Expr:
    """Add the ACK that flow logs leave out: all but the first SYN, and what refuses it, bears one."""
    return pl.when(flags & (SYN | RST) == 0).then(flags | ACK).when(flags & FIN != 0).then(flags | ACK).otherwise(flags)
