"""Load balancers of Cloudflare: who can be answered by what, as the documentation says, in all three syntaxes."""

import json
import random
import re
from typing import Any

import pytest

from auditor.model import countries
from auditor.model.errors import InputError
from auditor.routing import cloudflare
from auditor.routing.model import Node, Routing
from auditor.routing.reach import reach
from auditor.routing.store import Kept
from tests.routing import brute, cloudflare_random

POOLS = """
resource "cloudflare_load_balancer_monitor" "m" {
  type = "https"
}
resource "cloudflare_load_balancer_pool" "eu" {
  name    = "eu"
  monitor = cloudflare_load_balancer_monitor.m.id
  origins = [{ name = "a", address = "192.0.2.1" }]
}
resource "cloudflare_load_balancer_pool" "us" {
  name    = "us"
  monitor = cloudflare_load_balancer_monitor.m.id
  origins = [{ name = "a", address = "192.0.2.2" }]
}
resource "cloudflare_load_balancer_pool" "asia" {
  name    = "asia"
  monitor = cloudflare_load_balancer_monitor.m.id
  origins = [{ name = "a", address = "192.0.2.3" }]
}
"""
NAMES = {"192.0.2.1": "eu", "192.0.2.2": "us", "192.0.2.3": "asia"}


def read(**files: str | bytes) -> Routing:
    kept = Kept(
        {name.replace("_", "."): data.encode() if isinstance(data, str) else data for name, data in files.items()}
    )
    (found,) = cloudflare.read([kept.read(name) for name in kept.files], kept)  # type: ignore[misc]
    return found


def balanced(body: str, pools: str = POOLS) -> Routing:
    """Read a balancer with `p.eu` for the pool `eu`."""
    text = re.sub(r"\bp\.(\w+)", r"cloudflare_load_balancer_pool.\1.id", body)
    head = 'resource "cloudflare_load_balancer" "b" {\n  name = "www.example.com"\n'
    return read(pools_tf=pools, main_tf=f"{head}{text}\n}}\n")


def ways(found: Routing, country: str) -> set[tuple[tuple[str, int], ...]]:
    """Return each way in which a country may be treated: pools with the outages that they take."""
    assert not brute.disagreements(cloudflare_random.fewer(found))
    every = set()
    for client in found.clients:
        if client.name == f"www.example.com {country}":
            told = brute.told(reach(client.root, found.pools))
            every.add(
                tuple(
                    sorted((NAMES.get(found.pools[pool].site, found.pools[pool].site), n) for pool, n in told.items())
                )
            )
    return every


def test_failover_in_order_and_then_the_fallback() -> None:
    found = balanced("default_pools = [p.eu, p.us]\nfallback_pool = p.asia")
    assert ways(found, "DE") == ways(found, "*") == {(("asia", 2), ("eu", 0), ("us", 1))}
    assert len(found.clients) == len(countries.CODES) + 1
    assert len({id(client.root) for client in found.clients}) == 1
    assert not found.unread
    assert not found.remarks
    assert set(found.faults) == {f"check:cloudflare_load_balancer_monitor.m:192.0.2.{i}" for i in (1, 2, 3)}


@pytest.mark.parametrize("policy", ["", "geo"])
@pytest.mark.parametrize("proxied", [True, False])
def test_geo_steering(policy: str, proxied: bool) -> None:
    found = balanced(f"""
      proxied = {str(proxied).lower()}
      steering_policy = "{policy}"
      default_pools = [p.us]
      fallback_pool = p.us
      country_pools = {{ DE = [p.eu] }}
    """)
    fenced, default = (("eu", 0), ("us", 1)), (("us", 0),)
    if proxied:
        assert ways(found, "DE") == {fenced}
        assert ways(found, "FR") == {default}
        assert ways(found, "*") == {fenced, default}
        assert not found.remarks
    else:  # the country is that of the point of presence
        assert ways(found, "DE") == ways(found, "FR") == {fenced, default}
        assert "not of the client" in found.remarks[0].text
        assert {client.via for client in found.clients} == {"the answering point of presence"}


