"""Reads pcap files: every magic number that libpcap and its relatives have written, in both byte orders.

Formats: draft-ietf-opsawg-pcap; libpcap's savefile code for lengths that old versions swapped; Wireshark's
wiretap/libpcap.h for the record headers of patched kernels (Kuznetzov, Red Hat 6.1, SUSE 6.3) and of Nokia.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, Bool
from auditor.read.chain import STOP, STRIDE, Step, passed, proven
from auditor.read.window import Batch, Found, Lost, Window

HEADER: Final = 24
CUT: Final = "the file header is cut"
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
        found = records.batch(number)
        if found:
            batch, upto = found
            number += len(batch.start)
            yield batch
            window.consume(upto)
        elif window.position >= window.until:
            return
        elif records.broken() or not window.refill():
            break
    yield from rest(window, records.broken())


def rest(window: Window, broken: bool) -> Iterator[Found]:
    """Count what is left after the last whole record, to the end of the stream."""
    start = window.position
    reason = window.failure or ("a record length that can't be" if broken else "the last record is cut")
    while window.end > window.start:
        window.consume(window.end)
        window.refill()
    if window.position > start or window.failure:
        yield Lost(window.position - start, reason)


def _step(memory: bytearray, form: Shape) -> Step:
    """Return a function that says where the record after one begins: one call for each of some, so it does little."""
    size, unpack = form.header, struct.Struct(form.order + "II").unpack_from

    def plain(at: int) -> int:
        captured: int = unpack(memory, at + 8)[0]
        return at + size + captured if captured <= LONGEST_FRAME else STOP

    def swapped(at: int) -> int:
        captured, wire = unpack(memory, at + 8)
        captured = wire if form.swap == "yes" else min(captured, wire)
        return at + size + captured if captured <= LONGEST_FRAME else STOP

    return plain if form.swap == "no" else swapped


class _Records:
    """The chain of records in a window."""

    def __init__(self, window: Window, form: Shape) -> None:
        self.window = window
        self.form = form
        self.size = form.header
        self.word = np.dtype(form.order + "u4")
        data = window.data
        self.heads = np.ndarray((len(data) - RECORD + 1,), f"V{RECORD}", data.data, strides=(1,))
        room = len(data) - 11 - form.header * STRIDE
        self.lengths = [np.ndarray((room,), "V4", data.data, 8 + form.header * i, (1,)) for i in range(STRIDE)]
        self.ahead = form.header * np.arange(STRIDE + 1, dtype=np.int64)[:, np.newaxis]
        self.mean = 300.0
        self.step = _step(window.memory, form)

    def captured(self, head: NDArray[np.uint32]) -> tuple[I64, I64]:
        """Read the lengths in records' headers, captured first, where old versions swapped them too."""
        captured, wire = head[:, 2].astype(np.int64), head[:, 3].astype(np.int64)
        if self.form.swap == "no":
            return captured, wire
        if self.form.swap == "yes":
            return wire, captured
        return np.minimum(captured, wire), np.maximum(captured, wire)

    def head(self, at: I64) -> NDArray[np.uint32]:
        """Gather record headers, a row each."""
        return self.heads[at].view(self.word).reshape(len(at), 4)

    def following(self, at: I64, captured: I64) -> I64:
        """Return where the next records begin."""
        following = at + captured
        following += self.size
        if captured.max(initial=0) > LONGEST_FRAME:
            following[captured > LONGEST_FRAME] = STOP
        return following

    def advance(self, at: I64) -> I64:
        return self.following(at, self.captured(self.head(at))[0])

    def leap(self, steps: I64) -> None:
        """Let walkers pass over records; the sizes of headers are added to all steps at once."""
        for i, lengths in enumerate(self.lengths):
            np.add(lengths[steps[i]].view(self.word), steps[i], out=steps[i + 1])
        steps += self.ahead

    def broken(self) -> bool:
        """Say whether the next record is here and has a length that no record has."""
        window = self.window
        return window.end - window.start >= self.size and self.step(window.start) == STOP

    def batch(self, number: int) -> tuple[Batch, int] | None:
        """Return the whole records in the window, numbered from `number`, and the offset after the last of them."""
        window = self.window
        start, end = window.start, window.end
        begin = min(end - self.size + 1, window.horizon())
        stride = max(1024, int(self.mean * LANE))
        guesses = self._guesses(start, end, stride) if end - start > 4 * stride else np.empty(0, np.int64)
        leap = self.leap if self.form.swap == "no" else None
        offsets = passed(start, begin, guesses[guesses < begin], leap, self.advance, self.step)
        head = self.head(offsets)
        captured, wire = self.captured(head)
        following = self.following(offsets, captured)
        true = proven(start, begin, offsets, following, self.step)
        if true is not offsets:
            offsets, head = true, self.head(true)
            captured, wire = self.captured(head)
            following = self.following(offsets, captured)
        whole = len(offsets)
        while whole and following[whole - 1] > end:
            whole -= 1
        if not whole:
            return None
        upto = int(following[whole - 1])
        self.mean = max(40.0, (upto - start) / whole)
        window.fit(self.mean)
        ns = head[:whole, 0].astype(np.int64)
        ns *= 1_000_000_000
        fraction = head[:whole, 1].astype(np.int64)
        fraction *= self.form.unit
        ns += fraction
        records = np.arange(number, number + whole, dtype=np.int64)
        at = offsets[:whole] + self.size
        return Batch(window.data, self.form.link, at, captured[:whole], wire[:whole], ns, records), upto

    def _guesses(self, start: int, end: int, stride: int) -> I64:
        """Look for what could be headers, about every `stride` bytes: the high bytes of the seconds rarely change."""
        memory, big = self.window.memory, self.form.order == ">"
        within = 0 if big else 2
        pattern = bytes(memory[start + within : start + within + 2])
        reach = min(FURTHER, stride)
        places = range(start + stride, end - reach - self.size, stride)
        found = np.array([memory.find(pattern, place, place + reach) for place in places], np.int64)
        found = found[found > 0] - within
        return found[self._plausible(found, end)]

    def _plausible(self, at: I64, end: int) -> Bool:
        """Say which headers are followed by another one of about the same time."""
        head = self.head(at).astype(np.int64)
        captured = head[:, 2:].min(axis=1)
        captured[captured > LONGEST_FRAME] = LONGEST_FRAME
        following = np.minimum(at + self.size + captured, end)
        after = self.head(following).astype(np.int64)
        limit = 1_000_000_000 // self.form.unit
        near = (head[:, 1] < limit) & (abs(after[:, 0] - head[:, 0]) < NEAR) & (after[:, 1] < limit)
        good: Bool = near | (following + RECORD > end)
        return good


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
