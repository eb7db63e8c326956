"""RTSP messages (RFC 2326, RFC 7826): the session of a presentation, and the ports or the channel of its media.

Session identifiers are a server's own, so its address is part of the session's name.  A SETUP that opens a
session has none yet: it is tied to the response by CSeq.  Interleaved media (`$` frames, RFC 2326, section 10.12)
goes through the very connection that sets it up.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from auditor.read.facts import sdp
from auditor.read.facts.model import ALIAS, INSIDE, Alias, Dialog, Fact, Media, Packet
from auditor.read.facts.text import address, ends, host, line_text, port

MESSAGES: Final = 16  # read of one segment at most
TRANSPORTS: Final = 16  # alternatives of one header that are read (RFC 2326, section 12.39)
LONGEST: Final = 64 << 10  # octets of head or body that a message is believed to have

_START: Final = re.compile(rb"(?:RTSP/[12]\.\d (\d\d\d)|([A-Z_]{2,16}) (\S{1,2048}) RTSP/[12]\.\d)[^\r\n]{0,512}\r?\n")
_HEADER: Final = re.compile(
    rb"^(CSeq|Session|Transport|Content-Length|Content-Type)[ \t]*:[ \t]*([^\r\n]{0,2048})(?=\r?\n)",
    re.IGNORECASE | re.MULTILINE,
)
_BY_CLIENT: Final = frozenset((b"SETUP", b"DESCRIBE", b"PLAY", b"PAUSE", b"TEARDOWN", b"RECORD"))
_BY_SERVER: Final = frozenset((b"REDIRECT", b"PLAY_NOTIFY"))
_PORTS: Final = (322, 554, 8554)  # of servers: tell who asks where both sides may (OPTIONS, SET_PARAMETER, ...)
_SIDES: Final = ((b"client_port", b"dest_addr", b"destination"), (b"server_port", b"src_addr", b"source"))

_Headers = dict[bytes, bytes]


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the messages that start in a segment; frames of interleaved media between them are stepped over."""
    facts: dict[Fact, None] = {}
    at = 0
    for _ in range(MESSAGES):
        while payload[at : at + 1] == b"$" and at + 4 <= len(payload):
            at += 4 + int.from_bytes(payload[at + 2 : at + 4], "big")
        start = _START.match(payload, at)
        if not start:
            break
        body = _body(payload, start.end())
        headers = {found[1].lower(): found[2].strip() for found in _HEADER.finditer(payload, start.end(), body)}
        at = body + _content(headers)
        facts |= dict.fromkeys(_message(start, headers, payload[body:at], packet))
    return list(facts)


def length(head: bytes) -> int | None:
    """Return how many bytes the message or interleaved frame that begins here has; None: not to be told yet."""
    if head[:1] == b"$":
        return 4 + int.from_bytes(head[2:4], "big") if len(head) >= 4 else None
    start = _START.match(head)
    if not start or (body := _body(head, start.end(), cut=-1)) < 0:
        return None
    return body + _content({found[1].lower(): found[2].strip() for found in _HEADER.finditer(head, start.end(), body)})


def _body(payload: bytes, at: int, cut: int | None = None) -> int:
    """Say where the empty line ends; the end of the payload (or `cut`) if there is none."""
    found = re.compile(rb"\r?\n\r?\n").search(payload, at - 2, at + LONGEST)
    return found.end() if found else len(payload) if cut is None else cut


def _content(headers: _Headers) -> int:
    size = headers.get(b"content-length", b"")
    return min(int(size), LONGEST) if 0 < len(size) < 8 and size.isdigit() else 0


def _message(start: re.Match[bytes], headers: _Headers, body: bytes, packet: Packet) -> Iterator[Fact]:
    seen, flow = _seen(packet), packet.flow
    method = start[2]
    by_client = method in _BY_CLIENT or not (method is None or method in _BY_SERVER or flow[1] in _PORTS)
    server = flow[2] if by_client else flow[0]
    session = line_text(headers.get(b"session", b"").partition(b";")[0], 128)
    number = headers.get(b"cseq", b"")
    exchange = f"{ALIAS}rtsp:{ends(flow)}/{int(number)}" if 0 < len(number) < 10 and number.isdigit() else ""
    call = f"rtsp:{session}@{host(server)}" if session else exchange
    transport = headers.get(b"transport", b"")
    if not call:
        return
    asked = ((*end, "", "", "") for end in _transported(transport, flow, by_client, method is None))
    told = list(dict.fromkeys((*asked, *sdp.ends(body))))
    if session or told:
        yield Dialog(*seen, flow, call, by_client, bool(session))
    if session and exchange and transport and method is None:
        yield Alias(*seen, flow, call, exchange)
    for end in told:
        yield Media(*seen, flow, call, end[0], end[1], *end[2:])


def _transported(
    value: bytes, flow: tuple[int, int, int, int, int], by_client: bool, answer: bool
) -> Iterator[tuple[int, int, str, str]]:
    """List the ends of a Transport header (RFC 2326, section 12.39; RFC 7826, section 18.54): of the client and server.

    An answer's `interleaved` is an agreement, a request's only a wish.
    """
    client, server = (flow[0], flow[2]) if by_client else (flow[2], flow[0])
    for transport in value.split(b",")[:TRANSPORTS]:
        words = [word.strip() for word in transport.split(b";")[:32]]
        given = {name.strip().lower(): text.strip() for name, _, text in (word.partition(b"=") for word in words)}
        if answer and b"interleaved" in given:
            yield flow[2], 0, INSIDE, ""
        multicast = b"multicast" in (word.lower() for word in words)
        for (ports, both, alone), own in zip(_SIDES, (client, server), strict=True):
            for where in [_given(text) for text in given.get(both, b"").split(b"/")[:4] if text]:
                if where is not None:
                    yield where[0] if where[0] >= 0 else own, where[1], "media", ""
            elsewhere = address(given.get(alone, b"").strip(b'"'))
            first, _, last = given.get(b"port" if multicast else ports, b"").partition(b"-")
            if port(first) and not (multicast and (elsewhere is None or own == server)):
                yield own if elsewhere is None else elsewhere, port(first), "media", ""
                if port(last) > port(first) + 1:
                    yield own if elsewhere is None else elsewhere, port(last), "rtcp", ""


def _given(text: bytes) -> tuple[int, int] | None:
    """Read `"192.0.2.5:3456"`, `"[2001:db8::1]:3456"` or `":3456"`, the sender's own address (-1)."""
    where, _, number = text.strip().strip(b'"').rpartition(b":")
    if not port(number):
        return None
    found = address(where) if where else -1
    return None if found is None else (found, port(number))


def _seen(packet: Packet) -> tuple[int, int, int, int, int, int]:
    return packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes
