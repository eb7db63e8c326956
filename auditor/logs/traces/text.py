"""Traces as their tools print them: traceroute, tracert, tracepath, mtr --report, BestTrace, NextTrace; see `shapes`.

A file may hold many traces, one below the other.  A record is a line that tells of a hop; the line that heads a trace
is none, unless nothing follows it.  Other lines (banners, prompts, units) say nothing of addresses; one that does and
fits nowhere is malformed.  A file in UTF-16, which PowerShell writes, is read too; of other encodings only ASCII
matters.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import polars as pl

from auditor.logs.lines import pieces
from auditor.logs.model import Told
from auditor.logs.traces.shapes import LONGEST, Hop, distance, heading, hop
from auditor.logs.traces.trace import Answer, Found, Trace, Unread, full, observer, written
from auditor.model.status import MALFORMED, TRUNCATED
from auditor.read.source import Source

WIDE: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
"""Encodings by the byte order mark with which a file begins."""
PIECE: Final = 1 << 20
SECOND: Final = 1_000_000_000
_HEADER: Final = re.compile(r"[ \t>$#]*(?:traceroute6? (?:to\s|\[\()|Tracing route to )", re.IGNORECASE)
_HOST: Final = re.compile(r"\s*HOST:\s*(\S+).*\bLoss%")
_BEGUN: Final = re.compile(
    r"\s*Start:\s+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[+-]\d{4})?|\w{3} \w{3} +\d+ [\d:]{8} \d{4})"
)
_TRACERT: Final = re.compile(r"\s*1\s+(?:(?:\*|<?\d+ \S{1,12})\s+){3}\S")
_TRACEPATH: Final = re.compile(r"\s*1(?:\?: +\[LOCALHOST\]|: ).*\bpmtu \d+")
BANNER: Final = 12
"""Lines, blank ones apart, in which a trace has to begin: a document that quotes one is none."""
NO_ZONE: Final = "Times bear no zone and were read as UTC."
STRAY: Final = "a line that belongs to no trace"
LONG: Final = "a line that is too long for one of a trace"


def sniff(head: bytes) -> bool:
    """Say whether a file that begins so holds traces as text."""
    wide = WIDE.get(head[:2])
    if not wide and b"\0" in head:
        return False
    lines = [line for line in head.decode(wide or "utf-8", "replace").split("\n") if line.strip()][: BANNER + 1]
    for at, line in enumerate(lines[:BANNER]):
        below = lines[at + 1 : at + 4]
        if _HEADER.match(line) and heading(line) and any((read := hop(each)) and read.distance for each in below):
            return True
        if _HOST.match(line) or _TRACEPATH.match(line):
            return True
        if _TRACERT.match(line) and hop(line) and any(heading(each) for each in lines[max(0, at - 4) : at]):
            return True
    return False


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows of LOG."""
    return written(traces(source, told), told)


def traces(source: Source, told: Told) -> Iterator[Found]:
    """Yield the traces of a file."""
    return parsed(lines(source, told), told)


def lines(source: Source, told: Told) -> Iterator[tuple[int, str]]:
    """Number the lines of a text, from 1; of one that is too long the beginning is kept."""
    decoder: codecs.IncrementalDecoder | None = None
    number, rest = 1, ""
    for piece in pieces(source, told, PIECE):
        decoder = decoder or codecs.getincrementaldecoder(WIDE.get(piece[:2], "utf-8"))("replace")
        parts = decoder.decode(piece).split("\n")
        parts[0] = rest + parts[0]
        for line in parts[:-1]:
            yield number, line.strip("\r\ufeff")
            number += 1
        rest = parts[-1][: LONGEST + 2]
    if rest:
        yield number, rest.strip("\r\ufeff")


def parsed(lines: Iterable[tuple[int, str]], told: Told | None = None) -> Iterator[Found]:
    """Yield the traces in numbered lines."""
    state = _State(told or Told())
    for number, line in lines:
        yield from state.take(number, line)
    yield from state.end()


