"""Turn what a rule file says into a rule that can be judged: every name is looked up, every date becomes a moment.

A name that resolves to nothing would be a rule that silently never fails, so each one is an error with its
line: countries, territories, populations and services of the catalogue.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from auditor.model import countries
from auditor.model.documents import Document, Key, nanoseconds, nearest
from auditor.model.rule import Assertion, Names, Population, Reference, Rule, Scope
from auditor.rules import format as form

QUANTIFIERS: Final = ("all", "any", "mixed", "none")
VERBS: Final = ("must_not_touch", "must_stay_in", "must_be_encrypted")

_MEANT: Final = {"UK": "GB", "EL": "GR", "KO": "KR", "SU": "RU"}
_GROUPS: Final = {"EU": "eu", "EEA": "eea"}


@dataclass(frozen=True, slots=True)
class Named:
    """What the names in a rule may refer to."""

    territories: Mapping[str, tuple[str, str]]  # name -> title, country set
    populations: Mapping[str, Population]
    services: Callable[[], frozenset[str]]  # ids of the catalogue, read only when a rule asks for them


def code_set(document: Document, codes: Sequence[str], *path: Key) -> str:
    """Return the country set of ISO codes; an unknown one is an error at its own line."""
    for index, code in enumerate(codes):
        if not countries.known(code):
            raise document.error(f"unknown country `{code}`; {_instead(code)}", *path, index)
    return countries.of(codes)


def _instead(code: str) -> str:
    upper = code.upper()
    if upper in _GROUPS:
        return f"that is a group: write `territory: {_GROUPS[upper]}`"
    likely = _MEANT.get(upper, upper)
    if countries.known(likely):
        return f"did you mean `{likely}`?"
    return "write an ISO 3166-1 alpha-2 code, such as CN"


def territories(
    document: Document,
    given: Mapping[str, form.Territory],
    known: Mapping[str, tuple[str, str]] | None = None,
) -> dict[str, tuple[str, str]]:
    """Resolve a file's territories (title and country set by name), which may include each other and known ones."""
    found = dict(known or {})
    at = ("territories",)
    for name in given:
        if name in found:
            raise document.error(f"territory `{name}` is defined already; choose another name", *at, name)

    def resolve(name: str, within: tuple[str, ...]) -> str:
        if name in found:
            return found[name][1]
        here = given[name]
        mask = countries.bits(code_set(document, here.countries, *at, name, "countries"))
        for index, part in enumerate(here.includes):
            if part in (*within, name):
                raise document.error(f"territory `{part}` includes itself", *at, name, "includes", index)
            if part not in given and part not in found:
                hint = nearest(part, {*given, *found})
                raise document.error(f"unknown territory `{part}`; {hint}", *at, name, "includes", index)
            mask |= countries.bits(resolve(part, (*within, name)))
        if not mask:
            raise document.error(f"territory `{name}` holds no country; add `countries`", *at, name)
        found[name] = (here.title, countries.text(mask))
        return found[name][1]

    for name in given:
        resolve(name, ())
    return found


def populations(
    document: Document, given: Mapping[str, form.Population], named: Mapping[str, tuple[str, str]]
) -> dict[str, Population]:
    """Resolve a pack's populations; every territory is also the population of whoever is there."""
    found = {name: Population(name, where) for name, (_, where) in named.items()}
    for name, people in given.items():
        at = ("populations", name)
        if name in named:
            raise document.error(f"`{name}` is the name of a territory; choose another one", *at)
        if people.countries is not None and people.territory is not None:
            raise document.error("`countries` and `territory` exclude each other; keep one", *at, "territory")
        where = "!"
        if people.countries is not None:
            where = _countries(document, people.countries, *at, "countries")
        elif people.territory is not None:
            where = _territory(document, people.territory, named, *at, "territory")[1]
        if where == "!" and not people.labels:
            raise document.error(f"population `{name}` is empty; give it countries, a territory or labels", *at)
        found[name] = Population(name, where, frozenset(people.labels))
    return found


def _countries(document: Document, given: form.Codes | form.Except, *path: Key) -> str:
    if isinstance(given, form.Except):
        listed = code_set(document, given.names, *path, "except")
        return countries.text(countries.WORLD & ~countries.bits(listed))
    return code_set(document, given, *path)


def _territory(
    document: Document,
    given: str | form.Words | form.Except,
    named: Mapping[str, tuple[str, str]],
    *path: Key,
) -> tuple[str, str]:
    """Return the title and the country set of one territory, of several, or of all the world but them."""
    inverse = isinstance(given, form.Except)
    names = given.names if isinstance(given, form.Except) else (given,) if isinstance(given, str) else given
    mask = 0
    for index, name in enumerate(names):
        if name not in named:
            at = (*path, "except", index) if inverse else path if isinstance(given, str) else (*path, index)
            raise document.error(f"unknown territory `{name}`; {nearest(name, named)}", *at)
        mask |= countries.bits(named[name][1])
    title = " or ".join(named[name][0] for name in names)
    return (title, countries.text(mask)) if not inverse else (
        f"anywhere outside {title}", countries.text(countries.WORLD & ~mask),
    )  # fmt: skip


