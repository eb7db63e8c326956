"""The real capacity files of Nominatim, against what plain patterns find in them."""

import re
from fractions import Fraction
from math import asin, cos, radians, sin, sqrt

from auditor.routing import openstreetmap
from auditor.routing.graph import leaves
from auditor.routing.model import Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from auditor.routing.surge.headroom import headroom
from tests.routing.corpus import real

NAMES = ("nominatim.openstreetmap.yml", "requests-nominatim.yml", "countries.xml")


def read() -> Routing:
    (routing,) = openstreetmap.read([real(f"openstreetmap/{name}") for name in NAMES], Kept({}))
    return routing


def text(name: str) -> str:
    return real(f"openstreetmap/{name}").data.decode()


def demand() -> dict[str, Fraction]:
    return {code: Fraction(n) for code, n in re.findall(r"^([A-Z]{2}): ([\d.]+)$", text(NAMES[1]), re.M)}


def middles() -> dict[str, tuple[float, float]]:
    """Find the middles of the boxes of countries that don't go over the antimeridian."""
    found = {}
    for block in re.findall(r"<country>(.*?)</country>", text(NAMES[2]), re.S):
        code, *box = (
            re.findall(rf"<{tag}>(.*?)</{tag}>", block)[0] for tag in ("countryCode", "west", "north", "east", "south")
        )
        west, north, east, south = map(float, box)
        if west < east:
            found[code] = (south + north) / 2, (west + east) / 2
    return found


def away(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Measure by the haversine: another formula than the reader's."""
    (a, b), (c, d) = (map(radians, point) for point in (here, there))
    return 2 * asin(sqrt(sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2))


def test_every_country_and_server_is_there_with_its_line() -> None:
    routing = read()
    codes = re.findall(r"<countryCode>(..)</countryCode>", text(NAMES[2]))
    assert {client.name for client in routing.clients} == {*codes, "*"}
    assert len(routing.pools) == len(re.findall(r"ipv4:", text(NAMES[0])))
    assert sum(pool.capacity or 0 for pool in routing.pools.values()) == sum(
        map(int, re.findall(r"requests: (\d+)", text(NAMES[0])))
    )
    lines = text(NAMES[1]).splitlines()
    asked = demand()
    for client in routing.clients:
        if client.name in asked and client.name != "XK" and client.demand:
            assert client.demand == asked[client.name]
            assert lines[client.at.line - 1].startswith(f"{client.name}: ")
    assert {client.name for client in routing.clients if client.name == "NO"}
    assert not routing.unread


def test_each_country_goes_to_the_nearest_cluster_first() -> None:
    routing = read()
    blocks = re.findall(r"^(\S+):\n  lat: (\S+)\n  lon: (\S+)\n", text(NAMES[0]), re.M)
    places = {name: (float(lat), float(lon)) for name, lat, lon in blocks}
    assert not re.search(r"preferred|allowed|denied|global", text(NAMES[0]))
    middle = middles()
    assert len(middle) > 200
    for client in routing.clients:
        if client.root is None or client.name not in middle or client.name in ("XK", "CX"):
            continue
        nearest = sorted(places, key=lambda name: away(middle[client.name], places[name]))
        named = [use.pool if use.pool in places else use.pool.rpartition("-")[0] for use in leaves(client.root)]
        assert list(dict.fromkeys(named)) == nearest


def test_a_surge_that_europe_does_not_feel_and_an_outage_that_it_does() -> None:
    routing = read()
    asked, (overseas, *home) = (
        demand(),
        [name for name in routing.pools if "stormfly" in name]
        + [name for name in routing.pools if "stormfly" not in name],
    )
    proofs = prove(routing)
    norway = next(client for client in routing.clients if client.name == "NO")
    assert proofs[id(norway.root)].pools[overseas].size > 0  # no outage, no overseas
    whole = sum((c.demand or Fraction(0) for c in routing.clients), Fraction(0))
    assert whole == sum(asked.values()) - asked.get("XK", Fraction(0))
    told = headroom(routing, ["NO"], [overseas])
    # the overseas cluster is full long before Europe's: nobody of Europe can go on to it, at a uniform surge
    assert told.at is None
    assert told.unserved is not None
    room = sum((pool.capacity or Fraction(0) for pool in routing.pools.values()), Fraction(0))
    assert told.unserved == room / whole
    lost = headroom(routing, ["NO"], [overseas], down=frozenset().union(*(routing.pools[name].faults for name in home)))
    assert lost.at == 0
