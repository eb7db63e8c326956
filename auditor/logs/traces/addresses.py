"""Addresses as traces tell them: written canonically, told private from public, or but names of hosts."""

import re
import socket
from bisect import bisect
from functools import cache, lru_cache
from typing import Final

from auditor.enrich.addresses import parse, write
from auditor.enrich.special import PRIVATE, registry
from auditor.logs.model import Nameless
from auditor.model.flow import HOST

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_PLAIN: Final = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}\Z", re.ASCII)
"""Nearly all addresses of nearly all traces: IPv4 as its canonical text has it."""
LONGEST: Final = 64
"""Characters of an address, with its scope."""
_NAME: Final = re.compile(r"[\w.:-]{1,255}\Z")


def canonical(text: str) -> str:
    """Write an address canonically; empty for what is none.  The scope of a link-local address is left out."""
    if _PLAIN.match(text):
        return text
    return _canonical(text) if len(text) <= LONGEST else ""


@lru_cache(1 << 16)
def _canonical(text: str) -> str:
    try:
        return write(*parse(text.partition("%")[0]))
    except ValueError:
        return ""


@lru_cache(1 << 16)
def private(address: str) -> bool:
    """Say whether a canonical address means another machine elsewhere; what is no address does too."""
    if _PLAIN.match(address):
        number, version = int.from_bytes(socket.inet_aton(address), "big"), 4
    else:
        try:
            number, version = parse(address)
        except ValueError:
            return True
    starts, kinds = _special(version)
    return kinds[bisect(starts, number) - 1]


@cache
def _special(version: int) -> tuple[list[int], list[bool]]:
    """Lay out which stretches of addresses are private, for one look-up at a time."""
    known = registry()
    kinds = [value.startswith(PRIVATE) for value in known.values]
    if version == 4:
        return known.four[0].tolist(), [kinds[code] for code in known.four[1].tolist()]
    starts = [int.from_bytes(start.ljust(16, b"\0"), "big") for start in known.six[0].tolist()]
    return starts, [kinds[code] for code in known.six[1].tolist()]


def host(name: str) -> str:
    """Stand for a host of which only the name is told; empty for what is no name."""
    return Nameless(f"{HOST}{name}") if _NAME.match(name) else ""
