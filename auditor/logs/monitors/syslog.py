"""Logs of firewalls out of syslog: a message a line, of whatever devices wrote into the file.

Palo Alto Networks TRAFFIC (CSV, CEF, LEEF), Juniper SRX RT_FLOW (structured and not), Cisco ASA, FTD, FWSM and PIX.
What other programs say stands in rows of status `unsupported`.  The header of a line may be that of RFC 5424, of
RFC 3164 with a year or without, any of a relay before it, or missing: the last time before the message is its device's.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

import polars as pl

from auditor.logs.lines import LONG, Block, blocks
from auditor.logs.model import Told
from auditor.logs.monitors import asa, ftd, pan, srx
from auditor.logs.monitors.fields import ZONELESS, Row, frames
from auditor.logs.monitors.stamps import YEARLESS, Stamp, stamp
from auditor.model.status import MALFORMED, UNSUPPORTED
from auditor.read.source import Source

LONGEST: Final = 1 << 16
"""Characters of a message that are looked at; no device writes longer ones."""
OF_ANOTHER: Final = "a message of another kind"
_BEGINS: Final = re.compile(
    r"<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d |\d{4}[-/]\d\d[-/]\d\d[T ]|%(?:ASA|FTD|PIX|FWSM)-|\d,\d{4}/|(?:CEF|LEEF):"
)

Reads = Callable[[str, re.Match[str], Stamp], Iterator[Row]]
MARKS: Final[tuple[tuple[re.Pattern[str], Reads], ...]] = (
    (ftd.MARK, ftd.rows),
    (asa.MARK, asa.rows),
    (srx.MARK, srx.rows),
    (pan.MARK, pan.rows),
    (pan.KEYED, pan.keyed),
)
"""What marks the message of a device, and what reads it; whatever stands before is the header."""
_ANY: Final = re.compile(r"%(?:ASA|FTD|PIX|FWSM)-|RT_FLOW|,TRAFFIC,|\|TRAFFIC\||=TRAFFIC\b|Palo Alto Networks\|")

LINES: Final = True
"""Records are lines: see `evidence`."""


def sniff(head: bytes) -> bool:
    """Say whether the text begins as a line of syslog does, and a line of it is a message that is read."""
    lines = head.decode("utf-8", "replace").split("\n")
    lines = [line.strip() for line in (lines[:-1] or lines) if line.strip()]
    if not lines or not _BEGINS.match(lines[0].lstrip("\ufeff")):
        return False
    return any(_ANY.search(line[:LONGEST]) and _known(line[:LONGEST]) for line in lines)


def _known(line: str) -> bool:
    return any(row.get("status", "ok") not in (UNSUPPORTED, MALFORMED) for row in rows(line, 1, Told()))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row a line, and more where a message offers further ends."""
    yield from frames(row for block in blocks(source, told) for row in _lines(block, told))


def _lines(block: Block, told: Told) -> Iterator[Row]:
    if block.cut:
        yield {"record": block.number, "status": MALFORMED, "detail": LONG}
        return
    for number, raw in enumerate(block.data.split(b"\n"), block.number):
        if line := raw[:LONGEST].strip():
            yield from rows(line.decode("utf-8", "replace"), number, told)


def rows(line: str, number: int, told: Told) -> Iterator[Row]:
    """Make the rows of one line, the first of which counts as the record."""
    if _ANY.search(line):
        for mark, reads in MARKS:
            if found := mark.search(line):
                when = stamp(line[: found.start()])
                for place, row in enumerate(reads(line, found, when)):
                    _tell(row, when, told)
                    yield {"record": number, "records": int(place == 0), **row}
                return
    yield {"record": number, "status": UNSUPPORTED, "detail": OF_ANOTHER}


def _tell(row: Row, when: Stamp, told: Told) -> None:
    """Tell what is not known of the time of a row; who found one in the message says whether it had a zone."""
    zoneless = row.pop("zoneless", when.zoneless)
    if row.get("status", "ok") != "ok":
        return
    if not row.get("first_ns"):
        told.notes.add(YEARLESS)
        row["detail"] = "no time that can be read"
    elif zoneless:
        told.notes.add(ZONELESS)
