"""Ties flows to calls: SIP messages by their Call-ID, media by the ends that the call's descriptions announced.

A 5-tuple outlives calls: two telephone exchanges carry all of theirs on one, and media ports are used again.  Such
a flow becomes one row for each call, with the packets that are known to be its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.read.apps import Bits, bit
from auditor.read.arrays import Bool
from auditor.read.facts.model import CONTROL, Dialog, End
from auditor.read.facts.text import reachable, reachable_ones
from auditor.read.pairing import Paired, Sums
from auditor.read.rtp import STEADY
from auditor.read.said import Columns

EARLY: Final = 5_000_000_000
"""Nanoseconds by which media may seem to come before its announcement: captures and clocks of several taps."""
REMOTES: Final = 4
"""Addresses with which one announced end exchanges a call's media: participants behind NAT, who may move."""
UDP, TRANSPORTS = 17, (6, 17, 132)

_LOW: Final = (1 << 64) - 1


@dataclass(slots=True)
class Share:
    """What one call has of a flow: packets and bytes of each side, and when."""

    call: str | None  # None: registrations, keep-alives and what else no call is known for
    packets: list[int]
    bytes: list[int]
    first_ns: int
    last_ns: int
    witness: int
    asked: int = -1  # the side that sent the first request of this call


def dialogs(facts: Sequence[Dialog], which: Sequence[int], side: Sequence[int]) -> dict[int, list[Share]]:
    """Collect the calls of each flow, the earliest first; `which` and `side` place each fact, -1: nowhere."""
    calls = {(fact.vantage, fact.call_id) for fact in facts if fact.call}
    shares: dict[tuple[int, str | None], Share] = {}
    asked: dict[tuple[int, str | None], tuple[int, int]] = {}
    for fact, flow, sent_by in zip(facts, which, side, strict=True):
        if flow < 0:
            continue
        key = flow, fact.call_id if (fact.vantage, fact.call_id) in calls else None
        share = shares.get(key)
        if share is None:
            share = shares[key] = Share(key[1], [0, 0], [0, 0], fact.first_ns, fact.last_ns, fact.witness)
        share.packets[sent_by] += fact.packets
        share.bytes[sent_by] += fact.bytes
        share.first_ns, share.last_ns = min(share.first_ns, fact.first_ns), max(share.last_ns, fact.last_ns)
        share.witness = min(share.witness, fact.witness)
        if fact.request and (fact.first_ns, sent_by) < asked.get(key, (1 << 63, 0)):
            asked[key] = fact.first_ns, sent_by
            share.asked = sent_by
    flows: dict[int, list[Share]] = defaultdict(list)
    for (flow, _), share in shares.items():
        flows[flow].append(share)
    for found in flows.values():
        found.sort(key=lambda share: (share.first_ns, share.call or ""))
    return flows


def divided(shares: list[Share], packets: list[int], size: list[int]) -> list[Share]:
    """Give the packets of a flow to its calls, none twice; the rest goes to what is no call, else to the first call.

    The result holds all of the packets.  (Two messages in one segment are one packet; the first call has it.)
    """
    left, room = list(packets), list(size)
    for share in shares:
        for side in (0, 1):
            share.packets[side] = min(share.packets[side], left[side])
            share.bytes[side] = min(share.bytes[side], room[side])
            left[side] -= share.packets[side]
            room[side] -= share.bytes[side]
    rest = next((share for share in shares if share.call is None), shares[0])
    for side in (0, 1):
        rest.packets[side] += left[side]
        rest.bytes[side] += room[side]
    return shares


Behind = dict[tuple[int, str, int], int]
"""Vantage, call, and the address that a client gives itself: the one from which its requests came."""


def behind_nat(hops: Columns) -> Behind:
    """List the clients whose requests came from another address than the private one that they wrote into their Via."""
    private = ~hops.nowhere & ~reachable_ones(*hops.address)
    own = hops.take(hops.says("kind", "sender") & hops["request"] & private)
    return {
        (fact.vantage, fact.call_id, fact.address): fact.flow[0]
        for fact in sorted(own.facts(), key=lambda fact: (fact.first_ns, fact.flow), reverse=True)
    }


def announced(facts: Columns, mapped: Iterable[tuple[int, End, End]], behind: Behind) -> pl.DataFrame:
    """List the announced ends of all calls: address, port, call, when; RTCP's default port is implied (RFC 3605).

    A client that announced the public end under which it is seen is found under its own end as well (`mapped`: vantage,
    its own end, the public one).  One that announced a private end from behind NAT (`behind`) is looked for at the
    address that its requests came from, under the same port, which most NATs keep.
    """
    hi, lo = facts.address
    port, first = facts["port"], facts["first_ns"]
    realm = np.where(reachable_ones(hi, lo), -1, facts["vantage"])  # a private address means something at its tap only
    call = pl.Series(facts.texts, dtype=pl.String).gather(facts["call_id"])
    either = np.array(["RTP" in text or not text for text in facts.texts], bool)[facts["profile"]]
    ends = (port != 0) & ~facts.says("kind", CONTROL)
    control = (port != 0) & facts.says("kind", "media") & either
    frame = pl.DataFrame({"hi": hi, "lo": lo, "realm": realm, "call": call, "since": first, "port": port}, ENDS)
    found = pl.concat([
        frame.filter(pl.Series(ends)),
        frame.filter(pl.Series(control)).with_columns(pl.col("port") + 1),
        pl.DataFrame(_elsewhere(facts, mapped, behind), ENDS, orient="row"),
    ])  # fmt: skip
    return found.group_by("hi", "lo", "port", "realm", "call").agg(pl.col("since").min())


