from dataclasses import replace
from fractions import Fraction

from auditor.model.route import Reaching
from auditor.model.surge import Filled, Headroom, Surge
from auditor.report import routed

from . import samples

DE = Headroom("DE", "DE", Fraction(7, 5), "beijing", Fraction(6, 5))
SURGE = Surge(("beijing",), (DE,), (Filled(Fraction(1), "paris", ("DE",)),))


def said(surge: Surge | None) -> str:
    return routed.surged(replace(samples.FAIL.findings[0], surge=surge))


def test_it_says_when_who_lands_where_and_what_fills_before() -> None:
    assert said(SURGE) == (
        "beyond 1.4 times the demand, with nothing down: DE in beijing, once paris is full; "
        "whatever the mix, not below 1.2 times it"
    )
    fills = tuple(Filled(Fraction(1), f"p{i}", ()) for i in range(7))
    assert "once p0, p1, p2, p3 and 3 more are full" in said(replace(SURGE, fills=fills))
    assert "once p0, p1, p2, p3 and p4 are full" in said(replace(SURGE, fills=fills[:5]))


def test_it_counts_classes_by_what_has_to_fail() -> None:
    def counted(*some: tuple[int | None, int]) -> str:
        return routed.reaching(replace(samples.FAIL.findings[0], reaching=tuple(Reaching(*each) for each in some)))

    assert counted((2, 7)) == ""
    assert (
        counted((0, 1), (1, 1234), (None, 3)) == "1 with no outage, 1,234 with 1 outage and 3 which no proof excludes"
    )
    assert counted(*((size, 2) for size in range(6))).endswith("and 2 with 5 outages")
    assert counted(*((size, 2) for size in range(9))).endswith("2 with 4 outages and 8 with more")


def test_it_says_what_the_figure_does_not_know() -> None:
    never = replace(SURGE, headroom=(replace(DE, at=None, pool="", safe=None),), fills=())
    assert said(never) == "at no multiple of the demand, with nothing down"
    assert said(replace(never, doubtful=("the script moves whole countries",))).endswith(
        "; this is not exact, since the script moves whole countries"
    )
    assert said(replace(never, unknown=("FR",))).endswith(
        "; it holds without the demand of 1 class, which nobody knows"
    )
    assert said(replace(SURGE, compared=True)).endswith("; before the change, at none")
    assert said(None) == said(replace(SURGE, headroom=())) == ""
