"""Azure flow logs: of network security groups (versions 1 and 2) and of virtual networks (version 4).

Azure Network Watcher documentation, "Flow logging for network security groups" (log format) and "Virtual network flow
logs" (log format).  A blob holds an object with an array of records, a record the rules of a minute, a rule flow
tuples, which are lines of fields between commas:

    NSG 1     time, source, destination, their ports, protocol T or U, direction I or O, decision A or D
    NSG 2     the same, state B, C or E, packets and bytes of the source, packets and bytes of the destination
    VNet 4    time (ms), source, destination, their ports, protocol number, direction, state B, C, E or D, encryption,
              packets and bytes of the source, packets and bytes of the destination

Each flow tuple is a record here; its number is that of the record of the log that holds it.  Counts are those since
the tuple before of the same flow, so all may be added.  The service keeps the state of a flow: its source is who opened
it, in tuples of any state.  A flow whose state has timed out begins again with whoever speaks next, though, so nobody
is said to have opened a TCP connection from a well-known port to another one.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.logs.cloud.instants import ODD, counted
from auditor.logs.cloud.pick import HUGE
from auditor.logs.model import Told, unread
from auditor.logs.protocols import numbered
from auditor.logs.values import values
from auditor.model.flow import REJECTED
from auditor.model.status import MALFORMED, NO_ADDRESS, OK, UNSUPPORTED
from auditor.read.source import Source

MANY: Final = 200_000
"""Flow tuples that are read at once."""
LONGEST: Final = 512
"""Characters of a resource's name; a longer one names none."""

FIELDS: Final = ("time", "src", "dst", "sport", "dport", "protocol", "direction")
"""What every tuple begins with."""
REST: Final = ("r0", "r1", "r2", "r3", "r4", "r5")
MORE: Final = "more"
COUNTS: Final = {"src_packets": "r2", "src_bytes": "r3", "dst_packets": "r4", "dst_bytes": "r5"}

TORN: Final = "a flow tuple of another number of fields"
NEWER: Final = "a flow tuple of more fields than those of the versions that are read"
NUMBERS: Final = "a field that is no number, or one out of range"
WORDS: Final = "a field with another word than the format knows"
NOWHERE: Final = "a flow tuple without an address"
OTHER: Final = "a record of another kind than flows"
EMPTY: Final = "a record without flows"
STATUS: Final = {NEWER: UNSUPPORTED}
UNCOUNTED: Final = (
    "Version 1 of Azure NSG flow logs counts no packets: flows that it tells of were allowed, and whether anybody "
    "answered is not known."
)
_NSG: Final = re.compile(
    rb'"category"\s*:\s*"NetworkSecurityGroupFlowEvent"|"mac"\s*:\s*"[0-9A-Fa-f]{12}"\s*,\s*"flowTuples"'
)
_VNET: Final = re.compile(rb'"category"\s*:\s*"FlowLogFlowEvent"|"flowRecords"\s*:\s*\{\s*"flows"\s*:')
_NETWORK: Final = re.compile(r"(.*/virtualnetworks/[^/]+)(/.*)?$", re.DOTALL)
_WATCHER: Final = re.compile(r"/networkwatchers/networkwatcher_([a-z0-9]{4,40})(/|$)")


def of_groups(head: bytes) -> bool:
    """Tell the flow log of a network security group."""
    return _json(head) and bool(_NSG.search(head))


def of_networks(head: bytes) -> bool:
    """Tell the flow log of a virtual network."""
    return _json(head) and bool(_VNET.search(head)) and not _NSG.search(head)


