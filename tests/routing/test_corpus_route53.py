"""Real configurations of Route 53; what is expected is worked out from their text alone."""

import json
import re

from auditor.routing import route53
from auditor.routing.model import File, Routing
from auditor.routing.store import Kept
from tests.routing.corpus import real
from tests.routing.route53.zones import client, ways

TEMPLATE = "route53/gerrit-cf-geo-location-routing.yml"
BATCH = "route53/octodns-pool-only-in-fallback.change-batch.json"
A, B = "a-1.us-east-1.elb.amazonaws.com", "b-1.eu-west-1.elb.amazonaws.com"
GIVEN = {
    "HostedZoneName": "example.com", "HostedZoneId": "Z1", "DefaultAliasTarget": "SITE_A",
    "GlobalSubdomainName": "review", "SiteAAliasTarget": A, "SiteAContinentCode": "NA", "SiteBAliasTarget": B,
    "SiteBContinentCode": "EU",
}  # fmt: skip


def template(text: bytes | None = None) -> tuple[Routing, list[str]]:
    file = real(TEMPLATE)
    data = text or file.data
    given = json.dumps([{"ParameterKey": key, "ParameterValue": value} for key, value in GIVEN.items()]).encode()
    (routing,) = route53.read([File("dns.yml", data), File("prod.json", given)], Kept({}))
    return routing, data.decode().splitlines()


def test_the_health_check_of_site_b_probes_site_a() -> None:
    routing, lines = template()
    assert list(routing.unread) == []
    (remark,) = [each for each in routing.remarks if "guards" in each.text]
    assert lines[remark.at.line - 1].strip() == "HealthCheckSiteB:"
    assert A in remark.text
    europe = ways(routing, "review.example.com A EU/DE")
    assert europe == {B: [], A: [f"target:{B}"]}  # the check that both share takes both away: B answers on
    assert lines[client(routing, "review.example.com A EU/DE").at.line - 1].strip().startswith("- Name:")


def test_with_a_check_of_its_own_site_b_fails_over_by_it() -> None:
    text = real(TEMPLATE).data.decode()
    at = text.index("HealthCheckSiteB:")
    mended = text[:at] + text[at:].replace("!Ref SiteAAliasTarget", "!Ref SiteBAliasTarget", 1)
    routing, _ = template(mended.encode())
    assert not any("guards" in each.text for each in routing.remarks)
    found = ways(routing, "review.example.com A EU/DE")
    assert set(found) == {A, B}
    assert len(found[A]) == 1
    down = frozenset({f"host:{B}"})
    answer = routing.replay(client(routing, "review.example.com A EU/DE"), down)
    assert {routing.pools[pool].site for pool in answer.pools} == {A}


def test_without_values_of_its_parameters_it_is_open_at_their_lines() -> None:
    file = real(TEMPLATE)
    (routing,) = route53.read([file], Kept({}))
    lines = file.data.decode().splitlines()
    assert routing.unread
    for each in routing.unread:
        assert re.search("GeoLocation|DNSName", lines[each.at.line - 1])
        assert each.why.startswith("depends on what is known only when it is deployed")
    assert any("HealthCheckSiteB guards" in each.text for each in routing.remarks)


def test_the_change_batch_is_read_whole() -> None:
    file = real(BATCH)
    (routing,) = route53.read([file], Kept({}))
    assert list(routing.unread) == []
    sets = [each["ResourceRecordSet"] for each in json.loads(file.data)["Changes"]]
    values = {value["Value"] for each in sets for value in each.get("ResourceRecords", [])}
    assert set(routing.sites) == values
    checks = {f"check:{each['HealthCheckId']}" for each in sets if "HealthCheckId" in each}
    assert set(routing.faults) == checks
    names = {each["Name"].rstrip(".") for each in sets if "GeoLocation" in each}
    assert {each.name.split(" ")[0] for each in routing.clients} == names
    lines = file.data.decode().splitlines()
    for site in routing.sites.values():
        around = "".join(lines[max(0, site.at.line - 3) : site.at.line + 6])
        assert site.name in around
    (name,) = names
    assert [len(each) for each in ways(routing, f"{name} A NA/US").values()] == [0, 1, 2]
    assert [len(each) for each in ways(routing, f"{name} A AS/SG").values()] == [0, 1]
