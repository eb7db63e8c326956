"""For names below a delegation other servers answer: that is told, and what a zone holds there is not accused."""

import json
import random
from typing import Any

import pytest

from auditor.routing import octodns
from auditor.routing.delegations import WHY, cut_at
from auditor.routing.model import File, Routing
from auditor.routing.store import Kept
from tests.routing.clouddns import zones as google
from tests.routing.route53 import zones as amazon

GOOD, GLUE, SERVER = "192.0.2.1", "198.51.100.1", "ns1.dev.example.com."


def names(routing: Routing) -> set[str]:
    return {client.name.split()[0].removesuffix(".") for client in routing.clients if client.root is not None}


def told(routing: Routing) -> list[str]:
    return [each.text for each in routing.unread if each.why == WHY]


def test_the_cut_that_is_met_first_counts() -> None:
    cuts = {"dev.example.com", "a.dev.example.com", "xdev.example.com"}
    assert cut_at("b.a.dev.example.com", cuts) == "dev.example.com"
    assert cut_at("dev.example.com", cuts) == "dev.example.com"
    assert cut_at("example.com", cuts) == ""
    assert cut_at("ev.example.com", cuts) == ""
    assert cut_at("", cuts) == ""


def sets(delegated: str = "dev.example.com.", soa: bool = True) -> list[Any]:
    """Write record sets as both APIs are asked for them: name, value, type."""
    apex = [("example.com.", "ns-cloud-b1.googledomains.com. admin. 1 1 1 1 1", "SOA")] if soa else []
    return [
        *apex, ("example.com.", "ns-cloud-b1.googledomains.com.", "NS"), ("www.example.com.", GOOD, "A"),
        ("app.example.com.", "x.dev.example.com.", "CNAME"), (delegated, SERVER, "NS"), (SERVER, GLUE, "A"),
        ("x.dev.example.com.", GLUE, "A"),
    ]  # fmt: skip


@pytest.mark.parametrize("soa", [True, False])
def test_listings(soa: bool) -> None:
    for make in (google, amazon):
        listed = [make.one(name, value, kind=kind) for name, value, kind in sets(soa=soa)]  # type: ignore[attr-defined]
        tree = {"rrsets": listed} if make is google else {"ResourceRecordSets": listed}
        routing = make.files(**{"zone.json": tree})  # type: ignore[attr-defined]
        assert told(routing) == ["dev.example.com NS"]
        assert names(routing) == {"www.example.com", "app.example.com"}
        assert {site for site in routing.sites if not site.startswith("ns-")} == {GOOD, "x.dev.example.com"}


def test_what_sends_nobody_anywhere_may_be_delegated() -> None:
    for make in (google, amazon):
        listed = [make.one(name, value, kind=kind) for name, value, kind in sets("_acme-challenge.example.com.")]  # type: ignore[attr-defined]
        tree = {"rrsets": listed} if make is google else {"ResourceRecordSets": listed}
        assert told(make.files(**{"zone.json": tree})) == []  # type: ignore[attr-defined]


def test_a_zone_that_is_given_too_answers() -> None:
    soa = "ns. admin. 1 1 1 1 1"
    below = [("dev.example.com.", soa, "SOA"), ("dev.example.com.", SERVER, "NS"), ("y.dev.example.com.", GLUE, "A")]
    for make, key in ((google, "rrsets"), (amazon, "ResourceRecordSets")):
        one: Any = make.one  # type: ignore[attr-defined]
        trees = {"a.json": sets(), "b.json": below}
        routing = make.files(**{  # type: ignore[attr-defined]
            name: {key: [one(*each[:2], kind=each[2]) for each in listed]} for name, listed in trees.items()
        })  # fmt: skip
        assert told(routing) == []
        assert "y.dev.example.com" in names(routing)


def test_a_change_takes_a_delegation_back() -> None:
    listed = [amazon.one(name, value, kind=kind) for name, value, kind in sets()]
    change = {"Action": "DELETE", "ResourceRecordSet": amazon.one("dev.example.com.", SERVER, kind="NS")}
    routing = amazon.files(**{"zone.json": {"ResourceRecordSets": listed}, "change.json": {"Changes": [change]}})
    assert told(routing) == []
    assert "x.dev.example.com" in names(routing)
    given = [google.one(name, value, kind=kind) for name, value, kind in sets()]
    gone = {"kind": "dns#change", "deletions": [google.one("dev.example.com.", SERVER, kind="NS")], "additions": []}
    routing = google.files(**{"zone.json": {"rrsets": given}, "change.json": gone})
    assert told(routing) == []
    assert "x.dev.example.com" in names(routing)


