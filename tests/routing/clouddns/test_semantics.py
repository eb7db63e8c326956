"""What Cloud DNS does, after its documentation: policy by policy, outage by outage."""

from auditor.model import countries
from auditor.routing.model import Routing
from tests.routing.clouddns.zones import (
    PRIVATE,
    PROBE,
    PUBLIC,
    Tree,
    answers,
    at,
    balancers,
    client,
    ends,
    files,
    listed,
    one,
    plain,
    remarks,
    unread,
    ways,
    weighing,
    zone,
)

N = "n.example.com."
EU, US, ASIA = "europe-west3", "us-central1", "asia-east1"
A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"


def down(*addresses: str) -> tuple[str, ...]:
    return tuple(f"host:{each} in projects/p/global/networks/n" for each in addresses)


def geo(*items: dict, **more: object) -> dict:
    return {"geo": {"items": list(items), **more}}


def backup(primary: dict, *items: dict, fenced: bool = False, trickle: float | None = None) -> dict:
    share = {} if trickle is None else {"trickleTraffic": trickle}
    return {"primaryBackup": {"primaryTargets": primary, **share,
            "backupGeoTargets": {"items": list(items), "enableFencing": fenced}}}  # fmt: skip


def test_a_machine_in_a_listed_region_is_sent_elsewhere_only_when_all_of_its_own_are_unhealthy() -> None:
    routing = zone(one(N, **geo(at(EU, balancers(A, B)), at(US, balancers(C)))))
    name = f"n.example.com A {EU}"
    assert ways(routing, name) == {A: [], B: [], C: sorted(down(A, B))}
    assert answers(routing, name) == {A, B}
    assert answers(routing, name, *down(A)) == {B}
    assert answers(routing, name, *down(A, B)) == {C}
    assert answers(routing, name, *down(A, B, C)) == {A, B}  # as if all were healthy
    assert client(routing, name).countries == "DE"
    assert unread(routing) == []


def test_of_other_regions_nobody_says_which_location_is_nearest() -> None:
    routing = zone(one(N, **geo(at(EU, balancers(A)), at(US, balancers(B)))))
    name = "n.example.com A *"
    assert ways(routing, name) == {A: [], B: []}
    assert answers(routing, name, *down(B)) == {A}
    assert answers(routing, name, *down(A, B)) == {A, B}
    assert {each.name.split()[-1]: each.countries for each in routing.clients} == {
        EU: "DE", US: "US", "*": countries.ANYWHERE,
    }  # fmt: skip
    assert "nearest to machines in regions that have none, and next closest to others, is not" in remarks(routing)


def test_what_everybody_gets_is_told_of_every_region() -> None:
    routing = zone(one(N, A), one("one.example.com.", **geo(plain(EU, B))))
    for name in ("n.example.com A", "one.example.com A"):
        assert {"europe-west1": "BE", "*": "*"}.items() <= {
            each.name.removeprefix(f"{name} "): each.countries for each in routing.clients
        }.items()
        assert len(ways(routing, f"{name} europe-west1")) == 1


def test_a_geofence_answers_with_what_is_unhealthy() -> None:
    routing = zone(one(N, **geo(at(EU, balancers(A, B)), at(US, balancers(C)), enableFencing=True)))
    name = f"n.example.com A {EU}"
    assert ways(routing, name) == {A: [], B: []}
    assert listed(routing, name) == {A, B}
    assert answers(routing, name, *down(A)) == {B}
    assert answers(routing, name, *down(A, B)) == {A, B}
    away = "n.example.com A *"
    assert answers(routing, away, *down(A, B)) == {A, B, C}  # either may be the nearest, and is not left


def test_in_a_public_zone_any_location_may_be_nearest_to_anybody() -> None:
    routing = zone(
        one(N, **geo(at(EU, ends("192.0.2.1")), at(US, ends("192.0.2.2"))), healthCheck=PROBE), server=PUBLIC
    )
    assert ways(routing, "n.example.com A DE") == {"192.0.2.1": [], "192.0.2.2": []}
    assert answers(routing, "n.example.com A DE", "host:192.0.2.1") == {"192.0.2.2"}
    assert {each.countries for each in routing.clients} == {*countries.CODES, countries.ANYWHERE}
    assert len({id(each.root) for each in routing.clients}) == 1
    assert client(routing, "n.example.com A DE").via == "the resolver"
    assert "not published" in remarks(routing)
    assert unread(routing) == []


def test_values_that_nobody_checks_keep_a_location_from_failing() -> None:
    routing = zone(one(N, **geo(at(EU, balancers(A), B), at(US, balancers(C)))))
    name = f"n.example.com A {EU}"
    assert listed(routing, name) == {A, B}
    assert answers(routing, name) == {A, B}
    assert answers(routing, name, *down(A)) == {B}
    assert ways(routing, f"n.example.com A {US}") == {C: [], A: list(down(C)), B: list(down(C))}


