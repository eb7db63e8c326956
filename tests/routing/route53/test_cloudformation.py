"""CloudFormation templates: what is resolved exactly, and what is left open."""

import json

import pytest

from auditor.routing.model import Line
from tests.routing.route53.zones import answers, client, texts_of, unread, ways

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Domain: {Type: String, Default: example.com}
  Stage: {Type: String, Default: prod}
  Home:
    Type: String
  Blocks: {Type: CommaDelimitedList, Default: "198.51.100.0/24, 203.0.113.0/24"}
Mappings:
  Stages:
    prod: {Weight: 5, Region: eu-west-1}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  Never: !Not [!Condition IsProd]
Resources:
  Balancer: {Type: "AWS::ElasticLoadBalancingV2::LoadBalancer"}
  CheckEu:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig:
        Type: HTTPS
        FullyQualifiedDomainName: !Sub "eu.${Domain}"
        Port: "443"
  Group:
    Type: AWS::Route53::RecordSetGroup
    Properties:
      HostedZoneName: !Join ["", [!Ref Domain, "."]]
      RecordSets:
        - Name: !Sub "www.${Domain}."
          Type: A
          SetIdentifier: eu
          GeoLocation: {ContinentCode: EU}
          HealthCheckId: !Ref CheckEu
          AliasTarget:
            HostedZoneId: !GetAtt Balancer.CanonicalHostedZoneID
            DNSName: !GetAtt Balancer.DNSName
            EvaluateTargetHealth: !If [IsProd, true, false]
        - Name: !Sub "www.${Domain}."
          Type: A
          SetIdentifier: rest
          GeoLocation: {CountryCode: "NO"}
          TTL: "60"
          ResourceRecords: [192.0.2.1]
  Skipped:
    Type: AWS::Route53::RecordSet
    Condition: Never
    Properties: {Name: never.example.com, Type: A, TTL: "60", ResourceRecords: [192.0.2.9]}
  Weighted:
    Type: AWS::Route53::RecordSet
    Condition: IsProd
    Properties:
      Name: !Select [0, !Split [",", !Sub "w.${Domain},x"]]
      Type: A
      SetIdentifier: a
      Weight: !FindInMap [Stages, !Ref Stage, Weight]
      HealthCheckId: !Ref AWS::NoValue
      ResourceRecords: [192.0.2.2]
  Alias:
    Type: AWS::Route53::RecordSet
    Properties:
      Name: a.example.com
      Type: A
      AliasTarget: {HostedZoneId: Z1, DNSName: !Ref Weighted, EvaluateTargetHealth: false}
  Collection:
    Type: AWS::Route53::CidrCollection
    Properties:
      Name: c
      Locations: [{LocationName: office, CidrList: !Ref Blocks}]
  Office:
    Type: AWS::Route53::RecordSet
    Properties:
      Name: o.example.com
      Type: A
      SetIdentifier: o
      CidrRoutingConfig: {CollectionId: !GetAtt Collection.Id, LocationName: office}
      ResourceRecords: [192.0.2.3]
"""


def test_a_template_is_read_with_its_lines() -> None:
    routing = texts_of({"dns.yaml": TEMPLATE.encode()})
    assert unread(routing) == []
    eu = "www.example.com A EU/DE"
    assert ways(routing, eu) == {"${Balancer.DNSName}": []}
    assert answers(routing, eu, "host:eu.example.com") == {"${Balancer.DNSName}"}
    lines = TEMPLATE.splitlines()
    assert lines[client(routing, eu).at.line - 1].strip().startswith('- Name: !Sub "www')
    assert lines[routing.faults["host:eu.example.com"].at.line - 1] == "  CheckEu:"
    assert lines[routing.sites["192.0.2.2"].at.line - 1].strip().startswith("Name: !Select")
    assert ways(routing, "a.example.com A *") == {"192.0.2.2": []}
    assert not any(each.name.startswith("never.") for each in routing.clients)
    (office, *_) = [each for each in routing.clients if each.name == "o.example.com A office"]
    assert office.networks == ("198.51.100.0/24", "203.0.113.0/24")
    assert routing.sites["${Balancer.DNSName}"].hosts == ()


def test_norway_is_a_country_and_is_answered_by_its_own_record_first() -> None:
    routing = texts_of({"dns.yaml": TEMPLATE.encode()})
    norway = client(routing, "www.example.com A EU/NO")
    assert norway.countries == "NO"
    assert answers(routing, "www.example.com A EU/NO") == {"192.0.2.1"}
    open_ = texts_of({"dns.yaml": TEMPLATE.replace('"NO"', "NO").encode()})
    (found,) = open_.unread
    assert found.why.startswith("stands without quotes")
    assert TEMPLATE.splitlines()[found.at.line - 1].strip() == 'GeoLocation: {CountryCode: "NO"}'


def test_json_says_the_same() -> None:
    tree = {"Resources": {
        "C": {"Type": "AWS::Route53::HealthCheck", "Properties": {"HealthCheckConfig": {
            "Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [{"Ref": "D"}]}}},
        "D": {"Type": "AWS::Route53::HealthCheck", "Properties": {"HealthCheckConfig": {
            "Type": "TCP", "IPAddress": "192.0.2.7", "Port": 443}}},
        "P": {"Type": "AWS::Route53::RecordSet", "Properties": {
            "Name": {"Fn::Join": [".", ["n", "example", "com"]]}, "Type": "A", "Failover": "PRIMARY",
            "SetIdentifier": "p", "HealthCheckId": {"Fn::GetAtt": ["C", "HealthCheckId"]}, "TTL": "60",
            "ResourceRecords": ["192.0.2.1"]}},
        "S": {"Type": "AWS::Route53::RecordSet", "Properties": {
            "Name": {"Fn::Sub": ["n.${of}", {"of": "example.com"}]}, "Type": "A", "Failover": "SECONDARY",
            "SetIdentifier": "s", "TTL": "60", "ResourceRecords": ["192.0.2.2"]}},
    }}  # fmt: skip
    routing = texts_of({"dns.template": json.dumps(tree).encode()})
    assert ways(routing, "n.example.com A *") == {"192.0.2.1": [], "192.0.2.2": ["host:192.0.2.7"]}
    assert unread(routing) == []


OPEN = """\
Parameters:
  Where: {Type: String}
  Target: {Type: String}