def test_the_resolver_may_decide() -> None:
    found = balanced("""
      default_pools = [p.us]
      fallback_pool = p.us
      country_pools = { DE = [p.eu] }
      location_strategy = { mode = "resolver_ip", prefer_ecs = "geo" }
    """)
    assert ways(found, "DE") == {(("eu", 0), ("us", 1))}
    (german,) = [client for client in found.clients if client.name.endswith(" DE")]
    assert german.via == "the client's subnet or the resolver"
    assert german.countries == "DE"


def test_points_of_presence_come_before_countries_and_regions_behind() -> None:
    found = balanced("""
      proxied = true
      steering_policy = "geo"
      default_pools = [p.us]
      fallback_pool = p.us
      pop_pools = { LAX = [p.asia] }
      country_pools = { DE = [p.eu] }
      region_pools = { WEU = [p.eu, p.asia] }
    """)
    asia, german = (("asia", 0), ("us", 1)), (("eu", 0), ("us", 1))
    assert ways(found, "DE") == {asia, german}
    assert ways(found, "FR") == {asia, (("asia", 1), ("eu", 0), ("us", 2)), (("us", 0),)}


def test_all_regions_leave_nothing_to_the_default() -> None:
    from auditor.routing.cloudflare.model import REGIONS

    mapped = "\n".join(f"{code} = [p.eu]" for code in REGIONS)
    text = f"proxied = true\ndefault_pools = [p.us]\nfallback_pool = p.eu\nregion_pools = {{\n{mapped}\n}}"
    assert ways(balanced(text), "FR") == {(("eu", 0),)}


@pytest.mark.parametrize("policy", ["off", "random", "dynamic_latency", "proximity", "least_connections"])
def test_maps_under_other_policies_are_dead_fences(policy: str) -> None:
    found = balanced(f"""
      proxied = true
      steering_policy = "{policy}"
      default_pools = [p.eu, p.us]
      fallback_pool = p.asia
      country_pools = {{ DE = [p.eu] }}
    """)
    us = 1 if policy == "off" else 0
    assert ways(found, "DE") == {(("asia", 2), ("eu", 0), ("us", us))}
    (remark,) = found.remarks
    assert "dead fence" in remark.text
    assert policy in remark.text
    assert remark.at.line == 8


def test_weights_of_zero_wait_until_the_others_are_down() -> None:
    found = balanced("""
      steering_policy = "random"
      default_pools = [p.eu, p.us]
      fallback_pool = p.asia
      random_steering = {
        default_weight = 1
        pool_weights = { (p.us) = 0 }
      }
    """)
    assert ways(found, "DE") == {(("asia", 1), ("eu", 0), ("us", 1))}


def test_load_shedding_shares_with_the_next_and_with_the_fallback() -> None:
    shed = POOLS.replace('name    = "eu"', 'name    = "eu"\n  load_shedding = { default_percent = 5 }')
    text = "default_pools = [p.eu, p.us]\nfallback_pool = p.asia"
    assert ways(balanced(text, shed), "DE") == {(("asia", 1), ("eu", 0), ("us", 0))}
    text = 'steering_policy = "random"\n' + text
    assert ways(balanced(text, shed), "DE") == {(("asia", 1), ("eu", 0), ("us", 0))}
    every = shed.replace('name    = "us"', 'name    = "us"\n  load_shedding = { session_percent = 1 }')
    assert ways(balanced(text, every), "DE") == {(("asia", 0), ("eu", 0), ("us", 0))}


