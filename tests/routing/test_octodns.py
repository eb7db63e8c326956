import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.countries import CODES
from auditor.model.errors import InputError
from auditor.routing import continents, octodns
from auditor.routing.model import Client, File, Line, Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import octodns_random
from tests.routing.brute import disagreements
from tests.routing.parts import parts

NAME = "zones/example.com.yaml"
DYNAMIC = """\
---
www:
  dynamic:
    pools:
      asia:
        fallback: rest
        values:
          - value: 192.0.2.1
          - value: 192.0.2.2
            weight: 3
      europe:
        values:
          - value: 192.0.2.3
      rest:
        values:
          - value: 192.0.2.4
    rules:
      - subnets: [198.51.100.0/24, 2001:DB8::/32]
        pool: europe
      - geos: [NA-US-CA]
        pool: asia
      - geos:
          - AS
          - EU-NO
        pool: asia
      - geos: [EU]
        pool: europe
      - pool: rest
  octodns:
    healthcheck: {host: a.example.com, path: /up, port: 443, protocol: HTTPS}
    route53: {healthcheck: {measure_latency: false}}
  ttl: 60
  type: A
  values: [192.0.2.4, 192.0.2.9]
"""


def read(text: str, name: str = NAME, **others: str) -> Routing:
    store = Kept({path: data.encode() for path, data in others.items()})
    (routing,) = octodns.read([File(name, text.encode())], store)
    return routing


def answers(routing: Routing, name: str) -> list[dict[str, int]]:
    """Tell which addresses can answer each client of a name, and how many checks have to fail for that."""
    proof = prove(routing)
    told = []
    for client in named(routing, name):
        fewest: dict[str, int] = {}
        for pool, found in proof[id(client.root) if client.root else 0].pools.items():
            site = routing.pools[pool].site
            fewest[site] = min(found.size, fewest.get(site, found.size))
        told.append(fewest)
    return told


def named(routing: Routing, name: str) -> list[Client]:
    return [client for client in routing.clients if client.name == name]


def test_rules_pools_fallbacks_and_values() -> None:
    routing = read(DYNAMIC)
    assert routing.unread == ()
    asia = {"192.0.2.1": 0, "192.0.2.2": 0, "192.0.2.4": 2, "192.0.2.9": 3}
    europe = {"192.0.2.3": 0, "192.0.2.4": 1, "192.0.2.9": 1}
    rest = {"192.0.2.4": 0, "192.0.2.9": 1}
    for place, told in {
        "AS-CN": asia, "EU-NO": asia, "EU-DE": europe, "NA-US-CA": asia, "NA-US": rest, "AF-ZA": rest, "*": rest,
        "198.51.100.0/24 and 1 more": europe,
    }.items():  # fmt: skip
        assert answers(routing, f"www.example.com. A {place}") == [told], place


def test_classes_say_who_they_are_and_which_line_matched_them() -> None:
    routing = read(DYNAMIC)
    for place, line, countries in [
        ("NA-US-CA", 20, "US"), ("NA-US", 28, "US"), ("AS-CN", 23, "CN"), ("EU-NO", 24, "NO"), ("EU-DE", 26, "DE"),
        ("*", 28, "*"),
    ]:  # fmt: skip
        (client,) = named(routing, f"www.example.com. A {place}")
        assert (client.at, client.countries, client.via) == (Line(NAME, line), countries, "the resolver")
    (client,) = named(routing, "www.example.com. A 198.51.100.0/24 and 1 more")
    assert client.networks == ("198.51.100.0/24", "2001:db8::/32")
    assert {code for client in routing.clients for code in [client.countries]} == {*CODES, "*"}


def test_clients_of_one_rule_share_their_graph() -> None:
    routing = read(DYNAMIC)
    assert len({id(client.root) for client in routing.clients}) == 3


def test_a_check_belongs_to_a_value_of_a_record() -> None:
    text = DYNAMIC.replace("192.0.2.3\n", "192.0.2.4\n")
    routing = read(text)
    assert answers(routing, "www.example.com. A EU-DE") == [{"192.0.2.4": 0, "192.0.2.9": 1}]
    assert sorted(routing.faults) == [f"check:www.example.com. A 192.0.2.{number}" for number in (1, 2, 4)]
    assert routing.faults["check:www.example.com. A 192.0.2.4"].text == (
        "the health check of 192.0.2.4 for www.example.com. A fails"
    )


