"""Who is where: addresses that nobody else speaks of, and the files that say what is known of them."""

import json
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from auditor import opening
from auditor.enrich import embedded
from auditor.model import countries
from tests.enrich.mmdb_file import mmdb
from tests.staging import CannotStage

UNPLACED = {
    4: ("198.18.0.0/15", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
    6: ("2001:db8::/32", "3fff::/20"),
}
"""Networks of which no database may name a country (RFC 2544, 5737, 3849, 9637)."""
PRIVATE = {4: "10.0.0.0/8", 6: "fd00::/8"}
TRIES = 2000


@dataclass
class Files:
    """What an audit is given besides captures and rules."""

    inventory: Path
    services: list[Path]
    geo: list[Path]


@dataclass
class Ground:
    """What is known of the addresses of many situations, none of which is used twice."""

    used: set[str] = field(default_factory=set)
    sites: list[dict[str, Any]] = field(default_factory=list)
    clients: list[dict[str, Any]] = field(default_factory=list)
    services: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    operators: dict[str, str] = field(default_factory=dict)  # of services
    claims: list[dict[str, str]] = field(default_factory=list)  # of each further database: network -> country

    def unplaced(self, version: int, rng: Random) -> str:
        """An address of which no database says anything."""
        return self._of(UNPLACED[version][0] if rng.random() < 0.9 else rng.choice(UNPLACED[version]), rng)

    def private(self, version: int, rng: Random) -> str:
        return self._of(PRIVATE[version], rng)

    def _of(self, text: str, rng: Random) -> str:
        network = ip_network(text)
        for _ in range(TRIES):
            address = str(network[rng.randrange(1, min(network.num_addresses - 1, 1 << 40))])
            if self._take(address):
                return address
        raise CannotStage(f"no address is left of {text}")

    def _take(self, address: str) -> bool:
        fresh = address not in self.used
        self.used.add(address)
        return fresh

    def claimed(self, codes: list[str], rng: Random, operated: bool) -> str:
        """A public address that databases claim for just these countries; not `operated`: nobody is known to run it."""
        first, *others = rng.sample(codes, len(codes))
        address = self.claimed_by_shipped(first, rng, operated)
        for number, code in enumerate(others):
            if number == len(self.claims):
                self.claims.append({})
            self.claims[number][f"{address}/32"] = code
        return address

    def claimed_by_shipped(self, code: str, rng: Random, operated: bool = True) -> str:
        """A public IPv4 address that the shipped database places in one country, and of which nothing else is known."""
        starts, ends = _intervals(code)
        if not len(starts):
            raise CannotStage(f"no database that is shipped places an IPv4 address in {code}")
        places = opening.open_places(None, ())
        for _ in range(TRIES):
            at = rng.randrange(len(starts))
            number = rng.randrange(int(starts[at]), int(ends[at]))
            address = str(ip_address(number))
            if _listed(number) or address in self.used:
                continue
            told = places.located(address)
            if (told["claimed"], told["proven"]) != (code, countries.ANYWHERE) or (not operated and told["operator"]):
                continue
            self.used.add(address)
            return address
        raise CannotStage(f"every address in {code} is known to be run by somebody")

    def write(self, folder: Path) -> Files:
        """Write inventory, catalogue and databases."""
        inventory = folder / "inventory.yaml"
        known = {"sites": self.sites, "clients": self.clients}
        inventory.write_text(_yaml({name: rows for name, rows in known.items() if rows}), encoding="utf-8")
        services, geo = [], []
        if self.services:
            services.append(folder / "catalogue.yaml")
            listed = [
                {"id": name, "title": name, "operator": self.operators.get(name, ""), "networks": rows}
                for name, rows in self.services.items()
            ]
            services[0].write_text(_yaml({"services": listed}), encoding="utf-8")
        for number, claims in enumerate(self.claims):
            records = {network: {"country": {"iso_code": code}} for network, code in claims.items()}
            geo.append(mmdb(folder / f"claims-{number}.mmdb", records))
        return Files(inventory, services, geo)


def _yaml(tree: Any) -> str:
    """Write JSON, which is YAML 1.2 as well: every text in quotes."""
    return json.dumps(tree, indent=1)


@cache
def _intervals(code: str) -> tuple[Any, Any]:
    """First address and end of each IPv4 interval that the shipped database places in a country."""
    table = embedded.shipped(embedded.COUNTRY).intervals
    if code not in table.values:
        return np.zeros(0), np.zeros(0)
    starts, codes = table.four
    at = np.flatnonzero(codes == table.values.index(code))
    ends = np.append(starts, 0).astype(np.int64)
    return starts[at].astype(np.int64), np.where(ends[at + 1] == 0, 1 << 32, ends[at + 1])


@cache
def _networks() -> list[tuple[int, int]]:
    found = [each.network for each in opening.catalogue().networks if each.network.version == 4]
    return [(int(network[0]), int(network[-1])) for network in found]


def _listed(number: int) -> bool:
    """Say whether the shipped catalogue speaks of an address."""
    return any(first <= number <= last for first, last in _networks())
