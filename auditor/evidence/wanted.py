"""Which flows and which single records a finding rests on, before the packets are looked for.

The flows that touched the place; those of the same sessions, which show who took part; the RTCP of their RTP.  And
single packets: what tells of a touch that no packet shows, the DNS answers that name the place, and the STUN and SIP
answers that say under which public address an end is seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from auditor.evidence.case import Case
from auditor.evidence.keys import Row
from auditor.evidence.sessions import judged
from auditor.model import flow
from auditor.model.report import Finding
from auditor.read.arrays import I64
from auditor.read.facts.model import Fact, Hop, Name, Reflexive
from auditor.read.labels import NAMES, mapping
from auditor.read.layout import TRANSPORTS
from auditor.read.written import text

TOUCHES, SAME, CONTROL, TELLS, NAMES_IT, PUBLIC = (
    "touches the place",
    "same session",
    "its RTCP or RTP",
    "tells of the place",
    "names the place",
    "tells the public address of an end",
)
"""Why a packet is evidence."""
WHY: Final = (TOUCHES, SAME, CONTROL, TELLS, NAMES_IT, PUBLIC)
RECORDS: Final = 100_000
"""Single packets that are taken at most; a hostile capture can name one address very often."""

_PROTOCOLS: Final = {name: number for number, name in TRANSPORTS.items()}
_BESIDE: Final = ("rtp", "rtcp")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for in the inputs."""

    flows: pl.DataFrame  # KEY, calls (null: all packets; else the Call-IDs whose messages count), why, and FLOW columns
    records: dict[int, str]  # witness -> why
    names: list[Name]  # names that a capture file brings along, which no packet shows
    facts: list[Fact]  # what single records say, by witness
    left: int = 0  # single packets beyond `RECORDS`
    seen: dict[str, int] = field(default_factory=dict)  # rows of the flow table by why
    logged: pl.DataFrame = field(default_factory=pl.DataFrame)  # rows of logs: why, and FLOW columns


KEY: Final = ("vantage", "transport", "src_addr", "src_port", "dst_addr", "dst_port")


def wanted(case: Case, finding: Finding) -> Wanted:
    """Say what a finding rests on."""
    every, frame = _tapped(judged(case), case), _tapped(case.located.frame, case)
    hits = case.traced.hits.filter(pl.col("id") == finding.id).select("row").unique()
    touching = every.join(hits, on="row", how="semi")
    related = every.join(touching.select("unit").unique(), on="unit", how="semi").join(touching, on="index", how="anti")
    captured = (pl.col("source") < case.reading.captures) & (pl.col("basis") != flow.REPORTED)  # exports travel in them
    logged = pl.concat([_because(touching.filter(~captured), TOUCHES), _because(related.filter(~captured), SAME)])
    touching, related, frame = (each.filter(captured) for each in (touching, related, frame))
    rows = pl.concat([_because(touching, TOUCHES), _because(related, SAME)])
    rows = pl.concat([rows, _because(_beside(rows, frame), CONTROL).select(rows.columns)])
    facts = case.reading.facts
    told = _told(touching, related, case, facts)
    single: dict[int, str] = {}
    found: list[Fact] = []
    for fact, why in (*told, *_named(touching, case, facts), *_seen_as(rows, case, facts)):
        found.append(fact)
        if fact.packets and (len(single) < RECORDS or fact.witness in single):
            single.setdefault(fact.witness, why)
    names = [fact for fact in found if isinstance(fact, Name) and not fact.packets]
    flows = pl.concat([_calls(rows, frame), _carrying(told, case, rows)], how="diagonal")
    counts = dict(rows.group_by("why").len().iter_rows())
    return Wanted(
        flows, single, names, found, len({f.witness for f in found if f.packets}) - len(single), counts, logged
    )


def _tapped(rows: pl.DataFrame, case: Case) -> pl.DataFrame:
    """Give rows that were seen in tunnels the vantage that the tunnels passed, which is where their packets are."""
    taps = {flow.inside(name): name for name in case.reading.vantages} | {name: name for name in case.reading.vantages}
    return rows.with_columns(pl.col("vantage").replace(taps))


