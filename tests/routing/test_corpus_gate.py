"""Real configurations through the whole gate: what is read and decided of each only grows.

`tests/data/routing.json` says for each what there was when it was last written.  Classes and ways are the same, unless
somebody has looked why they are not; lines that are not understood only become fewer, and decided touches more.
`AUDITOR_UPDATE=1` writes it again.  Sites are placed by turns in two countries, so that little but the configuration
decides.
"""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditor.gate import gate
from auditor.model.errors import InputError
from auditor.routing.collect import Collected, collect
from auditor.routing.store import Disk
from tests.routing.corpus import ROOT

TABLE = Path(__file__).parents[1] / "data" / "routing.json"
DAY = date(2026, 11, 1)
WHOLE = "gdnsd with its includes"
SAMPLES = {
    "gdnsd/geo-maps": ("gdnsd/geo-maps",),
    "gdnsd/geo-maps.before-e1555e58": ("gdnsd/geo-maps.before-e1555e58",),
    "gdnsd/geo-maps.at-e1555e58": ("gdnsd/geo-maps.at-e1555e58",),
    "gdnsd maps and resources": ("gdnsd/geo-maps", "gdnsd/geo-resources"),
    WHOLE: ("gdnsd/config", "gdnsd/geo-maps", "gdnsd/geo-resources", "gdnsd/utils/mock_etc"),
    "octodns": ("octodns",),
    "route53 template": ("route53/gerrit-cf-geo-location-routing.yml",),
    "route53 change batch": ("route53/octodns-pool-only-in-fallback.change-batch.json",),
    "cloudflare version 5": ("cloudflare/resource.tf",),
    "cloudflare version 4": ("cloudflare/v4_with_pools.tf",),
    "istio": ("istio",),
    "openstreetmap": ("openstreetmap",),
    "jitsi": ("jitsi",),
    "livekit": ("livekit",),
}
REFUSED = {
    "cloudflare": ("loadbalancerconfiggeobalanced.tf:4:", "loadbalancerconfigrules.tf:6:"),  # verbs of Go in them
    "gdnsd": ("config:2:",),  # an include that lies elsewhere
    "powerdns": ("docs-geoip-zone.yml:26:9:",),  # two ways to write the same stand in it
}
needed = pytest.mark.skipif(not ROOT.is_dir(), reason=f"no real configurations at {ROOT}; set AUDITOR_ROUTING")


def paths(name: str, folder: Path) -> list[str]:
    """List what to give; a whole configuration is put together first."""
    given = [ROOT / each for each in SAMPLES[name]]
    if name != WHOLE:
        return [str(path) for path in given]
    for path in given:
        for each in [path] if path.is_file() else path.iterdir():
            (folder / each.name).write_bytes(each.read_bytes())
    return [str(folder / "config")]


def inventory(collected: Collected, file: Path) -> str:
    """Place every site by its name and its addresses, by turns in two countries."""
    named: dict[str, set[str]] = {}
    for site in (site for routing in collected.routings for site in routing.sites.values()):
        named.setdefault((*site.also, site.name)[0], set()).update(site.addresses)  # a data centre of many services
    placed: list[dict[str, Any]] = []
    taken: set[str] = set()
    for at, name in enumerate(sorted(named)):
        own = sorted(named[name] - taken)
        taken.update(own)
        placed.append({"name": name, "country": ("US", "CN")[at % 2], **({"networks": own} if own else {})})
    file.write_text(json.dumps({"sites": placed}))
    return str(file)


def measured(name: str, folder: Path) -> dict[str, Any]:
    """Count classes, ways and lines that were not understood, and the share of touches in scope that rules decided."""
    given = paths(name, folder)
    placed = inventory(collect(given, Disk()), folder / "inventory.yaml")
    report = gate(given, inventory=placed, planes=["media"], as_of=DAY).report
    decided = sum(counts.passed + counts.failed for _, counts in report.coverage.judged)
    scope = decided + sum(counts.open for _, counts in report.coverage.judged)
    return {
        "classes": sum(each.clients for each in report.configurations),
        "ways": sum(each.ways for each in report.configurations),
        "unread": dict(report.coverage.records).get("unsupported", 0),
        "decided": round(decided / scope, 4) if scope else 1.0,
    }


@needed
@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_decided_only_grows(name: str, tmp_path: Path) -> None:
    now = measured(name, tmp_path)
    rows = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    if os.environ.get("AUDITOR_UPDATE"):
        TABLE.write_text(json.dumps(dict(sorted({**rows, name: now}.items())), indent=1) + "\n")
        return
    before = rows[name]
    assert (now["classes"], now["ways"]) == (before["classes"], before["ways"])
    assert now["unread"] <= before["unread"]
    assert now["decided"] >= before["decided"]


@needed
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(name: str) -> None:
    with pytest.raises(InputError) as error:
        gate([str(ROOT / name)], as_of=DAY)
    told = [str(each) for each in error.value.each]
    assert len(told) == len(REFUSED[name])
    for said, where in zip(told, REFUSED[name], strict=True):
        assert where in said


@needed
def test_every_real_file_is_a_sample_or_refused() -> None:
    listed = [line.split("\t")[0] for line in (ROOT / "MANIFEST.tsv").read_text().splitlines()[1:]]
    known = {Path(each).parts[0] for files in SAMPLES.values() for each in files} | set(REFUSED)
    assert {Path(each).parts[0] for line in listed for each in line.split(", ")} == known


def test_the_table_has_every_sample() -> None:
    assert sorted(json.loads(TABLE.read_text())) == sorted(SAMPLES)


@pytest.mark.skipif(ROOT.is_dir(), reason="the real configurations are here and are tested one by one")
def test_skipping_is_said() -> None:
    assert not ROOT.exists()
