"""Beginnings of packets that exporters copied: read by those who read captures."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.logs.exports.records import NAMES, PORTED
from auditor.model import flow
from auditor.read import headers, link, unwrap
from auditor.read.arrays import I64, SLACK
from auditor.read.headers import TCP, Packets
from auditor.read.window import Batch
from auditor.read.written import numbered, texts

HEAD: Final = 4
"""Bytes before the first section: readers look at words that begin before a header."""
OUTER: Final = "outer header of a tunnel"


def decoded(sections: Sequence[bytes], kinds: Sequence[int], wire: Sequence[int]) -> list[dict[str, Any]]:
    """Return columns of rows: `place` (index of the section) and columns of LOG.

    `kinds` are link types as in captures, `wire` the bytes that the packets had.  Each section has one row with
    `records` 1; the addresses of tunnels around it are further ones, with 0.
    """
    sizes = np.array([len(each) for each in sections], np.int64)
    data = np.frombuffer(bytes(64) + b"".join(sections) + bytes(SLACK), np.uint8)
    start = 64 + np.cumsum(sizes) - sizes
    found: list[dict[str, Any]] = []
    for kind in sorted(set(kinds)):
        some = np.flatnonzero(np.array(kinds) == kind)
        none = np.zeros(len(some), np.int64)
        batch = Batch(data, kind, start[some], sizes[some], np.array(wire, np.int64)[some], none, none)
        for each in headers.read(batch, link.find(batch)):
            if isinstance(each, Packets):
                for inner in unwrap.opened(batch, each):
                    found += _rows(inner, some)
            else:
                count = len(each.index)
                found.append({
                    "place": some[each.index], "records": np.ones(count, np.int64),
                    "status": [each.status] * count, "detail": [each.reason] * count,
                })  # fmt: skip
    return found


def _rows(found: Packets | unwrap.Wrapped, places: I64) -> list[dict[str, Any]]:
    packets = found.packets if isinstance(found, unwrap.Wrapped) else found
    if not len(packets.index):
        return []
    rows = [_innermost(packets, places)]
    if isinstance(found, unwrap.Wrapped):
        deeper = set(found.deeper.tolist())
        rows[0]["detail"] = [flow.TOO_DEEP if i in deeper else "" for i in range(len(packets.index))]
        count = len(packets.index)
        for passed in found.passed:
            src, dst = _texts(passed.address)
            rows.append({
                "place": places[packets.index], "records": np.zeros(count, np.int64), "detail": [OUTER] * count,
                "src_addr": src, "dst_addr": dst, "outer": np.ones(count, bool),
            })  # fmt: skip
    return rows


def _innermost(packets: Packets, places: I64) -> dict[str, Any]:
    every = np.arange(len(packets.index))
    src, dst = _texts(unwrap.addresses(packets, every))
    ports = [
        np.where(PORTED.take(packets.protocol), (packets.ports >> np.uint64(shift) & np.uint64(0xFFFF)), 0)
        .astype(np.uint16)
        .byteswap()
        .astype(np.int32)
        for shift in (0, 16)
    ]
    whole = (packets.protocol == TCP) & (packets.head + 14 <= packets.end) & (packets.flags & headers.FRAGMENT == 0)
    flags = packets.data.take(np.where(whole, packets.head + 13, 0)).astype(np.int32)
    return {
        "place": places[packets.index],
        "records": np.ones(len(every), np.int64),
        "detail": [""] * len(every),
        "transport": NAMES.gather(packets.protocol),
        "src_addr": src,
        "dst_addr": dst,
        "src_port": pl.Series(ports[0]),
        "dst_port": pl.Series(ports[1]),
        "src_flags": pl.select(pl.when(pl.Series(whole)).then(pl.Series(flags))).to_series(),
        "outer": np.zeros(len(every), bool),
    }


def _texts(words: Sequence[Any]) -> tuple[pl.Series, pl.Series]:
    """Write source and destination out of words as they lie in memory."""
    high, low, other_high, other_low = (word.byteswap() for word in words)
    count = len(high)
    *distinct, number = numbered(np.concatenate([high, other_high]), np.concatenate([low, other_low]))
    both = texts(*distinct).gather(number)
    return both[:count], both[count:]
