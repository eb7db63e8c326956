"""What of a packet tells streams of media apart: RTP (RFC 3550), SRTP (RFC 3711), and their control packets.

The first byte of RTP is that of a quarter of all random payloads, so a packet proves nothing.  A stream does:
its packets share one synchronization source (SSRC) and one payload type, and their sequence numbers and
timestamps progress.  One socket carries many streams (RFC 8843): voice and video of several people, with their
retransmissions.  SRTP leaves all of this in the clear.

How numbers progress is folded into one integer by OR, so that any order and split of the packets give the same:
which of the 16 residues of the sequence number modulo 16 occurred (they all do, in turn), which sixteenths of its
range, and which 32nds of the range of timestamps (few do, for long).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.read import zoom
from auditor.read.arrays import I64, U64, Bool
from auditor.read.classify import CODE
from auditor.read.headers import SEALED, Packets

Marks = tuple[U64, I64]
"""Of each packet, its stream and its progress; 0 where it is none of RTP or RTCP."""

KNOWN: Final = np.uint64(1 << 63)
"""Part of every known stream, since 0 is an SSRC like others."""
NOISE: Final = np.uint64(1 << 62)
"""In place of the streams of a flow that seems to have more of them than there can be."""

STEADY: Final = 4
"""Packets of one stream that make one without other evidence."""

_MEDIA: Final = np.isin(np.arange(256), [CODE[app] for app in ("rtp", "rtcp", "zoom", "turn")])
_REPORTS: Final = np.isin(np.arange(256), zoom.REPORTS)
_CONTROL: Final = (np.arange(256) >= 192) & (np.arange(256) <= 223)
_FAR, _STAMP = 16, 32  # where the second and the third part of `progress` begin
_8, _15, _20, _24, _31, _32, _35 = (np.uint64(n) for n in (8, 15, 20, 24, 31, 32, 35))
_ONE, _TYPE, _B, _S, _W = (np.uint64(n) for n in (1, 0x7F, 0xFF, 0xFFFF, 0xFFFFFFFF))


def marks(packets: Packets, app: NDArray[np.uint8], start: U64) -> Marks | None:
    """Return what tells streams apart; `start` is as `classify` returns it.  None: there is no media.

    What goes through a relay in channels (RFC 8656, section 12.4) is looked at behind their header; DTLS there is
    flagged.
    """
    which = np.flatnonzero(_MEDIA.take(app))
    if not len(which):
        return None
    whole = len(which) == len(app)
    kind = app if whole else app[which]
    first, second = (start[:, i] if whole else start[which, i] for i in (0, 1))
    control = kind == CODE["rtcp"]
    wrapped = np.flatnonzero(kind == CODE["zoom"])
    if len(wrapped):
        control[wrapped] = _REPORTS.take((first[wrapped] >> _8 & _B).view(np.int64))
    relayed = np.flatnonzero(kind == CODE["turn"])
    if len(relayed):
        first, second = first.copy(), second.copy()
        inner, sealed = _in_channel(packets, which[relayed], first[relayed], second[relayed])
        packets.flags[which[relayed[sealed]]] |= SEALED
        first[relayed], second[relayed] = inner, second[relayed] >> _32
        control[relayed] = _CONTROL.take((inner >> _8 & _B).view(np.int64))
        wrapped = np.concatenate((wrapped, relayed))
    stream = _network(second & _W) | (first >> _8 & _TYPE) << _32 | KNOWN
    sequence = _ONE << (first >> _24 & _15) | _ONE << ((first >> _20 & _15) + np.uint64(_FAR))
    progress = sequence | _ONE << ((_stamp(first) & _31) + np.uint64(_STAMP))
    reported = np.flatnonzero(control)
    if len(reported):  # the sender's SSRC stands first in all of them (RFC 3550, section 6)
        stream[reported] = _network(first[reported] >> _32) | KNOWN
        progress[reported] = 0
    if len(wrapped):  # other messages belong to no stream
        none = wrapped[first[wrapped] & np.uint64(0xC0) != 0x80]
        stream[none], progress[none] = 0, 0
    if whole:
        return stream, progress.view(np.int64)
    out = np.zeros((2, len(app)), np.uint64)
    out[0, which], out[1, which] = stream, progress
    return out[0], out[1].view(np.int64)


def _in_channel(packets: Packets, which: I64, first: U64, second: U64) -> tuple[U64, Bool]:
    """Return the first bytes that channels carry, 0 where they hold no RTP or RTCP; and say which of them is DTLS."""
    inner = first >> _32 | second << _32
    begin, length = inner.view(np.int64) & 0xFF, packets.end[which] - packets.body[which] - 4
    sealed = (begin >= 20) & (begin <= 25) & (inner >> _8 & _B == 0xFE) & (length >= 8)
    return np.where((begin >> 6 == 2) & (length >= 12), inner, np.uint64(0)), sealed


def _network(value: U64) -> U64:
    """Read 32 bits in network order from the lowest four bytes, lowest first."""
    return value.byteswap() >> _32


def _stamp(first: U64) -> U64:
    """Return the five highest bits of the timestamp, whose first byte is the fifth."""
    return first >> _35


def ssrc(stream: U64) -> NDArray[np.uint32]:
    """Return the synchronization source of known streams."""
    return (stream & _W).astype(np.uint32)


def payload_type(stream: U64) -> NDArray[np.uint8]:
    """Return the payload type of known streams of RTP."""
    return (stream >> _32 & _TYPE).astype(np.uint8)


def steady(stream: U64, progress: I64, packets: I64) -> Bool:
    """Say which rows are streams by themselves: at least `STEADY` packets of one, whose numbers progress.

    Sequence numbers go on by one: of n packets in a row, n residues occur (a third suffices: copies and losses),
    and few of the sixteenths.  A sender that begins again elsewhere, after a hold, is allowed for.  Payload types
    64 to 95 are not used, since they look like RTCP (RFC 5761, section 4).
    """
    found: Bool = (stream & KNOWN != 0) & (packets >= STEADY)
    some = np.flatnonzero(found)
    kind, bits, sent = payload_type(stream[some]), progress.view(np.uint64)[some], packets[some]
    parts = bits & _S, bits >> np.uint64(_FAR) & _S, bits >> np.uint64(_STAMP)
    near, far, stamp = (_ones(part) for part in parts)
    moves = near * 3 >= np.minimum(sent, 16)
    slack = 2 + np.minimum(sent // 16, 8)
    keeps = (far <= slack + sent // 1024) & (stamp <= slack + sent // 16384)
    used = (kind < 64) | (kind > 95)
    found[some] = used & moves & keeps
    return found


_ONES: Final = np.array([bin(byte).count("1") for byte in range(256)], np.int64)


def _ones(value: U64) -> I64:
    """Count the bits that are set (NumPy 1 can't)."""
    counts: I64 = _ONES.take(np.ascontiguousarray(value).view(np.uint8).reshape(-1, 8)).sum(axis=1)
    return counts