def test_pools_without_a_monitor_are_never_left() -> None:
    unwatched = POOLS.replace("  monitor = cloudflare_load_balancer_monitor.m.id\n", "")
    text = "proxied = true\ndefault_pools = [p.eu, p.us]\nfallback_pool = p.asia"
    found = balanced(text, unwatched)
    assert ways(found, "DE") == {(("eu", 0),)}
    assert "no monitor" in found.remarks[0].text
    text += "\nadaptive_routing = { failover_across_pools = true }"  # a request that fails goes on
    assert ways(balanced(text, unwatched), "DE") == {(("asia", 2), ("eu", 0), ("us", 1))}
    assert ways(balanced(text.replace("proxied = true", ""), unwatched), "DE") == {(("eu", 0),)}


def test_names_that_cannot_be_resolved_are_left() -> None:
    hosts = POOLS.replace("  monitor = cloudflare_load_balancer_monitor.m.id\n", "").replace(
        "192.0.2.1", "eu.example.net"
    )
    found = balanced("default_pools = [p.eu, p.us]\nfallback_pool = p.asia", hosts)
    assert ways(found, "DE") == {(("eu.example.net", 0), ("us", 1))}
    assert found.sites["eu.example.net"].hosts == ("eu.example.net",)
    assert found.sites["eu.example.net"].also == ("eu",)  # an inventory may call it by its pool
    assert set(found.faults) == {"dns:eu.example.net"}


def test_shared_endpoints_share_their_outage() -> None:
    shared = POOLS.replace("192.0.2.2", "192.0.2.1")
    found = balanced("default_pools = [p.eu, p.us]\nfallback_pool = p.asia", shared)
    told = brute.told(reach(found.clients[0].root, found.pools))
    assert told == {"cloudflare_load_balancer_pool.eu/a": 0, "cloudflare_load_balancer_pool.asia/a": 1}
    apart = shared.replace('name    = "us"', 'name    = "us"\n  check_regions = ["WEU"]')
    found = balanced("default_pools = [p.eu, p.us]\nfallback_pool = p.asia", apart)
    assert brute.told(reach(found.clients[0].root, found.pools))["cloudflare_load_balancer_pool.asia/a"] == 2


def test_thresholds_disabled_endpoints_and_pools() -> None:
    pool = """
resource "cloudflare_load_balancer_pool" "eu" {
  name            = "eu"
  monitor         = "m"
  minimum_origins = 2
  origins {
    name    = "a"
    address = "192.0.2.11"
  }
  origins {
    name    = "b"
    address = "192.0.2.12"
  }
  origins {
    name    = "c"
    address = "192.0.2.13"
  }
  origins {
    name    = "d"
    address = "192.0.2.14"
    enabled = false
  }
}
resource "cloudflare_load_balancer_pool" "us" {
  name    = "us"
  enabled = false
  origins {
    name    = "a"
    address = "192.0.2.2"
  }
}
resource "cloudflare_load_balancer_pool" "asia" {
  name    = "asia"
  origins {
    name    = "a"
    address = "192.0.2.3"
  }
  origins {
    name    = "b"
    address = "192.0.2.4"
    weight  = 0
  }
}
"""
    found = balanced("default_pool_ids = [p.us, p.eu]\nfallback_pool_id = p.asia", pool)
    assert ways(found, "DE") == {(("192.0.2.11", 0), ("192.0.2.12", 0), ("192.0.2.13", 0), ("asia", 2))}
    assert ways(balanced("default_pools = [p.eu]\nfallback_pool = p.us", pool), "DE") == {
        (("192.0.2.11", 0), ("192.0.2.12", 0), ("192.0.2.13", 0))
    }
    assert ways(balanced("default_pools = [p.us]\nfallback_pool = p.us", pool), "DE") == {()}
    never = pool.replace("minimum_origins = 2", "minimum_origins = 4")
    found = balanced("default_pools = [p.eu]\nfallback_pool = p.asia", never)
    assert ways(found, "DE") == {(("asia", 0),)}
    assert any("never healthy" in remark.text for remark in found.remarks)


