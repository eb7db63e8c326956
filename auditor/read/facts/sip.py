"""SIP messages (RFC 3261): the dialog they belong to, the elements they name, the media ends that they announce.

Headers may be folded, in compact form, in any case and any number.  A stream segment may hold several messages or the
beginning of one; what is cut is read as far as it goes.  `condensed` keeps of a message what says something, so that
messages which say the same about a call are the same bytes, and are read once.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from auditor.read.facts import sdp
from auditor.read.facts.model import Dialog, Fact, Hop, Media, Packet, Registered, Tie
from auditor.read.facts.text import address, line_text, name_text, port

MESSAGES: Final = 16  # read of one payload at most
LONGEST: Final = 8192  # octets of a header
HOSTS: Final = 512  # told of one message at most: Max-Forwards starts at 70, and five headers list hops

_START: Final = re.compile(rb"(?:SIP/2\.0 ([1-6]\d\d)|([A-Z]{2,20}) [^\r\n]{1,2048}? SIP/2\.0)[^\r\n]{0,512}\r?\n")
_HEADER: Final = re.compile(rb"\n([CILMPRSVcilmprsv][A-Za-z-]{0,13})[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")
_WANTED: Final = {
    b"i": b"call-id", b"v": b"via", b"m": b"contact", b"l": b"content-length",
    **{name: name for name in (b"call-id", b"cseq", b"via", b"contact", b"record-route", b"route")},
    **{name: name for name in (b"path", b"service-route", b"content-length", b"session-id")},
}  # fmt: skip
_QUOTED: Final = re.compile(rb'"(?:[^"\\]|\\.){0,1024}"', re.DOTALL)
_ELEMENT: Final = re.compile(rb"(?:<[^>]*>?|[^,<])+")
_HOST: Final = rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,255})(?:[ \t]*:[ \t]*(\d{1,5}))?(?=[;,>?\s]|\Z)"
_URI: Final = re.compile(rb"\bsips?:(?:[^<>@\s\"]{0,256}@)?" + _HOST, re.IGNORECASE)
_MADDR: Final = re.compile(rb";\s*(?i:maddr)\s*=\s*(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,255})")
_SENT_BY: Final = re.compile(rb"SIP\s*/\s*2\.0\s*/\s*[A-Za-z0-9-]{1,16}\s+" + _HOST + rb"([^,]{0,1024})", re.IGNORECASE)
_RECEIVED: Final = re.compile(rb";\s*(?i:received)\s*=\s*\[?([0-9A-Fa-f:.]{2,45})")
_RPORT: Final = re.compile(rb";\s*(?i:rport)\s*=\s*(\d{1,5})")
_NO_CALL: Final = frozenset((b"REGISTER", b"OPTIONS", b"SUBSCRIBE", b"PUBLISH", b"MESSAGE", b"NOTIFY"))
_SESSION: Final = re.compile(rb"(?:\A|;[ \t]*remote[ \t]*=)[ \t]*([0-9a-f]{32})(?![0-9A-Za-z])")
_NIL: Final = b"0" * 32

_RELEVANT: Final = re.compile(
    rb"\n(?=[vVmMiIcCrRpPsS])(?:[vV](?:[iI][aA])?|[mMiI]|[cC](?i:ontact|all-id)|[rR](?i:oute|ecord-route)|[pP](?i:ath)"
    rb"|[sS](?i:ervice-route|ession-id))[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*"
)
"""Headers of which `condensed` keeps all; the look ahead saves a tenth, since most lines are none of them."""
_CSEQ: Final = re.compile(rb"\n(?i:cseq)[ \t]*:(?:\s(?!\n)|\d)*([A-Za-z]{2,20})")
_CALL_ID: Final = re.compile(rb"\n(?i:call-id|i)[ \t]*:[ \t]*([^\r\n]{0,8192})")
_BRANCH: Final = re.compile(rb";[ \t]*(?i:branch)[ \t]*=[^;,\s]*")
_OTHERS: Final = re.compile("[a-z0-9]+:")  # with which other protocols' names of sessions begin, and `call_name`'s
_BODY: Final = b"\0"  # begins what `condensed` makes of a body

_Headers = dict[bytes, list[bytes]]


def condensed(payload: bytes) -> list[bytes]:
    """Return what a single message says of its call: by its headers, and by its body if it describes a session.

    `parse` tells the same of these as of the message.  Transactions, sequence numbers and tags are left out.
    """
    blank = len(payload) - len(payload.lstrip(b"\r\n"))
    start = _START.match(payload, blank)
    if not start:
        return []
    end = _body(payload, start.end() - 2)
    method = start[2]
    if method is None:
        found = _CSEQ.search(payload, start.end() - 1, end)
        method = found[1].upper() if found else b""
    method = method if method in _NO_CALL else b"INVITE"
    first = method + b" x SIP/2.0" if start[1] is None else b"SIP/2.0 200 OK\r\nCSeq: 1 " + method
    head = b"".join(_RELEVANT.findall(payload, start.end() - 1, end))
    parts = [first + _BRANCH.sub(b"", head) + b"\r\n\r\n"]
    if end < len(payload) and (body := sdp.condensed(payload, end)):
        call = _CALL_ID.search(payload, start.end() - 1, end)
        if call:
            parts.append(_BODY + len(call[1]).to_bytes(2, "big") + call[1] + body)
    return parts


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the messages of a datagram, or those that start in a stream segment.

    In a datagram the body may be longer than its Content-Length, which nobody should read (RFC 3261, section 18.3), but
    some do: it is read.
    """
    if payload[:1] == _BODY:
        return _described(payload, packet)
    facts: list[Fact] = []
    at, messages = 0, MESSAGES if packet.protocol == 6 else 1
    for _ in range(messages):
        while payload[at : at + 1] in (b"\r", b"\n"):  # keep-alives and stray line ends (RFC 3261, section 7.5)
            at += 1
        start = _START.match(payload, at)
        if not start:
            break
        body = _body(payload, start.end() - 2)
        headers = _headers(payload, start.end() - 1, body)
        length = headers.get(b"content-length", [b""])[0].strip()
        at = body + int(length) if packet.protocol == 6 and 0 < len(length) < 8 and length.isdigit() else len(payload)
        facts += _message(start, headers, payload[body:at], packet)
    return facts


