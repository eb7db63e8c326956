"""Traffic policies: the graph from the start to the endpoints."""

import json
from typing import Any

import pytest

from auditor.model.errors import InputError
from auditor.routing import route53
from auditor.routing.model import File
from auditor.routing.store import Kept
from tests.routing.route53.zones import client, texts_of, unread, ways

POLICY: dict[str, Any] = {
    "AWSPolicyFormatVersion": "2015-10-01",
    "RecordType": "A",
    "StartRule": "where",
    "Endpoints": {
        "de": {"Type": "value", "Value": "192.0.2.1"},
        "us": {"Type": "application-load-balancer", "Value": "lb-1.us-east-1.elb.amazonaws.com"},
        "cn": {"Type": "elastic-load-balancer", "Value": "lb-2.cn-north-1.elb.amazonaws.com.cn"},
        "sorry": {"Type": "s3-website", "Region": "eu-central-1", "Value": "www.example.com"},
    },
    "Rules": {
        "where": {"RuleType": "geo", "Locations": [
            {"EndpointReference": "sorry", "IsDefault": True},
            {"RuleReference": "europe", "Continent": "EU", "EvaluateTargetHealth": True},
            {"RuleReference": "near", "Country": "US", "EvaluateTargetHealth": "true"}]},
        "europe": {"RuleType": "failover", "Primary": {"EndpointReference": "de", "HealthCheck": "h1"},
                   "Secondary": {"EndpointReference": "us", "EvaluateTargetHealth": "true"}},
        "near": {"RuleType": "geoproximity", "GeoproximityLocations": [
            {"EndpointReference": "us", "Region": "aws:route53:us-east-1", "Bias": "10", "EvaluateTargetHealth": False},
            {"EndpointReference": "cn", "Region": "aws:route53:cn-north-1", "EvaluateTargetHealth": False}]},
        "unused": {"RuleType": "weighted", "Items": [{"EndpointReference": "cn", "Weight": "3"}]},
    },
}  # fmt: skip
US, CN, SORRY = (
    "lb-1.us-east-1.elb.amazonaws.com", "lb-2.cn-north-1.elb.amazonaws.com.cn",
    "www.example.com.s3-website.eu-central-1.amazonaws.com",
)  # fmt: skip


def test_a_policy_is_followed_from_its_start() -> None:
    text = json.dumps(POLICY, indent=1)
    routing = texts_of({"policy.json": text.encode()})
    assert unread(routing) == []
    assert {each.name.split(" ")[0] for each in routing.clients} == {"where"}
    assert ways(routing, "where A EU/DE") == {"192.0.2.1": [], US: ["check:h1"], SORRY: ["check:h1", f"target:{US}"]}
    assert ways(routing, "where A NA/US") == {US: [], CN: []}
    assert ways(routing, "where A *") == {SORRY: []}
    assert routing.sites[SORRY].region == "aws/eu-central-1"
    line = text.splitlines()[client(routing, "where A EU/DE").at.line - 1]
    assert line.strip() == '"RuleReference": "europe",'


def test_what_an_item_does_not_say_of_health_may_be_either() -> None:
    policy = json.loads(json.dumps(POLICY))
    del policy["Rules"]["where"]["Locations"][1]["EvaluateTargetHealth"]
    routing = texts_of({"policy.json": json.dumps(policy).encode()})
    both = [each for each in routing.clients if each.name == "where A EU/DE"]
    down = frozenset({"check:h1", f"target:{US}"})
    sites = [{routing.pools[pool].site for pool in routing.replay(each, down).pools} for each in both]
    assert sorted(map(sorted, sites)) == [["192.0.2.1"], [SORRY]]


def test_the_answer_of_the_api_holds_a_policy_as_text() -> None:
    held = {"TrafficPolicy": {"Id": "1", "Version": 1, "Name": "mine", "Type": "A", "Document": json.dumps(POLICY)}}
    routing = texts_of({"policy.json": json.dumps(held, indent=1).encode()})
    assert ways(routing, "where A NA/US") == {US: [], CN: []}
    assert client(routing, "where A NA/US").at.line == 7
    held["TrafficPolicy"]["Document"] = '{"AWSPolicyFormatVersion": "2015-10-01", "Rules": {'
    broken = File("policy.json", json.dumps(held, indent=1).encode())
    with pytest.raises(InputError, match="the document of a traffic policy is not JSON") as caught:
        route53.read([broken], Kept({}))
    assert caught.value.record == 7


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("StartRule",), "gone", "is no rule of this policy that is known"),
        (("StartRule",), "", "needs either a StartRule or a StartEndpoint"),
        (("Rules", "europe", "RuleType"), "odd", "is no rule of this policy that is known"),
        (("Rules", "europe", "Primary", "EndpointReference"), "gone", "is no endpoint of this policy"),
        (("Rules", "europe", "Primary", "Odd"), 1, "is no part of an item of such a rule"),
        (("Rules", "europe", "Odd"), 1, "is no part of such a rule"),
        (("Rules", "where", "Locations"), [], "leads nowhere"),
        (("Odd",), 1, "is no part of a traffic policy"),
        (("Rules", "europe", "Secondary"), {"RuleReference": "where", "EvaluateTargetHealth": True},
         "leads back to itself"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told(path: tuple[str, ...], value: object, why: str) -> None:
    policy = json.loads(json.dumps(POLICY))
    at = policy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    routing = texts_of({"policy.json": json.dumps(policy).encode()})
    assert routing.unread[0].why.startswith(why)
    assert len(routing.unread) <= 2  # a rule that is none is an alias target that is none


def test_an_endpoint_may_be_all_there_is() -> None:
    policy = {**POLICY, "StartEndpoint": "de"}
    del policy["StartRule"]
    routing = texts_of({"policy.json": json.dumps(policy).encode()})
    assert ways(routing, "de A *") == {"192.0.2.1": []}