RULES = """
  proxied = true
  steering_policy = "off"
  default_pools = [p.us]
  fallback_pool = p.us
  rules = [{
    name = "germans"
    condition = "ip.geoip.country eq \\"DE\\""
    overrides = { default_pools = [p.eu], fallback_pool = p.eu }
    terminates = true
  }, {
    name = "path"
    condition = "http.request.uri.path contains \\"/x\\""
    overrides = { default_pools = [p.asia] }
  }]
"""


def test_rules_on_countries_decide_and_others_may_apply() -> None:
    found = balanced(RULES)
    assert ways(found, "DE") == {(("eu", 0),)}
    assert ways(found, "FR") == {(("us", 0),), (("asia", 0), ("us", 1))}
    assert ways(found, "*") == {(("eu", 0),), (("us", 0),), (("asia", 0), ("us", 1))}
    assert not found.unread


def test_rules_that_are_disabled_answer_themselves_or_have_priorities() -> None:
    off = RULES.replace('name = "germans"', 'name = "germans"\n    disabled = true')
    assert ways(balanced(off), "DE") == {(("us", 0),), (("asia", 0), ("us", 1))}
    fixed = RULES.replace(
        "overrides = { default_pools = [p.eu], fallback_pool = p.eu }", "fixed_response = { status_code = 403 }"
    )
    found = balanced(fixed)
    assert ways(found, "DE") == {()}
    german = next(client for client in found.clients if client.name.endswith(" DE"))
    assert german.root is None
    later = RULES.replace('name = "germans"', 'name = "germans"\n    priority = 2')
    assert balanced(later).unread  # the other has none
    later = later.replace('name = "path"', 'name = "path"\n    priority = 1')
    assert ways(balanced(later), "DE") == {(("eu", 0),)}
    last = later.replace("terminates = true", "").replace('name = "path"', 'name = "path"\n    terminates = true')
    assert ways(balanced(last), "DE") == {(("eu", 0),), (("asia", 0), ("us", 1))}


def test_rules_with_geo_steering_are_doubted() -> None:
    geo = RULES.replace('"off"', '"geo"')
    found = balanced(geo)
    assert ways(found, "DE") == {(("eu", 0),), (("us", 0),), (("asia", 0), ("us", 1))}
    assert any("may apply or not" in remark.text for remark in found.remarks)


def test_regions_in_rules() -> None:
    found = balanced("""
      proxied = true
      default_pools = [p.us]
      fallback_pool = p.us
      rules = [{
        name = "west"
        condition = "cf.load_balancer.region eq \\"WEU\\""
        overrides = { default_pools = [p.eu] }
      }]
    """)
    assert ways(found, "DE") == {(("eu", 0), ("us", 1)), (("us", 0),)}
    assert {client.via for client in found.clients} == {"the answering point of presence"}


def test_too_many_rules_are_not_followed() -> None:
    rule = '{ name = "r", condition = "http.host eq \\"x\\"", overrides = { fallback_pool = p.us } }'
    found = balanced(f"default_pools = [p.eu]\nfallback_pool = p.eu\nrules = [{', '.join([rule] * 7)}]")
    assert found.unread
    assert "too many ways" in found.unread[0].why
    assert "www.example.com DE" in found.unread[0].names


