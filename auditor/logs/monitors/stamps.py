"""Headers of syslog lines, as devices write them: when, and by whom (RFC 3164, section 4.1; RFC 5424, section 6.2)."""

import re
from dataclasses import dataclass
from typing import Final

from auditor.logs.monitors.fields import YEARLESS as YEARLESS
from auditor.logs.monitors.fields import civil, moment

HEADER: Final = 512
"""Characters before a message that may be its header."""
MONTHS: Final = {
    name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}
_MONTH: Final = "|".join(MONTHS)
_CLOCK: Final = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
_STAMP: Final = re.compile(
    rf"(?P<iso>\d{{4}}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?(?:Z|[+-]\d\d:?\d\d)?)"
    rf"|(?P<bsd>({_MONTH}) +(\d{{1,2}})(?: (\d{{4}}))? {_CLOCK}(?: (\d{{4}})(?=[\s:]))?(?: (UTC|GMT)\b)?)",
    re.ASCII,
)
_HOST: Final = re.compile(r"[\s:]*([A-Za-z0-9_][A-Za-z0-9_.:-]{0,253})(?=[\s:]|\Z)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a header says."""

    ns: int = 0  # 0: not known
    zoneless: bool = False
    host: str = ""


def stamp(header: str) -> Stamp:
    """Read the header of a line: the last time that bears a year, and the host behind the last time."""
    best, host = Stamp(), ""
    for found in _STAMP.finditer(header[:HEADER]):
        ns, zoneless = _time(found)
        if ns:
            best = Stamp(ns, zoneless)
        if named := _HOST.match(header[found.end() : found.end() + 300]):
            host = named[1].rstrip(":")
    return Stamp(best.ns, best.zoneless, "" if host in MONTHS or host.startswith("%") else host)


def _time(found: re.Match[str]) -> tuple[int, bool]:
    if found["iso"]:
        return moment(found["iso"])
    month, day, year, hour, minute, second, part, later, zone = found.groups()[2:]
    if not (year or later):
        return 0, True
    ns = civil(int(year or later), MONTHS[month], int(day), int(hour), int(minute), int(second))
    return (ns + int((part or "0").ljust(9, "0")) if ns else 0), not zone


def written(text: str) -> tuple[int, bool]:
    """Read a time that a message writes: as `fields.moment` does, or as `Mar 01 2021 20:46:50`."""
    found = _STAMP.match(text[:64])
    return _time(found) if found else moment(text)
