import random

import pytest

from auditor.model.errors import InputError
from auditor.routing import powerdns
from auditor.routing.model import File, Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import powerdns_random
from tests.routing.brute import disagreements

ZONES = """\
domains:
- domain: example.com
  ttl: 30
  records:
    example.com:
      - soa: ns1.example.com hostmaster.example.com 1 7200 3600 1209600 3600
    fin.eu.svc.example.com: [{a: 192.0.2.1}]
    as.svc.example.com:
      - a: {content: 192.0.2.2, weight: 50}
      - a: 192.0.2.3
    unknown.svc.example.com: [{cname: cdn.example.net}]
    office.example.com: [{aaaa: "2001:db8::9"}]
  services:
    www.example.com:
      default: ['%co.%cn.svc.example.com', '%cn.svc.example.com']
      198.51.100.0/24: office.example.com
"""


def read(text: str) -> Routing:
    file = File("zones.yaml", text.encode())
    assert powerdns.sniff(file)
    (routing,) = powerdns.read([file], Kept({}))
    assert disagreements(routing) == []
    return routing


def told(routing: Routing) -> dict[str, set[frozenset[str]]]:
    """Tell for each class what it may be answered, a set for each way to understand the file."""
    proof = prove(routing)
    found: dict[str, set[frozenset[str]]] = {}
    for client in routing.clients:
        pools = frozenset(proof[id(client.root)].pools) if client.root else frozenset()
        found.setdefault(client.name, set()).add(pools)
    return found


def single(formats: str, records: str) -> Routing:
    head = "domains:\n- domain: example.com\n  ttl: 30\n  records:\n"
    return read(f"{head}{records}  services:\n    www.example.com: {formats}\n")


def test_countries_continents_networks_and_the_rest() -> None:
    routing = read(ZONES)
    found = told(routing)
    assert found["www.example.com CN"] == {frozenset({"192.0.2.2", "192.0.2.3"})}
    # with two letters the continent's empty non-terminal ends the search
    assert found["www.example.com FI"] == {frozenset({"192.0.2.1"}), frozenset()}
    assert found["www.example.com DE"] == {frozenset()}
    assert found["www.example.com 198.51.100.0/24"] == {frozenset({"2001:db8::9"})}
    assert found["www.example.com *"] == {frozenset({"cdn.example.net"})}
    assert routing.sites["cdn.example.net"].hosts == ("cdn.example.net",)
    assert routing.sites["192.0.2.1"].addresses == ("192.0.2.1",)
    # nobody is in North America by records of the file: the CNAME leads to a name that is not there
    assert found["www.example.com US"] == {frozenset()}
    assert list(routing.unread) == []
    assert routing.sites["192.0.2.2"].at.line == 9


def test_the_last_name_outside_becomes_a_cname() -> None:
    routing = single("['%cc.example.com', '%cc.cdn.example.net']", "    de.example.com: [{a: 192.0.2.1}]\n")
    found = told(routing)
    assert found["www.example.com DE"] == {frozenset({"192.0.2.1"})}
    assert found["www.example.com FR"] == {frozenset({"fr.cdn.example.net"})}
    assert found["www.example.com *"] == {frozenset({"unknown.cdn.example.net"})}


def test_a_cname_is_followed_to_services_and_wildcards() -> None:
    records = "    '*.w.example.com': [{a: 192.0.2.5}]\n"
    assert told(single("'%cc.w.example.com'", records))["www.example.com DE"] == {frozenset({"192.0.2.5"})}


def test_records_of_the_service_itself_come_along_or_stop_its_cname() -> None:
    records = "    www.example.com: [{a: 192.0.2.1}]\n    in.example.com: [{a: 192.0.2.2}]\n"
    assert told(single("in.example.com", records)) == {"www.example.com *": {frozenset({"192.0.2.1", "192.0.2.2"})}}
    assert told(single("cdn.example.net", records))["www.example.com *"] == {frozenset()}


def test_what_a_country_does_not_decide_may_be_anything() -> None:
    records = "    a1.re.example.com: [{a: 192.0.2.1}]\n    b2.re.example.com: [{a: 192.0.2.2}]\n"
    routing = single("['%re.re.example.com', cdn.example.net]", records)
    assert told(routing)["www.example.com *"] == {
        frozenset({"192.0.2.1"}), frozenset({"192.0.2.2"}), frozenset({"cdn.example.net"})
    }  # fmt: skip


