import pytest

from auditor.model.countries import CODES
from auditor.model.errors import InputError
from auditor.routing.gdnsd import nodes
from auditor.routing.model import Line
from tests.routing.gdnsd.samples import MAPS, RESOURCES, answers, config, fewest, one, whole

MAPPED = "geoip => { maps => { m => { datacenters => [a] } } resources => {"
WEB = "web => { plugin => http_status, url_path => /check }\ndead => { plugin => static, state => DOWN }\n"


def refused(plugins: str, services: str = WEB) -> str:
    with pytest.raises(InputError) as error:
        whole({"config": config(plugins, services)})
    return str(error.value)


def metafo(dcmap: str, more: str = "", centers: str = "one, two") -> str:
    return f"metafo => {{ resources => {{ www => {{ datacenters => [{centers}] {more} dcmap => {{ {dcmap} }} }} }} }}\n"


def test_resources_of_a_map_have_their_own_ends() -> None:
    routing = whole({"geo-maps": MAPS, "geo-resources": RESOURCES})
    assert fewest(routing, "geoip!www EU/DE") == {"geoip!www/ams": 0, "geoip!www/iad": 1, "geoip!www/sin": 2}
    ams = routing.sites["ams"]
    assert ams.addresses == ("192.0.2.1", "2001:db8::1")
    assert routing.pools["geoip!www/ams"].site == "ams"
    assert set(routing.faults) == {"geoip/prod/ams", "geoip/prod/iad", "geoip/prod/sin"}
    assert routing.faults["geoip/prod/sin"].text == "data centre sin of map prod is down"
    told = routing.replay(one(routing, "geoip!www EU/DE"), frozenset({"geoip/prod/ams"}))
    assert [(step.at.file, step.at.line) for step in told.steps] == [("geo-maps", 8), ("geo-maps", 8), ("geo-maps", 9)]


def test_sites_of_one_name_with_several_ends_are_told_apart() -> None:
    both = RESOURCES + RESOURCES.replace("www", "api").replace("192.0.2.", "198.51.100.")
    routing = whole({"geo-maps": MAPS, "geo-resources": both})
    assert set(routing.sites) == {f"geoip!{name}/{dc}" for name in ("www", "api") for dc in ("ams", "iad", "sin")}
    assert routing.sites["geoip!api/iad"].addresses == ("198.51.100.2",)


def test_skip_first_leaves_the_first_out_if_there_is_another() -> None:
    skipping = RESOURCES.replace("service_types => up", "service_types => up, skip_first => true")
    routing = whole({"geo-maps": MAPS, "geo-resources": skipping})
    assert fewest(routing, "geoip!www EU/DE") == {"geoip!www/iad": 0, "geoip!www/sin": 1}
    assert fewest(routing, "geoip!www EU/NO") == {"geoip!www/ams": 0}
    assert answers(routing, "geoip!www EU/DE", "geoip/prod/iad", "geoip/prod/sin") == {"geoip!www/iad"}


def test_data_centres_that_a_resource_does_not_define_are_left_out() -> None:
    some = RESOURCES.replace("        ams => { addrs_v4 => 192.0.2.1, addrs_v6 => 2001:db8::1 }\n", "")
    plugin = "geoip => {{ {more} maps => {{ {maps} }} resources => {{ {resources} }} }}\n"
    allowed = plugin.format(more="undefined_datacenters_ok => true", maps=MAPS, resources=some)
    routing = whole({"config": config(allowed)})
    assert fewest(routing, "geoip!www EU/DE") == {"geoip!www/iad": 0, "geoip!www/sin": 1}
    assert one(routing, "geoip!www EU/NO").root is None
    assert "`www` does not say what `ams` is" in refused(plugin.format(more="", maps=MAPS, resources=some))


