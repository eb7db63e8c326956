"""What the API and gcloud print: lists, pages, documents of YAML, changes, managed zones, health checks."""

import json

import pytest

from auditor.model.errors import InputError
from auditor.routing import clouddns
from auditor.routing.collect import collect
from auditor.routing.model import File
from auditor.routing.store import Kept
from tests.routing.clouddns.zones import (
    PROBE,
    PUBLIC,
    Tree,
    answers,
    at,
    ends,
    files,
    one,
    plain,
    remarks,
    texts_of,
    unread,
    ways,
)

EXPORT = b"""\
---
kind: dns#resourceRecordSet
name: example.com.
rrdatas:
- ns-gcp-private.googledomains.com.
ttl: 21600
type: NS
---
kind: dns#resourceRecordSet
name: geo.example.com.
routingPolicy:
  geo:
    enableFencing: true
    items:
    - location: europe-west3
      healthCheckedTargets:
        internalLoadBalancers:
        - ipAddress: 10.0.0.1
          ipProtocol: tcp
          loadBalancerType: regionalL4ilb
          networkUrl: https://www.googleapis.com/compute/v1/projects/p/global/networks/n
          port: '443'
          project: p
          region: europe-west3
    - location: us-central1
      rrdatas:
      - 10.0.1.1
    kind: dns#rRSetRoutingPolicyGeoPolicy
  kind: dns#rRSetRoutingPolicy
ttl: 5
type: A
"""
GEO: Tree = {"geo": {"items": [plain("europe-west3", "192.0.2.1"), plain("us-central1", "192.0.2.2")]}}
N = "n.example.com."


def test_what_gcloud_exports_is_read_with_its_lines() -> None:
    (found,) = collect(["zone.yaml"], Kept({"zone.yaml": EXPORT})).routings
    assert found.format == "clouddns"
    assert found.unread == ()
    own = next(each for each in found.clients if each.name == "geo.example.com A europe-west3")
    assert own.at.line == EXPORT[: EXPORT.index(b"- location")].count(b"\n") + 1
    assert found.sites["10.0.0.1"].at.line == EXPORT[: EXPORT.index(b"ipAddress")].count(b"\n") + 1
    assert found.sites["10.0.1.1"].at.line == EXPORT[: EXPORT.index(b"10.0.1.1")].count(b"\n") + 1
    assert ways(found, own.name) == {"10.0.0.1": []}


def test_a_list_without_its_response_is_read_too() -> None:
    routing = files(**{"zone.json": [one("example.com.", PUBLIC, kind="NS"), one(N, **GEO)]})
    assert ways(routing, "n.example.com A FR") == {"192.0.2.1": [], "192.0.2.2": []}
    assert unread(routing) == []


def test_without_its_zone_it_is_not_known_how_clients_are_located() -> None:
    routing = files(**{"zone.json": [one(N, **GEO)]})
    (why,) = unread(routing)
    assert why.startswith("whether its zone is public or private is not in these files")
    assert [each.name for each in routing.clients] == ["n.example.com A *"]
    assert ways(routing, "n.example.com A *") == {"192.0.2.1": [], "192.0.2.2": []}
    alone = files(**{"zone.json": [one(N, "192.0.2.1")]})
    assert unread(alone) == []
    items = [at("europe-west3", ends("192.0.2.1")), plain("us-central1", "192.0.2.2")]
    checked = files(**{"z.json": [one(N, geo={"items": items}, healthCheck=PROBE)]})
    assert unread(checked) == []  # external endpoints are checked in public zones alone


@pytest.mark.parametrize(("visibility", "name"), [("public", "DE"), ("private", "europe-west3")])
def test_a_managed_zone_says_how_clients_are_located(visibility: str, name: str) -> None:
    managed = {"kind": "dns#managedZone", "name": "z", "dnsName": "example.com.", "visibility": visibility}
    other = {"kind": "dns#managedZone", "name": "y", "dnsName": "com.", "visibility": "public"}
    routing = files(**{"zone.json": [one(N, **GEO)], "zones.json": {"managedZones": [other, managed]}})
    assert unread(routing) == []
    assert len(ways(routing, f"n.example.com A {name}")) == (2 if visibility == "public" else 1)


