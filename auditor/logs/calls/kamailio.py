"""Kamailio and OpenSIPS: accounting of the acc module, as syslog lines, as JSON (acc_json), and as dumps of its tables.

Kamailio and OpenSIPS documentation, ACC Module: `ACC: transaction answered: timestamp=…;method=INVITE;from_tag=…;
to_tag=…;call_id=…;code=200;reason=OK;` and whatever `log_extra` adds, of which the common names of addresses are read:
where a request came from (`src_ip`, `source_ip`, …) and where it went (`dst_ip`, …).  A domain of the request that is
an address is where it was addressed to: offered.  The proxy stands between both; a line of syslog names its host.
Other lines of the same log are counted as what tells of no addresses.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import polars as pl

from auditor.logs.calls import taken
from auditor.logs.calls.legs import named
from auditor.logs.calls.quoted import records
from auditor.logs.calls.taken import Row, text
from auditor.logs.lines import LONG, numbered
from auditor.logs.model import Told
from auditor.model.flow import OFFERED, UNANSWERED, UNKNOWN
from auditor.model.status import MALFORMED, NO_ADDRESS
from auditor.read.source import HEAD, Source, opened

LINES: Final = True
"""A record is a line."""
_ACC: Final = re.compile(rb"ACC: [A-Za-z][A-Za-z ]{2,40}: ?((?:[A-Za-z_][\w.-]{0,63}=[^;\n]{0,4096}(?:;|\r?\n?\Z))+)")
_SYSLOG: Final = re.compile(
    rb"(?:<\d{1,3}>1? ?)?"
    rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ][\d:.,]{8,18}(?:Z|[+-]\d\d:?\d\d)?) "
    rb"([A-Za-z0-9_.:-]{1,255}) "
)
_CALL_IDS: Final = ("call_id", "callid", "sip_callid")
_CODES: Final = ("code", "sip_code")
_WHEN: Final = ("timestamp", "time", "start_time", "call_start_time", "created")
_SOURCES: Final = (
    "src_ip", "source_ip", "srcip", "sourceip", "sip_src_ip", "received_ip", "remote_ip", "orig_ip", "si", "caller_ip",
)  # fmt: skip
_SOURCE_PORTS: Final = ("src_port", "source_port", "srcport", "sp", "remote_port")
_TARGETS: Final = ("dst_ip", "dest_ip", "destination_ip", "dstip", "dest_addr", "term_ip", "dd", "callee_ip")
_TARGET_PORTS: Final = ("dst_port", "dest_port", "destination_port", "dp")
_ASKED: Final = ("dst_domain", "ruri_domain", "rd")
_NAMES: Final = (b"method", b"from_tag", b"to_tag")
SILENT: Final = ("408", "503")
"""Codes that a proxy answers itself where nobody else did (RFC 3261, sections 16.7 and 21.5.4)."""


def sniff(head: bytes) -> bool:
    """Tell accounting by its lines, or by the members or columns that the module always writes."""
    plain = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _ACC.search(plain) and b"call_id=" in plain:
        return True
    first = plain.partition(b"\n")[0][:8192]
    has = all(re.search(rb"(?:\A|[,;\t\"{])" + name + rb"(?:[,;\t\"]|\s|\Z)", first) for name in _NAMES)
    return has and any(name in first for name in (b"callid", b"call_id")) and b"code" in first


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield the exchanges of each accounted transaction."""
    with opened(source) as stream:
        head = (stream.read(HEAD) or b"").lstrip(b"\xef\xbb\xbf \t\r\n")
    first = head.partition(b"\n")[0]
    if first.startswith((b"{", b"[")) or _ACC.search(head):
        return taken.frames(_lines(source, told))
    separator = next((mark for mark in ("\t", ";", ",") if mark.encode() in first), ",")
    return taken.frames(_table(source, told, separator))


def _lines(source: Source, told: Told) -> Iterator[Row]:
    for number, line in numbered(source, told):
        if line is None:
            yield {"record": number, "status": MALFORMED, "detail": LONG}
        else:
            yield from _line(number, line, told.notes)


def _line(number: int, line: bytes, notes: set[str]) -> Iterator[Row]:
    proxy = _SYSLOG.match(line)
    host = proxy[1].decode("ascii") if proxy else ""
    if found := _ACC.search(line):
        pairs = (each.partition("=") for each in found[1].decode("utf-8", "replace").split(";") if each)
        yield from taken.counted(number, _transaction({name: value for name, _, value in pairs}, host, notes))
        return
    begun = line.find(b"{")
    value = _json(line[begun:]) if begun >= 0 else None
    if value is not None:
        yield from taken.counted(number, _transaction(value, host, notes))
    elif line.startswith((b"{", b"[")):
        yield {"record": number, "status": MALFORMED, "detail": "a line that is no JSON value"}
    else:
        yield {"record": number, "status": NO_ADDRESS, "detail": taken.UNTOLD}


def _json(line: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _table(source: Source, told: Told, separator: str) -> Iterator[Row]:
    names: Sequence[str] | None = None
    for number, fields in records(source, told, separator):
        if names is None and fields:
            names = [field.strip().lower().lstrip("﻿") for field in fields]
        elif fields is None or names is None or len(fields) != len(names):
            yield {"record": number, "status": MALFORMED, "detail": "fields that are not those of a transaction"}
        else:
            yield from taken.counted(number, _transaction(dict(zip(names, fields, strict=True)), "", told.notes))


def _transaction(record: dict[str, Any], host: str, notes: set[str]) -> list[Row]:
    call = text(record, *_CALL_IDS)
    base: Row = {
        "session": named(call), "observer": host, "plane": "signalling", "app": "sip",
        **taken.span(taken.moment(text(record, *_WHEN), notes), 0),
    }  # fmt: skip
    proxy = {
        "addr": taken.host(host) if host else taken.masked("proxy", call),
        "role": "server",
        "name": host,
        "port": 0,
    }
    found: list[Row] = []
    if source := _end(record, _SOURCES, _SOURCE_PORTS):
        found.append({**base, **_ends(source, proxy), "outcome": ""})
    if target := _end(record, _TARGETS, _TARGET_PORTS):
        silent = text(record, *_CODES) in SILENT
        found.append({**base, **_ends(proxy, target), "outcome": UNANSWERED if silent else ""})
    asked = taken.address(text(record, *_ASKED))
    if asked and taken.public(asked) and asked not in {row["dst_addr"] for row in found}:
        end = {"addr": asked, "port": 0, "role": UNKNOWN, "name": ""}
        found.append({**base, **_ends(proxy, end), "basis": OFFERED, "outcome": ""})
    return found


def _end(record: dict[str, Any], names: Sequence[str], ports: Sequence[str]) -> Row:
    found = next((each for name in names if (each := taken.address(text(record, name)))), "")
    return {"addr": found, "port": taken.port(text(record, *ports)), "role": UNKNOWN, "name": ""} if found else {}


def _ends(src: Row, dst: Row) -> Row:
    return {f"{side}_{name}": value for side, end in (("src", src), ("dst", dst)) for name, value in end.items()}
