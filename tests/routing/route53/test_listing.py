"""Record sets as the API lists them, and changes of them."""

import json

import pytest

from auditor.model.errors import InputError
from auditor.routing import route53
from auditor.routing.model import File, Line
from auditor.routing.store import Kept
from tests.routing.route53.zones import Tree, alias, answers, check, client, files, one, texts_of, unread, ways, zone

N = "n.example.com."


def change(action: str, record: Tree) -> Tree:
    return {"Action": action, "ResourceRecordSet": record}


def test_pages_belong_together_and_may_overlap() -> None:
    record = one(N, "192.0.2.1", Weight=1, SetIdentifier="a")
    following = {"NextRecordName": N, "NextRecordType": "A", "NextRecordIdentifier": "b"}
    routing = files(**{
        "1.json": {"ResourceRecordSets": [record], "IsTruncated": True, **following, "MaxItems": "1"},
        "2.json": {"ResourceRecordSets": [record, one(N, "192.0.2.2", Weight=1, SetIdentifier="b")]},
    })  # fmt: skip
    assert answers(routing, "n.example.com A *") == {"192.0.2.1", "192.0.2.2"}
    assert unread(routing) == []
    assert {each.at.file for each in routing.sites.values()} == {"1.json", "2.json"}


def test_two_pages_in_one_file_are_read() -> None:
    pages = [json.dumps({"ResourceRecordSets": [one(f"{name}.example.com.", "192.0.2.1")]}) for name in "ab"]
    routing = texts_of({"both.json": "\n".join(pages).encode()})
    assert client(routing, "a.example.com A *").at == Line("both.json", 1)
    assert client(routing, "b.example.com A *").at == Line("both.json", 2)


@pytest.mark.parametrize(
    "more",
    [{"IsTruncated": True}, {"IsTruncated": True, "NextRecordName": "z.example.com.", "NextRecordType": "A"},
     {"NextToken": "abc"}],
)  # fmt: skip
def test_a_list_that_goes_on_keeps_from_passing(more: Tree) -> None:
    first = {"ResourceRecordSets": [one(N, "192.0.2.1")], **more}
    routing = files(**{"1.json": first})
    assert unread(routing) == ["more pages follow; give all of them"]
    assert routing.unread[0].at.line > 10
    ended = {"ResourceRecordSets": [one("z.example.com.", "192.0.2.2")], "IsTruncated": False}
    assert unread(files(**{"1.json": first, "2.json": ended})) == []


def test_pages_of_health_checks_are_all_needed() -> None:
    page = {"HealthChecks": [check("h1")], "Marker": "", "IsTruncated": True, "NextMarker": "h2"}
    records = {"ResourceRecordSets": [one(N, "192.0.2.1")]}
    assert unread(files(**{"c.json": page, "z.json": records})) == ["more pages follow; give all of them"]


def test_changes_are_applied_to_what_there_is() -> None:
    routing = files(**{
        "changes.json": {"Comment": "move", "Changes": [
            change("UPSERT", one(N, "192.0.2.9", Weight=1, SetIdentifier="a")),
            change("DELETE", one(N, "192.0.2.2", Weight=1, SetIdentifier="b")),
            change("CREATE", one(N, "192.0.2.3", Weight=1, SetIdentifier="c"))]},
        "zone.json": {"ResourceRecordSets": [
            one(N, "192.0.2.1", Weight=1, SetIdentifier="a"), one(N, "192.0.2.2", Weight=1, SetIdentifier="b")]},
    })  # fmt: skip
    assert answers(routing, "n.example.com A *") == {"192.0.2.9", "192.0.2.3"}
    assert routing.sites["192.0.2.9"].at.file == "changes.json"
    assert unread(routing) == []


def test_a_batch_as_the_api_takes_it_is_read_alone() -> None:
    batch = {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [
        change("DELETE", one(N, "192.0.2.1")), change("CREATE", one(N, "192.0.2.2"))]}}  # fmt: skip
    routing = files(**{"batch.json": batch})
    assert ways(routing, "n.example.com A *") == {"192.0.2.2": []}
    assert unread(routing) == []
    assert [each.text.split(":")[0] for each in routing.remarks] == ["changes without the record sets that they change"]


@pytest.mark.parametrize(
    ("changes", "message", "line"),
    [
        ([change("CREATE", one(N, "192.0.2.2"))], "creates n.example.com A, which there is", 4),
        ([change("DELETE", one("other.example.com.", "192.0.2.2"))], "deletes other.example.com. A, which there is", 4),
    ],
)
def test_changes_that_route_53_refuses_are_errors(changes: list[Tree], message: str, line: int) -> None:
    texts = {
        "zone.json": json.dumps({"ResourceRecordSets": [one(N, "192.0.2.1")]}).encode(),
        "changes.json": json.dumps({"Changes": changes}, indent=1).encode(),
    }
    with pytest.raises(InputError, match=message) as caught:
        route53.read([File(name, text) for name, text in texts.items()], Kept(texts))
    assert (caught.value.source, caught.value.record) == ("changes.json", line)


