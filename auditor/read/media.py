"""Lists streams of media: each synchronization source and payload type of a flow that carries RTP, Zoom's among it."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.model.flow import SOURCE_SHIFT
from auditor.read import rtp
from auditor.read.apps import FEW, Bits, bit
from auditor.read.arrays import Bool
from auditor.read.classify import CODE
from auditor.read.directed import Directed
from auditor.read.pairing import Paired
from auditor.read.written import numbered, texts

APPS: Final = ("rtp", "zoom", "turn")
"""By themselves, in Zoom's encapsulation, in channels to a relay."""
STREAM: Final[dict[str, Any]] = {
    "source": pl.Int32,
    "record": pl.Int64,  # number of its first packet in that source, from 1
    "vantage": pl.String,
    "app": pl.String,  # one of APPS
    "src_addr": pl.String,
    "src_port": pl.Int32,
    "dst_addr": pl.String,
    "dst_port": pl.Int32,
    "ssrc": pl.Int64,
    "payload_type": pl.Int16,
    "packets": pl.Int64,
    "bytes": pl.Int64,
    "first_ns": pl.Int64,
    "last_ns": pl.Int64,
}


def streams(rows: Directed, flows: Paired, seen: Bits, announced: Bool, vantages: Sequence[str]) -> pl.DataFrame:
    """List streams, the first packet first; `seen` is what is `recognised` of flows.

    Beside other evidence some packets make a stream, and where one was announced, a single one.
    """
    flow = flows.row_flow
    steady = rtp.steady(rows.stream, rows.progress, rows.packets)
    listed = np.zeros(len(rows), bool)
    for app in APPS:
        listed |= (rows.app == CODE[app]) & (seen & bit(app) != 0)[flow]
    enough = steady | announced[flow] | ((rows.packets >= FEW) & (rows.app == CODE["rtp"]))
    which = np.flatnonzero(listed & enough & (rows.stream & rtp.KNOWN != 0) & (rows.progress != 0))
    witness, stream = rows.witness[which], rows.stream[which]
    apps = {CODE[app]: app for app in APPS}
    words = zip((rows.src_hi, rows.src_lo), (rows.dst_hi, rows.dst_lo), strict=True)
    hi, lo, number = numbered(*(np.concatenate([end[which] for end in ends]) for ends in words))
    source, target = texts(hi, lo).gather(number[: len(which)]), texts(hi, lo).gather(number[len(which) :])
    return pl.DataFrame(
        {
            "source": witness >> SOURCE_SHIFT,
            "record": witness & ((1 << SOURCE_SHIFT) - 1),
            "vantage": [vantages[number] for number in rows.vantage[which].tolist()],
            "app": [apps[code] for code in rows.app[which].tolist()],
            "src_addr": source,
            "src_port": rows.sport[which],
            "dst_addr": target,
            "dst_port": rows.dport[which],
            "ssrc": rtp.ssrc(stream),
            "payload_type": rtp.payload_type(stream),
            "packets": rows.packets[which],
            "bytes": rows.bytes[which],
            "first_ns": rows.first_ns[which],
            "last_ns": rows.last_ns[which],
        }
    ).select(pl.col(name).cast(kind) for name, kind in STREAM.items())
