"""Names in rules that nothing else knows, and names that nobody uses.

Operators are compared with what location data, catalogue, packs and inventory call them; sites and labels with the
inventory of the user, where one is given.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from auditor.model import countries
from auditor.model.documents import Document, Key, nearest
from auditor.model.rule import Rule
from auditor.rules import format as form
from auditor.rules.files import shown
from auditor.rules.lint.given import Given, Remark


def unknown_operators(given: Given) -> Iterator[Remark]:
    """Find operators that no source calls so: a place that they run would never be found."""
    if given.operators is None:
        return
    known = given.operators | given.homes.keys() | (given.stock.operators if given.stock else frozenset())
    for rule in given.rules:
        asked = rule.asserts.operators
        for name in sorted(asked.names if asked else ()):
            if name not in known:
                what = f"no source calls an operator `{name}`"
                yield given.remark(
                    "unknown-operator", "warning", rule, what, _likely(name, known), rule.asserts.verb, "operators"
                )


def _likely(name: str, known: Iterable[str]) -> str:
    alike = [each for each in known if each[:2].lower() == name[:2].lower()]  # of a hundred thousand
    hint = nearest(name, alike)
    return hint if hint.startswith("did you mean") else "write it as the location data or your inventory does"


def unknown_sites(given: Given) -> Iterator[Remark]:
    """Find sites that the inventory doesn't have."""
    if given.stock is None:
        return
    known = {site.name for site in given.stock.sites}
    for rule in given.rules:
        asked = rule.asserts.sites
        for name in sorted(asked.names if asked else ()):
            if name not in known:
                what = f"the inventory has no site `{name}`"
                remedy = (
                    f"add it to {given.stock.file}"
                    if not known
                    else f"add it to {given.stock.file}; {nearest(name, known)}"
                )
                yield given.remark("unknown-site", "warning", rule, what, remedy, rule.asserts.verb, "sites")


def sites_elsewhere(given: Given) -> Iterator[Remark]:
    """Find sites that stand, by the inventory, outside the countries that the same rule asks for."""
    for rule in given.rules if given.stock else ():
        asked, where = rule.asserts.sites, rule.asserts.countries
        if asked is None or asked.negated or where is None or given.stock is None:
            continue
        for site in given.stock.sites:
            if site.name in asked.names and site.countries and countries.within(site.countries, where) == -1:
                what = f"site `{site.name}` is, by the inventory, in none of the countries that the rule names with it"
                remedy = "correct the one or the other, or leave out the countries"
                yield given.remark("site-elsewhere", "warning", rule, what, remedy, rule.asserts.verb, "sites")


def unused_labels(given: Given) -> Iterator[Remark]:
    """Find labels of populations that nobody bears in the inventory."""
    if given.stock is None:
        return
    borne = {label.name for label in (*given.stock.labels, *given.stock.accounts)}
    for document, pack in given.packs:
        for name, people in pack.populations.items():
            if people.labels and not borne.intersection((name, *people.labels)):
                at = document.line("populations", name, "labels")
                what = f"nobody in {given.stock.file} is labelled {' or '.join(people.labels)} (population {name})"
                yield Remark(
                    "unused-label", "note", shown(document.file), at, "", what, "label client networks, or leave it"
                )


def unknown_labels(given: Given) -> Iterator[Remark]:
    """Find populations in the inventory that no rule knows: whoever bears one is judged by where they are alone."""
    if given.stock is None:
        return
    known = {label for rule in given.rules for label in _labels(rule)}
    first = {label.name: label for label in reversed(given.stock.labels)}
    for name, label in sorted(first.items()):
        if name not in known:
            what = f"no rule knows the population `{name}`"
            yield Remark("unknown-label", "warning", given.stock.file, label.line, "", what, _spelling(name, known))


def _spelling(name: str, known: set[str]) -> str:
    return nearest(name, known) if known else "name it among the `labels` of a population of the pack"


def _labels(rule: Rule) -> Iterator[str]:
    for era in rule.eras():
        if era.applies.population:
            yield from (era.applies.population.name, *era.applies.population.labels)


def unused_names(given: Given) -> Iterator[Remark]:
    """Find populations and territories of a pack that none of its rules asks for."""
    for document, pack in given.packs:
        mine = [each for rule in given.rules if (each := given.written.get(rule.id)) and rule.pack == pack.id]
        if len(mine) < len(pack.rules):
            continue  # single rules were named, not the pack
        asked = {name for each in mine for name in _asked(each.given)}
        asked |= {name for each in pack.territories.values() for name in each.includes}
        asked |= {name for each in pack.populations.values() for name in _names(each.territory)}
        for kind in ("populations", "territories"):
            yield from _unasked(document, kind, getattr(pack, kind), asked)


def used(given: Given) -> set[str]:
    """Return the territories and populations that rules ask for, and those of which these are made."""
    names = {name for each in given.written.values() for name in _asked(each.given)}
    parts: dict[str, set[str]] = {}
    for _, pack in given.packs:
        for name, people in pack.populations.items():
            parts.setdefault(name, set()).update(_names(people.territory))
    shared = [given.shared[1].territories] if given.shared else []
    for territories in (*shared, *(pack.territories for _, pack in given.packs)):
        for name, territory in territories.items():
            parts.setdefault(name, set()).update(territory.includes)
    while more := {part for name in names for part in parts.get(name, ())} - names:
        names |= more
    return names


def _unasked(document: Document, kind: str, named: Iterable[str], asked: set[str]) -> Iterator[Remark]:
    for name in named:
        if name not in asked:
            what = f"no rule here asks for `{name}`"
            yield Remark(
                "unused-name", "note", shown(document.file), document.line(kind, name), "", what, "remove it, or use it"
            )


def _asked(rule: form.Rule) -> Iterator[str]:
    if rule.applies.participants:
        yield rule.applies.participants.partition(" ")[2]
    for must in (rule.must_stay_in, rule.must_not_touch):
        if must is not None:
            yield from (*_names(must.territory), *_names(must.operator_territory))


def _names(given: str | tuple[str, ...] | form.Except | None) -> tuple[str, ...]:
    if isinstance(given, form.Except):
        return given.names
    return (given,) if isinstance(given, str) else given or ()


def user_assigned(given: Given) -> Iterator[Remark]:
    """Find XK, which ISO 3166-1 leaves to its users."""
    documents = [(each.document, rule_id) for rule_id, each in given.written.items()]
    for document, rule in (*documents, *((document, "") for document, _ in given.packs)):
        for path in _holding(document.tree, "XK"):
            if path[0] != "examples":
                what = "`XK` is user-assigned in ISO 3166-1; location databases use it for Kosovo, and some say RS"
                remedy = "nothing, if your databases use it too"
                yield Remark(
                    "user-assigned-code", "note", shown(document.file), document.line(*path), rule, what, remedy
                )


def _holding(tree: Any, value: str, path: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    if isinstance(tree, dict | list):
        for key, each in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _holding(each, value, (*path, key))
    elif tree == value:
        yield path
