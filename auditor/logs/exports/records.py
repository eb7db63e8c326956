"""Records of flows as LOG columns, all of one template at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.logs import protocols
from auditor.logs.exports import times
from auditor.logs.exports.fields import MOST, Fields
from auditor.model import flow
from auditor.read.arrays import I64, U64, Bool
from auditor.read.headers import TCP
from auditor.read.written import numbered, texts

PORTED: Final = np.isin(np.arange(256), (6, 17, 33, 132, 136))
"""Protocols with ports; exporters write the type and code of ICMP where others have them."""
NAMES: Final = pl.Series([*protocols.NAMES, ""])
NO_NUMBER: Final = 256
_ANY_V4: Final = np.uint64(0xFFFF << 32)

SOURCES, TARGETS = ("src_v4", "src_v6"), ("dst_v4", "dst_v6")
COUNTERS: Final = (
    "octets", "packets", "total_octets", "total_packets", "initiator_octets", "out_octets", "layer2_octets",
)  # fmt: skip
NETWORKS: Final = ("src_net", "dst_net", "src_net6", "dst_net6")

AGGREGATED: Final = "counts traffic of whole networks, not of addresses"
NAMELESS: Final = "counts traffic without its addresses"
NOTHING: Final = "a record without addresses"
BINDING: Final = "a NAT binding without a destination"
ONE_END: Final = "names one end only"
FRAMES: Final = "frames of stations, without addresses"
LENGTHS: Final = "an address of a length that none has"
DENIED, CREATED, DELETED, UPDATED = 3, 1, 2, 5  # firewallEvent


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of each record beside its fields, as columns."""

    record: I64
    export_ns: I64
    uptime: I64  # of the header, -1: not told
    started_ms: U64  # by options, 0: not told
    rate: Callable[[str, I64], I64]  # of the kind of selector and its number in each record; 0: not known
    observer: Sequence[str]
    observed: I64  # index into them
    arrived_ns: I64  # by whoever captured it, 0: not known


Columns = dict[str, Any]


def unlike(known: frozenset[str] | set[str], odd: bool) -> tuple[str, str]:
    """Say why records with these fields are no flows, if they are none: status and detail."""
    if odd:
        return flow.UNSUPPORTED, LENGTHS
    ends = [any(name in known for name in side) for side in (SOURCES, TARGETS)]
    if all(ends):
        return "", ""
    if "nat_event" in known or "nat_src_v4" in known:
        return flow.NO_ADDRESS, BINDING if any(ends) else NOTHING
    if any(name in known for name in COUNTERS):
        if any(name in known for name in NETWORKS) or any(ends):
            return flow.UNSUPPORTED, AGGREGATED
        return (flow.NO_ADDRESS, FRAMES) if "mac" in known else (flow.UNSUPPORTED, NAMELESS)
    return flow.NO_ADDRESS, NOTHING


def columns(fields: Fields, said: Said, notes: set[str]) -> Columns:
    """Return the rows of flow records; their template has addresses of both ends."""
    src, dst = fields.address(SOURCES), _translated(fields, fields.address(TARGETS))
    none = (src[0] == 0) & (src[1] == 0) & (dst[0] == 0) & (dst[1] == 0)
    binding = ~none & (dst[0] == 0) & (dst[1] == 0) if fields.any_of("nat_event") else np.zeros(len(none), bool)
    protocol = np.where(fields.number("protocol") < 256, fields.number("protocol"), 255).astype(np.int64)
    ports = [np.where(PORTED.take(protocol), each, 0) for each in (fields.small("src_port"), _port(fields))]
    first, last, odd = _times(fields, said)
    one = ~none & ~binding & (((dst[0] == 0) & (dst[1] == 0)) | ((src[0] == 0) & (src[1] == 0) & ~_to_many(dst)))
    status, detail = _status(none, binding, one, odd)
    counts = _counts(fields, rates(fields, said, notes))
    flags = _flags(fields, protocol == TCP)
    turned = (fields.small("biflow") == 2) & counts[1].is_not_null().to_numpy()
    known = fields.any_of("protocol")
    rows: Columns = {
        "record": said.record,
        "status": status,
        "detail": detail,
        "observer": pl.Series(said.observer, dtype=pl.String).gather(said.observed),
        "transport": NAMES.gather(protocol if known else np.full(len(protocol), NO_NUMBER)),
        "first_ns": first,
        "last_ns": last,
        **_events(fields, counts, turned),
    }
    for name, (one, other) in {
        "addr": tuple(
            _text(each, none | binding | one, fields.any_of(six)) for each, six in ((src, "src_v4"), (dst, "dst_v4"))
        ),
        "port": tuple(pl.Series(each, dtype=pl.Int32) for each in ports),
        "flags": flags,
        "packets": counts[:2],
        "bytes": counts[2:],
    }.items():
        rows[f"src_{name}"], rows[f"dst_{name}"] = _turn(one, other, turned)
    return rows


