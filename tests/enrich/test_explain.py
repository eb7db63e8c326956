"""Explanations answer many questions at once, each as if it were asked alone."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.enrich.places import Places
from auditor.model.documents import nanoseconds

TIMES = st.sampled_from([None, nanoseconds(date(2020, 4, 3)), nanoseconds(date(2026, 11, 1))])
TEXTS = st.one_of(st.ip_addresses().map(str), st.sampled_from(["52.81.151.250", "10.0.0.1", "1.1.1.1", "oops", ""]))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.just(""), TIMES, TIMES), max_size=5))
def test_questions_do_not_touch_each_other(questions: list[tuple[str, str, int | None, int | None]]) -> None:
    together = Places().explain(questions)
    assert together == [Places().explain([question])[0] for question in questions]
    assert all(
        not sources for (address, *_), sources in zip(questions, together, strict=True) if address in ("oops", "")
    )


def test_a_proof_out_of_date_says_that_it_is() -> None:
    then, now = nanoseconds(date(2020, 4, 3)), nanoseconds(date(2026, 11, 1))
    before, after = Places().explain([("52.81.151.250", "", then, then), ("52.81.151.250", "", now, now)])
    assert (before[0].kind, before[0].detail) == ("claim", "52.81.0.0/16; out of date for this traffic")
    assert (after[0].kind, after[0].detail) == ("proof", "52.81.0.0/16")
    assert [source.kind for source in after] == ["proof", "claim", "operator", "operator"]
