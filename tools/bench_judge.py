"""Time the judge: what rules over a digest cost, and how that grows with either.

    python tools/bench_judge.py [--rows N,N] [--rules N,N] [--rounds N] [--whole N]

The digest is made up: calls of three participants at home in 60 countries, each with six exchanges with servers in 70
data centres.  Rules ask about 40 populations and 80 territories; `calm` ones forbid what hardly occurs, `stormy` ones
what happens every day.  `judge`: from a sealed digest to the outcome and the counts of every rule.  `seal` comes before
it, once for all rules, and findings after it, which cost by what is found.  `conclude` is all of it, for at most
`--whole` rules.  Seconds are the least of all rounds, of the clock and (in brackets) of the processor.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from auditor import judge
from auditor.judge.conflicts import Bond, bonds, clashes
from auditor.judge.seal import Sealed, seal
from auditor.judge.tally import Tally
from auditor.judge.verdicts import Touches
from auditor.model import countries, flow
from auditor.model.rule import Assertion, Population, Rule, Scope

HOMES, PLACES = countries.CODES[:60], countries.CODES[:30]
SERVERS, CENTRES = 2_000, 70
CROWD, EXCHANGES = 3, 6  # participants and rows of each session
YEAR = 365 * 86_400 * 10**9
START = 1_767_225_600 * 10**9  # 2026-01-01
DATES = (None, None, START + YEAR // 10, START + YEAR // 2)
OPERATORS = ("", "Acme", "Apex", "Sinnet", "Equinox", "Northern Light", "Third", "Own")
TRAFFIC = (
    ("rtp", "media"),
    ("stun", "media"),
    ("sip", "signalling"),
    ("tls", "signalling"),
    ("tls", "keys"),
    ("", "unknown"),
)


def flows(rows: int, seed: int = 1) -> pl.DataFrame:
    """Make FLOW rows of sessions; no two of them fold into one."""
    chance = np.random.default_rng(seed)
    sessions = -(-rows // EXCHANGES)
    weight = 1 / np.arange(1, len(HOMES) + 1) ** 1.2
    home = chance.choice(len(HOMES), (sessions, CROWD), p=weight / weight.sum())
    home[:, 1:] = np.where(chance.random((sessions, CROWD - 1)) < 0.7, home[:, :1], home[:, 1:])  # most stay at home
    homes = pl.Series([*HOMES, *(f"{a}+{b}" for a, b in zip(HOMES, countries.CODES[1:61], strict=True))])
    home += np.where(chance.random((sessions, CROWD)) < 0.05, len(HOMES), 0)  # two sources disagree on these
    at = np.arange(rows)
    session, number = np.divmod(at, EXCHANGES)
    client = number % CROWD
    server = (session * 7919 + number // 2 * 31) % SERVERS
    centre = np.arange(SERVERS) % CENTRES  # servers stand in data centres, each in one country and run by one operator
    place = pl.Series([PLACES[i % len(PLACES)] for i in centre])
    owned = centre % 4 == 0  # sites of the inventory, where places are proven
    site = pl.Series([f"site {i}" if own else "" for i, own in zip(centre, owned, strict=True)])
    operator = pl.Series([OPERATORS[i % len(OPERATORS)] for i in centre])
    begun = START + session * (YEAR // sessions) + number * 10**6
    apps, planes = (pl.Series(told) for told in zip(*TRAFFIC, strict=True))
    claimed = pl.select(pl.when(pl.Series(owned)).then(pl.lit("")).otherwise(place)).to_series()
    proven = pl.select(pl.when(pl.Series(owned)).then(place).otherwise(pl.lit("*"))).to_series()

    def some(words: Sequence[str], *odds: float) -> pl.Series:
        return pl.Series(words).gather(chance.choice(len(words), rows, p=odds))

    return flow.frame({
        "source": (number % 2).astype(np.int32), "record": at + 1, "session": pl.Series(session).cast(pl.String),
        "basis": some(["observed", "offered"], 0.97, 0.03), "app": apps.gather(number), "plane": planes.gather(number),
        "service": pl.Series(["", "zoom", "teams"]).gather(server % 3),
        "outcome": some(["", "unanswered"], 0.98, 0.02), "encrypted": some(["yes", "no", ""], 0.6, 0.2, 0.2),
        "opened": some(["handshake", ""], 0.9, 0.1), "first_ns": begun, "last_ns": begun + 5 * 10**9,
        "src_packets": number + 1, "src_bytes": number * 100 + 100,
        "src_addr": _addresses(10, session * CROWD + client), "src_role": some(["client", "unknown"], 0.98, 0.02),
        "src_claimed": homes.gather(home[session, client]),
        "dst_addr": _addresses(203, server), "dst_role": pl.Series(["server", "relay"]).gather(server % 2),
        "dst_site": site.gather(server), "dst_operator": operator.gather(server),
        "dst_claimed": claimed.gather(server), "dst_proven": proven.gather(server),
    })  # fmt: skip


def _addresses(first: int, number: Any) -> pl.Series:
    some = pl.Series(number)
    return pl.select(
        pl.format("{}.{}.{}.{}", pl.lit(first), some // 65536 % 256, some // 256 % 256, some % 256)
    ).to_series()


def rules(count: int, calm: bool, seed: int = 1) -> Iterator[Rule]:
    """Make rules of 40 populations and 80 territories."""
    chance = random.Random(seed)
    people = [
        Population(f"population {i}", countries.of(chance.sample(HOMES, chance.randint(1, 30)))) for i in range(40)
    ]
    far, near = countries.CODES[28:], countries.CODES[:40]
    away = [countries.of(chance.sample(far if calm else near, chance.randint(1, 20))) for _ in range(80)]
    planes = (None, frozenset({"media"}), frozenset({"media", "keys"}), frozenset({"media", "signalling", "keys"}))
    for i in range(count):
        forbid = calm or chance.random() < 0.5
        quantifier = chance.choice(["all", "any", "mixed", "none"])
        yield Rule(
            f"rule-{i}", f"Rule {i}", "high",
            Scope(quantifier, chance.choice(people), planes=chance.choice(planes)),
            Assertion("must_not_touch" if forbid else "must_stay_in", chance.choice(away)),
            "a benchmark asks", "nothing", since_ns=chance.choice(DATES), proof=chance.random() < 0.1,
        )  # fmt: skip


def judged(sealed: Sealed, some: Sequence[Rule]) -> Tally:
    """Judge a sealed digest, count, and look for conflicts, as `judge.conclude` does, without making findings."""
    touches = Touches(sealed, some)
    tally = Tally(touches, sealed)
    bound: list[Bond] = []
    for view, alike in touches.views(some):
        seen = tally.seen(view)
        for rule in alike:
            outcomes = touches.judge(rule, view)
            tally.add(seen, outcomes)
            bound += bonds(outcomes)
        tally.put(seen)
    clashes(bound, touches)
    return tally


def timed(rounds: int, work: Callable[[], Any]) -> tuple[str, Any]:
    """Return the least seconds, of the clock and of the processor, and what was worked out."""
    best = []
    for _ in range(rounds):
        clock, processor = time.perf_counter(), time.process_time()
        done = work()
        best.append((time.perf_counter() - clock, time.process_time() - processor))
    return f"{min(a for a, _ in best):.2f} ({min(b for _, b in best):.2f})", done


def row(*cells: object) -> None:
    """Print a row of a Markdown table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def main() -> None:
    """Time digests and packs of rules of every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--rules", default="1,10,100,1000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--whole", type=int, default=100, help="conclude with at most so many rules")
    args = parser.parse_args()
    sizes, counts = ([int(size) for size in told.split(",")] for told in (args.rows, args.rules))
    row("rows", "rules", "", "kinds", "judge", "conclude", "findings")
    row(*["---"] * 7)
    for size in sizes:
        digest = judge.fold(flows(size), [date for date in DATES if date])
        sealing, sealed = timed(args.rounds, lambda digest=digest: seal(digest.situations))
        row(f"{size:,}", "seal", "", "", sealing, "", "")
        for count, calm in product(counts, (True, False)):
            some = list(rules(count, calm))
            judging, _ = timed(args.rounds, lambda sealed=sealed, some=some: judged(sealed, some))
            kinds, whole, found = Touches(sealed, some).kinds.size, "", ""
            if count <= args.whole:
                whole, report = timed(1, lambda digest=digest, some=some: judge.conclude(digest, some))
                found = f"{len(report.findings):,}"
            row(f"{size:,}", f"{count:,}", "calm" if calm else "stormy", f"{kinds:,}", judging, whole, found)


if __name__ == "__main__":
    main()
