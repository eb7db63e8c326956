"""Which interval of the address space holds an address, and what is said of it, for many addresses at once.

A database of networks is flattened once into sorted interval starts with one code each: a look-up is a
binary search, and the narrowest network that holds an address has already won.  The same form, packed
as byte planes of deltas, is the file format of the shipped databases (`auditor/data/*.bin`).
"""

import heapq
import json
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
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
Starts = TypeVar("Starts")
_LINE: Final = ord("\n")


@dataclass(frozen=True)
class Intervals:
    """Sorted interval starts of both address families; the first of each is address zero.

    Of a file each family, and what codes stand for, is read when it is first asked for: most captures hold no IPv6.
    """

    read4: Callable[[], tuple[V4, Codes]]  # starts, and the code of each
    read6: Callable[[], tuple[V6, Codes]]
    text: bytes  # what codes stand for, in lines; code 0 is the empty text: nothing is said

    @cached_property
    def four(self) -> tuple[V4, Codes]:
        """Starts and codes of IPv4."""
        return self.read4()

    @cached_property
    def six(self) -> tuple[V6, Codes]:
        """Starts and codes of IPv6."""
        return self.read6()

    @cached_property
    def values(self) -> tuple[str, ...]:
        """What all codes stand for."""
        return tuple(self.text.decode().split("\n"))

    @cached_property
    def _ends(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(np.frombuffer(self.text + b"\n", np.uint8) == _LINE)

    def said(self, code: int) -> str:
        """Return what one code stands for, without a look at the others."""
        return self.text[int(self._ends[code - 1]) + 1 if code else 0 : int(self._ends[code])].decode()

    def find4(self, addresses: V4) -> Codes:
        """Return the code of each IPv4 address (as a number)."""
        starts, codes = self.four
        return codes[np.searchsorted(starts, addresses, side="right") - 1]

    def find6(self, addresses: V6) -> Codes:
        """Return the code of each IPv6 address (16 bytes in network order)."""
        starts, codes = self.six
        return codes[np.searchsorted(starts, addresses, side="right") - 1]

    def span(self, address: int, version: int) -> tuple[int, int, str]:
        """Return first and last address of the interval that holds one address, and what is said of it."""
        if version == 4:
            starts4, codes = self.four
            at = int(np.searchsorted(starts4, np.uint32(address), side="right"))
            bounds, end = [int(start) for start in starts4[at - 1 : at + 1]], 1 << 32
        else:
            starts6, codes = self.six
            at = int(np.searchsorted(starts6, np.array([address.to_bytes(16, "big")], "S16"), side="right")[0])
            near = starts6[at - 1 : at + 1]
            bounds, end = [int.from_bytes(bytes(start).ljust(16, b"\0"), "big") for start in near], 1 << 128
        return bounds[0], (bounds[1] if len(bounds) == 2 else end) - 1, self.said(int(codes[at - 1]))


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
    """Flatten the ranges of both families; values are numbered in alphabetical order.

    Raise ValueError for a value with a line feed.
    """
    four = [each for each in flatten(ranges4, "") if each[0] < 1 << 32]
    six = [each for each in flatten(ranges6, "") if each[0] < 1 << 128]
    values = tuple(sorted({said for _, said in four} | {said for _, said in six} | {""}))
    number = {said: code for code, said in enumerate(values)}
    if any("\n" in said for said in values):
        raise ValueError("a value holds a line feed")
    codes4, codes6 = (np.array([number[said] for _, said in found], np.uint32) for found in (four, six))
    starts4 = np.array([start for start, _ in four], np.uint32)
    starts6 = np.array([start.to_bytes(16, "big") for start, _ in six], "S16")
    text = "\n".join(values).encode()
    return Intervals(partial(_both, starts4, codes4), partial(_both, starts6, codes6), text)


def _both(starts: Starts, codes: Codes) -> tuple[Starts, Codes]:
    return starts, codes


def pack(intervals: Intervals) -> bytes:
    """Write intervals as the bytes of a file; equal intervals give equal bytes (with one release of zstd)."""
    (starts4, codes4), (starts6, codes6) = intervals.four, intervals.six
    halves = np.frombuffer(_bytes16(starts6), ">u8").reshape(-1, 2).astype(np.uint64)
    high, low = _deltas(halves[:, 0]), halves[:, 1]
    head, body = [], []
    for array in (_deltas(starts4), codes4, high, low, codes6):
        planes = _planes(array)
        head.append({"rows": len(array), "planes": [at for at, plane in enumerate(planes) if plane.any()]})
        body += [plane.tobytes() for plane in planes if plane.any()]
    whole = json.dumps(head).encode() + b"\n" + b"".join(body) + intervals.text
    return MAGIC + zstandard.ZstdCompressor(level=22, write_checksum=True).compress(whole)


def unpack(data: bytes) -> Intervals:
    """Read the bytes of a file.  Raise ValueError if they are not whole."""
    if not data.startswith(MAGIC):
        raise ValueError("not a file of intervals")
    try:
        body = zstandard.ZstdDecompressor().decompress(data[len(MAGIC) :], max_output_size=MAX_UNPACKED)
        at = body.index(b"\n") + 1
        sections = []
        for section, kind in zip(json.loads(body[:at]), KINDS, strict=True):
            sections.append(_Section(at, int(section["rows"]), tuple(section["planes"]), kind))
            at += sections[-1].size
        if at > len(body):
            raise ValueError("it is shorter than its sections")
        text = body[at:]
        text.decode()
    except (zstandard.ZstdError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"damaged: {error}") from None
    return Intervals(partial(_read4, body, *sections[:2]), partial(_read6, body, *sections[2:]), text)


@dataclass(frozen=True, slots=True)
class _Section:
    """Where the planes of a column of numbers lie; those that hold nothing were left out."""

    at: int
    rows: int
    planes: tuple[int, ...]
    kind: type[np.unsignedinteger[Any]]

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        if self.rows < 0 or not set(self.planes) <= set(range(np.dtype(self.kind).itemsize)):
            raise ValueError("a section of another form")
        return self.rows * len(self.planes)


def _read4(body: bytes, starts: _Section, codes: _Section) -> tuple[V4, Codes]:
    return np.cumsum(_unplane(body, starts), dtype=np.uint32), _unplane(body, codes)


def _read6(body: bytes, high: _Section, low: _Section, codes: _Section) -> tuple[V6, Codes]:
    halves = np.empty((high.rows, 2), ">u8")
    halves[:, 0] = np.cumsum(_unplane(body, high), dtype=np.uint64)
    halves[:, 1] = _unplane(body, low)
    return halves.view("S16").reshape(-1), _unplane(body, codes)


def _bytes16(addresses: V6) -> bytes:
    return np.ascontiguousarray(addresses, "S16").tobytes()


def _deltas(starts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.diff(starts, prepend=starts.dtype.type(0))


def _planes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Lay all lowest bytes in a row, then all second ones, and so on: the high ones compress to nothing."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return np.ascontiguousarray(little.view(np.uint8).reshape(-1, little.dtype.itemsize).T)


def _unplane(body: bytes, section: _Section) -> npt.NDArray[Any]:
    """Put numbers together again from the planes that a section kept."""
    whole = np.zeros(section.rows, np.dtype(section.kind).newbyteorder("<"))
    planes = whole.view(np.uint8).reshape(section.rows, -1)
    for number, plane in enumerate(section.planes):
        planes[:, plane] = np.frombuffer(body, np.uint8, section.rows, section.at + number * section.rows)
    return whole.astype(section.kind, copy=False)
