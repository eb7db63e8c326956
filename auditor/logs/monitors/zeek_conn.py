"""Zeek's conn.log: what the state and the history of a connection say of who opened it and whether it carried anything.

Book of Zeek, "conn.log", and `Conn::Info` of base/protocols/conn/main.zeek: in `history` capital letters are the
originator's, small ones the responder's: S SYN, H SYN with ACK, A ACK, D data, F FIN, R RST (and others that tell of
retransmissions, gaps, bad checksums), `^` that Zeek turned the connection round, which the record already shows.
A few dozen situations make up any number of connections, so each is decided once.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import polars as pl

from auditor.enrich.fold import fold
from auditor.logs.model import turned
from auditor.logs.monitors import apps
from auditor.model.flow import CARRIED, REJECTED, UNANSWERED

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
FLAGS: Final = {"S": SYN, "H": SYN | ACK, "A": ACK, "D": PSH | ACK, "F": FIN | ACK, "R": RST}

OUTCOMES: Final = {
    **dict.fromkeys(("S1", "SF", "S2", "S3", "RSTO", "RSTR"), CARRIED),
    **dict.fromkeys(("S0", "RSTOS0"), UNANSWERED),
    "REJ": REJECTED,
}
"""Of the states that decide; SH, SHR, RSTRH and OTH are of connections of which a part was seen: the counts decide."""
_KEY: Final = ["proto", "service", "conn_state", "history"]


class Decided(NamedTuple):
    """What one situation says."""

    app: str
    outcome: str | None
    opened: str
    turned: bool  # the responder opened it
    orig_flags: int | None
    resp_flags: int | None


def decide(proto: str | None, service: str | None, state: str | None, history: str | None) -> Decided:
    """Decide one situation."""
    app = apps.of_zeek(service or "", proto or "")
    letters, tcp = set(history or ""), proto == "tcp"
    if not tcp:
        return Decided(app, OUTCOMES.get(state or ""), "", False, None, None)
    by_orig, by_resp = bool(letters & {"S", "h"}), bool(letters & {"s", "H"})
    opened = "handshake" if by_orig != by_resp else ""
    sent = [_or(letters & set("SHADFR")), _or({each.upper() for each in letters & set("shadfr")})]
    flags = sent if history is not None else [None, None]
    return Decided(app, OUTCOMES.get(state or ""), opened, bool(opened) and by_resp, *flags)


def _or(letters: set[str]) -> int:
    found = 0
    for letter in letters:
        found |= FLAGS[letter]
    return found


def decided(found: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Expr]]:
    """Decide every connection: its table with what was decided, and the columns to be made of that."""
    situations, which = fold(found.select(_KEY))
    answers = [decide(*row) for row in situations.iter_rows()]
    kinds = {"app": pl.String, "outcome": pl.String, "opened": pl.String, "turned": pl.Boolean}
    kinds |= {"orig_flags": pl.Int32, "resp_flags": pl.Int32}
    known = pl.DataFrame(answers, schema=kinds, orient="row")
    joined = found.hstack(known.select(pl.all().gather(which)))
    columns = {name: pl.col(name) for name in ("app", "outcome", "opened")}
    return joined, columns | {"src_flags": pl.col("orig_flags"), "dst_flags": pl.col("resp_flags")}


def counts(found: pl.DataFrame) -> dict[str, Any]:
    """Count packets, and bytes with their headers where the log has those."""
    columns: dict[str, Any] = {}
    for side, end in (("src", "orig"), ("dst", "resp")):
        for kind, names in (("packets", (f"{end}_pkts",)), ("bytes", (f"{end}_ip_bytes", f"{end}_bytes"))):
            value = pl.coalesce(pl.col(name).cast(pl.Int64, strict=False) for name in names)
            columns[f"{side}_{kind}"] = pl.when(value >= 0).then(value).otherwise(0)
    if all(found[name].null_count() == len(found) for name in ("resp_pkts", "resp_ip_bytes", "resp_bytes")):
        columns |= {"dst_packets": pl.lit(None, pl.Int64), "dst_bytes": pl.lit(None, pl.Int64)}
    return columns


def put(found: pl.DataFrame, columns: dict[str, Any]) -> Iterator[pl.LazyFrame]:
    """Yield rows, with the ends exchanged where the responder opened the connection."""
    rows = found.lazy().select(*(value.alias(name) for name, value in columns.items()), "turned")
    yield (turned(rows, pl.col("turned")) if found["turned"].any() else rows).drop("turned")
