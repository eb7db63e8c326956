"""Configurations for tests, and short ways to read and ask them."""

from auditor.routing import gdnsd
from auditor.routing.gdnsd.reader import read
from auditor.routing.model import Client, File, Routing
from auditor.routing.reach import reach
from auditor.routing.store import Kept

MAPS = """\
prod => {
    geoip2_db => GeoIP2-City.mmdb
    datacenters => [ams, iad, sin]
    map => {
        default => [iad, ams, sin],
        EU => {
            default => [ams, iad],
            DE => [ams,
                   iad,
                   sin], # three lines
            NO => ams,
        }
        AS => [sin, iad]
        NA => { US => { default => [iad, ams], CA => [iad, sin], "New York" => [iad] } }
    }
    nets => {
        10.0.0.0/8 => [ams]
        10.1.0.0/16 => [sin, ams]
    }
}
"""
RESOURCES = """\
www => {
    map => prod
    service_types => up
    dcmap => {
        ams => { addrs_v4 => 192.0.2.1, addrs_v6 => 2001:db8::1 }
        iad => 192.0.2.2
        sin => 192.0.2.3
    }
}
"""


def config(plugins: str, services: str = "") -> str:
    """Write a whole configuration."""
    return f"service_types => {{\n{services}}}\nplugins => {{\n{plugins}}}\n"


def whole(files: dict[str, str]) -> Routing:
    """Read files together, all but those in folders as given ones; they have to be one configuration."""
    (found,) = several(files)
    return found


def several(files: dict[str, str]) -> list[Routing]:
    data = {name: text.encode() for name, text in files.items()}
    given = [File(name, text) for name, text in data.items() if "/" not in name]
    assert all(gdnsd.sniff(file) for file in given), [file.name for file in given if not gdnsd.sniff(file)]
    return read(given, Kept(data))


def one(routing: Routing, name: str) -> Client:
    """Return the only class of a name."""
    (found,) = [client for client in routing.clients if client.name == name]
    return found


def answers(routing: Routing, name: str, *down: str) -> set[str]:
    """Say who answers a class while some faults are there."""
    assert set(down) <= set(routing.faults), sorted(routing.faults)
    return set(routing.replay(one(routing, name), frozenset(down)).pools)


def fewest(routing: Routing, name: str) -> dict[str, int]:
    """Say how few outages bring each pool."""
    return {pool: each.size for pool, each in reach(one(routing, name).root, routing.pools).pools.items()}
