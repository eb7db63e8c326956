# ruff: noqa: E501 - a case stands on a line
"""Spellings by which a forbidden site may be reached: each is found, or keeps the gate open, or is refused.

`198.51.100.0/24` is the forbidden site, `192.0.2.0/24` the allowed one.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from auditor.model.errors import InputError
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated

BAD: Final = "198.51.100.1"
GOOD: Final = "192.0.2.1"
INVENTORY: Final = """
sites:
  - {name: allowed, country: CA, role: relay, networks: [192.0.2.0/24, "2001:db8:1::/48"]}
  - {name: forbidden, country: CN, role: relay, networks: [198.51.100.0/24, "2001:db8:2::/48"]}
"""


def outcome(folder: Path, files: dict[str, str]) -> str:
    """Say how the gate takes the bad site: `found`, `open` because of lines, `refused`, or `overlooked`."""
    (folder / "inventory.yaml").write_text(INVENTORY)
    for name, text in files.items():
        path = folder / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    try:
        found = gated("conf", planes=["media"])
    except InputError:
        return "refused"
    rule = "overseas-media-avoids-mainland"
    if any((each.rule, each.place.site) == (rule, "forbidden") for each in found.report.findings):
        return "found"
    return "open" if dict(found.report.coverage.records).get("unsupported") else "overlooked"


ENVOY: Final = """
cluster_name: a
endpoints:
- lb_endpoints:
  - endpoint: {address: {socket_address: {address: %s, port_value: 443}}%s}
"""
ASSIGNED: Final = ENVOY % (GOOD, "")
CLUSTERS: Final = """
static_resources:
  clusters:
  - name: b
    load_assignment: {cluster_name: b, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 192.0.2.1}}}}]}]}
  - %s
"""
ENVOYS: Final = {
    "plain": (ENVOY % (BAD, ""), "found"),
    "mapped": (ENVOY % (f'"::ffff:{BAD}"', ""), "found"),
    "further addresses": (
        ENVOY % (GOOD, f", additional_addresses: [{{address: {{socket_address: {{address: {BAD}}}}}}}]"), "open"
    ),
    "both spellings": (ASSIGNED + f"  lbEndpoints: [{{endpoint: {{address: {{socket_address: {{address: {BAD}}}}}}}}}]\n", "found"),
    "behind a document of Istio": (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: a.example.com}\n---"
        + ENVOY % (BAD, ""), "found"
    ),
    "found out by discovery": (CLUSTERS % "{name: a, type: EDS}", "open"),
    "found out by discovery, beside an assignment without a name": (
        CLUSTERS.replace("cluster_name: b, ", "") % "{name: a, type: EDS}", "open"
    ),
    "hosts of old versions": (CLUSTERS % f"{{name: a, hosts: [{{socket_address: {{address: {BAD}}}}}]}}", "open"),
    "wherever a request wants": (CLUSTERS % "{name: a, type: ORIGINAL_DST}", "open"),
    "a pipe": (ENVOY.replace("socket_address: {address: %s, port_value: 443}", "pipe: {path: %s}") % ("/x", ""), "open"),
    "weight of nothing": (ASSIGNED + f"  - {{load_balancing_weight: 0, endpoint: {{address: {{socket_address: {{address: {BAD}}}}}}}}}\n", "found"),
    "draining": ((ENVOY % (BAD, "")).replace("- endpoint", "- health_status: 2\n    endpoint"), "found"),
    "a last priority": (
        ASSIGNED + f"- {{priority: 1, lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: {BAD}}}}}}}}}]}}\n", "found"
    ),
    "a last priority as text": (
        ASSIGNED + f"- {{priority: '1', lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: {BAD}}}}}}}}}]}}\n", "found"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENVOYS)
def test_envoy(folder: Path, name: str) -> None:
    text, expected = ENVOYS[name]
    assert outcome(folder, {"envoy.yaml": text}) == expected
    assert outcome(folder, {"envoy.yaml": ASSIGNED}) == "overlooked"


ZONE: Final = "www:\n  type: A\n  values: [192.0.2.1]\n"
DYNAMIC: Final = f"""
www:
  type: A
  values: [{GOOD}]
  dynamic:
    pools:
      bad: {{values: [{{value: {BAD}%s}}]}}
      good: {{values: [{{value: {GOOD}}}]%s}}
    rules:
    - {{geos: [%s], pool: bad}}
    - {{pool: good}}
