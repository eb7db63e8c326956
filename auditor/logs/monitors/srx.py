"""Session logs of Juniper SRX: RT_FLOW and AppTrack, structured (RFC 5424) and as text.

Junos, "System Log Explorer" (RT_FLOW_SESSION_CREATE, _CLOSE, _DENY, and for logical systems _LS; APPTRACK_SESSION_*).
CREATE has no counts, CLOSE has them all; what AppTrack counts of the same sessions is not counted again.  The client
is the source as it was before translation, the server the destination as it was after.
"""

import re
from collections.abc import Iterator
from typing import Final

from auditor.logs.monitors import apps
from auditor.logs.monitors.fields import Row, count, host, port, seconds, text, transport
from auditor.logs.monitors.session import Counts, flags
from auditor.logs.monitors.stamps import Stamp
from auditor.model.flow import CARRIED, REJECTED, UNANSWERED
from auditor.model.status import MALFORMED, UNSUPPORTED

MARK: Final = re.compile(r"RT_FLOW\b|RT_FLOW_SESSION_|APPTRACK_SESSION_")
_KIND: Final = re.compile(r"\b(RT_FLOW|APPTRACK)_SESSION_(CREATE|CLOSE|DENY|VOL_UPDATE|ROUTE_UPDATE)(?:_LS)?\b")
_VALUE: Final = re.compile(r'([a-z0-9-]{2,64})="((?:[^"\\]|\\.){0,1024})"')
_ENDS: Final = r"([0-9A-Fa-f.:]{2,45})/(\d{1,5})->([0-9A-Fa-f.:]{2,45})/(\d{1,5})"
_TEXT: Final = re.compile(
    rf"(?:session (?:created|denied|closed)[ ,]?(?P<reason>[^:]{{0,64}}?):? ){_ENDS}(?: 0x[0-9a-f]+)? \S+ "
    rf"(?:{_ENDS}(?: 0x[0-9a-f]+)? (?:\S+ ){{2,4}}?(?P<proto>\d{{1,3}}) \S+ \S+ \S+ (?P<session>\d+)"
    r"(?: (?P<sent>\d+)\((?P<sent_bytes>\d+)\) (?P<got>\d+)\((?P<got_bytes>\d+)\) (?P<elapsed>\d+))?"
    r"|(?P<denied>\d{1,3})\()",
    re.ASCII,
)


def rows(line: str, found: re.Match[str], when: Stamp) -> Iterator[Row]:
    """Read a message."""
    kind = _KIND.search(line, found.start())
    if not kind:
        yield {"status": UNSUPPORTED, "detail": "a message of another kind"}
        return
    given = dict(_VALUE.findall(line, kind.end()))
    if "source-address" not in given:
        given = _plain(line[kind.end() :])
    if "source-address" not in given or "destination-address" not in given:
        yield {"status": MALFORMED, "detail": "no session in a message about one"}
        return
    yield _row(given, kind[1], kind[2], when)


def _plain(said: str) -> dict[str, str]:
    """Read the text form; empty if it is none."""
    found = _TEXT.search(said[:4096])
    if not found:
        return {}
    src, sport, dst, dport, _, _, nat_dst, nat_dport = found.groups()[1:9]
    given = {
        "source-address": src, "source-port": sport, "destination-address": dst, "destination-port": dport,
        "nat-destination-address": nat_dst, "nat-destination-port": nat_dport, "reason": found["reason"],
        "protocol-id": found["proto"] or found["denied"], "session-id-32": found["session"],
        "packets-from-client": found["sent"], "bytes-from-client": found["sent_bytes"],
        "packets-from-server": found["got"], "bytes-from-server": found["got_bytes"], "elapsed-time": found["elapsed"],
    }  # fmt: skip
    return {key: value for key, value in given.items() if value is not None}


def _row(given: dict[str, str], family: str, kind: str, when: Stamp) -> Row:
    name = given.get
    src, dst = name("source-address", ""), name("destination-address", "")
    sport, dport = port(name("source-port")), port(name("destination-port"))
    if name("nat-destination-address", dst) not in ("", "N/A", "0.0.0.0", dst):  # noqa: S104
        dst, dport = name("nat-destination-address", ""), port(name("nat-destination-port")) or dport
    carried = transport(name("protocol-id"), src)
    session = name("session-id-32") or name("session-id")
    elapsed = seconds(name("elapsed-time", ""))
    icmp = carried in ("icmp", "icmp6")
    row: Row = {
        "observer": when.host,
        "tie": f"{session}/{src}/{sport}" if session else None,
        "transport": carried,
        "app": apps.of_junos(text(name("application")), text(name("nested-application"))),
        "opened": "handshake" if carried in ("tcp", "sctp") else "",
        "first_ns": when.ns - elapsed if when.ns > elapsed else when.ns,
        "last_ns": when.ns,
        "src_addr": host(src),
        "src_port": 0 if icmp else sport,
        "dst_addr": host(dst),
        "dst_port": 0 if icmp else dport,
    }
    keys = ("packets-from-client", "packets-from-server", "bytes-from-client", "bytes-from-server")
    counts = Counts(*(count(name(key)) for key in keys))
    if kind == "DENY":
        return row | {"outcome": REJECTED}
    if family == "APPTRACK":
        return row | {"outcome": CARRIED if counts.both else UNANSWERED}
    if kind == "CREATE":
        return row
    return row | counts.columns() | (flags(counts, name("reason", "")) if carried == "tcp" else {})
