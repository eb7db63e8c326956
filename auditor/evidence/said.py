"""What single packets say, in our words, and the text of those that are text."""

import re
from typing import Final

from auditor.read.facts.model import (
    Dialog,
    Exchange,
    Fact,
    Flow,
    Hello,
    Hop,
    Media,
    Name,
    Peer,
    Redirect,
    Reflexive,
    Relayed,
    Unreachable,
)
from auditor.read.written import text
from auditor.report.clean import visible

LINES: Final = 60  # of one message
_SECRET: Final = (
    (re.compile(r"(?i)(\binline:)\S+"), r"\1(key left out)"),  # SDES, RFC 4568
    (re.compile(r"(?i)^(k=(?:clear|base64|uri):).*"), r"\1(key left out)"),  # RFC 8866, section 5.12
    (re.compile(r"(?i)^((?:proxy-)?authorization\s*:).*"), r"\1 (left out)"),
    (re.compile(r"(?i)^(a=ice-pwd:).*"), r"\1(password left out)"),
)
"""What a report must not spread: whoever holds a key can listen to the recording of a call."""


def sentence(fact: Fact) -> str:
    """Say one fact."""
    match fact:
        case Name():
            who = "A DNS answer" if fact.packets else "The capture file"
            return f"{who} calls {text(fact.address)} {visible(fact.name)}."
        case Hello():
            name = f"asks for {visible(fact.name)}" if fact.name else "names no server that can be read"
            return f"A TLS or DTLS ClientHello {_way(fact.flow)} {name}."
        case Dialog():
            kind = "request" if fact.request else "answer"
            return f"A SIP {kind} of Call-ID {visible(fact.call_id)} goes {_way(fact.flow)}."
        case Media():
            what = visible(fact.media) or "media"
            return f"It announces that {what} may be sent to {end(fact.address, fact.port)} ({fact.kind})."
        case Hop():
            where = f" ({text(fact.address)})" if fact.address >= 0 and text(fact.address) != fact.host else ""
            return f"Its {_HEADERS.get(fact.kind, fact.kind)} names {visible(fact.host)}{where}."
        case Reflexive():
            seen = end(fact.address, fact.port)
            return f"The STUN server {text(fact.flow[0])} sees {end(*fact.flow[2:4])} as {seen}."
        case Relayed():
            client, relayed = end(*fact.flow[2:4]), end(fact.address, fact.port)
            return f"The TURN server {text(fact.flow[0])} relays for {client} at {relayed}."
        case Peer():
            own = fact.flow[2:4] if fact.answer else fact.flow[:2]
            return f"The TURN client {end(*own)} exchanges with the peer {end(fact.address, fact.port)}."
        case Redirect():
            return f"The STUN server {text(fact.flow[0])} names another server: {end(fact.address, fact.port)}."
        case Exchange():
            return f"A STUN {'answer' if fact.answer else 'request'} ({fact.method}) goes {_way(fact.flow)}."
        case Unreachable():
            return f"An ICMP error says that a packet {_way(fact.flow)} was not delivered."
    return f"It tells of a {type(fact).__name__.lower()}."


_HEADERS: Final = {"sender": "Via (the sender)", "via": "Via", "origin": "Via (the origin)", "contact": "Contact"}


def end(address: int, port: int) -> str:
    """Write an address with its port."""
    written = text(address)
    return f"[{written}]:{port}" if ":" in written else f"{written}:{port}"


def _way(flow: Flow) -> str:
    return f"from {end(*flow[:2])} to {end(*flow[2:4])}"


def lines(app: str, payload: bytes) -> list[str]:
    """Return the lines of a message that is text, nothing in them that acts, and without keys and passwords."""
    if app != "sip":
        return []
    found = []
    for line in payload.decode("utf-8", "replace").strip("\r\n").splitlines()[:LINES]:
        for secret, instead in _SECRET:
            line = secret.sub(instead, line)
        found.append(visible(line, 400))
    return found
