"""From one-way flows and facts to FLOW rows: every packet in exactly one row, each row with who, how and what for.

Packets of all rows equal those that were read.  Rows without packets stand beside them: a call's further use of
a 5-tuple, and what was attested or offered.  Nothing depends on the order or the split of the input but record numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from auditor.model.flow import SOURCE_SHIFT, frame
from auditor.read import apps, calls, outcome
from auditor.read.apps import bit
from auditor.read.arrays import I64
from auditor.read.directed import Directed
from auditor.read.facts.model import (
    Dialog,
    Exchange,
    Fact,
    Flow,
    Hello,
    Media,
    Name,
    Relayed,
    Unreachable,
)
from auditor.read.labels import Labels, labelled, named_addresses, reflexive
from auditor.read.pairing import Paired, pair
from auditor.read.told import rows as told_rows
from auditor.read.told import told

TRANSPORTS: Final = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 132: "sctp"}
_RECORD: Final = (1 << SOURCE_SHIFT) - 1
_NEVER: Final = np.iinfo(np.int64).max


class Unread(Protocol):
    """Packets of one source that have no flow, and why."""

    source: int
    status: str
    reason: str
    packets: int
    bytes: int
    first_record: int
    first_ns: int
    last_ns: int


class Scanned(Protocol):
    """What of a scan is put together here."""

    directed: Directed
    facts: Sequence[Fact]
    unread: Sequence[Any]  # of Unread


@dataclass(frozen=True, slots=True)
class Assembled:
    """The flow table of all captures, and what it takes to locate and to name its ends."""

    flows: pl.DataFrame  # FLOW
    reflexive: pl.DataFrame  # vantage, addr, public: the public addresses under which others saw a client
    names: pl.DataFrame  # vantage, addr, name: DNS answers, one row a name


@dataclass(frozen=True, slots=True)
class _Placed:
    """Facts that speak of a flow, with its number (-1: no packet of it was seen) and the side that they go from."""

    facts: Sequence[Any]
    flow: list[int]
    side: list[int]

    def of(self, kind: type[Fact]) -> "_Placed":
        which = [i for i, fact in enumerate(self.facts) if isinstance(fact, kind)]
        return _Placed(*([column[i] for i in which] for column in (self.facts, self.flow, self.side)))

    def seen(self) -> Iterable[tuple[Any, int, int]]:
        """Go through the facts about flows of which packets were seen."""
        return (found for found in zip(self.facts, self.flow, self.side, strict=True) if found[1] >= 0)


def assemble(scan: Scanned, vantages: Sequence[str]) -> Assembled:
    """Put the flow table together; `vantages` are the names of the capture points by number."""
    facts = scan.facts
    about = [fact for fact in facts if not isinstance(fact, Name)]
    flows = pair(scan.directed, [(fact.vantage, fact.flow) for fact in about])  # type: ignore[attr-defined]
    placed = _Placed(about, flows.fact_flow.tolist(), flows.fact_side.tolist())
    seen = apps.carried(scan.directed, flows)

    first, last = flows.folded(scan.directed.first_ns, np.minimum), flows.folded(scan.directed.last_ns, np.maximum)
    dialogs = placed.of(Dialog)
    shares = calls.dialogs(dialogs.facts, dialogs.flow, dialogs.side)
    free = seen & bit("sip", "dns") == 0
    media = calls.media(calls.announced(placed.of(Media).facts), flows, free, first, last)
    announced = np.zeros(len(flows), bool)
    announced[media["flow"].to_numpy()] = True
    seen = apps.recognised(seen, scan.directed, flows, announced)

    labels = labelled(flows, [fact for fact in facts if isinstance(fact, Name)], list(placed.of(Hello).seen()))
    columns = _columns(scan.directed, flows, seen, placed, labels, vantages)
    table = _divided(columns, flows, shares, media)
    heard = told(about, _relaying(placed, seen), _went(flows, shares, media))
    parts = [_frame(table, labels), told_rows(heard, vantages), _unread(scan.unread)]
    return Assembled(pl.concat(parts), reflexive(about, vantages), named_addresses(facts, vantages))


_Columns = dict[str, NDArray[Any]]
"""Columns of the flows as numbers; what is text in FLOW is a number into a list of texts."""

_TEXTS: Final = {"opened": outcome.OPENED, "outcome": outcome.OUTCOMES, "app": ("", *apps.PRECEDENCE)}


def _columns(
    rows: Directed, flows: Paired, seen: apps.Bits, placed: _Placed, labels: Labels, vantages: Sequence[str]
) -> tuple[_Columns, dict[str, Sequence[str | None]]]: ...
