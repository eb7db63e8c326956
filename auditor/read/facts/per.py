"""Aligned packed encoding rules of ASN.1 (X.691) as far as H.323 needs them, driven by types written down as text.

    Name = { field Type, field? Type | addition Type, - }     SEQUENCE; `?`: OPTIONAL or DEFAULT; `|`: extensible
    Name = < alternative Type, ... | ... >                    CHOICE
    bool  null  never  oid  int(0,255)  octets  octets(16)  octets(1,20)  bmp(1,128)  digits(1,128)  list Type

Extension additions come as open types with their length, so those that nobody wants (`-`) are stepped over.  What
can't be read, by a cut or since it is not written down (`never`), ends reading: the fields before it stand.  Types
must not contain themselves: then every value ends, and `STEPS` bounds lists.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

STEPS: Final = 4096  # values read of one message at most
MANY: Final = 256  # elements of a list, and additions of a type, at most

Decode = Callable[["Reader"], Any]
"""Reads a value: a number, bytes, a list, a dict by field, or of a choice the name of the alternative and its value."""

_TOKEN: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.-]*|[0-9]+|[{}<>(),|?=-])")
_COUNTS: Final = ("octets", "bmp", "digits", "int")


class Bad(Exception):
    """The bytes are no value of this type, or one that is not read here."""


class Reader:
    """A place in a string of bits."""

    def __init__(self, data: bytes, steps: list[int] | None = None) -> None:
        self.data = data
        self.at = 0  # bits
        self.broken = False  # from here on nothing can be read; what was read until here stands
        self._steps = [STEPS] if steps is None else steps

    def step(self) -> None:
        """Count a value."""
        self._steps[0] -= 1
        if self._steps[0] < 0:
            raise Bad("too many values")

    def bits(self, count: int) -> int:
        """Read up to some dozens of bits as a number."""
        end = self.at + count
        if end > 8 * len(self.data):
            raise Bad("cut")
        first, last = self.at >> 3, (end + 7) >> 3
        value = int.from_bytes(self.data[first:last], "big") >> (8 * last - end)
        self.at = end
        return value & ((1 << count) - 1)

    def octets(self, count: int) -> bytes:
        """Read bytes from the next whole one on."""
        first = (self.at + 7) >> 3
        if first + count > len(self.data):
            raise Bad("cut")
        self.at = 8 * (first + count)
        return self.data[first : first + count]

    def length(self) -> int:
        """Read a length that has no bounds (X.691, section 11.9); of what comes in fragments (16 K and more), none."""
        first = self.octets(1)[0]
        if first < 0x80:
            return first
        if first < 0xC0:
            return (first & 0x3F) << 8 | self.octets(1)[0]
        raise Bad("fragments")

    def small(self) -> int:
        """Read a number that is normally small (X.691, section 11.6)."""
        return self.bits(6) if not self.bits(1) else int.from_bytes(self.octets(self.length())[:8], "big")

    def open(self) -> "Reader":
        """Read an open type."""
        return Reader(self.octets(self.length()), self._steps)


def types(text: str) -> dict[str, Decode]:
    """Compile types; raise KeyError for one that is named and not defined, ValueError for what is no type."""
    known: dict[str, Decode] = dict(_PLAIN)
    for entry in re.split(r"\n(?=\S)", text.strip()):
        tokens = _TOKEN.findall(entry)
        if tokens[1:2] != ["="]:
            raise ValueError(f"no type: {entry}")
        known[tokens[0]], rest = _type(tokens[2:], known)
        if rest:
            raise ValueError(f"left over in {tokens[0]}: {rest}")
    return known


def _type(tokens: list[str], known: Mapping[str, Decode]) -> tuple[Decode, list[str]]:
    head, rest = tokens[0], tokens[1:]
    if head in ("{", "<"):
        return _several(head, rest, known)
    if head == "list":
        element, rest = _type(rest, known)
        return _list(element), rest
    if head in _COUNTS and rest[:1] == ["("]:
        end = rest.index(")")
        bounds = [int(each) for each in rest[1:end] if each != ","]
        return _BOUNDED[head](bounds[0], bounds[-1]), rest[end + 1 :]
    return known[head], rest


def _several(kind: str, tokens: list[str], known: Mapping[str, Decode]) -> tuple[Decode, list[str]]:
    """Compile the fields of a SEQUENCE or the alternatives of a CHOICE."""
    root: list[tuple[str, bool, Decode]] = []
    additions: list[tuple[str, Decode | None]] = []
    extensible = False
    while tokens[0] not in "}>":
        if tokens[0] == "|":
            extensible, tokens = True, tokens[1:]
        elif tokens[0] == ",":
            tokens = tokens[1:]
        elif tokens[0] == "-":
            additions.append(("", None))
            tokens = tokens[1:]
        else:
            name, optional = tokens[0], tokens[1] == "?"
            decode, tokens = _type(tokens[1 + optional :], known)
            if extensible:
                additions.append((name, decode))
            else:
                root.append((name, optional, decode))
    build = _sequence if kind == "{" else _choice
    return build(root, additions if extensible else None), tokens[1:]


_Root = list[tuple[str, bool, Decode]]
_Additions = list[tuple[str, Decode | None]]


def _sequence(root: _Root, additions: _Additions | None) -> Decode:
    optional = sum(each[1] for each in root)

    def decode(reader: Reader) -> dict[str, Any]:
        reader.step()
        extended = additions is not None and reader.bits(1)
        present = reader.bits(optional)
        left = optional
        found: dict[str, Any] = {}
        for name, may_miss, read in root:
            if may_miss:
                left -= 1
                if not present >> left & 1:
                    continue
            try:
                found[name] = read(reader)
            except Bad:
                reader.broken = True
            if reader.broken:
                return found
        if extended:
            try:
                _added(reader, additions or [], found)
            except Bad:
                reader.broken = True
        return found

    return decode


def _added(reader: Reader, additions: _Additions, found: dict[str, Any]) -> None:
    """Read extension additions (X.691, section 19.7); one that can't be read is as if it weren't there."""
    count = reader.small() + 1
    if count > MANY:
        raise Bad("additions")
    present = reader.bits(count)
    for number in range(count):
        if not present >> (count - 1 - number) & 1:
            continue
        value = reader.open()
        name, read = additions[number] if number < len(additions) else ("", None)
        if read is not None:
            try:
                found[name] = read(value)
            except Bad:
                continue


def _choice(root: _Root, additions: _Additions | None) -> Decode:
    index = _int(0, len(root) - 1)

    def decode(reader: Reader) -> tuple[str, Any]:
        reader.step()
        if additions is not None and reader.bits(1):
            number, value = reader.small(), reader.open()
            name, read = additions[number] if number < len(additions) else ("", None)
            return name, read(value) if read is not None else None
        number = index(reader)
        if number >= len(root):
            raise Bad("alternative")
        name, _, chosen = root[number]
        return name, chosen(reader)

    return decode


def _list(element: Decode) -> Decode:
    def decode(reader: Reader) -> list[Any]:
        count = reader.length()
        if count > MANY:
            raise Bad("list")
        found: list[Any] = []
        while len(found) < count and not reader.broken:
            found.append(element(reader))
        return found

    return decode


def _int(low: int, high: int) -> Decode:
    """Read a number within bounds (X.691, section 11.5.7)."""
    span = high - low
    if span < 255:
        return lambda reader: low + reader.bits(span.bit_length())
    if span < 65536:
        return lambda reader: low + int.from_bytes(reader.octets(1 if span == 255 else 2), "big")
    size = ((span.bit_length() + 7) // 8 - 1).bit_length()
    return lambda reader: low + int.from_bytes(reader.octets(reader.bits(size) + 1), "big")


def _octets(low: int, high: int) -> Decode:
    if low == high:
        return (lambda reader: reader.bits(8 * low).to_bytes(low, "big")) if low < 3 else lambda r: r.octets(low)
    length = _int(low, high)
    return lambda reader: reader.octets(length(reader))


def _bmp(low: int, high: int) -> Decode:
    length = _int(low, high)
    return lambda reader: reader.octets(2 * length(reader))


def _digits(low: int, high: int) -> Decode:
    """Read characters of an alphabet of at most sixteen, four bits each."""
    length = _int(low, high)

    def decode(reader: Reader) -> int:
        count = length(reader)
        reader.octets(0)
        reader.bits(4 * count)
        return int(count)

    return decode


def _never(reader: Reader) -> None:
    raise Bad("a type that is not read")


def _step(reader: Reader) -> None:
    reader.step()


_BOUNDED: Final[dict[str, Callable[[int, int], Decode]]] = {
    "int": _int, "octets": _octets, "bmp": _bmp, "digits": _digits,
}  # fmt: skip
_PLAIN: Final[dict[str, Decode]] = {
    "bool": lambda reader: reader.bits(1),
    "null": _step,
    "never": _never,
    "oid": lambda reader: reader.octets(reader.length()),
    "octets": lambda reader: reader.octets(reader.length()),
}