ENDS: Final[dict[str, Any]] = {
    "hi": pl.UInt64, "lo": pl.UInt64, "realm": pl.Int64, "call": pl.String, "since": pl.Int64, "port": pl.Int64,
}  # fmt: skip


def _elsewhere(facts: Columns, mapped: Iterable[tuple[int, End, End]], behind: Behind) -> list[tuple[Any, ...]]:
    """List the ends that clients announced, as a translator of addresses makes them look."""
    inside: dict[tuple[int, End], set[End]] = defaultdict(set)
    for vantage, client, public in mapped:
        inside[vantage, public].add(client)
    rows = []
    known = {address & _LOW for _, (address, _) in inside} | {address & _LOW for _, _, address in behind}
    some = np.isin(facts.address[1], np.array(sorted(known), np.uint64)) & (facts["port"] != 0)
    for fact in facts.take(some).facts():
        end = fact.address, fact.port
        others = list(inside.get((fact.vantage, end), ()))
        if (key := (fact.vantage, fact.call_id, fact.address)) in behind:
            others.append((behind[key], fact.port))
        for address, port in others:
            realm = -1 if reachable(address) else fact.vantage
            if port:
                rows.append((address >> 64, address & _LOW, realm, fact.call_id, fact.first_ns, port))
    return rows


def media(ends: pl.DataFrame, flows: Paired, sums: Sums, seen: Bits) -> pl.DataFrame:
    """Return `flow, call, main`: the calls that each flow may carry media of; one of them is its main call.

    A call that announced both ends of a flow comes before one that announced one; of equals, the one announced last
    before the first packet.  Other calls that announced both ends while the flow lasted used it too.

    One end is enough for a UDP flow that does exchange media (`_lively`), so that a scan of an announced port joins
    no call; and only while no more than `REMOTES` strangers talk to that end, since a port that serves everybody
    tells no calls apart.
    """
    nothing = pl.DataFrame(schema={"flow": pl.Int64, "call": pl.String, "main": pl.Boolean})
    if not len(ends):
        return nothing
    free = (seen & bit("sip", "dns") == 0) & np.isin(flows.protocol, TRANSPORTS)
    sides = pl.concat([_matched(ends, flows, free, side) for side in (0, 1)])
    if not len(sides):
        return nothing
    flow = sides["flow"].to_numpy()
    sides = sides.with_columns(
        first=pl.Series(sums.first_ns[flow]),
        last=pl.Series(sums.last_ns[flow]),
        lively=pl.Series(np.stack(_lively(flows, sums, seen))[sides["side"].to_numpy(), flow]),
    )
    both = pl.col("side").n_unique().over("flow", "call") == 2
    remotes = pl.struct("other_hi", "other_lo").n_unique().over("call", "hi", "lo", "port")
    sides = sides.filter(pl.col("since") <= pl.col("last") + EARLY).with_columns(both=both)
    sides = sides.filter(pl.col("both") | pl.col("lively"))
    sides = sides.filter(pl.col("both") | (remotes <= REMOTES))
    found = sides.group_by("flow", "call").agg(pl.col("both", "first").first(), pl.col("since").min())
    before = pl.col("since") <= pl.col("first") + EARLY
    found = found.with_columns(before=before, distance=(pl.col("first") - pl.col("since")).abs())
    found = found.sort("flow", "both", "before", "distance", "call", descending=[False, True, True, False, False])
    found = found.with_columns(main=pl.col("flow").is_first_distinct())
    return found.filter(pl.col("main") | (pl.col("both") & ~pl.col("before"))).select("flow", "call", "main")


def _lively(flows: Paired, sums: Sums, seen: Bits) -> tuple[Bool, Bool]:
    """Say which UDP flows belong to the announced end a, or b, alone.

    They went both ways; or they look like media, and came from that end or were more than a few packets.
    """
    looks = seen & bit("rtp", "rtcp", "dtls", "turn", "zoom") != 0
    two_way = (sums.packets[0] > 0) & (sums.packets[1] > 0)
    many = sums.packets[0] + sums.packets[1] >= STEADY
    a, b = ((flows.protocol == UDP) & (two_way | (looks & (many | (sent > 0)))) for sent in sums.packets)
    return a, b


def _matched(ends: pl.DataFrame, flows: Paired, free: Bool, side: int) -> pl.DataFrame:
    """Join the ends of one side of all flows with the announced ends."""
    a, b = (flows.a_hi, flows.a_lo, flows.a_port), (flows.b_hi, flows.b_lo, flows.b_port)
    (hi, lo, port), other = (a, b) if side == 0 else (b, a)
    ports = np.zeros(1 << 17, bool)
    ports[ends["port"].to_numpy()] = True
    which = np.flatnonzero(free & ports[port])
    columns = {"flow": which, "hi": hi[which], "lo": lo[which], "port": port[which], "vantage": flows.vantage[which]}
    table = pl.DataFrame(columns | {"other_hi": other[0][which], "other_lo": other[1][which]})
    found = table.join(ends, on=["hi", "lo", "port"])
    found = found.filter((pl.col("realm") < 0) | (pl.col("realm") == pl.col("vantage")))
    return found.drop("vantage", "realm").with_columns(side=pl.lit(side))
