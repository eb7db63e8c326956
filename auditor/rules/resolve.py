"""Turn what a rule file says into a rule that can be judged: every name is looked up, every date becomes a moment.

A rule whose sets change with time becomes one version for each time between changes, so whoever judges needs to
know of no calendar.
"""

from dataclasses import replace
from typing import Final

from auditor.model import timeline
from auditor.model.documents import Document, Key, nearest
from auditor.model.rule import Assertion, Control, Names, Operated, Population, Reference, Rule, Scope
from auditor.model.timeline import Timeline
from auditor.rules import format as form
from auditor.rules.examples import examples
from auditor.rules.files import placed
from auditor.rules.named import Named, country_set, moments, territory
from auditor.rules.selections import Selections

QUANTIFIERS: Final = ("all", "any", "mixed", "none")
VERBS: Final = ("must_not_touch", "must_stay_in", "must_be_encrypted", "not_observable")
EXCLUDING: Final = (("territory", "countries"), ("operator_territory", "operator_countries"))
MOST_CHANGES: Final = 1_000  # of what one rule says: each is judged as a rule of its own
MOST_CHOICES: Final = 5_000_000  # of accounts, each counted again at every moment at which some selection changes
_NO_CONDITION: Final = ("roles", "allowed_with")


def rule(
    document: Document, given: form.Rule, named: Named, pack: str, file: str, selections: Selections | None = None
) -> Rule:
    """Resolve one rule; `file` is its name in reports.  What doesn't resolve is a problem of the document.

    If that has any, what is returned has stand-ins and is not to be judged.
    """
    since, until = moments(document, given.valid.since, given.valid.until, "valid")
    choices = selections or Selections()
    made = Rule(
        given.id,
        given.title.strip(),
        given.severity,
        _scope(document, given, named),
        _assertion(document, given, named, choices),
        given.why.strip(),
        given.fix.strip(),
        since,
        until,
        given.proof is not None,
        tuple(_reference(each) for each in given.references),
        examples(document, given, named),
        tuple(Control(each.framework, each.id) for each in given.controls),
        named.folk,
        pack,
        file,
        placed(document.file),
        document.line("id"),
        document.sha256,
    )
    return made if document.found else _dated(document, made, given, named, choices)


def _dated(document: Document, rule: Rule, given: form.Rule, named: Named, choices: Selections) -> Rule:
    """Give a rule whose sets change with time its versions; it speaks as of the day of its pack, else as the last."""
    first = timeline.DAWN if rule.since_ns is None else rule.since_ns
    last = -timeline.DAWN if rule.until_ns is None else rule.until_ns
    sets = _sets(given, named)
    changed = {moment for each in sets.values() for moment in timeline.changes(each)}
    changed |= choices.changes() if rule.asserts.selection is not None else set()
    inside = sorted(moment for moment in changed if first < moment < last)
    if problem := _too_often(len(inside), len(choices.accounts) if rule.asserts.selection is not None else 0):
        document.problem(problem, "id")
        return rule
    starts, ends = [rule.since_ns, *inside], [*inside, rule.until_ns]
    versions = tuple(
        replace(_at(rule, sets, choices, first if start is None else start), since_ns=start, until_ns=end)
        for start, end in zip(starts, ends, strict=True)
    )
    begun = [era for era in versions if named.day is None or (era.since_ns or timeline.DAWN) <= named.day]
    spoken = replace((begun or versions)[-1], since_ns=rule.since_ns, until_ns=rule.until_ns)
    return replace(spoken, versions=versions) if len(versions) > 1 else spoken


def _too_often(changes: int, accounts: int) -> str:
    """Say what is wrong with a rule that changes so often that nobody could wait for its verdict; empty: nothing."""
    if changes > MOST_CHANGES:
        return (
            f"means something else on {changes:,} days, by its territories and selections, and {MOST_CHANGES:,} are "
            "the most; give the rule a shorter `valid`, or leave out members and selections of other times"
        )
    if changes * accounts > MOST_CHOICES:
        return (
            f"asks for the selections of {accounts:,} accounts, which change on {changes:,} days: too many; give the "
            "rule a shorter `valid`, or leave out selections of other times"
        )
    return ""


def _sets(given: form.Rule, named: Named) -> dict[str, Timeline]:
    """Return the sets of a rule that may change with time, by what they are of; all names are known to resolve."""
    sets: dict[str, Timeline] = {}
    if given.applies.participants is not None:
        sets["people"] = named.populations[given.applies.participants.partition(" ")[2]].where
    must = given.must_stay_in or given.must_not_touch
    unread = Document("", {})
    if must is not None and must.territory is not None:
        sets["place"] = territory(unread, must.territory, named.territories).where
    if must is not None and must.operator_territory is not None:
        sets["operator"] = territory(unread, must.operator_territory, named.territories).where
    return sets


def _at(rule: Rule, sets: dict[str, Timeline], choices: Selections, moment: int) -> Rule:
    """Return a rule with its sets as they are at a moment."""
    now = {name: timeline.at(each, moment) for name, each in sets.items()}
    applies, asserts = rule.applies, rule.asserts
    if applies.population is not None and "people" in now:
        applies = replace(applies, population=replace(applies.population, countries=now["people"]))
    if "place" in now:
        asserts = replace(asserts, countries=now["place"])
    if asserts.operated is not None and "operator" in now:
        asserts = replace(asserts, operated=replace(asserts.operated, countries=now["operator"]))
    if asserts.selection is not None:
        asserts = replace(asserts, selection=choices.at(moment, asserts.selection.whose))
    return replace(rule, applies=applies, asserts=asserts)


