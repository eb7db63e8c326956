"""Rules that can never apply, never fail or never pass, whatever the traffic: each of them by itself.

A rule whose sets change with time is looked at in each of its eras: nothing it says may be empty in one of them.
"""

from collections.abc import Callable, Iterator

from auditor.model import countries
from auditor.model.rule import Names, Rule, Scope
from auditor.rules.lint import sets
from auditor.rules.lint.asked import PLACED, conditions
from auditor.rules.lint.crowd import sessions
from auditor.rules.lint.given import Given, Remark
from auditor.rules.speak import day

Reason = tuple[str, str, tuple[str, ...]]
"""Why, what to do about it, and the key path at which it stands."""


def never_applies(given: Given) -> Iterator[Remark]:
    """Find rules in whose scope no session can be."""
    yield from _in_eras(given, "never-applies", "never applies", _unpeopled)


def _unpeopled(rule: Rule, _given: Given) -> Reason | None:
    applies = rule.applies
    people = applies.population
    if people is None or any(first for first, _ in sessions(applies, Scope(), False)):
        return None
    where = "the whole world" if people.countries == countries.ANYWHERE else "no country and has no label that counts"
    return (
        f"no session can have {applies.quantifier} participants of `{people.name}`, which is {where}",
        "name another population, or another of all, any, mixed and none",
        ("applies", "participants"),
    )


def never_fails(given: Given) -> Iterator[Remark]:
    """Find rules that nothing can violate."""
    yield from _in_eras(given, "never-fails", "never fails", _harmless)


def _harmless(rule: Rule, given: Given) -> Reason | None:
    must = rule.asserts
    if must.verb not in PLACED:
        return None
    asked = _within_scope(rule)
    if must.verb == "must_stay_in":
        if must.selection is None and all(each == sets.ALL for each in asked.values()):
            return "every place meets all of its conditions", "name the places that are allowed", (must.verb,)
        return None
    for name, each in asked.items():
        if each == sets.NONE:
            return f"no place meets its condition `{name}`", "name the places that are forbidden", _at(rule, name)
    if must.operated and not _anybody(must.operated.countries, given):
        return _nobody(rule)
    return None


def never_passes(given: Given) -> Iterator[Remark]:
    """Find rules that whatever is in their scope violates."""
    yield from _in_eras(given, "never-passes", "never passes", _impossible)


def _impossible(rule: Rule, given: Given) -> Reason | None:
    must = rule.asserts
    if must.verb not in PLACED:
        return None
    asked = _within_scope(rule)
    if must.verb == "must_not_touch":
        if must.selection is None and all(each == sets.ALL for each in asked.values()):
            return "every place meets all of its conditions", "say less of what is forbidden", (must.verb,)
        return None
    for name, each in asked.items():
        if each == sets.NONE:
            return f"no place meets its condition `{name}`", "name the places that are allowed", _at(rule, name)
    if must.operated and not _anybody(must.operated.countries, given):
        return _nobody(rule)
    return None


def _anybody(where: str, given: Given) -> bool:
    return any(countries.bits(home) & countries.bits(where) for home in given.homes.values())


def _nobody(rule: Rule) -> Reason:
    return (
        "nobody is known to be controlled from there",
        "list operators with their countries under `operators` of the pack",
        _at(rule, "operator_countries"),
    )


def _within_scope(rule: Rule) -> dict[str, Names]:
    """Return the conditions of an assertion as they look from its scope, outside of which no service counts."""
    asked = dict(conditions(rule))
    scope = rule.applies.services
    if scope is not None and "services" in asked:
        inside = sets.both(scope, asked["services"])
        asked["services"] = sets.ALL if sets.within(scope, asked["services"]) else inside
    return asked


def _at(rule: Rule, name: str) -> tuple[str, ...]:
    """Return where a condition may stand, as the key that a file most often has."""
    territory = {"countries": "territory", "operator_countries": "operator_territory"}
    return (rule.asserts.verb, territory.get(name, name))


def _in_eras(given: Given, check: str, said: str, why: Callable[[Rule, Given], Reason | None]) -> Iterator[Remark]:
    """Ask of each era of each rule; where some eras are sound, say which is not."""
    for rule in given.rules:
        eras = rule.eras()
        found = [(era, reason) for era in eras if (reason := why(era, given))]
        if not found:
            continue
        era, (what, remedy, path) = found[0]
        known = what.startswith("nobody is known")  # another file may know
        severity = "error" if len(found) == len(eras) and not known else "warning"
        when = f" {_time(era)}" if len(found) < len(eras) else ""
        yield given.remark(check, severity, rule, f"{said}{when}: {what}", remedy, *path)


def _time(era: Rule) -> str:
    said = [f"from {day(era.since_ns)}"] if era.since_ns is not None else []
    said += [f"until {day(era.until_ns)}"] if era.until_ns is not None else []
    return " ".join(said)


def proof_from_inventory(given: Given) -> Iterator[Remark]:
    """Find rules that want proof of what only an inventory proves."""
    for rule in given.rules:
        must = rule.asserts
        named = [name for name in conditions(rule) if name in ("operators", "operator_countries", "services")]
        if rule.proof and named and must.verb in PLACED:
            what = f"wants proof, which of `{named[0]}` only an inventory gives: without one it stays open"
            yield given.remark(
                "proof-from-inventory",
                "note",
                rule,
                what,
                "list the sites in the inventory that the audit gets",
                "proof",
            )
