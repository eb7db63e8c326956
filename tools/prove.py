"""Hold proofs of reachability against brute force: `python tools/prove.py [--configurations N] [--most N] [FORMAT...]`.

Random configurations are written in the syntax of each format, read by its reader, and proven.  Then every combination
of outages is tried in the interpreter of the format, which knows nothing of the proof: both have to name the same pools
and the same smallest number of outages, and every counterexample has to replay.  Leaves with 1 if anything differs.
"""

import argparse
import importlib
import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from auditor.model.errors import InputError
from auditor.routing.collect import collect
from auditor.routing.model import Client, Routing
from auditor.routing.reach import reach
from auditor.routing.store import Kept
from tests.routing import brute

FORMATS: Final = (
    "plain", "gdnsd", "octodns", "route53", "cloudflare", "clouddns", "istio", "openstreetmap", "powerdns", "jitsi",
    "livekit", "trafficmanager",
)  # fmt: skip
CLIENTS: Final = 3  # of one graph
MOST: Final = 12
"""Faults of which all combinations are tried for every client; of more, those of the pools that its graph names."""
LARGEST: Final = 12
"""Faults of a graph; a class with more is left out, and counted."""
BATCH: Final = 50


def proven(name: str, most: int, seed: int) -> Counter[str]:
    """Try one configuration; return what was counted, `wrong` among it."""
    module = importlib.import_module(f"tests.routing.{name}_random")
    files: dict[str, bytes] = module.configuration(random.Random(f"{name} {seed}"))
    try:
        found = collect([path for path in files if "/" not in path] or list(files), Kept(files))
    except InputError:
        return Counter(configurations=1, refused=1)
    counts: Counter[str] = Counter(configurations=1)
    for routing in found.routings:
        for client in _clients(routing):
            counts.update(_compared(routing, client, most, f"{name} {seed}"))
    return counts


def _clients(routing: Routing) -> Iterator[Client]:
    """Yield a few clients of each graph."""
    seen: Counter[int] = Counter()
    for client in routing.clients:
        seen[id(client.root)] += 1
        if seen[id(client.root)] <= CLIENTS:
            yield client


def _compared(routing: Routing, client: Client, most: int, where: str) -> Counter[str]:
    proof = reach(client.root, routing.pools)
    faults = set(routing.faults)
    if len(faults) > most:
        faults = {fault for pool in proof.listed for fault in routing.pools[pool].faults | routing.pools[pool].strains}
    if len(faults) > LARGEST:
        return Counter(large=1)
    slow = brute.outages(faults, lambda down: routing.replay(client, down).pools)
    fast = brute.told(proof)
    replayed = all(pool in routing.replay(client, each.outages).pools for pool, each in proof.pools.items())
    if fast != slow or not replayed:
        print(f"{where}: {client.name}: proven {fast}, found {slow}, replayed {replayed}", flush=True)
    return Counter(
        classes=1, pairs=len(fast), impossible=len(proof.listed - set(slow)), outages=1 << len(faults),
        wrong=int(fast != slow or not replayed),
    )  # fmt: skip


def _batch(name: str, most: int, first: int, last: int) -> Counter[str]:
    total: Counter[str] = Counter()
    for seed in range(first, last):
        total.update(proven(name, most, seed))
    return total


def main() -> int:
    """Try all, and say what was counted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {', '.join(FORMATS)}; all, if none is named")
    parser.add_argument("--configurations", type=int, default=10_000, help="of each format")
    parser.add_argument("--most", type=int, default=MOST, help="faults of which all combinations are tried")
    parser.add_argument("--workers", type=int, default=None)
    asked = parser.parse_args()
    wrong = 0
    with ProcessPoolExecutor(asked.workers) as pool:
        for name in asked.formats or FORMATS:
            starts = range(0, asked.configurations, BATCH)
            ends = [min(start + BATCH, asked.configurations) for start in starts]
            total: Counter[str] = Counter()
            for counts in pool.map(partial(_batch, name, asked.most), starts, ends):
                total.update(counts)
            wrong += total["wrong"]
            print(
                f"{name:14} {total['configurations']:>7,} configurations ({total['refused']:,} refused), "
                f"{total['classes']:>8,} classes, {total['outages']:>11,} outages tried, {total['pairs']:>8,} ways, "
                f"{total['impossible']:>7,} listed and impossible, {total['large']:,} left out, "
                f"{total['wrong']:,} wrong",
                flush=True,
            )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
