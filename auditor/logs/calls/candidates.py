"""Candidates of ICE as dumps write them: reports of getStats, lines of RFC 8839, and the servers of a configuration."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from auditor.logs.calls import taken
from auditor.logs.calls.taken import text

LONGEST: Final = 1 << 16
"""Characters in which candidates, servers and fragments are looked for."""
SERVERS: Final = 32
"""Servers of one configuration that are listed."""
_LINE: Final = re.compile(
    r"candidate:\S{1,64} \d{1,5} (\w{2,8}) \d{1,10} (\S{1,255}) (\d{1,5}) typ (\w{2,8})"
    r"(?: raddr (\S{1,255}) rport (\d{1,5}))?",
    re.IGNORECASE,
)
_URL: Final = re.compile(
    r"\b(stun|turn)(s?):(?://)?(?:[^@\s,\]\"]{0,64}@)?(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?"
    r"(?:\?transport=(udp|tcp))?",
    re.IGNORECASE,
)
_FRAGMENT: Final = re.compile(r"a=ice-ufrag:([\x21-\x39\x3b-\x7e]{1,256})")
_MEDIA: Final = re.compile(r"m=(?:audio|video) [1-9]")
_ENDED: Final = re.compile(r"(.{2,64}):(\d{1,5})")
_KINDS: Final = {
    "local": "host", "serverreflexive": "srflx", "stun": "srflx", "peerreflexive": "prflx", "relayed": "relay",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """An end that one side can be reached at, or (`stun`, `turn`) a server that the page configured."""

    address: str = ""  # empty: masked, a name of mDNS, or left out
    port: int = 0
    kind: str = ""  # host, srflx, prflx, relay; stun, turn
    transport: str = ""
    towards: str = ""  # of a relay: how the browser talks to it (udp, tcp, tls)
    server: str = ""  # of a relay: the name of its server, if it has one
    related: str = ""  # of a relay: the address under which it sees its client (RFC 8839, section 5.1)

    @classmethod
    def written(cls, end: str, kind: str, transport: str) -> "Candidate | None":
        """Read `address:port`."""
        found = _ENDED.fullmatch(end)
        if not found:
            return None
        kind = kind.lower()
        return cls(taken.address(found[1]), taken.port(found[2]), _KINDS.get(kind, kind), _transport(transport))

    @property
    def place(self) -> bool:
        """Whether it can be one place on the Internet."""
        return taken.public(self.address) if self.address else bool(self.server)

    def faces(self) -> tuple[str, ...]:
        """Return the public address under which its owner is seen."""
        own = self.related if self.kind == "relay" else self.address
        return (own,) if own and taken.public(own) else ()


def _transport(name: str) -> str:
    plain = name.lower()
    return plain if plain in ("udp", "tcp") else "tcp" if plain in ("ssltcp", "tls") else ""


def of_report(report: dict[str, Any]) -> Candidate | None:
    """Read a report of getStats."""
    kind = text(report, "candidateType").lower()
    kind = _KINDS.get(kind, kind)
    server = _URL.search(text(report, "url")[:512])
    name = server[3].lower() if server and not taken.address(server[3]) and kind == "relay" else ""
    return Candidate(
        taken.address(text(report, "address", "ip", "ipAddress")),
        taken.port(report.get("port", report.get("portNumber"))),
        kind,
        _transport(text(report, "protocol", "transport")),
        text(report, "relayProtocol").lower()[:8] if kind == "relay" else "",
        name,
        taken.address(text(report, "relatedAddress")) if kind == "relay" else "",
    )


def described(value: Any) -> Candidate | None:
    """Read the candidate of an event: `{"candidate": "candidate:…"}`, or such a line within a text."""
    given = text(value, "candidate") if isinstance(value, dict) else value if isinstance(value, str) else ""
    found = _LINE.search(given[:LONGEST])
    if not found:
        return None
    kind = found[4].lower()
    relay = kind == "relay"
    server = _URL.search(given[found.end() : LONGEST]) if relay else None
    name = server[3].lower() if server and not taken.address(server[3]) else ""
    where = taken.address(found[2]), taken.port(found[3])
    related = taken.address(found[5] or "") if relay else ""
    return Candidate(*where, kind, _transport(found[1]), "", name, related)


def fragment(value: Any) -> str:
    """Return the first fragment of a description (RFC 8839, section 5.4)."""
    found = _FRAGMENT.search(_description(value))
    return found[1] if found else ""


def media(value: Any) -> bool:
    """Say whether a description has audio or video."""
    return bool(_MEDIA.search(_description(value)))


def _description(value: Any) -> str:
    return (text(value, "sdp") if isinstance(value, dict) else value if isinstance(value, str) else "")[:LONGEST]


def served(value: Any) -> list[Candidate]:
    """List the servers of a configuration: `iceServers` (W3C WebRTC, section 4.2), or a text that names them."""
    if isinstance(value, str):
        return _servers(value[:LONGEST])
    servers = value.get("iceServers") if isinstance(value, dict) else None
    found = [each for entry in (servers if isinstance(servers, list) else []) for each in _servers(_urls(entry))]
    return list(dict.fromkeys(found))[:SERVERS]


def _urls(entry: Any) -> str:
    given = entry.get("urls", entry.get("url")) if isinstance(entry, dict) else entry
    several = given if isinstance(given, list) else [given]
    return " ".join(each[:512] for each in several[:SERVERS] if isinstance(each, str))


def _servers(given: str) -> list[Candidate]:
    return list(dict.fromkeys(_server(found) for found in _few(given)))


def _few(given: str) -> Iterator[re.Match[str]]:
    for number, found in enumerate(_URL.finditer(given)):
        if number == SERVERS:
            return
        yield found


def _server(found: re.Match[str]) -> Candidate:
    """Read a URL of RFC 7064 or RFC 7065; both have 3478 and, over TLS, 5349 for their default ports."""
    kind, secure, name, port, transport = found.groups()
    where = taken.address(name)
    carried = "tcp" if secure and not transport else (transport or "").lower()
    number = taken.port(port) or (5349 if secure else 3478)
    return Candidate(where, number, kind.lower(), carried, "", "" if where else name.lower())
