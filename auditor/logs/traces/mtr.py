"""Reports of mtr in its forms for machines: JSON, CSV and the raw lines; the printed report is one of `text`.

mtr(8), options --json, --csv and --raw; the file FORMATS of its distribution for the raw lines.  A host that did not
answer is `???`.  The last host that answered is the destination, which these forms tell by name only, if at all,
unless hosts behind it did not answer.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from auditor.logs.model import Told
from auditor.logs.traces.addresses import canonical, host
from auditor.logs.traces.text import lines as text_lines
from auditor.logs.traces.trace import HOPS, RECORDS, Answer, Found, Trace, Unread, full, observer, written
from auditor.logs.values import values
from auditor.model.status import MALFORMED
from auditor.read.source import Source

_JSON: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*[\[{][\s{]*"report"\s*:\s*\{\s*"mtr"\s*:')
_CSV: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:mtr_version[,;]start_time[,;]|MTR\.\d[\w.+-]*[,;]\d{9,10}[,;]\w+[,;])", re.IGNORECASE
)
_RAW: Final = re.compile(rb"(?:x \d{1,3} \d+\r?\n)?h \d{1,3} [0-9A-Fa-f.:]+\r?\n(?:[hxpdmt] \d{1,3} [^\n]*\r?\n)")
_ENCLOSED: Final = re.compile(r"(?:\S+\s+)?\(([0-9A-Fa-f:.]{2,45})\)$")
SECOND: Final = 1_000_000_000
LATEST: Final = 1 << 33
UNHEARD: Final = ("???", "", "(waiting for reply)")
LINE: Final = "a line that is none of a report of mtr"


def sniff(head: bytes) -> bool:
    """Say whether a file that begins so is a report of mtr in JSON, CSV or raw lines."""
    return bool(_JSON.match(head) or _CSV.match(head) or _RAW.match(head))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows of LOG."""
    return written(traces(source, told), told)


def traces(source: Source, told: Told) -> Iterator[Found]:
    """Yield the traces of a file."""
    lines = text_lines(source, told)
    first = next(lines, (0, ""))[1].encode()
    if first.lstrip().startswith((b"{", b"[")):
        for value in values(source, told):
            yield (
                Unread(value.record, value.status, value.detail) if value.status else report(value.record, value.value)
            )
    elif _CSV.match(first):
        yield from _of_csv(text_lines(source, told))
    else:
        yield from _of_raw(text_lines(source, told))


def report(record: int, value: Any) -> Found:
    """Read one report in JSON."""
    inner = value.get("report") if isinstance(value, dict) else None
    hubs = inner.get("hubs") if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(hubs, list):
        return Unread(record, MALFORMED, "no report of mtr")
    head = inner.get("mtr")
    head = head if isinstance(head, dict) else {}
    found = Trace(record, target=_end(head.get("dst"))[0], observer=observer(head.get("src")), ends=True)
    for order, hub in enumerate(hubs, 1):
        hub = hub if isinstance(hub, dict) else {}
        sent, lost = _number(hub.get("Snt")), _number(hub.get("Loss%"))
        best = (_number(hub.get("Best")),) if isinstance(hub.get("Best"), int | float) else ()
        _add(
            found,
            record,
            int(_number(hub.get("count"))) or order,
            hub.get("host"),
            best,
            round(sent * (100 - lost) / 100),
        )
    return _named(found)


def _number(value: Any) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return number if 0 <= number < LATEST else 0.0


def _end(value: Any) -> tuple[str, bool]:
    """Read a host: its address, or `@host:name`, or nothing; and whether it has an address."""
    word = value.strip() if isinstance(value, str) else ""
    inner = _ENCLOSED.match(word[:400])
    for each in (inner[1] if inner else "", word):
        if found := canonical(each):
            return found, True
    return ("" if word in UNHEARD else host(word)), False


