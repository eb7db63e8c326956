"""OpenStreetMap's capacity files."""

import random
from fractions import Fraction

import pytest

from auditor.model.errors import InputError
from auditor.routing import openstreetmap
from auditor.routing.model import Client, File, First, Line, Node, Routing, Spread, Use
from auditor.routing.openstreetmap.rank import allocated, ranked
from auditor.routing.openstreetmap.reader import Reader
from auditor.routing.reach import reach
from auditor.routing.store import Kept
from auditor.routing.surge.headroom import headroom
from auditor.routing.surge.mix import Mix
from tests.routing import brute
from tests.routing.openstreetmap_random import PLACES, configuration, countries_xml

CLUSTERS = """\
frankfurt:
  lat: 50.1
  lon: 8.7
  colour: "#7fc97f"
  servers:
    - statuscake:
      - 101
      - 102
      requests: 30
      name: anna
      ipv4: 192.0.2.1
      ipv6: 2001:db8::1
    - statuscake: [103]
      requests: 10
      ipv4: 192.0.2.2
  default: "xx"
  denied:
    countries:
      - NO
      - CA
moscow:
  lat: 55.75
  lon: 37.6
  statuscake: [104]
  requests: 20
  ipv4: 198.51.100.1
  allowed:
    continents:
      - EU
  preferred:
    countries:
      - NO
anycast:
  global: true
  statuscake: []
  requests: 1000
  cname: cdn.example.net
  denied:
    continents: [EU]
"""
DEMAND = "---\nDE: 25\nNO: 4.5\nCA: 12\n"


def read(clusters: str = CLUSTERS, demand: str | None = DEMAND, xml: bytes | None = None) -> Routing:
    files = {"src/tile.yml": clusters.encode(), "lib/countries.xml": xml or countries_xml()}
    if demand is not None:
        files["requests/tile.yml"] = demand.encode()
    (routing,) = openstreetmap.read([File("src/tile.yml", clusters.encode())], Kept(files))
    return routing


def client(routing: Routing, name: str) -> Client:
    (found,) = [each for each in routing.clients if each.name == name]
    return found


def order(root: Node | None) -> list[list[str]]:
    """List the pools of a ranking, step by step."""
    assert isinstance(root, First)
    return [
        [use.pool for use in step.children if isinstance(use, Use)] if isinstance(step, Spread) else [step.pool]  # type: ignore[union-attr]
        for step in root.children
    ]


def test_clusters_are_ranked_by_preference_and_distance() -> None:
    routing = read()
    assert order(client(routing, "DE").root) == [["frankfurt-01", "frankfurt-02"], ["moscow"]]
    assert order(client(routing, "NO").root) == [["moscow"]]  # preferred there, denied at frankfurt
    assert order(client(routing, "CA").root) == [["anycast"]]
    assert order(client(routing, "KE").root) == [["anycast"], ["frankfurt-01", "frankfurt-02"]]
    assert client(routing, "NO").demand == Fraction(9, 2)
    assert client(routing, "KE").demand == 0


def test_every_edge_bears_the_line_that_makes_it() -> None:
    routing = read()
    root = client(routing, "DE").root
    assert isinstance(root, First)
    assert [step.at.line for step in root.children] == [1, 29]  # the cluster; the continent that it allows
    no = client(routing, "NO").root
    assert isinstance(no, First)
    assert no.children[0].at == Line("src/tile.yml", 32)
    assert client(routing, "NO").at == Line("requests/tile.yml", 3)
    assert client(routing, "KE").at.file == "lib/countries.xml"


def test_servers_are_pools_with_their_tests_and_addresses() -> None:
    routing = read()
    first = routing.pools["frankfurt-01"]
    assert first.faults == {"check:101", "check:102", "full:frankfurt"}
    assert first.capacity == 30
    assert first.site == "anna"
    assert routing.sites["anna"].addresses == ("192.0.2.1", "2001:db8::1")
    assert routing.sites["frankfurt-02"].addresses == ("192.0.2.2",)
    assert routing.sites["anycast"].hosts == ("cdn.example.net",)
    assert routing.pools["anycast"].faults == {"full:anycast"}  # an empty list of tests never fails
    assert routing.faults["check:104"].at == Line("src/tile.yml", 21)


