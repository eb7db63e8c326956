"""WebRTC of a browser: dumps of rtcstats-server, a line for each event.

rtcstats: lines `[event, peer connection, value, time in ms]` (of its version 3: see `third`), in which each getStats
repeats only what changed since the one before it.  Reports and their members are those of the W3C's Identifiers for
WebRTC's Statistics API (candidate-pair, local-candidate, remote-candidate, transport), or what Chrome
(`googCandidatePair`, `googComponent`) and Firefox (`selected`) had before it; candidates are those of RFC 8839, section
5.1.

The browser is the client.  The pair that its transport has selected is an exchange that happened, with the counts that
were last told; through its own relay it is two: the client with the relay, and the relay with the other side.  All
other candidates, and the servers that the page configured, are offers.  A candidate that is the browser's own is no
place.  What the other side is, a server or a person, is known only where the page says so (`rtcStatsSFUP2P` of Jitsi).
The meeting names the session if the dump names it, else both sides' fragments of ICE do, as in captures.

A dump is one document of which each line needs those before it: cut in two it tells less.
"""

from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.calls import taken
from auditor.logs.calls.peers import Dump
from auditor.logs.calls.taken import Row
from auditor.logs.calls.third import HEADER, expanded
from auditor.logs.model import Told
from auditor.logs.values import Value, lines
from auditor.model.status import NO_ADDRESS
from auditor.read.source import HEAD, Source, opened

LINES: Final = True
"""A record is a line."""
_EVENTS: Final = (
    b'["connectionInfo",', b'["create",', b'["getstats",', b'["getStats",', b'["constraints",', b'["identity",',
    b'["navigator.mediaDevices.', b'["createOffer', b'["onicecandidate",', b'["publicIP",', b'["wsconnect',
)  # fmt: skip
_SERVERS: Final = (b'"statsSessionId"', b'"type"', b'"data"')
"""Members of what Jitsi's own servers (jigasi, jicofo) send to rtcstats."""


def sniff(head: bytes) -> bool:
    """Tell a dump by its first event."""
    plain = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if plain.startswith(b"{"):
        return all(name in plain.partition(b"\n")[0] for name in _SERVERS)
    return plain.startswith((*_EVENTS, HEADER + b"\n", HEADER + b"\r\n"))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row for each exchange and each offer, and for each event that tells of none."""
    with opened(source) as stream:
        head = (stream.read(HEAD) or b"").lstrip(b"\xef\xbb\xbf \t\r\n")
    events = lines(source, told)
    return taken.frames(_numbered(expanded(events) if head.startswith(HEADER) else events, told))


def _numbered(values: Iterator[Value], told: Told) -> Iterator[Row]:
    """Yield rows, each event in one of them."""
    dump = Dump(told)
    for value in values:
        if value.status:
            yield {"record": value.record, "status": value.status, "detail": value.detail}
        elif not dump.take(value.record, value.value):
            yield {"record": value.record, "status": NO_ADDRESS, "detail": taken.UNTOLD}
    yield from dump.rows()
