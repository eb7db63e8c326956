import pytest

from auditor.model.countries import ANYWHERE, CODES
from auditor.model.errors import InputError
from auditor.routing import continents
from auditor.routing.model import First, Line, Routing, Use
from auditor.routing.reach import prove
from tests.routing.gdnsd.samples import MAPS, answers, fewest, one, several, whole


def order(routing: Routing, name: str) -> list[str]:
    """List the data centres of a class of clients."""
    root = one(routing, name).root
    if root is None:
        return []
    assert isinstance(root, First)
    return [child.pool for child in root.children if isinstance(child, Use)]


def a_map(body: str, centers: str = "a, b, c") -> Routing:
    return whole({"geo-maps": f"m => {{ datacenters => [{centers}]\n{body}\n}}\n"})


def refused(body: str) -> str:
    with pytest.raises(InputError) as error:
        a_map(body)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("prod EU/DE", ["ams", "iad", "sin"]),
        ("prod EU/NO", ["ams"]),
        ("prod EU/FR", ["ams", "iad"]),
        ("prod AS/CN", ["sin", "iad"]),
        ("prod AS/HK", ["sin", "iad"]),
        ("prod NA/US", ["iad", "ams"]),
        ("prod NA/US/CA", ["iad", "sin"]),
        ("prod NA/US/New York", ["iad"]),
        ("prod NA/CA", ["iad", "ams", "sin"]),
        ("prod OC/NZ", ["iad", "ams", "sin"]),
        ("prod AF/NA", ["iad", "ams", "sin"]),
        ("prod 10.0.0.0/8", ["ams"]),
        ("prod 10.1.0.0/16", ["sin", "ams"]),
        ("prod *", ["iad", "ams", "sin"]),
    ],
)
def test_each_class_has_the_list_of_the_most_specific_match(name: str, listed: list[str]) -> None:
    assert order(whole({"geo-maps": MAPS}), name) == listed


def test_every_country_is_a_class_of_its_own() -> None:
    routing = whole({"geo-maps": MAPS})
    places = [client for client in routing.clients if not client.networks]
    assert {client.countries for client in places} == {*CODES, ANYWHERE}
    assert [client.name for client in places if client.countries == ANYWHERE] == ["prod *"]
    assert [client.name for client in places if client.countries == "US"] == [
        "prod NA/US",
        "prod NA/US/CA",
        "prod NA/US/New York",
    ]
    assert one(routing, "prod EU/DE").via.startswith("the resolver")
    assert (routing.unread, routing.remarks) == ((), ())


def test_edges_stand_where_their_entry_stands() -> None:
    routing = whole({"geo-maps": MAPS})
    german = one(routing, "prod EU/DE")
    assert german.at == Line("geo-maps", 8)
    assert isinstance(german.root, First)
    assert [child.at.line for child in german.root.children] == [8, 9, 10]
    assert one(routing, "prod EU/FR").at == Line("geo-maps", 7)
    assert one(routing, "prod EU/FR").root is one(routing, "prod EU/IT").root
    assert one(routing, "prod OC/NZ").at == Line("geo-maps", 5)


def test_an_outage_step_by_step() -> None:
    routing = whole({"geo-maps": MAPS})
    told = routing.replay(one(routing, "prod EU/DE"), frozenset({"dc:ams", "dc:iad"}))
    assert told.pools == {"sin"}
    assert [(step.at.line, step.text) for step in told.steps] == [
        (8, "prod looks up its list for EU/DE"),
        (8, "ams is down, go on"),
        (9, "iad is down, go on"),
        (10, "sin answers"),
    ]
    every = routing.replay(one(routing, "prod EU/DE"), frozenset(routing.faults))
    assert every.pools == {"ams"}
    assert every.steps[-1].text == "all are down: the first, ams, answers"


def test_how_few_outages_it_takes() -> None:
    routing = whole({"geo-maps": MAPS})
    assert fewest(routing, "prod EU/DE") == {"ams": 0, "iad": 1, "sin": 2}
    assert fewest(routing, "prod EU/NO") == {"ams": 0}
    assert {fault.text for fault in routing.faults.values()} == {
        f"data centre {name} is down" for name in ("ams", "iad", "sin")
    }


def test_data_centres_of_one_name_are_one_whatever_the_map() -> None:
    routing = whole({"geo-maps": "m => { datacenters => [a, b] }\nn => { datacenters => [b, c] }\n"})
    assert set(routing.pools) == set(routing.sites) == {"a", "b", "c"}
    assert set(routing.faults) == {"dc:a", "dc:b", "dc:c"}
    assert answers(routing, "n EU/DE", "dc:b") == {"c"}