def _names(given: form.Words | form.Except | None) -> Names | None:
    if given is None:
        return None
    negated = isinstance(given, form.Except)
    return Names(frozenset(given.names if isinstance(given, form.Except) else given), negated)


def _services(document: Document, given: form.Words | form.Except | None, named: Named, *path: Key) -> Names | None:
    """Resolve services: an id that the catalogue doesn't have would never be touched."""
    listed, at = (given.names, (*path, "except")) if isinstance(given, form.Except) else (given or (), path)
    for index, name in enumerate(listed):
        if named.services is not None and name not in named.services():
            document.problem(f"unknown service `{name}`; {nearest(name, named.services())}", *at, index)
    return _names(given)


def _scope(document: Document, rule: form.Rule, named: Named) -> Scope:
    applies = rule.applies
    quantifier, population = "", None
    if applies.participants is not None:
        quantifier, population = _participants(document, applies.participants, named)
        if population is not None and applies.by == "account" and not population.labels:
            said = f"population `{population.name}` has no labels to belong by; give it some"
            document.problem(said, "applies", "by")
    elif applies.by is not None:
        document.problem("`by` says how participants belong; name the `participants`", "applies", "by")
    if applies.recognised and applies.planes is None:
        document.problem(
            "`recognised` says how to take unknown planes; name the `planes` it speaks of", "applies", "recognised"
        )
    return Scope(
        quantifier,
        population,
        applies.roster,
        applies.by or "",
        None if applies.planes is None else frozenset(applies.planes),
        _services(document, applies.services, named, "applies", "services"),
        None if applies.direction is None else frozenset({applies.direction}),
        _bases(rule),
        Scope().outcomes if applies.outcomes is None else frozenset(applies.outcomes),
        applies.recognised,
        applies.selections or "",
    )


def _participants(document: Document, given: str, named: Named) -> tuple[str, Population | None]:
    """Return the quantifier and the population of which it speaks."""
    quantifier, _, name = given.partition(" ")
    at = ("applies", "participants")
    if quantifier not in QUANTIFIERS or not name or name != name.strip():
        how = "write all, any, mixed or none and a population, such as `all overseas`"
        document.problem(f"`{given}` names no participants; {how}", *at)
    elif name not in named.populations:
        document.problem(f"unknown population `{name}`; {nearest(name, named.populations)}", *at)
    else:
        return quantifier, named.populations[name].at(timeline.DAWN)
    return "", None


def _bases(rule: form.Rule) -> frozenset[str]:
    """Return the bases that count: whether something is encrypted only packets show, unless the rule says otherwise."""
    if rule.applies.bases is not None:
        return frozenset(rule.applies.bases)
    return frozenset({"observed"}) if rule.must_be_encrypted is not None else Scope().bases


def _assertion(document: Document, rule: form.Rule, named: Named, choices: Selections) -> Assertion:
    given = {verb: must for verb in VERBS if (must := getattr(rule, verb)) is not None}
    if len(given) != 1:
        problem = " and ".join(f"`{verb}`" for verb in given) if given else "none of " + ", ".join(VERBS)
        document.problem(f"has {problem}; a rule asserts one thing", *(list(given)[1:2]), of_key=True)
    if not given:
        return Assertion(VERBS[0])
    verb, must = next(iter(given.items()))
    if isinstance(must, form.Encrypted):
        return Assertion(verb, roles=frozenset(must.roles))
    if isinstance(must, form.NotObservable):
        return Assertion(verb, evidence=must.evidence.strip())
    return _conditions(document, verb, must, named, choices)


def _conditions(document: Document, verb: str, must: form.Must, named: Named, choices: Selections) -> Assertion:
    for one, other in EXCLUDING:
        if getattr(must, one) is not None and getattr(must, other) is not None:
            document.problem(f"`{one}` and `{other}` exclude each other; keep one", verb, other, of_key=True)
    if must.selection is not None and verb != "must_stay_in":
        document.problem("`selection` is what a session has to stay in; use must_stay_in", verb, "selection")
    if must.unselected is not None and verb != "must_not_touch":
        document.problem("`unselected` is what a session must not touch; use must_not_touch", verb, "unselected")
    if all(getattr(must, name) is None for name in form.Must.__struct_fields__ if name not in _NO_CONDITION):
        document.problem(f"`{verb}` names nothing; add a territory, operators, services or sites", verb)
    title, where = _where(document, verb, must, named)
    whose = must.selection or must.unselected
    return Assertion(
        verb,
        where,
        _names(must.operators),
        _operated(document, verb, must, named),
        _services(document, must.services, named, verb, "services"),
        _names(must.sites),
        None if whose is None else choices.at(timeline.DAWN, whose),
        frozenset(must.roles),
        title,
        (must.allowed_with or "").strip(),
    )


def _where(document: Document, verb: str, must: form.Must, named: Named) -> tuple[str, str | None]:
    """Return the title and the set of countries that are asked of a place (None: not asked)."""
    if must.territory is not None:
        found = territory(document, must.territory, named.territories, verb, "territory")
        return found.title, timeline.at(found.where, timeline.DAWN)
    if must.countries is not None:
        return "", country_set(document, must.countries, verb, "countries")
    return "", None


def _operated(document: Document, verb: str, must: form.Must, named: Named) -> Operated | None:
    if must.operator_territory is not None:
        found = territory(document, must.operator_territory, named.territories, verb, "operator_territory")
        return Operated(timeline.at(found.where, timeline.DAWN), named.operators(), found.title)
    if must.operator_countries is not None:
        where = country_set(document, must.operator_countries, verb, "operator_countries")
        return Operated(where, named.operators())
    return None


def _reference(given: form.Reference) -> Reference:
    return Reference(given.title, given.kind, given.url, given.article, str(given.date or ""))
