"""Messages of Cisco ASA, and with the same numbers of FTD, FWSM and PIX, about connections, attempts and pinholes.

Cisco Secure Firewall ASA Series Syslog Messages.  A connection is told of twice, when it is built and when it is torn
down; only the latter counts, and it counts the bytes of both directions together.  Who opened it stands in the
former: `inbound` means the first end, `outbound` the second.  The ends are the real ones, not those behind a mapping.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from auditor.logs.monitors.fields import Row, count, host, port, transport
from auditor.logs.monitors.stamps import Stamp
from auditor.logs.protocols import ACK, PSH
from auditor.model.flow import CARRIED, OFFERED, REJECTED, UNANSWERED
from auditor.model.status import MALFORMED, NO_ADDRESS, UNSUPPORTED

MARK: Final = re.compile(r"%(?:ASA|FTD|PIX|FWSM)-(?:[A-Za-z]\w*-)?\d-(\d{6}):", re.ASCII)

_A: Final = r"[0-9A-Za-z_.:%-]{1,255}?"
_END: Final = rf"(?:[^:()]{{0,64}}:\s?)?({_A})/(\d{{1,5}})"
_MAPPED: Final = r"(?:\s?\([^()]{0,300}\)){0,3}"
_USER: Final = r"(?:\s?\([^()]{0,300}\)){0,2}"

PATTERNS: Final = {
    "built": rf"Built (?P<way>inbound|outbound) (?P<proto>\w+)(?: state-bypass)? connection (?P<id>\d+) (?:for|from) "
    rf"{_END}{_MAPPED} to {_END}{_MAPPED}",
    "bypass": rf"Built (?P<proto>\w+) state-bypass connection (?P<id>\d+) (?:for|from) {_END}{_MAPPED} to {_END}",
    "torn": rf"Teardown (?P<proto>\w+)(?: state-bypass)? connection (?P<id>\d+) (?:for|from) {_END}{_USER} to "
    rf"{_END}{_USER} duration (?P<lasted>\d+:\d\d:\d\d) (?:forwarded )?bytes (?P<bytes>\d+)",
    "icmp": rf"Built (?P<way>in|out)bound (?P<proto>ICMP) connection for faddr ({_A})/\d+{_USER} gaddr {_A}/\d+ laddr "
    rf"({_A})/\d+",
    "icmp torn": rf"Teardown (?P<proto>ICMP) connection for faddr ({_A})/\d+{_USER} gaddr {_A}/\d+ laddr ({_A})/\d+",
    "from": rf"\bfrom {_END}{_USER} to {_END}",
    "bare": rf"from \(?({_A})\)? to ({_A})(?=[\s,]|\Z)",
    "src": rf"(?P<proto>[\w-]{{1,20}}) src {_END}{_USER} dst {_END}",
    "src bare": rf"(?P<proto>[\w-]{{1,20}}) src [^:]{{0,64}}: ?({_A}){_USER} dst [^:]{{0,64}}: ?({_A})(?=[\s(]|\Z)",
    "list": rf"access-list \S+ (?P<said>permitted|denied|est-allowed) (?P<proto>\S+) [^/]{{1,64}}/({_A})\((\d+)\)"
    rf"{_USER} -> [^/]{{1,64}}/({_A})\((\d+)\)",
    "pinhole": rf"Pre-allocate (?P<kind>\w+) (?P<what>[\w ]{{0,40}}?)\s?(?:secondary channel|back ?connection) for "
    rf"(?:faddr |[^:()]{{1,64}}:)({_A})(?:/(\d{{1,5}}))? to "
    rf"(?:laddr |[^:()]{{1,64}}:)({_A})(?:/(\d{{1,5}}))?(?=[\s,]|\Z)",
}  # fmt: skip
_PROTO: Final = re.compile(r"\b(TCP|UDP|ICMP)\b", re.IGNORECASE)
_COMPILED: Final = {name: re.compile(pattern, re.ASCII) for name, pattern in PATTERNS.items()}

DENIALS: Final = {
    106001: ("from",), 106002: ("from", "src"), 106006: ("from",), 106007: ("from",), 106010: ("src", "src bare"),
    106014: ("src", "src bare"), 106015: ("from",), 106016: ("bare",), 106017: ("bare",), 106018: ("bare",),
    106021: ("from", "bare"), 106022: ("bare",), 106023: ("src", "src bare"), 106027: ("src", "src bare"),
    305005: ("src", "src bare"), 305006: ("src", "src bare"), 313005: (), 322001: (), 710003: ("from",),
    710005: ("from",), 106011: ("src",), 106012: ("bare",), 106013: ("bare",), 106020: ("bare",),
}  # fmt: skip
"""Messages about what was not let through."""
FAILURES: Final = {110001: ("bare",), 110002: ("from",), 110003: ("from",), 209004: (), 419002: ("from",)}
"""Messages about what went nowhere."""
TRANSLATIONS: Final = frozenset((202001, 305009, 305010, 305011, 305012, 305013, 305014))
PINHOLES: Final = frozenset((302003, 302004, 607001, 608001, 609001))
SIGNALLED: Final = {"sip": "sip", "skinny": "skinny", "h323": "h225", "mgcp": "mgcp", "rtsp": "rtsp"}


def rows(line: str, found: re.Match[str], when: Stamp) -> Iterator[Row]:
    """Read a message."""
    number, said = int(found[1]), line[found.end() : found.end() + 4096].strip()
    if number in TRANSLATIONS:
        yield {"status": NO_ADDRESS, "detail": "an address translation"}
        return
    known = number in PINHOLES or number in DENIALS or number in FAILURES or number in NUMBERS
    row = _row(number, said) if known else None
    if row is None:
        why = "a message about a connection, of which the ends can't be read" if known else "a message of another kind"
        yield {"status": MALFORMED if known and number in NUMBERS else UNSUPPORTED, "detail": why}
        return
    lasted = row.pop("lasted", 0)
    yield {
        "observer": when.host,
        "first_ns": when.ns - lasted if when.ns > lasted else when.ns,
        "last_ns": when.ns,
        **row,
    }


def _row(number: int, said: str) -> Row | None:
    if number in PINHOLES:
        return _pinhole(said)
    if number in DENIALS or number in FAILURES:
        return _refused(number, said)
    for name in NUMBERS[number]:
        if found := _COMPILED[name].search(said):
            return READERS[name](found)
    return None


def _ends(found: re.Match[str], names: tuple[str, ...] = ()) -> Row:
    """Return the ends as they stand in a message, with their ports if it has them."""
    numbers = {found.re.groupindex[name] for name in found.re.groupindex}
    plain = [value for at, value in enumerate(found.groups(), 1) if at not in numbers]
    src, sport, dst, dport = plain if len(plain) == 4 else (plain[0], None, plain[1], None)
    return {"src_addr": host(src), "src_port": port(sport), "dst_addr": host(dst), "dst_port": port(dport)}


def _exchanged(row: Row) -> Row:
    return row | {
        "src_addr": row["dst_addr"], "src_port": row["dst_port"],
        "dst_addr": row["src_addr"], "dst_port": row["src_port"],
    }  # fmt: skip


def _tie(found: re.Match[str], row: Row) -> str:
    """Name a connection: its number, which begins anew when a device is started, and its ends in either order."""
    ends = sorted(f"{row[f'{side}_addr']}/{row[f'{side}_port']}" for side in ("src", "dst"))
    return "/".join((found["id"], *ends))


def _built(found: re.Match[str]) -> Row:
    row = _ends(found)
    row = _exchanged(row) if found.groupdict().get("way") in ("outbound", "out") else row
    carried = transport(found["proto"], row["src_addr"])
    tie = {"tie": _tie(found, row)} if "id" in found.re.groupindex else {}
    return row | tie | {"transport": carried, "opened": "handshake" if carried in ("tcp", "sctp") else ""}


def _torn(found: re.Match[str]) -> Row:
    """A teardown says neither who opened a connection nor who sent its bytes; data of TCP prove that both spoke."""
    row, given = _ends(found), found.groupdict()
    carried = transport(found["proto"], row["src_addr"])
    size = count(given.get("bytes")) or 0
    hours, minutes, seconds = (int(part) for part in (given.get("lasted") or "0:0:0").split(":"))
    row |= {"transport": carried, "src_packets": None, "src_bytes": size, "lasted": 0}
    if "id" in found.re.groupindex:
        row["tie"] = _tie(found, row)
    if hours < 1 << 20:
        row["lasted"] = (hours * 3600 + minutes * 60 + seconds) * 1_000_000_000
    if carried == "tcp" and size:
        row |= {"src_packets": 0, "src_flags": PSH | ACK}
    return row


def _listed(found: re.Match[str]) -> Row:
    row = _ends(found) | {"transport": transport(found["proto"], found[3])}
    return row | ({"outcome": REJECTED} if found["said"] == "denied" else {})


def _refused(number: int, said: str) -> Row | None:
    patterns = DENIALS.get(number) or FAILURES.get(number) or ()
    for name in patterns:
        if found := _COMPILED[name].search(said):
            row = _ends(found)
            word = _PROTO.search(said)
            proto = found.groupdict().get("proto") or (word[1] if word else "")
            row["transport"] = transport("" if proto.lower() == "ip" else proto, row["src_addr"])
            return row | {"outcome": REJECTED if number in DENIALS else UNANSWERED}
    return None


def _pinhole(said: str) -> Row | None:
    """What a device makes ready for the media or the answers of a call: offered, not yet used."""
    found = _COMPILED["pinhole"].search(said)
    if not found:
        return None
    row, what = _exchanged(_ends(found)), found["what"].upper().split()
    app = SIGNALLED.get(found["kind"].lower(), "")
    media = next((word.lower() for word in what if word in ("RTP", "RTCP")), "")
    return row | {
        "basis": OFFERED, "outcome": CARRIED, "app": media or app, "plane": "media" if media else "signalling",
        "transport": next((word.lower() for word in what if word in ("TCP", "UDP")), "udp"),
    }  # fmt: skip


NUMBERS: Final = {
    302013: ("built",), 302015: ("built",), 302017: ("built",),
    302303: ("bypass", "built"), 302305: ("bypass", "built"),
    302014: ("torn",), 302016: ("torn",), 302018: ("torn",), 302304: ("torn",), 302306: ("torn",),
    302020: ("icmp",), 302021: ("icmp torn",), 106100: ("list",), 106102: ("list",), 106103: ("list",),
}  # fmt: skip
READERS: Final[dict[str, Callable[[re.Match[str]], Row]]] = {
    "built": _built, "bypass": _built, "torn": _torn, "icmp": _built, "icmp torn": _torn, "list": _listed,
}  # fmt: skip
