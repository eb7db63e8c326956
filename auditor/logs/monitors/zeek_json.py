"""The JSON writer of Zeek: an object a line, `ts` in seconds, milliseconds or ISO 8601, its log named or not.

base/frameworks/logging/writers/ascii.zeek (`use_json`, `json_timestamps`), and the packages that stream such logs,
which name each in `_path`.  What names no log is told by its fields.
"""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from auditor.logs.model import Told, unread
from auditor.logs.monitors import jsonlines, zeek_logs
from auditor.logs.monitors.fields import SIZE, moment, seconds, text
from auditor.logs.tables import NUMBER
from auditor.logs.values import values
from auditor.model.status import MALFORMED
from auditor.read.source import Source

INNER: Final = "\x1f"

KINDS: Final = (
    ("conn", {"conn_state", "missed_bytes", "local_orig"}),
    ("sip", {"call_id", "request_path", "response_path"}),
    ("dns", {"trans_id", "qtype_name", "rcode_name"}),
    ("quic", {"client_initial_dcid", "server_scid"}),
    ("ssl", {"cipher", "established", "cert_chain_fuids", "ssl_history"}),
    ("capture_loss", {"percent_lost"}),
    ("stats", {"pkts_dropped", "pkts_proc"}),
    ("dhcp", {"client_addr", "assigned_addr"}),
    ("files", {"fuid", "tx_hosts", "rx_hosts"}),
    ("ssh", {"auth_success", "kex_alg", "host_key"}),
    ("rdp", {"security_protocol", "cookie"}),
    ("smtp", {"helo", "mailfrom"}),
    ("tunnel", {"tunnel_type"}),
    ("weird", {"notice"}),
    ("http", {"uri", "status_msg", "user_agent", "resp_fuids"}),
)
"""The fields of which any tells a log, in the order of asking."""
ADDRESSED: Final = frozenset(
    ("src", "dst", "host", "tx_hosts", "rx_hosts", "client_addr", "server_addr", "assigned_addr", "requested_addr")
)
"""Fields of addresses that are not those of a connection (`host` where it is one, in logs of hosts)."""
BARE: Final = frozenset(("percent_lost", "pkts_proc", "fuid", "notice", "node", "cert_chain_fps", "san.dns", "filter"))
"""Fields that tell logs without `uid`, of which none may be sure alone."""


def sniff(head: bytes) -> bool:
    """Say whether the first line is an object of a log of Zeek."""
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0]
    if not first.startswith(b"{") or b'"ts"' not in first:
        return False
    value = jsonlines.first(first)
    return value is not None and _ours(value)


def _ours(value: dict[str, Any]) -> bool:
    if "ts" not in value:
        return False
    ends = "id.orig_h" in value or isinstance(value.get("id"), dict)
    if isinstance(value.get("_path"), str) or ("uid" in value and ends):
        return True
    return ("peer" in value and bool(BARE & value.keys())) or ("ts_delta" in value and "percent_lost" in value)


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows, those of each log together."""
    kept: dict[str, list[dict[str, Any]]] = {}
    bad: dict[tuple[str, str], list[int]] = {}
    for size, each in enumerate(values(source, told), 1):
        if size % SIZE == 0:
            yield from _rows(kept, bad, told)
            kept, bad = {}, {}
        if each.status or not isinstance(each.value, dict):
            bad.setdefault((each.status or MALFORMED, each.detail or "no JSON object"), []).append(each.record)
            continue
        value = _flat(each.value)
        kept.setdefault(kind(value), []).append(_texts(value, each.record))
    yield from _rows(kept, bad, told)


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    """Write `{"id": {"orig_h": ...}}` as `id.orig_h`."""
    if isinstance(inner := value.get("id"), dict):
        value = {**value, **{f"id.{name}": each for name, each in inner.items()}}
    return value


def kind(value: dict[str, Any]) -> str:
    """Name the log of a record; empty if it is any other."""
    path = value.get("_path")
    if isinstance(path, str):
        return path.lower()[:64]
    return next((name for name, names in KINDS if not names.isdisjoint(value)), "")


def _texts(value: dict[str, Any], record: int) -> dict[str, Any]:
    found: dict[str, Any] = {name: _text(value[name]) for name in zeek_logs.TEXTS if name in value}
    found[NUMBER] = record
    found["ts"] = moment(value.get("ts"))[0]
    found["duration"] = seconds(value.get("duration"))
    found[zeek_logs.ELSEWHERE] = any(value.get(name) for name in ADDRESSED if name in value)
    return found


def _text(value: Any) -> str | None:
    """Write a value as TSV would; null if it is unset."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return INNER.join(text(each) for each in value[:1_000])
    return repr(value) if isinstance(value, float) else text(value)


def _rows(
    kept: dict[str, list[dict[str, Any]]], bad: dict[tuple[str, str], list[int]], told: Told
) -> Iterator[pl.LazyFrame]:
    for (status, detail), records in bad.items():
        yield unread(records, status, detail)
    whole = {NUMBER: pl.Int64, "ts": pl.Int64, "duration": pl.Int64, zeek_logs.ELSEWHERE: pl.Boolean}
    for path, found in kept.items():
        given = {name for each in found for name in each}
        columns = {name: [each.get(name) for each in found] for name in (*zeek_logs.TEXTS, *whole) if name in given}
        frame = pl.DataFrame(columns, schema={name: whole.get(name, pl.String) for name in columns})
        yield from zeek_logs.rows_of(path, frame, INNER, told)
