"""Lays flows out as FLOW rows: from ends a and b to src and dst, from one flow to the calls that shared it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from auditor.model.flow import ROLES, SOURCE_SHIFT, TOO_DEEP, UNKNOWN, frame
from auditor.read import apps, outcome
from auditor.read.arrays import I64
from auditor.read.calls import Share, divided
from auditor.read.encrypted import WORDS
from auditor.read.labels import Labels
from auditor.read.pairing import Both, Paired, Sums
from auditor.read.placed import Placed

TRANSPORTS: Final = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 132: "sctp"}
_ROLES: Final = (UNKNOWN, *ROLES)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of each flow, ends still called a and b; words are numbers into lists of theirs."""

    side: I64  # that opened it: 0 a, 1 b
    opened: I64
    outcome: I64
    app: tuple[Sequence[str], I64]
    plane: tuple[Sequence[str], I64]
    sums: Sums
    role: Both
    encrypted: I64


def draft(sums: Sums, placed: Placed, seen: apps.Bits, encrypted: I64) -> Draft:
    """Decide what is known of each flow."""
    flows = placed.flows
    side, opened = outcome.openers(flows, sums, seen, placed.asked())
    app = apps.named(seen)
    relays, registrars = placed.relays(), placed.registrars()
    serving, asking = placed.acting("server"), placed.acting("client")
    client, relay, server = (_ROLES.index(name) for name in ("client", "relay", "server"))
    # Who registers is a user agent.  Who answers is left open: made a server, it would make participants of the
    # elements of SIP that open calls towards it.
    clients = [
        (relays[1 - own] | registrars[1 - own] | asking[own]) & ~(registrars[own] | serving[own]) for own in (0, 1)
    ]
    servers = [serving[own] & ~asking[own] for own in (0, 1)]
    role = [
        np.where(relays[own], relay, np.where(clients[own], client, np.where(servers[own], server, 0))).astype(np.int8)
        for own in (0, 1)
    ]
    return Draft(
        side,
        opened,
        outcome.outcomes(flows, sums, seen, placed.answered(), placed.refused()),
        app,
        apps.planes(seen, app[1], flows.protocol, placed.inside()),
        sums,
        (role[0], role[1]),
        encrypted,
    )


@dataclass(slots=True)
class _Part:
    """A row that stands for a part of a flow."""

    flow: int
    share: Share


@dataclass(frozen=True, slots=True)
class Laid:
    """The rows of the flow table as numbers, which take a tenth of the room of the table."""

    flow: I64  # of each row
    columns: dict[str, NDArray[Any]]  # by names of FLOW
    words: dict[str, pl.Series]  # what the numbers of a column stand for, where they are no values themselves

    def __len__(self) -> int:
        return len(self.flow)

    def rows(self, which: NDArray[Any] | slice) -> pl.DataFrame:
        """Write some rows."""
        found: dict[str, Any] = {}
        for name, column in self.columns.items():
            values = column[which]
            found[name] = self.words[name].gather(values.astype(np.int64)) if name in self.words else values
        return frame(found)

    def alone(self) -> NDArray[np.bool_]:
        """Say which rows are understood by themselves: of no session, and not divided between calls, as SIP's are."""
        sip = self.words["app"].to_list().index("sip")
        by_itself: NDArray[np.bool_] = (self.columns["session"] == 0) & (self.columns["app"] != sip)
        return by_itself


def laid_out(
    flows: Paired,
    known: Draft,
    labels: Labels,
    shares: Mapping[int, list[Share]],
    media: pl.DataFrame,
    tied: Mapping[int, str],
    vantages: Sequence[str],
) -> Laid:
    """Lay out the rows, by time of their first packet, then by vantage and 5-tuple."""
    parts = _parts(known, shares, media)
    whole = np.ones(len(flows), bool)
    whole[[flow for flow, found in shares.items() if len(found) > 1]] = False
    pick = np.concatenate([np.flatnonzero(whole), np.array([part.flow for part in parts], np.int64)])

    def column(values: I64, own: Sequence[int]) -> I64:
        return np.concatenate([values[whole], np.array(own, values.dtype)])

    sides = [_opener(part, known) for part in parts]
    first = column(known.sums.first_ns, [part.share.first_ns for part in parts])
    order = _ordered(first, flows.leader[pick])
    from_a = (column(known.side, sides) == 0)[order]
    pick = pick[order]
    witness = column(known.sums.witness, [part.share.witness for part in parts])[order]
    texts, session = _sessions(shares, media, tied, parts, whole, order)
    columns: dict[str, Any] = {
        "source": witness >> SOURCE_SHIFT,
        "record": witness & ((1 << SOURCE_SHIFT) - 1),
        "detail": np.zeros(len(pick), np.uint8),
        "vantage": flows.vantage[pick],
        "transport": flows.protocol[pick],
        "app": known.app[1][pick],
        "plane": known.plane[1][pick],
        "session": session,
        "outcome": known.outcome[pick],
        "encrypted": known.encrypted[pick],
        "opened": known.opened[pick],
        "first_ns": first[order],
        "last_ns": column(known.sums.last_ns, [part.share.last_ns for part in parts])[order],
    }
    for name, values in (("packets", known.sums.packets), ("bytes", known.sums.bytes)):
        a, b = (column(values[end], [getattr(part.share, name)[end] for part in parts])[order] for end in (0, 1))
        columns[f"src_{name}"], columns[f"dst_{name}"] = np.where(from_a, a, b), np.where(from_a, b, a)
    for name, (one, other) in {
        "addr": labels.address,
        "port": (flows.a_port, flows.b_port),
        "name": labels.name,
        "role": known.role,
    }.items():
        a, b = _small(one)[pick], _small(other)[pick]
        columns[f"src_{name}"], columns[f"dst_{name}"] = np.where(from_a, a, b), np.where(from_a, b, a)
    columns = {name: values if name in _WIDE else _small(values) for name, values in columns.items()}
    return Laid(pick, columns, _words(known, labels, vantages, texts))


