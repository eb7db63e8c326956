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
  - {name: good, country: CA, role: relay, networks: [192.0.2.0/24, "2001:db8:1::/48"]}
  - {name: bad, country: CN, role: relay, networks: [198.51.100.0/24, "2001:db8:2::/48"]}
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
    if any((each.rule, each.place.site) == (rule, "bad") for each in found.report.findings):
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