CODE = """
resource "aws_route53_zone" "main" {
  name = "example.com"
}
resource "aws_route53_record" "own" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "example.com"
  type    = "NS"
  records = ["ns.example.net"]
}
resource "aws_route53_record" "dev" {
  zone_id = %s
  name    = "dev.example.com"
  type    = "NS"
  records = ["ns1.dev.example.com"]
}
resource "aws_route53_record" "x" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "x.dev"
  type    = "A"
  records = ["198.51.100.1"]
}
resource "aws_route53_record" "www" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "www"
  type    = "A"
  records = ["192.0.2.1"]
}
"""


def test_terraform() -> None:
    routing = amazon.texts_of({"main.tf": (CODE % "aws_route53_zone.main.zone_id").encode()})
    assert told(routing) == ["dev.example.com NS"]
    assert names(routing) == {"www.example.com"}
    routing = amazon.texts_of({"main.tf": (CODE % '"Z2"').encode()})  # of which zone this is nobody knows
    assert told(routing) == ["dev.example.com NS"]
    code = CODE.replace("aws_route53_zone", "google_dns_managed_zone").replace(
        "aws_route53_record", "google_dns_record_set"
    )
    for old, new in (("zone_id = g", "managed_zone = g"), (".zone_id", ".name"), ("records", "rrdatas"),
                     ('name = "example.com"\n}', 'name = "main"\n  dns_name = "example.com."\n}'),
                     ('"x.dev"', '"x.dev.example.com."'), ('"www"\n  type', '"www.example.com."\n  type')):  # fmt: skip
        code = code.replace(old, new)
    routing = google.texts_of(
        {"main.tf": (code.replace("zone_id = %s", "managed_zone = google_dns_managed_zone.main.name")).encode()}
    )
    assert told(routing) == ["dev.example.com NS"]
    assert names(routing) == {"www.example.com"}


ZONE = """
'':
  - {type: NS, values: [ns.example.net.]}
www: {type: A, value: 192.0.2.1}
dev:
  - {type: NS, values: [ns1.dev.example.com.]}
ns1.dev: {type: A, value: 198.51.100.1}
_acme-challenge: {type: NS, value: ns.example.net.}
"""


def test_octodns() -> None:
    def read(**texts: str) -> list[Routing]:
        files = [File(name, text.encode()) for name, text in texts.items()]
        return octodns.read(files, Kept({file.name: file.data for file in files}))

    (routing,) = read(**{"example.com.yaml": ZONE})
    assert told(routing) == ["NS"]
    assert [each.at.line for each in routing.unread] == [6]
    assert routing.unread[0].names == ("dev.example.com. NS *",)
    assert names(routing) == {"www.example.com"}
    both = read(**{"example.com.yaml": ZONE, "dev.example.com.yaml": "y: {type: A, value: 198.51.100.1}\n"})
    assert [told(each) for each in both] == [[], []]
    assert names(both[1]) == {"y.dev.example.com"}


def test_random_zones_answer_as_a_server_does() -> None:
    """RFC 1034, section 4.3.2: down from the apex, whoever meets name servers is referred to them."""
    chance = random.Random("delegations")
    for _ in range(60):
        labels = ["a", "b", "c"]
        every = [".".join(chance.choices(labels, k=depth)) + ".example.com" for depth in (1, 2, 2, 3, 3, 3)]
        cuts = set(chance.sample(every, 2))
        held = dict.fromkeys(every)
        soa = ("example.com.", "ns. admin. 1 1 1 1 1", "SOA")
        listed = [soa, *((f"{each}.", SERVER, "NS") for each in sorted(cuts)),
                  *((f"{each}.", GOOD, "A") for each in held)]  # fmt: skip
        served = set()
        for name in held:
            parts = name.split(".")
            if not any(".".join(parts[at:]) in cuts for at in range(len(parts))):
                served.add(name)
        for make, key in ((google, "rrsets"), (amazon, "ResourceRecordSets")):
            one: Any = make.one  # type: ignore[attr-defined]
            tree = json.loads(json.dumps({key: [one(name, value, kind=kind) for name, value, kind in listed]}))
            assert names(make.files(**{"zone.json": tree})) == served  # type: ignore[attr-defined]