def test_a_zone_of_two_faces_is_two_zones() -> None:
    inside = [one("example.com.", "ns-gcp-private.googledomains.com.", kind="NS"), one(N, **GEO)]
    outside = [one("example.com.", PUBLIC, kind="NS"), one(N, **GEO)]
    routing = files(**{"in.json": inside, "out.json": outside})
    assert ways(routing, "n.example.com A in in.json europe-west3") == {"192.0.2.1": []}
    assert len(ways(routing, "n.example.com A in out.json DE")) == 2
    assert unread(routing) == []


def test_changes_are_made_to_what_is_listed() -> None:
    old, new = one(N, "192.0.2.1"), one(N, "192.0.2.2")
    apex = one("example.com.", PUBLIC, kind="NS")
    change = {"kind": "dns#change", "additions": [new], "deletions": [old]}
    routing = files(**{"zone.json": {"rrsets": [apex, old]}, "transaction.yaml": change})
    assert answers(routing, "n.example.com A DE") == {"192.0.2.2"}
    assert unread(routing) == []
    gone = files(**{"zone.json": {"rrsets": [apex]}, "transaction.json": change})
    assert [each.split(" in ")[0] for each in unread(gone)] == ["what is deleted has to stand once"]
    alone = files(**{"transaction.json": change})
    assert "changes without the record sets" in remarks(alone)
    assert answers(alone, "n.example.com A DE") == {"192.0.2.2"}
    other = [one("example.org.", PUBLIC, kind="NS"), one("n.example.org.", **GEO)]
    several = {
        "additions": [one(N, **GEO), one("m.example.org.", **GEO)],
        "deletions": [old, one("example.com.", "x", kind="SOA")],
    }
    two = files(**{"zone.json": {"rrsets": [apex, old]}, "other.json": other, "transaction.json": several})
    assert unread(two) == []
    assert len(ways(two, "n.example.com A DE")) == len(ways(two, "m.example.org A DE")) == 2
    added = files(**{"zone.json": {"rrsets": [apex, old]}, "c.json": {**change, "deletions": []}})
    assert unread(added) == ["is defined twice, and either may be what is served; keep one definition"]
    assert answers(added, "n.example.com A DE") == {"192.0.2.1", "192.0.2.2"}


def test_a_change_deletes_only_what_it_spells_out() -> None:
    apex = one("example.com.", PUBLIC, kind="NS")
    listed = {"rrsets": [apex, one(N, "192.0.2.1"), one("m.example.com.", **GEO)]}
    for deleted in (one(N, "192.0.2.9"), one("m.example.com.", "192.0.2.1"), {"name": N, "type": "A"}):
        routing = files(**{"zone.json": listed, "c.json": {"kind": "dns#change", "deletions": [deleted]}})
        assert [each.split(",")[0] for each in unread(routing)] == [
            "what is deleted has to stand once in the record sets that are given"
        ]
        assert answers(routing, "n.example.com A DE") == {"192.0.2.1"}
    same = {"additions": [], "deletions": [{**one(N, "192.0.2.1"), "ttl": 9}, one("m.example.com.", **GEO)]}
    listed["rrsets"].append(one("o.example.com.", "192.0.2.4"))
    routing = files(**{"zone.json": listed, "c.json": same})
    assert unread(routing) == []
    assert {each.name.partition(" ")[0] for each in routing.clients} == {"o.example.com"}


def test_hints_of_services_are_answers_too() -> None:
    apex = one("example.com.", PUBLIC, kind="NS")
    value = '1 . alpn="h2,h3" ipv4hint=192.0.2.1,192.0.2.2 ipv6hint="2001:db8::1"'
    routing = files(**{"zone.json": [apex, one(N, value, kind="HTTPS"), one(N, "192.0.2.3")]})
    assert answers(routing, "n.example.com HTTPS DE") == {"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"}
    assert routing.sites["2001:db8::1"].addresses == ("2001:db8::1",)
    assert unread(routing) == []
    alias = files(**{"zone.json": [apex, one(N, "0 a.example.net. ipv4hint=192.0.2.1", kind="HTTPS")]})
    assert answers(alias, "n.example.com HTTPS DE") == {"a.example.net"}
    for odd in ("key4=192.0.2.1", "ipv4hint=\\192", "IPV4HINT=x", "ipv6hint"):
        routing = files(**{"zone.json": [apex, one(N, f"1 a.example.net. {odd}", kind="SVCB")]})
        assert [each.split(";")[0] for each in unread(routing)] == ["is a hint in other words"]