def test_statuses() -> None:
    text = DYNAMIC.replace("192.0.2.3\n", "192.0.2.3\n            status: down\n")
    routing = read(text)
    assert answers(routing, "www.example.com. A EU-DE") == [{"192.0.2.4": 0, "192.0.2.9": 0}]
    assert [remark.at.line for remark in routing.remarks if "status" in remark.text] == [14]
    routing = read(DYNAMIC.replace("192.0.2.3\n", "192.0.2.3\n            status: up\n"))
    assert answers(routing, "www.example.com. A EU-DE") == [{"192.0.2.3": 0}]


def test_a_replay_tells_its_steps() -> None:
    routing = read(DYNAMIC)
    (client,) = named(routing, "www.example.com. A EU-DE")
    down = frozenset({"check:www.example.com. A 192.0.2.3"})
    answer = routing.replay(client, down)
    assert answer.pools == {"www.example.com. A values: 192.0.2.4", "www.example.com. A values: 192.0.2.9"}
    assert [(step.at.line, step.text) for step in answer.steps] == [
        (26, "www.example.com. A EU-DE is matched here"),
        (11, "pool europe: no value is up, go on"),
        (34, "values: 192.0.2.4, 192.0.2.9 may answer"),
    ]


def test_continents_that_providers_draw_otherwise() -> None:
    routing = read(DYNAMIC)
    asia = {"192.0.2.1": 0, "192.0.2.2": 0, "192.0.2.4": 2, "192.0.2.9": 3}
    europe = {"192.0.2.3": 0, "192.0.2.4": 1, "192.0.2.9": 1}
    rest = {"192.0.2.4": 0, "192.0.2.9": 1}
    assert answers(routing, "www.example.com. A AS-CY") == [asia, europe]
    assert answers(routing, "www.example.com. A AS-TL") == [asia, rest]
    assert answers(routing, "www.example.com. A EU-XK") == [europe]
    routing = read(DYNAMIC.replace("EU-NO", "AS-CY").replace("- AS\n", "- EU-NO\n"))
    assert answers(routing, "www.example.com. A AS-CY") == [asia]


def test_rules_in_an_order_that_is_refused_mean_either() -> None:
    text = DYNAMIC.replace("- EU-NO", "- EU-SE").replace("geos: [EU]", "geos: [EU, EU-SE]")
    routing = read(text)
    (unread,) = routing.unread
    assert (unread.at.line, unread.text) == (26, "EU-SE")
    assert "www.example.com. A EU-SE" in unread.names
    assert len(answers(routing, "www.example.com. A EU-SE")) == 2
    assert len(answers(routing, "www.example.com. A EU-DE")) == 1


def test_old_geo_records_mean_what_any_provider_makes_of_them() -> None:
    text = """\
old:
  geo:
    EU-DE: [192.0.2.1, 192.0.2.2]
    EU: [192.0.2.3]
  type: A
  value: 192.0.2.4
"""
    routing = read(text)
    first = {"192.0.2.1": 0, "192.0.2.2": 0, "192.0.2.4": 1}
    climbing = {"192.0.2.1": 0, "192.0.2.2": 0, "192.0.2.3": 1, "192.0.2.4": 2}
    plain = {"192.0.2.4": 0}
    assert answers(routing, "old.example.com. A EU-DE") == [first, climbing, plain]
    assert answers(routing, "old.example.com. A EU-FR") == [{"192.0.2.3": 0, "192.0.2.4": 1}, plain]
    assert answers(routing, "old.example.com. A AS-CN") == [plain]
    assert answers(routing, "old.example.com. A *") == [plain]
    assert routing.unread == ()
    assert [remark.at.line for remark in routing.remarks] == [2]