def test_mappings_of_the_file_and_of_the_domain() -> None:
    text = """\
mapping_lookup_formats: ['%cc', '%cn']
custom_mapping: {de: near, as: far}
domains:
- domain: example.com
  ttl: 30
  records:
    near.example.com: [{a: 192.0.2.1}]
    far.example.com: [{a: 192.0.2.2}]
  services: {www.example.com: '%mp.example.com'}
"""
    found = told(read(text))
    assert found["www.example.com DE"] == {frozenset({"192.0.2.1"})}
    assert found["www.example.com CN"] == {frozenset({"192.0.2.2"})}
    assert found["www.example.com FR"] == {frozenset()}


def test_shares_below_a_thousandth_are_never_chosen() -> None:
    records = "    x.example.com: [{a: {content: 192.0.2.1, weight: 1}}, {a: {content: 192.0.2.2, weight: 5000}}]\n"
    assert told(single("x.example.com", records))["www.example.com *"] == {frozenset({"192.0.2.2"})}


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("lua: A \"ifportup(443, {'192.0.2.1'})\"", "Lua"),
        ("{a: 192.0.2.1, b: 1}", "item of its own"),
        ("{a: {content: 192.0.2.1, weight: 0}}", "weights"),
        ("{a: {content: 192.0.2.1, share: 1}}", "attribute"),
        ("{a: '%ip4'}", "no address"),
        ("{dname: example.net}", "type"),
        ("{ns: ns.example.net}", "delegation"),
        ("{cname: !x [1]}", "text"),
    ],
)
def test_what_is_not_understood_stays_with_its_line(record: str, why: str) -> None:
    routing = single("x.example.com", f"    x.example.com:\n      - {record}\n")
    assert [(unread.at.line, why in unread.why) for unread in routing.unread] == [(6, True)]


def test_a_country_that_nobody_knows_is_open() -> None:
    routing = single("'%cc.example.com'", "    ap.example.com: [{a: 192.0.2.1}]\n")
    assert ["no country that is known" in each.why for each in routing.unread] == [True]


def test_a_key_that_stands_twice_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match=r":17:3: key `services` stands twice \(first in line 13\); keep one"):
        read(ZONES + "  services: {}\n")


@pytest.mark.parametrize(
    "text",
    [
        "domains: [{domain: '', records: {'': [{a: 192.0.2.1}], a..: []}, services: {'': '', .: '%'}}]",
        "domains: [1, null, {domain: x, services: 3}, {domain: x, records: [1], services: [1]}]",
        "domains: [{domain: a, ttl: 1, records: {a: 1, b.a: [1, null, {}]}}]",
        "domains: [{domain: a, ttl: 1, services: {x.a: [[1]], y.a: null, z.a: {q: 1}}}]",
        "domains: [{domain: a, ttl: 1, records: {a: [{cname: a}], b.a: [{cname: c.a}], c.a: [{cname: b.a}]}}]",
        "domains: [{domain: a, ttl: 1, services: {y.a: " + "z." * 5000 + "}}]",
    ],
)
def test_hostile_files_are_read_or_refused(text: str) -> None:
    routing = read(text)
    assert routing.unread or all(client.root is None for client in routing.clients)


def test_cnames_that_multiply_are_refused() -> None:
    records = "".join(
        f"    r{n}.example.com: [{', '.join(f'{{cname: r{m}.example.com}}' for m in range(30))}]\n" for n in range(30)
    )
    with pytest.raises(InputError, match="split the file"):
        single("r0.example.com", records)


def test_other_files_are_not_taken() -> None:
    assert not powerdns.sniff(File("f.yaml", b"domains: [a]\ndomain: x\nrecords: {}\n"))
    assert not powerdns.sniff(File("f.yaml", b"www: {type: A, value: 192.0.2.1}\n"))


def test_random_files_agree_with_their_interpreter() -> None:
    for seed in range(15):
        files = powerdns_random.configuration(random.Random(f"test {seed}"))
        read(files["zones.yaml"].decode())
