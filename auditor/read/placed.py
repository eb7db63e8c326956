"""Facts that speak of a flow, each with the number of that flow and the side that it goes from.

What several facts say of one flow is put together here: who asked whom, who was answered, refused or relayed.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import Bool
from auditor.read.facts.model import (
    INSIDE,
    Acts,
    Dialog,
    Exchange,
    Fact,
    Flow,
    Hello,
    Media,
    Name,
    Registered,
    Relayed,
    Unreachable,
)
from auditor.read.pairing import Paired

Kind = TypeVar("Kind", bound=Fact)
Key = tuple[int, Flow]


@dataclass(frozen=True, slots=True)
class Placed:
    """Facts in the order of their time; flow -1: no packet of that flow was seen."""

    flows: Paired
    facts: Sequence[Any]
    flow: Sequence[int]
    side: Sequence[int]
    kinds: Mapping[type[Fact], Sequence[int]]  # where the facts of each kind stand

    @classmethod
    def of(cls, facts: Sequence[Fact], pairing: Callable[[Sequence[Key]], Paired]) -> "Placed":
        """Pair flows together with all facts that speak of one."""
        about: list[Any] = [fact for fact in facts if not isinstance(fact, Name)]
        flows = pairing([(fact.vantage, fact.flow) for fact in about])
        kinds: dict[type[Fact], list[int]] = defaultdict(list)
        for place, fact in enumerate(about):
            kinds[type(fact)].append(place)
        return cls(flows, about, flows.fact_flow.tolist(), flows.fact_side.tolist(), kinds)

    def only(self, kind: type[Kind]) -> tuple[list[Kind], list[int], list[int]]:
        """Return the facts of one kind, their flows and their sides."""
        which = self.kinds.get(kind, ())
        return [self.facts[i] for i in which], [self.flow[i] for i in which], [self.side[i] for i in which]

    def asked(self) -> NDArray[np.int8]:
        """Say which side of each flow asked first (-1: not told): by a hello, a SIP request, or answered STUN."""
        sides = np.full(len(self.flows), -1, np.int8)
        asks, answers = ([set[int](), set[int]()] for _ in range(2))
        for exchange, flow, side in zip(*self.only(Exchange), strict=True):
            if flow >= 0:
                (answers[1 - side] if exchange.answer else asks[side]).add(flow)
        for found in (asks, answers):  # an answer tells more: indications go both ways
            sides[list(found[0] - found[1])], sides[list(found[1] - found[0])] = 0, 1
        sides[list(answers[0] & answers[1])] = -1
        for fact, flow, side in zip(reversed(self.facts), reversed(self.flow), reversed(self.side), strict=True):
            if flow >= 0 and (isinstance(fact, Hello) or (isinstance(fact, Dialog) and fact.request)):
                sides[flow] = side
        return sides

    def answered(self) -> Bool:
        """Mark the flows in which a STUN request was answered."""
        facts, flows, _ = self.only(Exchange)
        return self._marked([flow for fact, flow in zip(facts, flows, strict=True) if fact.answer])

    def refused(self) -> Bool:
        """Mark the flows of which an ICMP error says that a packet was not delivered."""
        return self._marked(self.only(Unreachable)[1])

    def relays(self) -> tuple[Bool, Bool]:
        """Mark the flows whose side a, or b, is a TURN server that allocated a relayed end."""
        return self._senders(Relayed)

    def registrars(self) -> tuple[Bool, Bool]:
        """Mark the flows whose side a, or b, answered the SIP registration of the user agent on the other side."""
        return self._senders(Registered)

    def _senders(self, kind: type[Fact]) -> tuple[Bool, Bool]:
        _, flows, sides = self.only(kind)
        pairs = list(zip(flows, sides, strict=True))
        first, second = (self._marked([flow for flow, side in pairs if side == wanted]) for wanted in (0, 1))
        return first, second

    def acting(self, role: str) -> tuple[Bool, Bool]:
        """Mark the flows whose side a, or b, sent what only a server, or a client, sends."""
        facts, flows, sides = self.only(Acts)
        pairs = [(flow, side) for fact, flow, side in zip(facts, flows, sides, strict=True) if fact.role == role]
        first, second = (self._marked([flow for flow, side in pairs if side == wanted]) for wanted in (0, 1))
        return first, second

    def inside(self) -> Bool:
        """Mark the flows that carry the media of the calls that they signal."""
        facts, flows, _ = self.only(Media)
        return self._marked([flow for fact, flow in zip(facts, flows, strict=True) if fact.kind == INSIDE])

    def _marked(self, which: Sequence[int]) -> Bool:
        marked = np.zeros(len(self.flows), bool)
        marked[[flow for flow in which if flow >= 0]] = True
        return marked
