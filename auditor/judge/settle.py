"""Name the facts that would close what is open, each in the form in which a user can supply it.

A finding is open because conditions of its rule are not known; which ones, the judge noted.  Each names an
address or an input, so that a line of the inventory or another capture can be made of it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from auditor.judge.audience import Member
from auditor.judge.seal import LOCAL
from auditor.model import countries, flow
from auditor.model.report import Settle

MOST: Final = 20  # facts per finding; what remains is named once these are supplied
_LOCAL: Final = re.compile(LOCAL)
_WHY: Final = {
    flow.UNKNOWN: "nothing shows who opened the flow",
    "to": "its port and protocol tell of no server",
    "from": "that it opened a flow tells nothing",
}
_TALK: Final = ("rtp", "rtcp", "dtls", "stun", "turn", "zoom")


@dataclass(frozen=True, slots=True)
class Subject:
    """A touched end, or a class of participants by its example."""

    addr: str  # empty: it has no address
    role: str
    vantage: str  # name of the declared vantage, empty if undeclared
    source: str  # name of the input in which it was first seen
    proof: str = countries.ANYWHERE  # the countries that proofs leave
    app: str = ""  # what it spoke where it was touched, empty: not recognised, or of a participant
    direction: str = ""  # `from` it the flow was opened, `to` it, or unknown; empty: of a participant
    configured: bool = False  # it stands in a configuration, which names it

    @property
    def name(self) -> str:
        """What a configuration calls it."""
        return self.addr.removeprefix(flow.HOST).removeprefix("@")


@dataclass(frozen=True, slots=True)
class Person:
    """A class of those who take part in open sessions."""

    member: Member
    belongs: int  # to the population of the rule: 1 yes, -1 no, 0 not known
    subject: Subject
    by_account: bool = False  # the rule doesn't ask where they are


def settles(conditions: Iterable[tuple[str, Sequence[Subject]]], people: Sequence[Person]) -> tuple[Settle, ...]:
    """Name the facts that would decide these conditions, each of which is not known of some touched ends."""
    found: list[Settle] = []
    for condition, touched in conditions:
        if condition == "participants":
            found += _people(people, touched)
        else:
            for end in touched:
                found += _FACTS[condition](end)
    return tuple(dict.fromkeys(found))[:MOST]


def _people(people: Sequence[Person], touched: Sequence[Subject]) -> list[Settle]:
    """Ask who takes part, and where they are."""
    found: list[Settle] = []
    for person in people:
        who = person.subject
        if not person.member.person:
            if person.belongs == 0:
                found.append(_site(who, "and label it (`holds`) with a population of the rules"))
            continue
        if person.belongs == 0:
            found += [_account(who)] if person.by_account else _client_place(who)
        if not person.member.sure:
            found += _part(who) if who.role == "client" else _role(who)
    if not people:
        found = [_site(end, "and say whose data it holds (`holds`)") for end in touched]
    return found or [fact for end in touched for fact in _roster(end)]


def _place(end: Subject) -> list[Settle]:
    """Ask where a touched end is."""
    if end.role == "client":
        return _client_place(end)
    if end.proof == countries.NOWHERE:
        return [
            Settle(
                "site", end.addr, f"Proofs of where {end.addr} is exclude each other: correct its inventory entries."
            )
        ]
    return [*_vantage(end), _site(end, "with its country")]


def _client_place(who: Subject) -> list[Settle]:
    """Ask where a participant is."""
    if who.proof == countries.NOWHERE:
        return [
            Settle(
                "client", who.addr, f"Proofs of where {who.addr} is exclude each other: correct its inventory entries."
            )
        ]
    if who.configured:
        said = (
            f"Clients of the class `{who.name}` may be anywhere: let the configuration classify them, or send them "
            "only where everybody may be sent."
        )
        return [Settle("client", who.name, said)]
    listed = f"List the network of {who.addr} under clients in the inventory, with its country."
    return [*_vantage(who), Settle("client", who.addr, listed)]


def _account(who: Subject) -> Settle:
    """Ask to whom a participant belongs."""
    if who.configured:
        said = (
            f"A configuration does not tell to which accounts the clients of `{who.name}` belong, unless it names them."
        )
        return Settle("account", who.name, said)
    listed = f"List the network of {who.addr} under clients in the inventory, with its tenant or population."
    return Settle("account", who.addr, listed)


def _selection(end: Subject) -> list[Settle]:
    """Ask whose session it is, what they selected, and where the place is."""
    whose = (
        f"Say whose session it is that touched {end.addr or 'it'} (`tenant` of the client networks in the inventory), "
        "and what that account selected (--selections FILE)."
    )
    where = [] if len(countries.members(end.proof)) == 1 else _place(end)
    return [Settle("account", end.addr, whose), *where]


def _vantage(end: Subject) -> list[Settle]:
    if not _LOCAL.match(end.addr):
        return []
    if end.vantage.endswith(flow.INSIDE):
        said = (
            f"{end.addr} was seen in a tunnel: if its network is where {end.source} was captured, list it under "
            "`private` of that vantage in the inventory."
        )
        return [Settle("vantage", end.source, said)]
    if end.vantage:
        return []
    said = f"Say in which country {end.source} was recorded (`vantage`), for private addresses such as {end.addr}."
    return [Settle("vantage", end.source, said)]


def _role(end: Subject) -> list[Settle]:
    """Ask whether an end is a participant or a place, and say why that is not known."""
    listed = f"If {end.addr} is a participant, list its network under clients in the inventory."
    why = _why_unknown(end)
    what = f"with its role, if it is a place ({why})" if why else "with its role, if it is a place"
    return [_site(end, what), Settle("client", end.addr, listed)]


def _why_unknown(end: Subject) -> str:
    if end.app == "sip":
        return "telephones and servers speak SIP alike"
    if end.app in _TALK:
        return "participants exchange such traffic with each other as well as with servers"
    return _WHY.get(end.direction, "")


def _site(end: Subject, what: str) -> Settle:
    if end.configured:
        return Settle("site", end.name, f"List `{end.name}` by this name under sites in the inventory, {what}.")
    if end.addr.startswith("@"):  # it stands for an address that a log does not tell: see `logs.traces`
        said = f"A log that tells the address of {end.addr} would decide; {end.source} does not."
        return Settle("coverage", end.source, said)
    return Settle("site", end.addr, f"List {end.addr or 'it'} under sites in the inventory, {what}.")


def _packets(end: Subject) -> list[Settle]:
    where = f"A capture that shows whether packets of {end.addr} were answered would decide; {end.source} does not."
    return [Settle("packets", end.addr, where)]


def _part(who: Subject) -> list[Settle]:
    """Ask for more of somebody than an attempt or a check of connectivity, which strangers can make."""
    where = (
        f"A capture that shows whether {who.addr} took part, by packets that were answered and are more than STUN, "
        f"would decide; {who.source} does not."
    )
    return [Settle("packets", who.addr, where)]


def _roster(end: Subject) -> list[Settle]:
    return [
        Settle("coverage", end.source, f"{end.source} need not show every participant: a complete roster would decide.")
    ]


def _said(fact: str, about: str, sentence: str) -> Callable[[Subject], list[Settle]]:
    """Make a fact about the address or the source of an end."""

    def asked(end: Subject) -> list[Settle]:
        called = end.name if end.configured else end.addr
        subject = end.source if about == "source" else called
        return [Settle(fact, subject, sentence.format(addr=called or "it", source=end.source))]

    return asked


def _plane(end: Subject) -> list[Settle]:
    if end.configured:
        said = f"Say what `{end.name}` carries: under sites in the inventory (`planes`), or for all sites (--plane)."
        return [Settle("plane", end.name, said)]
    return [Settle("plane", end.addr, f"Say under sites in the inventory which planes {end.addr or 'it'} carries.")]


def _date(end: Subject) -> list[Settle]:
    if end.configured:
        return [Settle("date", end.source, "Say as of which day it is to be judged (--as-of): the rule has dates.")]
    said = (
        f"Split {end.source} at the dates of the rule, or give a capture with times: "
        f"a flow with {end.addr or 'it'} outlasts them or bears no time."
    )
    return [Settle("date", end.source, said)]


_service = _said("service", "addr", "Name the service of {addr} by an entry of the service catalogue.")
_FACTS: Final[dict[str, Callable[[Subject], list[Settle]]]] = {
    "role": _role,
    "plane": _plane,
    "scope service": _service,
    "direction": _said(
        "direction", "source", "Capture flows with {addr} from their beginning: {source} does not show who opened them."
    ),
    "date": _date,
    "countries": _place,
    "operator": _said("operator", "addr", "Say under sites in the inventory who operates {addr}."),
    "operator country": _said(
        "operator", "addr", "Say under `operators` of a pack from which country whoever runs {addr} is controlled."
    ),
    "selection": _selection,
    "service": _service,
    "site": lambda end: [_site(end, "with the name of its site")],
    "packets": _packets,
    "encryption": _said(
        "packets",
        "addr",
        "A capture that shows how the exchange with {addr} was set up (its signalling, or its handshake) would decide "
        "whether it is encrypted; {source} does not.",
    ),
}
