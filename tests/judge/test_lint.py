"""What lint says of two rules holds of every session: the judge is asked."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.judge import examples
from auditor.model.rule import Assertion, Names, Population, Rule, Scope
from auditor.rules.lint import asked, crowd
from auditor.rules.lint.pairs import _says_no_more

CODES = ("CN", "FR", "US")
PLACES = st.sampled_from(("CN", "FR", "US", "CN+FR", "-CN", "-CN+FR", "-US", "*"))
NAMED = st.one_of(st.none(), st.builds(Names, st.frozensets(st.sampled_from(("a", "b")), min_size=1), st.booleans()))
PEOPLE = st.sampled_from(
    (
        Population("inland", "CN", frozenset({"inland"})),
        Population("abroad", "-CN", frozenset({"abroad"})),
        Population("french", "FR"),
        Population("staff", "!", frozenset({"staff", "abroad"})),
    )
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    quantifier = draw(st.sampled_from(("", "all", "any", "mixed", "none")))
    scope = Scope(
        quantifier,
        draw(PEOPLE) if quantifier else None,
        by=draw(st.sampled_from(("", "location", ""))) if quantifier else "",
        planes=draw(st.sampled_from((None, frozenset({"media"}), frozenset({"media", "keys"})))),
        services=draw(NAMED),
    )
    must = Assertion(
        draw(st.sampled_from(("must_stay_in", "must_not_touch"))),
        draw(st.one_of(st.none(), PLACES)) or None,
        draw(NAMED),
        sites=draw(NAMED),
        services=draw(NAMED),
        roles=draw(st.sampled_from((frozenset({"server", "relay"}), frozenset({"relay"})))),
    )
    return Rule(draw(st.sampled_from("pq")), "t", "low", scope, must, "w", "f", proof=draw(st.booleans()))


PERSON = st.fixed_dictionaries(
    {"country": st.sampled_from(CODES), "label": st.sampled_from(("", "inland", "abroad", "staff"))}
)
SITUATION = st.fixed_dictionaries(
    {
        "participants": st.lists(PERSON, min_size=1, max_size=3),
        "touches": st.tuples(
            st.fixed_dictionaries(
                {
                    "country": st.sampled_from((*CODES, ["CN", "FR"], ["FR", "US"])),
                    "as": st.sampled_from(("server", "relay")),
                    "plane": st.sampled_from(("media", "keys")),
                    "operator": st.sampled_from("abc"),
                    "service": st.sampled_from(("", "a", "b", "c")),
                    "site": st.sampled_from("abc"),
                    "evidence": st.sampled_from(("proof", "claim")),
                }
            )
        ),
    }
)


@settings(max_examples=400, deadline=None)
@given(rules(), rules(), st.lists(SITUATION, min_size=1, max_size=4))
def test_lint_says_of_two_rules_what_the_judge_does(one: Rule, other: Rule, situations: list[dict[str, Any]]) -> None:
    shadowed, excluding = _says_no_more(one, other), asked.exclude_each_other(one, other)
    apart = not crowd.meet(one, other, False)
    if not (shadowed or excluding or apart):
        return
    for situation in situations:
        mine, yours = (examples.verdict(rule, situation) for rule in (one, other))
        if shadowed and mine == "fail":
            assert yours == "fail"
        if excluding:
            assert (mine, yours) != ("pass", "pass")
        if apart and "fail" in (mine, yours):
            assert mine != yours