def test_a_check_is_one_fault_however_many_ask_for_it() -> None:
    text = metafo("one => 192.0.2.1, two => [192.0.2.1, 192.0.2.2]", "service_types => web", "one, two")
    routing = whole({"config": config(text, WEB)})
    assert set(routing.faults) == {"192.0.2.1/web", "192.0.2.2/web", "metafo/www/one", "metafo/www/two"}
    assert answers(routing, "metafo!www DE", "192.0.2.1/web") == {"metafo!www/two 192.0.2.2"}
    assert fewest(routing, "metafo!www DE")["metafo!www/two 192.0.2.2"] == 1
    assert answers(routing, "metafo!www DE", "192.0.2.1/web", "192.0.2.2/web") == {"metafo!www/one"}


def test_several_checks_of_one_address_are_several_faults() -> None:
    text = metafo("one => 192.0.2.1, two => 192.0.2.2", "service_types => [web, ping]")
    routing = whole({"config": config(text, WEB + "ping => { plugin => extmon, cmd => [x] }\n")})
    assert routing.pools["metafo!www/one"].faults == {"192.0.2.1/web", "192.0.2.1/ping", "metafo/www/one"}


def test_a_resource_without_map_treats_all_countries_alike() -> None:
    routing = whole({"config": config(metafo("one => 192.0.2.1, two => 192.0.2.2"))})
    assert [client.name for client in routing.clients] == [f"metafo!www {code}" for code in (*CODES, "*")]
    assert len({id(client.root) for client in routing.clients}) == 1


@pytest.mark.parametrize(
    ("thresh", "down", "expected"),
    [
        ("", 1, {2, 3, 4}),
        ("", 2, {3, 4}),
        ("", 3, None),
        ("up_thresh => 0.6", 1, {2, 3, 4}),
        ("up_thresh => 0.6", 2, None),
        ("up_thresh => 0.25", 3, {4}),
        ("up_thresh => 1", 1, None),
        ("ignore_health => true", 1, {1, 2, 3, 4}),
        ("ignore_health => true", 3, None),
    ],
)
def test_addresses_answer_while_enough_are_up(thresh: str, down: int, expected: set[int] | None) -> None:
    ends = " ".join(f"l{n} => 192.0.2.{n}" for n in range(1, 5))
    text = metafo(f"one => {{ {ends} {thresh} }}, two => 198.51.100.1", "service_types => web")
    routing = whole({"config": config(text, WEB)})
    found = answers(routing, "metafo!www DE", *(f"192.0.2.{n}/web" for n in range(1, down + 1)))
    whole_one = (
        {"metafo!www/one"} if thresh == "up_thresh => 1" else {f"metafo!www/one 192.0.2.{n}" for n in expected or ()}
    )
    assert found == ({"metafo!www/two"} if expected is None else whole_one)


def test_weights_count_toward_the_threshold() -> None:
    ends = "a => [192.0.2.1, 6], b => [192.0.2.2, 3], c => [192.0.2.3, 2]"
    weighted = f"weighted => {{ www => {{ service_types => web, up_thresh => 0.5, {ends} }} }}\n"
    routing = whole({"config": config(weighted, WEB)})
    assert answers(routing, "weighted!www DE") == {f"weighted!www 192.0.2.{n}" for n in (1, 2, 3)}
    assert answers(routing, "weighted!www DE", "192.0.2.2/web", "192.0.2.3/web") == {"weighted!www 192.0.2.1"}
    assert answers(routing, "weighted!www DE", "192.0.2.1/web") == {f"weighted!www 192.0.2.{n}" for n in (1, 2, 3)}


def test_groups_and_host_names_have_weights_too() -> None:
    text = """weighted => { service_types => web
      grouped => { multi => true, g1 => { a => [192.0.2.1, 1] b => [192.0.2.2, 1] } g2 => { c => [192.0.2.3, 2] } }
      named => { service_types => up, x => [ one.example.org., 99 ] y => [ Two.example.org., 1 ] } }\n"""
    routing = whole({"config": config(text, WEB)})
    assert answers(routing, "weighted!grouped DE", "192.0.2.3/web") == {
        "weighted!grouped 192.0.2.1",
        "weighted!grouped 192.0.2.2",
    }
    assert answers(routing, "weighted!named DE") == {"weighted!named one.example.org", "weighted!named two.example.org"}
    assert routing.sites["weighted!named two.example.org"].hosts == ("two.example.org",)


