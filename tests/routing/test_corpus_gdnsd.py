"""Real configurations of gdnsd; what is expected of them is counted in the raw files, by other means."""

import os
import re
from pathlib import Path

import pytest

from auditor.model.countries import CODES
from auditor.routing import continents, gdnsd
from auditor.routing.model import First, Routing, Use
from auditor.routing.reach import prove
from auditor.routing.store import Disk, Kept

ROOT = Path(os.environ.get("AUDITOR_ROUTING") or Path(__file__).resolve().parents[3] / "shared" / "routing") / "gdnsd"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=f"no real configurations at {ROOT}; set AUDITOR_ROUTING")
ENTRY = re.compile(r"^\s*(\S+)\s+=>\s+\[([a-z, ]+)\]", re.M)


def read(*names: str) -> Routing:
    files = [Disk().read(str(ROOT / name)) for name in names]
    (found,) = gdnsd.read([file for file in files if file is not None], Disk())
    return found


def orders(routing: Routing) -> dict[str, list[str]]:
    """List the pools of each class of clients."""
    found = {}
    for client in routing.clients:
        assert isinstance(client.root, First)
        found[client.name] = [child.pool for child in client.root.children if isinstance(child, Use)]
    return found


def whole() -> Kept:
    """Put the parts of the whole configuration where it includes them, as its own tests do."""
    files = {path.name: path.read_bytes() for path in (ROOT / "utils" / "mock_etc").iterdir()}
    return Kept(files | {name: (ROOT / name).read_bytes() for name in ("config", "geo-maps", "geo-resources")})


def test_the_map_is_read_whole_and_quickly() -> None:
    routing = read("geo-maps")
    text = (ROOT / "geo-maps").read_text()
    lists = [tuple(listed.replace(" ", "").split(",")) for name, listed in ENTRY.findall(text) if name != "datacenters"]
    assert len(set(lists)) == 36
    assert {tuple(listed) for listed in orders(routing).values()} == set(lists)
    assert routing.unread == ()
    assert {client.countries for client in routing.clients if not client.networks} == {*CODES, "*"}
    nets = [name for name, _ in ENTRY.findall(text) if "/" in name]
    assert {client.name.split()[1] for client in routing.clients if client.networks} == set(nets)


def test_every_entry_of_the_map_stands_on_the_line_of_its_class() -> None:
    routing = read("geo-maps")
    lines = (ROOT / "geo-maps").read_text().splitlines()
    for client in routing.clients:
        said = re.search(r"\[([a-z, ]+)\]", lines[client.at.line - 1])
        assert said is not None, client.name
        assert orders(routing)[client.name] == said[1].replace(" ", "").split(",")
        place = client.name.rpartition("/")[2] if not client.networks else client.name.split()[1]
        key = lines[client.at.line - 1].split()[0]
        assert key in (place, "default")
        assert {child.at.line for child in client.root.children} == {client.at.line}  # type: ignore[union-attr]


def test_what_the_map_says_in_vain_is_told() -> None:
    routing = read("geo-maps")
    text = (ROOT / "geo-maps").read_text()
    inside = re.findall(r"^        ([A-Z]{2}) => \{(.*?)^        \}", text, re.M | re.S)
    lost = {
        key for continent, body in inside for key in re.findall(r"^            (\w+)\s+=>", body, re.M)
        if key != "default" and continent not in continents.either("geonames", key)
    }  # fmt: skip
    assert {remark.text.split("`")[1] for remark in routing.remarks} == lost
    assert lost


def test_the_first_of_a_list_answers_and_each_further_one_takes_one_more_outage() -> None:
    routing = read("geo-maps")
    proofs = prove(routing)
    listed = orders(routing)
    for client in routing.clients:
        proof = proofs[id(client.root)]
        assert {pool: each.size for pool, each in proof.pools.items()} == {
            pool: n for n, pool in enumerate(listed[client.name])
        }


def test_a_change_of_one_country_is_a_change_of_its_class() -> None:
    before, after = orders(read("geo-maps.before-e1555e58")), orders(read("geo-maps.at-e1555e58"))
    old, new = ((ROOT / f"geo-maps.{name}-e1555e58").read_text().splitlines() for name in ("before", "at"))
    changed = [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    assert len(changed) == 1
    country = new[changed[0]].split()[0]
    assert [name for name in after if before[name] != after[name]] == [
        f"generic-map {continents.of('geonames', country)}/{country}"
    ]
    assert set(before) == set(after)


def test_maps_and_resources_together() -> None:
    routing = read("geo-maps", "geo-resources")
    text = (ROOT / "geo-resources").read_text()
    names = re.findall(r"^(\S+) => \{", text, re.M)
    assert {client.name.split(" ")[0] for client in routing.clients} == {f"geoip!{name}" for name in names}
    assert routing.unread == ()
    found = orders(routing)
    maps = orders(read("geo-maps"))
    skipping = {
        name for name, body in re.findall(r"^(\S+) => \{(.*?)^\}", text, re.M | re.S) if "skip_first => true" in body
    }
    assert skipping
    for name in names:
        for of, listed in maps.items():
            expected = [f"geoip!{name}/{center}" for center in listed]
            assert found[f"geoip!{name} {of.removeprefix('generic-map ')}"] == (
                expected[1:] if name in skipping else expected
            )
    addresses = {text for site in routing.sites.values() for text in site.addresses}
    assert addresses <= set(re.findall(r"[0-9a-f.:]{6,}", text))


def test_the_whole_configuration_with_its_includes() -> None:
    store = whole()
    file = store.read("config")
    assert file is not None
    (routing,) = gdnsd.read([file], store)
    assert routing.unread == ()
    assert {file.name for file in routing.files} == set(store.files)
    told = {client.name.split(" ")[0] for client in routing.clients}
    expected = {
        f"{plugin}!{name}"
        for plugin, of in (
            ("geoip", "geo-resources"),
            ("geoip", "discovery-geo-resources"),
            ("metafo", "discovery-metafo-resources"),
        )
        for name in re.findall(r"^(\S+)\s+=> \{", store.files[of].decode(), re.M)
    }
    assert told == expected


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*")) if ROOT.is_dir() else [], ids=lambda path: path.name)
def test_every_file_is_known_or_decides_nothing(path: Path) -> None:
    if path.is_file():
        file = Disk().read(str(path))
        assert file is not None
        assert gdnsd.sniff(file) == bool(re.search(rb"datacenters|dcmap|plugins", file.data))
