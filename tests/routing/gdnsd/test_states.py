"""Service types, and what operators force by `admin_state`."""

import pytest

from auditor.model.errors import InputError
from tests.routing import brute
from tests.routing.gdnsd.samples import MAPS, RESOURCES, answers, config, fewest, whole

WEB = "web => { plugin => tcp_connect, port => 80, interval => 8, timeout => 3, down_thresh => 2 }\n"
TWO = """metafo => { resources => { www => { datacenters => [one, two], service_types => web,
    dcmap => { one => 192.0.2.1, two => [192.0.2.2 192.0.2.3] } } } }
"""


def forced(states: str, down: tuple[str, ...] = ()) -> set[str]:
    return answers(whole({"config": config(TWO, WEB), "admin_state": states}), "metafo!www DE", *down)


def test_a_data_centre_that_is_forced_down_serves_when_all_are_down() -> None:
    states = "metafo/www/one => DOWN\n"
    routing = whole({"config": config(TWO, WEB), "admin_state": states})
    assert forced(states) == {"metafo!www/two 192.0.2.2", "metafo!www/two 192.0.2.3"}
    assert forced(states, ("192.0.2.2/web", "192.0.2.3/web")) == {"metafo!www/one"}
    assert "metafo/www/one" not in routing.faults
    assert {remark.text for remark in routing.remarks} == {"admin_state forces one down"}


def test_a_data_centre_that_is_forced_up_answers_though_its_check_fails() -> None:
    assert forced("metafo/www/one => UP\n", ("192.0.2.1/web",)) == {"metafo!www/one (forced up)"}
    assert forced("metafo/www/one => UP\n") == {"metafo!www/one"}
    routing = whole({"config": config(TWO, WEB), "admin_state": "metafo/www/one => UP\n"})
    assert set(fewest(routing, "metafo!www DE")) == {"metafo!www/one", "metafo!www/one (forced up)"}


def test_later_lines_win_and_patterns_pass_slashes() -> None:
    assert forced("*/one => DOWN\nmetafo/*/one => UP/30 # an exception\n") == {"metafo!www/one"}
    assert forced("metafo/www/one => UP\n*one => DOWN\n") == {"metafo!www/two 192.0.2.2", "metafo!www/two 192.0.2.3"}
    down = forced("metafo/???/one => DOWN\n")
    assert forced('"metafo/www/[no]ne" => down\n') == forced('"metafo/www/\\\\one" => Down\n') == down
    assert forced('"metafo/www/[!x]ne" => DOWN\n') == forced('"metafo/www/[^x]ne" => DOWN\n') == down
    assert forced('"metafo/www/[^o]ne" => DOWN\n') != down


def test_checks_are_forced_by_address_and_service() -> None:
    assert forced("192.0.2.1/web => DOWN\n") == {"metafo!www/two 192.0.2.2", "metafo!www/two 192.0.2.3"}
    routing = whole({"config": config(TWO, WEB), "admin_state": "192.0.2.*/* => UP\n"})
    assert set(routing.faults) == {"metafo/www/one", "metafo/www/two"}


def test_states_of_a_resource_stand_over_those_of_its_map() -> None:
    states = "geoip/prod/ams => DOWN\ngeoip/www/ams => UP\n"
    routing = whole({"geo-maps": MAPS, "geo-resources": RESOURCES, "admin_state": states})
    assert answers(routing, "geoip!www EU/FR") == {"geoip!www/ams"}
    routing = whole({"geo-maps": MAPS, "geo-resources": RESOURCES, "admin_state": "geoip/prod/ams => DOWN\n"})
    assert answers(routing, "geoip!www EU/FR") == {"geoip!www/iad"}


def test_states_of_maps_alone() -> None:
    routing = whole({"geo-maps": MAPS, "admin_state": "geoip/prod/ams => DOWN/300\n"})
    assert fewest(routing, "prod EU/FR") == {"iad": 0, "prod/ams": 1}
    assert fewest(routing, "prod EU/NO") == {"prod/ams": 0}


def test_what_is_forced_and_is_not_there_is_told() -> None:
    routing = whole({"config": config(TWO, WEB), "admin_state": "metafo/www/three => DOWN\n"})
    assert [(remark.at.file, remark.at.line, remark.text[:40]) for remark in routing.remarks] == [
        ("admin_state", 1, "`metafo/www/three` forces nothing: no ad")
    ]


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ("web => { port => 80 }", "has no `plugin`"),
        (
            "web => { plugin => tcp_conect, port => 80 }",
            "there is no plugin that watches services `tcp_conect`; did you mean",
        ),
        ("web => { plugin => multifo }", "there is no plugin that watches services"),
        ("web => { plugin => tcp_connect, prot => 80 }", "there is no key of a service type of tcp_connect `prot`"),
        ("web => { plugin => tcp_connect, interval => 0 }", "has to be from 1 to 3600"),
        ("web => { plugin => static, state => sideways }", "`state` has to be `up` or `down`"),
        ("web => { plugin => extfile, file => x, def_down => perhaps }", "`def_down` has to be"),
        ("up => { plugin => null }", "`up` is a service type of gdnsd itself"),
        ("web => x", "has to be a hash"),
    ],
)
def test_service_types_that_gdnsd_refuses(services: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        whole({"config": config(TWO, services)})
    assert said in str(error.value)
    assert str(error.value).startswith("config:2:")


def test_a_service_type_that_is_not_among_the_given_files_may_fail_and_stays_open() -> None:
    resource = (
        "www => { datacenters => [one, two], service_types => web, dcmap => { one => 192.0.2.1, two => 192.0.2.2 } }\n"
    )
    routing = whole({"resources": resource})
    assert answers(routing, "metafo!www DE", "192.0.2.1/web") == {"metafo!www/two"}
    (unread,) = routing.unread
    assert (unread.text, unread.at.line) == ("web", 1)
    assert "config" in unread.why


def test_thousands_of_patterns_over_thousands_of_names_end() -> None:
    names = "".join(f"r{n} => {{ datacenters => [a], dcmap => {{ a => 192.0.2.1 }} }}\n" for n in range(3_000))
    states = "".join(f"{'*' * 30}x{n}/y => DOWN\n" for n in range(9_000))
    with pytest.raises(InputError, match="too many patterns"):
        whole({"resources": names, "admin_state": states})


@pytest.mark.parametrize("more", ["", "metafo/low/three => DOWN\n"])
@pytest.mark.parametrize("inner", ["%null!any", "%metafo!empty"])
def test_what_is_nowhere_answers_of_a_data_centre_that_is_forced_up(inner: str, more: str) -> None:
    resources = f"""metafo => {{ resources => {{
        high => {{ datacenters => [one, two], dcmap => {{ one => %metafo!low, two => 192.0.2.1 }} }}
        low => {{ datacenters => [three], dcmap => {{ three => {inner} }} }}
        empty => {{ datacenters => [gone], skip_first => false, dcmap => {{ gone => %null!any }} }}
    }} }}
    null => {{}}
    """
    routing = whole({"config": config(resources), "admin_state": f"metafo/high/one => UP\n{more}"})
    assert brute.disagreements(routing) == []
    assert ("metafo/low/three" in routing.faults) is not bool(more)
    assert not any("192.0.2.1" in pool or pool.endswith("/two") for pool in fewest(routing, "metafo!high AD"))