def _add(found: Trace, record: int, hop: int, name: Any, best: tuple[float, ...], replies: int) -> None:
    end, _ = _end(name)
    if end:
        found.answers.append(Answer(min(hop, HOPS), end, record, best, max(replies, 1)))
    else:
        found.stars.append((min(hop, HOPS), record))


def _named(found: Trace) -> Trace:
    """Let the last host that answered be the destination, where that is told by name alone or the host is."""
    last = max((answer.hop for answer in found.answers), default=0)
    final = [answer for answer in found.answers if answer.hop == last]
    if not final or any(hop > last for hop, _ in found.stars):
        return found
    if not canonical(found.target):
        found.target = ""
    elif not any(canonical(answer.addr) for answer in final):
        found.answers = [answer._replace(addr=found.target) if answer in final else answer for answer in found.answers]
    return found


def _of_csv(lines: Iterator[tuple[int, str]]) -> Iterator[Found]:
    """Read the lines of a report a hop; a new one begins with another time or destination, or a lower distance."""
    names: list[str] = []
    found: Trace | None = None
    key: tuple[str, ...] = ()
    for number, line in lines:
        fields = [each.strip() for each in re.split("[,;]", line)]
        if not line.strip():
            continue
        if fields[0].lower() == "mtr_version":
            names = [each.lower() for each in fields]
            continue
        row = _row(fields, names)
        if row is None:
            yield Unread(number, MALFORMED, LINE)
            continue
        hop, begun, target, name, best = row
        if (
            found is None
            or full(found)
            or (begun, target) != key
            or hop < max((a.hop for a in found.answers), default=0)
        ):
            if found is not None:
                yield _named(found)
            seconds = int(begun)
            found = Trace(
                number, target=_end(target)[0], first_ns=seconds * SECOND if seconds < LATEST else 0, ends=True
            )
            key = begun, target
        _add(found, number, hop, name, best, 1)
    if found is not None:
        yield _named(found)


def _row(fields: list[str], names: list[str]) -> tuple[int, str, str, str, tuple[float, ...]] | None:
    """Read distance, time, destination, host and best time of a line; None if it is none."""
    if len(fields) < 7 or not fields[0].upper().startswith("MTR") or not fields[1].isdecimal() or len(fields[1]) > 11:
        return None
    if not fields[4].isdecimal() or not 0 < int(fields[4][:4]) <= HOPS:
        return None
    best = fields[names.index("best")] if "best" in names and names.index("best") < len(fields) else ""
    return int(fields[4]), fields[1], fields[3], fields[5], (_number(best),) if best else ()


def _of_raw(lines: Iterator[tuple[int, str]]) -> Iterator[Found]:
    """Read the lines of one run: hosts, and what was sent and heard; which host is the destination they don't tell."""
    found: Trace | None = None
    hosts: dict[tuple[int, str], int] = {}
    times: dict[int, list[float]] = {}
    sent: dict[int, int] = {}
    for number, line in lines:
        words = line.split()
        if not words:
            continue
        if len(words) < 3 or words[0] not in "hxpdmt" or not words[1].isdecimal() or int(words[1][:4]) >= HOPS:
            yield Unread(number, MALFORMED, LINE)
            continue
        found = found or Trace(number)
        hop = int(words[1]) + 1
        if words[0] == "h" and canonical(words[2]):
            hosts.setdefault((hop, canonical(words[2])), number)
        if words[0] == "x":
            sent.setdefault(hop, number)
        if words[0] == "p":
            times.setdefault(hop, []).append(_number(words[2]) / 1_000)  # microseconds
        if len(found.others) < RECORDS:
            found.others.append(number)
        else:
            found.more += 1
    if found is None:
        return
    for (hop, address), number in hosts.items():
        alone = sum(at == hop for at, _ in hosts) == 1
        found.answers.append(Answer(hop, address, number, tuple(times.get(hop, ())) if alone else ()))
    heard = {hop for hop, _ in hosts}
    found.stars = [(hop, number) for hop, number in sent.items() if hop not in heard]
    yield found