def test_simplefo_falls_back_to_its_second_and_then_to_its_first() -> None:
    text = "simplefo => { www => { service_types => web, primary => 192.0.2.1, secondary => 192.0.2.2 } }\n"
    routing = whole({"config": config(text, WEB)})
    assert answers(routing, "simplefo!www DE") == {"simplefo!www 192.0.2.1"}
    assert answers(routing, "simplefo!www DE", "192.0.2.1/web") == {"simplefo!www 192.0.2.2"}
    assert answers(routing, "simplefo!www DE", "192.0.2.1/web", "192.0.2.2/web") == {"simplefo!www 192.0.2.1"}


def test_two_families_are_up_if_both_are() -> None:
    text = metafo(
        "one => { addrs_v4 => [192.0.2.1 192.0.2.2], addrs_v6 => [2001:db8::1 2001:db8::2] }, two => 198.51.100.1",
        "service_types => web",
    )
    routing = whole({"config": config(text, WEB)})
    assert answers(routing, "metafo!www DE", "2001:db8::1/web") == {
        "metafo!www/one 192.0.2.1", "metafo!www/one 192.0.2.2", "metafo!www/one 2001:db8::2",
    }  # fmt: skip
    assert answers(routing, "metafo!www DE", "2001:db8::1/web", "2001:db8::2/web") == {"metafo!www/two"}


def test_plugins_lie_in_each_other() -> None:
    text = f"""geoip => {{ maps => {{ {MAPS} }} resources => {{ {RESOURCES.replace("192.0.2.2", "%metafo!inner")} }} }}
    metafo => {{ resources => {{
        inner => {{ datacenters => [x, y], dcmap => {{ x => %weighted!w, y => host.example.net. }} }}
        outer => {{ datacenters => [real, backup], dcmap => {{ real => %geoip!www, backup => !spare }} }}
    }} }}
    multifo => {{ spare => 203.0.113.1 }}
    weighted => {{ w => {{ a => [192.0.2.20, 1], b => [192.0.2.21, 9] }} }}\n"""
    routing = whole({"config": config(text)})
    assert answers(routing, "metafo!outer EU/FR", "geoip/prod/ams") == {
        "metafo!outer/real > geoip!www/iad > metafo!inner/x 192.0.2.20",
        "metafo!outer/real > geoip!www/iad > metafo!inner/x 192.0.2.21",
    }
    found = fewest(routing, "metafo!outer EU/FR")
    assert found["metafo!outer/real > geoip!www/iad > metafo!inner/y"] == 2
    assert found["metafo!outer/backup"] == 1
    assert routing.sites["y"].hosts == ("host.example.net",)
    names = {client.name.rpartition(" ")[0] for client in routing.clients if client.countries == "FR"}
    assert names == {"geoip!www", "metafo!inner", "metafo!outer"}


def test_what_is_not_said_is_inherited() -> None:
    text = """metafo => { plugin => simplefo, service_types => web, resources => {
        made => { datacenters => [one, two, three], dcmap => {
            one => { primary => 192.0.2.1, secondary => 192.0.2.2 }
            two => { plugin => multifo, service_types => up, a => 192.0.2.3 }
            three => 192.0.2.4
        } } } }\n"""
    routing = whole({"config": config(text, WEB)})
    assert routing.pools["metafo!made/one 192.0.2.2"].faults == {"192.0.2.2/web", "metafo/made/one"}
    assert routing.pools["metafo!made/two"].faults == {"metafo/made/two"}
    assert routing.pools["metafo!made/three"].faults == {"192.0.2.4/web", "metafo/made/three"}


