"""What the fields of AWS flow logs mean, of VPCs and of transit gateways, whether they came as text or as Parquet.

Amazon VPC User Guide, "Flow log records"; AWS Transit Gateway Guide, "Transit Gateway Flow Log records".  A record
counts one direction of one flow at one interface or attachment in one interval.  `pkt-srcaddr` and `pkt-dstaddr` are
the true ends where traffic passed a NAT gateway, a load balancer or a node of a cluster, whose own addresses stand in
`srcaddr` and `dstaddr`.

Where an interface is, its record says: in a Local Zone or Wavelength Zone, else in a region or one of its zones.  An
Outpost stands wherever its owner has put it, so nothing is said of it.  A transit gateway sees only what passes: the
sender may be behind the VPC that it came from, in another place, so the gateway's region is nobody's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import polars as pl

from auditor.logs.cloud.instants import ODD, SECOND, interval, strange
from auditor.logs.cloud.pick import HUGE
from auditor.logs.model import Told, turned
from auditor.logs.outcome import HEADERS
from auditor.logs.protocols import ACK, FIN, RST, SYN, TCP, numbered
from auditor.logs.tables import MORE
from auditor.logs.together import Together
from auditor.model.flow import REJECTED, UNANSWERED
from auditor.model.status import MALFORMED, NO_ADDRESS, OK

ORDER: Final = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type "
    "sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path ecs-cluster-arn "
    "ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id "
    "ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id encryption-status"
).split()
"""All fields, in the order in which they came with versions 2 to 10."""
TRANSIT: Final = (
    "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id "
    "tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id "
    "tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status "
    "type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags "
    "region flow-direction pkt-src-aws-service pkt-dst-aws-service encryption-status"
).split()
"""All fields of a transit gateway's log, in the order of its default format (version 6) and what came later."""
INTERFACE: Final = frozenset("interface-id vpc-id subnet-id instance-id action traffic-path pkt-srcaddr".split())
"""Fields that only the log of a VPC has: without any of them it might be one of a transit gateway."""
SKIPPED: Final = (
    "The flow log service skipped records (SKIPDATA): what was exchanged at those interfaces in those intervals is "
    "not examined."
)

UNTOLD: Final = (
    "The format of a flow log leaves out log-status: intervals without traffic can't be told from records that the "
    "service skipped."
)

NODATA: Final = "no traffic in the interval (NODATA)"
SKIPDATA: Final = "records that the service skipped (SKIPDATA)"
NOWHERE: Final = "a log format without addresses"
NOBODY: Final = "a record without addresses"
TORN: Final = "a record with other fields than its header or version has"
NUMBERS: Final = "a field that is no number, or one out of range"
STATUS: Final = {NODATA: NO_ADDRESS, SKIPDATA: NO_ADDRESS, NOWHERE: NO_ADDRESS, NOBODY: NO_ADDRESS}
KEYS: Final = {
    "account-id": pl.Categorical, "vpc-id": pl.Categorical, "tgw-id": pl.Categorical, "srcaddr": pl.String,
    "dstaddr": pl.String, "pkt-srcaddr": pl.String, "pkt-dstaddr": pl.String, "action": pl.Categorical,
    "flow-direction": pl.Categorical, "encryption-status": pl.Categorical, "marks": pl.Int32,
}  # fmt: skip
"""Fields by which records are kept apart; few values are numbered."""
FLAGS, HEAVY, STRANGE, GONE = 1 << 9, 1 << 9, 1 << 10, 1 << 11
"""What `marks` is made of: TCP flags (1 more than they are; 0: not told), below the first; whether a record has more
bytes than bare headers, so that sums hide no data behind attempts, however a log is split; whether its times can't be
right; and whether a gateway lost all packets.
"""
PLACE: Final = ("region", "az-id", "sublocation-type", "sublocation-id")
LOST: Final = (
    "packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded", "packets-lost-ttl-expired",
)  # fmt: skip
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
_LATEST: Final = (1 << 63) // SECOND - 1


def _numbers(given: set[str]) -> list[pl.Expr]:
    """Read the fields that are numbers; of those that the format lacks, zero."""
    found = [(_small("protocol", "") if "protocol" in given else pl.lit(None, pl.Int32)).alias("protocol")]
    found.append((_small("tcp-flags", "-1") if "tcp-flags" in given else pl.lit(-1, pl.Int32)).alias("tcp-flags"))
    found += [
        (_small(field, "0") if field in given else pl.lit(0, pl.Int32)).alias(name) for name, field in _PORTS.items()
    ]
    found += [
        (pl.col(name).cast(pl.Int64, strict=False) if name in given else pl.lit(0, pl.Int64)).alias(column)
        for name, column in _COUNTS.items()
    ]
    times = [name for name in _TIMES if name in given] or [""]
    for name, column in zip((times[0], times[-1]), _TIMES.values(), strict=True):  # one time stands for both
        seconds = pl.col(name).cast(pl.Int64, strict=False) if name else pl.lit(0, pl.Int64)
        found.append((pl.when(seconds.is_between(0, _LATEST)).then(seconds) * SECOND).alias(column))
    return found


