"""What a report tells of a surge."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from auditor.model.surge import Filled, Outage
from auditor.routing.model import Routing
from auditor.routing.surge.headroom import headroom
from auditor.routing.surge.uniform import surge
from tests.routing.surge.surging import NAMES, client, configurations, first, pool, routing

few = settings(max_examples=100, phases=[Phase.explicit, Phase.generate], deadline=None)


def chain() -> Routing:
    """US fills p0 and goes on to p1, which is DE's; DE goes on to p2, which is forbidden.  JP stands apart."""
    clients = [
        client("US", first("p0", "p1"), 4),
        client("DE", first("p1", "p2"), 1),
        client("FR", first("p3", "p2"), 1),
        client("JP", first("p4"), 1),
    ]
    return routing(clients, [pool("p0", 4), pool("p1", 6), pool("p2", None), pool("p3", 8), pool("p4", Fraction(1, 2))])


def test_it_tells_who_lands_there_and_which_fills_led_there():
    told = headroom(chain(), ["DE", "FR", "JP"], ["p2"])
    assert [(row.client, row.at, row.pool, row.front) for row in told.headroom] == [
        ("DE", 2, "p2", ("p1",)), ("FR", 8, "p2", ("p3",)), ("JP", None, "", ("p4",)),
    ]  # fmt: skip
    assert told.fills == (Filled(Fraction(1), "p0", ("US",)), Filled(Fraction(2), "p1", ("DE", "US")))
    assert told.at == 2
    assert told.safe == Fraction(6, 5)
    assert told.headroom[0].proof == ("p1",)
    assert told.unserved == Fraction(1, 2)


def test_single_outages_are_tried_and_the_worst_comes_first():
    told = headroom(chain(), ["DE", "FR"], ["p2"])
    worst = [(outage.kind, outage.id, outage.at, outage.client) for outage in told.outages]
    assert worst == [
        ("fault", "dc:p1", 0, "DE"), ("fault", "dc:p3", 0, "FR"), ("fault", "dc:p0", Fraction(6, 5), "DE"),
    ]  # fmt: skip
    assert told.untried == 0
    assert headroom(chain(), ["DE", "FR"], ["p2"], tries=1).untried == 3
    assert headroom(chain(), ["DE", "FR"], ["p2"], down=frozenset({"dc:p1"})).at == 0


def test_who_never_lands_there_has_no_figure():
    told = headroom(chain(), ["JP"], ["p2"])
    assert told.at is None
    assert told.safe is None
    assert told.outages == ()
    assert headroom(chain(), [], ["p2"]).at is None


@few
@given(configurations(), st.sets(st.sampled_from(NAMES), min_size=1, max_size=2))
def test_no_single_outage_is_worse_than_it_says(configuration: Routing, wanted: set[str]):
    names = [c.name for c in configuration.clients]
    told = headroom(configuration, names, wanted)
    assert told.untried == 0
    limit = min((at for at in (told.at, *(outage.at for outage in told.outages)) if at is not None), default=None)
    for kind, ids in (("site", configuration.sites), ("fault", configuration.faults)):
        for id in ids:
            down, lost = (frozenset({id}), frozenset[str]()) if kind == "fault" else (frozenset[str](), frozenset({id}))
            found = surge(configuration, down, lost).first(names, wanted)
            gone = {p.name for p in configuration.pools.values() if p.faults & down or p.site in lost}
            if found is not None and not wanted <= gone:
                assert limit is not None
                assert limit <= found


@few
@given(configurations(), st.sets(st.sampled_from(NAMES), min_size=1, max_size=2))
def test_without_what_led_there_it_is_another_story(configuration: Routing, wanted: set[str]):
    """With room without end in every pool that is not among the fills told, the first landing is where it was."""
    told = headroom(configuration, [c.name for c in configuration.clients], wanted, tries=0)
    if told.at is None:
        return
    keep = {fill.pool for fill in told.fills}
    pools = {
        name: p if name in keep else replace(p, capacity=None if p.capacity else p.capacity)
        for name, p in configuration.pools.items()
    }
    again = surge(replace(configuration, pools=pools))
    first_client = told.headroom[0].client
    assert again.first([first_client], wanted) == told.at


def test_the_same_outage_by_two_names_is_tried_once():
    told = headroom(chain(), ["DE"], ["p2"])
    assert [outage for outage in told.outages if outage.at == 0] == [Outage("fault", "dc:p1", Fraction(0), "DE", "p2")]
