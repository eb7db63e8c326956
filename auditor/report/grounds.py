"""How a report says it is known where something was: by which proofs, or on which claims it rests."""

from collections.abc import Sequence
from typing import Final

from auditor.model import countries
from auditor.model.flow import HOST, REPORTED
from auditor.model.report import Finding, Source, Verdict
from auditor.report.words import LISTED, where

ENCRYPT: Final = "must_be_encrypted"
UNSEEN: Final = "not_observable"
"""Verbs of rules for which the place plays no part."""


def excusable(finding: Finding) -> bool:
    """Say whether an open finding asks for nothing but what no traffic shows, and might allow it."""
    return bool(finding.settles) and all(entry.fact == "evidence" for entry in finding.settles)


def sources(finding: Finding, kind: str, *, place_only: bool = False) -> list[Source]:
    """Return what sources of one kind say about the finding's addresses, or about those that were touched."""
    of = set(finding.endpoints) if place_only else {address for address, _ in finding.located_by}
    said = [s for address, entries in finding.located_by if address in of for s in entries if s.kind == kind]
    return list({(source.name, source.countries): source for source in said}.values())


def _cited(names: Sequence[str]) -> str:
    """Join names of sources, each said once; they hold commas, so semicolons part them."""
    once = list(dict.fromkeys(names))
    return "; ".join(once[:LISTED] + [f"{len(once) - LISTED} more"] * (len(once) > LISTED))


def _undecided(finding: Finding) -> str:
    """Say what the sources say of each address of an open finding."""
    if finding.asked == ENCRYPT:
        return "Not decided by what the evidence shows."
    if finding.asked == UNSEEN:
        return "Not observable in traffic."
    if excusable(finding):
        return "Where it went is decided by all evidence; whether it was allowed there is not observable in traffic."
    said = [
        f"{address.removeprefix(HOST)}: {source.name} says {where(source.countries, sentence=True)}"
        for address, entries in finding.located_by
        for source in entries
        if source.kind in ("proof", "claim")
    ]
    return f"Not decided. {_cited(said)}." if said else "Not decided: no source says where it is."


_WHEREVER: Final = (
    "No location is needed for it: it rests on what the evidence, the service catalogue and the inventory say."
)


def known(finding: Finding) -> str:
    """Say in a sentence or two how it is known: what proves it, or which claims it rests on."""
    if finding.verdict == Verdict.OPEN:
        return _undecided(finding)
    if finding.proven and finding.asked == ENCRYPT:
        if finding.basis == REPORTED:
            return "A log or call record says it."
        return "The packets show it: how the exchange was set up, or its text itself."
    if finding.proven:
        proofs = _cited([source.name for source in sources(finding, "proof", place_only=True)])
        return f"Proven by {proofs}." if proofs else _WHEREVER
    touched = set(finding.endpoints)
    placed = finding.asked != ENCRYPT  # else the place plays no part
    at_place = [said for address, said in finding.located_by if address in touched and placed]
    at_home = [said for address, said in finding.located_by if address not in touched]
    parts = [("the place", _grounds(at_place)), ("who took part", _grounds(at_home))]
    told = ", ".join(f"{what} {grounds}" for what, grounds in parts if grounds)
    return f"Indicated, not proven: {told}." if told else "Indicated, not proven."


def _grounds(said: Sequence[Sequence[Source]]) -> str:
    """Say on what the locations of some addresses rest: proof alone where it leaves no choice that claims narrow."""
    proofs = [source.name for entries in said for source in entries if source.kind == "proof"]
    claims = [source.name for entries in said if not _settled(entries) for source in entries if source.kind == "claim"]
    kinds = (("proof", proofs), ("claims", claims))
    return " and ".join(f"by {kind} ({_cited(names)})" for kind, names in kinds if names)


def _settled(entries: Sequence[Source]) -> bool:
    """Say whether the proofs alone leave no more than the claims would."""
    proven, claimed = countries.WORLD, 0
    for source in entries:
        if source.kind == "proof":
            proven &= countries.bits(source.countries)
        elif source.kind == "claim":
            claimed |= countries.bits(source.countries)
    return proven != countries.WORLD and not proven & ~claimed


def disputed(finding: Finding) -> list[str]:
    """Name the claims that proofs overrule, one phrase for each."""
    return [
        f"Overruled: {source.name} says {where(source.countries, sentence=True)}."
        for source in sources(finding, "overruled", place_only=True)
    ]