def _words(
    known: Draft, labels: Labels, vantages: Sequence[str], sessions: Sequence[str | None]
) -> dict[str, pl.Series]:
    """Say what the numbers of columns stand for, each an index into a list of texts."""
    words = {
        "detail": ("", TOO_DEEP),
        "vantage": vantages,
        "transport": [TRANSPORTS.get(number, f"ip/{number}") for number in range(256)],
        "app": known.app[0],
        "plane": known.plane[0],
        "session": sessions,
        "outcome": outcome.OUTCOMES,
        "encrypted": WORDS,
        "opened": outcome.OPENED,
        **dict.fromkeys(("src_role", "dst_role"), _ROLES),
        **dict.fromkeys(("src_addr", "dst_addr"), labels.addresses),
        **dict.fromkeys(("src_name", "dst_name"), labels.names),
    }
    return {name: pl.Series(values, dtype=pl.String) for name, values in words.items()}


_WIDE: Final = ("record", "first_ns", "last_ns", "src_packets", "dst_packets", "src_bytes", "dst_bytes")


def _small(values: NDArray[Any]) -> NDArray[Any]:
    """Keep numbers, none of which is negative, in as few bytes as they need."""
    most = int(values.max(initial=0))
    return values.astype(np.uint8 if most < 1 << 8 else np.uint16 if most < 1 << 16 else np.uint32)


def _ordered(first_ns: I64, leader: I64) -> I64:
    """Sort by time, then by vantage and 5-tuple; few rows begin at the same time, so only those are compared twice."""
    order = np.argsort(first_ns)
    times = first_ns[order]
    same = times[1:] == times[:-1]
    tied = np.zeros(len(order), bool)
    tied[1:] |= same
    tied[:-1] |= same
    members = order[tied]
    order[tied] = members[np.lexsort((members, leader[members], first_ns[members]))]
    return order


def _parts(known: Draft, shares: Mapping[int, list[Share]], media: pl.DataFrame) -> list[_Part]:
    """List the rows that divide a flow between calls, and those of further calls that used a flow of media."""
    parts = []
    for flow, found in sorted(shares.items()):
        if len(found) > 1:
            packets, size = ([int(column[flow]) for column in both] for both in (known.sums.packets, known.sums.bytes))
            parts += [_Part(flow, share) for share in divided(found, packets, size)]
    for flow, call in media.filter(~pl.col("main")).sort("flow", "call").select("flow", "call").iter_rows():
        first, last, witness = (
            int(column[flow]) for column in (known.sums.first_ns, known.sums.last_ns, known.sums.witness)
        )
        parts.append(_Part(flow, Share(call, [0, 0], [0, 0], first, last, witness)))
    return parts


def _opener(part: _Part, known: Draft) -> int:
    """Each call on a 5-tuple has its caller, but a connection has one who opened it, whoever calls."""
    by_call = part.share.asked >= 0 and outcome.OPENED[int(known.opened[part.flow])] != "handshake"
    return part.share.asked if by_call else int(known.side[part.flow])


def _sessions(
    shares: Mapping[int, list[Share]],
    media: pl.DataFrame,
    tied: Mapping[int, str],
    parts: Sequence[_Part],
    whole: NDArray[np.bool_],
    order: I64,
) -> tuple[list[str | None], I64]:
    """Name the session of each row: of calls by their signalling, which comes before what ICE ties; 0 is none."""
    texts: list[str | None] = [None]
    numbers: dict[str | None, int] = {None: 0}

    def number(call: str | None) -> int:
        if call not in numbers:
            numbers[call] = len(texts)
            texts.append(call)
        return numbers[call]

    codes = np.zeros(len(whole), np.int64)
    for flow, name in tied.items():
        codes[flow] = number(name)
    for flow, call in media.filter("main").select("flow", "call").iter_rows():
        codes[flow] = number(call)
    for flow, found in shares.items():
        codes[flow] = number(found[0].call)
    ours = np.array([number(part.share.call) for part in parts], np.int64)
    return texts, np.concatenate([codes[whole], ours])[order]
