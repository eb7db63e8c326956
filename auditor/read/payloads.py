"""Hands the few payloads that must be read, byte by byte, to the parsers of facts, and folds what they say."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, U64
from auditor.read.classify import APPS, CODE
from auditor.read.facts import parse
from auditor.read.facts.model import Fact, Packet, fold
from auditor.read.headers import ICMP, TCP, Packets
from auditor.read.window import Batch

CALLED: Final = 0xFFFF << 32
_8, _16, _32 = (np.uint64(n) for n in (8, 16, 32))
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


def wanted(packets: Packets, app: NDArray[np.uint8], start: U64) -> I64:
    """Return the positions of packets whose payload says more than its kind; `start` is its first 16 bytes.

    All SIP and STUN messages, DNS answers, and ClientHellos of TLS and DTLS.
    """
    some = np.flatnonzero(_READ[app])
    if not len(some):
        return some
    kind, first, second = app[some], start[some, 0], start[some, 1]
    begin = first & _B
    hello = (begin == 22) & np.where(kind == CODE["tls"], first >> np.uint64(40) & _B, second >> np.uint64(40) & _B)
    ahead = np.where(packets.protocol[some] == TCP, np.uint64(32), np.uint64(16))  # DNS over TCP begins with a length
    answer = first >> ahead & np.uint64(0x80) != 0
    return some[np.where(_HELLO[kind], hello == 1, np.where(_ANSWER[kind], answer, True))]


def _set(*names: str) -> NDArray[np.bool_]:
    return np.isin(np.arange(len(APPS)), [CODE[name] for name in names])


_ANSWER: Final = _set("dns", "mdns", "llmnr")
_HELLO: Final = _set("tls", "dtls")
_READ: Final = _set("sip", "stun", "dns", "mdns", "llmnr", "tls", "dtls")


def read(
    known: dict[Fact, Fact],
    batch: Batch,
    packets: Packets,
    which: I64,
    app: NDArray[np.uint8],
    witness: I64,
    vantage: int,
) -> None:
    """Parse the payloads of the packets at these positions and fold what they say into `known`."""
    index = packets.index[which]
    for i, packet in enumerate(_described(batch, packets, which, witness[which], index, vantage)):
        place = which[i]
        payload = packets.data[packets.body[place] : packets.end[place]].tobytes()
        facts = parse(APPS[app[place]], payload, packet)
        if facts:
            fold(known, facts)


def _described(batch: Batch, packets: Packets, which: I64, witness: I64, index: I64, vantage: int) -> Iterator[Packet]:
    source, target = _addresses([word[which] for word in packets.address])
    ports = packets.ports[which]
    sport, dport = ((word.byteswap() >> np.uint64(48)).tolist() for word in (ports & _S, ports >> _16 & _S))
    protocol = packets.protocol[which].tolist()
    at = packets.body[which]
    error = np.isin(packets.protocol[which], (ICMP, 58))
    if error.any():  # their type and code stand where others have ports
        head = at - 8
        kind, code = packets.data.take(head).tolist(), packets.data.take(head + 1).tolist()
        sport, dport = (
            [b if e else a for a, b, e in zip(x, y, error.tolist(), strict=True)]
            for x, y in ((sport, kind), (dport, code))
        )
    rows = zip(
        source,
        target,
        sport,
        dport,
        protocol,
        witness.tolist(),
        batch.ns[index].tolist(),
        batch.wire[index].tolist(),
        strict=True,
    )
    for row in rows:
        yield Packet(vantage, *row)


def _addresses(words: Sequence[U64]) -> tuple[list[int], list[int]]:
    """Return source and destination addresses as 128-bit numbers."""
    if len(words) == 1:
        both = (words[0] & _W).byteswap() >> _32, (words[0] >> _32).byteswap() >> _32
        source, target = ([CALLED | v for v in each.tolist()] for each in both)
        return source, target
    high, low, other_high, other_low = (word.byteswap().tolist() for word in words)
    join = lambda a, b: [x << 64 | y for x, y in zip(a, b, strict=True)]  # noqa: E731
    return join(high, low), join(other_high, other_low)
