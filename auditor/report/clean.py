"""The one place where text that a stranger wrote is made safe to show.

Names out of packets, files and configurations end on terminals, in HTML and in XML.  Each of those
has characters that act instead of being read: escape sequences move the cursor, bidirectional
controls reorder a line, NUL is no XML at all.  They are written out as `\\x1b` or `\\u202e`, so that a
reader sees that they were there.  Markup needs no care here: the writers escape it themselves.
"""

import json
import re
import unicodedata
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from auditor.model.report import RuleText, Settle, WaiverText
from auditor.model.route import Configuration

LIMIT: Final = 200
"""Characters of one piece of text that a page or a terminal shows; the JSON report holds all of it."""

PROSE: Final = 4_000
"""The same for what rules and open questions say: sentences, which must not lose their end."""

_SENTENCES: Final = (Configuration, RuleText, Settle, WaiverText)

_ACTING: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
"""Unicode general categories that act or show nothing: controls, formats (bidi, zero width, tags),
surrogates, unassigned, private use, line and paragraph separators (UAX 44, table 12)."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_WIDE: Final = re.compile(r"[^\x00-\x7e]+")
_T = TypeVar("_T")


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(1 << 12)
def visible(text: str, limit: int = LIMIT) -> str:
    """Return the text on one line, cut to `limit` characters, with every character that acts written out."""
    if len(text) > limit:
        text = f"{text[:limit]}... ({len(text) - limit} more characters)"
    return printable(text)


def printable(text: str) -> str:
    """Return the text, whatever its length, on one line and with every character that acts written out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _ACTING else " " if c.isspace() else c for c in text)


def cleaned(value: _T) -> _T:
    """Return the same report, or part of one, with every text in it made visible.

    Works on dataclasses, tuples and text, whatever fields they gain; other values stay as they are.
    """
    return _cleaned(value, LIMIT)  # type: ignore[no-any-return]


def _cleaned(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else visible(value, limit)
    if isinstance(value, tuple):
        return tuple(_cleaned(item, limit) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        limit = PROSE if isinstance(value, _SENTENCES) else limit
        return type(value)(**{f.name: _cleaned(getattr(value, f.name), limit) for f in fields(value)})
    return value


def encodable(text: str) -> str:
    """Write out lone surrogates, which no UTF can carry: file names that are not UTF-8 arrive as such."""
    return _SURROGATE.sub(lambda match: _escape(match[0]), text)


def in_ascii(text: str) -> str:
    """Write JSON in ASCII: it means the same, and steers no terminal on which somebody looks at it."""
    return text if text.isascii() and "\x7f" not in text else _WIDE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def link(url: str) -> str:
    """Return the address if a page may link to it: http or https, with a host and nothing that acts; else empty."""
    if not url.isascii() or not url.isprintable() or len(url) > PROSE:
        return ""
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""