def test_plain_records_are_for_everybody_and_say_where_hosts_are() -> None:
    text = """\
'': {type: ALIAS, value: one.example.com.}
mail: {type: MX, value: {exchange: one.example.com., preference: 1}}
one:
  - {type: A, values: [192.0.2.1, 192.0.2.2]}
  - {type: AAAA, value: '2001:DB8:0::1'}
two: {type: CNAME, value: Other.Example.net.}
"""
    routing = read(text)
    assert [client.name for client in routing.clients] == [
        "example.com. ALIAS *", "one.example.com. A *", "one.example.com. AAAA *", "two.example.com. CNAME *",
    ]  # fmt: skip
    assert routing.sites["one.example.com."].addresses == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert routing.sites["other.example.net."].hosts == ("other.example.net",)
    assert routing.sites["2001:db8::1"].addresses == ("2001:db8::1",)
    assert routing.unread == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "why"),
    [
        ("fallback: rest", "fallback: nowhere", 6, "nowhere", "no pool is called so"),
        ("fallback: rest", "fallback: asia", 6, "asia", "fallbacks go in a circle"),
        ("      - pool: rest\n", "      - pool: [rest]\n", 28, "['rest']", "no pool is called"),
        ("      - pool: rest\n", "", 26, "pool: europe", "the last rule has to be for all"),
        ("- EU-NO", "- EU-UK", 24, "EU-UK", "octoDNS knows no such place"),
        ("- EU-NO", "- AS-NO", 24, "AS-NO", "octoDNS knows no such place"),
        ("NA-US-CA", "NA-US-QQ", 20, "NA-US-QQ", "octoDNS knows no such place"),
        ("2001:DB8::/32", "198.51.100.1/24", 18, "198.51.100.1/24", "no subnet"),
        ("weight: 3", "weight: 0", 10, "0", "weights other than 1 to 100"),
        ("weight: 3", "status: on", 10, "on", "a status other than"),
        ("weight: 3", "wieght: 3", 10, "wieght", "no known key of a pool's value"),
        ("geos: [EU]", "geo: [EU]", 26, "geo", "no known key of a rule"),
        ("value: 192.0.2.3", "value: 192.0.2.300", 13, "192.0.2.300", "no address of a record of type A"),
        ("value: 192.0.2.3", "value: 2001:db8::1", 13, "2001:db8::1", "no address of a record of type A"),
        ("values: [192.0.2.4, 192.0.2.9]", "values: []", 34, "values", "a record without values"),
        ("measure_latency: false}}", "measure_latency: false}, steer: x}", 31, "route53", "setting for one provider"),
        ("type: A\n", "type: A\n  geo: {EU: [192.0.2.1]}\n", 34, "geo", "refuses `geo` beside `dynamic`"),
        ("    rules:\n", "    extra: 1\n    rules:\n", 17, "extra", "no known key of `dynamic`"),
        ("  ttl: 60", "  ttl: 60\n  lua: x", 33, "lua", "no known key of a record"),
        ("path: /up,", "path: /up}\n    ignored: true\n    ns1: {healthcheck: {", 31, "ignored", "as it is, unseen"),
    ],
)
def test_what_is_not_understood_keeps_its_record_open(old: str, new: str, line: int, what: str, why: str) -> None:
    text = DYNAMIC.replace(old, new, 1)
    if "ignored" in new:
        text = text.replace("protocol: HTTPS}", "protocol: HTTPS}}")
    routing = read(text)
    found = [each for each in routing.unread if each.at.line == line and each.text == what and why in each.why]
    assert len(found) == 1, routing.unread
    assert set(found[0].names) == {client.name for client in routing.clients}


def test_types_of_single_providers_are_not_passed_over() -> None:
    routing = read("www: {type: A, value: 192.0.2.1}\napi: {type: Route53Provider/ALIAS, values: [{type: A}]}\n")
    assert [(each.at.line, each.text, each.names) for each in routing.unread] == [
        (2, "Route53Provider/ALIAS", ("api.example.com. Route53Provider/ALIAS *",))
    ]
    assert answers(routing, "www.example.com. A *") == [{"192.0.2.1": 0}]


def test_two_records_of_one_name_mean_either() -> None:
    text = "www:\n  - {type: A, value: 192.0.2.1}\n  - {type: A, value: 192.0.2.2}\n"
    routing = read(text)
    assert answers(routing, "www.example.com. A *") == [{"192.0.2.1": 0}, {"192.0.2.2": 0}]
    assert [(each.at.line, each.names) for each in routing.unread] == [(3, ("www.example.com. A *",))]


def test_a_proxied_record_leads_elsewhere() -> None:
    routing = read("www: {octodns: {cloudflare: {proxied: true, auto-ttl: true}}, type: A, value: 192.0.2.1}\n")
    assert [each.text for each in routing.unread] == ["proxied"]
    routing = read("www: {octodns: {cloudflare: {proxied: false}}, type: A, value: 192.0.2.1}\n")
    assert routing.unread == ()


def test_what_older_yaml_makes_of_words() -> None:
    routing = read(DYNAMIC.replace("rest", "no"))
    assert {(each.at.line, each.text) for each in routing.unread} == {(14, "no")}
    assert [each.at.line for each in read("no: {type: A, value: 192.0.2.1}\n").remarks] == [1]
    assert read(DYNAMIC.replace("rest", "'no'")).unread == ()