def test_who_is_in_no_country_of_the_map_gets_the_first_default() -> None:
    routing = read()
    rest = client(routing, "*")
    assert isinstance(rest.root, Spread)
    assert [use.pool for use in rest.root.children if isinstance(use, Use)] == ["frankfurt-01", "frankfurt-02"]
    assert client(routing, "XK").root is rest.root
    assert rest.demand == 0
    assert client(read(CLUSTERS.replace('  default: "xx"\n', "")), "*").root is None


def test_countries_that_are_ranked_alike_share_their_graph() -> None:
    routing = read("a:\n  lat: 0\n  lon: 0\n  requests: 1\n  statuscake: [1]\n")
    assert client(routing, "DE").root is client(routing, "CA").root


def test_norway_is_a_country() -> None:
    routing = read(CLUSTERS.replace("      - NO\n", "      - no\n", 1))
    assert any("no is none of the countries" in remark.text for remark in routing.remarks)
    assert "NO" in {each.name for each in routing.clients}


def test_where_editions_disagree_on_the_continent_both_hold() -> None:
    xml = countries_xml().replace(b"<continent>AF", b"<continent>AS")
    routing = read(xml=xml)
    kenya = client(routing, "KE")
    assert kenya.root is client(routing, "*").root
    assert any("KE stands under AS" in remark.text for remark in routing.remarks)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      - CA\n", "      - CA\n      - UK\n", "UK is none of the countries of countries.xml"),
        ("requests: 1000", "requests: 1", "the script raises limits by a tenth"),
        ("  denied:\n", "  allowed:\n    countries: [NO]\n  denied:\n", "NO is denied here in vain"),
        ("    continents: [EU]", "    origins: [Germany]", "Germany is not kept out"),
        ("  statuscake: [104]\n", "", "moscow has no test"),
        ("  requests: 20\n", "", "moscow has no `requests`"),
        ("  lat: 55.75\n", "", "moscow has no `lat`"),
    ],
)  # fmt: skip
def test_what_is_dangerous_is_remarked(old: str, new: str, said: str) -> None:
    assert not read().remarks
    assert any(said in remark.text for remark in read(CLUSTERS.replace(old, new, 1)).remarks)


def test_demand_of_what_is_no_country_counts_nowhere() -> None:
    routing = read(demand=DEMAND + "EU: 5\nXK: 1\n")
    texts = [remark.text for remark in routing.remarks]
    assert "EU is no country of countries.xml: its demand counts nowhere" in texts
    assert any(text.startswith("the script sends XK to the default") for text in texts)
    assert client(routing, "XK").demand == 0


def test_what_is_not_understood_is_kept() -> None:
    routing = read(
        CLUSTERS.replace("  colour:", "  color:").replace(
            "    countries:\n      - NO\n      - CA", "    cities: [Oslo]"
        )
    )
    assert [(each.at.line, each.text) for each in routing.unread] == [(4, "color"), (18, "cities")]
    routing = read(CLUSTERS.replace("requests: 10\n", "requests: 0.5\n").replace("192.0.2.2", "everywhere"))
    assert [each.text for each in routing.unread] == ["ipv4: everywhere", "requests: 0.5"]