def _json(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


class _Heap:
    """Flow tuples of some records, and what their records say of them all."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.sizes: list[int] = []  # how many tuples each record has
        self.about: list[tuple[int, str, str]] = []  # of each record: its number, the observer, the region

    def add(self, number: int, record: dict[str, Any], tuples: list[Any]) -> None:
        self.texts += [each if isinstance(each, str) else "" for each in tuples]
        self.sizes.append(len(tuples))
        self.about.append((number, *_place(record)))

    def frame(self) -> pl.DataFrame:
        about = pl.DataFrame(
            self.about, schema={"record": pl.Int64, "observer": pl.String, "region": pl.String}, orient="row"
        )
        rows = np.repeat(np.arange(len(self.sizes)), self.sizes)
        return about[rows].with_columns(pl.Series("text", self.texts, pl.String))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row for each flow tuple, and one for each record that has none."""
    heap = _Heap()
    for each in values(source, told, "records"):
        tuples = _tuples(each.value) if not each.status else None
        if tuples:
            heap.add(each.record, each.value, tuples)
            if len(heap.texts) >= MANY:
                yield from _rows(heap, told)
                heap = _Heap()
        elif each.status:
            yield unread([each.record], each.status, each.detail)
        elif tuples is None:
            yield unread([each.record], UNSUPPORTED, OTHER)
        else:
            yield unread([each.record], NO_ADDRESS, EMPTY)
    yield from _rows(heap, told)


def _tuples(record: Any) -> list[Any] | None:
    """List the flow tuples of a record; None if it is no record of flows."""
    if not isinstance(record, dict):
        return None
    if isinstance(flows := record.get("flowRecords"), dict):
        return _below(flows, ("flows", "flowGroups", "flowTuples"))
    if isinstance(flows := record.get("properties"), dict) and "flows" in flows:
        return _below(flows, ("flows", "flows", "flowTuples"))
    return None


def _below(value: Any, keys: tuple[str, ...]) -> list[Any]:
    """Gather what lies behind lists in lists; whatever is no such list is one item, which no tuple is."""
    if not isinstance(value, dict):
        return [value]
    found = value.get(keys[0])
    if not isinstance(found, list):
        return [found] if found else []
    return found if len(keys) == 1 else [each for inner in found for each in _below(inner, keys[1:])]


def _place(record: dict[str, Any]) -> tuple[str, str]:
    """Return the resource that was observed, and the region of its Network Watcher where it bears its default name."""
    target = record.get("targetResourceID") or record.get("targetResourceId") or record.get("resourceId")
    observer = target.lower() if isinstance(target, str) and len(target) <= LONGEST else ""
    if found := _NETWORK.match(observer):
        observer = found[1]
    log = record.get("flowLogResourceID") or record.get("flowLogResourceId")
    watcher = _WATCHER.search(log.lower()) if isinstance(log, str) and len(log) <= LONGEST else None
    return observer, f"azure/{watcher[1]}" if watcher else ""


def _rows(heap: _Heap, told: Told) -> Iterator[pl.LazyFrame]:
    """Make rows of flow tuples: those that can't be read are counted by record and reason."""
    if not heap.texts:
        return
    names = [*FIELDS, *REST, MORE]
    fields = pl.col("text").str.splitn(",", len(names)).struct.rename_fields(names)
    found = heap.frame().with_columns(fields.alias("field")).drop("text").unnest("field")
    found = found.with_columns(_numbers()).with_columns(state=_state())
    bad = found.filter(pl.col("state") != OK)
    if len(bad):
        counted = bad.group_by("record", "state").agg(records=pl.len().cast(pl.Int64))
        status = pl.col("state").replace_strict(STATUS, default=MALFORMED, return_dtype=pl.String)
        yield counted.lazy().select("record", "records", detail="state", status=status)
    good = found.filter(pl.col("state") == OK)
    if good["first"].any():
        told.notes.add(UNCOUNTED)
    yield _flows(good.lazy())


def _numbers() -> list[pl.Expr]:
    whole = {"time": pl.Int64, "sport": pl.Int32, "dport": pl.Int32}
    counts = [
        pl.col(field).replace("", "0").fill_null("0").cast(pl.Int64, strict=False).alias(name)
        for name, field in COUNTS.items()
    ]  # fmt: skip
    decided = pl.col("r0").is_in(["A", "D"])  # where a VNet's tuple has its state, D among them, before the encryption
    number = pl.col("protocol").replace_strict({"T": 6, "U": 17}, default=None, return_dtype=pl.Int32)
    return [
        *(pl.col(name).cast(kind, strict=False) for name, kind in whole.items()),
        *counts,
        pl.coalesce(number, pl.col("protocol").cast(pl.Int32, strict=False)).alias("protocol"),
        (decided & (pl.col("r1").is_null() | pl.col("r1").is_in(["B", "C", "E"]))).fill_null(False).alias("group"),
        (decided & pl.col("r1").is_null()).fill_null(False).alias("first"),  # version 1
    ]


def _state() -> pl.Expr:
    """Say what becomes of each flow tuple: ok, or why it is none."""
    state = pl.when("group").then(pl.col("r1")).otherwise(pl.col("r0"))
    states = pl.when("group").then(state.is_in(["B", "C", "E"])).otherwise(state.is_in(["B", "C", "E", "D"]))
    ports = [~pl.col(name).is_between(0, 65535).fill_null(False) for name in ("sport", "dport")]
    counts = [~pl.col(name).is_between(0, HUGE).fill_null(False) for name in COUNTS]
    number = pl.any_horizontal(
        pl.col("time").is_null(), ~pl.col("protocol").is_between(0, 255).fill_null(False), *ports, *counts
    )
    return (
        pl.when(pl.col(MORE).is_not_null()).then(pl.lit(NEWER))
        .when(~pl.col("first") & pl.col("r5").is_null()).then(pl.lit(TORN))
        .when((pl.col("src") == "") | (pl.col("dst") == "")).then(pl.lit(NOWHERE))
        .when(number).then(pl.lit(NUMBERS))
        .when(~pl.col("direction").is_in(["I", "O"]) | ~(pl.col("first") | states.fill_null(False))).then(pl.lit(WORDS))
        .otherwise(pl.lit(OK))
    )  # fmt: skip


def _flows(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Give flow tuples that are whole the columns of LOG."""
    time = counted(pl.col("time"))
    denied = pl.col("r0") == "D"
    backwards = (pl.col("sport") < 1024) & (pl.col("dport") >= 1024)
    opened = (pl.col("protocol") == 6) & ~backwards
    hidden = ~pl.col("group") & (pl.col("r1") == "X")
    first = pl.col("first")
    return rows.select(
        "record",
        "observer",
        detail=pl.when(time == 0).then(pl.lit(ODD)).otherwise(pl.lit("")),
        transport=numbered("protocol"),
        outcome=pl.when(denied).then(pl.lit(REJECTED)),
        opened=pl.when(opened).then(pl.lit("handshake")).otherwise(pl.lit("")),
        encrypted=pl.when(hidden).then(pl.lit("yes")).otherwise(pl.lit("")),
        first_ns=time,
        last_ns=time,
        src_packets=pl.col("src_packets"),
        src_bytes=pl.col("src_bytes"),
        dst_packets=pl.when(~first).then("dst_packets"),
        dst_bytes=pl.when(~first).then("dst_bytes"),
        src_addr="src",
        dst_addr="dst",
        src_port="sport",
        dst_port="dport",
        src_site=pl.when(pl.col("direction") == "O").then("region").otherwise(pl.lit("")),
        dst_site=pl.when(pl.col("direction") == "I").then("region").otherwise(pl.lit("")),
    )
