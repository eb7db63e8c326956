"""Finds, in columns, the packets that begin messages which they don't hold whole, and those that go on with one."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, U64, Bool, big16, items, words
from auditor.read.classify import CODE, FRAMED, SCTP
from auditor.read.headers import FRAGMENT, TCP, UDP, Packets

KINDS: Final = ("", "sip", "websocket", "tls", "dns", "dtls", "sctp")
"""Of chains, by number; 0: a packet that begins nothing."""

_8, _16, _24, _32, _40, _48, _56 = (np.uint64(n) for n in (8, 16, 24, 32, 40, 48, 56))
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
_ODD, _OTHER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def begun(packets: Packets, app: NDArray[np.uint8], start: U64) -> NDArray[np.uint8]:
    """Return for each packet the number of the kind of chain that begins with it; `start` is its first 16 bytes.

    SIP on TCP and SCTP always goes through a chain, other messages where the packet doesn't hold one whole.
    """
    kinds = np.zeros(len(app), np.uint8)
    some = np.flatnonzero(_FEW.take(app) & (packets.flags & FRAGMENT == 0))
    if not len(some):
        return kinds
    code, protocol, first, second = app[some], packets.protocol[some], start[some, 0], start[some, 1]
    tcp = protocol == TCP
    framed = FRAMED.take((first & _B).view(np.int64))
    sip = code == CODE["sip"]
    found = np.where(sip & tcp, np.where(framed, 2, 1), np.where(sip & (protocol == SCTP), 6, 0))
    hello = np.flatnonzero((code == CODE["tls"]) & tcp & (first & _B == 22) & (first >> _40 & _B == 1))
    found[hello] = 3 * ~_whole_hello(packets, some[hello], first[hello], second[hello])
    dns = np.flatnonzero((code == CODE["dns"]) & tcp)
    found[dns] = 4 * _dns_answer(first[dns], second[dns])
    dtls = (code == CODE["dtls"]) & (protocol == UDP) & (first & _B == 22) & (second >> _40 & _B == 1)
    dtls = np.flatnonzero(dtls & (first >> _24 & _S == 0))  # epoch 0: not encrypted
    found[dtls] = 5 * _hello_in_fragments(packets, some[dtls])
    kinds[some] = found
    return kinds


_FEW: Final = np.zeros(256, bool)
_FEW[[CODE[name] for name in ("sip", "tls", "dns", "dtls")]] = True


def _whole_hello(packets: Packets, which: I64, first: U64, second: U64) -> Bool:
    """Say which TLS hellos lie in one segment and record, or were cut by the capture, so that none can follow."""
    record = ((first >> _24 & _B) << _8 | first >> _32 & _B).view(np.int64)
    shake = ((first >> _48 & _B) << _16 | (first >> _56) << _8 | second & _B).view(np.int64)
    size = packets.end[which] - packets.body[which]
    whole: Bool = (shake + 9 <= size) & (shake + 4 <= record)
    return whole | (packets.length[which] > size)


def _dns_answer(first: U64, second: U64) -> Bool:
    """Say which segments begin with the length and the header of an answer (RFC 1035, sections 4.2.2 and 4.1.1)."""
    length = ((first & _B) << _8 | first >> _8 & _B).view(np.int64)
    flags = (first >> _32 & _B).view(np.int64)
    asked, answers = ((first >> _48 & _B) << _8 | first >> _56).view(np.int64), (second & _B).view(np.int64)
    good: Bool = (length >= 12) & (flags & 0x80 != 0) & (flags >> 3 & 15 < 7) & (asked <= 1) & (answers < 16)
    return good


def _hello_in_fragments(packets: Packets, which: I64) -> Bool:
    """Say which DTLS hellos are a fragment (RFC 6347, section 4.2.3)."""
    size, body = packets.end[which] - packets.body[which], packets.body[which]
    word = words(packets.data, body + 14, 1)[:, 0] if len(which) else np.empty(0, np.uint64)
    length = _24_bits(word)
    offset = _24_bits(word >> _40)
    fragment = big16(packets.data, body + 23) if len(which) else np.empty(0, np.int64)
    parted: Bool = (size > 25) & ((offset > 0) | (fragment < length)) & (length < 1 << 16)
    return parted


def _24_bits(word: U64) -> I64:
    number: I64 = ((word & _B) << _16 | (word >> _8 & _B) << _8 | word >> _16 & _B).view(np.int64)
    return number


def streams(address: Sequence[U64], ports: U64, protocol: NDArray[Any]) -> U64:
    """Return a number for each stream; two may share one."""
    mixed = address[0] * _ODD
    for word in address[1:]:
        mixed = (mixed + word) * _ODD
    mixed ^= mixed >> _32
    mixed += (ports | protocol.astype(np.uint64) << _32) * _OTHER
    mixed ^= mixed >> _32
    return mixed


def of_keys(keys: Iterable[bytes]) -> tuple[U64, U64]:
    """Return the numbers of the streams of these keys of chains, of IPv4 and of IPv6, each sorted."""
    table = np.frombuffer(b"".join([key[:40] for key in keys]), "<u8").reshape(-1, 5)
    four = (table[:, 0] == 0) & (table[:, 1] & _W == _MAPPED)
    old, new = table[four], table[~four]
    addresses = old[:, 1] >> _32 | old[:, 3] & ~_W
    found = (
        streams([addresses], old[:, 4] & _W, (old[:, 4] >> _32 & _B).view(np.int64)),
        streams([new[:, i] for i in range(4)], new[:, 4] & _W, (new[:, 4] >> _32 & _B).view(np.int64)),
    )
    return np.sort(found[0]), np.sort(found[1])


_MAPPED: Final = np.uint64(0xFFFF0000)


def going_on(packets: Packets, kinds: NDArray[np.uint8], opened: U64) -> I64:
    """Return the positions of packets that begin a chain, or are of a stream of one, or of one of those opened."""
    anchors = np.flatnonzero(kinds)
    if not (len(anchors) or len(opened)):
        return anchors
    size = packets.end > packets.body
    some = np.flatnonzero(size & ((packets.protocol == TCP) | (packets.protocol == SCTP)))
    numbers = streams([word[some] for word in packets.address], packets.ports[some], packets.protocol[some])
    fresh = streams([word[anchors] for word in packets.address], packets.ports[anchors], packets.protocol[anchors])
    wanted = np.sort(np.concatenate((opened, fresh)))
    place = np.minimum(np.searchsorted(wanted, numbers), len(wanted) - 1)
    chosen = np.zeros(len(kinds), bool)
    chosen[some[wanted[place] == numbers]] = True
    chosen[anchors] = True
    return np.flatnonzero(chosen)


def sequence(packets: Packets, which: I64) -> list[int]:
    """Read the sequence numbers of TCP segments; of SCTP packets it is their verification tag."""
    numbers: list[int] = items(packets.data, packets.head[which] + 4, 4, ">u4")[:, 0].tolist()
    return numbers
