"""What is read of Cloudflare's objects so far, and values of their attributes: whatever isn't understood is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from auditor.routing.cloudflare.model import Balancer, OriginPool
from auditor.routing.cloudflare.sources import Things
from auditor.routing.model import Line, Remark, Unread
from auditor.routing.terraform import Ref, Unresolved, Value, items
from auditor.routing.terraform.values import number, shown, truth_of

UNKNOWN: Final = "this attribute is not known; remove it, or ask for a newer release"


@dataclass(slots=True)
class Reading:
    """What was found so far."""

    things: Things
    pools: dict[str, OriginPool] = field(default_factory=dict)
    balancers: list[Balancer] = field(default_factory=list)
    unread: list[tuple[Unread, int | None]] = field(default_factory=list)  # with the balancer for which it matters
    remarks: list[Remark] = field(default_factory=list)
    current: int | None = None

    def lost(self, at: Line, text: str, why: str) -> None:
        """Keep what was not understood."""
        self.unread.append((Unread(at, shown(text), why), self.current))

    def hole(self, found: Unresolved, at: Line) -> None:
        """Keep what could not be evaluated, where it is used."""
        self.lost(at, found.text, found.why)


def objects(value: Value, reading: Reading) -> Iterator[Value]:
    """Yield the blocks or objects of a value; what is none is kept as not understood."""
    for each in items(value):
        if isinstance(each.data, dict):
            yield each
        else:
            not_a(each, "block or object", reading)


def first(value: Value | None, reading: Reading) -> dict[Any, Value]:
    """Return the attributes of what may stand once; empty, if it doesn't stand."""
    found = list(objects(value, reading)) if value is not None else []
    if len(found) > 1:
        reading.lost(found[1].at, "block", "stands twice; keep one")
    return found[0].data if found else {}


def is_open(value: Value) -> bool:
    """Say whether the files leave open what a value is."""
    return isinstance(value.data, Unresolved | Ref)


def not_a(value: Value, what: str, reading: Reading) -> None:
    """Keep a value of another kind than was expected."""
    if isinstance(value.data, Unresolved):
        reading.hole(value.data, value.at)
    else:
        text = str(value.data) if isinstance(value.data, str | int | Fraction | Ref) else "…"
        reading.lost(value.at, text, f"is no {what}; mend it, or give the plan as JSON")


def word(found: Mapping[Any, Value], name: str, default: str, reading: Reading) -> str:
    """Read an attribute that is text."""
    value = found.get(name)
    if value is None or value.data is None:
        return default
    if isinstance(value.data, str):
        return value.data
    not_a(value, "text", reading)
    return default


def flag(found: Mapping[Any, Value], name: str, default: bool, reading: Reading) -> bool:
    """Read an attribute that is true or false."""
    value = found.get(name)
    if value is None or value.data is None:
        return default
    truth = truth_of(value.data)
    if truth is None:
        not_a(value, "truth value", reading)
        return default
    return truth


def amount(found: Mapping[Any, Value], name: str, default: int, reading: Reading) -> Fraction:
    """Read an attribute that is a number of zero or more."""
    value = found.get(name)
    if value is None or value.data is None:
        return Fraction(default)
    size = number(value.data)
    if size is None or size < 0:
        not_a(value, "number of zero or more", reading)
        return Fraction(default)
    return Fraction(size)


def strange(
    found: Mapping[Any, Value], known: frozenset[str], reading: Reading, exists: Unresolved | None = None
) -> None:
    """Keep attributes that are not known, unless they are empty."""
    if exists is not None:
        reading.hole(exists, exists.at)
    for name, value in found.items():
        if name not in known and value.data not in (None, "", [], {}, False):
            reading.lost(value.at, str(name), UNKNOWN)
