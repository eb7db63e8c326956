"""Which interval of the address space holds an address, and what is said of it, for many addresses at once.

A database of networks is flattened once into sorted interval starts with one code each: a look-up is a
binary search, and the narrowest network that holds an address has already won.  The same form, packed
as byte planes of deltas, is the file format of the shipped databases (`auditor/data/*.bin`).
"""

import heapq
import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import zstandard

MAGIC: Final = b"intervals 1\n"
MAX_UNPACKED: Final = 1 << 26  # bytes; the largest shipped file unpacks to a quarter of that

Codes = npt.NDArray[np.uint32]
V4 = npt.NDArray[np.uint32]
V6 = npt.NDArray[np.bytes_]  # 16 bytes each, network order: NumPy orders them as memcmp does
Range = tuple[int, int, str]  # first and last address, both included, and what is said of them

KINDS: Final[tuple[type[np.unsignedinteger[Any]], ...]] = (np.uint32, np.uint32, np.uint64, np.uint64, np.uint32)
"""Of the sections of a file: IPv4 starts and codes, IPv6 starts (upper and lower half), IPv6 codes."""

Said = TypeVar("Said", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Sorted interval starts of both address families; the first of each is address zero."""

    values: tuple[str, ...]  # what codes stand for; code 0 is the empty text: nothing is said
    starts4: V4
    codes4: Codes
    starts6: V6
    codes6: Codes

    def find4(self, addresses: V4) -> Codes:
        """Return the code of each IPv4 address (as a number)."""
        return self.codes4[np.searchsorted(self.starts4, addresses, side="right") - 1]

    def find6(self, addresses: V6) -> Codes:
        """Return the code of each IPv6 address (16 bytes in network order)."""
        return self.codes6[np.searchsorted(self.starts6, addresses, side="right") - 1]

    def span(self, address: int, version: int) -> tuple[int, int, str]:
        """Return first and last address of the interval that holds one address, and what is said of it."""
        if version == 4:
            at = int(np.searchsorted(self.starts4, np.uint32(address), side="right"))
            bounds = [int(start) for start in self.starts4[at - 1 : at + 1]]
            code, end = self.codes4[at - 1], 1 << 32
        else:
            wanted = np.array([address.to_bytes(16, "big")], "S16")
            at = int(np.searchsorted(self.starts6, wanted, side="right")[0])
            bounds = [int.from_bytes(bytes(start).ljust(16, b"\0"), "big") for start in self.starts6[at - 1 : at + 1]]
            code, end = self.codes6[at - 1], 1 << 128
        return bounds[0], (bounds[1] if len(bounds) == 2 else end) - 1, self.values[int(code)]


def flatten(ranges: Iterable[tuple[int, int, Said]], nothing: Said) -> list[tuple[int, Said]]:
    """Turn ranges that may overlap into disjoint intervals `(start, said)`, the first at address zero.

    Where ranges overlap the narrowest wins, and of equally wide ones the one that was given first; a start whose
    neighbour says the same is left out.  Takes n log n steps for n ranges.
    """
    waiting = sorted((first, last - first, order, last, said) for order, (first, last, said) in enumerate(ranges))
    bounds = sorted({0} | {first for first, *_ in waiting} | {last + 1 for *_, last, _ in waiting})
    open_: list[tuple[int, int, int, Said]] = []
    intervals: list[tuple[int, Said]] = []
    taken = 0
    for bound in bounds:
        while taken < len(waiting) and waiting[taken][0] == bound:
            heapq.heappush(open_, waiting[taken][1:])
            taken += 1
        while open_ and open_[0][2] < bound:
            heapq.heappop(open_)
        said = open_[0][3] if open_ else nothing
        if not intervals or intervals[-1][1] != said:
            intervals.append((bound, said))
    return intervals


def build(ranges4: Iterable[Range], ranges6: Iterable[Range]) -> Intervals:
    """Flatten the ranges of both families; values are numbered in alphabetical order."""
    four = [each for each in flatten(ranges4, "") if each[0] < 1 << 32]
    six = [each for each in flatten(ranges6, "") if each[0] < 1 << 128]
    values = tuple(sorted({said for _, said in four} | {said for _, said in six} | {""}))
    number = {said: code for code, said in enumerate(values)}
    return Intervals(
        values,
        np.array([start for start, _ in four], np.uint32),
        np.array([number[said] for _, said in four], np.uint32),
        np.array([start.to_bytes(16, "big") for start, _ in six], "S16"),
        np.array([number[said] for _, said in six], np.uint32),
    )


def pack(intervals: Intervals) -> bytes:
    """Write intervals as the bytes of a file; equal intervals give equal bytes (with one release of zstd)."""
    text = "\n".join(intervals.values).encode()
    if text.count(b"\n") != len(intervals.values) - 1 or intervals.values[0]:
        raise ValueError("a value holds a line feed, or the first is not empty")
    halves = np.frombuffer(_bytes16(intervals.starts6), ">u8").reshape(-1, 2).astype(np.uint64)
    high, low = _deltas(halves[:, 0]), halves[:, 1]
    head, body = [], []
    for array in (_deltas(intervals.starts4), intervals.codes4, high, low, intervals.codes6):
        planes = _planes(array)
        head.append({"rows": len(array), "planes": [at for at, plane in enumerate(planes) if plane.any()]})
        body += [plane.tobytes() for plane in planes if plane.any()]
    whole = json.dumps(head).encode() + b"\n" + b"".join(body) + text
    return MAGIC + zstandard.ZstdCompressor(level=22, write_checksum=True).compress(whole)


def unpack(data: bytes) -> Intervals:
    """Read the bytes of a file.  Raise ValueError if they are not whole."""
    if not data.startswith(MAGIC):
        raise ValueError("not a file of intervals")
    try:
        body = zstandard.ZstdDecompressor().decompress(data[len(MAGIC) :], max_output_size=MAX_UNPACKED)
        at = body.index(b"\n") + 1
        arrays: list[npt.NDArray[Any]] = []
        for section, kind in zip(json.loads(body[:at]), KINDS, strict=True):
            arrays.append(_unplane(body, at, section, kind))
            at += section["rows"] * len(section["planes"])
        values = tuple(body[at:].decode().split("\n"))
    except (zstandard.ZstdError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"damaged: {error}") from None
    starts4, codes4, high, low, codes6 = arrays
    halves = np.empty((len(high), 2), ">u8")
    halves[:, 0] = np.cumsum(high, dtype=np.uint64)
    halves[:, 1] = low
    starts6 = halves.view("S16").reshape(-1)
    return Intervals(values, np.cumsum(starts4, dtype=np.uint32), codes4, starts6, codes6)


def _bytes16(addresses: V6) -> bytes:
    return np.ascontiguousarray(addresses, "S16").tobytes()


def _deltas(starts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.diff(starts, prepend=starts.dtype.type(0))


def _planes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Lay all lowest bytes in a row, then all second ones, and so on: the high ones compress to nothing."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return np.ascontiguousarray(little.view(np.uint8).reshape(-1, little.dtype.itemsize).T)


def _unplane(body: bytes, at: int, section: dict[str, Any], kind: type[np.unsignedinteger[Any]]) -> npt.NDArray[Any]:
    """Put numbers together again from the planes that a section kept; empty ones were left out."""
    rows = section["rows"]
    whole = np.zeros(rows, kind)
    for number, plane in enumerate(section["planes"]):
        bytes_ = np.frombuffer(body, np.uint8, rows, at + number * rows)
        whole |= bytes_.astype(kind) << kind(8 * plane)
    return whole