def test_a_page_behind_which_more_follow_is_told() -> None:
    routing = files(**{"zone.json": {"rrsets": [one(N, "192.0.2.1")], "nextPageToken": "x"}})
    assert [each.split(";")[0] for each in unread(routing)] == ["more pages follow"]


def test_a_health_check_of_too_few_regions_is_remarked() -> None:
    policy = {"geo": {"items": [at("europe-west3", ends("192.0.2.1"))]}, "healthCheck": PROBE}
    probe: Tree = {"kind": "compute#healthCheck", "name": "probe", "sourceRegions": ["us-east1", "us-west1"]}
    zone = [one("example.com.", PUBLIC, kind="NS"), one(N, **policy)]
    assert "names 2 source regions" in remarks(files(**{"zone.json": zone, "checks.json": [probe]}))
    probe["sourceRegions"].append("asia-east1")
    assert remarks(files(**{"zone.json": zone, "checks.json": [probe]})) == ""


def test_what_is_not_known_is_kept() -> None:
    odd = one(N, geo={"items": [{**plain("europe-west3", "192.0.2.1"), "new": 1}], "also": True}, wrr={}, x=[1])
    routing = files(**{"zone.json": [one("example.com.", PUBLIC, kind="NS"), {**odd, "flavour": "sour"}, {"a": 1}]})
    assert sorted(each.text for each in routing.unread) == ["a", "also", "flavour", "new", "x"]
    both = files(
        **{"z.json": [{**one(N, "192.0.2.1"), "routingPolicy": GEO}, one("m.example.com.", geo={}, wrr=GEO["geo"])]}
    )
    assert "has values and a routing policy; keep one of them" in unread(both)


def test_two_policies_of_one_record_set_may_both_answer() -> None:
    wrr = {"wrr": {"items": [{"weight": 1, "rrdatas": ["192.0.2.3"]}]}}
    routing = files(**{"z.json": [one("example.com.", PUBLIC, kind="NS"), one(N, **GEO, **wrr)]})
    assert "a routing policy is one of wrr, geo and primaryBackup; keep one of them" in unread(routing)
    assert answers(routing, "n.example.com A DE") == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}


@pytest.mark.parametrize(
    ("name", "tree", "known"),
    [("a.json", {"name": "x", "type": "A", "rrdatas": ["192.0.2.1"]}, True),
     ("a.json", {"apiVersion": "dns.example/v1beta1", "kind": "DNSRecordSet", "spec": {"rrdatas": []}}, False),
     ("a.json", {"www": {"type": "A", "value": "192.0.2.1", "rrdatas": []}}, False),
     ("a.json", {"note": "dns#resourceRecordSet"}, False)],
)  # fmt: skip
def test_files_are_known_by_what_they_hold(name: str, tree: Tree, known: bool) -> None:
    assert clouddns.sniff(File(name, json.dumps(tree).encode())) is known


def test_a_broken_list_is_an_error_with_its_place() -> None:
    with pytest.raises(InputError, match=r"zone\.yaml:4:1: .*tab"):
        collect(["zone.yaml"], Kept({"zone.yaml": EXPORT.replace(b"rrdatas", b"\trrdatas", 1)}))


def test_one_name_in_capitals_is_the_same_name() -> None:
    routing = texts_of({"z.json": json.dumps([one("*.Example.com.", "192.0.2.1"),
                        one("www.example.com.", "A.EXAMPLE.com.", kind="CNAME")]).encode()})  # fmt: skip
    assert ways(routing, "www.example.com CNAME *") == {"192.0.2.1": []}
