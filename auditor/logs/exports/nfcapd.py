"""nfcapd files of nfdump 1.6 and 1.7, by the installed nfdump, which unpacks and scales them."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.exports import nfdump_json, program, textrows
from auditor.logs.model import Told
from auditor.read.source import Source

MAGIC: Final = (b"\x0c\xa5", b"\xa5\x0c")
"""0xA50C in either byte order (nfdump, nffile.h)."""
LAYOUTS: Final = (1, 2, 3)


def sniff(head: bytes) -> bool:
    """Say whether a file begins with the magic number and the version of a layout."""
    if len(head) < 20 or head[:2] not in MAGIC:
        return False
    return int.from_bytes(head[2:4], "little" if head[:2] == MAGIC[0] else "big") in LAYOUTS


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row a record, in the order of the file; nfdump prints times in UTC here."""
    own = Told()
    with program.printed(source, told, "nfdump", ["-r"], ["-q", "-N", "-o", "json"], (b"[", b"{")) as text:
        yield from nfdump_json.read(text, own)
    told.notes |= own.notes - {textrows.NO_ZONE}
    told.limits |= own.limits
    for why, size in own.lost.items():
        told.lose(size, why)
