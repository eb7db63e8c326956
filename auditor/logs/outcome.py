"""What records show of an exchange: who opened it, and whether it carried anything.

A flow log counts packets and says little of them.  That two ends exchanged something is proven by datagrams both ways,
by TCP flags that only an established connection has (RFC 9293, section 3.10.7), or by more bytes than bare TCP headers
take.  All else is an attempt: a SYN that nobody answered, or one that was refused, has touched nobody.
"""

from typing import Any, Final

import polars as pl

from auditor.logs.protocols import ACK, FIN, PSH, RST, SYN
from auditor.model.flow import CARRIED, REJECTED, SIDES, UNANSWERED

FOLDS: Final = {"shown": "bitwise_or", "a_syn": "min", "b_syn": "min"}
SIDED: Final = ("bits", "syn")
PROVED, REFUSED = 1, 2
SEEN, HANDSHAKE, PROTOCOL = 4, 8, 16
"""Bits of what is shown of src or a: it sent something that is no TCP, opened, opened by what its protocol says."""
OTHER: Final = 8
"""By which the bits of dst or b are multiplied."""
HEADERS: Final = 80
"""Bytes of a TCP packet without data at most, but for options that hardly occur: IPv6 40, TCP 20 and 20 of options."""


def shown(rows: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of LOG what each record shows by itself: SIDED of src and dst, and of both `whole`."""
    tcp = pl.col("transport") == "tcp"
    found: dict[str, pl.Expr] = {}
    proofs, refusals = [], []
    for side, other in (SIDES, SIDES[::-1]):
        packets, bytes_ = pl.col(f"{side}_packets"), pl.col(f"{side}_bytes").fill_null(0)
        alone = pl.col(f"{other}_packets").is_null()
        present = packets.is_not_null() & ((packets > 0) | (bytes_ > 0) | alone)
        flags = pl.col(f"{side}_flags").fill_null(0)
        told = tcp & (flags != 0)
        asks = told & _has(flags, SYN) & ~_has(flags, ACK | FIN | PSH)
        refuses = told & _has(flags, RST) & ~_has(flags, SYN | FIN | PSH)
        data = tcp & (flags == 0) & (packets > 0) & (bytes_ > HEADERS * packets)
        proofs.append(present & ((told & ~asks & ~refuses) | data))
        refusals.append(present & refuses)
        seen = (present & ~tcp).fill_null(False) * SEEN
        found[f"{side}_syn"] = pl.when(told & _has(flags, SYN) & (pl.col("first_ns") > 0)).then(pl.col("first_ns"))
        said = pl.col("opened") if side == SIDES[0] else pl.lit("")
        opens = ((said == "handshake") | ((said == "") & asks)) * HANDSHAKE + (said == "protocol") * PROTOCOL
        found[f"{side}_bits"] = (seen + opens.fill_null(0)).cast(pl.UInt8)
    proved, refused = (pl.any_horizontal(*each).fill_null(False) for each in (proofs, refusals))
    return rows.with_columns(**found, whole=(proved * PROVED + refused * REFUSED).cast(pl.UInt8))


def both() -> pl.Expr:
    """Return all bits of a row of an exchange."""
    return (pl.col("whole") + pl.col("a_bits") + pl.col("b_bits") * OTHER).alias("shown")


def _has(flags: pl.Expr, wanted: int) -> pl.Expr:
    return flags & wanted != 0


def settled(rows: pl.DataFrame) -> pl.DataFrame:
    """Add to exchanges `turned`, and fill `opened` and `outcome` where no record said it.

    Turned are those that b opened, or in which only b was seen to send.
    """
    shown = pl.col("shown")
    a, b = (_has(shown, (HANDSHAKE | PROTOCOL) * side) for side in (1, OTHER))
    earlier = ~a & ~b & (pl.col("a_syn") != pl.col("b_syn"))  # null, and so false, where one is missing
    by_a = (a & ~b) | (earlier & (pl.col("a_syn") < pl.col("b_syn"))).fill_null(False)
    by_b = (b & ~a) | (earlier & (pl.col("b_syn") < pl.col("a_syn"))).fill_null(False)
    only_b = ~a & ~b & (pl.col("a_packets") == 0) & (pl.col("b_packets") > 0)
    how = pl.when(_has(shown, PROTOCOL | PROTOCOL * OTHER)).then(pl.lit("protocol")).otherwise(pl.lit("handshake"))
    carried = _has(shown, PROVED) | (_has(shown, SEEN) & _has(shown, SEEN * OTHER))
    became: Any = pl.when(carried).then(pl.lit(CARRIED)).when(_has(shown, REFUSED)).then(pl.lit(REJECTED))
    return rows.with_columns(
        turned=by_b | (only_b & ~by_a),
        opened=pl.when(by_a | by_b).then(how).otherwise(pl.lit("")),
        outcome=pl.coalesce("outcome", became.otherwise(pl.lit(UNANSWERED))),
    )
