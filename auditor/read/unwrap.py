"""Steps into tunnels: a packet counts once, in the innermost exchange, and each outer pair was passed on the way.

What does not hold up as a tunnel (`inside.sound`) stays in the flow of its outer header, whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from auditor.read import headers, tunnels
from auditor.read.arrays import I64, U8, U64
from auditor.read.headers import Packets
from auditor.read.inside import Inside
from auditor.read.link import Layer
from auditor.read.window import Batch

HEADERS: Final = 4
"""IP headers of one packet that are read."""
_OF_FRAGMENTS: Final = ("identification", "place")
"""Columns of packets that are of their fragments alone, later ones and then leading ones."""
_MAPPED: Final = np.uint64(0xFFFF0000)  # before an IPv4 address in an IPv6 one, as it lies in memory
_32, _W = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(slots=True)
class Wrapped:
    """Packets that were wrapped, and for each the tunnels that it came through, the outermost first."""

    packets: Packets
    passed: list["Passed"]
    deeper: I64  # positions of packets that wrap another one, which is one too many


@dataclass(slots=True)
class Passed:
    """The outer headers of packets: which tunnel, and between which addresses (two words each, as in memory)."""

    code: U8  # index into tunnels.TUNNELS
    address: list[U64]

    def only(self, which: I64) -> "Passed":
        """Return some of them."""
        return Passed(self.code[which], [word[which] for word in self.address])


def opened(batch: Batch, packets: Packets) -> Iterator[Packets | Wrapped]:
    """Yield each of the packets once, those that are wrapped by their innermost header."""
    which = tunnels.suspected(packets)
    if len(which):
        yield from _opened(batch, packets, which, [])
    else:
        yield packets


def _opened(batch: Batch, packets: Packets, which: I64, passed: list[Passed]) -> Iterator[Packets | Wrapped]:
    """Yield what stays as it is, then what is inside of the others."""
    some, code, found = tunnels.read(packets, which)
    if len(passed) + 1 == HEADERS:
        yield Wrapped(packets, passed, some)
        return
    taken = np.zeros(len(packets.index), bool)
    inner = list(_inside(batch, packets, some, found)) if len(some) else []
    for _each, place in inner:
        taken[some[place]] = True
    if len(inner):
        left = np.flatnonzero(~taken)
        if len(left):
            yield _yielded(only(packets, left), [each.only(left) for each in passed])
    else:
        yield _yielded(packets, passed)
    for each, place in inner:
        origin = some[place]
        here = Passed(code[place], addresses(packets, origin))
        through = [*(outer.only(origin) for outer in passed), here]
        again = tunnels.suspected(each)
        if len(again):
            yield from _opened(batch, each, again, through)
        else:
            yield _yielded(each, through)


def _yielded(packets: Packets, passed: list[Passed]) -> Packets | Wrapped:
    return Wrapped(packets, passed, np.empty(0, np.int64)) if passed else packets


def _inside(batch: Batch, packets: Packets, some: I64, found: Inside) -> Iterator[tuple[Packets, I64]]:
    """Read inner headers; yield packets, of which `index` is that in the batch, with their places in `some`."""
    index = packets.index[some]
    sub = replace(
        batch, start=found.at, captured=found.end - found.at, wire=found.stop - found.at, ns=batch.ns[index],
        record=batch.record[index],
    )  # fmt: skip
    for each in headers.read(sub, Layer(found.at, found.kind, found.end)):
        if isinstance(each, Packets):
            place = each.index
            each.index = index[place]
            yield each, place


def only(packets: Packets, which: I64) -> Packets:
    """Return the packets at these ascending positions."""
    new = np.full(len(packets.index), -1, np.int64)
    new[which] = np.arange(len(which))
    later, leading = new[packets.later], new[packets.leading]
    named = np.concatenate((later, leading)) >= 0
    special: dict[str, Any] = {
        "data": packets.data,
        "address": [word[which] for word in packets.address],
        "later": later[later >= 0],
        "leading": leading[leading >= 0],
        **{name: getattr(packets, name)[named] for name in _OF_FRAGMENTS},
    }
    columns = {name: getattr(packets, name)[which] for name in Packets.__slots__ if name not in special}
    return Packets(**special, **columns)


def addresses(packets: Packets, which: I64) -> list[U64]:
    """Return source and destination as IPv6 addresses, two words each, as they lie in memory."""
    address = [word[which] for word in packets.address]
    if len(address) > 1:
        return address
    none = np.zeros(len(which), np.uint64)
    return [none, address[0] << _32 | _MAPPED, none, address[0] & ~_W | _MAPPED]