def test_instead_of_disabled_balancers_answers_what_is_not_read() -> None:
    found = balanced("enabled = false\ndefault_pools = [p.eu]\nfallback_pool = p.us")
    assert not found.clients
    (lost,) = found.unread
    assert "www.example.com is disabled" in lost.text
    assert "DNS records of its name answer instead" in lost.why


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("default_pools = [var.x]\nfallback_pool = p.us", "not defined"),
        ("default_pools = var.x\nfallback_pool = p.us", "not defined"),
        ("default_pools = [cloudflare_load_balancer_pool.other.id]\nfallback_pool = p.us", "not defined"),
        ("default_pools = [p.eu]", "needs a fallback pool"),
        ("fallback_pool = p.eu", "needs default pools"),
        ('steering_policy = "nearest"\ndefault_pools = [p.eu]\nfallback_pool = p.us', "no steering policy"),
        ("steering_policy = var.x\ndefault_pools = [p.eu]\nfallback_pool = p.us", "not defined"),
        ("default_pools = [p.eu]\nfallback_pool = p.us\ncountry_pools = { UK = [p.us] }", "no country"),
        ("default_pools = [p.eu]\nfallback_pool = p.us\nregion_pools = { EASIA = [p.us] }", "no region"),
        ("default_pools = [p.eu]\nfallback_pool = p.us\npop_pools = { X = [p.us] }", "point of presence"),
        ('default_pools = [p.eu]\nfallback_pool = p.us\npool_sets = [{ name = "x" }]', "not known"),
        ('default_pools = [p.eu]\nfallback_pool = p.us\nlocation_strategy = { mode = "client" }', "none of"),
        ("default_pools = [7]\nfallback_pool = p.us", "no pool"),
        ('enabled = "maybe"\ndefault_pools = [p.eu]\nfallback_pool = p.us', "no truth value"),
        ("default_pools = [p.eu]\nfallback_pool = p.us\nrules = [7]", "no block or object"),
        ("count = var.x\ndefault_pools = [p.eu]\nfallback_pool = p.us", "how many"),
    ],
)
def test_what_is_not_understood_is_kept_with_its_line(body: str, why: str) -> None:
    found = balanced(body.replace("p.us", "p.us") + "\n")
    assert any(why in each.why for each in found.unread), found.unread
    assert all(each.at.line > 0 and each.at.file in ("main.tf", "pools.tf") for each in found.unread)
    for each in found.unread:
        assert "var.x" not in each.why


def api(balancer: dict[str, Any], pools: list[dict[str, Any]]) -> Routing:
    return read(
        lbs_json=json.dumps({"success": True, "result": [balancer]}, indent=1),
        pools_json=json.dumps({"success": True, "result": pools}, indent=1),
    )


def test_answers_of_the_api() -> None:
    pools = [
        {"id": f"p{i}", "name": name, "enabled": True, "monitor": "m", "origins": [{"name": "a", "address": address}]}
        for i, (address, name) in enumerate(NAMES.items(), 1)
    ]
    balancer = {
        "id": "b", "name": "www.example.com", "enabled": True, "proxied": True, "steering_policy": "geo",
        "default_pools": ["p2"], "fallback_pool": "p2", "country_pools": {"DE": ["p1"]}, "region_pools": {},
        "pop_pools": {}, "session_affinity": "cookie", "session_affinity_ttl": 5000, "created_on": "x",
    }  # fmt: skip
    found = api(balancer, pools)
    assert not found.unread
    assert ways(found, "DE") == {(("eu", 0), ("us", 1))}
    twice = api(balancer, [*pools, pools[0]])
    assert "another pool" in twice.unread[0].why
    single = read(b_json=json.dumps({"result": balancer}), p_json=json.dumps(pools))
    assert ways(single, "DE") == {(("eu", 0), ("us", 1))}
    strange = api({**balancer, "new_thing": {"x": 1}}, [*pools, {"x": 1}])
    assert {each.text for each in strange.unread} == {"new_thing", "x"}


def test_literal_identifiers_of_pools_that_are_not_given() -> None:
    found = balanced('default_pools = ["17b5"]\nfallback_pool = "9290"')
    assert not found.unread
    assert ways(found, "DE") == {(("17b5", 0), ("9290", 1))}
    assert len([remark for remark in found.remarks if "not defined" in remark.text]) == 2


def test_states_name_pools_by_their_identifiers() -> None:
    def resource(kind: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
        return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}

    state = {
        "format_version": "1.0", "terraform_version": "1.9.0",
        "values": {"root_module": {"resources": [
            resource("cloudflare_load_balancer_pool", "eu", {
                "id": "abc", "name": "eu", "monitor": "",
                "origins": [{"name": "a", "address": "192.0.2.1", "enabled": True, "header": [], "weight": 1}],
            }),
            resource("cloudflare_load_balancer", "b", {
                "name": "www.example.com", "default_pool_ids": ["abc"], "fallback_pool_id": "abc",
                "country_pools": [], "rules": [],
            }),
        ]}},
    }  # fmt: skip
    found = read(state_json=json.dumps(state))
    assert ways(found, "DE") == {(("eu", 0),)}
    assert not found.unread