def test_blocks_of_addresses_are_classes_and_everybody_else_is_by_country() -> None:
    def by(location: str, value: str, **more: str) -> Tree:
        place = {"CollectionId": "c1", "LocationName": location}
        return one(N, value, CidrRoutingConfig=place, SetIdentifier=location, **more)

    routing = files(**{
        "zone.json": {"ResourceRecordSets": [by("office", "192.0.2.1", HealthCheckId="h1"), by("*", "192.0.2.2")]},
        "blocks.json": {"CidrBlocks": [{"CidrBlock": "198.51.100.0/24", "LocationName": "office"},
                                       {"CidrBlock": "2001:db8::/32", "LocationName": "office"}]},
        "checks.json": {"HealthChecks": [check("h1")]},
    })  # fmt: skip
    office = [each for each in routing.clients if each.name == "n.example.com A office"]
    assert {each.networks for each in office} == {("198.51.100.0/24", "2001:db8::/32")}
    possible = [{routing.pools[pool].site for pool in routing.replay(each, frozenset({"host:h1.example.net"})).pools}
                for each in office]  # fmt: skip
    assert sorted(map(sorted, possible)) == [["192.0.2.1"], ["192.0.2.2"]]  # which of them is not documented
    assert ways(routing, "n.example.com A EU/DE") == {"192.0.2.2": []}
    assert unread(routing) == []


def test_blocks_that_are_not_given_keep_from_passing() -> None:
    place = {"CollectionId": "c1", "LocationName": "office"}
    routing = zone(one(N, "192.0.2.1", CidrRoutingConfig=place, SetIdentifier="a"))
    assert [each.split(";")[0] for each in unread(routing)] == ["the blocks of this location are not in these files"]
    assert ways(routing, "n.example.com A office") == {"192.0.2.1": []}


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (one(N, "192.0.2.1", Surprise=1), "is no element of a record set that is known"),
        (one(N, "192.0.2.1", Weight=256, SetIdentifier="a"), "a weight is a whole number from 0 to 255"),
        (one(N, "192.0.2.1", Weight=1, Region="eu-west-1", SetIdentifier="a"), "can't have both Weight and Region"),
        (one(N, "2001:db8::1"), "a record of type A needs addresses of its family"),
        (one(N, "192.0.2.1", GeoLocation={"CountryCode": "UK"}, SetIdentifier="a"), "is no country"),
        (one(N, "192.0.2.1", GeoLocation={"CountryCode": False}, SetIdentifier="a"), "is no country"),
        (one(N, "192.0.2.1", GeoLocation={"CountryCode": "EH"}, SetIdentifier="a"), "is a country for which Route 53"),
        (one(N, "192.0.2.1", GeoLocation={"ContinentCode": "XX"}, SetIdentifier="a"), "is no continent of Route 53"),
        (one(N, "192.0.2.1", GeoLocation={"CountryCode": "DE", "SubdivisionCode": "BY"}, SetIdentifier="a"),
         "a location is a continent, a country"),
        (one(N, "192.0.2.1", Failover="THIRD", SetIdentifier="a"), "must be PRIMARY or SECONDARY"),
        (one(N, "192.0.2.1", TrafficPolicyInstanceId="i"), "is made by a traffic policy"),
        (one(N, "x", kind="NAPTR"), "records of this type are not followed"),
        (alias(N, "gone.example.com."), "no record of type A has the name of this alias target"),
        ({"Name": N, "Type": "A"}, "has neither values nor an alias target"),
        ({**one(N, "192.0.2.1"), **alias(N, "x")}, "can't have both values and an alias target"),
        (one(N, "192.0.2.1", AZAffinity={"LocationType": "Region"}, SetIdentifier="a"), "AZ-affinity goes by the zone"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told_with_its_line(record: Tree, why: str) -> None:
    routing = zone(one("first.example.com.", "192.0.2.7"), record)
    (found,) = routing.unread
    assert found.why.startswith(why)
    assert found.at.file == "zone.json"
    assert found.at.line > 12
    assert ways(routing, "first.example.com A *") == {"192.0.2.7": []}


def test_records_that_send_nobody_anywhere_are_no_matter() -> None:
    routing = zone(one("example.com.", "ns-1.example.net.", kind="NS"), one("example.com.", '"x"', kind="TXT"),
                   one("example.com.", "a. b. 1 2 3 4 5", kind="SOA"), one(N, "192.0.2.1"))  # fmt: skip
    assert unread(routing) == []
    assert {each.name.split(" ")[0] for each in routing.clients} == {"n.example.com"}


def test_a_check_that_is_not_given_fails_by_itself() -> None:
    routing = zone(one(N, "192.0.2.1", Failover="PRIMARY", SetIdentifier="p", HealthCheckId="gone"),
                   one(N, "192.0.2.2", Failover="SECONDARY", SetIdentifier="s"))  # fmt: skip
    assert ways(routing, "n.example.com A *")["192.0.2.2"] == ["check:gone"]
    assert ["gone is not in these files" in each.text for each in routing.remarks] == [True]


def test_foreign_json_is_not_ours() -> None:
    for text in (b'{"Resources": {}}', b'{"ResourceRecordSets": 1}', b"[]", b"hello: world", b'{"Changes": [1]}',
                 b'{"Parameters": {"a": {"Type": "String"}}, "Tags": {}}'):  # fmt: skip
        assert not route53.sniff(File("x.json", text))
    assert route53.sniff(File("x.json", b'{"ResourceRecordSets": [}'))  # so that it is told
    assert not route53.sniff(File("x.md", b'A "ResourceRecordSets": [} in prose: - ['))