def _turn(one: pl.Series, other: pl.Series, turned: Bool) -> tuple[pl.Series, pl.Series]:
    """Swap the ends of records whose destination opened the flow (biflowDirection, RFC 5103)."""
    if not turned.any():
        return one, other
    mask = pl.Series(turned)
    return other.zip_with(mask, one), one.zip_with(mask, other)


def _translated(fields: Fields, dst: tuple[U64, U64]) -> tuple[U64, U64]:
    """Return the real destination where the record has one: a server behind a translated address."""
    high, low = fields.address(("nat_dst_v4", "nat_dst_v6"))
    real = (high != 0) | ((low != 0) & (low != _ANY_V4))
    return np.where(real, high, dst[0]), np.where(real, low, dst[1])


def _port(fields: Fields) -> I64:
    port, real = fields.small("dst_port"), fields.small("nat_dst_port")
    return np.where(real != 0, real, port) if fields.any_of("nat_dst_v4", "nat_dst_v6") else port


def _text(address: tuple[U64, U64], missing: Bool, four: bool) -> pl.Series:
    """Write addresses; `four`: the one of zeros is IPv4's."""
    high, low = address
    zero = (high == 0) & (low == 0)
    low = np.where(zero, _ANY_V4, low) if four and zero.any() else low
    *distinct, number = numbered(high, low)
    found = texts(*distinct).gather(number)
    return found.set(pl.Series(missing), None) if missing.any() else found


def _to_many(address: tuple[U64, U64]) -> Bool:
    """Say which addresses are of groups, or of all: who has no address yet writes to them."""
    high, low = address
    four = (low >> np.uint64(32) == np.uint64(0xFFFF)) & (low & np.uint64(0xFFFFFFFF) >= np.uint64(0xE0000000))
    found: Bool = (high >> np.uint64(56) == np.uint64(0xFF)) | ((high == 0) & four)
    return found


def _status(none: Bool, binding: Bool, one: Bool, odd: Bool) -> tuple[pl.Series, pl.Series]:
    code = np.where(none, 1, np.where(binding, 2, np.where(one, 3, np.where(odd, 4, 0))))
    status = pl.Series([flow.OK, flow.NO_ADDRESS, flow.NO_ADDRESS, flow.UNSUPPORTED, flow.OK]).gather(code)
    return status, pl.Series(["", NOTHING, BINDING, ONE_END, times.ABSURD]).gather(code)


def _times(fields: Fields, said: Said) -> tuple[I64, I64, Bool]:
    """Place the record in time by the finest clock that it has."""
    none = np.zeros(len(fields), np.int64)
    ends = []
    for end in ("first", "last"):
        found = none
        for name, read in (
            (f"{end}_ntp", times.ntp),
            (f"{end}_us", times.ntp),
            (f"{end}_ms", lambda values: times.scaled(values, 10**6)),
            (f"{end}_s", lambda values: times.scaled(values, 10**9)),
        ):
            if name in fields:
                found = np.where(found == 0, read(fields.number(name)), found)
        if f"{end}_delta" in fields:
            behind = np.where(said.export_ns > 0, said.export_ns - fields.count(f"{end}_delta") * 1000, 0)
            found = np.where(found == 0, behind, found)
        if f"{end}_up" in fields:
            found = np.where(found == 0, _since_start(fields, f"{end}_up", said), found)
        ends.append(found)
    first, last = ends
    if fields.any_of("seen_s", "seen_ms", "seen_us", "seen_ntp"):  # of an event: when it happened
        seen = times.scaled(fields.number("seen_ms"), 10**6) if "seen_ms" in fields else none
        seen = np.where(seen == 0, times.ntp(fields.number("seen_ntp", "seen_us")), seen)
        seen = np.where(seen == 0, times.scaled(fields.number("seen_s"), 10**9), seen)
        last = np.where(last == 0, seen, last)
        first = np.where(first == 0, seen, first)
    if fields.any_of("duration_ms", "duration_us"):
        long = np.minimum(fields.number("duration_ms"), np.uint64(1 << 32)).astype(np.int64) * 10**6
        if "duration_ms" not in fields:
            long = np.minimum(fields.number("duration_us"), np.uint64(1 << 42)).astype(np.int64) * 1000
        first = np.where((first == 0) & (last > 0), last - long, first)
        last = np.where((last == 0) & (first > 0), first + long, last)
    return times.placed(first, last, said.export_ns)


def _since_start(fields: Fields, name: str, said: Said) -> I64:
    values = fields.number(name)
    started = fields.number("started_ms") if "started_ms" in fields else said.started_ms
    by_header = times.by_uptime(values, said.export_ns, said.uptime)
    return np.where(said.uptime >= 0, by_header, times.by_start(values, started, said.export_ns))


RATES: Final = "Sampled: counts are scaled by 1 in {:,}, as the exporter says."
UNKNOWN: Final = "Sampled at a rate that no exporter told: its counts are not scaled."


