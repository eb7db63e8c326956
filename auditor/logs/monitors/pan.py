"""Traffic logs of Palo Alto Networks firewalls: CSV in syslog, and the CEF and LEEF formats that its guides give.

PAN-OS Administrator's Guide 8.1 to 11.0, "Traffic Log Fields"; later versions add fields behind the others.  `start`
tells of a session that goes on: what it counts is counted again by `end`, so only `end`, `drop` and `deny` count.
The client is the source as it was before translation, the server the destination as it was after.  What the firewall
takes for the countries of addresses is another database's guess, and is not used.
"""

import csv
import re
from collections.abc import Iterator
from typing import Final

from auditor.logs.monitors import apps
from auditor.logs.monitors.fields import Row, count, host, offset, port, seconds, text, transport
from auditor.logs.monitors.session import Counts, flags
from auditor.logs.monitors.stamps import Stamp, written
from auditor.model.flow import CARRIED, REJECTED, UNANSWERED
from auditor.model.status import MALFORMED, UNSUPPORTED

MARK: Final = re.compile(r"(?:(?<=^)|(?<=[\s:]))\d*,\d{4}[-/]\d\d[-/]\d\d[T ][^,]{8,24},[^,]{0,64},TRAFFIC,", re.ASCII)
KEYED: Final = re.compile(r"CEF:\s?\d\|Palo Alto Networks\|PAN-OS\||LEEF:\s?[12]\.0\|Palo Alto Networks\|")

FIELDS: Final = {
    "serial": 2, "subtype": 4, "generated": 6, "src": 7, "dst": 8, "nat_dst": 10, "app": 14, "vsys": 15, "session": 22,
    "sport": 24, "dport": 25, "nat_dport": 27, "proto": 29, "action": 30, "bytes_sent": 32, "bytes_received": 33,
    "start": 35, "elapsed": 36, "packets_sent": 44, "packets_received": 45, "reason": 46, "device": 52,
}  # fmt: skip
"""Places in a line, from 0."""
LEAST: Final = 34
"""Fields that every version has."""
CEF: Final = {
    "deviceExternalId": "serial", "src": "src", "dst": "dst", "destinationTranslatedAddress": "nat_dst", "app": "app",
    "cn1": "session", "spt": "sport", "dpt": "dport", "destinationTranslatedPort": "nat_dport", "proto": "proto",
    "act": "action", "out": "bytes_sent", "in": "bytes_received", "start": "generated", "cn3": "elapsed",
    "PanOSPacketsSent": "packets_sent", "PanOSPacketsReceived": "packets_received", "reason": "reason",
    "dvchost": "device",
}  # fmt: skip
LEEF: Final = {
    "SerialNumber": "serial", "src": "src", "dst": "dst", "dstPostNAT": "nat_dst", "Application": "app",
    "SessionID": "session", "srcPort": "sport", "dstPort": "dport", "dstPostNATPort": "nat_dport", "proto": "proto",
    "action": "action", "srcBytes": "bytes_sent", "dstBytes": "bytes_received", "StartTime": "start",
    "ElapsedTime": "elapsed", "srcPackets": "packets_sent", "dstPackets": "packets_received", "Subtype": "subtype",
    "SessionEndReason": "reason", "ReceiveTime": "generated", "DeviceName": "device",
}  # fmt: skip
DENIED: Final = frozenset(("deny", "drop", "drop icmp", "drop-icmp", "reset client", "reset server", "reset both",
                           "reset-client", "reset-server", "reset-both", "block"))  # fmt: skip
NOWHERE: Final = frozenset(("", "0.0.0.0", "::", "0:0:0:0:0:0:0:0"))  # noqa: S104  (no translation)
_PRECISE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?([+-]\d\d:?\d\d|Z)\Z", re.ASCII)
_KEY: Final = re.compile(r"(?:^|\s)([A-Za-z0-9]{2,64})=")
_PAIR: Final = re.compile(r"(?:^|[|\t^])([A-Za-z ]{2,64}?) ?=([^|\t^]*)")