def test_geoip_makes_resources_of_metafo() -> None:
    made = "{ plugin => metafo, datacenters => [u, v], dcmap => { u => 192.0.2.8, v => 192.0.2.9 } }"
    text = f"geoip => {{ maps => {{ {MAPS} }} resources => {{ {RESOURCES.replace('192.0.2.2', made)} }} }}\n"
    routing = whole({"config": config(text)})
    called = "metafo!geoip_www_iad"
    assert fewest(routing, "geoip!www EU/FR") == {
        "geoip!www/ams": 0, f"geoip!www/iad > {called}/u": 1, f"geoip!www/iad > {called}/v": 2,
    }  # fmt: skip
    assert not [client for client in routing.clients if client.name.startswith("metafo")]


def test_unmonitored_ends_never_fail_by_themselves_and_dead_ones_serve_last() -> None:
    dead = metafo("one => { a => 192.0.2.1, service_types => dead }, two => 192.0.2.2")
    routing = whole({"config": config(dead, WEB)})
    assert answers(routing, "metafo!www DE") == {"metafo!www/two"}
    assert fewest(routing, "metafo!www DE") == {"metafo!www/two": 0, "metafo!www/one": 1}


@pytest.mark.parametrize("center", ["%null", "%reflect!dns", "%reflect!BEST"])
def test_what_names_no_end_is_a_place_that_is_not_known(center: str) -> None:
    routing = whole({"config": config(metafo(f"one => {center}, two => 192.0.2.1"))})
    assert answers(routing, "metafo!www DE") == {"metafo!www/one"}
    site = routing.sites[routing.pools["metafo!www/one"].site]
    assert site.name in ("null", "reflect")
    assert site.addresses == site.hosts == ()
    assert answers(routing, "metafo!www DE", "metafo/www/one") == {"metafo!www/two"}


def test_static_answers_always() -> None:
    routing = whole({"config": config("static => { a => 192.0.2.1, b => x.example.org. }\n")})
    assert not routing.faults
    assert answers(routing, "static!b CN") == {"static!b"}