def test_a_fence_without_checks_does_nothing_and_is_remarked() -> None:
    routing = zone(one(N, **geo(plain(EU, A), plain(US, B), enableFencing=True)))
    assert ways(routing, f"n.example.com A {EU}") == {A: []}
    assert "its geofence does nothing" in remarks(routing)
    assert routing.faults == {}


def test_weights_share_among_those_that_are_healthy() -> None:
    wrr = {"wrr": {"items": [weighing(0.8, balancers(A)), weighing(0.2, balancers(B))]}}
    routing = zone(one(N, **wrr))
    name = "n.example.com A *"
    assert ways(routing, name) == {A: [], B: []}
    assert answers(routing, name, *down(A)) == {B}
    assert answers(routing, name, *down(A, B)) == {A, B}


def test_a_weight_of_zero_is_no_fence() -> None:
    wrr = {"wrr": {"items": [weighing(1, balancers(A)), weighing(0, balancers(B))]}}
    routing = zone(one(N, **wrr))
    name = "n.example.com A *"
    assert ways(routing, name) == {A: [], B: list(down(A))}
    assert answers(routing, name) == {A}
    assert answers(routing, name, *down(A)) == {B}
    assert answers(routing, name, *down(A, B)) == {A}
    assert "a weight of 0 is no fence" in remarks(routing)


def test_weights_that_are_all_zero_are_equal_and_remarked() -> None:
    routing = zone(one(N, wrr={"items": [weighing(0, balancers(A)), weighing(0, balancers(B))]}))
    assert answers(routing, "n.example.com A *") == {A, B}
    assert "all weights are 0" in remarks(routing)


def test_a_backup_answers_when_no_primary_target_is_healthy() -> None:
    routing = zone(one(N, **backup(balancers(A), at(EU, balancers(B)), at(US, balancers(C)))))
    name = f"n.example.com A {EU}"
    assert ways(routing, name) == {A: [], B: list(down(A)), C: sorted(down(A, B))}
    assert answers(routing, name) == {A}
    assert answers(routing, name, *down(A)) == {B}
    assert answers(routing, name, *down(A, B)) == {C}
    assert answers(routing, name, *down(A, B, C)) == {A, B}  # either as if all were healthy, or as backups do
    assert ways(routing, "n.example.com A *") == {A: [], B: list(down(A)), C: list(down(A))}


def test_fenced_backups_don_t_leave_their_location() -> None:
    routing = zone(one(N, **backup(balancers(A), at(EU, balancers(B)), at(US, balancers(C)), fenced=True)))
    name = f"n.example.com A {EU}"
    assert ways(routing, name) == {A: [], B: list(down(A))}
    assert answers(routing, name, *down(A, B)) == {A, B}


def test_a_share_that_always_goes_to_the_backups_needs_no_outage() -> None:
    routing = zone(one(N, **backup(balancers(A), at(EU, balancers(B)), at(US, balancers(C)), trickle=0.1)))
    name = f"n.example.com A {EU}"
    assert ways(routing, name) == {A: [], B: [], C: list(down(B))}
    assert answers(routing, name) == {A, B}
    assert "get 0.1 of the traffic" in remarks(routing)


def test_a_share_of_one_is_a_failover_by_hand() -> None:
    routing = zone(one(N, **backup(balancers(A), at(EU, balancers(B)), at(US, balancers(C)), trickle=1)))
    name = f"n.example.com A {EU}"
    assert ways(routing, name) == {B: [], C: list(down(B)), A: sorted(down(B, C))}
    assert answers(routing, name) == {B}
    assert answers(routing, name, *down(B, C)) == {A, B}
    assert "get all of the traffic" in remarks(routing)


def test_names_are_followed_within_the_zone() -> None:
    routing = zone(
        one("www.example.com.", kind="CNAME", **geo(plain(EU, "eu.example.com."), plain(US, "x.wild.example.com."))),
        one("eu.example.com.", wrr={"items": [weighing(1, balancers(A)), weighing(0, balancers(B))]}),
        one("*.wild.example.com.", C),
        one("alias.example.com.", "www.example.com.", kind="CNAME"),
        one("far.example.com.", "host.example.net.", kind="CNAME"),
    )  # fmt: skip
    assert ways(routing, f"alias.example.com CNAME {EU}") == {A: [], B: list(down(A))}
    assert ways(routing, f"www.example.com CNAME {US}") == {C: []}
    assert ways(routing, "far.example.com CNAME *") == {"host.example.net": []}
    assert routing.sites["host.example.net"].hosts == ("host.example.net",)
    assert "eu.example.com A is judged as a part of www.example.com CNAME" in remarks(routing)
    assert not any(each.name.startswith("eu.example.com") for each in routing.clients)
    assert unread(routing) == []


def test_a_name_in_a_private_zone_may_lead_to_a_public_one() -> None:
    public = one("www.example.org.", **geo(plain(EU, "192.0.2.1"), plain(US, "192.0.2.2")))
    inside = [one("example.com.", PRIVATE, kind="NS"), one(N, "www.example.org.", kind="CNAME")]
    routing = files(**{"in.json": inside, "out.json": [one("example.org.", PUBLIC, kind="NS"), public]})
    assert [each.name for each in routing.clients if each.name.startswith("n.")] == ["n.example.com CNAME *"]
    assert ways(routing, "n.example.com CNAME *") == {"192.0.2.1": [], "192.0.2.2": []}
    assert unread(routing) == []


