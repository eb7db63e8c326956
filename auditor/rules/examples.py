"""Look up what examples and tests of rules name: countries, and what accounts have selected."""

from collections.abc import Collection
from typing import Any, Final

from auditor.model import timeline
from auditor.model.documents import Document, Key
from auditor.rules import format as form
from auditor.rules.named import Named, code_set
from auditor.rules.selections import chosen

UNSEEN: Final = ("pass", "fail")  # what a rule never does whose assertion no traffic shows


def examples(document: Document, given: form.Rule, named: Named) -> dict[str, tuple[Any, ...]]:
    """Return the examples of a rule as its file tells them, with the selections of accounts resolved.

    Refuse examples that a rule can't have, lack, or that name what doesn't exist.
    """
    must = given.must_stay_in or given.must_not_touch
    never = UNSEEN if given.not_observable else UNSEEN[1:] if must and must.allowed_with else ()
    for kind in ("pass", "fail"):
        if kind not in never and not _cases(given.examples)[kind]:
            document.problem(f"examples of `{kind}` are missing; add one at least", "examples", kind)
    return situations(document, given.examples, never, named, "examples")


def situations(
    document: Document, given: form.Examples | form.Test, never: Collection[str], named: Named, *path: Key
) -> dict[str, tuple[Any, ...]]:
    """Return the situations at a key path as the file tells them, with the selections of accounts resolved.

    `never` are the kinds that a rule can't have.  If anything doesn't resolve, nothing is returned.
    """
    cases = _cases(given)
    for kind in ("pass", "fail"):
        if kind in never and cases[kind]:
            document.problem(f"what no traffic shows can't {kind}; remove it", *path, kind)
    for kind, some in cases.items():
        for number, case in enumerate(some):
            at = (*path, kind, number)
            for index, person in enumerate(case.participants):
                where = person.country if isinstance(person, form.Person) else person
                deeper = ("country",) if isinstance(person, form.Person) else ()
                _check_country(document, where, *at, "participants", index, *deeper)
            for index, touch in enumerate(case.touches):
                _check_country(document, touch.country, *at, "touches", index, "country")
    selected = {
        kind: [_selected(document, case, named, *path, kind, number) for number, case in enumerate(some)]
        for kind, some in cases.items()
        if some
    }
    if document.blamed:  # then the tree is not what was made of it
        return {}
    tree = document.tree
    for key in path:
        tree = tree[key]
    return {
        kind: tuple({**told, **more} for told, more in zip(tree[kind], each, strict=True))
        for kind, each in selected.items()
    }


def _selected(document: Document, case: form.Situation, named: Named, *path: Key) -> dict[str, Any]:
    """Resolve what accounts have selected in a situation, if it says so."""
    found = {
        account: chosen(document, each, {}, named.territories, *path, "selections", account).at(timeline.DAWN)
        for account, each in case.selections.items()
    }
    return {"selections": found} if found else {}


def _check_country(document: Document, where: str | form.Codes | None, *path: Key) -> None:
    if isinstance(where, str):
        code_set(document, (where,), *path)
    elif where is not None:
        code_set(document, where, *path)


def _cases(told: form.Examples | form.Test) -> dict[str, tuple[form.Situation, ...]]:
    return {
        "pass": told.passes,
        "fail": told.fails,
        "open": told.opens,
        "not_applicable": told.not_applicable,
    }
