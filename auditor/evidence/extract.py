"""Writes the packets on which a finding rests, and nothing else, as a capture that says of itself what it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from auditor.evidence import blocks
from auditor.evidence.case import Case
from auditor.evidence.chosen import choose, part_of
from auditor.evidence.wanted import WHY, wanted
from auditor.model.errors import InputError
from auditor.model.flow import SOURCE_SHIFT
from auditor.model.report import Finding
from auditor.read import pcap
from auditor.read.arrays import I64
from auditor.read.blocks import MICROSECONDS, Interface
from auditor.read.part import found as packets_of
from auditor.read.source import HEAD, Source, hashed, opened
from auditor.read.window import Batch, Window
from auditor.report import phrases, waived, words
from auditor.version import __version__

INPUTS: Final = 200
"""Inputs that the section names one by one; a block may not grow without bounds."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was written."""

    packets: int
    inputs: int
    left: int  # packets beyond the limit, and single records beyond what is taken of those


def extract(
    case: Case, finding: Finding, into: IO[bytes], *, limit: int | None = None, progress: Progress | None = None
) -> Extracted:
    """Write a pcapng file with the packets that a finding rests on, of each flow no more than `limit`.

    Raise InputError if there is no such packet, or if an input is not any more what was audited: what was written
    until then is no evidence.
    """
    rests = wanted(case, finding)
    found = choose(case, rests, limit=limit, progress=progress)
    witness, because = found.records(rests)
    if not len(witness):
        raise InputError(
            finding.id, f"no packet of these inputs shows it; `auditor show {finding.id}` tells the records it rests on"
        )
    left = found.left + rests.left
    into.write(blocks.section(f"residency-auditor {__version__}", _about(case, finding, witness, limit, left)))
    into.write(blocks.names([(name.address, name.name) for name in rests.names]))
    writer = _Writer(into)
    for index, source in enumerate(case.reading.sources):
        here = part_of(witness, index)
        if here.stop > here.start:
            writer.copy(source, witness[here] & (1 << SOURCE_SHIFT) - 1, because[here])
    _unchanged(case)
    return Extracted(len(witness), len(np.unique(witness >> SOURCE_SHIFT)), left)


def _unchanged(case: Case) -> None:
    """Refuse to call something evidence that was read from another file than the one that was audited."""
    for source, entry in zip(case.reading.sources, case.report.inputs, strict=True):
        if hashed(source) != entry.sha256:
            raise InputError(source.name, "has changed since it was audited; nothing was written, run it again")


def _about(case: Case, finding: Finding, witness: I64, limit: int | None, left: int) -> Iterator[str]:
    """Say what this file is: the finding, the rule, the inputs, and what was left out."""
    rule = next(rule for rule in case.report.rules if rule.id == finding.rule)
    yield f"Evidence of finding {finding.id}: {finding.verdict.value}, {finding.severity}, rule {finding.rule}."
    yield phrases.happened(finding)
    yield from waived.accepted(finding)
    yield f"Rule {rule.id}: {rule.speaks} File {rule.file}, SHA-256 {rule.sha256}."
    counts = np.bincount(witness >> SOURCE_SHIFT, minlength=len(case.report.inputs))
    rows = zip(case.report.inputs, counts.tolist(), case.reading.of, strict=True)
    given = [row for row in rows if row[1]]
    for entry, count, vantage in given[:INPUTS]:
        at = case.reading.vantages[vantage]
        yield (
            f"Input {entry.name}: {entry.format}, {entry.bytes} bytes, SHA-256 {entry.sha256}"
            f"{f', captured at {at}' if at else ''}; {count} of its {words.many(entry.packets, 'packet')} are here."
        )
    if len(given) > INPUTS:
        yield f"And packets of {len(given) - INPUTS} more inputs; every packet names its own."
    if left:
        most = f"At most {limit} packets of each flow are here; " if limit is not None else ""
        yield f"CUT: {most}{words.many(left, 'packet')} of this evidence {'is' if left == 1 else 'are'} left out."
    yield (
        "Packets are as the inputs hold them: bytes, lengths and times. Here are the flows that touched the place, "
        "those of the same sessions, and single packets that name the place or tell an end's public address. "
        "Nothing else."
    )


class _Writer:
    """Copies packets, and describes each kind of interface once."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into = into
        self._faces: dict[Interface, int] = {}

    def copy(self, source: Source, records: I64, because: NDArray[np.uint8]) -> None:
        """Copy the packets of these records, ascending, in their order."""
        waiting: list[tuple[int, bytes]] = []
        last = 0
        for batch, clock in _batches(source):
            first = int(batch.record[0])
            if first > last:  # else it is a part of the same stretch of the file, of another link type
                self._flush(waiting)
            last = max(last, int(batch.record[-1]))
            place = np.searchsorted(records, batch.record)
            here = np.flatnonzero(np.take(records, place, mode="clip") == batch.record)
            for at in here.tolist():
                record = int(batch.record[at])
                text = f"{source.name}, packet {record}: {WHY[because[place[at]]]}"
                waiting.append((record, self._packet(batch, at, clock, text)))
        self._flush(waiting)

    def _flush(self, waiting: list[tuple[int, bytes]]) -> None:
        for _, block in sorted(waiting):
            self._into.write(block)
        waiting.clear()

    def _packet(self, batch: Batch, at: int, clock: int, text: str) -> bytes:
        if batch.stamps is None:
            face = Interface(batch.link, 0, clock)
            stamp = blocks.stamped(int(batch.ns[at]), face)
        else:
            told = batch.stamps.interfaces[int(batch.stamps.which[at])]
            face = Interface(batch.link, 0, told.resolution, told.offset)
            stamp = int(batch.stamps.stamp[at])
        if face not in self._faces:
            self._faces[face] = len(self._faces)
            self._into.write(blocks.interface(face))
        start = int(batch.start[at])
        frame = bytes(batch.data.data[start : start + int(batch.captured[at])])
        return blocks.packet(self._faces[face], stamp, frame, int(batch.wire[at]), text)


def _batches(source: Source) -> Iterator[tuple[Batch, int]]:
    """Yield the packets of a capture, and the power of ten by which a second of its times is divided."""
    clock = blocks.NANOSECONDS
    if source.format == "pcap":
        with opened(source) as stream:
            form = pcap.shape(stream.read(HEAD) or b"")
        if form is not None and form.unit == 1_000:
            clock = MICROSECONDS
    with opened(source) as stream:
        window = Window(stream)
        window.refill()
        for each in packets_of(source, window):
            if isinstance(each, Batch) and len(each.record):
                yield each, clock
