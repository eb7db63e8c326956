"""One-way flows and facts, written by hand, as a scan would return them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import polars as pl

from auditor.read.assemble import Assembled, assemble
from auditor.read.classify import CODE
from auditor.read.directed import Directed
from auditor.read.facts import parse
from auditor.read.facts.model import Fact, Packet, fold
from auditor.read.passed import Carried, Tunnelled
from auditor.read.rtp import KNOWN, NOISE
from auditor.read.said import Said
from tests.read.facts.payloads import number

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "sctp": 132, "igmp": 2}
_LOW = (1 << 64) - 1


@dataclass(frozen=True)
class Row:
    src: str
    sport: int
    dst: str
    dport: int
    app: str = "other"
    transport: str = "udp"
    packets: int = 1
    payload: int = 100
    first: int = 0
    last: int = 0
    flags: int = 0
    ssrc: int | None = None  # None: many, of media
    kind: int = 0  # its payload type
    step: int = 1  # from one sequence number to the next
    witness: int = 1
    vantage: int = 0


def back(row: Row, **changes: Any) -> Row:
    """The row of the other direction."""
    values = {each.name: getattr(row, each.name) for each in fields(row)}
    swapped = {"src": row.dst, "sport": row.dport, "dst": row.src, "dport": row.sport}
    return Row(**(values | swapped | changes))


def stream(row: Row) -> int:
    """What `rtp.marks` calls the stream of a row."""
    if row.app not in ("rtp", "rtcp", "zoom") or (row.app != "rtp" and row.ssrc is None):
        return 0
    return int(NOISE) if row.ssrc is None else int(KNOWN) | row.kind << 32 | row.ssrc


def progress(row: Row) -> int:
    """What becomes of the numbers of its packets."""
    if row.app not in ("rtp", "zoom") or row.ssrc is None:
        return 0
    numbers = [100 + row.step * i & 0xFFFF for i in range(row.packets)]
    bits = {at for n in numbers for at in (n & 15, 16 + (n >> 12))} | {32}
    return sum(1 << at for at in bits)


def directed(rows: Sequence[Row]) -> Directed:
    ends = [(number(row.src), number(row.dst)) for row in rows]
    columns: dict[str, Any] = {
        "vantage": [row.vantage for row in rows],
        "src_hi": [src >> 64 for src, _ in ends],
        "src_lo": [src & _LOW for src, _ in ends],
        "dst_hi": [dst >> 64 for _, dst in ends],
        "dst_lo": [dst & _LOW for _, dst in ends],
        "sport": [row.sport for row in rows],
        "dport": [row.dport for row in rows],
        "protocol": [PROTOCOLS[row.transport] for row in rows],
        "app": [CODE[row.app] for row in rows],
        "packets": [row.packets for row in rows],
        "bytes": [row.payload + 42 * row.packets for row in rows],
        "payload": [row.payload for row in rows],
        "first_ns": [row.first for row in rows],
        "last_ns": [max(row.first, row.last) for row in rows],
        "witness": [row.witness for row in rows],
        "flags": [row.flags for row in rows],
        "stream": [stream(row) for row in rows],
        "progress": [progress(row) for row in rows],
    }
    kinds = {"vantage": "u2", "sport": "u2", "dport": "u2", "protocol": "u1", "app": "u1", "flags": "u2"}
    kinds |= {"stream": "u8", "src_hi": "u8", "src_lo": "u8", "dst_hi": "u8", "dst_lo": "u8"}
    return Directed(**{name: np.array(values, kinds.get(name, "i8")) for name, values in columns.items()})


@dataclass
class Scanned:
    directed: Directed
    said: Said = field(default_factory=Said)
    unread: list[Any] = field(default_factory=list)
    carried: Carried = field(default_factory=lambda: Tunnelled().carried(0))


def facts(*said: tuple[Row, bytes]) -> list[Fact]:
    """Read payloads as if each were a packet of its row."""
    known: dict[Fact, Fact] = {}
    for row, payload in said:
        protocol = PROTOCOLS[row.transport]
        packet = Packet(
            row.vantage, number(row.src), number(row.dst), row.sport, row.dport, protocol, row.witness, row.first, 142
        )
        fold(known, parse(row.app, payload, packet))
    return list(known.values())


def assembled(
    rows: Sequence[Row],
    said: Sequence[Fact] = (),
    unread: Sequence[Any] = (),
    vantages: Sequence[str] = ("tap", "other"),
    carried: Carried | None = None,
) -> Assembled:
    through = Tunnelled().carried(0) if carried is None else carried
    return assemble(Scanned(directed(rows), Said.of(said), list(unread), through), vantages)


def only(rows: Sequence[Row], said: Sequence[Fact] = ()) -> dict[str, Any]:
    """Put together rows that make one flow, and return it."""
    flows = assembled(rows, said).flows.filter(pl.col("basis") == "observed")
    assert flows.height == 1
    return flows.row(0, named=True)