@pytest.mark.parametrize(
    ("clusters", "message"),
    [
        ("a:\n  lat: 1\n  requests: 1\nb:\n  lat: 1\n  bandwidth: 1\n", "counts in `requests` and in `bandwidth`"),
        ("a:\n  lat: 1\n  requests: lots\n", "`lots` is no number"),
        ("a:\n  lat: 1\n  requests: -1\n", "is below 0"),
        ("a:\n  lat: .nan\n  requests: 1\n", "is no number"),
        ("a:\n  lat: 1\n  requests: 1\nb:\n", "`b` has nothing in it"),
        ("a:\n  lat: 1\n  requests: 1\n  allowed: [DE]\n", "`allowed` is no mapping"),
        ("a:\n  lat: 1\n  requests: 1\n  allowed:\n    countries: DE\n", "`countries` is no list"),
        ("a:\n  lat: 1\n  requests: 1\n  statuscake: 5\n", "`statuscake` is no list"),
        ("a:\n  lat: 1\n  requests: 1\n  servers: 5\n", "`servers` is no list"),
        ("a:\n  lat: 1\n  requests: 1\na:\n  lat: 2\n", "stands twice"),
        ("a:\n  lat: 1\n\trequests: 1\n", "tab"),
    ],
)
def test_what_the_script_would_stop_at_is_refused_with_its_line(clusters: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(clusters)
    assert message in str(caught.value)
    assert "src/tile.yml" in str(caught.value)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (b"<geonames><country><countryCode>DE</countryCode></country></geonames>", "without `countryName`"),
        (b"<geonames></geonames>", "has no country in it"),
        (b"<geonames><countryCode>", "is not XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><geonames><countryCode>&a;</countryCode></geonames>', "has a document type"),
        (countries_xml().replace(b"<west>7.5", b"<west>far"), "is no number"),
        (countries_xml().replace(b">NO<", b">DE<"), "twice"),
    ],
)
def test_positions_that_can_not_be_read_are_refused(xml: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(xml=xml)
    assert message in str(caught.value)


def test_size_is_bounded() -> None:
    many = "".join(f"k{i}:\n  global: true\n  requests: 1\n  statuscake: []\n" for i in range(1001))
    with pytest.raises(InputError, match="more than 1000 clusters"):
        read(many)
    country = countries_xml().partition(b"<country>")[2].partition(b"</country>")[0]
    rows = b"".join(b"<country>" + country.replace(b">DE<", b">%d<" % i) + b"</country>" for i in range(1002))
    with pytest.raises(InputError, match="more than 1000 countries"):
        read(xml=b"<geonames>" + rows + b"</geonames>")
    routing = read(CLUSTERS, "DE: 1e30\n")
    assert any("never ends" in each.why for each in routing.unread)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InputError, match=r"give lib/countries\.xml too"):
        openstreetmap.read([File("src/tile.yml", CLUSTERS.encode())], Kept({}))
    with pytest.raises(InputError, match="give the file of the clusters too"):
        openstreetmap.read([File("requests/tile.yml", DEMAND.encode())], Kept({}))
    routing = read(demand=None)
    assert {each.demand for each in routing.clients if each.name not in ("*", "XK")} == {None}


def test_of_several_files_each_gets_the_demand_of_its_name() -> None:
    other = DEMAND.replace("25", "50")
    files = [
        File("src/a.yml", CLUSTERS.encode()), File("src/b.yml", CLUSTERS.encode()), File("lib/x.xml", countries_xml()),
        File("requests/b.yml", other.encode()), File("requests/a.yml", DEMAND.encode()),
    ]  # fmt: skip
    first, second = openstreetmap.read(files, Kept({}))
    assert client(first, "DE").demand == 25
    assert client(second, "DE").demand == 50
    with pytest.raises(InputError, match="2 files for its demand"):
        openstreetmap.read([File("src/c.yml", CLUSTERS.encode()), *files[2:]], Kept({}))


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (CLUSTERS, True), (DEMAND, True), (countries_xml().decode(), True), ("", False), ("NO: Oslo\n", False),
        ("# nothing\n", False), ("routing: 1\n", False), ("a:\n  lat: 1\n", False), ("<html></html>", False),
        ("DE: 1\nname: x\n", False),
    ],
)  # fmt: skip
def test_files_are_known_by_their_content(data: str, known: bool) -> None:
    assert openstreetmap.sniff(File("x", data.encode())) == known


def test_distances_are_those_of_a_sphere() -> None:
    routing = read("a:\n  lat: 0\n  lon: 0\n  requests: 1\nb:\n  lat: 0\n  lon: 179\n  requests: 1\n")
    assert order(client(routing, "KE").root) == [["a"], ["b"]]
    assert order(client(routing, "FJ").root) == [["b"], ["a"]]  # its box goes over the antimeridian


def test_clusters_at_one_distance_share() -> None:
    text = "".join(f"{name}:\n  global: true\n  requests: 5\n  statuscake: [{i}]\n" for i, name in enumerate("ba"))
    root = client(read(text + "c:\n  lat: 0\n  lon: 0\n  requests: 5\n"), "DE").root
    assert isinstance(root, First)
    assert isinstance(root.children[0], Spread)
    assert [use.pool for use in root.children[0].children if isinstance(use, Use)] == ["a", "b"]


