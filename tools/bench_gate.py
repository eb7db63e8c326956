"""Time the gate: reading, proof and judgement of configurations, without the start of the interpreter.

    python tools/bench_gate.py [--rounds N] [CONFIG...]

Made up are a `routing.yaml` of 1,000 pools, one of them forbidden, that 250 countries each try in an order of their
own; and a map of gdnsd with 240 countries and 700 networks.  A `CONFIG` is timed besides.  Seconds are the least of all
rounds, of the processor: `read`, `prove` (what can answer whom under any combination of outages), and `all`, which adds
rules, findings and their replay.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from auditor.gate import gate
from auditor.model import countries
from auditor.model.heap import uncollected
from auditor.routing.collect import collect
from auditor.routing.reach import prove
from auditor.routing.store import Disk

POOLS, GROUP, COUNTRIES = 1_000, 40, 250
CENTRES = ("north", "south", "east", "west", "middle", "coast", "island")
RULE = """\
id: not-there
title: Nobody is sent to the forbidden site
severity: high
applies: {{planes: [media]}}
must_not_touch: {{sites: [{site}]}}
why: It was promised.
fix: Take it out.
references: [{{title: A promise, kind: policy}}]
examples:
  pass: [{{participants: [US], touches: [{{country: US, site: other, as: server, plane: media}}]}}]
  fail: [{{participants: [US], touches: [{{country: CN, site: {site}, as: server, plane: media}}]}}]
  open: [{{participants: [US], touches: [{{country: CN, as: server, plane: media}}]}}]
"""


def plain(folder: Path) -> Path:
    """Write a `routing.yaml`."""
    chance = random.Random(1)
    pools = [f"p{i}" for i in range(POOLS)]
    groups = [pools[i : i + GROUP] for i in range(0, POOLS, GROUP)]
    lines = ["routing: 1", "planes: [media]", "pools:", *(f"  - {{name: {pool}}}" for pool in pools), "groups:"]
    lines += [f"  - {{name: g{i}, first: [{', '.join(group)}]}}" for i, group in enumerate(groups)]
    lines.append("clients:")
    for code in countries.CODES[:COUNTRIES]:
        order = [f"g{i}" for i in range(len(groups))]
        chance.shuffle(order)
        lines.append(f"  - {{name: c{code}, countries: [{code}], first: [{', '.join(order)}]}}")
    path = folder / "routing.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def world(folder: Path) -> Path:
    """Write a map of gdnsd."""
    from auditor.routing import continents

    chance = random.Random(2)
    lists = [", ".join(chance.sample(CENTRES, len(CENTRES))) for _ in range(36)]
    lines = ["generic-map => {", f"  datacenters => [{', '.join(CENTRES)}],", "  map => {"]
    for continent in continents.codes("geonames"):
        members = continents.members("geonames", continent)
        lines += [
            f"    {continent} => {{",
            *(f"      {code} => [{chance.choice(lists)}]," for code in members),
            "    },",
        ]
    lines += ["  },", "  nets => {"]
    lines += [f"    100.{64 + i // 256}.{i % 256}.0/24 => [{chance.choice(lists)}]," for i in range(700)]
    path = folder / "geo-maps"
    path.write_text("\n".join([*lines, "  }", "}"]) + "\n")
    return path


def least(rounds: int, run: Callable[[], Any]) -> float:
    """Return the seconds of the processor of the quickest round."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def timed(title: str, paths: list[str], rules: str, rounds: int) -> None:
    """Time one configuration."""
    found = collect(paths, Disk())
    ways = sum(len(routing.clients) * len(routing.pools) for routing in found.routings)
    clients = sum(len(routing.clients) for routing in found.routings)
    read = least(rounds, lambda: collect(paths, Disk()))
    with uncollected():  # as the gate does it
        proven = least(rounds, lambda: [prove(routing) for routing in found.routings])
    whole = least(rounds, lambda: gate(paths, rules=[rules], as_of=date(2026, 11, 1), planes=["media"]))
    print(
        f"{title:36} {clients:>6,} classes {ways:>9,} pairs   read {read:5.2f}   prove {proven:5.2f}   all {whole:5.2f}"
    )


def main() -> None:
    """Time what is made up and what was given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("configurations", nargs="*", metavar="CONFIG")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    given = [os.path.abspath(path) for path in asked.configurations]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, path, site in (("1,000 pools", plain(folder), "p999"), ("a map of gdnsd", world(folder), "island")):
            rule = folder / f"{site}.yaml"
            rule.write_text(RULE.format(site=site))
            timed(title, [str(path)], str(rule), asked.rounds)
        for path in given:
            timed(path.rpartition("/")[2], [path], str(folder / "island.yaml"), asked.rounds)


if __name__ == "__main__":
    main()