def test_files_are_included_from_where_they_stand() -> None:
    routing = read(
        "<<: !include shared.yaml\nwww: !include parts/www.yaml\n",
        **{
            "zones/shared.yaml": "api: {type: A, value: 192.0.2.1}\n",
            "zones/parts/www.yaml": "type: A\nvalues: !include values.yaml\n",
            "zones/parts/values.yaml": "- 192.0.2.2\n- 192.0.2.3\n",
        },
    )
    assert [(client.name, client.at) for client in routing.clients] == [
        ("api.example.com. A *", Line("zones/shared.yaml", 1)),
        ("www.example.com. A *", Line("zones/parts/www.yaml", 1)),
    ]
    assert routing.sites["192.0.2.3"].at == Line("zones/parts/values.yaml", 2)
    assert sorted(file.name for file in routing.files) == [
        NAME, "zones/parts/values.yaml", "zones/parts/www.yaml", "zones/shared.yaml",
    ]  # fmt: skip


def test_several_files_are_included_as_one() -> None:
    text = "www: {type: A, values: !include [one.yaml, two.yaml]}\napi: !include [base.yaml, over.yaml]\n"
    routing = read(
        text + "txt: {type: TXT, values: !include []}\n",
        **{
            "zones/one.yaml": "- 192.0.2.1\n",
            "zones/two.yaml": "- 192.0.2.2\n",
            "zones/base.yaml": "type: A\nvalue: 192.0.2.3\n",
            "zones/over.yaml": "value: 192.0.2.4\n",
        },
    )
    assert answers(routing, "www.example.com. A *") == [{"192.0.2.1": 0, "192.0.2.2": 0}]
    assert answers(routing, "api.example.com. A *") == [{"192.0.2.4": 0}]
    assert routing.sites["192.0.2.4"].at == Line("zones/over.yaml", 1)
    with pytest.raises(InputError, match="not all hold a mapping"):
        read(text.split("\n")[0], **{"zones/one.yaml": "- 192.0.2.1\n", "zones/two.yaml": "a: 1\n"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("www: {type: A, value: 192.0.2.1}\nwww: {type: A, value: 192.0.2.2}\n", ":2:1: key `www` stands twice"),
        ("www:\n\ttype: A\n", "indent with spaces, not tabs"),
        ("www: {type: A}\n---\nwww: {type: A}\n", "holds several documents"),
        ("www: {type: A, value: 192.0.2.1}\nftp: {value: 192.0.2.1}\n", ":2:1: `ftp.example.com.` has no `type`"),
        ("www: {type: A, value: 192.0.2.1}\nftp: 3\n", ":2:1: `ftp.example.com.` has no `type`"),
        (
            "www: {type: A, value: 192.0.2.1}\nftp: !include none.yaml\n",
            ":2:6: includes `none.yaml`, which is not there",
        ),
        ("a: &a {type: A, value: *a}\n", "stands within itself"),
    ],
)
def test_what_octodns_cannot_read_ends_with_its_place(text: str, said: str) -> None:
    assert octodns.sniff(File(NAME, text.encode()))
    with pytest.raises(InputError) as error:
        read(text)
    assert said in str(error.value)


def test_includes_in_a_circle_end() -> None:
    with pytest.raises(InputError, match="in a circle"):
        read("<<: !include example.com.yaml\n")


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("example.com.yaml", "example.com."),
        ("a/b/example.com.yml", "example.com."),
        ("a/example.com./www.yaml", "example.com."),
        ("zone.yaml", ""),
        ("-", ""),
    ],
)
def test_the_zone_is_named_by_its_file(name: str, zone: str) -> None:
    (client,) = read("www: {type: A, value: 192.0.2.1}\n", name).clients
    assert client.name == f"{'.'.join(filter(None, ['www', zone]))} A *"


@pytest.mark.parametrize(
    "text",
    [
        DYNAMIC, '{"www": {"type": "A", "value": "192.0.2.1"}}', "a: [{type: TXT, value: x}, {type: A}]\n",
    ],
)  # fmt: skip
def test_zones_are_known_by_what_they_hold(text: str) -> None:
    assert octodns.sniff(File("f", text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "", "a: 1\n", "Resources:\n  A:\n    Type: AWS::Route53::RecordSet\n    Properties: {Type: A}\n",
        "domains:\n- domain: example.com\n  records: {a: [{a: 192.0.2.1}]}\n",
        "apiVersion: v1\nkind: List\nitems: [{type: A}]\n",
        "providers:\n  config:\n    class: octodns.provider.yaml.YamlProvider\n",
        "type: A\nvalue: 192.0.2.1\n",
    ],
)  # fmt: skip
def test_others_are_not_taken_for_zones(text: str) -> None:
    assert not octodns.sniff(File("f", text.encode()))


