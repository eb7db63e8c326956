"""Reads captures with as many processes as help, and joins what they find.

A large capture is cut where a record seems to begin; the cut is proven when whoever
reads the bytes before it ends exactly there, and else the rest is read again.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from auditor.model.heap import uncollected
from auditor.model.report import Input
from auditor.read import pcap, pcapng
from auditor.read.arrays import give_back
from auditor.read.directed import EXACT, Directed
from auditor.read.facts.model import Fact
from auditor.read.part import Job, Part, Piece, Reading, UnreadRow, follow, read_range, work
from auditor.read.passed import Carried
from auditor.read.said import Said
from auditor.read.source import HEAD, Source, hashed, opened
from auditor.read.staff import WORTH, Worker, processes
from auditor.read.streams import reader
from auditor.read.streams.chains import Chain

__all__ = ["Progress", "Scan", "UnreadRow", "scan"]

Progress = Callable[[int, int], None]
"""Is told the bytes that were read and the bytes that there are, from any thread."""

SAMPLE: Final = 1 << 20
"""Bytes in which a place to cut is looked for."""
NEXT: Final = 60_000_000_000
"""Nanoseconds after which a capture may begin that goes on with another one."""
PACKED: Final = 6
"""A byte of a compressed capture takes about as long as so many of another."""
EACH: Final = 1 << 20
"""Opening a capture takes about as long as so many bytes."""


@dataclass(frozen=True, slots=True)
class Scan:
    """All that captures hold, folded."""

    directed: Directed
    said: Said  # what single packets say
    unread: list[UnreadRow]
    carried: Carried  # which tunnels carried which one-way flows
    inputs: list[Input]
    unread_bytes: list[tuple[int, int, str]]  # source, bytes that belong to no whole record, why
    coarse: int = EXACT  # of directed.py: whether flows had to be told apart by less than their 5-tuple
    unfinished: Sequence[tuple[int, str, str, int]] = ()  # source, kind of message, why it is not whole, how many
    fragments_apart: bool = False  # there were too many fragments to give them the ports of their first one
    tunnels_apart: bool = False  # there were too many wrapped flows to say which tunnel carried which
    quic_level: int = 0  # of the connections of QUIC, one in 2 ** level was opened for its server name

    @property
    def facts(self) -> list[Fact]:
        """What single packets say, as objects: there may be millions."""
        return self.said.facts()


@uncollected()
def scan(
    sources: Sequence[Source],
    vantages: Sequence[int],
    workers: int | None = None,
    progress: Progress | None = None,
    staff: Sequence[Worker] = (),
) -> Scan:
    """Read captures; `vantages` are the indices of the vantages of the sources, `workers` the processes to use.

    `staff` are processes that were started for this already.

    Raise InputError for a source that can't be read, or where there are more pairs of addresses than fit into memory.
    """
    advanced = _Advance(progress, sum(source.size for source in sources))
    jobs = _shared(sources, vantages, processes(workers))
    if len(jobs) == 1 or not sys.executable:
        part, readings = work([job for share in jobs for job in share], advanced)
        hashes = [hashed(source) for source in sources]
    else:
        part, readings, hashes = _apart(jobs, sources, advanced, staff)
    _join_pieces(part, readings, jobs, advanced)
    _follow(part, sources, vantages)
    inputs = [
        Input(source.name, digest, source.size, source.described, part.packets.get(i, 0))
        for i, (source, digest) in enumerate(zip(sources, hashes, strict=True))
    ]
    return _settled(part, inputs)


class _Advance:
    """Adds up what several threads report."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    def __call__(self, size: int) -> None:
        with self._lock:
            self._done = min(self._total, self._done + size)
            if self._progress:
                self._progress(self._done, self._total)


def _shared(sources: Sequence[Source], vantages: Sequence[int], workers: int) -> list[list[Job]]:
    """Share the captures among workers, each the next largest job that is left; cut those that are worth it."""
    whole = [(i, source, vantage) for i, (source, vantage) in enumerate(zip(sources, vantages, strict=True))]
    total = sum(_cost(source) for source in sources)
    if workers < 2 or total < WORTH:
        return [list(whole)]
    jobs: list[tuple[int, Job]] = []
    for index, source, vantage in whole:
        pieces = (
            _cut(index, source, vantage, workers) if _cost(source) * workers > total and source.size > WORTH else []
        )
        jobs += [(piece.end - piece.start, piece) for piece in pieces] or [(_cost(source), (index, source, vantage))]
    shares: list[list[Job]] = [[] for _ in range(workers)]
    loads = [0] * workers
    for cost, job in sorted(jobs, key=lambda each: -each[0]):
        least = loads.index(min(loads))
        loads[least] += cost
        shares[least].append(job)
    return [share for share in shares if share]


def _cost(source: Source) -> int:
    return source.size * (PACKED if source.packing else 1) + EACH