def _because(rows: pl.DataFrame, why: str) -> pl.DataFrame:
    return rows.with_columns(why=pl.lit(why))


def _beside(rows: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the flows of RTP or RTCP on the next or previous ports of such flows (RFC 3550, section 11)."""
    media = frame.with_row_index("index").filter(pl.col("app").is_in(_BESIDE) & (pl.col("status") == flow.OK))
    media = media.with_columns(
        pl.col("index").cast(pl.Int64), unit=pl.lit(0, pl.Int64), row=pl.lit(-1, pl.Int64), why=pl.lit("")
    )
    found = [rows.head(0)]
    for step in (1, -1):
        ports = [pl.col("src_port") + step, pl.col("dst_port") + step]
        near = rows.filter(pl.col("app").is_in(_BESIDE)).with_columns(ports)
        turned = near.rename(
            {"src_addr": "dst_addr", "dst_addr": "src_addr", "src_port": "dst_port", "dst_port": "src_port"}
        )
        for keys in (near, turned):
            found.append(media.join(keys.select(KEY).unique(), on=list(KEY), how="semi").select(rows.columns))
    return pl.concat(found).unique("index", keep="first", maintain_order=True).join(rows, on="index", how="anti")


def _calls(rows: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Say of datagram flows of SIP that several calls share which calls are wanted.

    Messages that belong to no call stay with them: a registration shows who serves whom.  TCP connections and SCTP
    associations are taken whole, since messages run across their segments and chunks.
    """
    datagrams = frame.filter(
        (pl.col("app") == "sip") & (pl.col("basis") == flow.OBSERVED) & (pl.col("transport") == "udp")
    )
    several = _turned(datagrams).group_by(_ENDS).len().filter(pl.col("len") > 1).select(*_ENDS, shared=pl.lit(True))
    marked = _turned(rows).join(several, on=_ENDS, how="left", maintain_order="left").drop(_ENDS[2:])
    return marked.with_columns(shared=pl.col("shared").fill_null(False) & pl.col("session").is_not_null())


_ENDS: Final = ["vantage", "transport", "low_addr", "low_port", "high_addr", "high_port"]


def _turned(rows: pl.DataFrame) -> pl.DataFrame:
    """Add both ends of flows in an order of their own: calls on one 5-tuple may go either way."""
    swap = (pl.col("src_addr") > pl.col("dst_addr")) | (
        (pl.col("src_addr") == pl.col("dst_addr")) & (pl.col("src_port") > pl.col("dst_port"))
    )
    return rows.with_columns(
        pl.when(swap).then(f"{other}_{name}").otherwise(f"{side}_{name}").alias(f"{end}_{name}")
        for end, side, other in (("low", "src", "dst"), ("high", "dst", "src"))
        for name in ("addr", "port")
    )


def _told(touching: pl.DataFrame, related: pl.DataFrame, case: Case, facts: Sequence[Fact]) -> list[tuple[Fact, str]]:
    """List the facts behind touches that no packet shows."""
    rows = pl.concat([touching, related]).filter(pl.col("basis").is_in((flow.ATTESTED, flow.OFFERED)))
    at = {source << flow.SOURCE_SHIFT | record for source, record in rows.select("source", "record").iter_rows()}
    return [(fact, TELLS) for fact in facts if fact.witness in at and hasattr(fact, "flow")] if at else []


def _carrying(told: Iterable[tuple[Fact, str]], case: Case, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the flows in which somebody told of a relay: it was in use only if media went through it."""
    found = [
        {
            "vantage": case.reading.vantages[fact.vantage],
            "transport": TRANSPORTS.get(about[4], f"ip/{about[4]}"),
            "src_addr": text(about[0]),
            "src_port": about[1],
            "dst_addr": text(about[2]),
            "dst_port": about[3],
            "why": SAME,
            "shared": False,
        }
        for fact, _ in told
        if not hasattr(fact, "call_id") and (about := getattr(fact, "flow", None))
    ]
    schema: Any = {**{name: rows.schema[name] for name in KEY}, "why": pl.String, "shared": pl.Boolean}
    return pl.DataFrame(found, schema, orient="row").unique(maintain_order=True)


def _named(touching: pl.DataFrame, case: Case, facts: Iterable[Fact]) -> Iterator[tuple[Fact, str]]:
    """List the answers that gave the ends of the touching flows the names that the flow table has."""
    ends = {
        (vantage, address)
        for side in flow.SIDES
        for vantage, address in touching.select("vantage", f"{side}_addr").unique().drop_nulls().iter_rows()
    }
    called: dict[tuple[str, str], list[Name]] = {}
    for fact in facts:
        if isinstance(fact, Name):
            key = case.reading.vantages[fact.vantage], text(fact.address)
            if key in ends:
                called.setdefault(key, []).append(fact)
    for answers in called.values():
        yield from ((fact, NAMES_IT) for fact in sorted(answers, key=lambda fact: fact.name)[:NAMES])


def _seen_as(rows: pl.DataFrame, case: Case, facts: Iterable[Fact]) -> Iterator[tuple[Fact, str]]:
    """List the answers that say under which public address the ends are seen, which tells where private ones are.

    All that speak of an end of the wanted flows; of other ends of the same address the first, unless one of those
    told the same address.
    """
    answers = [fact for fact in facts if isinstance(fact, Reflexive | Hop) and mapping(fact)]
    clients = pl.Series([text(address) for address in {fact.flow[2] for fact in answers}], dtype=pl.String)
    ends = {
        end
        for side in flow.SIDES
        for end in rows.filter(pl.col(f"{side}_addr").is_in(clients.implode()))
        .select("vantage", f"{side}_addr", f"{side}_port")
        .unique()
        .iter_rows()
    }
    people = {end[:2] for end in ends}
    told: set[tuple[str, str, int]] = set()
    elsewhere: dict[tuple[str, str, int], Fact] = {}
    for fact in answers:
        client = case.reading.vantages[fact.vantage], text(fact.flow[2])
        if (*client, fact.flow[3]) in ends:
            told.add((*client, fact.address))
            yield fact, PUBLIC
        elif client in people:
            elsewhere.setdefault((*client, fact.address), fact)
    yield from ((fact, PUBLIC) for key, fact in elsewhere.items() if key not in told)


def protocol(transport: str) -> int:
    """Return the number of a transport of the flow table."""
    return _PROTOCOLS[transport] if transport in _PROTOCOLS else int(transport.removeprefix("ip/"))


@dataclass(frozen=True, slots=True)
class Numbered:
    """Wanted flows by number: columns of equal length."""

    rows: list[Row]
    why: NDArray[np.uint8]  # index into WHY
    calls: list[frozenset[str] | None]  # the calls whose messages count, None: everything
    first: I64  # witness of its first packet, -1: no packet is known


def numbered(case: Case, wanted: Wanted) -> Numbered:
    """Number the exchanges of wanted rows, each once, whichever end opened it; the best reason of several counts."""
    vantages = {name: number for number, name in enumerate(case.reading.vantages)}
    found: dict[Row, tuple[int, set[str] | None, int]] = {}
    columns = (*KEY, "why", "shared", "session", "basis", "source", "record")
    for *row, why, shared, session, basis, source, record in wanted.flows.select(columns).iter_rows():
        if row[2] is None or row[4] is None:
            continue
        ends = key(row, vantages)
        best, calls, first = found.get(ends, (len(WHY), set(), -1))
        if basis == flow.OBSERVED:
            witness = source << flow.SOURCE_SHIFT | record
            first = witness if first < 0 else min(first, witness)
        own = case.reading.legs.get(session, {session})
        found[ends] = min(best, WHY.index(why)), None if calls is None or not shared else calls | own, first
    told = list(found.values())
    return Numbered(
        list(found),
        np.array([why for why, _, _ in told], np.uint8),
        [None if calls is None else frozenset(calls) for _, calls, _ in told],
        np.array([first for _, _, first in told], np.int64),
    )


def key(row: Sequence[Any], vantages: Mapping[str, int]) -> Row:
    """Return what tells an exchange (KEY) apart, whichever end opened it."""
    vantage, transport, *rest = row
    low, high = sorted((tuple(rest[:2]), tuple(rest[2:])))
    return vantages[vantage], protocol(transport), *low, *high
