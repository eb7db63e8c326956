"""Say a rule in one plain sentence made from its data, so that a lawyer can check what the machine will do."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from auditor.model import countries
from auditor.model.rule import Assertion, Names, Population, Rule, Scope
from auditor.model.status import ROLES

_MANY: Final = 64  # codes: the longest set of one law is listed whole, so that it can be checked

_QUANTIFIED: Final = {
    "all": "when all participants are {}",
    "any": "when any participant is {}",
    "mixed": "when some participants are {} and others are not",
    "none": "when no participant is {}",
}


def speaks(rule: Rule) -> str:
    """Return the rule as one sentence: who, what traffic, what must or must not happen, and since when."""
    must = rule.asserts
    if must.verb == "not_observable":
        return f"{_sentence(rule, _NOT_OBSERVABLE)} What would show it: {must.evidence.rstrip('.')}."
    if must.verb == "must_be_encrypted":
        asked = "must be encrypted between any two ends that packets show"
        if len(must.roles) < len(ROLES):
            asked += f", of which one is a {_either(must.roles)}"
    elif must.verb == "must_stay_in":
        asked = f"must reach no {_either(must.roles)} except one {_conditions(must)}"
    else:
        asked = f"must not reach a {_either(must.roles)} {_conditions(must)}"
    return _sentence(rule, asked) + _excuse(must) + _changes(rule)


_NOT_OBSERVABLE: Final = "is bound by what no traffic can show, so the rule stays open there"


def _sentence(rule: Rule, asked: str) -> str:
    known = {"given": "where selections of accounts are given, ", "none": "where no selections of accounts are given, "}
    who = known.get(rule.applies.selections, "") + _who(rule.applies)
    said = f"{_dates(rule)}{who}, {_traffic(rule.applies)} {asked}{_evidence(rule)}."
    return said[0].upper() + said[1:]


def _excuse(must: Assertion) -> str:
    if not must.excusable:
        return ""
    evidence = must.evidence.rstrip(".")
    return f" What goes against it is allowed with {evidence}; no traffic can show that, so the rule stays open there."


def _changes(rule: Rule) -> str:
    said = list(changes(rule))
    if not said:
        return ""
    told = (rule.applies, rule.asserts)
    era = next((era for era in reversed(rule.eras()) if (era.applies, era.asserts) == told), rule.eras()[-1])
    since = [] if era.since_ns is None else [f"from {day(era.since_ns)}"]
    until = [] if era.until_ns is None else [f"until {day(era.until_ns)}"]
    return f" As it stands {' '.join(since + (until or ['on']))}; {'; '.join(said)}."


def changes(rule: Rule) -> Iterator[str]:
    """Say how the sets of countries that a rule names changed in the course of time."""
    for before, after in pairwise(rule.eras()):
        since = f"since {day(after.since_ns or 0)}"
        for what, old, new in zip(_SETS, _sets(before), _sets(after), strict=True):
            joined = countries.text(countries.bits(new) & ~countries.bits(old))
            left = countries.text(countries.bits(old) & ~countries.bits(new))
            for word, codes in (("with", joined), ("without", left)):
                if codes != countries.NOWHERE:
                    yield f"{since} {what} {word} {_where(codes).removeprefix('in ')}"
        if after.asserts.selection != before.asserts.selection:
            yield f"{since} other selections"


_SETS: Final = ("participants", "places", "operators")


def _sets(era: Rule) -> tuple[str, str, str]:
    people, operated = era.applies.population, era.asserts.operated
    return (
        people.countries if people else countries.NOWHERE,
        era.asserts.countries or countries.NOWHERE,
        operated.countries if operated else countries.NOWHERE,
    )


def _who(scope: Scope) -> str:
    if not scope.quantifier or scope.population is None:
        return "whoever takes part"
    said = _QUANTIFIED[scope.quantifier].format(_people(scope.population))
    said += {"location": ", by where they are", "account": ", by their labels and accounts"}.get(scope.by, "")
    return f"{said}, by a complete roster" if scope.roster == "complete" else said


def _people(population: Population) -> str:
    ways = [] if population.countries == countries.NOWHERE else [_where(population.countries)]
    if population.labels:
        ways.append(f"labelled {_either(population.labels)}")
    return f"{population.name} ({', or '.join(ways)})"


def _where(place: str) -> str:
    """Say a country set: what is in it, or what it leaves out, whichever is shorter."""
    if place == countries.ANYWHERE:
        return "anywhere"
    if place.startswith("-"):
        return f"anywhere but {_codes(place[1:])}"
    return f"in {_codes(place)}"


def _codes(joined: str) -> str:
    codes = joined.split("+")
    shown = ", ".join(codes[:_MANY])
    return shown if len(codes) <= _MANY else f"{shown} and {len(codes) - _MANY} more"


def _traffic(scope: Scope) -> str:
    said = "traffic of any plane" if scope.planes is None else f"{_either(scope.planes)} traffic"
    if scope.recognised:
        said = f"recognised {said}"
    if scope.services is not None:
        said += f" of {_listed(scope.services, 'services')}"
    if scope.directions is not None:
        said += " that was opened " + " or ".join(
            {"to": "towards the place", "from": "by the place"}[each] for each in sorted(scope.directions)
        )
    return said


def _conditions(must: Assertion) -> str:
    said = []
    if must.countries is not None:
        place = _where(must.countries)
        said.append(f"{within(must.territory)} ({place.removeprefix('in ')})" if must.territory else place)
    if must.operators is not None:
        said.append(f"run by {_listed(must.operators, 'operators')}")
    if must.operated is not None:
        place = _where(must.operated.countries).removeprefix("in ")
        named = must.operated.territory
        said.append(f"run by an operator controlled from {f'{named} ({place})' if named else place}")
    if must.services is not None:
        said.append(f"of {_listed(must.services, 'services')}")
    if must.sites is not None:
        said.append(f"at {_listed(must.sites, 'sites')}")
    if must.selection is not None:
        word = "not selected" if must.verb == "must_not_touch" else "selected"
        said.append(f"that {_WHOSE[must.selection.whose]} {word}")
    return " ".join(said)


_WHOSE: Final = {"host": "the account whose session it is has", "participants": "the account of each participant has"}


def within(territory: str) -> str:
    """Put the right preposition before the title of a territory."""
    return territory if territory.startswith("anywhere") else f"in {territory}"


def _listed(names: Names, what: str) -> str:
    said = _either(names.names)
    return f"other {what} than {said}" if names.negated else said


def _either(words: Collection[str]) -> str:
    *most, last = sorted(words)
    return f"{', '.join(most)} or {last}" if most else last


def _dates(rule: Rule) -> str:
    said = [
        f"{word} {day(moment)}"
        for word, moment in (("from", rule.since_ns), ("until", rule.until_ns))
        if moment is not None
    ]
    return f"{' '.join(said)} (UTC): " if said else ""


def day(moment: int) -> str:
    """Return the day (UTC) of a moment in nanoseconds."""
    return f"{datetime.fromtimestamp(moment // 1_000_000_000, UTC):%Y-%m-%d}"


def _evidence(rule: Rule) -> str:
    said = []
    usual = frozenset({"observed"}) if rule.asserts.verb == "must_be_encrypted" else Scope().bases
    if rule.applies.bases != usual:
        said.append(f"judged on what is {_either(rule.applies.bases)}")
    if rule.applies.outcomes != Scope().outcomes:
        said.append(f"judged on attempts that were {_either(rule.applies.outcomes)}")
    if rule.proof:
        said.append("only proof of a place counts")
    return f"; {' and '.join(said)}" if said else ""
