"""Keeps what is said of calls within bounds: of too many calls, some are followed, and the others are counted.

Which ones hangs on their names alone, and how many on all that is said of calls, so neither order nor split of the
input plays a part: a level is the least at which what is left fits, and no part of the input needs a higher one than
all of it.  Messages of the other calls stay messages of their flows, of no call.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.read.arrays import U64, Bool
from auditor.read.facts.model import ALIAS, Dialog, Fact, Hop, Media, Tie

if TYPE_CHECKING:
    from auditor.read.said import Said

ROWS: Final = 1 << 22
"""Facts about calls: some 300,000 calls of two legs, or nearly a million that nobody answered; 100 bytes each."""
OF_CALLS: Final[tuple[type[Fact], ...]] = (Dialog, Media, Hop, Tie)
NOBODY: Final = "\0"  # the name of all calls that are not followed, and of none that a stranger wrote
HIGHEST: Final = 32


def check(said: "Said", last: bool = False) -> None:
    """Leave calls out if too much is said of calls; before the `last` time half as much again is let be."""
    limit = said.room if last else said.room + said.room // 2
    if sum(len(said.table(kind)) for kind in OF_CALLS) <= limit:
        return
    for kind in OF_CALLS:
        said.table(kind).merge()
    while said.level < HIGHEST and _count(said) > said.room:
        thin(said, said.level + 1)


def thin(said: "Said", level: int) -> None:
    """Follow one call in 2 ** level."""
    if level <= said.level:
        return
    said.level = level
    nobody = said.numbers.setdefault(NOBODY, len(said.numbers))
    followed = _followed(said, level)
    for kind in OF_CALLS:
        facts = said.of_kind(kind)
        kept = followed[facts["call_id"]]
        if kept.all():
            continue
        said.keep(facts.take(kept))
        if kind is Dialog:
            said.keep(facts.take(~kept).of_nobody(nobody), more=True)
            said.table(kind).merge()
    said.forget()


def _count(said: "Said") -> int:
    """Count what is said of calls that could be left out."""
    counted = np.array([not _kept(text) for text in said.numbers], bool)
    return sum(int(np.count_nonzero(counted[said.of_kind(kind)["call_id"]])) for kind in OF_CALLS)


def _followed(said: "Said", level: int) -> Bool:
    """Say of each text whether a call of this name is followed."""
    mask = (1 << level) - 1
    return np.array([_kept(text) or not _hash(text) & mask for text in said.numbers], bool)


def _kept(text: str) -> bool:
    """An alias stands for the name of a call that is not known yet."""
    return text == NOBODY or text.startswith(ALIAS)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "little")


def renumbered(word: U64, shift: int, new: U64) -> U64:
    """Return a word of texts with other numbers in one of its halves."""
    half = np.uint64(shift)
    old = (word >> half & np.uint64(0xFFFFFFFF)).view(np.int64)
    return word & ~(np.uint64(0xFFFFFFFF) << half) | new[old] << half
