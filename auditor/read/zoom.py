"""Finds RTP and RTCP inside Zoom's own encapsulation, by content: its ports alone decide nothing.

Zoom doesn't publish it; measurement studies describe it (Michel, Sengupta, Kim, Netravali and Rexford, IMC 2022).
Towards a server a packet begins with 5, then a header of seven bytes or none; between participants it begins
with what follows that: a byte that says what is carried, a header whose length hangs on it, and RTP or RTCP.
"""

from typing import Final

import numpy as np

from auditor.read.arrays import I64, Bool, words
from auditor.read.headers import Packets

SERVER: Final = 5
HEADERS: Final = {13: 27, 15: 19, 16: 24, 30: 20, 33: 16, 34: 16, 35: 16}
"""Bytes before RTP of a screen from a server, of voice, video, a screen from a peer; before RTCP, of three kinds."""
OUTER: Final = (8, 1, 0)  # bytes before that header: a server's two forms, and none
CONTROL: Final = 33  # and above: RTCP

REPORTS: Final = range(200, 208)
"""Types of RTCP; RTP has payload types from 96 there, so the second byte tells them apart."""

_HEADER: Final = np.zeros(256, np.int64)
for _kind, _size in HEADERS.items():
    _HEADER[_kind] = _size
_BEGINS: Final = ((_HEADER > 0) & (np.arange(256) != 13)) | (np.arange(256) == SERVER)
"""Not 13, which is a server's, behind its header; and by which Google's QUIC begins."""
_FIXED: Final = 12  # bytes of an RTP header; of an RTCP packet that says something, eight


def begins(first: I64) -> Bool:
    """Say which first bytes can be those of the encapsulation."""
    can: Bool = _BEGINS.take(first)
    return can


def inside(packets: Packets, which: I64) -> I64:
    """Return where RTP or RTCP begins in these packets; 0: there is none."""
    body, end = packets.body[which], packets.end[which]
    found = np.zeros(len(which), np.int64)
    served = packets.data.take(body) == SERVER
    for outer in OUTER:
        rest = np.flatnonzero((found == 0) & (served == (outer > 0)) & (body + outer + _FIXED < end))
        if not len(rest):
            continue
        kind = packets.data.take(body[rest] + outer)
        at = body[rest] + outer + _HEADER.take(kind)
        reports = kind >= CONTROL
        fits = (_HEADER.take(kind) > 0) & (at + np.where(reports, 8, _FIXED) <= end[rest])
        rest, at, reports = rest[fits], at[fits], reports[fits]
        first = words(packets.data, at, 1)[:, 0].view(np.int64)
        marked = first >> 8 & 0xFF
        control = (marked >= REPORTS.start) & (marked < REPORTS.stop)
        good = (first & 0xC0 == 0x80) & np.where(reports, control, marked & 0x7F >= 96)
        found[rest[good]] = at[good]
    return found
