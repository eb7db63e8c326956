"""Reads pcapng files: sections of either byte order, interfaces each with its own link type and clock.

Format: draft-ietf-opsawg-pcapng.  Packets come from enhanced, simple and the obsolete packet blocks;
name resolution blocks give names; all others, known or not, are stepped over by their length.  After a
block whose lengths disagree the next credible block is looked for, and the bytes between are counted.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from auditor.read.arrays import I64, distinct, items
from auditor.read.blocks import NO_TIME, NOT_DESCRIBED, Interface, clocked, interface, names
from auditor.read.chain import STOP, walk
from auditor.read.kinds import LINKTYPE_RECORD
from auditor.read.window import LONGEST, Batch, Found, Lost, Named, Readable, Stamps, Window

SECTION, INTERFACE, PACKET, SIMPLE, NAMES, STATISTICS, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6
PACKETS: Final = (PACKET, SIMPLE, ENHANCED)
RECORDS: Final = (9, 0x204, 0x208, 0x216, 0x221, 0xBAD, 0x40000BAD)
"""Journal entries, system calls, custom blocks: counted as records, as Wireshark does, so its numbers are ours."""
NUMBERED: Final = PACKETS + RECORDS
KNOWN: Final = (SECTION, INTERFACE, PACKET, SIMPLE, NAMES, STATISTICS, ENHANCED)
MAGIC: Final = 0x1A2B3C4D
LEAST: Final = 12  # bytes of the smallest block
HUGE: Final = 1 << 31  # no block is longer: what says so is damaged
LANE: Final = 96  # blocks between two walkers
REACH: Final = 1 << 16
"""Bytes looked at after a change of section, doubled as long as none follows: a file of nothing but sections costs no
more than one that has none."""
KEPT: Final = 1 << 18  # bytes of a window that are looked at again, with those after them, for a credible block
CHAIN: Final = 8  # blocks that must follow each other where a file is split
INTERFACES: Final = 1 << 16  # that a section may describe; more are not described


@dataclass(slots=True)
class State:
    """What this section has described so far: all that a reader needs to begin further on."""

    order: str = "<"
    interfaces: list[Interface] = field(default_factory=list)


def sniff(head: bytes) -> bool:
    """Say whether a file that starts so is a pcapng file."""
    magic = MAGIC.to_bytes(4, "little"), MAGIC.to_bytes(4, "big")
    return len(head) >= LEAST and int.from_bytes(head[:4], "little") == SECTION and head[8:12] in magic


def read(window: Window, state: State, first: int = 1) -> Iterator[Found]:
    """Yield the packets and names from the window's position, which must be that of a block; keep `state` up to date.

    `first` is the number of the first packet.  If the window ends `until` somewhere, its position is where the next
    block begins afterwards.
    """
    blocks = _Blocks(window, state)
    number, reach = first, REACH
    while True:
        if window.position >= window.until:
            return
        if blocks.section():
            reach = REACH
            continue
        offsets = blocks.walk(reach)
        if len(offsets):
            reach = min(2 * reach, HUGE)
            following = blocks.step(int(offsets[-1]))
            kinds = blocks.word(offsets, 0)
            known = blocks.describe(offsets, kinds)
            yield from blocks.names(offsets, kinds, number - 1)
            wanted = np.flatnonzero(np.isin(kinds, NUMBERED))
            yield from blocks.packets(offsets[wanted], kinds[wanted], known[wanted], number)
            number += len(wanted)
            window.consume(following)
        elif blocks.short() and window.refill():
            continue
        elif window.start == window.end and not window.failure:
            return
        elif not blocks.skipped():
            lost, more = blocks.recover()
            yield lost
            if not more:
                return


class _Blocks:
    """The chain of blocks in a window."""

    def __init__(self, window: Window, state: State) -> None:
        self.window = window
        self.state = state
        self.mean = 400.0

    def word(self, at: I64, ahead: int) -> I64:
        """Read the 32-bit words that lie `ahead` of the offsets."""
        return items(self.window.data, at + ahead, 4, self.state.order + "u4")[:, 0].astype(np.int64)

    def advance(self, at: I64) -> I64:
        """Follow lengths that are repeated at the end of the block, as far as it is here; a section leads nowhere."""
        length = self.word(at, 4)
        good = (length >= LEAST) & (length <= LONGEST) & (length & 3 == 0) & (self.word(at, 0) != SECTION)
        following = np.where(good, at + length, STOP)
        here = np.flatnonzero(following <= self.window.end)
        lying = here[self.word(following[here], -4) != length[here]]
        following[lying] = STOP
        return following

    def step(self, at: int) -> int:
        return int(self.advance(np.array([at], np.int64))[0])

    def short(self) -> bool:
        """Say whether the next block may be whole once more is read."""
        window = self.window
        kept = window.end - window.start
        if kept < LEAST or self.is_section():
            return True
        return window.end < self.step(window.start) < STOP

    def is_section(self) -> bool:
        start = self.window.start
        return bytes(self.window.memory[start : start + 4]) == SECTION.to_bytes(4, "little")

    def section(self) -> bool:
        """Begin a new section if its header lies here whole."""
        window = self.window
        if window.end - window.start < LEAST or not self.is_section():
            return False
        head = bytes(window.memory[window.start : window.start + LEAST])
        order = next((o for o in "<>" if struct.unpack(o + "I", head[8:])[0] == MAGIC), None)
        if order is None:
            return False
        length = struct.unpack(order + "I", head[4:8])[0]
        end = window.start + length
        if length < 28 or length & 3 or length > LONGEST or end > window.end:
            return False
        if struct.unpack_from(order + "I", window.memory, end - 4)[0] != length:
            return False
        self.state.order, self.state.interfaces = order, []
        window.consume(end)
        return True

    def walk(self, reach: int) -> I64:
        """Find the whole blocks in the next `reach` bytes of the window, up to the next section."""
        window = self.window
        start, end = window.start, min(window.horizon(), window.start + reach)
        if window.end - start < LEAST or self.is_section():
            return np.empty(0, np.int64)
        stride = max(2048, int(self.mean * LANE)) & ~3
        guesses = self._guesses(start, end, stride) if end - start > 4 * stride else np.empty(0, np.int64)
        offsets = walk(start, min(end, window.end - LEAST + 1), guesses, self.advance, self.step)
        while len(offsets) and self.step(int(offsets[-1])) > window.end:
            offsets = offsets[:-1]
        if len(offsets):
            self.mean = max(40.0, (self.step(int(offsets[-1])) - start) / len(offsets))
        return offsets

    def _guesses(self, start: int, end: int, stride: int) -> I64:
        """Look for enhanced packet blocks about every `stride` bytes: a type and two equal lengths."""
        memory = self.window.memory
        pattern = struct.pack(self.state.order + "I", ENHANCED)
        reach = min(4096, stride)
        found = []
        for place in range(start + stride, end - reach - LEAST, stride):
            at = memory.find(pattern, place, place + reach)
            while at > 0 and (at - start) & 3:
                at = memory.find(pattern, at + 1, place + reach)
            if at > 0:
                found.append(at)
        places = np.array(found, np.int64)
        return places[self.advance(places) <= self.window.end]

    def skipped(self) -> bool:
        """Step over a block that is too long for the window, unless it should hold a packet."""
        window = self.window
        if window.end - window.start < 8:
            return False
        kind, length = struct.unpack_from(self.state.order + "II", window.memory, window.start)
        if kind in (ENHANCED, PACKET, SIMPLE, SECTION) or not LONGEST < length < HUGE or length & 3:
            return False
        return window.skip(length)

    def recover(self) -> tuple[Lost, bool]:
        """Go on to the next credible block, if there is one; return what lies before it."""
        window = self.window
        cut = self.short() and not self.is_section()
        reason = "the last block is cut" if cut else "damaged block"
        first = window.position
        window.consume(min(window.start + 4, window.end))
        while True:
            at = np.arange(window.start, window.end - LEAST + 1, 4, dtype=np.int64)
            kind = self.word(at, 0)
            likely = at[np.isin(kind, KNOWN)]
            likely = likely[(self.word(likely, 0) == SECTION) | (self.advance(likely) <= window.end)]
            for place in likely.tolist():
                window.consume(place)
                if not self.is_section() or self._whole_section():
                    return Lost(window.position - first, "damaged block"), True
            looked = window.end - window.start
            window.consume(window.start + max(0, looked - KEPT & ~3))
            if not window.refill():
                window.consume(window.end)
                return Lost(window.position - first, window.failure or reason), False

    def describe(self, offsets: I64, kinds: I64) -> I64:
        """Take up interface descriptions; return how many interfaces were known at each of the blocks."""
        new = np.flatnonzero(kinds == INTERFACE)
        before = len(self.state.interfaces)
        for at in offsets[new[: INTERFACES - before]].tolist():
            self.state.interfaces.append(interface(self._body(at), self.state.order))
        return np.minimum(before + np.searchsorted(new, np.arange(len(offsets))), len(self.state.interfaces))

    def names(self, offsets: I64, kinds: I64, number: int) -> Iterator[Named]:
        """Yield what name resolution blocks say; `number` is that of the last packet before all of them."""
        packets = np.cumsum(np.isin(kinds, NUMBERED))
        for place in np.flatnonzero(kinds == NAMES).tolist():
            record = max(1, number + int(packets[place]))
            for address, name in names(self._body(int(offsets[place])), self.state.order):
                yield Named(address, name, record)

    def _body(self, at: int) -> bytes:
        return bytes(self.window.memory[at + 8 : self.step(at) - 4])

    def packets(self, at: I64, kinds: I64, known: I64, number: int) -> Iterator[Batch]:
        """Yield the packets in these blocks, a batch for each link type; `known` interfaces come before them."""
        if not len(at):
            return
        simple, old, other = kinds == SIMPLE, kinds == PACKET, np.isin(kinds, RECORDS)
        which = self.word(at, 8)
        if old.any():
            which[old] = items(self.window.data, at[old] + 8, 2, self.state.order + "u2")[:, 0]
        which[simple] = 0
        wire = np.where(simple, self.word(at, 8), self.word(at, 24))
        start = at + np.where(simple, 12, 28)
        room = self.advance(at) - 4 - start
        which = np.where(which < known, which, len(self.state.interfaces))
        faces = [*self.state.interfaces, NOT_DESCRIBED]
        snaplen = np.array([face.snaplen or LONGEST for face in faces])[which]
        captured = np.clip(np.where(simple, np.minimum(wire, snaplen), self.word(at, 20)), 0, np.maximum(room, 0))
        stamp = self.word(at, 12) << 32 | self.word(at, 16)
        ns = clocked(stamp, which, faces)
        ns[simple] = stamp[simple] = NO_TIME
        link = np.array([face.link for face in faces])[which]
        if other.any():
            link[other], captured[other], wire[other], ns[other] = LINKTYPE_RECORD, 0, room[other], NO_TIME
        record = np.arange(number, number + len(at), dtype=np.int64)
        for each in distinct(link):
            some = np.flatnonzero(link == each)
            if len(some) == len(at):
                yield Batch(self.window.data, each, start, captured, wire, ns, record, Stamps(stamp, which, faces))
                return
            a, b, c, d, e = (column[some] for column in (start, captured, wire, ns, record))
            yield Batch(self.window.data, each, a, b, c, d, e, Stamps(stamp[some], which[some], faces))

    def _whole_section(self) -> bool:
        window = self.window
        order, interfaces, start, position = self.state.order, self.state.interfaces, window.start, window.position
        good = self.section()
        self.state.order, self.state.interfaces, window.start, window.position = order, interfaces, start, position
        return good


def beginning(stream: Readable) -> State:
    """Return what the file describes before its first packet: what a reader that begins further on may start with."""
    window = Window(stream, block=LONGEST)
    blocks = _Blocks(window, State())
    window.refill()
    blocks.section()
    offsets = blocks.walk(HUGE)
    kinds = blocks.word(offsets, 0)
    before = int(np.argmax(np.isin(kinds, NUMBERED))) if np.isin(kinds, NUMBERED).any() else len(kinds)
    blocks.describe(offsets[:before], kinds[:before])
    return blocks.state


def split(state: State, sample: bytes) -> int | None:
    """Guess where in `sample`, from a position that four divides, a packet's block begins; None: nothing looks so.

    The guess is right if whoever reads the bytes before it ends there and has described no more than `state`.
    """
    words = np.frombuffer(sample[: len(sample) & ~3], state.order + "u4").astype(np.int64)
    for at in np.flatnonzero(words[: len(words) // 2] == ENHANCED).tolist():
        here = at
        for _ in range(CHAIN):
            length = int(words[here + 1]) if here + 1 < len(words) else 0
            last = here + length // 4 - 1
            if length < 32 or length & 3 or last >= len(words) or words[last] != length or words[here] not in KNOWN:
                break
            here = last + 1
        else:
            return int(at * 4)
    return None