def _small(name: str, untold: str) -> pl.Expr:
    """Read a small number; `-` is what stands for one that is not told."""
    number = pl.col(name).cast(pl.Int32, strict=False)
    return pl.coalesce(number, pl.when(pl.col(name).cast(pl.String) == "-").then(int(untold))) if untold else number


def _state(given: set[str], text: bool) -> pl.Expr:
    """Say what becomes of each record: ok, or why it is none."""
    small = [
        ~pl.col(name).is_between(-1 if name == "tcp-flags" else 0, most).fill_null(False)
        for name, (field, most) in _SMALL.items()
        if field in given
    ]
    large = [~pl.col(name).is_between(0, HUGE).fill_null(False) for name in _COUNTS.values()]
    large += [pl.col(name).is_null() for name in _TIMES.values()]
    ends = [name for name in ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr") if name in given]
    torn = pl.any_horizontal(pl.col(MORE).is_not_null() if text else False, *(pl.col(name).is_null() for name in ends))
    status = pl.col("log-status") if "log-status" in given else pl.lit("OK")
    if "action" in given:
        torn |= ~pl.col("action").is_in(["ACCEPT", "REJECT"]).fill_null(False)
    if not ({"srcaddr", "pkt-srcaddr"} & given and {"dstaddr", "pkt-dstaddr"} & given):
        return pl.when(status == "SKIPDATA").then(pl.lit(SKIPDATA)).otherwise(pl.lit(NOWHERE))
    nobody = pl.all_horizontal(pl.col(name) == "-" for name in ends)
    return (
        pl.when(status == "NODATA").then(pl.lit(NODATA)).when(status == "SKIPDATA").then(pl.lit(SKIPDATA))
        .when(nobody).then(pl.lit(NOBODY))
        .when(torn | status.ne_missing("OK")).then(pl.lit(TORN))
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
        keys = {name: kind for name, kind in KEYS.items() if name in given or name == "marks"}
        keys |= dict.fromkeys(_placing(given), pl.Categorical)
        group = kept.setdefault(tuple(names), Together(keys, told))
        state = _state(given, MORE in found.collect_schema())
        read = found.with_columns(_numbers(given)).with_columns(state=state).collect()
        ok = read["state"] == OK
        if not ok.all():
            yield _others(read.filter(~ok), "log-status" in given, told)
            read = read.filter(ok)
        read = _timed(read.with_columns(marks=_marks(given))).with_columns(_cast(keys))
        group.add(read)
    for fields, group in kept.items():
        yield from (_flows(some, set(fields)) for some in group.groups())


def _timed(read: pl.DataFrame) -> pl.DataFrame:
    """Take what is left of times of which one can't be right."""
    odd = read["marks"] & STRANGE != 0
    if not odd.any():
        return read
    right, wrong = read.filter(~odd), read.filter(odd).with_columns(interval("first_ns", "last_ns")).drop("odd")
    return pl.concat([right, wrong])


def _marks(given: set[str]) -> pl.Expr:
    marks = pl.col("tcp-flags") + 1
    if "tcp-flags" not in given:  # which tell more
        marks += (pl.col("src_bytes") > HEADERS * pl.col("src_packets")) * HEAVY
    if {*_TIMES} & given:
        marks += strange("first_ns", "last_ns") * STRANGE
    if lost := [pl.col(name).cast(pl.Int64, strict=False).fill_null(0) for name in LOST if name in given]:
        gone = pl.sum_horizontal(lost)
        marks += ((gone > 0) & (gone >= pl.col("src_packets"))) * GONE
    return marks


def _placing(given: set[str]) -> list[str]:
    """Return the fields that tell where the interface is, if it is told which end that is."""
    if not ({"flow-direction", "srcaddr", "dstaddr"} <= given and INTERFACE & given):
        return []
    wide = [name for name in PLACE[:2] if name in given][:1]
    return [*wide, *(name for name in PLACE[2:] if name in given)]


def _place(given: set[str]) -> pl.Expr:
    """Return the code of the place where the interface is; empty if nothing tells."""
    place = pl.coalesce(_said("region", given), _said("az-id", given) if "region" not in given else NONE)
    inner, kind = _said("sublocation-id", given), _said("sublocation-type", given)
    zone = pl.when(kind.is_in(["localzone", "wavelength"])).then(inner)
    place = pl.when(inner.is_null() & kind.is_null()).then(place).otherwise(zone)
    found = pl.concat_str(pl.lit("aws/"), place)
    return pl.when(place.str.contains("^[a-z0-9-]{1,40}$")).then(found).otherwise(pl.lit(""))


def _cast(keys: Mapping[str, Any]) -> list[pl.Expr]:
    return [pl.col(name).cast(kind) for name, kind in keys.items() if kind == pl.Categorical]


def _others(read: pl.DataFrame, stated: bool, told: Told) -> pl.LazyFrame:
    """Count records without addresses, and those that can't be read."""
    counted = read.group_by("state").agg(pl.col("record").min(), records=pl.len().cast(pl.Int64))
    if SKIPDATA in counted["state"]:
        told.limits.add(SKIPPED)
    if NOBODY in counted["state"] and not stated:
        told.notes.add(UNTOLD)
    status = pl.col("state").replace_strict(STATUS, default=MALFORMED, return_dtype=pl.String)
    return counted.lazy().select("record", "records", detail="state", status=status)


def _flows(rows: pl.DataFrame, given: set[str]) -> pl.LazyFrame:
    """Give rows of these fields the columns of LOG."""
    number = pl.col("marks") % FLAGS - 1
    flags = pl.when(number >= 0).then(number)
    marked = {name: pl.col("marks") & mark != 0 for name, mark in (("odd", STRANGE), ("gone", GONE))}
    tcp = pl.col("protocol") == TCP if "protocol" in given else pl.lit(True)
    answer = (tcp & (flags & SYNACK == SYNACK)).fill_null(False)
    opens = (tcp & (flags & SYN == SYN)).fill_null(False)
    refused = pl.col("action") == "REJECT" if "action" in given else pl.lit(False)
    said = {
        "observer": pl.coalesce(*(_said(name, given) for name in ("vpc-id", "tgw-id", "account-id")), pl.lit("")),
        "transport": numbered("protocol") if "protocol" in given else pl.lit(""),
        "detail": pl.when(marked["odd"]).then(pl.lit(ODD)).otherwise(pl.lit("")),
        "outcome": pl.when(marked["gone"]).then(pl.lit(UNANSWERED)).when(refused).then(pl.lit(REJECTED)),
        "opened": pl.when(opens).then(pl.lit("handshake")).otherwise(pl.lit("")),
        **{f"{side}_{name}": value for side in ("src", "dst") for name, value in _end(side, given).items()},
        "src_flags": pl.when(tcp).then(_flags(flags)).cast(pl.Int32),
        "dst_flags": pl.lit(None, pl.Int32),
        "dst_packets": pl.lit(None, pl.Int64),
        "dst_bytes": pl.lit(None, pl.Int64),
        "answer": answer,
    }
    if "encryption-status" in given:  # by the hosts, by the application, by both
        sealed = pl.col("encryption-status").is_in(["1", "2", "3"])
        said["encrypted"] = pl.when(sealed).then(pl.lit("yes")).otherwise(pl.lit(""))
    counts = ("record", "records", "first_ns", "last_ns", "src_packets", "src_bytes", "src_port", "dst_port")
    return turned(rows.lazy().select(*counts, **said), pl.col("answer")).drop("answer")


def _end(side: str, given: set[str]) -> dict[str, pl.Expr]:
    """Return the address of an end, and the place of the interface if the end is that."""
    field = f"{side}addr"
    true = _said(f"pkt-{field}", given)
    addr = pl.coalesce(true, _said(field, given))
    site = pl.lit("")
    if _placing(given):
        here = pl.col("flow-direction") == LOCAL[side]
        itself = true.is_null() | (true == pl.col(field))
        site = pl.when(here & itself).then(_place(given)).otherwise(site)
    return {"addr": addr, "site": site}


def _said(name: str, given: set[str]) -> pl.Expr:
    """Return a field, null where it says nothing."""
    return pl.when(~pl.col(name).is_in(["-", "unknown"])).then(pl.col(name)) if name in given else NONE


def _flags(flags: pl.Expr) -> pl.Expr:
    """Add the ACK that flow logs leave out: all but the first SYN, and what refuses it, bears one."""
    return pl.when(flags & (SYN | RST) == 0).then(flags | ACK).when(flags & FIN != 0).then(flags | ACK).otherwise(flags)
