"""Names that are answered alike are one class, where a zone has so many that a class of each for each country is work.

Of smaller zones every name is told by itself.
"""

from collections.abc import Hashable, Iterable
from typing import Final, TypeVar

SHARED: Final = 100_000
"""Classes of clients of a configuration; of more, names that are answered alike share theirs."""

Asked = TypeVar("Asked")


def shared(names: Iterable[tuple[str, Asked, Hashable]], classes: int) -> list[tuple[str, Asked]]:
    """Return what clients ask for, by name; of what is answered alike (the last of each) the first alone, if so many.

    `classes` is how many of them each name makes at most.  What stands for several has a name that doesn't change with
    their number.
    """
    listed = list(names)
    if len(listed) * classes <= SHARED:
        return [(name, asked) for name, asked, _ in listed]
    found: dict[Hashable, tuple[str, Asked]] = {}
    several: set[Hashable] = set()
    for name, asked, what in listed:
        if what in found:
            several.add(what)
        else:
            found[what] = name, asked
    return [(f"{name} and others alike" if what in several else name, asked) for what, (name, asked) in found.items()]