def test_surge_says_where_norway_goes_and_when() -> None:
    told = headroom(read(), ["DE"], ["moscow"])
    # frankfurt holds 40, DE asks for 25
    assert told.at == Fraction(40, 25)
    assert [(fill.pool, fill.by) for fill in told.fills] == [("frankfurt-01", ("DE",)), ("frankfurt-02", ("DE",))]
    assert [(outage.id, outage.at) for outage in told.outages] == [
        ("check:101", Fraction(10, 25)), ("check:103", Fraction(30, 25)),
    ]  # fmt: skip


def test_the_script_gives_whole_countries_to_who_has_room() -> None:
    routing = read(CLUSTERS.replace("requests: 20", "requests: 50"), DEMAND.replace("25", "41"))
    assert any("frankfurt has no room for DE" in remark.text for remark in routing.remarks)


def test_bandwidth_is_counted_in_megabytes_of_bytes() -> None:
    assert read(CLUSTERS.replace("requests:", "bandwidth:")).pools["moscow"].capacity == 20 << 20


@pytest.mark.parametrize("seed", range(60))
def test_proofs_agree_with_the_script_under_every_outage(seed: int) -> None:
    files = configuration(random.Random(seed))
    (routing,) = openstreetmap.read([File("src/tile.yml", files["src/tile.yml"])], Kept(files))
    if len(routing.faults) <= 10:
        assert brute.disagreements(routing) == []
    for each in routing.clients:
        for pool, found in reach(each.root, routing.pools).pools.items():
            steps = routing.replay(each, found.outages)
            assert pool in steps.pools
            assert steps.steps
            assert all(step.at.line >= 1 for step in steps.steps)
    assert {each.name for each in routing.clients} == {*PLACES, "*"}


def test_allocation_is_the_same_whatever_the_order() -> None:
    chance = random.Random(3)
    for _ in range(40):
        files = configuration(chance)
        (routing,) = openstreetmap.read([File("src/tile.yml", files["src/tile.yml"])], Kept(files))
        reader = Reader(File("src/tile.yml", files["src/tile.yml"]), None, File("x", files["lib/countries.xml"]))
        amounts = {code: Fraction(chance.randint(0, 30)) for code in PLACES}
        ranks = {origin.code: ranked(origin, reader.clusters) for origin in reader.origins}
        found = allocated(ranks, amounts)
        assert found == allocated(dict(reversed(ranks.items())), amounts)
        if found and found[1] == 0:
            for cluster in reader.clusters:
                held = sum((amounts[code] for code, name in found[0].items() if name == cluster.name), Fraction(0))
                assert held <= cluster.capacity
        assert routing.format == openstreetmap.FORMAT


def test_no_demand_below_the_bound_makes_the_script_send_a_country_there() -> None:
    chance = random.Random(11)
    tried = sent = 0
    for _ in range(120):
        files = configuration(chance)
        (routing,) = openstreetmap.read([File("src/tile.yml", files["src/tile.yml"])], Kept(files))
        reader = Reader(File("src/tile.yml", files["src/tile.yml"]), None, File("x", files["lib/countries.xml"]))
        ranks = {origin.code: ranked(origin, reader.clusters) for origin in reader.origins if origin.code != "XK"}
        amounts = {each.name: each.demand or Fraction(0) for each in routing.clients}
        mixed = Mix(routing)
        for tenths in range(1, 60, 4):
            found = allocated(ranks, amounts, Fraction(tenths, 10))
            if not found or found[1] is None:
                continue
            for code, name in found[0].items():
                pools = [pool for pool, each in routing.pools.items() if f"full:{name}" in each.faults]
                bound = mixed.bound(client(routing, code), pools).at
                tried += 1
                sent += ranks[code][0][0].cluster.name != name
                assert bound is not None
                assert bound * Fraction(11, 10) ** found[1] <= Fraction(tenths, 10)
    assert tried > 1000
    assert sent > 20


def test_figures_of_a_surge_say_that_whole_countries_move() -> None:
    assert headroom(read(), ["DE"], ["moscow"]).doubtful == (
        "the script moves whole countries, not sessions: it can be earlier",
    )
