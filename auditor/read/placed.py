"""Facts that speak of a flow, each with the number of that flow and the side that it goes from.

What several facts say of one flow is put together here: who asked whom, who was answered, refused or relayed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, U64, Bool
from auditor.read.facts.model import (
    INSIDE,
    Acts,
    Dialog,
    Exchange,
    Fact,
    Hello,
    Media,
    Registered,
    Relayed,
    Unreachable,
)
from auditor.read.pairing import Paired
from auditor.read.said import LAYOUTS, PLACE, Columns, Said

Kind = TypeVar("Kind", bound=Fact)


@dataclass(frozen=True, slots=True)
class Placed:
    """Facts with their flows; flow -1: no packet of that flow was seen."""

    flows: Paired
    said: Said
    others: I64  # the flows of others' 5-tuples
    at: Mapping[type[Fact], tuple[I64, I64]]  # flow and side of the facts of each kind, in their order

    @classmethod
    def of(cls, said: Said, others: Sequence[U64], pairing: Callable[[list[U64]], Paired]) -> "Placed":
        """Pair flows together with all facts that speak of one, and with further 5-tuples: columns as in PLACE."""
        kinds = [kind for kind in said.kinds() if LAYOUTS[kind].flow]
        rows = [said.of_kind(kind) for kind in kinds]
        flows = pairing(
            [np.concatenate([*(each[name] for each in rows), more]) for name, more in zip(PLACE, others, strict=True)]
        )
        ends = np.cumsum([len(each) for each in rows])
        *flow, tied = np.split(flows.fact_flow, ends)
        *side, _ = np.split(flows.fact_side, ends)
        return cls(flows, said, tied, dict(zip(kinds, zip(flow, side, strict=True), strict=True)))

    def all(self, kind: type[Kind]) -> tuple[Columns, I64, I64]:
        """Return the facts of one kind, their flows and their sides."""
        none = np.empty(0, np.int64)
        return self.said.of_kind(kind), *self.at.get(kind, (none, none))

    def only(self, kind: type[Kind]) -> tuple[list[Kind], list[int], list[int]]:
        """Return the facts of one kind as objects in the order of their time, their flows and their sides."""
        facts, flow, side = self.all(kind)
        order = facts.by_time()
        return list(facts.take(order).facts()), flow[order].tolist(), side[order].tolist()

    def asked(self) -> NDArray[np.int8]:
        """Say which side of each flow asked first (-1: not told): by a hello, a SIP request, or answered STUN."""
        sides = np.full(len(self.flows), -1, np.int8)
        exchange, flow, side = self.all(Exchange)
        answer = exchange["answer"]
        asks = [self._marked(flow[~answer & (side == own)]) for own in (0, 1)]
        answers = [self._marked(flow[answer & (side != own)]) for own in (0, 1)]
        for found in (asks, answers):  # an answer tells more: indications go both ways
            sides[found[0] & ~found[1]], sides[found[1] & ~found[0]] = 0, 1
        sides[answers[0] & answers[1]] = -1
        (hello, *own), (dialog, *called) = self.all(Hello), self.all(Dialog)
        request = dialog["request"]
        flow, side = (np.concatenate((mine, theirs[request])) for mine, theirs in zip(own, called, strict=True))
        began = np.concatenate((hello["first_ns"], dialog["first_ns"][request]))
        last_first = np.lexsort((side, began))[::-1]
        last_first = last_first[flow[last_first] >= 0]
        sides[flow[last_first]] = side[last_first]
        return sides

    def answered(self) -> Bool:
        """Mark the flows in which a STUN request was answered."""
        exchange, flow, _ = self.all(Exchange)
        return self._marked(flow[exchange["answer"]])

    def refused(self) -> Bool:
        """Mark the flows of which an ICMP error says that a packet was not delivered."""
        return self._marked(self.all(Unreachable)[1])

    def relays(self) -> tuple[Bool, Bool]:
        """Mark the flows whose side a, or b, is a TURN server that allocated a relayed end."""
        return self._senders(*self.all(Relayed)[1:])

    def registrars(self) -> tuple[Bool, Bool]:
        """Mark the flows whose side a, or b, answered the SIP registration of the user agent on the other side."""
        return self._senders(*self.all(Registered)[1:])

    def acting(self, role: str) -> tuple[Bool, Bool]:
        """Mark the flows whose side a, or b, sent what only a server, or a client, sends."""
        facts, flow, side = self.all(Acts)
        such = facts.says("role", role)
        return self._senders(flow[such], side[such])

    def inside(self) -> Bool:
        """Mark the flows that carry the media of the calls that they signal."""
        facts, flow, _ = self.all(Media)
        return self._marked(flow[facts.says("kind", INSIDE)])

    def _senders(self, flow: I64, side: I64) -> tuple[Bool, Bool]:
        return self._marked(flow[side == 0]), self._marked(flow[side == 1])

    def _marked(self, which: I64) -> Bool:
        marked = np.zeros(len(self.flows), bool)
        marked[which[which >= 0]] = True
        return marked
