"""Load waivers: findings that somebody accepts until a day, each with a reason and an owner.

    longest: {critical: 14}
    waivers:
      - rule: overseas-media-avoids-mainland
        match: {countries: [CN], sites: [beijing-2]}
        reason: Traffic is moved to Frankfurt in December.
        owner: network operations
        approved_by: A. Example
        ticket: NET-42
        approved: 2026-11-01
        expires: 2026-12-01

A waiver that says too little would excuse what nobody looked at, and one without an end would be forgotten: both are
refused, as is one that lives longer than the severity of its rule allows.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from auditor.model import countries, documents
from auditor.model.documents import ALWAYS, Document, Key, nanoseconds
from auditor.model.errors import InputError, gathering
from auditor.model.report import Database
from auditor.model.rule import SEVERITIES, Rule
from auditor.model.waiver import LONGEST, Match, Network, Waiver
from auditor.rules import format as form
from auditor.rules.named import code_set

Day = date
Life = Annotated[int, Meta(ge=1, le=36_500)]  # days

EPOCH: Final = date(1970, 1, 1)
NS: Final = 86_400_000_000_000  # of a day
_ID: Final = 16  # hexadecimal digits of the identifier of a finding
IDENTIFIER: Final = rf"^[0-9a-f]{{{_ID}}}$"


class MatchFile(form.Strict, frozen=True):
    """What a finding has to be about; all of it must be known to hold of the whole finding.

    verdict: fail: violations, if left out. open: open questions are accepted as not known.
    finding: Its identifier, all 16 digits.
    countries: The place lies within them, wherever it may be.
    sites: The place is one of these sites of the inventory.
    operators: One of these runs the place.
    planes: Whatever may have travelled is among these.
    bases: It is known in one of these ways.
    networks: All touched addresses lie in them, and the report lists them all.
    traffic: All of its packets are of these days.
    """

    verdict: Literal["fail", "open"] = "fail"
    finding: form.Word | None = None
    countries: form.Codes | None = None
    sites: form.Words | None = None
    operators: form.Words | None = None
    planes: Annotated[tuple[form.Plane, ...], Meta(min_length=1)] | None = None
    bases: Annotated[tuple[form.Basis, ...], Meta(min_length=1)] | None = None
    networks: form.Words | None = None
    traffic: form.Valid | None = None


class WaiverFile(form.Strict, frozen=True):
    """Findings that somebody accepts until a day.

    rule: Identifier of the rule whose findings are accepted.
    match: Which of its findings. It has to name something besides a verdict.
    reason: Why they are accepted.
    owner: Who answers for it.
    approved: The first day (UTC) on which it holds.
    expires: The first day on which it doesn't hold any more.
    approved_by: Who approved it.
    ticket: Where that is written down.
    """

    rule: form.Slug
    match: MatchFile
    reason: form.Word
    owner: form.Word
    approved: Day
    expires: Day
    approved_by: str = ""
    ticket: str = ""


class Longest(form.Strict, frozen=True):
    """Days from `approved` to `expires` that a waiver may live; of several files the strictest counts, for all.

    critical: Of rules of this severity. Left out: 30, unless another file says otherwise.
    high: Of rules of this severity. Left out: 90, unless another file says otherwise.
    medium: Of rules of this severity. Left out: 180, unless another file says otherwise.
    low: Of rules of this severity. Left out: 365, unless another file says otherwise.
    """

    critical: Life | None = None
    high: Life | None = None
    medium: Life | None = None
    low: Life | None = None


class File(form.Strict, frozen=True):
    """A file of waivers, or of nothing but how long they may live.

    longest: How long waivers may live.
    waivers: What is accepted.
    """

    longest: Longest = Longest()
    waivers: tuple[WaiverFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Waivers:
    """What some files waive, the day as of which that is judged, and the files."""

    waivers: tuple[Waiver, ...] = ()
    as_of: date | None = None
    databases: tuple[Database, ...] = ()


def load(paths: Sequence[str | Path], rules: Sequence[Rule], as_of: date | None) -> Waivers:
    """Read files of waivers for these rules.

    How long a waiver may live is what the strictest of the files says, so that a file of limits can be put beside
    those of the teams; `LONGEST` where none says anything.  Raise InputErrors, with place and remedy, for all that is
    not allowed, and where there are waivers and no day to judge them by.
    """
    if not paths:
        return Waivers()
    if not isinstance(as_of, date) or isinstance(as_of, datetime):
        raise InputError("as_of", "waivers are judged as of a day; give it, such as as_of=date(2026, 11, 23)")
    named = {os.path.realpath(path): path for path in reversed(paths)}  # a file that is named twice counts once
    severities = {rule.id: rule.severity for rule in rules}
    files: list[tuple[Document, File]] = []
    found: list[Waiver] = []
    with gathering() as problems:
        for path in reversed(named.values()):
            with problems.kept():
                document = documents.load(path, problems)
                files.append((document, documents.convert(document, File)))
        longest = _longest([file.longest for _, file in files])
        for document, file in files:
            for number, entry in enumerate(file.waivers):
                with problems.kept():
                    waiver = _waiver(document, entry, number)
                    _check_life(document, waiver, longest, severities.get(waiver.rule), number)
                    found.append(waiver)
    known = [Database(Path(document.file).name, document.sha256, "", kind="waivers") for document, _ in files]
    return Waivers(tuple(found), as_of, tuple(sorted(known, key=lambda each: (each.name, each.sha256))))


def _longest(given: Sequence[Longest]) -> dict[str, int]:
    said = {severity: [getattr(limits, severity) for limits in given] for severity in SEVERITIES}
    return {
        severity: min((days for days in of if days is not None), default=LONGEST[severity])
        for severity, of in said.items()
    }


def _waiver(document: Document, given: WaiverFile, number: int) -> Waiver:
    at = ("waivers", number)
    for key in ("reason", "owner"):
        if not any(map(str.isalnum, getattr(given, key))):  # blanks, or what shows nothing
            document.problem(f"`{key}` is empty; say it in words that an auditor can follow", *at, key)
    if given.expires <= given.approved:
        document.problem("`expires` must be a later day than `approved`", *at, "expires")
    return Waiver(
        given.rule,
        _match(document, given.match, *at, "match"),
        given.reason.strip(),
        given.owner.strip(),
        given.approved,
        given.expires,
        given.approved_by.strip(),
        given.ticket.strip(),
        Path(document.file).name,
        document.line(*at),
    )


def _match(document: Document, given: MatchFile, *at: Key) -> Match:
    asked = [each.name for each in fields(Match)]
    traffic = given.traffic or form.Valid()
    if traffic.since is not None and traffic.until is not None and traffic.until <= traffic.since:
        document.problem("`until` must be a later day than `from`", *at, "traffic", "until")
    last = ALWAYS // NS  # of the days that traffic can be of
    if traffic != form.Valid() and (traffic.since or date.min) <= EPOCH and _days(traffic.until or date.max) >= last:
        document.problem("`traffic` is of any day; leave it out, or name the days that are meant", *at, "traffic")
    if given.finding is not None and not re.search(IDENTIFIER, given.finding):
        document.problem(
            f"`{given.finding}` is no identifier of a finding; write all {_ID} digits (0-9, a-f), as the report does",
            *at, "finding",
        )  # fmt: skip
    narrowed = any(getattr(given, name, None) is not None for name in asked if name != "verdict")
    if not narrowed and traffic == form.Valid():
        document.problem(
            "`match` would excuse all that the rule finds; name at least its finding, countries, sites, operators, "
            "planes, bases, networks or traffic",
            *at,
        )
    return Match(
        given.verdict,
        given.finding or "",
        "" if given.countries is None else code_set(document, given.countries, *at, "countries"),
        _set(given.sites),
        _set(given.operators),
        _set(given.planes),
        _set(given.bases),
        None if given.networks is None else _networks(document, given.networks, *at, "networks"),
        None if traffic.since is None else nanoseconds(traffic.since),
        None if traffic.until is None else nanoseconds(traffic.until),
    )


def _set(given: Sequence[str] | None) -> frozenset[str] | None:
    return None if given is None else frozenset(given)


def _networks(document: Document, given: Sequence[str], *at: Key) -> tuple[Network, ...]:
    found: list[Network] = []
    for index, text in enumerate(given):
        try:
            found.append(ip_network(text))
            if not found[-1].prefixlen:
                document.problem(f"`{text}` is every address; leave it out, or name those that are meant", *at, index)
        except ValueError as error:
            document.problem(f"`{text}` is no network ({error}); write it as 192.0.2.0/24 or 2001:db8::/32", *at, index)
    return tuple(sorted(set(found), key=lambda network: (network.version, network.network_address, network.prefixlen)))


def _check_life(document: Document, waiver: Waiver, longest: dict[str, int], severity: str | None, number: int) -> None:
    """Refuse a waiver that lives too long; of a rule that is not loaded, one that no severity allows."""
    most = longest[severity] if severity else max(longest.values())
    days = (waiver.expires - waiver.approved).days
    if days > most:
        last = waiver.approved + timedelta(most)
        why = f"for a rule of severity {severity}" if severity else "at all"
        document.problem(
            f"lives {days} days, and {most} are the most {why}; let it expire by {last}, or mend the rule's violation",
            "waivers", number, "expires",
        )  # fmt: skip


def speaks(waiver: Waiver) -> str:
    """Say in one sentence what a waiver accepts."""
    match = waiver.match
    what = "open questions" if match.verdict == "open" else "violations"
    parts = [f"the finding is {match.finding}"] * bool(match.finding)
    if match.countries:
        parts.append(f"the place lies within {', '.join(countries.members(match.countries))}")
    for word, names in (
        ("its site is", match.sites),
        ("its operator is", match.operators),
        ("the plane is", match.planes),
        ("the basis is", match.bases),
        ("all addresses lie in", None if match.networks is None else map(str, match.networks)),
    ):
        if names is not None:
            parts.append(f"{word} {' or '.join(sorted(names) if isinstance(names, frozenset) else names)}")
    if match.since_ns is not None:
        parts.append(f"all traffic is of {_day(match.since_ns)} or later")
    if match.until_ns is not None:
        parts.append(f"all traffic is before {_day(match.until_ns)}")
    return f"Accepts {what} of {waiver.rule} where {'; '.join(parts)}."


def _day(ns: int) -> date:
    return EPOCH + timedelta(days=ns // NS)


def _days(day: date) -> int:
    return (day - EPOCH).days
