"""Members of JSON objects that may hold anything, and rows of them in portions."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import polars as pl

MANY: Final = 100_000
"""Rows of a portion."""
LONGEST: Final = 512
"""Characters of a text that many rows may share, such as a resource's name; a longer one names nothing."""
HUGE: Final = 1 << 50
"""A count of packets or bytes of one record that is larger is none, and sums of what is not stay numbers."""


def child(value: Any, name: str) -> dict[str, Any]:
    """Return a member that is an object, else an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def text(value: dict[str, Any], name: str) -> str:
    """Return a member that is text and not longer than names are, else empty."""
    found = value.get(name)
    return found if isinstance(found, str) and len(found) <= LONGEST else ""


def whole(value: Any, most: int = HUGE) -> int | None:
    """Return a whole number from 0 to `most`, which may be written as text or as a fraction of nothing (`6.0`)."""
    if isinstance(value, str) and len(value) <= 24:
        try:
            value = int(value) if value.isdecimal() else float(value)
        except ValueError:
            return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def portions(rows: Iterable[tuple[Any, ...]], schema: dict[str, Any]) -> Iterator[pl.DataFrame]:
    """Make frames of rows, some at a time."""
    each = iter(rows)
    while portion := list(islice(each, MANY)):
        yield pl.DataFrame(portion, schema=schema, orient="row")
