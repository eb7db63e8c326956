"""What the fields of AWS flow logs mean, of VPCs and of transit gateways, whether they came as text or as Parquet.

Amazon VPC User Guide, "Flow log records"; AWS Transit Gateway Guide, "Transit Gateway Flow Log records".  A record
counts one direction of one flow at one interface or attachment in one interval.  `pkt-srcaddr` and `pkt-dstaddr` are
the true ends where traffic passed a NAT gateway, a load balancer or a node of a cluster, whose own addresses stand in
`srcaddr` and `dstaddr`.

Where an interface is, its record says: in a Local Zone or Wavelength Zone, else in a region or one of its zones.  An
Outpost stands wherever its owner has put it, so nothing is said of it.  A transit gateway sees only what passes: the
sender may be behind the VPC that it came from, in another place, so the gateway's region is nobody's.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import polars as pl

from auditor.logs.cloud.instants import ODD, SECOND, interval, strange
from auditor.logs.cloud.pick import HUGE
from auditor.logs.model import Told, turned
from auditor.logs.model import rows as made
from auditor.logs.outcome import HEADERS
from auditor.logs.profiles import CROWDED, MANY
from auditor.logs.protocols import ACK, FIN, RST, SYN, TCP, numbered
from auditor.logs.tables import MORE
from auditor.logs.together import Together
from auditor.model.flow import REJECTED, UNANSWERED
from auditor.model.status import MALFORMED, NO_ADDRESS, OK, UNSUPPORTED

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
KEYS: Final = ("account-id", "vpc-id", "tgw-id", "action", "flow-direction", "encryption-status")
"""Fields by which records are kept apart, beside their ends."""
FLAGS, HEAVY, STRANGE, GONE, SRC, DST = 1 << 9, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13
"""What `marks` is made of: TCP flags (1 more than they are; 0: not told), below the first; whether a record has more
bytes than bare headers, so that sums hide no data behind attempts, however a log is split; whether its times can't be
right; whether a gateway lost all packets; and which of its true ends are the same as those at the interface.
"""
ADDRESSES: Final = ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr")
PLACE: Final = ("region", "az-id", "sublocation-type", "sublocation-id")
LOST: Final = (
    "packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded", "packets-lost-ttl-expired",
)  # fmt: skip
_COUNTS: Final = {"packets": "src_packets", "bytes": "src_bytes"}
_TIMES: Final = {"start": "first_ns", "end": "last_ns"}
_SMALL: Final = {
    "src_port": ("srcport", 0, 65535, 0), "dst_port": ("dstport", 0, 65535, 0),
    "protocol": ("protocol", 0, 255, None), "tcp-flags": ("tcp-flags", -1, 255, -1),
}  # fmt: skip
"""Columns of small numbers: the field, the least and the greatest value, and what stands for one that isn't told."""
LOCAL: Final = {"src": "egress", "dst": "ingress"}
"""The flow direction in which an end is the interface's own."""
SYNACK: Final = SYN | ACK
NONE: Final = pl.lit(None, pl.String)
_LATEST: Final = (1 << 63) // SECOND - 1