def _cut(index: int, source: Source, vantage: int, count: int) -> list[Piece]:
    """Cut a capture into pieces of about the same size; an empty list if it can't be cut."""
    if source.packing or source.format not in ("pcap", "pcapng"):
        return []
    with opened(source) as stream:
        head = stream.read(HEAD) or b""
    state: pcap.Shape | pcapng.State | None
    if source.format == "pcap":
        state, first = pcap.shape(head), pcap.HEADER
    else:
        with opened(source) as stream:
            state, first = pcapng.beginning(stream), 0
    if state is None:
        return []
    starts = [first]
    for i in range(1, count):
        middle = source.size * i // count & ~3
        with opened(source, middle) as stream:
            sample = stream.read(SAMPLE) or b""
        found = pcap.split(state, head, sample) if isinstance(state, pcap.Shape) else pcapng.split(state, sample)
        if found is not None and middle + found > starts[-1]:
            starts.append(middle + found)
    begun = pcapng.State() if isinstance(state, pcapng.State) else state  # the first piece reads the descriptions
    return [
        Piece(index, source, vantage, start, end, state if start > first else begun)
        for start, end in zip(starts, [*starts[1:], source.size], strict=True)
    ]


def _join_pieces(
    part: Part, readings: Sequence[Reading], jobs: Sequence[Sequence[Job]], advanced: Callable[[int], None]
) -> None:
    """Join the pieces of each capture in order; read again what doesn't begin where the piece before it ended."""
    pieces = [job for share in jobs for job in share if isinstance(job, Piece)]
    before: Reading | None = None
    crowded = {reading.index for reading in readings if reading.part.streams.crowded}
    open_at_most: dict[int, int] = {}
    for reading in readings:  # what begins in one piece may still be open in all later ones
        open_at_most[reading.index] = open_at_most.get(reading.index, 0) + reading.part.streams.peak
    crowded |= {index for index, size in open_at_most.items() if size > reader.ROOM}
    for piece, reading in sorted(zip(pieces, readings, strict=True), key=lambda each: (each[0].index, each[0].start)):
        if piece.index in crowded:  # what was left out hangs on what was open before
            if before is None or before.index != piece.index:
                whole = Piece(piece.index, piece.source, piece.vantage, piece.start, piece.source.size, piece.state)
                before = read_range(whole, advanced)
                part.join(before.part)
            continue
        if before is None or before.index != piece.index:
            begun, number = reading, 0
        elif before.end == piece.start and before.state == piece.state:
            begun = reading
        else:
            begun = read_range(
                Piece(piece.index, piece.source, piece.vantage, before.end, piece.end, before.state), advanced
            )
        begun.part.renumber(number)
        number += begun.part.packets.get(piece.index, 0)
        part.join(begun.part)
        before = begun


def _follow(part: Part, sources: Sequence[Source], vantages: Sequence[int]) -> None:
    """Look in the captures that begin later for the rest of messages that were open when one ended."""
    streams, begun = part.streams, part.begun
    order = sorted(begun, key=lambda source: (begun[source], source))
    for place, index in enumerate(order):
        chains: dict[int, list[Chain]] = {}
        kept: list[Chain] = []
        for chain in streams.left.pop(index, ()):
            later = [i for i in order[place + 1 :] if vantages[i] == vantages[index] and begun[i] >= chain.seen_ns]
            near = bool(later) and begun[later[0]] - chain.seen_ns <= NEXT
            (chains.setdefault(later[0], []) if near else kept).append(chain)
        if kept:
            streams.left[index] = kept
        for following, some in chains.items():
            follow(part, some, following, sources[following], vantages[following])
    streams.close(part.facts)


def _apart(
    jobs: Sequence[Sequence[Job]],
    sources: Sequence[Source],
    advanced: Callable[[int], None],
    staff: Sequence[Worker],
) -> tuple[Part, list[Reading], list[str]]:
    """Do each share of jobs in a process of its own, and meanwhile hash the captures in this one."""
    with ExitStack() as stack:
        more = [stack.enter_context(Worker()) for _ in jobs[len(staff) :]]
        workers = [*staff, *more][: len(jobs)]
        threads = stack.enter_context(ThreadPoolExecutor(len(workers)))
        turn = threading.Lock()
        try:
            shared = zip(workers, jobs, strict=True)
            answers = [threads.submit(worker.answer, share, advanced, turn) for worker, share in shared]
            hashes = [hashed(source) for source in sources]
            found = [answer.result() for answer in answers]
        except BaseException:
            for worker in workers:
                worker.process.kill()
            raise
    part = found[0][0]
    for other, _readings in found[1:]:
        part.join(other)
    give_back()
    return part, [reading for _part, readings in found for reading in readings], hashes


def _settled(part: Part, inputs: list[Input]) -> Scan:
    """Close a part: give fragments their ports, and put everything in an order of its own."""
    part.fragments.settle(part.flows)
    give_back()
    return Scan(
        part.flows.directed(),
        part.facts.close(),
        sorted(part.unread.values(), key=lambda row: (row.source, row.status, row.reason)),
        part.tunnelled.carried(part.flows.coarse),
        inputs,
        sorted((source, size, why) for (source, why), size in part.lost.items()),
        part.flows.coarse,
        sorted((*key, messages) for key, messages in part.streams.lost.items()),
        part.fragments.full,
        part.tunnelled.full,
        part.facts.initials.level,
    )
