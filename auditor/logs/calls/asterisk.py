"""Asterisk: call detail records as Master.csv (cdr_csv) and as tables with a header (cdr_custom, dumps of databases).

Asterisk documentation, CDR Specification and cdr_csv: accountcode, src, dst, dcontext, clid, channel, dstchannel,
lastapp, lastdata, start, answer, end, duration, billsec, disposition, amaflags, uniqueid, userfield.  A record has no
addresses but in the names of its channels, where a peer without a name goes by its address
(`SIP/203.0.113.5-0000a1b2`), and in columns that an administrator added (`peerip`, `recvip`): what `CHANNEL()` tells.
Records without either are counted.  The switch itself has no address in any of them: it may be anywhere.  Channels
that belong to no telephone of which the record knows (`Local/`) tell nothing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from auditor.logs.calls import taken
from auditor.logs.calls.legs import named
from auditor.logs.calls.quoted import records
from auditor.logs.calls.taken import Row
from auditor.logs.model import Told
from auditor.model.flow import UNANSWERED, UNKNOWN
from auditor.model.status import MALFORMED
from auditor.read.source import Source

LINES: Final = True
"""A record is a line."""
FIELDS: Final = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield",
)  # fmt: skip
_LEAST: Final = 16  # uniqueid and userfield are options of cdr_csv
_WHEN: Final = rb'"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"?'
_ENDED: Final = (
    rb'"?(?:ANSWERED|NO ANSWER|BUSY|FAILED|CONGESTION|UNKNOWN)"?,"?(?:OMIT|BILLING|DOCUMENTATION|DEFAULT|IGNORE|\d)"?'
)
_LINE: Final = re.compile(
    rb"[^\r\n]{8,4096},"
    + _WHEN
    + rb",(?:"
    + _WHEN
    + rb'|"?"?),'
    + _WHEN
    + rb'?,"?\d+"?,"?\d+"?,'
    + _ENDED
    + rb"(?:,|\s|\Z)"
)
_HEADER: Final = frozenset(("channel", "dstchannel", "disposition"))
_BEGUN: Final = ("start", "calldate", "start_time")
_PEERS: Final = ("recvip", "peerip", "remote_ip", "remoteip", "src_ip", "source_ip")
_MEDIA: Final = ("rtpdest", "media_ip", "rtp_ip")
_CALL: Final = ("pvtid", "sipcallid", "sip_call_id", "call_id", "callid")
_CHANNEL: Final = re.compile(
    r"(?:SIP|PJSIP|IAX2|OOH323|H323)/(?:[^@/]{1,64}@)?(\[[0-9A-Fa-f:.]{2,45}\]|(?:\d{1,3}\.){3}\d{1,3})(?::(\d{1,5}))?"
    r"(?:-[0-9A-Fa-f]{4,16})?(?:[;<][^/]{0,16})?",
    re.IGNORECASE,
)
_APPS: Final = {"iax2": "iax", "ooh323": "h225", "h323": "h225"}


def sniff(head: bytes) -> bool:
    """Tell Master.csv by the fields in its middle, and tables by the names of their columns."""
    first = head.lstrip(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0][:8192]
    return bool(_LINE.match(first)) or _is_header(
        [name.strip().strip('"') for name in first.decode("latin-1").split(",")]
    )


def _is_header(fields: Sequence[str]) -> bool:
    names = {field.strip().lower() for field in fields}
    return names >= _HEADER and not names.isdisjoint(_BEGUN)


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield the exchanges of which a record tells addresses, and a row for each that tells none."""
    return taken.frames(_rows(source, told))


def _rows(source: Source, told: Told) -> Iterator[Row]:
    names: Sequence[str] = FIELDS
    custom = False
    for number, fields in records(source, told):
        if fields is not None and _is_header(fields):
            names, custom = [field.strip().lower().lstrip("﻿") for field in fields], True
            continue
        if fields is None or len(fields) > len(names) or len(fields) < (len(names) if custom else _LEAST):
            yield {"record": number, "status": MALFORMED, "detail": "fields that are not those of a call"}
            continue
        yield from taken.counted(number, _call(dict(zip(names, fields, strict=False)), told.notes))


def _call(record: dict[str, str], notes: set[str]) -> list[Row]:
    unique = taken.text(record, "linkedid", "uniqueid")
    session = named(taken.text(record, *_CALL)) or taken.session("asterisk", unique)
    answered = taken.text(record, "disposition").upper() == "ANSWERED"
    ended = "" if answered else UNANSWERED
    switch = taken.masked("asterisk", unique or taken.text(record, *_BEGUN), "switch")
    near: Row = {"addr": switch, "role": "server"}
    found: list[Row] = []
    for leg, outcome in (("channel", ""), ("dstchannel", ended)):
        calls = leg == "channel"
        address, port, app = _peer(taken.text(record, leg)) or ("", 0, "sip")
        given = (
            next((each for name in _PEERS if (each := taken.address(taken.text(record, name)))), "") if calls else ""
        )
        if not (given or address):
            continue
        far: Row = {"addr": given or address, "port": port if given in ("", address) else 0, "role": UNKNOWN}
        ends = zip(("src", "dst"), (far, near) if calls else (near, far), strict=True)
        columns = {f"{side}_{name}": value for side, end in ends for name, value in end.items()}
        found.append({**columns, "plane": "signalling", "app": app, "outcome": outcome})
    media = next((end for name in _MEDIA if (end := _socket(taken.text(record, name)))[0]), ("", 0))
    if media[0]:
        found.append({
            "src_addr": media[0], "src_port": media[1], "src_role": UNKNOWN, "dst_addr": switch, "dst_role": "server",
            "plane": "media", "app": "rtp", "transport": "udp", "outcome": ended,
        })  # fmt: skip
    if not found:
        return []
    first, last = taken.moment(taken.text(record, *_BEGUN), notes), taken.moment(taken.text(record, "end"), notes)
    account = taken.text(record, "accountcode")[: taken.LONGEST]
    return [{"session": session, "account": account, **taken.span(first, last), **row} for row in found]


def _peer(channel: str) -> tuple[str, int, str] | None:
    """Read the address by which a channel's peer goes."""
    found = _CHANNEL.fullmatch(channel[:256])
    address = taken.address(found[1]) if found else ""
    if not found or not address:
        return None
    return address, taken.port(found[2]), _APPS.get(channel.partition("/")[0].lower(), "sip")


def _socket(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":") if value.count(":") == 1 else (value, "", "")
    return taken.address(host), taken.port(port)