def test_an_empty_list_is_no_answer() -> None:
    routing = a_map("map => { EU => [], default => [a] }")
    assert one(routing, "m EU/DE").root is None
    assert answers(routing, "m EU/DE") == set()
    assert answers(routing, "m AS/JP") == {"a"}


def test_keys_match_in_any_case_and_the_first_of_two() -> None:
    routing = a_map("map => { eu => { de => [b], DE => [c] }, EU => [a] }")
    assert order(routing, "m EU/DE") == ["b"]
    assert order(routing, "m EU/FR") == ["a", "b", "c"]
    assert [(remark.at.line, remark.text[:20]) for remark in routing.remarks] == [
        (2, "`DE` never matches: "),
        (2, "`EU` never matches: "),
    ]


def test_a_country_on_another_continent_never_matches() -> None:
    routing = a_map("map => { AS => { TL => [b], TR => [c] }, EU => { TR => [a] } }")
    assert order(routing, "m OC/TL") == ["a", "b", "c"]
    assert order(routing, "m AS/TR") == ["c"]
    said = [remark.text for remark in routing.remarks]
    assert said == [
        "`TL` never matches on AS: the location database puts TL on OC",
        "`TR` never matches on EU: the location database puts TR on AS",
    ]


def test_where_editions_of_the_database_disagree_either_may_hold() -> None:
    routing = a_map("map => { AS => { CX => [b] }, OC => [c] }")
    found = [client for client in routing.clients if client.countries == "CX"]
    assert {client.name for client in found} == {"m OC/CX"}
    assert {tuple(sorted(routing.replay(client, frozenset()).pools)) for client in found} == {("b",), ("c",)}


@pytest.mark.parametrize(
    ("body", "text", "why"),
    [
        ("map => { EU => { UK => [a] } }", "UK", "`GB`"),
        ("map => { EU => { AN => [a] } }", "AN", "no country"),
        ("map => { EU => { XX => [a] } }", "XX", "no country"),
        ("map => { EU => { GERMANY => [a] } }", "GERMANY", "no country code"),
        ("map => { EUR => [a] }", "EUR", "did you mean `EU`?"),
        ("map => { DE => [a] }", "DE", "no continent has this code"),
        ("nets => far.nets", "far.nets", "put it at geoip/far.nets"),
    ],
)
def test_what_is_not_understood_is_kept(body: str, text: str, why: str) -> None:
    routing = a_map(body)
    (unread,) = routing.unread
    assert unread.text == text
    assert why in unread.why
    assert unread.at == Line("geo-maps", 2)
    assert unread.names == ()


def test_codes_of_older_databases_serve_nobody() -> None:
    routing = a_map("geoip2_db => x.mmdb map => { AS => { AP => [b] }, EU => { EU => [c] } }")
    assert not routing.unread
    assert [remark.text[:30] for remark in routing.remarks] == [
        "`AP` is a code of GeoIP Legacy",
        "`EU` is a code of GeoIP Legacy",
    ]
    assert {pool for client in routing.clients for pool in routing.replay(client, frozenset()).pools} == {"a"}


def test_maps_of_legacy_databases_are_read_by_their_continents() -> None:
    routing = a_map("geoip_db => GeoIP.dat map => { AS => { CY => [b] }, -- => [c], EU => { AP => [a] } }")
    assert continents.of("geonames", "CY") == "EU"
    assert order(routing, "m AS/CY") == ["b"]
    assert order(routing, "m *") == ["c"]
    assert order(routing, "m XK") == ["a", "b", "c"]
    assert [unread.text for unread in routing.unread] == ["AP"]


def test_a_map_that_skips_continents() -> None:
    routing = a_map("geoip_db => x.dat map => { skip_level => true, DE => [b], default => [c] }")
    assert order(routing, "m EU/DE") == ["b"]
    assert order(routing, "m EU/FR") == ["c"]


