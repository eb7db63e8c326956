"""The graph of a profile: what is proven about it must be what the interpreter (`replay`) does.

Of a stage any endpoint that is online may answer; if none is, those of the next stage; if none is at all, all count as
online.  A nested endpoint is online if enough endpoints of its profile are, which says nothing of whether those are
online that would answer, so that is required of each leaf below it ("gate"): where it isn't, the leaf isn't up.
"""

from fractions import Fraction
from typing import Final

from auditor.routing.model import First, Line, Node, Pool, Spread, Use
from auditor.routing.trafficmanager.conditions import ALWAYS, NEVER, AtLeast, Condition
from auditor.routing.trafficmanager.geography import Who
from auditor.routing.trafficmanager.model import Endpoint, Profile, clipped
from auditor.routing.trafficmanager.tree import Group, Tree

MOST: Final = 50_000
"""Nodes of one graph."""


class TooManyError(Exception):
    """A graph would have more than MOST nodes."""


class Pools:
    """The pools of a configuration: an endpoint, and what takes it away.

    Most have one; where more is required than that the endpoint is online there is one for each way to fulfil it.
    """

    def __init__(self, tree: Tree) -> None:
        self.found: dict[str, Pool] = {}
        self._tree = tree
        self._names: dict[tuple[Endpoint, frozenset[str]], str] = {}
        self._taken: dict[str, int] = {}
        self._site: dict[Endpoint, str] = {}
        self._profile = {each: profile for profile in tree.config.profiles for each in profile.endpoints}

    def site(self, each: Endpoint, name: str) -> None:
        """Say what the site of an endpoint is called."""
        self._site[each] = name

    def name(self, each: Endpoint, faults: frozenset[str]) -> str:
        """Return the pool of an endpoint which some faults take away; none of them: the endpoint's own ones do."""
        own = self._tree.own(each)
        key = (each, faults or own)
        if key not in self._names:
            unless = "" if key[1] == own else f" (unless {', '.join(sorted(faults))})"
            text = clipped(f"{self._profile[each].name}/{each.name}{unless}")
            again = self._taken[text] = self._taken.get(text, 0) + 1
            name = self._names[key] = text if again == 1 else f"{text} ({again})"
            self.found[name] = Pool(name, self._site[each], key[1])
        return self._names[key]


class Graph:
    """The graph of clients who are classified alike."""

    def __init__(self, tree: Tree, pools: Pools, who: Who) -> None:
        self._tree, self._pools, self._who = tree, pools, who
        self._known: dict[tuple[Profile, Condition], Node] = {}
        self._made = 0

    def whole(self, profile: Profile) -> Node:
        """Make the graph of a profile that has an answer.  Raise TooManyError if it would be too large."""
        return self._gated(profile, ALWAYS)

    def _gated(self, profile: Profile, gate: Condition) -> Node:
        """Make what is up while something holds, and then answers as a profile does."""
        key = (profile, gate)
        if key not in self._known:
            groups = self._tree.groups(profile, self._who)
            label = f"{clipped(profile.name)} {profile.method}".strip()
            self._known[key] = self._spread(
                [self._group(profile, each, gate, label) for each in groups], profile.at, label
            )
        return self._known[key]

    def _group(self, profile: Profile, group: Group, gate: Condition, label: str) -> Node:
        tree, who, at = self._tree, self._who, profile.at
        parts: list[Node] = []
        need = tree.spread(profile, who, gate) or 1
        for stage in group.stages:
            chosen = [self._reach(each, tree.carried(profile, who, each, gate)) for each in stage]
            parts.append(self._spread(chosen, at, label, need))
        if need == 1 and tree.forces(profile, group, who, gate):
            parts.append(self._spread([self._reach(each, gate) for each in group.forced], at, "as if all were online"))
        return parts[0] if len(parts) == 1 else First(tuple(parts), at, label=label)

    def _reach(self, each: Endpoint, gate: Condition) -> Node:
        """Make what is up while something holds, and leads where an endpoint does."""
        self._count()
        if gate == NEVER:
            return Spread((), each.at)
        if not self._tree.is_leaf(each):
            return self._gated(self._tree.child[each], gate)
        return self._while(each, gate)

    def _while(self, each: Endpoint, gate: Condition) -> Node:
        self._count()
        if isinstance(gate, AtLeast):
            return Spread(tuple(self._while(each, part) for part in gate.parts), each.at, need=Fraction(gate.need))
        return Use(self._pools.name(each, gate), each.at, blind=gate == ALWAYS)

    def _count(self) -> None:
        self._made += 1
        if self._made > MOST:
            raise TooManyError

    def _spread(self, nodes: list[Node], at: Line, label: str, need: int = 1) -> Node:
        if len(nodes) == 1 and need == 1:
            return nodes[0]
        return Spread(tuple(nodes), at, need=Fraction(need), label=label)
