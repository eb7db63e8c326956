"""The checks, and their remarks in the order of files and lines."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from auditor.rules.lint import alone, dates, excused, naming, pairs
from auditor.rules.lint.given import SEVERITIES, Given, Remark

Check = Callable[[Given], Iterator[Remark]]

CHECKS: Final[Mapping[str, Check]] = {
    "never-applies": alone.never_applies,
    "never-fails": alone.never_fails,
    "never-passes": alone.never_passes,
    "proof-from-inventory": alone.proof_from_inventory,
    "contradiction": pairs.contradictions,
    "no-place-left": pairs.no_place_left,
    "duplicate": pairs.duplicates,
    "shadowed": pairs.shadowed,
    "expired": dates.expired,
    "not-yet": dates.not_yet,
    "stale-pack": dates.stale_packs,
    "stale-territory": dates.stale_territories,
    "reference-date": dates.references,
    "unknown-operator": naming.unknown_operators,
    "unknown-site": naming.unknown_sites,
    "site-elsewhere": naming.sites_elsewhere,
    "unused-label": naming.unused_labels,
    "unknown-label": naming.unknown_labels,
    "unused-name": naming.unused_names,
    "user-assigned-code": naming.user_assigned,
    "waiver": excused.waivers,
}
"""Identifier of each check -> what it finds."""


def remarks(given: Given) -> list[Remark]:
    """Return what all checks find, by file, line and severity."""
    found = {remark for check in CHECKS.values() for remark in check(given)}
    return sorted(
        found, key=lambda each: (each.file, each.line, SEVERITIES.index(each.severity), each.check, each.what)
    )
