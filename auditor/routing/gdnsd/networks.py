"""The networks of a map: which list serves which addresses, the longest prefix first.

As in gdnsd's libgdmaps/nets.c: IPv4 lies in ::/96, so a network of IPv6 around that holds all of IPv4 too; other ways
to write IPv4 as IPv6 are refused; bits behind the mask are cleared.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, summarize_address_range
from typing import Final

from auditor.routing.gdnsd.values import address
from auditor.routing.gdnsd.vscf import Text, Value

FOUR: Final = 1 << 32  # addresses of IPv4, which are the first of IPv6
REFUSED: Final = {
    IPv6Network("::ffff:0:0/96"): "IPv4-mapped",
    IPv6Network("::ffff:0:0:0/96"): "IPv4-translated",
    IPv6Network("64:ff9b::/96"): "NAT64",
    IPv6Network("2001::/32"): "Teredo",
    IPv6Network("2002::/16"): "6to4",
}
PIECES: Final = 2_000
"""Networks in which the rest of one is written that has others inside; beyond, the whole of it is."""


@dataclass(frozen=True, slots=True)
class Net:
    """A network, as a range of IPv6 addresses."""

    first: int
    bits: int  # of the prefix in IPv6
    key: Text
    value: Value
    cleared: bool = False  # bits stood behind its mask

    @property
    def last(self) -> int:
        """The last address."""
        return self.first + (1 << (128 - self.bits)) - 1


def net(key: Text, value: Value) -> Net:
    """Read `address/bits`.  Raise InputError for what gdnsd refuses."""
    given, slash, tail = key.text.partition("/")
    found = address(given)
    if not slash or found is None or not re.fullmatch(r"[0-9]{1,5}", tail):
        raise key.error(f"`{key.text}` is no network; write it as 192.0.2.0/24 or 2001:db8::/32")
    four = isinstance(found, IPv4Address)
    if int(tail) > (32 if four else 128):
        raise key.error(f"`{key.text}` has more bits than an address")
    bits = int(tail) + (96 if four else 0)
    if not four:
        for space, name in REFUSED.items():
            if bits >= space.prefixlen and IPv6Address(int(found)) in space:
                raise key.error(f"`{key.text}` is {name} space, which gdnsd refuses; write it as a network of IPv4")
    first = int(found) >> (128 - bits) << (128 - bits)
    return Net(first, bits, key, value, first != int(found))


def sorted_nets(nets: list[Net]) -> list[Net]:
    """Put networks behind those that hold them."""
    return sorted(nets, key=lambda each: (each.first, each.bits))


def inside(nets: list[Net]) -> Iterator[tuple[Net, list[Net]]]:
    """Yield each of some sorted networks with those that lie in it and in no other of them; equal ones once."""
    below: dict[int, list[Net]] = {}
    stack: list[int] = []
    for number, each in enumerate(nets):
        while stack and nets[stack[-1]].last < each.first:
            stack.pop()
        if stack and (nets[stack[-1]].first, nets[stack[-1]].bits) == (each.first, each.bits):
            continue
        below[number] = []
        if stack:
            below[stack[-1]].append(each)
        stack.append(number)
    for number, found in below.items():
        yield nets[number], found


def conflicts(nets: list[Net], lists: list[tuple[str, ...]]) -> list[set[int]]:
    """Return groups of sorted networks, by number, of which gdnsd keeps some and drops others, nobody can say which.

    gdnsd merges neighbours of one list into the network around both, and where another of that size stands there with
    another list, one of them is lost (`nlist_normalize_1pass` in libgdmaps/nlist.c): so in two halves that are
    alike, and a whole that is not.
    """
    items = [(each.first, each.bits, lists[number], {number}) for number, each in enumerate(nets)]
    found: list[set[int]] = []
    while True:
        left: list[tuple[int, int, tuple[str, ...], set[int]]] = []
        for first, bits, names, held in items:
            if left:
                at, size, other, before = left[-1]
                if (at, size) == (first, bits):
                    if names != other:
                        found.append(before | held)
                    left[-1] = at, size, other, before | held
                    continue
                if names == other and size <= bits and first >> (128 - size) == at >> (128 - size):
                    left[-1] = at, size, other, before | held
                    continue
                if names == other and size == bits and size and first >> (129 - size) == at >> (129 - size):
                    left[-1] = at, size - 1, other, before | held
                    continue
            left.append((first, bits, names, set(held)))
        if len(left) == len(items):
            return found
        items = sorted(left, key=lambda item: item[:2])


def written(each: Net, held: list[Net]) -> tuple[str, ...]:
    """Write the addresses of a network that are in none of those inside it; empty if none is left."""
    gaps = []
    at = each.first
    for other in held:
        if at < other.first:
            gaps.append((at, other.first - 1))
        at = other.last + 1
    if at <= each.last:
        gaps.append((at, each.last))
    found = [text for gap in gaps for text in _range(*gap)]
    if len(found) > PIECES:
        return tuple(_range(each.first, each.last))
    return tuple(found)


def _range(first: int, last: int) -> Iterator[str]:
    """Write a range of addresses; what lies in ::/96 as IPv4, and as both if it reaches beyond from the beginning."""
    if first < FOUR:
        yield from map(str, summarize_address_range(IPv4Address(first), IPv4Address(min(last, FOUR - 1))))
    if last >= FOUR:
        begin = 0 if first == 0 else max(first, FOUR)
        yield from map(str, summarize_address_range(IPv6Address(begin), IPv6Address(last)))