def _names(given: form.Words | form.Except | None) -> Names | None:
    if given is None:
        return None
    negated = isinstance(given, form.Except)
    return Names(frozenset(given.names if isinstance(given, form.Except) else given), negated)


def _services(document: Document, given: form.Words | form.Except | None, named: Named, *path: Key) -> Names | None:
    """Resolve services: an id that the catalogue doesn't have would never be touched."""
    names = _names(given)
    for name in sorted(names.names if names else ()):
        if name not in named.services():
            raise document.error(f"unknown service `{name}`; {nearest(name, named.services())}", *path)
    return names


def _scope(document: Document, rule: form.Rule, named: Named) -> Scope:
    applies = rule.applies
    at = ("applies", "participants")
    quantifier, population = "", None
    if applies.participants is not None:
        quantifier, _, name = applies.participants.partition(" ")
        if quantifier not in QUANTIFIERS or not name or name != name.strip():
            raise document.error(
                f"`{applies.participants}` names no participants; write all, any, mixed or none and a population,"
                " such as `all overseas`",
                *at,
            )
        if name not in named.populations:
            raise document.error(f"unknown population `{name}`; {nearest(name, named.populations)}", *at)
        population = named.populations[name]
    if applies.recognised and applies.planes is None:
        raise document.error(
            "`recognised` says how to take unknown planes; name the `planes` it speaks of", "applies", "recognised"
        )
    return Scope(
        quantifier,
        population,
        applies.roster,
        None if applies.planes is None else frozenset(applies.planes),
        _services(document, applies.services, named, "applies", "services"),
        None if applies.direction is None else frozenset({applies.direction}),
        _bases(rule),
        applies.recognised,
    )


def _bases(rule: form.Rule) -> frozenset[str]:
    """Return the bases that count: whether something is encrypted only packets show, unless the rule says otherwise."""
    if rule.applies.bases is not None:
        return frozenset(rule.applies.bases)
    return frozenset({"observed"}) if rule.must_be_encrypted is not None else Scope().bases


def _assertion(document: Document, rule: form.Rule, named: Named) -> Assertion:
    given = {verb: must for verb in VERBS if (must := getattr(rule, verb)) is not None}
    if len(given) != 1:
        problem = " and ".join(f"`{verb}`" for verb in given) if given else "none of " + ", ".join(VERBS)
        raise document.error(f"has {problem}; a rule asserts one thing", *(list(given)[1:2]))
    ((verb, must),) = given.items()
    if isinstance(must, form.Encrypted):
        return Assertion(verb, roles=frozenset(must.roles))
    if must.territory is not None and must.countries is not None:
        raise document.error("`territory` and `countries` exclude each other; keep one", verb, "countries")
    if all(each is None for each in (must.territory, must.countries, must.operators, must.services, must.sites)):
        raise document.error(f"`{verb}` names nothing; add a territory, operators, services or sites", verb)
    title, where = "", None
    if must.territory is not None:
        title, where = _territory(document, must.territory, named.territories, verb, "territory")
    elif must.countries is not None:
        where = _countries(document, must.countries, verb, "countries")
    services = _services(document, must.services, named, verb, "services")
    return Assertion(verb, where, _names(must.operators), services, _names(must.sites), frozenset(must.roles), title)


def _check_examples(document: Document, examples: form.Examples) -> None:
    """Refuse countries that don't exist, in whatever form an example gives them."""
    for kind, cases in _cases(examples).items():
        for number, case in enumerate(cases):
            at = ("examples", kind, number)
            for index, person in enumerate(case.participants):
                where = person.country if isinstance(person, form.Person) else person
                _check_country(document, where, *at, "participants", index)
            for index, touch in enumerate(case.touches):
                _check_country(document, touch.country, *at, "touches", index, "country")


def _check_country(document: Document, where: str | form.Codes | None, *path: Key) -> None:
    if where is not None:
        code_set(document, (where,) if isinstance(where, str) else where, *path)


def _cases(examples: form.Examples) -> dict[str, tuple[form.Situation, ...]]:
    return {
        "pass": examples.passes,
        "fail": examples.fails,
        "open": examples.opens,
        "not_applicable": examples.not_applicable,
    }


def rule(document: Document, given: form.Rule, named: Named, pack: str, file: str) -> Rule:
    """Resolve one rule; `file` is its name in reports.  Raise InputError with the line of what doesn't resolve."""
    since, until = given.valid.since, given.valid.until
    if since is not None and until is not None and until <= since:
        raise document.error("`until` must be a later day than `from`", "valid", "until")
    _check_examples(document, given.examples)
    return Rule(
        given.id,
        given.title.strip(),
        given.severity,
        _scope(document, given, named),
        _assertion(document, given, named),
        given.why.strip(),
        given.fix.strip(),
        None if since is None else nanoseconds(since),
        None if until is None else nanoseconds(until),
        given.proof is not None,
        tuple(_reference(each) for each in given.references),
        {kind: tuple(document.tree["examples"][kind]) for kind, cases in _cases(given.examples).items() if cases},
        pack,
        file,
        document.line("id"),
        document.sha256,
    )


def _reference(given: form.Reference) -> Reference:
    words = [given.title, given.article, str(given.date or "")]
    return Reference(", ".join(filter(None, words)), given.kind, given.url)
