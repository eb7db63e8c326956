"""Access logs of Envoy and of Istio's proxies: their default formats, and JSON with the names that their guides use.

Envoy, "Access logging" (default format string, command operators, response flags); Istio, "Envoy Access Logs".  The
default format of Envoy alone names no client but what the header x-forwarded-for says, to whose end Envoy itself adds
the address that connected; anything before it was written by others and is not used.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from auditor.logs.model import Told
from auditor.logs.monitors import jsonlines, proxied
from auditor.logs.monitors.fields import (
    UNTIMED,
    ZONELESS,
    Row,
    count,
    ended,
    frames,
    host,
    is_address,
    moment,
    name,
    text,
)
from auditor.logs.monitors.proxied import Upstream
from auditor.model.flow import CARRIED, UNANSWERED
from auditor.read.source import Source

_Q: Final = r'"((?:[^"\\]|\\.)*)"'
_TIME: Final = r"\[(\d{4}-\d\d-\d\dT[0-9:.]{8,18}Z?)\]"
_HEAD: Final = rf"{_TIME} {_Q} (\d{{1,3}}) ([A-Za-z,]+|-)"
_SIZES: Final = r"(\d+) (\d+) (\d+|-) (?:\d+|-)"
_TAIL: Final = rf"{_SIZES} {_Q} {_Q} {_Q} {_Q} {_Q}"
_ENDS: Final = r" (\S+) (\S+) (\S+) (\S+) (\S+)(?: (\S+))?"
DEFAULT: Final = re.compile(rf"{_HEAD} {_TAIL}\Z", re.ASCII)
ISTIO: Final = re.compile(rf"{_HEAD} (?:\S+ (?:-|\S+|{_Q}) {_Q}|{_Q} {_Q}|{_Q}) {_TAIL}{_ENDS}\Z", re.ASCII)

KEYS: Final = {
    "start_time", "downstream_remote_address", "upstream_host", "upstream_cluster", "response_flags",
    "downstream_local_address", "upstream_local_address", "requested_server_name", "response_code",
}  # fmt: skip
NEVER: Final = frozenset(("UF", "UH", "NR", "UO", "NC", "DPE"))
"""Response flags of requests that no upstream got (`UF`: the connection failed)."""

LINES: Final = True
"""Records are lines: see `evidence`."""


def sniff(head: bytes) -> bool:
    """Say whether the first line is one of the formats."""
    return proxied.begins(head, _ours, DEFAULT, ISTIO)


def _ours(value: dict[str, Any]) -> bool:
    return "start_time" in value and len(KEYS & value.keys()) >= 3


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield the rows of each request."""
    yield from frames(proxied.requests(source, told, _asked))


def _asked(line: bytes, number: int, told: Told) -> Iterator[Row] | None:
    given = _given(line)
    return None if given is None else _request(given, number, told)


def _given(line: bytes) -> dict[str, Any] | None:
    """Return the fields of a line by their names in JSON."""
    if line.startswith(b"{"):
        value = jsonlines.first(line)
        return value if value is not None and _ours(value) else None
    said = line[: proxied.LONGEST].decode("utf-8", "replace")
    if found := DEFAULT.match(said):
        values = found.groups()
        keys = ("start_time", "", "response_code", "response_flags", *_MIDDLE)
        return dict(zip(keys, values, strict=True)) | {"request": values[1]}
    if found := ISTIO.match(said):
        values = found.groups()
        given = dict(zip(_MIDDLE + _LAST, values[-len(_MIDDLE + _LAST) :], strict=True))
        return given | {
            "start_time": values[0], "request": values[1], "response_code": values[2], "response_flags": values[3],
        }  # fmt: skip
    return None


_MIDDLE: Final = (
    "bytes_received", "bytes_sent", "duration", "x_forwarded_for", "user_agent", "request_id", "authority",
    "upstream_host",
)  # fmt: skip
_LAST: Final = (
    "upstream_cluster", "upstream_local_address", "downstream_local_address", "downstream_remote_address",
    "requested_server_name", "route_name",
)  # fmt: skip


def _request(given: dict[str, Any], number: int, told: Told) -> Iterator[Row]:
    first, zoneless = moment(given.get("start_time"))
    if not first or zoneless:
        told.notes.add(ZONELESS if first else UNTIMED)
    lasted = count(given.get("duration")) or 0
    told_name = text(given.get("requested_server_name"))
    flags = set(text(given.get("response_flags")).split(","))
    http3 = "HTTP/3" in text(given.get("protocol")) + text(given.get("request"))
    common: Row = {
        "record": number,
        "transport": "udp" if http3 else "tcp",
        "app": "quic" if http3 else "http" if text(given.get("response_code")) not in ("", "0", "-") else "",
        "encrypted": "yes" if told_name not in ("", "-") else "",
        "first_ns": first,
        "last_ns": first + min(lasted, 10**9) * 1_000_000 if first else 0,
        "src_bytes": count(given.get("bytes_received")) or 0,
        "dst_bytes": count(given.get("bytes_sent")) or 0,
        "dst_name": name(told_name),
        "detail": "" if first else "no time that can be read",
    }
    client = ended(text(given.get("downstream_remote_address")))
    if client[0] in ("", "-"):
        last = text(given.get("x_forwarded_for")).rpartition(",")[2].strip()
        client = ended(last) if is_address(ended(last)[0]) else ("", 0)
    local = ended(text(given.get("downstream_local_address")))
    proxy = local if is_address(local[0]) else ("", 0)
    upstream = text(given.get("upstream_host"))
    came = UNANSWERED if flags & NEVER else CARRIED
    yield from proxied.rows(common, (host(client[0]), client[1]), proxy, [Upstream(upstream, came)])
