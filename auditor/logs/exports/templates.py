"""Templates: what the fields of a record are, as an exporter says (RFC 3954, section 5; RFC 7011, section 3.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

from auditor.logs.exports.wire import IPFIX, V9

VARIABLE: Final = 65535
"""A length that stands before each value instead (RFC 7011, section 7)."""
_SHORTS, _THREE, _WORD = Struct(">HH"), Struct(">HHH"), Struct(">I")

Field = tuple[int, int, int]
"""Enterprise (0: none), number, and bytes."""


@dataclass(frozen=True, slots=True)
class Template:
    """The fields of a record in their order; the first `scopes` say what an options record is about (0: a flow)."""

    fields: tuple[Field, ...]
    scopes: int = 0
    options: bool = False

    @property
    def size(self) -> int:
        """Bytes of a record; of one with fields of any length, the fewest."""
        return sum(1 if length == VARIABLE else length for _, _, length in self.fields)

    @property
    def variable(self) -> bool:
        """Say whether records differ in length."""
        return any(length == VARIABLE for _, _, length in self.fields)


def templates(data: bytes, at: int, end: int, kind: int, number: int) -> Iterator[tuple[int, Template | None]]:
    """Yield the templates of a set with their numbers; None: it is withdrawn.  What is cut or lies ends the set."""
    while at + 4 <= end:
        name, count = _SHORTS.unpack_from(data, at)
        if name < 256 and not (kind == IPFIX and name in (2, 3) and not count):
            return  # padding
        if kind == IPFIX and not count:
            yield name, None
            at += 4
            continue
        scopes, place = 0, at + 4
        if number in (1, 3):
            if at + 6 > end:
                return
            second = _THREE.unpack_from(data, at)[2]
            if kind == V9:  # both counts are of bytes
                if count % 4 or second % 4:
                    return
                scopes, count = count // 4, (count + second) // 4
            else:
                scopes = second
            place = at + 6
        found = _fields(data, place, end, count, kind, scopes)
        if found is None:
            return
        fields, at = found
        yield name, Template(fields, scopes, number in (1, 3))


def _fields(data: bytes, at: int, end: int, count: int, kind: int, scopes: int) -> tuple[tuple[Field, ...], int] | None:
    """Read the fields of a template; return None where they don't fit."""
    fields: list[Field] = []
    for place in range(count):
        if at + 4 > end:
            return None
        number, length = _SHORTS.unpack_from(data, at)
        at += 4
        enterprise = 0
        if kind == IPFIX and number & 0x8000:
            if at + 4 > end:
                return None
            enterprise, number = _WORD.unpack_from(data, at)[0], number & 0x7FFF
            at += 4
        if kind == V9 and place < scopes:
            enterprise = SCOPE
        fields.append((enterprise, number, length))
    return tuple(fields), at


SCOPE: Final = -1
"""Stands for the enterprise of version 9's scopes, which have numbers of their own (RFC 3954, section 6.1)."""
SCOPE_SYSTEM, SCOPE_INTERFACE = 1, 2
