"""What a baseline knows decides nothing, what it doesn't know does, and what is gone is told."""

from dataclasses import replace

from auditor.judge.familiar import familiar
from auditor.model.baseline import Baseline
from auditor.model.report import Past, Verdict
from auditor.model.rule import Rule
from tests.report import samples

RULES = [Rule(rule.id, rule.title, rule.severity, None, None, "", "") for rule in samples.FAIL.rules]  # type: ignore[arg-type]


def held(*past: Past) -> Baseline:
    return Baseline("known.json", "b" * 64, past)


def test_without_a_baseline_nothing_is_new() -> None:
    found, use = familiar(samples.FAIL.findings, None, RULES)
    assert (found, use) == (samples.FAIL.findings, None)
    assert all(each.counts for each in found)


def test_known_ones_decide_nothing_and_new_ones_do() -> None:
    keys = samples.KEYS
    found, use = familiar(samples.FAIL.findings, held(Past(keys.id, keys.rule, "fail")), RULES)
    assert [each.standing for each in found] == ["known", "new", "new"]
    assert [each.counts for each in found] == [False, True, True]
    assert use is not None
    assert (use.known, use.new, use.fixed, use.unasked) == (1, 2, (), ())
    report = replace(samples.FAIL, findings=found)
    assert report.counting == found[1:]
    assert report.known == found[:1]


def test_what_is_gone_is_fixed_only_if_its_rule_was_asked() -> None:
    gone, unasked = Past("0" * 16, samples.KEYS_RULE.id, "fail"), Past("1" * 16, "another-rule", "open")
    _, use = familiar(samples.FAIL.findings, held(unasked, gone), RULES)
    assert use is not None
    assert (use.known, use.new, use.fixed, use.unasked) == (0, 3, (gone,), (unasked,))


def test_a_finding_that_got_worse_is_new() -> None:
    """Its identifier is made of the verdict; only the identifier counts."""
    open_one = Past("2" * 16, samples.KEYS_RULE.id, "open")
    found, use = familiar((replace(samples.KEYS, id="3" * 16, verdict=Verdict.FAIL),), held(open_one), RULES)
    assert found[0].counts
    assert use is not None
    assert use.fixed == (open_one,)


def test_a_waived_finding_that_is_known_is_shown_as_waived() -> None:
    accepted = samples.ACCEPTED
    found, _ = familiar((accepted,), held(Past(accepted.id, accepted.rule, "fail")), RULES)
    report = replace(samples.FAIL, findings=found)
    assert (report.waived, report.known, report.counting) == (found, (), ())
