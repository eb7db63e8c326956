"""Reads pcap files: every magic number that libpcap and its relatives have written, in both byte orders.

Formats: draft-ietf-opsawg-pcap; libpcap's savefile code for lengths that old versions swapped; Wireshark's
wiretap/libpcap.h for the record headers of patched kernels (Kuznetzov, Red Hat 6.1, SUSE 6.3) and of Nokia.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from auditor.read.arrays import I64, Bool, items
from auditor.read.chain import STOP, walk
from auditor.read.window import Batch, Found, Lost, Window

HEADER: Final = 24
RECORD: Final = 16
LONGEST_FRAME: Final = 1 << 18  # libpcap's MAXIMUM_SNAPLEN
MAGICS: Final[dict[int, tuple[int, tuple[int, ...]]]] = {
    0xA1B2C3D4: (1_000, (16, 20)),  # 20: Nokia firewalls, with four bytes of their own
    0xA1B23C4D: (1, (16,)),
    0xA1B2CD34: (1_000, (24, 28)),  # patched libpcap of 1999: interface, protocol, packet type
}
"""Magic number -> nanoseconds in a unit of the second word of a time, and lengths that its record header may have."""
LANE: Final = 64  # records between two walkers
FURTHER: Final = 4096  # bytes in which a walker looks for its first record
NEAR, YEARS = 1 << 16, 1 << 27  # seconds between neighbours, and between any two records, where a guess is good
SAMPLE: Final = 12  # records that must fit together to tell one variant from another


@dataclass(frozen=True, slots=True)
class Shape:
    """What the file header says about the records."""

    order: str  # "<" or ">"
    unit: int  # nanoseconds
    link: int
    header: int  # bytes of a record header
    swap: str  # "no", "yes", or "if longer": the two lengths of old versions
    version: tuple[int, int]


def sniff(head: bytes) -> bool:
    """Say whether a file that starts so is a pcap file."""
    return len(head) >= 4 and any(int.from_bytes(head[:4], order) in MAGICS for order in ("little", "big"))


def shape(head: bytes) -> Shape | None:
    """Read the file header; `head` should hold the first records too, which tell the variants apart.

    Return None if the header is cut.
    """
    if len(head) < HEADER:
        return None
    order = "<" if int.from_bytes(head[:4], "little") in MAGICS else ">"
    magic, major, minor, _zone, _accuracy, _snaplen, link = struct.unpack_from(order + "IHHiIII", head)
    unit, headers = MAGICS[magic]
    swap = "yes" if (major, minor) < (2, 3) else "if longer" if (major, minor) == (2, 3) else "no"
    shapes = [Shape(order, unit, link & 0xFFFF, size, swap, (major, minor)) for size in headers]
    return next((each for each in shapes if _fits(head, each)), shapes[0])


def _fits(head: bytes, form: Shape) -> bool:
    """Say whether the first records make sense with this length of their headers."""
    at = HEADER
    for _ in range(SAMPLE):
        if at + RECORD > len(head):
            return True
        _seconds, fraction, captured, wire = struct.unpack_from(form.order + "IIII", head, at)
        captured, wire = (min(captured, wire), max(captured, wire)) if form.swap != "no" else (captured, wire)
        if captured > LONGEST_FRAME or captured > wire or wire > 1 << 24 or fraction * form.unit >= 1_000_000_000:
            return False
        at += form.header + captured
    return True


def read(window: Window, form: Shape, first: int = 1) -> Iterator[Found]:
    """Yield the packets from the window's position, which must be that of a record; `first` is its number.

    If the window ends `until` somewhere, its position is where the next record begins afterwards.
    """
    records = _Records(window, form)
    number = first
    while True:
        offsets = records.walk()
        if len(offsets):
            batch, upto = records.batch(offsets, number)
            number += len(offsets)
            yield batch
            window.consume(upto)
        elif window.position >= window.until:
            return
        elif records.broken() or not window.refill():
            break
    yield from _rest(window, records.broken())


def _rest(window: Window, broken: bool) -> Iterator[Found]:
    """Count what is left after the last whole record, to the end of the stream."""
    start = window.position
    reason = window.failure or ("a record length that can't be" if broken else "the last record is cut")
    while window.end > window.start:
        window.consume(window.end)
        window.refill()
    if window.position > start or window.failure:
        yield Lost(window.position - start, reason)


class _Records:
    """The chain of records in a window."""

    def __init__(self, window: Window, form: Shape) -> None:
        self.window = window
        self.form = form
        self.size = form.header
        self.word = form.order + "u4"
        data = window.data
        self.lengths = np.ndarray((len(data) - 11,), "V4", data.data, 8, (1,))
        self.mean = 300.0
        self.one = struct.Struct(form.order + "II").unpack_from

    def captured(self, at: I64) -> I64:
        """Read the captured lengths, in the right one of two fields where old versions swapped them."""
        if self.form.swap == "no":
            return self.lengths[at].view(self.word).astype(np.int64)
        both = items(self.window.data, at + 8, 8, self.word).astype(np.int64)
        return both[:, 1].copy() if self.form.swap == "yes" else both.min(axis=1)

    def advance(self, at: I64) -> I64:
        captured = self.captured(at)
        following = at + captured
        following += self.size
        if captured.max(initial=0) > LONGEST_FRAME:
            following[captured > LONGEST_FRAME] = STOP
        return following

    def leap(self, at: I64) -> I64:
        """Return what `advance` does of true records; a length that can't be leads anywhere behind."""
        if self.form.swap != "no":
            return self.advance(at)
        following: I64 = self.lengths[at].view(self.word) + at
        following += self.size
        return following

    def step(self, at: int) -> int:
        captured, wire = self.one(self.window.memory, at + 8)
        if self.form.swap != "no":
            captured = wire if self.form.swap == "yes" else min(captured, wire)
        return int(at + self.size + captured) if captured <= LONGEST_FRAME else STOP

    def broken(self) -> bool:
        """Say whether the next record is here and has a length that no record has."""
        window = self.window
        return window.end - window.start >= self.size and self.step(window.start) == STOP

    def walk(self) -> I64:
        """Find the whole records in the window."""
        window = self.window
        start, end = window.start, window.end
        begin = min(end - self.size + 1, window.horizon())
        stride = max(2048, int(self.mean * LANE))
        guesses = self._guesses(start, end, stride) if end - start > 4 * stride else np.empty(0, np.int64)
        offsets = walk(start, begin, guesses[guesses < begin], self.leap, self.advance, self.step)
        while len(offsets) and self.step(int(offsets[-1])) > end:
            offsets = offsets[:-1]
        if len(offsets):
            self.mean = max(40.0, (self.step(int(offsets[-1])) - start) / len(offsets))
        return offsets

    def _guesses(self, start: int, end: int, stride: int) -> I64:
        """Look for what could be headers, about every `stride` bytes: the high bytes of the seconds rarely change."""
        memory, big = self.window.memory, self.form.order == ">"
        within = 0 if big else 2
        pattern = bytes(memory[start + within : start + within + 2])
        reach = min(FURTHER, stride)
        places = range(start + stride, end - reach - self.size, stride)
        found = np.array([memory.find(pattern, place, place + reach) for place in places], np.int64) - within
        found = found[found >= start + stride - within]
        good = self._plausible(found, end)
        chosen = found[good]
        for place in found[~good].tolist():
            again = memory.find(pattern, place + within + 1, place + reach)
            if again > 0 and self._plausible(np.array([again - within]), end)[0]:
                chosen = np.append(chosen, again - within)
        return np.sort(chosen[chosen > start])

    def _plausible(self, at: I64, end: int) -> Bool:
        """Say which headers are followed by another one of about the same time."""
        head = items(self.window.data, at, RECORD, self.word).astype(np.int64)
        captured = head[:, 2:].min(axis=1)
        captured[captured > LONGEST_FRAME] = LONGEST_FRAME
        following = np.minimum(at + self.size + captured, end)
        after = items(self.window.data, following, RECORD, self.word).astype(np.int64)
        limit = 1_000_000_000 // self.form.unit
        near = (head[:, 1] < limit) & (abs(after[:, 0] - head[:, 0]) < NEAR) & (after[:, 1] < limit)
        good: Bool = near | (following + RECORD > end)
        return good

    def batch(self, offsets: I64, number: int) -> tuple[Batch, int]:
        """Return these whole records as a batch, and the offset after the last of them."""
        head = items(self.window.data, offsets, RECORD, self.word)
        seconds, fraction, captured, wire = (head[:, i].astype(np.int64) for i in range(4))
        if self.form.swap != "no":
            swapped = np.ones(len(wire), bool) if self.form.swap == "yes" else captured > wire
            captured, wire = np.where(swapped, wire, captured), np.where(swapped, captured, wire)
        seconds *= 1_000_000_000
        fraction *= self.form.unit
        seconds += fraction
        records = np.arange(number, number + len(offsets), dtype=np.int64)
        start = offsets + self.size
        return Batch(self.window.data, self.form.link, start, captured, wire, seconds, records), self.step(
            int(offsets[-1])
        )


def split(form: Shape, head: bytes, sample: bytes) -> int | None:
    """Guess where in `sample`, bytes from the middle of the file that starts with `head`, a record begins.

    The guess is right if whoever reads the bytes before it ends there; None: nothing looks like a record.
    """
    if form.swap != "no" or len(head) < HEADER + RECORD:
        return None
    unpack = struct.Struct(form.order + "IIII").unpack_from
    begun = unpack(head, HEADER)[0]
    for at in range(len(sample) // 2):
        here, last = at, None
        for _ in range(SAMPLE):
            if here + RECORD > len(sample):
                break
            seconds, fraction, captured, wire = unpack(sample, here)
            late = abs(seconds - (begun if last is None else last)) > (NEAR if last is not None else YEARS)
            if late or fraction * form.unit >= 1_000_000_000 or not 0 < captured <= wire < LONGEST_FRAME:
                break
            here, last = here + form.header + captured, seconds
        else:
            return at
    return None
