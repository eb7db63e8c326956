"""Where a whole network may be, and what the inventory says of a place by its name: what routing configurations ask.

A network is cut where any source begins to say something else; an address of each part is asked like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

import polars as pl

from auditor.enrich import embedded, special
from auditor.enrich.addresses import write
from auditor.enrich.ground import Said, said
from auditor.enrich.located import KEYS, locate
from auditor.enrich.opened import Opened
from auditor.model.countries import ANYWHERE, bits, possible, text
from auditor.model.report import Source

PARTS: Final = 1 << 12
"""Parts of one network that are looked at; of one with more nothing is known."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of all addresses of a network."""

    possible: str  # country set in which they may be
    proven: str  # country set, `*`: nothing is proven
    label: str = ""  # by the inventory, if it says the same of all of them


def networks(opened: Opened, values: Sequence[str], moment: int | None) -> dict[str, Spread]:
    """Say where the addresses of networks (text as 192.0.2.0/24) may be at a time in nanoseconds; all at once."""
    parts = {value: _parts(opened, value) for value in dict.fromkeys(values)}
    epoch = -1 if moment is None else int(opened.epochs(pl.Series([moment]))[0])
    addresses = list(dict.fromkeys(address for each in parts.values() for address in each or ()))
    ends = pl.DataFrame([("", address, epoch, epoch) for address in addresses], schema=KEYS, orient="row")
    found = locate(opened, ends).select("claimed", "proven", "label").rows() if addresses else []
    of = dict(zip(addresses, found, strict=True))
    return {value: _together([of[address] for address in each or ()]) for value, each in parts.items()}


def _together(found: Sequence[tuple[str, str, str]]) -> Spread:
    """Put what is known of the parts of a network together; of one with too many parts nothing is."""
    if not found:
        return Spread(ANYWHERE, ANYWHERE)
    near = far = 0
    for claimed, proven, _ in set(found):
        near |= bits(possible(claimed, proven))
        far |= bits(proven)
    labels = {label for *_, label in found}
    return Spread(text(near), text(far), labels.pop() if len(labels) == 1 else "")


def _parts(opened: Opened, value: str) -> list[str] | None:
    """Return the first address of each part of a network; None if there are too many parts."""
    whole = ip_network(value)
    at, last, version = int(whole[0]), int(whole[-1]), whole.version
    shipped = [embedded.shipped(stem).intervals for stem in (embedded.COUNTRY, embedded.PUBLISHED)]
    intervals = [*shipped, special.registry(), opened.ground[0]]
    width = 32 if version == 4 else 128
    parts: list[str] = []
    while at <= last:
        if len(parts) == PARTS:
            return None
        address = write(at, version)
        parts.append(address)
        ends = [each.span(at, version)[1] for each in intervals]
        for user in opened.users:
            _, length = user.answer(address)
            ends.append(at | ((1 << (width - length)) - 1) if length else last)
        at = min(ends) + 1
    return parts


def named(opened: Opened, name: str, moment: int | None) -> Said:
    """Say what the inventory's sites of a name say at a time in nanoseconds (None: no time is known)."""
    entries = tuple(entry for entry in opened.inventory.entries if entry.name == name)
    return said((entries,), moment, moment) if entries else Said()


def sources(found: Said) -> tuple[Source, ...]:
    """Write what the inventory says of a name as sources of evidence."""
    proofs = [Source(entry.title, "proof", entry.countries, "by name") for entry in found.proofs]
    claims = [Source(entry.title, "claim", entry.countries, "by name, out of date") for entry in found.claims]
    return (*proofs, *claims)