"""
ZONES: Final = {
    "dynamic": (DYNAMIC % ("", "", "NA-CA"), "found"),
    **{f"geo {code}": (DYNAMIC % ("", "", code), "found") for code in ("na-ca", "NO", "no", "'NA-CA '", "~", "EU-UK")},
    "fallback": (DYNAMIC % ("", ", fallback: bad", "AS-JP"), "found"),
    "a status in capitals": (DYNAMIC % (", status: Down", "", "NA-CA"), "found"),
    "weight of nothing": (DYNAMIC % (", weight: 0", "", "NA-CA"), "found"),
    "merged": (f"x: &x\n  type: A\n  values: [{BAD}]\nwww:\n  <<: *x\n  ttl: 5\n", "found"),
    "twice": (ZONE + ZONE.replace(GOOD, BAD), "refused"),
    "a second document": (ZONE + "---\n" + ZONE.replace(GOOD, BAD), "refused"),
    "in a list": (f"www:\n- {{type: TXT, value: x}}\n- {{type: A, values: [{BAD}]}}\n", "found"),
    "mapped": (f"www:\n  type: AAAA\n  value: '::ffff:{BAD}'\n", "found"),
    "excluded somewhere": (ZONE + f"x:\n  octodns: {{excluded: [a]}}\n  type: A\n  value: {BAD}\n", "found"),
    "not ignored": (ZONE + f"x:\n  octodns: {{ignored: 'false'}}\n  type: A\n  value: {BAD}\n", "found"),
    "hints": (
        ZONE + f"x:\n  type: HTTPS\n  values: [{{svcpriority: 1, targetname: ., svcparams: {{ipv4hint: [{BAD}]}}}}]\n",
        "open",
    ),
    "hints by number": (
        ZONE + f"x:\n  type: SVCB\n  values: [{{svcpriority: 1, targetname: ., svcparams: {{key4: [{BAD}]}}}}]\n",
        "open",
    ),
    "a type in small letters": (ZONE + f"x:\n  type: a\n  value: {BAD}\n", "open"),
    "another type": (ZONE + "x:\n  type: DNAME\n  value: bad.example.org.\n", "open"),
}


@pytest.mark.parametrize("name", ZONES)
def test_octodns(folder: Path, name: str) -> None:
    text, expected = ZONES[name]
    assert outcome(folder, {"example.com.yaml": text}) == expected
    assert outcome(folder, {"example.com.yaml": ZONE}) == "overlooked"


POWER: Final = """
domains:
- domain: example.com
  ttl: 30
  records:
    example.com: [{ns: ns.example.com}]
    good.example.com: [{a: 192.0.2.1}]
    bad.example.com: [{a: 198.51.100.1}]
    unknown.example.com: [{a: 192.0.2.1}]
  services:
    www.example.com: %s
