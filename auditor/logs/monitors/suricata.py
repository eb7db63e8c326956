"""Events of Suricata (EVE): an object a line, one for each flow, transaction, alert or count.

Suricata User Guide, "Eve JSON Format"; its layouts of versions 3 to 8, dns of versions 1 to 3 among them.
"""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from auditor.logs.model import Told
from auditor.logs.monitors import jsonlines
from auditor.logs.monitors import suricata_events as events
from auditor.logs.monitors.fields import Row, frames
from auditor.logs.values import by_line, values
from auditor.model.status import MALFORMED
from auditor.read.source import Source

KINDS: Final = frozenset((*events.WITHOUT, "flow", "netflow", "alert", "anomaly", "fileinfo", "drop", *events.CLIENTS))


LINES: Final = by_line
"""A record is a line where a text has one a line."""


def sniff(head: bytes) -> bool:
    """Say whether the first line is an event."""
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0]
    if not first.startswith(b"{") or b'"event_type"' not in first:
        return False
    value = jsonlines.first(first)
    return value is not None and ours(value)


def ours(value: dict[str, Any]) -> bool:
    """Say whether an object is an event: it has a time, a kind, and ends or what such a kind has."""
    kind = value.get("event_type")
    if not isinstance(kind, str) or not isinstance(value.get("timestamp"), str):
        return False
    return isinstance(value.get("src_ip"), str) or (kind in KINDS and isinstance(value.get(kind), dict))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row an event, and more for what the description of a call offers."""
    yield from frames(_rows(source, told))


def _rows(source: Source, told: Told) -> Iterator[Row]:
    for each in values(source, told):
        if each.status:
            yield {"record": each.record, "status": each.status, "detail": each.detail}
        elif not isinstance(each.value, dict) or not isinstance(each.value.get("event_type"), str):
            yield {"record": each.record, "status": MALFORMED, "detail": "no event"}
        else:
            yield from events.rows(each.value, each.record, told)
