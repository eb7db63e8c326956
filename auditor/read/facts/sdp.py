"""Where a session description (RFC 8866) has media sent: c=, m=, a=rtcp (RFC 3605), a=candidate (RFC 8839).

Private and unspecified ends are facts like others: what they are worth is decided where flows are known.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from auditor.read.facts.text import address, port

LINES: Final = 1024  # read of one body at most
ENDS: Final = 128  # told of one body at most
PORTS: Final = 8  # of one stream that asks for several

_KINDS: Final = frozenset((b"host", b"srflx", b"prflx", b"relay"))
_MEDIA: Final = frozenset((b"audio", b"video", b"text", b"application", b"message", b"image"))
_LINE: Final = re.compile(rb"^([a-z])=([^\r\n]{0,1024})", re.MULTILINE)
_BEGIN: Final = re.compile(rb"^v=0", re.MULTILINE)
_PART: Final = re.compile(rb"^--", re.MULTILINE)
_PROFILE: Final = re.compile(rb"[A-Za-z0-9/.+-]{1,32}\Z")

_KEYS: Final = (b"crypto", b"fingerprint", b"key-mgmt", b"zrtp-hash", b"encryption")
"""RFC 4568, RFC 8122, RFC 4567, RFC 6189, and what some telephones write instead."""
_UFRAG: Final = re.compile(rb"ice-ufrag:([\x21-\x39\x3b-\x7e]{1,256})")
_SAYS: Final = re.compile(
    rb"^(?:v=0|[cm]=[^\r\n]*|a=(?:rtcp|candidate|ice-ufrag|%b):[^\r\n]*|--)" % b"|".join(_KEYS),
    re.MULTILINE | re.IGNORECASE,
)
"""Lines that say where media goes, and whether it is to be encrypted."""

End = tuple[int, int, str, str, str, str, str]
"""Address, port, kind (`media`, `rtcp`, `candidate host`, ...), media, profile, keys, ufrag: as in `model.Media`."""


@dataclass(slots=True)
class _Stream:
    """One m= section: ends are known only when all of its lines, and the session's c=, have been read."""

    media: str
    port: int
    count: int  # of ports
    profile: str
    keys: set[str] = field(default_factory=set)
    ufrag: str = ""
    addresses: list[int] = field(default_factory=list)
    rtcp: tuple[int, int | None] | None = None  # port, address if it has its own
    candidates: list[tuple[int, int, str]] = field(default_factory=list)


def condensed(payload: bytes, at: int) -> bytes:
    """Return the lines from this offset on that say where media goes and how; nothing where no description begins."""
    if payload.find(b"v=0", at) < 0:
        return b""
    return b"\n".join(_SAYS.findall(payload, at))


def ends(body: bytes) -> list[End]:
    """List the ends of the descriptions in a body: each begins at `v=0`, in a part of a multipart (RFC 5621), say."""
    starts = [found.start() for found in _BEGIN.finditer(body)][:PORTS]
    found: list[End] = []
    for start, following in pairwise([*starts, len(body)]):
        end = _PART.search(body, start, following)
        found += _description(body, start, end.start() if end else following)
    return list(dict.fromkeys(found))[:ENDS]


def _description(body: bytes, start: int, end: int) -> list[End]:
    session: list[int] = []
    keys: set[str] = set()
    ufrag = ""
    streams: list[_Stream] = []
    for kind, value in _lines(body, start, end):
        stream = streams[-1] if streams else None
        if kind == b"m":
            streams.append(_stream(value))
        elif kind == b"c" and (where := _connection(value)) is not None:
            (stream.addresses if stream else session).append(where)
        elif kind == b"a":
            name = value.partition(b":")[0].lower()
            if name in _KEYS:
                (stream.keys if stream else keys).add(name.decode("ascii"))
            elif named := _UFRAG.match(value):
                if stream:
                    stream.ufrag = named[1].decode("ascii")
                else:
                    ufrag = named[1].decode("ascii")
            elif stream:
                _attribute(value, stream)
    if not streams:
        return [(where, 0, "media", "", "", "", "") for where in session]
    return [end for stream in streams for end in _told(stream, session, keys, ufrag)]


def _lines(body: bytes, start: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    for number, line in enumerate(_LINE.finditer(body, start, end)):
        if number == LINES:
            break
        yield line[1], line[2]


def _stream(value: bytes) -> _Stream:
    """Read `audio 49170 RTP/AVP 0` or `video 49170/2 RTP/AVP 31` (RFC 8866, section 5.14)."""
    words = value.split(None, 3)
    media = words[0].lower() if words else b""
    number, _, count = words[1].partition(b"/") if len(words) > 1 else (b"", b"", b"")
    several = min(int(count), PORTS) if count.isdigit() and len(count) < 4 else 1
    profile = words[2].upper().decode("ascii") if len(words) > 2 and _PROFILE.match(words[2]) else ""
    return _Stream(media.decode("ascii") if media in _MEDIA else "", port(number), max(several, 1), profile)


def _connection(value: bytes) -> int | None:
    """Read `IN IP4 192.0.2.1` or `IN IP4 233.252.0.1/127/3` (RFC 8866, section 5.7); None for a host name."""
    words = value.split(None, 3)
    if len(words) < 3 or words[0].upper() != b"IN":
        return None
    return address(words[2].partition(b"/")[0])


def _attribute(value: bytes, stream: _Stream) -> None:
    if value[:5] == b"rtcp:":
        words = value[5:].split(None, 4)
        if words and (number := port(words[0])):
            stream.rtcp = number, address(words[3]) if len(words) > 3 else None
    elif value[:10] == b"candidate:":
        words = value.split(None, 8)
        if len(words) < 8 or words[6] != b"typ" or words[7] not in _KINDS:
            return
        where = address(words[4])  # RFC 8839, section 5.1; mDNS names (.local) say nothing
        if where is not None:
            stream.candidates.append((where, port(words[5]), "candidate " + words[7].decode("ascii")))


def _told(stream: _Stream, session: list[int], keys: set[str], ufrag: str) -> Iterator[End]:
    what = stream.media, stream.profile, " ".join(sorted(stream.keys | keys)), stream.ufrag or ufrag
    addresses = stream.addresses or session
    step = 2 if "RTP" in stream.profile else 1  # RTCP has the ports between (RFC 8866, section 5.14)
    for where in addresses:
        for number in range(stream.count if stream.port else 1):
            if stream.port + step * number < 1 << 16:
                yield where, stream.port + step * number, "media", *what
    if stream.rtcp and stream.port:
        number, own = stream.rtcp
        for where in addresses[:1] if own is None else [own]:
            yield where, number, "rtcp", *what
    for where, number, candidate in stream.candidates:
        yield where, number, candidate, *what