def test_random_zones_are_proven_as_they_are_replayed() -> None:
    randomly = random.Random(6)
    for _ in range(120):
        ((name, data),) = octodns_random.configuration(randomly).items()
        (routing,) = octodns.read([File(name, data)], Kept({}))
        for part in parts(routing):
            wrong = disagreements(part)
            assert not wrong, f"{wrong[0]}\n{data.decode()}"


def test_random_zones_answer_as_they_are_written() -> None:
    """Hold classes and replays against what the tree of the zone says, written down once more in another way."""
    randomly = random.Random(7)
    for _ in range(150):
        tree = octodns_random.zone(randomly)
        www = tree["www"]
        routing = read(octodns_random.text({"www": www}))
        refused = bool(routing.unread)
        for country in [*randomly.sample(CODES, 12), "CY", "US", "DE", "NO", "CA", "GS"]:
            down = {address for address in octodns_random.ADDRESSES if randomly.random() < 0.5}
            replayed = [
                {routing.pools[pool].site for pool in routing.replay(client, checks(down)).pools}
                for client in routing.clients
                if client.countries == country and client.name.count("-") == 1
            ]
            meant = [expected(www, rule, down) for rule in matching(www, country, refused)]
            assert [each for each in meant if each not in replayed] == [], (country, down, www)
            if not refused:
                assert [each for each in replayed if each not in meant] == [], (country, down, www)


def checks(down: set[str]) -> frozenset[str]:
    return frozenset(f"check:www.example.com. A {address}" for address in down)


def matching(www: dict[str, Any], country: str, refused: bool) -> list[dict[str, Any] | None]:
    """Return the rules that somebody in a country may get, by the first that matches on any continent of it."""
    homes = {continents.of("octodns", country), continents.of("geonames", country)} - {""}
    found: list[dict[str, Any] | None] = []
    for home in homes:
        best: dict[str, Any] | None = None
        for rule in www["dynamic"]["rules"]:
            geos = rule.get("geos", [])
            codes = [geo for geo in geos if geo == home or (geo.count("-") == 1 and geo.endswith(f"-{country}"))]
            if codes or ("geos" not in rule and "subnets" not in rule):
                best = rule
                break
        if best is not None or not refused:
            found.append(best)
    return found


def expected(www: dict[str, Any], rule: dict[str, Any] | None, down: set[str]) -> set[str]:
    name = rule["pool"] if rule else None
    walked: list[str] = []
    while name in www["dynamic"]["pools"] and name not in walked:
        walked.append(name)
        pool = www["dynamic"]["pools"][name]
        up = set()
        for value in pool["values"]:
            status = value.get("status", "obey")
            if status == "up" or (status == "obey" and value["value"] not in down):
                up.add(value["value"])
        if up:
            return up
        name = pool.get("fallback")
        if name == "default":
            break
    return set(www["values"])


def test_large_zones_take_time_by_their_size() -> None:
    pools = "".join(f"      p{i}: {{fallback: p{i + 1}, values: [{{value: 192.0.2.1}}]}}\n" for i in range(5_000))
    rules = "".join(f"      - {{pool: p{i}, subnets: [10.{i >> 8 & 255}.{i & 255}.0/24]}}\n" for i in range(5_000))
    text = f"www:\n  dynamic:\n    pools:\n{pools}      p5000: {{values: [{{value: 192.0.2.2}}]}}\n    rules:\n{rules}"
    text += "      - pool: p0\n  type: A\n  value: 192.0.2.1\n"
    routing = read(text)
    assert routing.unread == ()
    assert len(routing.clients) > 5_000


@given(st.text("abpoolsrugevt:[]{}-, \n'\"!&*<\x1b=", max_size=200), st.integers(0, len(DYNAMIC)))
def test_hostile_text_is_read_or_refused(noise: str, at: int) -> None:
    try:
        routing = read(DYNAMIC[:at] + noise + DYNAMIC[at:])
    except InputError as error:
        assert error.record >= 1  # noqa: PT017
        return
    assert all(each.at.line >= 1 for each in (*routing.unread, *routing.remarks))