def _numbers(given: set[str], quick: bool = False) -> list[pl.Expr]:
    """Read the fields that are numbers, zero for those that the format lacks; `quick`: where no `-` is one."""
    found = [
        (_small(field, None if quick else untold) if field in given else pl.lit(untold, pl.Int32)).alias(name)
        for name, (field, _, _, untold) in _SMALL.items()
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


def _small(name: str, untold: int | None) -> pl.Expr:
    """Read a small number; `-` is what stands for one that is not told."""
    number = pl.col(name).cast(pl.Int32, strict=False)
    if untold is None:
        return number
    return pl.coalesce(number, pl.when(pl.col(name).cast(pl.String) == "-").then(untold))


def _possible(given: set[str]) -> list[pl.Expr]:
    """Say of each number whether it is there and may be right."""
    return [
        *(pl.col(name).is_between(least, most) for name, (field, least, most, _) in _SMALL.items() if field in given),
        *(pl.col(name).is_between(0, HUGE) for name in _COUNTS.values()),
        *(pl.col(name).is_not_null() for name in _TIMES.values()),
    ]


def _fine(given: set[str], text: bool) -> pl.Expr:
    """Say which records are ok at first sight: nearly all.  What is asked of the others costs much more."""
    texts = [pl.col(name).is_not_null() for name in ADDRESSES if name in given]
    texts += [pl.col(f"{side}_addr").is_not_null() for side in ("src", "dst")]
    texts += [pl.col("log-status") == "OK"] if "log-status" in given else []
    texts += [(pl.col("action") == "ACCEPT") | (pl.col("action") == "REJECT")] if "action" in given else []
    texts += [pl.col(MORE).is_null()] if text else []
    return pl.all_horizontal(pl.lit(_ended(given)), *_possible(given), *texts).fill_null(False)


def _ended(given: set[str]) -> bool:
    return bool({"srcaddr", "pkt-srcaddr"} & given and {"dstaddr", "pkt-dstaddr"} & given)


def _state(given: set[str], text: bool) -> pl.Expr:
    """Say what becomes of each record: ok, or why it is none."""
    ends = [name for name in ADDRESSES if name in given]
    torn = pl.any_horizontal(pl.col(MORE).is_not_null() if text else False, *(pl.col(name).is_null() for name in ends))
    status = pl.col("log-status") if "log-status" in given else pl.lit("OK")
    if "action" in given:
        torn |= ~pl.col("action").is_in(["ACCEPT", "REJECT"]).fill_null(False)
    if not _ended(given):
        return pl.when(status == "SKIPDATA").then(pl.lit(SKIPDATA)).otherwise(pl.lit(NOWHERE))
    nobody = pl.all_horizontal(pl.col(name) == "-" for name in ends)
    return (
        pl.when(status == "NODATA").then(pl.lit(NODATA)).when(status == "SKIPDATA").then(pl.lit(SKIPDATA))
        .when(nobody).then(pl.lit(NOBODY))
        .when(torn | status.ne_missing("OK")).then(pl.lit(TORN))
        .when(~pl.all_horizontal(*_possible(given)).fill_null(False)).then(pl.lit(NUMBERS))
        .otherwise(pl.lit(OK))
    )  # fmt: skip


TYPES: Final[dict[str, Any]] = {
    **dict.fromkeys((*ADDRESSES, *KEYS, *PLACE, *LOST, "log-status"), pl.String),
    **dict.fromkeys((field for field, *_ in _SMALL.values()), pl.Int32),
    **dict.fromkeys((*_COUNTS, *_TIMES), pl.Int64),
}
"""Fields that mean something here, and the kinds of those that are numbers."""
FINE: Final = "fine"


def judged(found: pl.LazyFrame, given: set[str], text: bool) -> pl.LazyFrame:
    """Add the ends, the numbers, and FINE: whether the record is ok at first sight; `text`: there is MORE."""
    ends = found.with_columns(_addr(side, given).alias(f"{side}_addr") for side in ("src", "dst"))
    return ends.with_columns(_numbers(given, quick=True)).with_columns(_fine(given, text).alias(FINE))


def rows(tables: Iterable[tuple[pl.LazyFrame, Sequence[str]]], told: Told) -> Iterator[pl.LazyFrame]:
    """Make rows of LOG of records that stand in tables, each with the fields that it has.

    Tables have the columns `record` and those fields (text or numbers), and MORE where the text had any; or they are
    `judged` already, and all of their records are fine.
    """
    kept: dict[tuple[str, ...], Together] = {}
    for found, names in tables:
        given, columns = set(names), found.collect_schema().names()
        if tuple(names) not in kept:
            keys = [*(name for name in KEYS if name in given), *_placing(given)]
            kept[tuple(names)] = Together(dict.fromkeys(keys, pl.String) | {"marks": pl.Int32}, told)
        group, text = kept[tuple(names)], MORE in columns
        read = (found if FINE in columns else judged(found, given, text)).collect()
        if not read[FINE].all():
            odd = (
                found.filter(~read[FINE])
                .with_columns(_addr(side, given).alias(f"{side}_addr") for side in ("src", "dst"))
                .with_columns(_numbers(given))
                .with_columns(state=_state(given, text))
                .collect()
            )
            ok = odd["state"] == OK
            if not ok.all():
                yield _others(odd.filter(~ok), "log-status" in given, told)
            yield from _crowded(group.add(_marked(odd.filter(ok), given)), told)
            read = read.filter(FINE)
        yield from _crowded(group.add(_marked(read, given)), told)
    for fields, group in kept.items():
        for some in group.groups(partial(_said_of, given=set(fields))):
            yield turned(some.lazy(), pl.col("answer")).drop("answer")


def _crowded(left: pl.DataFrame, told: Told) -> Iterator[pl.LazyFrame]:
    """Count records that there was no room for."""
    if len(left):
        told.limits.add(CROWDED)
        counted = {"record": [left["record"].min()], "records": [len(left)]}
        yield made({**counted, "status": [UNSUPPORTED], "detail": [MANY]})


def _marked(read: pl.DataFrame, given: set[str]) -> pl.DataFrame:
    return _timed(read.with_columns(marks=_marks(given)))


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
    if _placing(given):
        for side, mark in (("src", SRC), ("dst", DST)):
            marks += pl.col(f"{side}_addr").eq_missing(_said(f"{side}addr", given)) * mark
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


def _others(read: pl.DataFrame, stated: bool, told: Told) -> pl.LazyFrame:
    """Count records without addresses, and those that can't be read."""
    counted = read.group_by("state").agg(pl.col("record").min(), records=pl.len().cast(pl.Int64))
    if SKIPDATA in counted["state"]:
        told.limits.add(SKIPPED)
    if NOBODY in counted["state"] and not stated:
        told.notes.add(UNTOLD)
    status = pl.col("state").replace_strict(STATUS, default=MALFORMED, return_dtype=pl.String)
    return counted.lazy().select("record", "records", detail="state", status=status)


def _said_of(profiles: pl.DataFrame, given: set[str]) -> pl.DataFrame:
    """Say in columns of LOG what the fields of records say beside ends and counts; `answer`: dst opened it."""
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
        **{f"{side}_site": _site(side, mark, given) for side, mark in (("src", SRC), ("dst", DST))},
        "src_flags": pl.when(tcp).then(_flags(flags)).cast(pl.Int32),
        "dst_flags": pl.lit(None, pl.Int32),
        "dst_packets": pl.lit(None, pl.Int64),
        "dst_bytes": pl.lit(None, pl.Int64),
        "answer": answer,
    }
    if "encryption-status" in given:  # by the hosts, by the application, by both
        sealed = pl.col("encryption-status").is_in(["1", "2", "3"])
        said["encrypted"] = pl.when(sealed).then(pl.lit("yes")).otherwise(pl.lit(""))
    return profiles.select("marks", **said).drop("marks")  # without it the literals would be single rows


def _addr(side: str, given: set[str]) -> pl.Expr:
    """Return the true address of an end."""
    return pl.coalesce(_said(f"pkt-{side}addr", given), _said(f"{side}addr", given))


def _site(side: str, mark: int, given: set[str]) -> pl.Expr:
    """Return the place of the interface if an end is that."""
    if not _placing(given):
        return pl.lit("")
    here = pl.col("flow-direction") == LOCAL[side]
    return pl.when(here & (pl.col("marks") & mark != 0)).then(_place(given)).otherwise(pl.lit(""))


def _said(name: str, given: set[str]) -> pl.Expr:
    """Return a field, null where it says nothing."""
    value = pl.col(name)
    return pl.when((value != "-") & (value != "unknown")).then(value) if name in given else NONE


def _flags(flags: pl.Expr) -> pl.Expr:
    """Add the ACK that flow logs leave out: all but the first SYN, and what refuses it, bears one."""
    return pl.when(flags & (SYN | RST) == 0).then(flags | ACK).when(flags & FIN != 0).then(flags | ACK).otherwise(flags)
