"""Gathers: many short stretches of one byte buffer as columns of 64-bit words, in one NumPy call.

A gather of whole items through a view with a stride of one byte costs 4 to 6 ns for a header of 16 to
96 bytes, and NumPy checks every index; a two-dimensional gather of single bytes costs ten times that.
"""

import ctypes
from contextlib import suppress
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

SLACK: Final = 256
"""Bytes that a buffer holds after its last frame, so that a gather at the end of a frame stays inside."""


def items(data: U8, at: I64, width: int, kind: str) -> NDArray[Any]:
    """Copy `width` bytes from each offset, viewed as `kind`, a row per offset; raise IndexError outside of `data`."""
    every = np.ndarray((len(data) - width + 1,), f"V{width}", data.data, strides=(1,))
    return every[at].view(kind).reshape(len(at), width // np.dtype(kind).itemsize)


def words(data: U8, at: I64, count: int) -> U64:
    """Copy `count` 64-bit words, lowest byte first, from each offset: an array of (offsets, count)."""
    return items(data, at, 8 * count, "<u8")


def rows(table: U64, which: I64) -> U64:
    """Copy some rows of a table, each as one item, in a quarter of the time of `table[which]`."""
    width = table.shape[1]
    return table.view(f"V{8 * width}")[:, 0][which].view(np.uint64).reshape(len(which), width)


def big16(data: U8, at: I64) -> I64:
    """Read 16 bits in network order at each offset."""
    return items(data, at, 2, ">u2")[:, 0].astype(np.int64)


def byte(data: U8, at: I64) -> I64:
    """Read one byte at each offset."""
    return data.take(at).astype(np.int64)


def distinct(values: I64) -> list[int]:
    """List the values that occur, ascending (np.unique would import masked arrays, a fortieth of a second)."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    found: list[int] = ordered[first].tolist()
    return found


def give_back() -> None:
    """Give free memory to the system: glibc keeps what large columns leave behind between smaller ones."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
