"""The beginnings of many payloads at once, read as numbers by place."""

from collections.abc import Iterable

import numpy as np

from auditor.read.arrays import I64, U64, Bool, byte
from auditor.read.headers import TCP, Packets


class Heads:
    """The first 16 bytes of some payloads, by place; bytes behind the end of a payload mean nothing."""

    def __init__(self, packets: Packets, which: I64, start: U64) -> None:
        self.start = start
        self.whole: I64 = packets.length[which].astype(np.int64)  # as the IP header has it
        self.size: I64 = packets.end[which] - packets.body[which]  # of it, captured
        self._packets, self._which = packets, which

    @property
    def tcp(self) -> Bool:
        found: Bool = self._packets.protocol[self._which] == TCP
        return found

    def payload(self, i: int) -> bytes:
        """Return what was captured of one payload."""
        at = self._which[i]
        return self._packets.data[self._packets.body[at] : self._packets.end[at]].tobytes()

    def number(self, at: int, size: int, order: str = "big") -> I64:
        """Read up to four bytes as a number."""
        word, place = divmod(at, 8)
        value = self.start[:, word] >> np.uint64(8 * place)
        if place + size > 8:
            value = value | self.start[:, word + 1] << np.uint64(64 - 8 * place)
        if order == "big":
            return (value.byteswap() >> np.uint64(64 - 8 * size)).view(np.int64)
        return (value & np.uint64((1 << 8 * size) - 1)).view(np.int64)

    def far(self, at: int | I64) -> I64:
        """Read one byte anywhere in the payload (each at a place of its own), -1 behind its end."""
        inside = self.size > at
        place = self._packets.body[self._which] + np.where(inside, at, 0)
        return np.where(inside, byte(self._packets.data, place), -1)

    def last(self) -> I64:
        """Read the last byte, -1 where it was not captured."""
        full = (self.size == self.whole) & (self.size > 0)
        place = self._packets.end[self._which] - full
        return np.where(full, byte(self._packets.data, np.minimum(place, len(self._packets.data) - 1)), -1)

    def starts(self, *texts: bytes) -> Bool:
        """Say which begin with one of these texts, of at most 16 bytes."""
        found = np.zeros(len(self.start), bool)
        for text in texts:
            hit = self.size >= len(text)
            for word, part in enumerate(filter(None, (text[:8], text[8:]))):
                mask = np.uint64((1 << 8 * len(part)) - 1)
                hit &= self.start[:, word] & mask == np.uint64(int.from_bytes(part, "little"))
            found |= hit
        return found


def one_of(values: I64, numbers: Iterable[int]) -> Bool:
    """Say which values are one of a few numbers (np.isin imports masked arrays, which take longer than this)."""
    found = np.zeros(len(values), bool)
    for number in numbers:
        found |= values == number
    return found