class _State:
    """The trace that is being read, and what was said before it began."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._trace: Trace | None = None
        self._headed: tuple[int, str, str, str] | None = None  # line, source and destination, and the line itself
        self._machine = ""
        self._begun = 0
        self._last = 0

    def take(self, number: int, line: str) -> Iterator[Found]:
        """Read one line; yield the trace that it ends, and what can't be read."""
        if not line.strip():
            return
        if len(line) > LONGEST:
            yield Unread(number, MALFORMED, LONG)
        elif begun := _BEGUN.match(line):
            yield from self.end()
            self._begun = self._time(begun[1])
        elif named := _HOST.match(line):
            yield from self.end(keep=True)
            self._machine = observer(named[1])
            self._trace = Trace(number, observer=self._machine, first_ns=self._begun, ends=True)
        elif (read := self._hop(line)) is not None:
            yield from self._add(number, read)
        elif (ends := heading(line)) is not None:
            yield from self._head(number, line, *ends)
        elif self._last and distance(line) == self._last + 1:
            yield Unread(number, MALFORMED, "a hop that can't be read")

    def _hop(self, line: str) -> Hop | None:
        """Read a line of hosts: one without a distance only where a trace has begun."""
        read = None if _HEADER.match(line) else hop(line)
        return None if read and not read.distance and not self._last else read

    def _head(self, number: int, line: str, source: str, target: str) -> Iterator[Found]:
        if self._trace is None or _HEADER.match(line):
            yield from self.end(replaced=target)
        elif self._headed:
            yield Unread(self._headed[0], MALFORMED, STRAY)
        self._headed = number, source, target, line

    def _add(self, number: int, read: Hop) -> Iterator[Found]:
        headed = self._headed
        if self._trace is not None and headed and (read.distance > self._last or not read.distance):
            self._headed = None  # the trace goes on: what stood between was no heading
            yield Unread(headed[0], MALFORMED, STRAY)
        elif self._trace is not None and (headed or 0 < read.distance < self._last):
            self._headed = None
            yield from self.end()
            self._headed = headed
        if self._trace is None:
            at, source, target, _ = self._headed or (number, "", "", "")
            self._trace, self._headed = Trace(at, source, target, first_ns=self._begun), None
        elif full(self._trace):
            yield self._trace
            self._trace = Trace(number, self._trace.source, self._trace.target, self._machine, first_ns=self._begun)
        self._hops(self._trace, number, read)

    def _hops(self, trace: Trace, number: int, read: Hop) -> None:
        self._last = read.distance or self._last
        for address, times in read.hosts:
            trace.answers.append(Answer(self._last, address, number, tuple(times), max(len(times), 1)))
        if not read.hosts and read.stars:
            trace.stars.append((self._last, number))
            trace.probes += read.stars
        elif not read.hosts:
            trace.others.append(number)
        trace.ends |= read.final

    def end(self, keep: bool = False, replaced: str = "") -> Iterator[Found]:
        """Yield the trace that was being read, if any; `replaced`: the destination of a heading that follows."""
        if self._trace is not None:
            yield self._trace
        if self._headed is not None:
            number, source, target, line = self._headed
            if _HEADER.match(line) and not replaced:
                yield Trace(number, source, target, status=TRUNCATED, detail="a trace without hops")
            elif target != replaced:
                yield Unread(number, MALFORMED, STRAY)
        self._trace, self._headed, self._last = None, None, 0
        if not keep:
            self._begun = 0

    def _time(self, text: str) -> int:
        if text[:1].isdigit():
            zoned = len(text) > 19
            form = "%Y-%m-%dT%H:%M:%S%z" if zoned else "%Y-%m-%dT%H:%M:%S"
        else:
            zoned, form = False, "%a %b %d %H:%M:%S %Y"
        try:
            read = datetime.strptime(" ".join(text.split()), form)
        except ValueError:
            return 0
        if not zoned:
            self._told.notes.add(NO_ZONE)
        return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()) * SECOND