def rows(line: str, found: re.Match[str], when: Stamp) -> Iterator[Row]:
    """Read a line of CSV."""
    said = line[found.start() :].lstrip(" :")
    try:
        fields = next(csv.reader([said])) if '"' in said else said.split(",")
    except (csv.Error, StopIteration):
        fields = []
    if len(fields) < LEAST:
        yield {"status": MALFORMED, "detail": "fewer fields than a traffic log has"}
        return
    given = {name: fields[place] for name, place in FIELDS.items() if place < len(fields)}
    zone = next((precise[1] for each in fields[FIELDS["device"] :] if (precise := _PRECISE.match(each))), "")
    yield _row(given, when, zone)


def keyed(line: str, found: re.Match[str], when: Stamp) -> Iterator[Row]:
    """Read CEF or LEEF."""
    said = line[found.start() :]
    if said.startswith("CEF"):
        header = said.split("|", 7)
        if len(header) < 8 or header[5] != "TRAFFIC":
            yield {"status": UNSUPPORTED, "detail": "a message of another kind"}
            return
        keys = list(_KEY.finditer(header[7]))
        ends = [*(key.start() for key in keys[1:]), len(header[7])]
        pairs = {key[1]: header[7][key.end() : end].strip() for key, end in zip(keys, ends, strict=True)}
        given = {CEF[key]: value for key, value in pairs.items() if key in CEF} | {"subtype": header[4]}
    else:
        pairs = {pair[1].strip(): pair[2].strip() for pair in _PAIR.finditer(said)}
        if "TRAFFIC" not in (pairs.get("cat"), pairs.get("Type")):
            yield {"status": UNSUPPORTED, "detail": "a message of another kind"}
            return
        given = {LEEF[key]: value for key, value in pairs.items() if key in LEEF}
    yield _row(given, when, "") if "src" in given and "dst" in given else {
        "status": MALFORMED, "detail": "fewer fields than a traffic log has",
    }  # fmt: skip


def _row(given: dict[str, str], when: Stamp, zone: str) -> Row:
    name = given.get
    subtype, action = name("subtype", "").lower(), name("action", "").lower()
    counts = Counts(*(count(name(key)) for key in ("packets_sent", "packets_received", "bytes_sent", "bytes_received")))
    first, last, zoneless = _times(given, when, zone)
    src, dst, sport, dport = name("src", ""), name("dst", ""), port(name("sport")), port(name("dport"))
    if name("nat_dst", "") not in (*NOWHERE, dst):
        dst, dport = name("nat_dst", ""), port(name("nat_dport")) or dport
    app, service = apps.of_app_id(name("app", ""))
    carried = transport(name("proto"), src)
    row: Row = {
        "observer": text(name("device") or name("serial") or when.host),
        "tie": "/".join((name("session", ""), src, str(sport), name("start", ""))) if name("session") else None,
        "transport": carried,
        "app": app,
        "service": service,
        "opened": "handshake" if carried in ("tcp", "sctp") else "",
        "first_ns": first,
        "last_ns": last,
        "src_addr": host(src),
        "src_port": sport,
        "dst_addr": host(dst),
        "dst_port": dport,
        "zoneless": zoneless,
    }
    if (subtype in ("deny", "drop") or action in DENIED) and not counts.both:  # else it was let through until then
        return row | counts.columns() | {"outcome": REJECTED}
    if subtype == "start":
        return row | {"outcome": CARRIED if counts.both else UNANSWERED}
    return row | counts.columns() | (flags(counts, name("reason", "")) if carried == "tcp" else {})


def _times(given: dict[str, str], when: Stamp, zone: str) -> tuple[int, int, bool]:
    """Return when a session began and was logged: times of the firewall, whose zone only newer versions tell."""
    ahead = offset(zone) * 1_000_000_000
    start, of_start = written(given.get("start", ""))
    logged, of_logged = written(given.get("generated", ""))
    zoneless = (of_start if start else of_logged) and not zone
    if not (start or logged):
        return when.ns, when.ns, when.zoneless
    first = start or logged
    last = first + seconds(given.get("elapsed", "")) if start else logged
    return first - (ahead if zone else 0), last - (ahead if zone else 0), zoneless
