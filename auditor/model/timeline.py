"""Country sets that change with time: members join and leave a union, decisions on adequacy begin and lapse.

A timeline lists the moments (nanoseconds since 1970-01-01 UTC) from which on a set holds, the first of them before all
traffic.  Equal neighbours are put together, so equal timelines are equal values.
"""

from collections.abc import Callable, Sequence
from typing import Final

from auditor.model.countries import ANYWHERE, NOWHERE, bits, text
from auditor.model.documents import ALWAYS

Timeline = tuple[tuple[int, str], ...]
"""(first moment, country set), ascending; the first moment is DAWN."""

DAWN: Final = -ALWAYS
NEVER: Final[Timeline] = ((DAWN, NOWHERE),)
EVER: Final[Timeline] = ((DAWN, ANYWHERE),)


def always(where: str) -> Timeline:
    """Return the timeline of a set that never changes."""
    return ((DAWN, where),)


def between(where: str, since: int | None, until: int | None) -> Timeline:
    """Return the timeline of a set that holds from one moment to another, the second not included."""
    first = DAWN if since is None else since
    steps = [(DAWN, NOWHERE)] * (first > DAWN) + [(first, where)]
    return tuple(steps if until is None else [*steps, (until, NOWHERE)])


def at(timeline: Timeline, moment: int) -> str:
    """Return the set that holds at a moment."""
    return next(where for first, where in reversed(timeline) if first <= moment or first == DAWN)


def ever(timeline: Timeline) -> str:
    """Return the set of what belongs to it at any time."""
    mask = 0
    for _, where in timeline:
        mask |= bits(where)
    return text(mask)


def changes(timeline: Timeline) -> set[int]:
    """Return the moments at which the set changes."""
    return {first for first, _ in timeline[1:]}


def combined(how: Callable[[Sequence[str]], str], parts: Sequence[Timeline]) -> Timeline:
    """Combine sets moment by moment, as `how` combines them at one moment."""
    moments = sorted({first for part in parts for first, _ in part} | {DAWN})
    steps: list[tuple[int, str]] = []
    step = [0] * len(parts)
    for moment in moments:
        for number, part in enumerate(parts):
            while step[number] + 1 < len(part) and part[step[number] + 1][0] <= moment:
                step[number] += 1
        where = how([part[here][1] for part, here in zip(parts, step, strict=True)])
        if not steps or steps[-1][1] != where:
            steps.append((moment, where))
    return tuple(steps)


def union(parts: Sequence[Timeline]) -> Timeline:
    """Return what any of the sets holds."""

    def any_of(places: Sequence[str]) -> str:
        mask = 0
        for place in places:
            mask |= bits(place)
        return text(mask)

    left = list(parts) or [NEVER]
    while len(left) > 1:  # two by two, since each moment is looked at once for each of those that are put together
        left = [combined(any_of, left[start : start + 2]) for start in range(0, len(left), 2)]
    return combined(any_of, left)


def outside(part: Timeline) -> Timeline:
    """Return what a set leaves out."""
    return combined(lambda places: text(bits(ANYWHERE) & ~bits(places[0])), [part])
