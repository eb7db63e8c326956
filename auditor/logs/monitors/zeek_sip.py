"""Zeek's sip.log: a row a transaction, and one for each element that its Via headers attest (RFC 3261, section 18)."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from auditor.logs.model import Told
from auditor.logs.monitors import via
from auditor.logs.monitors.fields import UNTIMED, Row, call, frames, port
from auditor.logs.tables import NUMBER
from auditor.model.flow import ATTESTED, CARRIED, UNANSWERED

NO_CALL = frozenset(("REGISTER", "OPTIONS", "SUBSCRIBE", "PUBLISH", "MESSAGE", "NOTIFY"))


def sip(found: pl.DataFrame, inner: str, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield the transactions and what they attest."""
    if not (found["ts"] != 0).all():
        told.notes.add(UNTIMED)
    yield from frames(row for record in found.iter_rows(named=True) for row in _rows(record, inner))


def _rows(record: dict[str, Any], inner: str) -> Iterator[Row]:
    method = (record["method"] or (record["seq"] or "").rpartition(" ")[2]).upper()
    paths = [(record[name] or "").split(inner) for name in ("request_path", "response_path")]
    ends = record["id.orig_h"], record["id.resp_h"]
    row: Row = {
        "record": record[NUMBER],
        "detail": "" if record["ts"] else "no time that can be read",
        "observer": record["_system_name"] or "",
        "transport": via.transport(paths[0] + paths[1]),
        "app": "sip",
        "plane": "signalling",
        "encrypted": "no",
        "session": None if method in NO_CALL else call(record["call_id"]),
        "first_ns": record["ts"],
        "last_ns": record["ts"],
    }
    yield row | {
        "tie": record["uid"],
        "outcome": UNANSWERED if record["status_code"] is None else CARRIED,
        "src_addr": ends[0],
        "src_port": port(record["id.orig_p"]),
        "dst_addr": ends[1],
        "dst_port": port(record["id.resp_p"]),
    }
    for address, number in via.attested(paths, ends):
        yield row | {
            "records": 0, "basis": ATTESTED, "outcome": CARRIED, "encrypted": "",
            "src_addr": ends[0], "dst_addr": address, "dst_port": number,
        }  # fmt: skip
