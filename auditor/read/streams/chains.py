"""A chain: the messages that begin at one segment and go on in those that follow it, in any order, with holes.

What a chain says hangs on its first segment and on what comes after that alone, not on other chains: so whoever reads
the first segment can follow it, wherever a capture is cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from auditor.model.status import SOURCE_SHIFT
from auditor.read.streams.frames import (
    APP,
    DONE,
    FRAMES,
    LINE,
    LONGEST,
    RECORD_OF_DTLS,
    SYNC_LOST,
    Framed,
    empty_line,
    sought,
)

WAIT: Final = 1 << 15
"""Records that a chain waits for its next segment: about a second of a busy link, and long on any other."""
HOLE: Final = 32  # segments behind a hole, or LONGEST bytes of them, after which it is taken for one
WINDOW: Final = 1 << 18  # bytes by which a segment may be ahead
RIVALS: Final = 64
"""Segments of its stream that begin a message, after which a chain is given up: all are given to every chain there."""

MISSING, NOT_FRAMED, TOO_MANY = "segments are missing", "no message where one should begin", "too many were open"

Tally = list[int]
"""The least witness, the first and the last time, packets, and bytes on the wire."""


class Segment(NamedTuple):
    """A stretch of a stream: of TCP, of DTLS handshake fragments, or one chunk of SCTP; there may be millions."""

    number: int  # sequence number of the first byte; of the fragment; of the chunk
    data: bytes
    record: int  # in its file
    witness: int
    ns: int
    wire: int
    begins: bool = False  # a message begins with it, whatever came before
    last: bool = False  # the message ends with it (SCTP)
    cut: bool = False  # the capture has only its beginning
    step: int = -1  # by which the next number is higher; -1: its bytes

    @property
    def span(self) -> int:
        return len(self.data) if self.step < 0 else self.step


class Told(NamedTuple):
    """A message that was put together, or the beginning of one, and how it was seen."""

    app: str
    message: bytes
    tally: Tally
    whole: bool


@dataclass(slots=True)
class Chain:
    """What is open of a stream; `base` is the number of the next byte that is missing."""

    kind: str
    key: bytes  # 40 bytes: where the stream runs, as `payloads.place` writes it; and what tells its streams apart
    base: int
    touched: int  # record of the last segment that was taken
    seen_ns: int
    tally: Tally
    buffer: bytes = b""  # what comes before `base` and belongs to no whole message yet
    need: int = 0  # bytes that the buffer must have before it is looked at again
    later: dict[int, Segment] = field(default_factory=dict)  # ahead of `base`, by how much
    ahead: int = 0  # their bytes
    looked: int = 0  # bytes of the buffer in which the headers of a SIP message don't end
    hunting: bool = False  # the place is lost, and the beginning of a message is looked for
    sifted: int = 0  # bytes in which none was found
    rivals: int = 0
    over: bool = False
    odd: bool = False  # its packets are among those that are read later than others
    losses: list[str] = field(default_factory=list)  # why a message is not whole, once for each
    framed: Framed | None = None  # what the first segment holds, if somebody has looked

    @classmethod
    def begun(cls, kind: str, key: bytes, segment: Segment, framed: Framed | None = None) -> "Chain":
        """Begin a chain; the segment has to be given to `take` yet."""
        return cls(kind, key, segment.number, segment.record, segment.ns, _none(segment), framed=framed)

    @property
    def size(self) -> int:
        return len(self.buffer) + self.ahead

    @property
    def source(self) -> int:
        return self.tally[0] >> SOURCE_SHIFT

    def take(self, segment: Segment) -> Iterator[Told]:
        """Take the next segment of the stream."""
        ahead = _distance(segment.number, self.base)
        if ahead == 0 and segment.begins and self.buffer:
            yield from self.close()  # a Content-Length promised more
        elif ahead > 0:
            if ahead < WINDOW and ahead not in self.later:
                self._touch(segment)
                self.later[ahead] = segment
                self.ahead += len(segment.data)
                if len(self.later) > HOLE or self.ahead > LONGEST:
                    yield from self._skip()
        elif -ahead < segment.span:
            self._touch(segment)
            self._append(segment, -ahead)
            self._pull()
            yield from self._told(segment)
        self.rivals += segment.begins
        if (segment.cut or self.rivals > RIVALS) and not self.over:
            yield from self.close()

    def _touch(self, segment: Segment) -> None:
        self.touched, self.seen_ns = segment.record, segment.ns
        witness, first, last, packets, size = self.tally
        self.tally = [witness, min(first, segment.ns), max(last, segment.ns), packets + 1, size + segment.wire]

    def _append(self, segment: Segment, known: int) -> None:
        self.buffer += segment.data[known:] if segment.step < 0 else segment.data
        self._move(segment.span - known)
        self.over |= segment.last

    def _move(self, step: int) -> None:
        self.base = (self.base + step) & 0xFFFFFFFF
        if self.later:
            self.later = {ahead - step: each for ahead, each in self.later.items()}

    def _pull(self) -> None:
        """Append what was waiting for this."""
        while self.later and not self.over and (ahead := min(self.later)) <= 0:
            waiting = self.later.pop(ahead)
            self.ahead -= len(waiting.data)
            if -ahead < waiting.span:
                self._append(waiting, -ahead)

    def _told(self, segment: Segment) -> Iterator[Told]:
        """Tell the messages that are whole now; the next begins in the segment that came last."""
        if self.kind == "sctp":
            if self.over:
                yield self._say(self.buffer, True)
                self.buffer = b""
            return
        if self.looked and not self.hunting and len(self.buffer) <= LONGEST:
            if not empty_line(self.buffer, self.looked):
                self.looked = len(self.buffer)
                return
            self.looked = 0
        while len(self.buffer) >= self.need and (not self.hunting or self._found()):
            messages, taken, need = self.framed or FRAMES[self.kind](self.buffer)
            self.framed = None
            for message in messages:
                yield self._say(message, True)
                self.tally = _none(segment)
            self.buffer, self.need = self.buffer[taken:], max(need, 0)
            self.looked = len(self.buffer) if self.kind == "sip" and need == 0 else 0
            if need != SYNC_LOST:
                self.over = need == DONE or not (self.buffer or self.later)
                return
            yield from self._give_up(NOT_FRAMED)
            if self.over:
                return
            end = self.buffer.find(b"\n")
            self.buffer = self.buffer[end:] if end >= 0 else b""

    def _found(self) -> bool:
        """Look for the next message, and drop what lies before it."""
        at = sought(self.buffer)
        if at >= 0:
            self.buffer, self.hunting, self.sifted = self.buffer[at:], False, 0
            return True
        kept = min(len(self.buffer) - max(self.buffer.rfind(b"\n"), 0), LINE)
        self.sifted += len(self.buffer) - kept
        self.buffer = self.buffer[-kept:] if kept else b""
        if self.sifted + kept > LONGEST:
            self.buffer, self.over = b"", True
        return False

    def _give_up(self, why: str) -> Iterator[Told]:
        """Tell the beginning of a message whose end is missing; of SIP, look for the next message."""
        if self.buffer and not self.hunting:
            self.losses.append(why)
            if self.kind != "websocket":
                rest = RECORD_OF_DTLS + self.buffer if self.kind == "dtls" else self.buffer
                yield self._say(rest, False)
        self.hunting, self.need = True, 0
        self.over = self.kind != "sip"

    def _skip(self) -> Iterator[Told]:
        """Take a hole for what it is, and go on behind it."""
        counted = len(self.losses)
        yield from self._give_up(MISSING)
        if len(self.losses) == counted:
            self.losses.append(MISSING)
        if self.over:
            return
        first = self.later[min(self.later)]
        self._move(min(self.later))
        self.buffer, self.tally = b"\n", _none(first)
        self._pull()
        yield from self._told(first)

    def close(self) -> Iterator[Told]:
        """Tell what is left, as far as it came."""
        while self.later and not self.over:
            yield from self._skip()
        if not self.over:
            yield from self._give_up(MISSING)
        self.over = True

    def _say(self, message: bytes, whole: bool) -> Told:
        return Told(APP[self.kind], message, self.tally, whole)

    def renumber(self, records: int) -> None:
        """Add a number to the record numbers of what is told; `touched` counts from the end of the file by now."""
        self.tally = [self.tally[0] + records, *self.tally[1:]]
        self.later = {ahead: each._replace(witness=each.witness + records) for ahead, each in self.later.items()}


def _none(segment: Segment) -> Tally:
    """Return the tally of a message that begins in a segment which the one before it counts."""
    return [segment.witness, segment.ns, segment.ns, 0, 0]


def _distance(number: int, base: int) -> int:
    """Return how far a sequence number is ahead (RFC 1982)."""
    return ((number - base + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