Conditions:
  Some: !Equals [!Ref Where, EU]
Resources:
  R:
    Type: AWS::Route53::RecordSet
    Condition: Some
    Properties:
      Name: n.example.com
      Type: A
      SetIdentifier: r
      GeoLocation: {ContinentCode: !Ref Where}
      AliasTarget: {HostedZoneId: Z1, DNSName: !Ref Target}
"""


def test_what_is_known_only_at_deployment_stays_open_with_its_lines() -> None:
    routing = texts_of({"dns.yaml": OPEN.encode()})
    assert sorted((each.at.line, each.why.split(";")[0].split(" (")[0]) for each in routing.unread) == [
        (9, "whether it exists is known only when it is deployed"),
        (14, "depends on what is known only when it is deployed"),
        (15, "depends on what is known only when it is deployed"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        [{"ParameterKey": "Where", "ParameterValue": "EU"}, {"ParameterKey": "Target", "ParameterValue": "192.0.2.1"}],
        {"Parameters": {"Where": "EU", "Target": "x.eu-west-1.elb.amazonaws.com"}, "Tags": {}},
    ],
)
def test_parameters_that_are_given_settle_it(given: object) -> None:
    if isinstance(given, list):
        given[1]["ParameterValue"] = "x.eu-west-1.elb.amazonaws.com"
    routing = texts_of({"dns.yaml": OPEN.encode(), "prod.json": json.dumps(given).encode()})
    assert unread(routing) == []
    assert ways(routing, "n.example.com A EU/DE") == {"x.eu-west-1.elb.amazonaws.com": []}
    assert client(routing, "n.example.com A NA/US").root is None


@pytest.mark.parametrize(
    ("head", "resource", "why"),
    [
        ("Transform: Mine\n", "", "a macro changes this template"),
        ("", '  "Fn::ForEach::X": [A, [b], {}]\n', "makes resources by a loop"),
        ("", "  Api: {Type: 'AWS::Serverless::Api', Properties: {Domain: {Route53: {HostedZoneId: Z}}}}\n",
         "makes record sets of a domain"),
        ("", "  Twice: {Type: 'AWS::Route53::RecordSet', Properties: {Name: n.example.com, Type: A, "
             "ResourceRecords: [192.0.2.8]}}\n", "is defined twice"),
        ("", "  Odd: {Type: 'AWS::Route53::RecordSetGroup', Properties: {RecordSets: !Ref Elsewhere}}\n",
         "its record sets are not known"),
    ],
)  # fmt: skip
def test_what_changes_a_template_keeps_from_passing(head: str, resource: str, why: str) -> None:
    plain = ("Resources:\n  R:\n    Type: AWS::Route53::RecordSet\n    Properties: {Name: n.example.com, Type: A, "
             "ResourceRecords: [192.0.2.1]}\n")  # fmt: skip
    routing = texts_of({"dns.yaml": f"{head}{plain}{resource}".encode()})
    (found,) = routing.unread
    assert found.why.startswith(why)
    assert found.at == Line("dns.yaml", 1 if head else 5)
    assert "192.0.2.1" in ways(routing, "n.example.com A *")


def test_a_private_zone_answers_by_the_region_of_the_network() -> None:
    text = """\
Resources:
  Zone: {Type: "AWS::Route53::HostedZone", Properties: {Name: in.example.com, VPCs: [{VPCId: v, VPCRegion: eu-west-1}]}}
  R:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneId: !Ref Zone
      Name: n.in.example.com
      Type: A
      SetIdentifier: r
      GeoLocation: {CountryCode: "*"}
      ResourceRecords: [192.0.2.1]
"""
    routing = texts_of({"dns.yaml": text.encode()})
    assert [(each.at.line, each.why.split(" by ")[0]) for each in routing.unread] == [(7, "a private zone answers")]