@pytest.mark.parametrize(
    ("plugins", "said"),
    [
        (metafo("one => %multifo!nope, two => 192.0.2.1"), "`multifo!nope`, and there is no such resource; add it"),
        (metafo("one => %nope!x, two => 192.0.2.1"), "there is no plugin `nope`"),
        (metafo("one => %tcp_connect!x, two => 192.0.2.1"), "it only watches"),
        (metafo("one => %reflect!you, two => 192.0.2.1"), "reflect has only dns, edns, best, both"),
        (metafo("one => %metafo!www, two => 192.0.2.1"), "refers to itself"),
        (metafo("one => host, two => 192.0.2.1"), "ends in a dot"),
        (metafo("one => 192.0.2.1"), "`www` does not say what `two` is"),
        (metafo("one => 192.0.2.1, two => 192.0.2.2, tow => 192.0.2.3"), "there is no data centre of `www` `tow`"),
        (metafo("one => 192.0.2.1, two => [192.0.2.2, 2001:db8::1]"), "IPv6 among addresses of IPv4"),
        (metafo("one => { a => 192.0.2.1 }, two => { a => pear }"), "`pear` (a) is no address"),
        (
            metafo("one => { addrs_v4 => 192.0.2.1, b => 192.0.2.2 }, two => 192.0.2.3"),
            "there is no key beside `addrs_v4`",
        ),
        (
            metafo("one => 192.0.2.1, two => 192.0.2.2", "service_types => wbe"),
            "there is no service type `wbe`; did you mean `web`?",
        ),
        (metafo("one => 192.0.2.1, two => 192.0.2.2", "up_thresh => 0"), "above 0, at most 1"),
        (metafo("one => 192.0.2.1, two => 192.0.2.2", "up_thresh => 1.01"), "above 0, at most 1"),
        (
            metafo("one => 192.0.2.1, two => 192.0.2.2", "skip_first => maybe"),
            "`skip_first` has to be `true` or `false`",
        ),
        (metafo("one => 192.0.2.1, two => 192.0.2.2", "bogus => 1.2.3.4.5"), "(bogus) is no address"),
        ("metafo => { resources => { www => { dcmap => {} } } }\n", "has no `datacenters`"),
        (
            MAPPED + " r => { dcmap => { a => 192.0.2.1 } } } }\n",
            "has no `map`",
        ),
        (
            MAPPED + " r => { map => n, dcmap => { a => 192.0.2.1 } } } }\n",
            "there is no map `n`",
        ),
        ("geopi => { }\n", "gdnsd has no plugin `geopi`"),
        ("multifo => { a => [] }\n", "names no address"),
        ("weighted => { a => { x => [192.0.2.1, 0] } }\n", "a weight has to be from 1 to 1048575"),
        ("weighted => { a => { x => [192.0.2.1] } }\n", "has to be `[address, weight]`"),
        ("weighted => { a => { x => [192.0.2.1, 1], g => { y => [192.0.2.2, 1] } } }\n", "a group among single items"),
        ("weighted => { a => { cnames => { x => [x.example., 1] } } }\n", "gdnsd 3 has no `cnames`"),
        ("simplefo => { a => { primary => 192.0.2.1 } }\n", "has no `secondary`"),
        (
            "simplefo => { a => { primary => 192.0.2.1, secondary => 192.0.2.2, third => 192.0.2.3 } }\n",
            "there is no key of simplefo `third`",
        ),
        ("static => { a => { b => 192.0.2.1 } }\n", "has to be a single string"),
        (
            "weighted => { a => { service_types => web, x => [a.example., 1] } }\n",
            "watches addresses, and `a.example.` is a host name",
        ),
    ],
)
def test_what_gdnsd_refuses(plugins: str, said: str) -> None:
    message = refused(plugins)
    assert said in message
    assert message.startswith("config")


def test_resources_that_lead_back_to_themselves() -> None:
    text = """metafo => { resources => {
        a => { datacenters => [x], dcmap => { x => %metafo!b } }
        b => { datacenters => [x], dcmap => { x => %metafo!a } } } }\n"""
    assert "leads back to itself by way of `metafo!" in refused(text)


def test_resources_in_each_other_without_end() -> None:
    links = "".join(f"r{n} => {{ datacenters => [x], dcmap => {{ x => %metafo!r{n + 1} }} }}\n" for n in range(500))
    text = (
        f"metafo => {{ resources => {{ {links} r500 => {{ datacenters => [x], dcmap => {{ x => 192.0.2.1 }} }} }} }}\n"
    )
    assert "more than 16 resources lie in each other" in refused(text)


def test_ways_that_multiply_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "POOLS", 5_000)  # 200,000 take some seconds
    links = "".join(
        f"r{n} => {{ datacenters => [x y z u], dcmap => {{ "
        + " ".join(f"{name} => %metafo!r{n + 1}" for name in "xyzu")
        + " } }\n"
        for n in range(12)
    )
    text = (
        f"metafo => {{ resources => {{ {links} r12 => {{ datacenters => [x], dcmap => {{ x => 192.0.2.1 }} }} }} }}\n"
    )
    assert "ways to an answer; make them fewer" in refused(text)


def test_edges_of_resources_stand_in_the_list() -> None:
    text = """metafo => { resources => { www => {
        datacenters => [
            one,
            two ]
        dcmap => { one => 192.0.2.1, two => 192.0.2.2 } } } }
"""
    routing = whole({"config": config(text)})
    root = one(routing, "metafo!www DE").root
    assert root is not None
    assert [child.at for child in root.children] == [Line("config", 6), Line("config", 7)]  # type: ignore[union-attr]
