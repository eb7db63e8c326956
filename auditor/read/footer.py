"""What the footer of a Parquet file says: the names of its columns, and how many rows it has.

Apache Parquet, "File Format" and `parquet.thrift`; Apache Thrift, "Compact protocol encoding".  The footer stands at
the end of a file, and is read no further than its schema and size: that tells what a file is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

MAGIC: Final = b"PAR1"
ENOUGH: Final = 1 << 20
"""Bytes of a footer that are looked at: the schema comes first."""
COLUMNS: Final = 4096
NAME: Final = 256  # characters of a column's name
_END: Final = 8  # length of the footer, and the magic
_DEPTH: Final = 16
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer says; it may lie."""

    names: tuple[str, ...]  # of the columns that hold plain values, at the top
    rows: int


class Stream(Protocol):
    """What can be read to its end."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Return some bytes, none at the end."""


def start(size: int) -> int:
    """Return where in a file of some bytes it is enough to begin."""
    return max(0, size - 2 * ENOUGH)


def telling(stream: Stream) -> bytes:
    """Read a Parquet file, from `start` on or all of it; return its magic and as much of its footer as is looked at.

    Only the magic is returned where the end is that of no Parquet file.  Raise OSError for what can't be unpacked.
    """
    kept = b""
    while more := stream.read(ENOUGH):
        kept = (kept + more)[-2 * ENOUGH :]
    return MAGIC + _footer(kept)


def _footer(end: bytes) -> bytes:
    size = int.from_bytes(end[-_END:-4], "little")
    whole = len(end) >= _END and end.endswith(MAGIC) and 0 < size <= len(end) - _END
    return end[-_END - size : -_END][:ENOUGH] if whole else b""


def footer(data: bytes) -> Footer | None:
    """Read what `telling` returned; None if it is no footer."""
    if not data.startswith(MAGIC):
        return None
    try:
        return _Thrift(data, len(MAGIC)).meta()
    except (IndexError, ValueError):
        return None


class _Thrift:
    """A reader of the compact protocol.  Raises IndexError at the end, and ValueError for what can't be."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def meta(self) -> Footer | None:
        """Read FileMetaData as far as its number of rows."""
        elements: list[tuple[str, int]] = []
        number = 0
        while kind := self._field(number):
            number, type_ = kind
            if number == 2 and type_ == _LIST:
                elements = self._list(self._element)
            elif number == 3 and type_ == _I64:
                return Footer(tuple(_leaves(elements)), self._number())
            else:
                self._skip(type_, 0)
        return None

    def _element(self) -> tuple[str, int]:
        """Read SchemaElement: its name, and how many children it has."""
        name, children, number = "", 0, 0
        while kind := self._field(number):
            number, type_ = kind
            if number == 4 and type_ == _BINARY:
                name = self._bytes().decode("utf-8", "replace")[:NAME]
            elif number == 5 and type_ == _I32:
                children = self._number()
            else:
                self._skip(type_, 0)
        return name, children

    def _field(self, before: int) -> tuple[int, int] | None:
        """Read the head of a field: its number and type; None: there are no more."""
        head = self._byte()
        if head == _STOP:
            return None
        return (before + (head >> 4) if head >> 4 else self._number()), head & 15

    def _list(self, item: Callable[[], Any]) -> list[Any]:
        size = self._size()
        if size > COLUMNS:
            raise ValueError("too many columns")
        return [item() for _ in range(size)]

    def _size(self) -> int:
        head = self._byte()
        return self._unsigned() if head >> 4 == 15 else head >> 4

    def _skip(self, type_: int, depth: int) -> None:
        if depth > _DEPTH or type_ > _STRUCT:
            raise ValueError("too deep, or no type")
        if type_ in (_BYTE, _I16, _I32, _I64):
            self._at += 1 if type_ == _BYTE else 0
            if type_ != _BYTE:
                self._unsigned()
        elif type_ == _DOUBLE:
            self._at += 8
        elif type_ == _BINARY:
            self._bytes()
        elif type_ in (_LIST, _SET):
            inner = self._data[self._at] & 15
            for _ in range(self._size()):
                self._skip(_BYTE if inner in (_TRUE, _FALSE) else inner, depth + 1)
                if self._at > len(self._data):
                    raise IndexError
        elif type_ == _MAP:
            if size := self._unsigned():
                kinds = self._byte()
                for _ in range(size):
                    self._skip(kinds >> 4, depth + 1)
                    self._skip(kinds & 15, depth + 1)
                    if self._at > len(self._data):
                        raise IndexError
        elif type_ == _STRUCT:
            number = 0
            while kind := self._field(number):
                number = kind[0]
                self._skip(kind[1], depth + 1)

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self) -> bytes:
        size = self._unsigned()
        if size > len(self._data):
            raise ValueError("longer than the footer")
        self._at += size
        return self._data[self._at - size : self._at]

    def _unsigned(self) -> int:
        found = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
        raise ValueError("no number")

    def _number(self) -> int:
        """Read a number in zigzag order."""
        found = self._unsigned()
        return (found >> 1) ^ -(found & 1)


def _leaves(elements: list[tuple[str, int]]) -> list[str]:
    """Return the names of the plain columns below the root, which comes first."""
    found: list[str] = []
    open_: list[int] = []
    for name, children in elements[1:]:
        if children <= 0 and not open_:
            found.append(name)
        elif open_:
            open_[-1] -= 1
        if children > 0:
            open_.append(children)
        while open_ and open_[-1] <= 0:
            open_.pop()
    return found