def test_hosts_of_services_and_mail_are_followed() -> None:
    routing = zone(one("example.com.", "10 mail.example.com.", kind="MX"), one("mail.example.com.", A),
                   one("_sip._udp.example.com.", "1 1 5060 sip.example.com.", kind="SRV"), one("sip.example.com.", B),
                   one("none.example.com.", "0 0 0 .", kind="SRV"))  # fmt: skip
    assert ways(routing, "example.com MX *") == {A: []}
    assert ways(routing, "_sip._udp.example.com SRV *") == {B: []}


def test_one_load_balancer_fails_in_one_way_or_in_as_many_as_it_is_checked() -> None:
    shared = zone(one(N, **geo(at(EU, balancers(A)), at(US, balancers(A)), at(ASIA, balancers(B)))))
    assert ways(shared, f"n.example.com A {EU}") == {A: [], B: list(down(A))}
    two = zone(one(N, **geo(at(EU, balancers(A)), at(US, balancers(A, port="80")), at(ASIA, balancers(B)))))
    assert sorted(two.faults) == sorted(
        [
            *down(A, B),
            f"check:{A} in projects/p/global/networks/n tcp 443",
            f"check:{A} in projects/p/global/networks/n tcp 80",
        ]
    )
    assert answers(two, f"n.example.com A {EU}", f"check:{A} in projects/p/global/networks/n tcp 443") == {A, B}


def test_a_regional_load_balancer_is_where_it_says_and_a_location_says_nothing_of_targets() -> None:
    routing = zone(one(N, **geo(at(EU, balancers(A, region=US)), plain(ASIA, B))))
    assert routing.sites[A].region == f"gcp/{US}"
    assert routing.sites[B].region == ""
    assert f"clients of {EU} are sent to {US}" in remarks(routing)
    odd = zone(one(N, **geo(at(EU, balancers(A, region=US)), at(US, balancers(A, region=EU)))))
    assert odd.sites[A].region == ""


def test_what_cloud_dns_would_refuse_is_told() -> None:
    assert [each.split(",")[0] for each in unread(zone(one(N, **geo(at(EU, balancers(A)))), server=PUBLIC))] == [
        "Cloud DNS checks internal load balancers in private zones alone"
    ]
    twice = zone(one(N, **geo(plain(EU, A), plain(EU, B))))
    assert unread(twice) == ["two items have one location, and either may answer; keep one"]
    assert ways(twice, f"n.example.com A {EU}") == {A: [], B: []}
    assert [each.split(";")[0] for each in unread(zone(one(N, **geo(plain("europe-west99", A), plain(US, B)))))] == [
        "is no region of Google Cloud that is known"
    ]
    nameless = zone(one(N, **geo(at(EU, ends("192.0.2.1")))), server=PUBLIC)
    assert unread(nameless) == ["external endpoints need the health check of the policy; name one"]
    named = zone(one(N, "192.0.2.300"), one("m.example.com.", kind="TXT"), one("o.example.com.", "x", kind="NAPTR"))
    assert {each.split(";")[0] for each in unread(named)} == {
        "is no value of type A", "has neither values nor a routing policy",
        "a record set needs a name and a type that is known",
    }  # fmt: skip


def test_every_answer_is_told_step_by_step_with_its_line() -> None:
    routing = zone(one(N, **geo(at(EU, balancers(A)), at(US, balancers(B)))))
    answer = routing.replay(client(routing, f"n.example.com A {EU}"), frozenset(down(A)))
    assert [step.text for step in answer.steps] == [
        "europe-west3 is nearest",
        f"load balancer {A} in projects/p/global/networks/n is unhealthy",
        "nothing in europe-west3 is healthy: the next closest location answers",
        f"n.example.com A answers {B}",
    ]
    assert all(step.at.file == "zone.json" and step.at.line > 1 for step in answer.steps)


def test_what_never_answers_behind_a_policy_is_judged_by_its_own_name() -> None:
    def light(value: str, *more: Tree) -> Routing:
        items: list[Tree] = [{"weight": 1, "rrdatas": [value]}, {"weight": 0, "rrdatas": ["b.example.com."]}]
        return zone(
            one("n.example.com.", kind="CNAME", wrr={"items": items}), one("b.example.com.", "192.0.2.2"), *more
        )

    routing = light("a.example.com.", one("a.example.com.", "192.0.2.1"))
    assert ways(routing, "n.example.com CNAME *") == {"192.0.2.1": []}
    assert ways(routing, "b.example.com A *") == {"192.0.2.2": []}
    assert not any(each.name.startswith("a.example.com") for each in routing.clients)
    twice = light("b.example.com.")
    assert not any(each.name.startswith("b.example.com") for each in twice.clients)