def test_sniffing() -> None:
    kept = Kept({
        "a.tf": b'resource "cloudflare_load_balancer_pool" "p" {}', "b.tf": b'resource "aws_instance" "x" {}',
        "c.json": b'{"result": [{"fallback_pool": "x"}]}', "d.json": b'{"result": []}',
        "e.json": b'{"result": {"origins": [], "monitor": "x"}}', "f.json": b'[1, "fallback_pool"]', "g.txt": b"x",
    })  # fmt: skip
    files = {name: kept.read(name) for name in kept.files}
    assert [name for name, file in files.items() if file and cloudflare.sniff(file)] == ["a.tf", "c.json", "e.json"]


def placed(found: Routing, root: Node | None) -> list[tuple[str, int]]:
    return sorted({(found.pools[name].site, n) for name, n in brute.told(reach(root, found.pools)).items()})


def test_the_three_syntaxes_say_the_same_and_brute_force_agrees() -> None:
    for seed in range(40):
        made = cloudflare_random.described(random.Random(seed))
        told = []
        for i, syntax in enumerate(cloudflare_random.SYNTAXES):
            found = read(
                **{name.replace(".", "_"): data for name, data in cloudflare_random.written(made, syntax).items()}
            )
            assert not found.unread
            small = cloudflare_random.fewer(found)
            if i == seed % 3:
                assert brute.disagreements(small) == []
            told.append(sorted((client.name, client.via, placed(found, client.root)) for client in small.clients))
        assert told[0] == told[1] == told[2]


@pytest.mark.parametrize(
    "text",
    [
        '{"result": [{"fallback_pool": "x", "default_pools": ' + "[" * 3000,
        '{"fallback_pool": "x",}',
        '{"fallback_pool": "\x00"}',
    ],
)
def test_hostile_answers_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        read(b_json=text)


def test_hostile_values_stay_text() -> None:
    evil = '<script>=cmd()\u2028"'
    balancer: dict[str, Any] = {
        "id": evil, "name": evil, "default_pools": [evil, {"x": 1}, None, 7], "fallback_pool": evil, "proxied": evil,
        "country_pools": {evil: [evil], "DE": evil}, "region_pools": [[[]]], "rules": [{"condition": evil * 500}],
        "random_steering": {"pool_weights": {evil: -1, "x": "y"}, "default_weight": evil},
        "steering_policy": {"a": []}, "adaptive_routing": 7, "location_strategy": [1, 2],
    }  # fmt: skip
    pools = [{"id": evil, "origins": [{"address": evil, "weight": evil, "enabled": []}, 7], "minimum_origins": "x"}]
    found = api(balancer, pools)
    assert found.unread
    for client in found.clients:
        reach(client.root, found.pools)
        found.replay(client, frozenset(found.faults))
    assert all(evil not in each.why for each in found.unread)


def test_many_pools_and_countries_take_little_time() -> None:

    pools = [
        {
            "id": f"p{i}",
            "name": f"p{i}",
            "monitor": "m",
            "origins": [{"name": "a", "address": f"192.0.{i // 250}.{i % 250}"}],
        }
        for i in range(1000)
    ]
    names = [f"p{i}" for i in range(1000)]
    balancer = {
        "id": "b", "name": "www.example.com", "proxied": True, "default_pools": names, "fallback_pool": "p0",
        "country_pools": {code: names[i : i + 5] for i, code in enumerate(countries.CODES)},
    }  # fmt: skip
    found = api(balancer, pools)
    for root in {id(client.root): client.root for client in found.clients}.values():
        reach(root, found.pools)
    assert len(found.clients) == 2 * len(countries.CODES) + 1
