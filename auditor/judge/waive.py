"""Apply waivers to findings: which are accepted, by whom and until when, and which waivers do nothing.

A waived finding is still a finding; it decides no verdict any more.  All that a waiver asks must be known to hold of
the whole finding: a place that may be elsewhere too, a plane that only a name tells, an address that is not listed,
traffic without a time are reasons not to excuse.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from ipaddress import ip_address
from typing import Final

from auditor.model import countries
from auditor.model.flow import NAMED, UNKNOWN
from auditor.model.report import Finding, WaiverText, WaiverUse
from auditor.model.rule import Rule
from auditor.model.waiver import Match, Waiver
from auditor.rules.waivers import speaks

NOT_OBSERVABLE: Final = "not_observable"
"""Verb of rules whose findings are about no single place: their plane and basis are those of none."""

_SETS: Final = ("sites", "operators", "planes", "bases")


@dataclass(slots=True)
class _Use:
    """What became of one waiver so far."""

    waiver: Waiver
    text: WaiverText
    findings: list[str]  # that it accepts; of one that is not in force: that it would, and that nobody else does
    shadowed: list[str]  # that another one accepts


def waive(
    found: Iterable[Finding], waivers: Sequence[Waiver], rules: Iterable[Rule], as_of: date | None
) -> tuple[tuple[Finding, ...], tuple[WaiverUse, ...]]:
    """Return the findings, those that are waived with the waiver, and what became of each waiver.

    Of several waivers that accept a finding the first in `order` counts, in whatever order they are given.  Raise
    ValueError if there are waivers and no day to judge them by.
    """
    if not waivers:
        return tuple(found), ()
    if as_of is None:
        raise ValueError("waivers are judged as of a day")
    uses = [_Use(waiver, text(waiver), [], []) for waiver in sorted(waivers, key=order)]
    by_rule: dict[tuple[str, str], list[int]] = {}
    for number, use in enumerate(uses):
        by_rule.setdefault((use.waiver.rule, use.waiver.match.finding), []).append(number)
    out = []
    for finding in sorted(found, key=lambda each: each.id):
        near = sorted(by_rule.get((finding.rule, finding.id), []) + by_rule.get((finding.rule, ""), []))
        out.append(_waived(finding, [uses[number] for number in near], as_of))
    known = {rule.id for rule in rules}
    return tuple(out), tuple(_told(use, known, as_of) for use in uses)


def _waived(finding: Finding, uses: Iterable[_Use], as_of: date) -> Finding:
    """Let the first waiver that accepts the finding count, and tell all others that would."""
    those = [use for use in uses if matches(use.waiver, finding)]
    first = next((use for use in those if use.waiver.holds(as_of)), None)
    for use in those:
        (use.findings if first is None or first is use else use.shadowed).append(finding.id)
    return replace(finding, waiver=first.text) if first else finding


def _told(use: _Use, rules: set[str], as_of: date) -> WaiverUse:
    waiver = use.waiver
    if as_of < waiver.approved:
        state = "pending"
    elif as_of >= waiver.expires:
        state = "expired"
    elif waiver.rule not in rules:
        state = "no rule"
    else:
        state = "applied" if use.findings else "shadowed" if use.shadowed else "unused"
    return WaiverUse(use.text, state, tuple(use.findings), tuple(use.shadowed))


def order(waiver: Waiver) -> tuple[object, ...]:
    """Return what waivers are sorted by: where they stand, and then all that they say."""
    return waiver.file, waiver.line, repr(text(waiver))


def text(waiver: Waiver) -> WaiverText:
    """Return what a report says about a waiver."""
    return WaiverText(
        waiver.rule,
        speaks(waiver),
        waiver.reason,
        waiver.owner,
        waiver.approved_by,
        waiver.ticket,
        str(waiver.approved),
        str(waiver.expires),
        waiver.file,
        waiver.line,
    )


def matches(waiver: Waiver, finding: Finding) -> bool:
    """Say whether all that a waiver asks is known to hold of the whole finding, whenever it is in force."""
    match = waiver.match
    return (
        waiver.rule == finding.rule
        and match.verdict == finding.verdict
        and match.finding in ("", finding.id)
        and (not match.countries or _lies_within(finding.place.countries, match.countries))
        and (match.sites is None or finding.place.site in match.sites - {""})
        and (match.operators is None or finding.place.operator in match.operators - {""})
        and (match.planes is None or _planes(finding.plane) <= match.planes)
        and (match.bases is None or (finding.asked != NOT_OBSERVABLE and finding.basis in match.bases))
        and (match.since_ns is None or 0 < finding.first_ns >= match.since_ns)
        and (match.until_ns is None or 0 < finding.first_ns <= finding.last_ns < match.until_ns)
        and (match.networks is None or _addresses_within(finding, match))
    )


def _lies_within(place: str, allowed: str) -> bool:
    """Say whether the place lies inside wherever it is; where proofs contradict each other it lies nowhere."""
    return bool(place) and countries.within(place, allowed) == 1


def _planes(plane: str) -> frozenset[str]:
    """Return the planes of which one travelled; no waiver names what is unknown or told by a name alone."""
    return frozenset({UNKNOWN}) if plane.endswith(NAMED) else frozenset(plane.split("+"))


def _addresses_within(finding: Finding, match: Match) -> bool:
    """Say whether all addresses are known, and lie in the networks."""
    if not finding.every_endpoint or not finding.endpoints:
        return False
    try:
        ends = [ip_address(end) for end in finding.endpoints]
    except ValueError:  # a name, say: nobody knows in which network it lies
        return False
    return all(any(end in network for network in match.networks or ()) for end in ends)


def shadowed(waivers: Sequence[Waiver]) -> tuple[tuple[Waiver, Waiver], ...]:
    """Return each waiver that another one makes needless, with the first such: it accepts no less, and as long.

    Of two that accept the same for the same time, the later in `order` is needless.
    """
    ordered = sorted(waivers, key=order)
    by_key: dict[object, list[tuple[int, Waiver]]] = {}
    for place in enumerate(ordered):
        for key in _keys(place[1]):
            by_key.setdefault((place[1].rule, *key), []).append(place)
    found = []
    for number, waiver in enumerate(ordered):
        near = dict(wide for key in _wider_keys(waiver) for wide in by_key.get((waiver.rule, *key), ()))
        for other, wider in sorted(near.items()):
            if other != number and _outdoes(wider, waiver) and (other < number or not _outdoes(waiver, wider)):
                found.append((waiver, wider))
                break
    return tuple(found)


def _keys(waiver: Waiver) -> list[tuple[object, ...]]:
    """Return keys of which any waiver that this one covers looks for one (`_wider_keys`): waivers can be many."""
    match = waiver.match
    if match.finding:
        return [("finding", match.finding)]
    for name in ("networks", "sites", "operators"):
        if (asked := getattr(match, name)) is not None:
            return [(name, each) for each in asked]
    return [()]


def _wider_keys(waiver: Waiver) -> Iterator[tuple[object, ...]]:
    match = waiver.match
    yield ()
    yield "finding", match.finding
    for network in (match.networks or ())[:1]:
        yield from (("networks", network.supernet(new_prefix=size)) for size in range(network.prefixlen + 1))
    for name in ("sites", "operators"):
        yield from ((name, each) for each in sorted(getattr(match, name) or ())[:1])


def _outdoes(wider: Waiver, waiver: Waiver) -> bool:
    return covers(wider, waiver) and wider.approved <= waiver.approved and waiver.expires <= wider.expires


def covers(wider: Waiver, waiver: Waiver) -> bool:
    """Say whether one waiver accepts, by what both ask, every finding that the other does."""
    wide, match = wider.match, waiver.match
    if wider.rule != waiver.rule or wide.verdict != match.verdict or wide.finding not in ("", match.finding):
        return False
    if wide.countries and not _lies_within(match.countries, wide.countries):
        return False
    for name in _SETS:
        allowed, asked = getattr(wide, name), getattr(match, name)
        if allowed is not None and (asked is None or not asked <= allowed):
            return False
    if wide.since_ns is not None and (match.since_ns is None or match.since_ns < wide.since_ns):
        return False
    if wide.until_ns is not None and (match.until_ns is None or match.until_ns > wide.until_ns):
        return False
    return wide.networks is None or (match.networks is not None and _networks_within(match, wide))


def _networks_within(match: Match, wide: Match) -> bool:
    """Say whether each network of one lies in a network of the other."""
    return all(
        any(one.version == other.version and one.subnet_of(other) for other in wide.networks or ())  # type: ignore[arg-type]
        for one in match.networks or ()
    )
