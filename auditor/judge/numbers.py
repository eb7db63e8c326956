"""Whole numbers that stand for texts, groups and sets, in columns."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

TABLE: Final = 1 << 22
"""Numbers below this are renumbered by a table, others by sorting."""


def dense(number: Integers, size: int) -> tuple[Integers, int]:
    """Renumber numbers below `size` so that none is left out, keeping their order; return how many there are."""
    if size > TABLE:
        distinct, dense = np.unique(number, return_inverse=True)
        return dense.astype(np.int64), len(distinct)
    there = np.zeros(size, np.int64)
    there[number] = 1
    return (there.cumsum() - 1)[number], int(there.sum())


def combined(rows: int, columns: Iterable[tuple[Integers, int]]) -> tuple[Integers, int]:
    """Number the combinations that occur in columns of numbers (each with their bound); return how many there are."""
    number, size = np.zeros(rows, np.int64), 1
    for more, count in columns:
        if size * count > TABLE:
            number, size = dense(number, size)
        number, size = number * count + more, size * count
    return dense(number, size)


def distinct(number: Integers) -> Integers:
    """Return the distinct numbers, sorted: several times as fast as by hashing, which `numpy.unique` may do."""
    ordered = np.sort(number)
    first: npt.NDArray[np.bool_] = np.diff(ordered, prepend=-1) != 0
    return ordered[first]


def examples(number: Integers, size: int) -> Integers:
    """Return for each of the numbers the first place where it stands."""
    first = np.zeros(size, np.int64)
    first[number[::-1]] = np.arange(len(number) - 1, -1, -1)
    return first


def runs(group: Integers) -> tuple[Integers, Integers]:
    """Return where each run of equal numbers starts, and how long it is."""
    starts = np.flatnonzero(np.diff(group, prepend=-1)).astype(np.int64)
    return starts, np.diff(starts, append=len(group))


def ranges(starts: Integers, counts: Integers) -> Integers:
    """List the numbers of ranges, one after another."""
    before = counts.cumsum() - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))
