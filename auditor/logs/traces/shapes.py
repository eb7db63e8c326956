"""One line of a trace that a person's tool wrote, told by its shape: words differ with language and version.

Linux traceroute(8) with its options -n, -A, -e; traceroute of the BSDs and macOS; paris-traceroute; tracepath(8);
tracert of Windows in any language and code page; mtr(8) --report; BestTrace and NextTrace, whose columns of places
are another database's guess and are not read.

    distance, then hosts: `address`, `name (address)` or `name [address]`, each before its times; tracert writes it
    behind them.  A star is a probe that was not answered.  `[AS64496]`, `<MPLS:…>` and `!H` say more of the host before
    or behind them.  A line without a distance that is indented holds further hosts of the line before.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from auditor.logs.traces.addresses import canonical, host
from auditor.logs.traces.trace import HOPS

LONGEST: Final = 1 << 14
"""Characters of a line that are read: a longer one is none of a trace."""
_DISTANCE: Final = re.compile(r"\s*(\d{1,3})(\?:|:|\.\|--|\.(?=\s)|(?=\s)|$)")
_DEEPER: Final = re.compile(r"\s+(?:\|\s+)?[`|+]-{1,2}\s*")
_TIME: Final = re.compile(r"<?(\d{1,7}(?:[.,]\d{1,6})?)(?:/[\d./]{1,40})?(ms)?$")
_SHARE: Final = re.compile(r"\d{1,3}(?:\.\d+)?%?$")
_SYSTEM: Final = re.compile(r"\[?(?:AS[\d?]+(?:[,/_ ]AS?\d+)*|\*|)\]?$|\[(?:AS)?\d*[\]/,]")
_FLOWS: Final = re.compile(r"P\(\d+,$|\d+\)$")
_ENCLOSED: Final = re.compile(r"[(\[]([0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,20})?)[)\]](?::[\d,]{1,40})?[:,;.]?$")
_UNITS: Final = frozenset({"ms", "msec", "ms.", "мс", "мс.", "毫秒", "ミリ秒"})
STAR: Final = "*"
LOCAL: Final = "[LOCALHOST]"


@dataclass(slots=True)
class Hop:
    """What one line tells of one distance."""

    distance: int  # 0: further hosts of the line before
    hosts: list[tuple[str, list[float]]] = field(default_factory=list)  # address or `@host:name`, and times in ms
    stars: int = 0  # probes that were not answered
    final: bool = False  # tracepath says that this is the destination


def hop(line: str) -> Hop | None:
    """Read a line of hosts; None if it is none."""
    if len(line) > LONGEST:
        return None
    found = _DISTANCE.match(line)
    if found and 0 < int(found[1]) <= HOPS:
        read = _hosts(Hop(int(found[1])), line[found.end() :].split(), names=found[2] != "")
        if not read.hosts and not read.stars and found[2] and LOCAL not in line:
            read.stars = 1  # tracepath and mtr have words for what did not answer
        return read if read.hosts or read.stars or found[2] else None
    return _further(line)


def distance(line: str) -> int:
    """Return the distance with which a line begins; 0 if there is none."""
    found = _DISTANCE.match(line)
    return int(found[1]) if found else 0


def _further(line: str) -> Hop | None:
    """Read an indented line without a distance, which begins with a host."""
    deeper = _DEEPER.match(line)
    if not (deeper or line[:1].isspace()):
        return None
    words = line[deeper.end() if deeper else 0 :].split()
    read = _hosts(Hop(0), words, names=bool(deeper))
    return read if read.hosts and (deeper or len(words) == 1 or any(times for _, times in read.hosts)) else None


def _hosts(read: Hop, words: list[str], names: bool) -> Hop:
    """Take the hosts out of the words behind the distance; `names`: a host may be told by its name alone."""
    fresh = True
    before: list[float] = []  # times before any host are those of tracert
    at = 0
    while at < len(words):
        word = words[at]
        time = _time(words, at)
        if word == STAR:
            read.stars += 1
        elif time is not None:
            (read.hosts[-1][1] if read.hosts else before).append(time)
        elif fresh and (_SYSTEM.match(word) or _FLOWS.match(word)):
            pass
        elif _is_host(words, at, fresh or bool(before and not read.hosts)):
            address, at = _address(words, at, names)
            if address:
                read.hosts.append((address, [] if read.hosts else before))
            fresh, before = False, before if not address else []
        at += 1
    read.final = bool(words) and "reached" in words[-2:]
    return read


def _time(words: list[str], at: int) -> float | None:
    """Read a time with its unit, which may be a word of its own, in any language."""
    found = _TIME.match(words[at])
    if not found:
        return None
    unit = words[at + 1] if at + 1 < len(words) else ""
    if not found[2] and unit not in _UNITS and "�" not in unit:
        return None
    return float(found[1].replace(",", "."))


def _is_host(words: list[str], at: int, begins: bool) -> bool:
    """Say whether a host stands here: where one is due, or where times follow it."""
    word = words[at]
    if word in _UNITS or word.startswith(("!", "<", "[MPLS")):
        return False
    if begins:
        return True
    if not canonical(word.rstrip(",")) and not (at + 1 < len(words) and _ENCLOSED.match(words[at + 1])):
        return False
    rest = at + 1
    while rest < len(words) and words[rest].startswith(("(", "[", "<")) and _time(words, rest) is None:
        rest += 1
    return rest < len(words) and (_time(words, rest) is not None or words[rest] == STAR)


def _address(words: list[str], at: int, names: bool) -> tuple[str, int]:
    """Read the host that stands here: the address in brackets behind its name, else the word itself."""
    for ahead in (at + 1, at):
        inner = _ENCLOSED.match(words[ahead]) if ahead < len(words) else None
        if inner and canonical(inner[1]):
            return canonical(inner[1]), ahead
    word = words[at].rstrip(",;")
    if found := canonical(word):
        return found, at
    if names and not _SHARE.match(word) and _named(word):
        return host(word), at
    return "", at


@lru_cache(1 << 12)
def _named(word: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_.])?", word)) and word not in (
        "no",
        "pmtu",
    )


_TO: Final = re.compile(r"[ \t>$#]*(?:traceroute6?|tcptraceroute) to (\S{1,255}?),? +\d{1,3} hops", re.IGNORECASE)
_FROM: Final = re.compile(r"\bfrom\s+(\S{1,255})(?:\s+\(([0-9A-Fa-f:.]{2,45})\))?")
_PAIR: Final = re.compile(r"\[\(([0-9A-Fa-f:.]{2,45}):\d+\)\s+->\s+\(([0-9A-Fa-f:.]{2,45}):\d+\)\]")
_ANYWHERE: Final = re.compile(
    r"(?<![\w.:-])(\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:-])"
)


def heading(line: str) -> tuple[str, str] | None:
    """Read source (empty: not told) and destination of the line that heads a trace; None if it names no destination."""
    line = line[:LONGEST]
    if pair := _PAIR.search(line):
        return canonical(pair[1]), canonical(pair[2])
    source = ""
    if begun := _FROM.search(line):
        source = canonical(begun[2] or begun[1].strip("(),:")) or canonical(begun[1].strip("(),:"))
        line = line[: begun.start()] + " " + line[begun.end() :]
    words = line.split()
    enclosed = next(
        (canonical(inner[1]) for word in words if (inner := _ENCLOSED.match(word)) and canonical(inner[1])), ""
    )
    bare = next(
        (canonical(found[1]) for found in _ANYWHERE.finditer(line) if len(found[1]) > 2 and canonical(found[1])), ""
    )
    named = _TO.match(line)
    target = enclosed or bare or (host(named[1].strip(",:[]()")) if named else "")
    return (source, target) if target else None
