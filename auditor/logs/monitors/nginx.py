"""Access logs of nginx, and of others that write its `combined` format, with the servers that were asked behind it.

nginx, ngx_http_log_module, ngx_http_upstream_module (`$upstream_addr`, `$upstream_status`: several, with commas between
servers that were tried and colons between redirects), ngx_stream_log_module; ingress-nginx, "Log format".  Read are:
`combined`, also with a virtual host before or x-forwarded-for behind it; the format of ingress-nginx; `combined` with
fields `upstream_addr=` and `upstream_status=`; JSON with the names of nginx's variables; that for streams.
A field behind `combined` without a label may be what a client wrote, so none is taken for a server.
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
    civil,
    count,
    frames,
    host,
    is_address,
    moment,
    name,
    offset,
    port,
    seconds,
    text,
)
from auditor.logs.monitors.proxied import Upstream
from auditor.logs.monitors.stamps import MONTHS
from auditor.read.source import Source

UNREAD: Final = "fields behind the combined format are not read"
_Q: Final = r'"((?:[^"\\]|\\.)*)"'
_WHEN: Final = r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]"
_COMBINED: Final = re.compile(
    r"(?:[A-Za-z0-9_.:-]{1,255} )?([0-9A-Fa-f.:]{2,45}|[A-Za-z0-9_.-]{1,255}|unix:) \S+ "
    rf'(?:[^"\[\]]{{1,255}}) {_WHEN} {_Q} '
    rf"(\d{{3}}) (\d+|-)(?: {_Q} {_Q})?",
    re.ASCII,
)
_NUMBERS: Final = r"([\d.-]+(?:(?:, | : )[\d.-]+)*)"
_INGRESS: Final = re.compile(
    r" \d+ (\d+\.\d+) \[[^\]]*\] \[[^\]]*\] ([^\s,]+(?:(?:, | : )[^\s,]+)*) "
    rf"{_NUMBERS} {_NUMBERS} {_NUMBERS} \S+\Z",
    re.ASCII,
)
_STREAM: Final = re.compile(
    rf"([0-9A-Fa-f.:]{{2,45}}) {_WHEN} (TCP|UDP) (\d{{3}}) (\d+) (\d+) (\d+\.\d+)(?: {_Q} {_Q} {_Q} {_Q})?\Z", re.ASCII
)
_LABEL: Final = re.compile(rf'(?<=\s)(upstream_addr|upstream_status|request_time)[=:] ?(?:{_Q}|([^\s"]\S*(?:, \S+)*))')
_LIST: Final = re.compile(r"\s*,\s*|\s+:\s+")

TIMES: Final = ("time_iso8601", "msec", "time_local", "@timestamp", "timestamp", "time")
SAYING: Final = frozenset(("request", "status", "request_uri", "upstream_addr", "bytes_sent", "body_bytes_sent"))

LINES: Final = True
"""Records are lines: see `evidence`."""


def sniff(head: bytes) -> bool:
    """Say whether the first line is one of the formats."""
    return proxied.begins(head, _ours, _COMBINED, _STREAM)


def _ours(value: dict[str, Any]) -> bool:
    named = isinstance(value.get("remote_addr"), str)
    return named and any(key in value for key in TIMES) and len(SAYING & value.keys()) >= 2


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield the rows of each request."""
    yield from frames(proxied.requests(source, told, _asked))


def _asked(line: bytes, number: int, told: Told) -> Iterator[Row] | None:
    given = _given(line)
    return None if given is None else _request(given, number, told)


def _given(line: bytes) -> dict[str, Any] | None:
    """Return the fields of a line by the names of nginx's variables."""
    if line.startswith(b"{"):
        value = jsonlines.first(line)
        return value if value is not None and _ours(value) else None
    said = line[: proxied.LONGEST].decode("utf-8", "replace")
    if found := _STREAM.match(said):
        keys = ("remote_addr", "time_local", "protocol", "status", "bytes_sent", "bytes_received", "session_time")
        given: dict[str, Any] = dict(zip(keys, found.groups()[:7], strict=True))
        return given | {"upstream_addr": found[8] or ""}
    if found := _COMBINED.match(said):
        named = dict(zip(_FIRST, found.groups()[:5], strict=True))
        return named | _behind(said[found.end() :])
    return None


_FIRST: Final = ("remote_addr", "time_local", "request", "status", "body_bytes_sent")


def _behind(rest: str) -> dict[str, Any]:
    """Return what stands behind the combined format."""
    if ingress := _INGRESS.match(rest):
        return {"request_time": ingress[1], "upstream_addr": ingress[2], "upstream_status": ingress[5]}
    labels = {found[1]: found[2] if found[2] is not None else found[3] for found in _LABEL.finditer(rest)}
    if labels:
        return labels
    plain = re.fullmatch(rf"(?: {_Q})?", rest)  # x-forwarded-for, as in the configuration that comes with nginx
    return {} if plain else {"unread": True}


def _request(given: dict[str, Any], number: int, told: Told) -> Iterator[Row]:
    first, zoneless = _time(given)
    if not first or zoneless:
        told.notes.add(ZONELESS if first else UNTIMED)
    lasted = seconds(given.get("request_time") or given.get("session_time") or 0)
    protocol = text(given.get("protocol"))
    tls = text(given.get("ssl_protocol")) not in ("", "-") or text(given.get("scheme")) == "https"
    stream = protocol in ("TCP", "UDP")
    common: Row = {
        "record": number,
        "transport": protocol.lower() if stream else "udp" if "HTTP/3" in text(given.get("server_protocol")) else "tcp",
        "app": "" if stream else "http",
        "encrypted": "yes" if tls else "",
        "first_ns": first - lasted if first > lasted else first,
        "last_ns": first,
        "src_bytes": count(given.get("request_length")) or count(given.get("bytes_received")) or 0,
        "dst_bytes": count(given.get("bytes_sent")) or count(given.get("body_bytes_sent")) or 0,
        "dst_name": "" if is_address(text(given.get("server_name"))) else name(given.get("server_name")),
        "detail": UNREAD if given.get("unread") else "" if first else "no time that can be read",
    }
    client = text(given.get("remote_addr"))
    own = text(given.get("server_addr"))
    proxy = (own, port(given.get("server_port"))) if is_address(own) else ("", 0)
    ends = [each for each in _LIST.split(text(given.get("upstream_addr"))) if each]
    statuses = [each for each in _LIST.split(text(given.get("upstream_status"))) if each]
    known = len(statuses) == len(ends)
    upstreams = [
        Upstream(end, proxied.outcome(status) if known else proxied.outcome("200"))
        for end, status in zip(ends, statuses if known else ends, strict=True)
    ]
    yield from proxied.rows(
        common, ("" if client == "unix:" else host(client), port(given.get("remote_port"))), proxy, upstreams
    )


def _time(given: dict[str, Any]) -> tuple[int, bool]:
    """Return when a request ended, as nginx logs it."""
    for key in TIMES:
        value = given.get(key)
        if isinstance(value, str) and (found := _LOCAL.match(value)):
            day, month, year, hour, minute, second = found.groups()[:6]
            if month in MONTHS:
                clock = int(hour), int(minute), int(second)
                return civil(int(year), MONTHS[month], int(day), *clock, offset(found[7])), False
        elif value is not None and (read := moment(value))[0]:
            return read
    return 0, False


_LOCAL: Final = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\Z", re.ASCII)
