"""What rules promise: the examples of rule files, and the situations of test files beside them.

tests:
  - rule: eu-media-stays-in-eea
    pass: [{participants: [DE], touches: [{country: FR, as: relay, plane: media}]}]
    not_applicable: [{participants: [US], touches: [{country: US, as: relay, plane: media}]}]
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from auditor.model.documents import Document, convert, nearest
from auditor.model.documents import load as read
from auditor.model.errors import Problems, gathering
from auditor.model.rule import Rule
from auditor.rules import files
from auditor.rules import format as form
from auditor.rules.examples import situations
from auditor.rules.packs import RuleSet

KINDS: Final = ("pass", "fail", "open", "not_applicable")


@dataclass(frozen=True, slots=True)
class Promise:
    """One situation, and what a rule is to make of it."""

    rule: Rule
    kind: str  # pass, fail, open or not_applicable
    situation: Mapping[str, Any]
    number: int  # among those of its kind in its place, from 1
    file: str
    line: int
    example: bool  # it stands in the rule's own file


@dataclass(frozen=True, slots=True)
class Tried:
    """A promise, and what the judge says of its situation."""

    promise: Promise
    found: str  # pass, fail, open or not_applicable

    @property
    def kept(self) -> bool:
        """Whether the rule does what it promises."""
        return self.found == self.promise.kind


@dataclass(frozen=True, slots=True)
class Covered:
    """What one rule was shown to do."""

    rule: Rule
    kept: Mapping[str, int]  # kind -> situations that are as promised
    wrong: int

    @property
    def missing(self) -> tuple[str, ...]:
        """What a rule of its kind has to be shown to do and was not."""
        return tuple(kind for kind in asked(self.rule) if not self.kept[kind])


def asked(rule: Rule) -> tuple[str, ...]:
    """Return what a rule has to be shown to do: pass, fail and stay open; of what no traffic shows, to stay out.

    A rule whose violations something unseen may excuse never fails.
    """
    if rule.asserts.verb == "not_observable":
        return ("open", "not_applicable")
    return ("pass", "open") if rule.asserts.evidence else ("pass", "fail", "open")


def coverage(rules: Sequence[Rule], tried: Sequence[Tried]) -> list[Covered]:
    """Count for each rule what it was shown to do."""
    counts: dict[str, dict[str, int]] = {rule.id: dict.fromkeys(KINDS, 0) for rule in rules}
    wrong = dict.fromkeys(counts, 0)
    for each in tried:
        if each.kept:
            counts[each.promise.rule.id][each.promise.kind] += 1
        else:
            wrong[each.promise.rule.id] += 1
    return [Covered(rule, counts[rule.id], wrong[rule.id]) for rule in rules]


def promises(ruleset: RuleSet, names: Sequence[str], more: Sequence[str | Path] = ()) -> list[Promise]:
    """Return all promises of loaded packs: by rule, its examples first, then its tests by file.

    `names` are the packs that were loaded, `more` files and folders of tests besides those that stand beside them.
    Raise InputErrors for what can't be read or resolved.
    """
    rules = {rule.id: rule for rule in ruleset.rules}
    with gathering() as problems:
        found = [each for path in files.rule_files(names) for each in _examples(read(path, problems), rules)]
        for path in files.test_files(names, more):
            with problems.kept():
                found += _tests(path, ruleset, rules, problems)
    order = {id: number for number, id in enumerate(rules)}
    return sorted(found, key=lambda each: order[each.rule.id])


def _examples(document: Document, rules: Mapping[str, Rule]) -> Iterator[Promise]:
    rule = rules[document.tree["id"]]
    for kind in KINDS:
        for number, situation in enumerate(rule.examples.get(kind, ())):
            line = document.line("examples", kind, number)
            yield Promise(rule, kind, situation, number + 1, files.shown(document.file), line, True)


def _tests(path: Path, ruleset: RuleSet, rules: Mapping[str, Rule], problems: Problems) -> list[Promise]:
    document = read(path, problems)
    found: list[Promise] = []
    for index, test in enumerate(convert(document, form.Tests).tests):
        at = ("tests", index)
        rule = rules.get(test.rule)
        if rule is None:
            document.problem(f"no loaded rule has the id `{test.rule}`; {nearest(test.rule, rules)}", *at, "rule")
            continue
        if not (test.passes or test.fails or test.opens or test.not_applicable):
            document.problem("holds no situation; add one under pass, fail, open or not_applicable", *at)
        never = [kind for kind in KINDS[:2] if kind not in asked(rule)]
        told = situations(document, test, never, ruleset.named[rule.id], *at)
        for kind in KINDS:
            for number, situation in enumerate(told.get(kind, ())):
                line = document.line(*at, kind, number)
                found.append(Promise(rule, kind, situation, number + 1, files.shown(document.file), line, False))
    return found
