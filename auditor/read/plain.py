"""Reads the shape that most packets have: Ethernet, IPv4 without options, whole, and TCP or UDP, all headers captured.

Link, network and transport header lie at fixed offsets then, so one gather brings all of them, and a few masks
tell which packets have this shape.  All others are left to `link` and `headers`, which read anything; both
say the same of a plain packet.
"""

from typing import Final

import numpy as np

from auditor.read.arrays import I64, rows, words
from auditor.read.headers import DATA, FLAGS, TCP, UDP, Packets
from auditor.read.window import Batch

ETHERNET: Final = 1
_NETWORK, _TRANSPORT = 14, 34
"""Where the headers begin in a frame."""

# Words as they lie in memory, lowest byte first; the first one holds bytes 10 to 17 of the frame, the second 18 to 25.
_SHAPE: Final = np.uint64(0xFF_FFFF_0000)
_IPV4: Final = np.uint64(0x45_0008_0000)  # EtherType 0x0800, then version 4 and a header of five words
_ETHERTYPE: Final = np.uint64(0xFFFF_0000)
_PIECE: Final = np.uint64(0xFF3F_0000)  # more fragments, and the fragment offset
_LEAST: Final = np.full(256, 1 << 30, np.int64)  # bytes of the network header and a whole transport header behind it
_LEAST[[UDP, TCP]] = 28, 40

_DATAGRAM: Final = 1 << 12  # of TCP, the data offset and the flags make 12 bits, the offset lowest
_bits = np.arange(_DATAGRAM)
_SIZE: Final = np.append(4 * np.maximum(_bits & 15, 5), 8).astype(np.uint8)
_FLAGS: Final = np.append(FLAGS.take(_bits >> 4) | DATA * (_bits >> 8 & 1), 0).astype(np.uint8)
"""Bytes of a transport header, and flags of a packet with payload, by these bits or `_DATAGRAM`."""
_36, _OFFSET_FLAGS, _W = np.uint64(36), np.uint64(0xFFF), np.uint64(0xFFFFFFFF)


def split(batch: Batch) -> tuple[Packets | None, list[I64]]:
    """Return the plain packets, and the positions of the others: those of IPv4, then the rest."""
    if batch.link != ETHERNET:
        return None, [np.arange(len(batch.start))]
    start, captured = batch.start, batch.captured
    head = words(batch.data, start + 10, 5)  # so that the addresses fill one word, and the ports begin another
    total = head.view(">u2")[:, 3].astype(np.int64)
    protocol = head.view(np.uint8)[:, 13].copy()
    other = head[:, 0] & _SHAPE
    other ^= _IPV4
    other |= head[:, 1] & _PIECE
    plain = np.minimum(captured - _NETWORK, total) >= _LEAST.take(protocol)
    plain &= other == 0
    rest = np.flatnonzero(~plain)
    kind = head[:, 0].take(rest) & _ETHERTYPE
    others = [rest[kind == _IPV4 & _ETHERTYPE], rest[kind != _IPV4 & _ETHERTYPE]]
    if not len(rest):
        index = np.arange(len(start))
    else:
        index = np.flatnonzero(plain)
        if not len(index):
            return None, others
        head = rows(head, index)
        total, start, captured = (each.take(index) for each in (total, start, captured))
        protocol = protocol.take(index)
    end = np.minimum(captured, total + _NETWORK)
    end += start
    told = head[:, 4] >> _36
    told &= _OFFSET_FLAGS
    told[protocol == UDP] = _DATAGRAM
    size = _SIZE.take(told.view(np.int64))
    flags = _FLAGS.take(told.view(np.int64))
    transport = start + _TRANSPORT
    body = transport + size
    length = total - (_TRANSPORT - _NETWORK)
    length -= size
    np.maximum(length, 0, out=length)
    flags &= ~(DATA * (length == 0).view(np.uint8))
    none = np.empty(0, np.int64)
    return Packets(
        batch.data, index, [head[:, 2].copy()], head[:, 3] & _W, protocol, transport, np.minimum(body, end, out=body),
        end, length, flags, none, none, np.empty(0, np.uint64), none,
    ), others  # fmt: skip
