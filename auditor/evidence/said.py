"""What single packets say, in our words, and the text of those that are text."""

import re
from typing import Final

from auditor.read.facts.model import (
    CONTROL,
    INSIDE,
    Acts,
    Dialog,
    Exchange,
    Fact,
    Flow,
    Hello,
    Hop,
    Ice,
    Media,
    Name,
    Peer,
    Redirect,
    Reflexive,
    Registered,
    Relayed,
    Unreachable,
)
from auditor.read.headers import TCP
from auditor.read.written import text
from auditor.report.clean import visible

LINES: Final = 60  # of one message
TEXTS: Final = ("sip", "mgcp", "rtsp")
_SECRET: Final = (
    (re.compile(r"(?i)(\binline:)\S+"), r"\1(key left out)"),  # SDES, RFC 4568
    (re.compile(r"(?i)^(k=(?:clear|base64|uri):).*"), r"\1(key left out)"),  # RFC 8866, section 5.12
    (re.compile(r"(?i)(\bk:(?:clear|base64|uri):)[^\s,]+"), r"\1(key left out)"),  # MGCP, RFC 3435, section 3.2.2.10
    (re.compile(r"(?i)^(a=key-mgmt:\s*\S+|keymgmt\s*:).*"), r"\1 (key left out)"),  # MIKEY, RFC 4567
    (re.compile(r"(?i)^((?:proxy-)?authorization\s*:).*"), r"\1 (left out)"),
    (re.compile(r"(?i)^(a=ice-pwd:).*"), r"\1(password left out)"),
    (re.compile(r"(?i)(\b(?:sip|rtsp)s?:(?://)?[^\s:@;<>]+):[^\s@<>,]+@"), r"\1:(password left out)@"),
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
            kind = "TLS" if fact.flow[4] == TCP else "DTLS or QUIC"
            return f"A {kind} ClientHello {_way(fact.flow)} {name}."
        case Dialog():
            kind, of = "request" if fact.request else "answer", "call" if fact.call else "dialogue"
            return f"A {kind} of {of} {visible(fact.call_id)} goes {_way(fact.flow)}."
        case Media():
            return _announced(fact)
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
            return f"The STUN server {text(fact.flow[0])} names {_OTHER[fact.kind]}: {end(fact.address, fact.port)}."
        case Exchange():
            return f"A STUN {'answer' if fact.answer else 'request'} ({fact.method}) goes {_way(fact.flow)}."
        case Ice():
            return f"A check of ICE {_way(fact.flow)} names the session's fragments {visible(fact.pair)}."
        case Registered():
            return f"{end(*fact.flow[2:4])} registers with {end(*fact.flow[:2])}, which answers it."
        case Acts():
            return f"Only a {fact.role} sends what {end(*fact.flow[:2])} sends to {end(*fact.flow[2:4])}."
        case Unreachable():
            return f"An ICMP error says that a packet {_way(fact.flow)} was not delivered."
    return f"It tells of a {type(fact).__name__.lower()}."


def _announced(fact: Media) -> str:
    """Say where media is expected, under which profile, and how its keys are agreed."""
    what = visible(fact.media) or "media"
    if fact.kind == INSIDE:
        return f"It says that {what} goes through this very flow, {_way(fact.flow)}."
    if fact.kind == CONTROL:
        return f"It announces the control channel of the call ({what}) at {end(fact.address, fact.port)}."
    if not fact.port:
        return f"It names {text(fact.address)} for {what}, and no port."
    keys = f"keys by {visible(fact.keys)}" if fact.keys else ""
    how = ", ".join(filter(None, (fact.kind, visible(fact.profile), keys)))
    return f"It announces that {what} may be sent to {end(fact.address, fact.port)} ({how})."


_OTHER: Final = {"alternate": "another server", "origin": "the end it sends from", "other": "another end of its own"}
_HEADERS: Final = {"sender": "Via (the sender)", "via": "Via", "origin": "Via (the origin)", "contact": "Contact"}


def end(address: int, port: int) -> str:
    """Write an address with its port."""
    written = text(address)
    return f"[{written}]:{port}" if ":" in written else f"{written}:{port}"


def _way(flow: Flow) -> str:
    return f"from {end(*flow[:2])} to {end(*flow[2:4])}"


def lines(app: str, payload: bytes) -> list[str]:
    """Return the lines of a message that is text, nothing in them that acts, and without keys and passwords.

    A message behind a binary head (WebSocket, SCTP) has none.
    """
    if app not in TEXTS or not payload.strip(b"\r\n")[:4].decode("latin-1").isprintable():
        return []
    found = []
    for line in payload.decode("utf-8", "replace").strip("\r\n").splitlines()[:LINES]:
        for secret, instead in _SECRET:
            line = secret.sub(instead, line)
        found.append(visible(line, 400))
    return found