def rates(fields: Fields, said: Said, notes: set[str]) -> I64:
    """Return for each record one in how many packets was counted, at least 1; say so in notes."""
    found = own_rates(fields)
    asked = np.zeros(len(fields), bool)
    for kind in ("sampler", "selector"):
        if kind in fields:
            which = fields.small(kind)
            found = np.where((found == 0) & (which != 0), said.rate("sampler", which), found)
            asked |= which != 0
    found = np.where(found == 0, said.rate("interface", fields.small("input")), found)
    found = np.where(found == 0, said.rate("all", np.zeros(len(fields), np.int64)), found)
    if (asked & (found == 0)).any():
        notes.add(UNKNOWN)
    found = np.clip(found, 1, 1 << 32)
    notes.update(RATES.format(each) for each in sorted(set(found.tolist())) if each > 1)
    return found


def own_rates(fields: Fields) -> I64:
    """Return what records themselves say: one in how many packets was counted; 0: nothing (RFC 5477, section 8.2)."""
    found = np.zeros(len(fields), np.int64)
    own = [fields.count("interval"), fields.count("random_interval")]
    own.append(_ratio(fields.count("packet_interval") + fields.count("packet_space"), fields.count("packet_interval")))
    own.append(_ratio(fields.count("population"), fields.count("sample_size")))
    chance = fields.fraction("probability")
    usable = (chance > 1e-9) & (chance <= 1)
    own.append(np.where(usable, np.rint(1 / np.where(usable, chance, 1)), 0).astype(np.int64))
    for each in own:
        found = np.where(found == 0, each, found)
    return found


def _ratio(whole: I64, part: I64) -> I64:
    good = (part > 0) & (whole > 0)
    found: I64 = np.where(good, np.maximum(whole // np.maximum(part, 1), 1), 0)
    return found


def _counts(fields: Fields, rate: I64) -> list[pl.Series]:
    """Return packets there and back, bytes there and back; null: the record does not count the way back."""
    pairs = [
        (("packets", "total_packets", "initiator_packets"), ("back_packets", "responder_packets")),
        (("octets", "total_octets", "initiator_octets", "layer2_octets"), ("back_octets", "responder_octets")),
    ]
    there, back = zip(*pairs, strict=True)
    if fields.plan.nprobe:  # whose OUT counts are those of the way back, not those behind a translation
        back = tuple((*names, out) for names, out in zip(back, ("out_packets", "out_octets"), strict=True))
    elif not fields.any_of(*there[0], *there[1]):
        there = tuple((*names, out) for names, out in zip(there, ("out_packets", "out_octets"), strict=True))
    returns = fields.any_of(*back[0], *back[1])
    found = [_scaled(fields.count(*names), rate) for names in there]
    none = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(fields))
    other = [_scaled(fields.count(*names), rate) if returns else none for names in back]
    return [found[0], other[0], found[1], other[1]]


def _scaled(counts: I64, rate: I64) -> pl.Series:
    big = counts > MOST // rate
    return pl.Series(np.where(big, MOST, np.where(big, 0, counts) * rate))


def _flags(fields: Fields, tcp: Bool) -> list[pl.Series]:
    """Return TCP flags there and back, null where they are not told."""
    found = []
    for names in (("flags", "first_flags", "later_flags"), ("back_flags", "back_first_flags", "back_later_flags")):
        if fields.any_of(*names):
            value = np.zeros(len(fields), np.int64)
            for name in names:
                value |= fields.small(name) & 0xFF
            found.append(pl.Series(value, dtype=pl.Int32).set(pl.Series(~tcp), None))
        else:
            found.append(pl.Series([None], dtype=pl.Int32).new_from_index(0, len(fields)))
    return found


def _events(fields: Fields, counts: list[pl.Series], turned: Bool) -> Columns:
    """Say who opened a flow, and how it ended, where a firewall, a translator or a meter of both directions does."""
    outcome = np.zeros(len(fields), np.int64)  # 0: follows from counts
    opened = turned | (fields.small("biflow") == 1)
    if "event" in fields:
        event = fields.small("event")
        outcome = np.where(event == DENIED, 3, outcome)
        opened |= np.isin(event, (CREATED, DELETED, DENIED, UPDATED))
        none = counts[2].is_null() | counts[3].is_null()
        both = ~none & (counts[2] > 0) & (counts[3] > 0)
        outcome = np.where(both.fill_null(False).to_numpy() & (event != DENIED), 1, outcome)
        outcome = np.where((outcome == 0) & none.to_numpy(), 2, outcome)
    elif "nat_event" in fields:
        opened |= fields.small("nat_event") > 0
        if not fields.any_of(*COUNTERS):
            outcome = np.full(len(fields), 2)
    words = pl.Series([None, flow.CARRIED, flow.UNANSWERED, flow.REJECTED], dtype=pl.String)
    return {"outcome": words.gather(outcome), "opened": pl.Series(["", "handshake"]).gather(opened.astype(np.int64))}