"""
POWERS: Final = {
    "always": (POWER % "bad.example.com", "found"),
    "capitals": (POWER % "BAD.Example.com.", "found"),
    "second": (POWER % "[nowhere.example.com, bad.example.com]", "found"),
    "by country": ((POWER % "'%cc.example.com'").replace("bad.example.com:", "ca.example.com:"), "found"),
    "by country in capitals": ((POWER % "'%cc.example.com'").replace("bad.example.com:", "CA.example.com:"), "found"),
    "by three letters": ((POWER % "'%co.example.com'").replace("bad.example.com:", "can.example.com:"), "found"),
    "by continent": ((POWER % "'%cn.example.com'").replace("bad.example.com:", "na.example.com:"), "found"),
    "a country that is a truth value": ((POWER % "'%cc.example.com'").replace("bad.example.com:", "no.example.com:"), "found"),
    "by region": ((POWER % "'%re.example.com'").replace("bad.example.com:", "on.example.com:"), "found"),
    "by network": (POWER % "{default: good.example.com, 203.0.113.0/24: bad.example.com}", "found"),
    "by a network with bits behind it": (POWER % "{default: good.example.com, 203.0.113.7/24: bad.example.com}", "found"),
    "by a network of one": (POWER % "{default: good.example.com, 203.0.113.7: bad.example.com}", "found"),
    "by all networks": (POWER % "{default: good.example.com, 0.0.0.0/0: bad.example.com}", "found"),
    "custom mapping": (
        (POWER % "'%mp.example.com'").replace("  services:", "  mapping_lookup_formats: ['%cc']\n  custom_mapping: {ca: bad}\n  services:"),
        "found",
    ),
    "an alias": ((POWER % "x.example.com").replace("  services:", "    x.example.com: [{cname: bad.example.com}]\n  services:"), "found"),
    "a wildcard": ((POWER % "'*.example.com'").replace("bad.example.com:", "'*.example.com':"), "found"),
    "without a service": ((POWER % "good.example.com").replace("bad.example.com:", "mail.example.com:"), "found"),
    "in Lua": ((POWER % "good.example.com").replace("{a: 198.51.100.1}", "{lua: A \"'198.51.100.1'\"}"), "open"),
    "weight of nothing": ((POWER % "bad.example.com").replace("{a: 198.51.100.1}", "{a: {content: 198.51.100.1, weight: 0}}"), "found"),
    "a small weight": (
        (POWER % "bad.example.com").replace("[{a: 198.51.100.1}]", "[{a: {content: 198.51.100.1, weight: 1}}, {a: {content: 192.0.2.1, weight: 5}}]"),
        "found",
    ),
    "hints": ((POWER % "good.example.com").replace("{a: 198.51.100.1}", "{https: 1 . ipv4hint=198.51.100.1}"), "open"),
}  # fmt: skip


@pytest.mark.parametrize("name", POWERS)
def test_powerdns(folder: Path, name: str) -> None:
    text, expected = POWERS[name]
    assert outcome(folder, {"zones.yaml": text}) == expected


def records(*given: dict[str, Any]) -> dict[str, str]:
    sets = [{"Name": "www.example.com.", "Type": "A", "TTL": 60, **each} for each in given]
    return {"records.json": json.dumps({"ResourceRecordSets": sets, "IsTruncated": False})}


def answer(address: str, **more: Any) -> dict[str, Any]:
    return {"ResourceRecords": [{"Value": address}], "SetIdentifier": address, **more}


ROUTE53: Final = {
    "by country": (records(answer(GOOD, GeoLocation={"CountryCode": "*"}), answer(BAD, GeoLocation={"CountryCode": "CA"})), "found"),
    "small letters": (records(answer(GOOD, GeoLocation={"CountryCode": "*"}), answer(BAD, GeoLocation={"CountryCode": "ca"})), "open"),
    "a weight of nothing": (records(answer(GOOD, Weight=1, HealthCheckId="a"), answer(BAD, Weight=0)), "found"),
    "a weight as text": (records(answer(GOOD, Weight="1"), answer(BAD, Weight="1")), "found"),
    "another spelling of the name": (records(answer(GOOD), {**answer(BAD), "Name": "\\101.example.com"}), "found"),
    "failover": (records(answer(GOOD, Failover="PRIMARY", HealthCheckId="a"), answer(BAD, Failover="SECONDARY")), "found"),
    "failover in small letters": (records(answer(GOOD, Failover="primary"), answer(BAD, Failover="secondary")), "open"),
    "mapped": (records({**answer(f"::ffff:{BAD}"), "Type": "AAAA"}), "found"),
    "hints": (records(answer(GOOD), {**answer(f"1 . ipv4hint={BAD}"), "Type": "HTTPS"}), "found"),
    "hints by number": (records(answer(GOOD), {**answer(f"1 . key4={BAD}"), "Type": "HTTPS"}), "open"),
    "hints in capitals": (records(answer(GOOD), {**answer(f"1 . IPV4HINT={BAD}"), "Type": "HTTPS"}), "open"),
    "cut off": ({"records.json": records(answer(GOOD))["records.json"].replace("false", "true")}, "open"),
    "cut off as text": ({"records.json": records(answer(GOOD))["records.json"].replace("false", '"true"')}, "open"),
    "a second listing": (
        {"a.json": records(answer(GOOD))["records.json"], "b.json": records({**answer(BAD), "Name": "x.example.com."})["records.json"]},
        "found",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUTE53)
def test_route53(folder: Path, name: str) -> None:
    files, expected = ROUTE53[name]
    assert outcome(folder, files) == expected


POOL: Final = """
resource "cloudflare_load_balancer_pool" "{0}" {{
  name = "{0}"
  monitor = "m"
  origins {{
    name = "o"
    address = {1}
    {2}
  }}
}}
"""
BALANCER: Final = """
resource "cloudflare_load_balancer" "{0}" {{
  name = "{0}.example.com"
  zone_id = "z"
  fallback_pool_id = cloudflare_load_balancer_pool.good.id
  default_pool_ids = [cloudflare_load_balancer_pool.{1}.id]
  {2}
}}
"""
GOODS: Final = POOL.format("good", f'"{GOOD}"', "") + BALANCER.format("a", "good", "")
VARIABLE: Final = f'variable "a" {{\n  default = "{BAD}"\n}}\n'


def balanced(address: str = f'"{BAD}"', of: str = "", more: str = "") -> str:
    return GOODS + POOL.format("bad", address, of) + BALANCER.format("b", "bad", more)


COUNTRY: Final = 'steering_policy = "geo"\n  country_pools {{\n    country = "{}"\n    pool_ids = [cloudflare_load_balancer_pool.bad.id]\n  }}'
TERRAFORM: Final = {
    "plain": ({"main.tf": balanced()}, "found"),
    "types without quotes": ({"main.tf": GOODS, "b.tf": balanced().removeprefix(GOODS).replace('"cloudflare_load_balancer"', "cloudflare_load_balancer")}, "found"),
    "files of OpenTofu": ({"main.tf": GOODS, "b.tofu": balanced().removeprefix(GOODS)}, "found"),
    "overriding files of OpenTofu": (
        {"main.tf": GOODS + POOL.format("bad", f'"{BAD}"', ""), "override.tofu": 'resource "cloudflare_load_balancer" "a" {\n  default_pool_ids = [cloudflare_load_balancer_pool.bad.id]\n}\n'},
        "found",
    ),
    "a module of OpenTofu": ({"main.tf": GOODS + 'module "m" {\n  source = "./m"\n}\n', "m/main.tofu": balanced()}, "found"),
    "small letters": ({"main.tf": balanced(more="").replace("pool.bad.id]", "pool.good.id]").replace("  \n}", COUNTRY.format("ca") + "\n}")}, "found"),
    **{f"enabled = {said}": ({"main.tf": balanced(of=f"enabled = {said}")}, "found") for said in ("0", '"0"', "null", '"False"', '"no"')},
    **{f"weight = {said}": ({"main.tf": balanced(of=f"weight = {said}")}, "found") for said in ("0", '"0"')},
    **{
        f"address = {said}": ({"main.tf": VARIABLE + balanced(said)}, "found")
        for said in ("var.a", f'"::ffff:{BAD}"', '"${"198"}.51.100.1"', 'join(".", ["198", "51", "100", "1"])')
    },
    "a variable that is not given": ({"main.tf": 'variable "a" {}\n' + balanced("var.a")}, "open"),
    "a value of a file that may be meant": ({"main.tf": VARIABLE.replace(BAD, GOOD) + balanced("var.a"), "prod.tfvars": f'a = "{BAD}"\n'}, "found"),
    "a record set of another kind": (
        {"main.tf": GOODS + f'resource "aws_route53_records_exclusive" "x" {{\n  zone_id = "z"\n  resource_record_set {{\n    name = "b"\n    type = "A"\n    ttl = 1\n    resource_records {{\n      value = "{BAD}"\n    }}\n  }}\n}}\n'},
        "open",
    ),
    "geoproximity far away": (
        {"main.tf": f'resource "aws_route53_record" "x" {{\n  zone_id = "z"\n  name = "b"\n  type = "A"\n  records = ["{BAD}"]\n  set_identifier = "x"\n  geoproximity_routing_policy {{\n    aws_region = "us-east-1"\n    bias = "-99"\n  }}\n}}\n'},
        "found",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TERRAFORM)
def test_terraform(folder: Path, name: str) -> None:
    files, expected = TERRAFORM[name]
    assert outcome(folder, files) == expected


def test_terraform_of_nothing_but_good(folder: Path) -> None:
    idle = 'resource "aws_route53_resolver_rule" "r" {\n}\nresource "aws_route53_zone" "z" {\n  name = "a"\n}\n'
    assert outcome(folder, {"main.tf": GOODS + idle}) == "overlooked"


MAP: Final = """
m => {{
  geoip2_db => x.mmdb, datacenters => [g, b],
  map => {{ default => [g], {} }}
  {}
}}
"""
WWW: Final = f"www => {{ map => m, service_types => up, dcmap => {{ g => {GOOD}, b => {BAD} }} }}\n"
GDNSD: Final = {
    **{
        said: (said, "")
        for said in (
            "NA => { CA => [b] }", "na => { ca => b }", '"NA" => { "CA" => "b" }', "N\\065 => { CA => [g, b] }", "EU => { NO => b }",
            "EU => { no => b }", "NA => { ca => [b], CA => [g] }", "NA => { default => b }", "NA => b", "skip_level => TRUE, CA => b",
            "NA => { CA => { ON => { Toronto => b } } }",
        )
    },
    **{
        said: ("", f"nets => {{ {said} }}")
        for said in (
            "203.0.113.0/24 => b", "203.0.113.7/24 => b", "0.0.0.0/0 => b", "203.0.113.0/24 => g, 203.0.113.0/25 => b",
            "203.0.113.0/24 => b, 203.0.113.0/25 => g, 203.0.113.128/25 => g, 203.0.114.0/24 => b",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", GDNSD)
def test_gdnsd(folder: Path, name: str) -> None:
    inner, more = GDNSD[name]
    files = {"geo-maps": MAP.format(inner, more), "geo-resources": WWW}
    assert outcome(folder, files) == "found"
    assert outcome(folder, {**files, "geo-maps": MAP.format("", "")}) == "overlooked"
    if "nets" not in more:
        turned = {key: text.replace("=>", "=") for key, text in files.items()}
        assert outcome(folder, turned) == "found"
    assert outcome(folder, {**files, "geo-resources": WWW.replace(BAD, f"::ffff:{BAD}")}) == "found"
    assert outcome(folder, {**files, "geo-resources": WWW.replace(BAD, "0306.063.0144.1")}) == "found"


@pytest.mark.parametrize(
    "text",
    [
        "x { a = 1 }, jicofo { bridge { region-groups = [[us-east-1, cn-north-1]] } }\n",
        '{ "jicofo" : { "bridge" : { "region-groups" : [["us-east-1", "cn-north-1"]] } } }\n',
        "jicofo.bridge.region-groups=[[us-east-1,cn-north-1]]\n",
        'jicofo."bridge"."region-groups" = [[us-east-1], [cn-north-1]]\n',
    ],
)
def test_jicofo(folder: Path, text: str) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "jicofo.conf").write_text(text)
    (folder / "conf" / "zone.yaml").write_text(ZONE)
    found = gated("conf", planes=["media"])
    assert "cn-north-1" in {each.place.site for each in found.report.findings}
