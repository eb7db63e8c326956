"""Tests of rules as text: what is not as promised, and what each rule was shown to do."""

from collections.abc import Sequence

from auditor.report.clean import printable
from auditor.report.words import many
from auditor.rules.promises import KINDS, Covered, Tried
from auditor.rules.tell import tells


def text(tried: Sequence[Tried], covered: Sequence[Covered]) -> str:
    """Write a line for each promise that is not kept, one for each rule, and one that counts both."""
    wrong = [each for each in tried if not each.kept]
    gaps = [each for each in covered if each.missing]
    examples = sum(each.promise.example for each in tried)
    counts = f"{many(examples, 'example')}, {many(len(tried) - examples, 'test')}, {len(wrong)} wrong"
    shown = f"{len(covered) - len(gaps)} of {many(len(covered), 'rule')} shown to do all that is asked"
    lines = [*map(_wrong, wrong), *map(_covered, covered), f"{counts}; {shown}"]
    return "\n".join([*map(printable, lines), ""])


def _wrong(tried: Tried) -> str:
    promise = tried.promise
    what = f"{promise.rule.id} promises {promise.kind} and is {tried.found}"
    return f"{promise.file}:{promise.line}: {what}: {tells(promise.situation)}"


def _covered(covered: Covered) -> str:
    name = "/".join(filter(None, (covered.rule.pack, covered.rule.id)))
    shown = ", ".join(f"{kind} {covered.kept[kind]}" for kind in KINDS)
    missing = f"; never shown to be {' or '.join(covered.missing)}" if covered.missing else ""
    return f"{name}: {shown}{missing}"
