"""When endpoints are online, as statements about faults (`auditor.routing.route53.health` has the same ones)."""

from functools import lru_cache

from auditor.routing.route53.health import ALWAYS, NEVER, AtLeast, Condition, at_least, both, holds, shown

__all__ = ["ALWAYS", "NEVER", "AtLeast", "Condition", "at_least", "conjoined", "holds", "implies", "shown"]


@lru_cache(1 << 16)
def implies(one: Condition, other: Condition) -> bool:
    """Say whether a statement is known to make another one true; False: it may all the same."""
    if other == ALWAYS or one in (other, NEVER):
        return True
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return other <= one
    if isinstance(one, AtLeast) and sum(not implies(part, other) for part in one.parts) < one.need:
        return True
    return isinstance(other, AtLeast) and sum(implies(one, part) for part in other.parts) >= other.need


def conjoined(one: Condition, other: Condition) -> Condition:
    """Require two statements; of two of which one makes the other true, that one."""
    if implies(one, other):
        return one
    return other if implies(other, one) else both(one, other)
