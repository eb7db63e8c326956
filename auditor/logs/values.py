"""JSON values out of texts of any size: one a line, one after another, or the elements of an array in a document.

RFC 8259, and NDJSON as exporters write it.  A text that ends within a value gives the values before it.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from auditor.logs.lines import LONG, numbered, pieces
from auditor.logs.model import Told
from auditor.model.status import MALFORMED, TRUNCATED
from auditor.read.source import HEAD, Source, opened

LARGEST: Final = 1 << 26
"""Characters of the largest value that is read."""
_SPACE: Final = re.compile(r"[\s,]*")
_DECODER: Final = json.JSONDecoder(parse_constant=lambda name: None)


@dataclass(frozen=True, slots=True)
class Value:
    """One value, or a stretch of text that is none."""

    record: int  # its number from 1: of a text with a value a line, the number of the line
    value: Any = None
    status: str = ""  # why it is none: malformed or truncated
    detail: str = ""


def lines(source: Source, told: Told) -> Iterator[Value]:
    """Read a value from each line that isn't blank."""
    for number, line in numbered(source, told):
        if line is None:
            yield Value(number, status=MALFORMED, detail=LONG)
        elif text := line.removeprefix(codecs.BOM_UTF8).lstrip() if number == 1 else line:
            yield _value(number, text)


def _value(number: int, text: bytes) -> Value:
    try:
        return Value(number, msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _lenient(number, text)


def _lenient(number: int, text: bytes) -> Value:
    """Read what only strictness refuses: bytes that are no UTF-8, halves of characters, NaN."""
    try:
        value, end = _DECODER.raw_decode(text.decode("utf-8", "replace"))
        value = _whole(value) if b"\\u" in text else value
    except (ValueError, RecursionError):
        return Value(number, status=MALFORMED, detail="a line that is no JSON value")
    if end < len(text.decode("utf-8", "replace").rstrip()):
        return Value(number, status=MALFORMED, detail="more than one JSON value on a line")
    return Value(number, value)


_HALF: Final = re.compile("[\ud800-\udfff]")


def _whole(value: Any) -> Any:
    """Replace halves of characters, which escapes can make and no other text can hold.  Raise RecursionError."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return {_whole(name): _whole(each) for name, each in value.items()} if isinstance(value, dict) else value


def values(source: Source, told: Told, key: str = "") -> Iterator[Value]:
    """Read values as `lines` does where they stand so, else as `elements` does."""
    yield from lines(source, told) if by_line(source, key) else elements(source, told, key)


def by_line(source: Source, key: str = "") -> bool:
    """Say whether a text has a value a line, of which the first may be damaged: then a later one is a whole object."""
    with opened(source) as stream:
        try:
            head = (stream.read(HEAD) or b"").removeprefix(codecs.BOM_UTF8).lstrip()
        except OSError:
            return False
    first, *others = head.split(b"\n")
    if not first or first.startswith(b"["):
        return False
    whole = _lenient(0, first)
    if not whole.status:
        return not (key and isinstance(whole.value, dict) and isinstance(whole.value.get(key), list))
    begins = next(elements(source, Told(), key), None)  # none: nothing but separators
    if begins is None or begins.status != MALFORMED or _Text(source, Told()).enter(key):
        return False
    return any(line[:1] == b"{" and isinstance(_lenient(0, line).value, dict) for line in others)


def elements(source: Source, told: Told, key: str = "") -> Iterator[Value]:
    """Read the values of a text one after another, whatever separates them, numbered by their order.

    The elements of an array at the top are values; so are, where `key` is given, those of the array that is
    called so in an object at the top (`{"records": [...]}`), of which there may be several.  What follows a damaged
    value is not read.
    """
    text, number = _Text(source, told), 0
    inside = text.enter(key)
    while text.space():
        if inside and text.closes():
            inside = text.enter(key) if text.leave(inside) and text.space() else ""
            continue
        number += 1
        status, value = text.value()
        yield Value(number, value, status, DAMAGED[status] if status else "")
        if status:
            return


DAMAGED: Final = {
    MALFORMED: "no JSON value; nothing behind it was read",
    TRUNCATED: "a JSON value without an end",
}
BEFORE: Final = r'(?:"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[^\s"\[{,]+)\s*,\s*)*'
"""Members of an object that are no arrays and no objects."""
FEED: Final = 1 << 20


class _Text:
    """The characters of a source, some at a time."""

    def __init__(self, source: Source, told: Told) -> None:
        self._pieces = pieces(source, told, FEED)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._buffer = ""
        self._at = 0
        self._over = False

    def _fill(self, size: int) -> bool:
        """Have at least so many characters from here on, if there are; say whether there were any more."""
        parts = [self._buffer[self._at :]]
        have = before = len(parts[0])
        while have < size and not self._over:
            piece = next(self._pieces, None)
            self._over = piece is None
            parts.append(self._decoder.decode(piece or b"", final=self._over))
            have += len(parts[-1])
        self._buffer, self._at = "".join(parts), 0
        return have > before

    def enter(self, key: str) -> str:
        """Step into the array at the top; return what it opens with, itself or its object, or empty: there is none."""
        self._fill(HEAD)
        name = rf'|\{{\s*{BEFORE}"{re.escape(key)}"\s*:\s*\[' if key else ""
        found = re.compile(rf"\s*(?:\[{name})").match(self._buffer)
        self._at = found.end() if found else 0
        return found[0].strip()[0] if found else ""

    def leave(self, opened: str) -> bool:
        """Step behind the array at the top, and the rest of the object that holds it; say whether that can be read."""
        self._at += 1
        if opened == "{":
            self._buffer, self._at = '{"":0' + self._buffer[self._at :], 0
            return not self.value()[0]
        return True

    def space(self) -> bool:
        """Pass over what separates values; say whether there is anything else."""
        while True:
            found = _SPACE.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer):
                return True
            if not self._fill(1):
                return False

    def closes(self) -> bool:
        """Say whether the array ends here."""
        return self._buffer[self._at] == "]"

    def value(self) -> tuple[str, Any]:
        """Read the value that begins here: why there is none, or empty, and the value."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
                value = _whole(value) if self._buffer.find("\\u", self._at, end) >= 0 else value
            except json.JSONDecodeError as error:
                if not (error.msg.startswith("Unterminated") or _CUT.match(self._buffer, error.pos)):
                    return MALFORMED, None
            except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
                return MALFORMED, None
            else:
                if end < len(self._buffer) or self._over or isinstance(value, dict | list | str):
                    self._at = end
                    return "", value
            size = 2 * (len(self._buffer) - self._at)
            if size > LARGEST:
                return MALFORMED, None
            if not self._fill(size):
                return TRUNCATED, None


_CUT: Final = re.compile(
    r"(t(r(ue?)?)?|f(a(l(se?)?)?)?|n(u(ll?)?)?|Na?N?|-?I[a-z]*|-?[\d.eE+-]*|\\?(u[0-9A-Fa-f]{0,4}(\\(u[0-9A-Fa-f]{0,3})?)?)?)$"
)
"""What an error may be that stands at the end of what was read: the beginning of a literal, or of an escape."""