def _body(payload: bytes, at: int) -> int:
    """Say where the empty line ends; the end of the payload if there is none (line ends may lack their CR)."""
    for end in (b"\r\n\r\n", b"\n\n"):
        if (found := payload.find(end, at)) >= 0:
            return found + len(end)
    return len(payload)


def _headers(payload: bytes, start: int, end: int) -> _Headers:
    headers: _Headers = {}
    for found in _HEADER.finditer(payload, start, end):
        if name := _WANTED.get(found[1].lower()):
            headers.setdefault(name, []).append(found[2][:LONGEST].strip())
    return headers


def _message(start: re.Match[bytes], headers: _Headers, body: bytes, packet: Packet) -> list[Fact]:
    seen = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes)
    flow, request = packet.flow, start[1] is None
    call_id = call_name(headers.get(b"call-id", [b""])[0])
    if not call_id:
        return []
    words = headers.get(b"cseq", [b""])[0].upper().split()
    method = start[2] if request else words[-1] if words else b""
    facts: list[Fact] = [Dialog(*seen, flow, call_id, request, method not in _NO_CALL)]
    vias = list(_vias(headers))
    if method == b"REGISTER" and not request and len(vias) == 1:
        facts.append(Registered(*seen, flow))
    told = [*vias, *_uris(headers)][:HOSTS]
    for kind, host, received, number in dict.fromkeys(told):
        literal = address(host)
        where = literal if not received else address(received)
        if where is not None and where == literal and where in (flow[0], flow[2]):
            continue  # an end of this very flow
        facts.append(Hop(*seen, flow, call_id, kind, _host_text(host), -1 if where is None else where, number, request))
    for value in headers.get(b"session-id", [])[:1]:
        facts += [Tie(*seen, call_id, found.decode()) for found in _SESSION.findall(value) if found != _NIL]
    if body:
        facts += [Media(*seen, flow, call_id, end[0], end[1], *end[2:]) for end in sdp.ends(body)]
    return facts


def call_name(raw: bytes) -> str:
    """Return a Call-ID as a name.  None is the name of another protocol's session (`ice:a:b`): who has only heard the
    fragments of ICE, which go in clear, would join a session by writing it into a message."""
    call = line_text(raw)
    return f"sip:{call}" if _OTHERS.match(call) else call


def _described(payload: bytes, packet: Packet) -> list[Fact]:
    """Read what `condensed` made of a body."""
    seen = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes)
    body = 3 + int.from_bytes(payload[1:3], "big")
    call_id, flow = call_name(payload[3:body]), packet.flow
    return (
        [Media(*seen, flow, call_id, end[0], end[1], *end[2:]) for end in sdp.ends(payload[body:])] if call_id else []
    )


def _host_text(host: bytes) -> str:
    return host[1:-1].decode("ascii").lower() if host[:1] == b"[" else name_text(host)


def _vias(headers: _Headers) -> Iterator[tuple[str, bytes, bytes, int]]:
    """List the Via chain (RFC 3261, section 18.2): who sent this request, who handed it on, who made it."""
    chain = [found for value in headers.get(b"via", []) for found in _SENT_BY.finditer(value)]
    for place, found in enumerate(chain):
        kind = "sender" if place == 0 else "origin" if place == len(chain) - 1 else "via"
        received, rport = _RECEIVED.search(found[3]), _RPORT.search(found[3])
        yield kind, found[1], received[1] if received else b"", port(rport[1] if rport else found[2])


def _uris(headers: _Headers) -> Iterator[tuple[str, bytes, bytes, int]]:
    """List the URIs of routes and contacts; `maddr` says where requests go in place of the host (section 19.1.1)."""
    for name in (b"record-route", b"route", b"contact", b"path", b"service-route"):
        kind = name.decode("ascii")
        for value in headers.get(name, []):
            plain = _QUOTED.sub(b"", value) if b'"' in value else value
            for element in _ELEMENT.findall(plain) if b"," in plain else (plain,):
                found = _URI.search(element)
                if not found:
                    continue
                yield kind, found[1], b"", port(found[2])
                if b"maddr" in element and (maddr := _MADDR.search(element, found.end())):
                    yield kind, maddr[1], b"", port(found[2])
