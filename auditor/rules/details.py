"""Say all that the machine will do with a rule, in paragraphs under headings, so that a lawyer can check it.

Everything is made from the data that is judged, nothing from what the author says of it; that stands last, as theirs.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from auditor.model import countries
from auditor.model.flow import PLANES, ROLES
from auditor.model.rule import Assertion, Names, Population, Rule, Scope
from auditor.rules.speak import changes, day, speaks, within
from auditor.rules.tell import tells

Section = tuple[str, list[str]]
"""A heading, and paragraphs."""


def details(rule: Rule, *, full: bool = False) -> list[Section]:
    """Return what a rule does, part by part.

    `full` writes out every country of a set that is kept as what it leaves out, and every version of one that changed.
    """
    codes = _all_codes if full else _short_codes
    sections = [
        ("In one sentence", [speaks(rule)]),
        ("Whom", list(_whom(rule.applies, codes))),
        ("Which traffic", list(_traffic(rule))),
        (_HEADINGS[rule.asserts.verb], list(_asserted(rule.asserts, codes))),
        ("When", list(_when(rule, full, codes))),
        ("What counts as evidence", list(_evidence(rule))),
        ("What stays open", list(_open(rule))),
        ("What it promises", list(_promised(rule))),
        ("Why, by its author", [rule.why]),
        ("What to do about a violation", [rule.fix]),
        ("What it rests on", [_reference(each.said, each.kind, each.url) for each in rule.references]),
        ("Controls it gives evidence for", [f"{each.framework}: {each.id}" for each in rule.controls]),
    ]
    return [(heading, said) for heading, said in sections if said]


_HEADINGS: Final = {
    "must_stay_in": "What must be",
    "must_not_touch": "What must not be",
    "must_be_encrypted": "What must be encrypted",
    "not_observable": "What no traffic shows",
}
Codes = Callable[[str], str]


def _short_codes(place: str) -> str:
    """Write every code of a set, or every code that it leaves out."""
    if place in (countries.ANYWHERE, countries.NOWHERE):
        return "every country" if place == countries.ANYWHERE else "no country"
    named = place.removeprefix("-").split("+")
    return ("every country but " if place.startswith("-") else "") + ", ".join(named)


def _all_codes(place: str) -> str:
    members = countries.members(place)
    return f"{len(members)} countries: {', '.join(members)}" if len(members) > 1 else _short_codes(place)


_QUANTIFIED: Final = {
    "all": "Sessions of which every participant belongs to {}.",
    "any": "Sessions of which at least one participant belongs to {}.",
    "mixed": "Sessions of which some participants belong to {} and others do not.",
    "none": "Sessions of which no participant belongs to {}.",
}
_BY: Final = {
    "": "People belong by where they are or by a label of the inventory, whichever says so.",
    "location": "People belong by where they are alone, whatever their labels.",
    "account": "People belong by their labels and accounts alone, wherever they are.",
}


def _whom(scope: Scope, codes: Codes) -> Iterator[str]:
    if scope.population is None or not scope.quantifier:
        yield "Every session, whoever takes part."
        return
    yield _QUANTIFIED[scope.quantifier].format(scope.population.name)
    yield _population(scope.population, codes)
    yield _BY[scope.by]
    if scope.roster == "complete":
        yield (
            "A complete list of participants is asked for: participants that were merely seen can refute `all` and "
            "`none`, and establish `any` and `mixed`; nothing else follows from them."
        )
    else:
        yield "The participants that were seen count as all there were; the report says so."
    yield "Where two servers talk, the label that the inventory gives the sender (`holds`) stands for participants."


def _population(people: Population, codes: Codes) -> str:
    ways = [f"whoever is in {codes(people.countries)}"] if people.countries != countries.NOWHERE else []
    ways += [f"whoever is labelled {_either(people.labels)}"] if people.labels else []
    return f"{people.name}: {'; or '.join(ways) or 'nobody'}."


def _traffic(rule: Rule) -> Iterator[str]:
    scope = rule.applies
    if scope.selections:
        yield f"Only in audits that are given {'' if scope.selections == 'given' else 'no '}selections of accounts."
    if scope.planes is None or scope.planes >= set(PLANES):
        yield "Traffic of any plane."
    elif scope.recognised:
        yield f"Traffic that is known to be {_either(scope.planes)}; what is not recognised is out of scope."
    else:
        yield f"Traffic that is {_either(scope.planes)}, or of which that is not known."
    if scope.services is not None:
        yield f"Traffic of {_names(scope.services, 'any service')}, or of which the service is not known."
    if scope.directions is not None:
        way = " or ".join({"to": "towards", "from": "by"}[each] for each in sorted(scope.directions, reverse=True))
        yield f"Traffic that was opened {way} the place, or of which that is not known."
    rest = [role for role in ROLES if role not in rule.asserts.roles]
    more = f"; as {_either(rest)} it does not" if rest else ""
    yield f"A place counts where it is a {_either(rule.asserts.roles)}, or may be one{more}."


def _asserted(must: Assertion, codes: Codes) -> Iterator[str]:
    if must.verb == "must_be_encrypted":
        yield "Every exchange that packets show, between the two ends that they show; nothing is said from end to end."
        yield "What was read in clear fails; what neither handshake nor signalling shows to be encrypted stays open."
        return
    if must.verb == "not_observable":
        yield f"What would show it: {must.evidence.rstrip('.')}."
        yield "The rule never passes and never fails; it is one open finding wherever it applies."
        return
    several = len(list(_conditions(must, codes))) > 1
    yield {
        "must_stay_in": f"Every such place has to be{' all of this' if several else ''}:",
        "must_not_touch": f"No such place may be{' all of this at once' if several else ''}:",
    }[must.verb]
    yield from (f"- {each}" for each in _conditions(must, codes))
    if must.evidence:
        what = must.evidence.rstrip(".")
        yield f"What goes against this is allowed with {what}. No traffic shows that, so it is open and no violation."


def _conditions(must: Assertion, codes: Codes) -> Iterator[str]:
    if must.countries is not None:
        named = f"{within(must.territory)}: " if must.territory else "in "
        yield f"{named}{codes(must.countries)}"
    if must.operators is not None:
        yield f"run by {_names(must.operators, 'anybody')}"
    if must.operated is not None:
        named = f"{must.operated.territory}: " if must.operated.territory else ""
        known = sorted(name for name in must.operated.homes if must.operated.holds(name) == 1)
        listed = f"known of {', '.join(known)}" if known else "known of nobody"
        yield f"run by somebody controlled from {named}{codes(must.operated.countries)} ({listed})"
    if must.services is not None:
        yield f"serving {_names(must.services, 'any service')}"
    if must.sites is not None:
        yield f"the site {_names(must.sites, 'any')} of the inventory"
    if must.selection is not None:
        whose = {"host": "the account whose session it is", "participants": "the account of every participant"}
        given = f"by {must.selection.file}" if must.selection.file else "which --selections tells"
        chosen = "has not chosen to be" if must.verb == "must_not_touch" else "has chosen to be"
        yield f"where {whose[must.selection.whose]} {chosen}, {given}"


def _when(rule: Rule, full: bool, codes: Codes) -> Iterator[str]:
    if rule.since_ns is None and rule.until_ns is None:
        yield "Traffic of any time."
    else:
        yield f"Traffic {_span(rule)} (UTC); the time of the traffic counts, not that of the audit."
    said = list(changes(rule))
    if not said:
        return
    yield "Sets that it names have changed; traffic is judged by those of its time, and what spans a change by both."
    yield f"Above they stand as they are last. They changed: {'; '.join(said)}."
    for era in rule.eras() if full else ():
        sets = list(_conditions(era.asserts, codes))
        people = [_population(era.applies.population, codes).rstrip(".")] if era.applies.population else []
        yield f"- {_span(era)}: {'; '.join([*people, *sets])}"


def _span(rule: Rule) -> str:
    said = [f"from {day(rule.since_ns)}"] if rule.since_ns is not None else []
    said += [f"before {day(rule.until_ns)}"] if rule.until_ns is not None else []
    return " and ".join(said) or "of any time"


_BASES: Final = {
    "observed": "what packets show (observed)",
    "attested": "what an element says that happened (attested)",
    "reported": "what a log or a call record says (reported)",
    "configured": "what the routing would do (configured)",
    "offered": "what was merely offered (offered)",
}
_OUTCOMES: Final = {
    "carried": "that carried something",
    "unanswered": "that nobody answered",
    "rejected": "that was rejected",
}


def _evidence(rule: Rule) -> Iterator[str]:
    scope = rule.applies
    rest = [text for name, text in _BASES.items() if name not in scope.bases]
    yield _sentence(f"{_and([text for name, text in _BASES.items() if name in scope.bases])} counts")
    if rest and rule.asserts.verb == "must_be_encrypted":
        yield _sentence(f"{_and(rest)} is not judged")
    elif rest:
        yield _sentence(f"{_and(rest)} is open at most, where it would be a violation")
    yield f"An exchange {_or([text for name, text in _OUTCOMES.items() if name in scope.outcomes])} counts."
    if weak := [text for name, text in _OUTCOMES.items() if name not in scope.outcomes and name != "rejected"]:
        yield f"One {_or(weak)} is open at most, where it would be a violation."
    if "rejected" not in scope.outcomes:
        yield "One that was rejected reached nothing, and is not judged."
    if rule.asserts.verb in ("must_be_encrypted", "not_observable"):
        return
    if rule.proof:
        yield (
            "Only proof of a place counts: the inventory, ranges that operators publish while they are in date. What "
            "location databases claim, or names tell of an operator or a service, leaves the rule open."
        )
    else:
        yield (
            "Location databases claim, the inventory and ranges that operators publish prove. Claims count where no "
            "proof excludes them; a verdict that rests on them is called indicated, not proven."
        )


def _open(rule: Rule) -> Iterator[str]:
    must, scope = rule.asserts, rule.applies
    if must.verb == "not_observable":
        yield "Always, wherever it applies or may apply."
        return
    unknown = {
        "who takes part, and where they are": scope.population is not None,
        "what the traffic carries": scope.planes is not None and not scope.recognised,
        "which service it is": scope.services is not None or must.services is not None,
        "who opened it": scope.directions is not None,
        "when it was": rule.since_ns is not None or rule.until_ns is not None or bool(rule.versions),
        "which role the place has": len(must.roles) < len(ROLES),
        "in which of its possible countries the place is": must.countries is not None,
        "who runs the place": must.operators is not None or must.operated is not None,
        "from where whoever runs it is controlled": must.operated is not None,
        "which site it is": must.sites is not None,
        "whose session it is and what that account chose": must.selection is not None,
        "whether it was encrypted": must.verb == "must_be_encrypted",
    }
    asked = [name for name, matters in unknown.items() if matters]
    yield f"What is not known and could change the verdict: {'; '.join(asked)}."
    yield "It passes or fails only where it would whatever the answer; the report names the fact that would settle it."


_PROMISED: Final = {
    "pass": "Passes: ",
    "fail": "Fails: ",
    "open": "Stays open: ",
    "not_applicable": "Does not apply: ",
}


def _promised(rule: Rule) -> Iterator[str]:
    for kind, situations in rule.examples.items():
        for situation in situations:
            yield f"{_PROMISED[kind]}{tells(situation)}."


def _reference(said: str, kind: str, url: str) -> str:
    return f"{said} ({kind}){f' <{url}>' if url else ''}"


def _names(names: Names, everything: str) -> str:
    return f"{everything} but {_either(names.names)}" if names.negated else _either(names.names)


def _either(words: Collection[str]) -> str:
    return _or(sorted(words))


def _or(words: Collection[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _and(words: Collection[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
