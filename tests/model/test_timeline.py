from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from auditor.model import countries, timeline
from auditor.model.timeline import DAWN, Timeline

MOMENTS = st.integers(-5, 5)
SETS = st.sets(st.sampled_from(["CN", "US", "FR"])).map(countries.of)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    since, until = sorted(draw(st.tuples(MOMENTS, MOMENTS)))
    if since == until:
        return timeline.always(draw(SETS))
    bounds = draw(st.sampled_from([(since, until), (since, None), (None, until)]))
    return timeline.between(draw(SETS), *bounds)


def test_a_set_holds_between_its_days() -> None:
    some = timeline.between("CN", 2, 4)
    assert [timeline.at(some, moment) for moment in (-9, 1, 2, 3, 4)] == ["!", "!", "CN", "CN", "!"]
    assert timeline.changes(some) == {2, 4}
    assert timeline.changes(timeline.EVER) == set()
    assert timeline.at(timeline.between("CN", None, 4), DAWN) == "CN"


@given(st.lists(timelines(), min_size=1, max_size=4), MOMENTS)
def test_a_union_holds_what_any_part_holds_at_that_moment(parts: list[Timeline], moment: int) -> None:
    mask = 0
    for part in parts:
        mask |= countries.bits(timeline.at(part, moment))
    both = timeline.union(parts)
    assert timeline.at(both, moment) == countries.text(mask)
    assert timeline.at(timeline.outside(both), moment) == countries.text(countries.WORLD & ~mask)
    assert all(one[1] != other[1] for one, other in pairwise(both)), "no change changes nothing"