def test_lists_by_distance_may_begin_with_any_and_stay_open() -> None:
    routing = a_map("auto_dc_coords => { a => [1, 2], b => [3, 4] }\nmap => { EU => [c], AS => auto }")
    german = [client for client in routing.clients if client.countries == "DE"]
    asian = [client for client in routing.clients if client.countries == "JP"]
    assert [routing.replay(client, frozenset()).pools for client in german] == [{"c"}]
    assert [routing.replay(client, frozenset()).pools for client in asian] == [{"a"}, {"b"}]
    assert routing.replay(asian[0], frozenset({"dc:a"})).pools == {"b"}
    assert routing.replay(asian[0], frozenset({"dc:a", "dc:b"})).pools == {"a"}
    assert order(routing, "m *") == ["a", "b", "c"]
    assert {unread.text for unread in routing.unread} == {"auto_dc_coords"}
    assert "m AS/JP" in {name for unread in routing.unread for name in unread.names}
    assert "m EU/DE" not in {name for unread in routing.unread for name in unread.names}


def test_networks_in_a_file_of_their_own() -> None:
    files = {
        "geo-maps": "m => { datacenters => [a, b], nets => lab.nets }",
        "geoip/lab.nets": "# of the lab\n192.0.2.0/24 => b\n",
    }
    routing = whole(files)
    assert order(routing, "m 192.0.2.0/24") == ["b"]
    assert one(routing, "m 192.0.2.0/24").at == Line("geoip/lab.nets", 2)
    assert [file.name for file in routing.files] == ["geo-maps", "geoip/lab.nets"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("map => { EU => [amms] }", "geo-maps:2:17: there is no data centre of map `m` `amms`"),
        ("map => { EU => { DE => [a, [b]] } }", "single string"),
        ("map => { EU => auto }", "there is no data centre"),
        ("nets => { 10.0.0.0/8 => auto }\nauto_dc_coords => { a => [1, 2] }", "there is no data centre"),
        ("auto_dc_coords => { z => [1, 2] }", "there is no data centre `z`"),
        ("mapp => {}", "there is no key of a map `mapp`; did you mean `map`?"),
        ("map => [a]", "`map` has to be a hash"),
        ("nets => { 10.0.0.0 => a }", "`10.0.0.0` is no network"),
        ("nets => { 10.0.0.0/33 => a }", "more bits than an address"),
        ("nets => { ten/8 => a }", "is no network"),
        ("nets => { 2002::/16 => a }", "6to4 space, which gdnsd refuses"),
        ("nets => { ::ffff:10.0.0.0/104 => a }", "IPv4-mapped space"),
        ("nets => { 10.0.0.0/8 => a 10.0.0.0/8 => b }", "stands here and in geo-maps, line 2"),
        ("ignore_ecs => maybe", "has to be `true` or `false`"),
        ("auto_dc_limit => many auto_dc_coords => { a => [1, 2] }", "whole number"),
    ],
)
def test_what_gdnsd_refuses(body: str, said: str) -> None:
    assert said in refused(body)


def test_data_centres_have_names_once_and_not_auto() -> None:
    for centers, said in (
        ("a, a", "stands twice"),
        ("auto", "can't be the name"),
        ("", "has to name"),
        ('"a/b"', "no slash"),
    ):
        with pytest.raises(InputError, match=said):
            a_map("", centers)
    with pytest.raises(InputError, match="geo-maps:1:1: `x` is no map"):
        whole({"geo-maps": "x => { map => { EU => [a] }, geoip2_db => y }"})


def test_maps_that_stand_twice() -> None:
    with pytest.raises(InputError, match=r"later:1:1: `m` stands here and in geo-maps, line 1; give one of them"):
        several({"geo-maps": "m => { datacenters => [a] }", "later": "m => { datacenters => [a] }"})


def test_more_data_centres_than_gdnsd_takes_are_read_and_told() -> None:
    names = ", ".join(f"d{n}" for n in range(300))
    routing = a_map("", names)
    assert len(routing.pools) == 300
    assert [remark.text for remark in routing.remarks] == ["300 data centres; gdnsd 3 takes 254 of one map"]


def test_a_thousand_data_centres_for_every_country() -> None:
    names = [f"d{n}" for n in range(1_000)]
    lines = [
        f"{code} => {{\n"
        + "".join(f"{country} => [{', '.join(names)}]\n" for country in continents.members("geonames", code))
        + "}"
        for code in continents.codes("geonames")
    ]
    routing = a_map("map => {\n" + "\n".join(lines) + "\n}", ", ".join(names))
    proofs = prove(routing)
    assert len(routing.clients) == len(CODES) + 2  # the unclassified, and a country on either of two continents
    assert all(len(proof.pools) == 1_000 for root, proof in proofs.items() if root)
    german = one(routing, "m EU/DE")
    assert proofs[id(german.root)].pools["d999"].size == 999
