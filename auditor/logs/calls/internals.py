"""Dumps of chrome://webrtc-internals as the events that rtcstats would have written.

Chromium, content/browser/resources/media/dump_creator.js: `PeerConnections` by process and number, each with its
configuration, an `updateLog` of calls and events, and `stats`: a series for each member of each report, called
`<report>-<member>`, with its values as the text of an array.  What they mean is as in `rtcstats`; a peer connection is
one record.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import polars as pl

from auditor.logs.calls import taken
from auditor.logs.calls.peers import Dump
from auditor.logs.calls.taken import Row, child, children, text
from auditor.logs.model import Told
from auditor.logs.values import Value, elements
from auditor.model.status import MALFORMED, NO_ADDRESS
from auditor.read.source import Source

_LOGGED: Final = {
    "icecandidate": "onicecandidate", "onIceCandidate": "onicecandidate", "addIceCandidate": "addIceCandidate",
    "setRemoteDescription": "setRemoteDescription", "setLocalDescription": "setLocalDescription",
    "transceiverAdded": "addTransceiver", "addTrack": "addTrack", "addStream": "addStream", "ontrack": "ontrack",
    "onAddStream": "onaddstream",
}  # fmt: skip
SELECTED: Final = "selectedCandidatePairId"
CHANGES: Final = 64
"""Pairs that one transport selected one after the other."""


def sniff(head: bytes) -> bool:
    """Tell a dump by the members of its document."""
    return (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and b'"PeerConnections"' in head and b'"getUserMedia"' in head
    )


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row for each exchange and each offer, and for each peer connection that tells of none."""
    return taken.frames(_rows(connections(source, told), told))


def _rows(values: Iterator[Value], told: Told) -> Iterator[Row]:
    dump = Dump(told)
    for value in values:
        if value.status:
            yield {"record": value.record, "status": value.status, "detail": value.detail}
        elif not sum(dump.take(value.record, event) for event in value.value):
            yield {"record": value.record, "status": NO_ADDRESS, "detail": taken.UNTOLD}
    seen: set[int] = set()
    for row in dump.rows():
        yield {**row, "records": int(row["record"] not in seen)}
        seen.add(row["record"])


def connections(source: Source, told: Told) -> Iterator[Value]:
    """Yield the peer connections of a dump, numbered in their order: what is said of each, as a list of events."""
    number = 0
    for value in elements(source, told):
        if value.status:
            number += 1
            yield Value(number, status=value.status, detail=value.detail)
            continue
        found = value.value.get("PeerConnections") if isinstance(value.value, dict) else None
        if not isinstance(found, dict):
            number += 1
            yield Value(number, status=MALFORMED, detail="no list of peer connections")
            continue
        for name, each in found.items():
            number += 1
            yield Value(number, list(_events(f"{number} {name}", each)))


def _events(name: str, known: Any) -> Iterator[list[Any]]:
    configured = known.get("rtcConfiguration") if isinstance(known, dict) else None
    log = children(known, "updateLog")
    begun = next((text(each, "time") for each in log), "")
    yield ["create", name, _configured(configured), begun]
    for each in log:
        if event := _LOGGED.get(text(each, "type")):
            value = each.get("value")
            yield [event, name, value.replace("\\r\\n", "\n") if isinstance(value, str) else value, text(each, "time")]
    yield from _stats(name, child(known, "stats"))


def _configured(value: Any) -> Any:
    return value if isinstance(value, str | dict) else ""


def _stats(name: str, series: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield all reports as they last were, at their first and last moment, for each pair that was selected."""
    reports: dict[str, dict[str, Any]] = {}
    chosen: dict[str, list[str]] = {}
    first, last = "", ""
    for key, each in series.items():
        ident, _, member = key.rpartition("-")
        values = _values(each)
        if not ident or not values:
            continue
        report = reports.setdefault(ident, {})
        report[member] = values[-1]
        report.setdefault("type", text(each, "statsType", "type"))
        if member == SELECTED:
            chosen[ident] = [value for value in dict.fromkeys(map(str, values)) if value][:CHANGES]
        begun, ended = text(each, "startTime"), text(each, "endTime")
        first = min(filter(None, (first, begun)), default="")
        last = max(last, ended)
    if not reports:
        return
    for ident, pairs in chosen.items():
        for pair in pairs:
            yield ["getstats", name, {**reports, ident: {**reports[ident], SELECTED: pair}}, first]
    yield ["getstats", name, reports, last]


def _values(series: Any) -> list[Any]:
    given = series.get("values") if isinstance(series, dict) else None
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except (msgspec.DecodeError, RecursionError):
            return []
    return [each for each in given if isinstance(each, str | int | float | bool)] if isinstance(given, list) else []
