"""XML documents that follow each other in a file, as values: elements with text are texts, others are objects.

W3C Extensible Markup Language 1.0.  Documents are cut at their root element and given to expat without what stands
before it, in UTF-8.  A document type, and with it every entity beyond the five of XML itself, is refused before a
parser sees it.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree import ElementTree

from auditor.logs.lines import pieces
from auditor.logs.model import Told
from auditor.logs.values import Value
from auditor.model.status import MALFORMED, TRUNCATED
from auditor.read.source import Source

LONGEST: Final = 1 << 24
"""Bytes of a document that is read."""
PIECE: Final = 1 << 20
LISTED: Final = 256
"""Elements of one name beside each other that are kept."""
DEEPEST: Final = 32
_BEGIN: Final = re.compile(rb"<cdr(?=[\s>])")
_END: Final = b"</cdr>"
_TYPE: Final = re.compile(rb"<!(?!--|\[CDATA\[)")
_AROUND: Final = re.compile(
    rb"<\?xml[^>]{0,200}\?>|</?cdrs(?:\s[^>]{0,200})?>|<!--.{0,4096}?-->|\s+|\xef\xbb\xbf", re.DOTALL
)


def documents(source: Source, told: Told) -> Iterator[Value]:
    """Yield the documents, numbered from 1 in their order."""
    buffer, number = bytearray(), 0
    refused = False  # the document that stands here is too long, and is passed over
    for piece in pieces(source, told, PIECE):
        buffer += piece
        while True:
            if not refused:
                begun = _BEGIN.search(buffer)
                if not begun:
                    _between(buffer, told, keep=8)
                    break
                _between(buffer, told, upto=begun.start())
            end = buffer.find(_END)
            if end < 0:
                if len(buffer) > LONGEST:
                    number += not refused
                    if not refused:
                        yield Value(number, status=MALFORMED, detail="a document of more than 16 MiB")
                    refused = True
                    del buffer[: -len(_END)]
                break
            if not refused:
                number += 1
                yield _document(number, bytes(buffer[: end + len(_END)]))
            refused = False
            del buffer[: end + len(_END)]
    if _BEGIN.match(buffer) and not refused:
        yield Value(number + 1, status=TRUNCATED, detail="a document without an end")
    elif not refused:
        _between(buffer, told)


def _between(buffer: bytearray, told: Told, upto: int | None = None, keep: int = 0) -> None:
    """Pass over what stands between documents; what is no markup around them is told as lost."""
    cut = upto if upto is not None else max(len(buffer) - keep, 0)
    rest = _AROUND.sub(b"", bytes(buffer[:cut]))
    if rest and upto is None and rest.startswith((b"<?xml", b"<cdrs", b"<!--")) and keep and len(rest) < PIECE:
        return  # its end comes with the next piece
    if rest:
        told.lose(len(rest), "no part of a call detail record")
    del buffer[:cut]


def _document(number: int, data: bytes) -> Value:
    if len(data) > LONGEST:
        return Value(number, status=MALFORMED, detail="a document of more than 16 MiB")
    if _TYPE.search(data):
        return Value(number, status=MALFORMED, detail="a document with a document type, which is not read")
    try:
        parser = ElementTree.XMLParser(encoding="utf-8")  # noqa: S314  (no document type comes here)
        parser.feed(data.decode("utf-8", "replace").encode())
        return Value(number, _object(parser.close(), DEEPEST))
    except (ElementTree.ParseError, ValueError):
        return Value(number, status=MALFORMED, detail="no well-formed XML")


def _object(element: ElementTree.Element, deepest: int) -> Any:
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for inner in element if deepest else ():
        value = _object(inner, deepest - 1)
        if inner.tag not in found:
            found[inner.tag] = value
        elif isinstance(found[inner.tag], list) and len(found[inner.tag]) < LISTED:
            found[inner.tag].append(value)
        elif not isinstance(found[inner.tag], list):
            found[inner.tag] = [found[inner.tag], value]
    return found
