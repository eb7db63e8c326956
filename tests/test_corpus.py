"""Real captures through the whole audit: nothing raises, nothing is lost, and what is decided only grows.

`tests/data/corpus.json` says for each file what was decided when it was last written; a run may be better
than it, never worse.  `AUDITOR_UPDATE=1` writes it again.
"""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor import pipeline
from auditor.model import flow
from tests import corpus

TABLE = Path(__file__).parent / "data" / "corpus.json"
ADDRESSED = {"Ethernet", "Linux", "Raw IP", "NULL", "PPP"}


@cache
def audited(capture: Path) -> pipeline.Audit:
    return pipeline.audit(capture, workers=1)


def measured(found: pipeline.Audit) -> dict[str, Any]:
    """Return packets by status, and the shares of flows recognised, ends placed, and touches in scope decided."""
    rows = found.located.frame.filter(pl.col("src_addr").is_not_null())
    return {
        "packets": dict(found.report.coverage.records),
        "recognised": corpus.share(rows.filter(pl.col("app") != "").height, rows.height),
        "placed": corpus.placed(rows),
        "decided": corpus.decided(found),
    }


@corpus.needed
@corpus.each
def test_packets_are_accounted_for_exactly(capture: Path) -> None:
    truth, found = corpus.truth(capture), audited(capture)
    frame = found.located.frame.filter(pl.col("basis") == flow.OBSERVED)
    assert int(frame.select(pl.col("src_packets") + pl.col("dst_packets")).sum().item()) == truth["packets"]
    assert found.report.coverage.packets == truth["packets"] == sum(n for _, n in found.report.coverage.records)


@corpus.needed
@corpus.each
def test_all_pairs_of_addresses_are_there(capture: Path) -> None:
    """Outer pairs as flows or as hops, innermost ones with their packets (`read/test_corpus_scan.py` is exact)."""
    truth, pairs, hops = corpus.truth(capture), Counter(), set()
    frame = audited(capture).located.frame.filter((pl.col("basis") == flow.OBSERVED) & pl.col("src_addr").is_not_null())
    columns = ("src_addr", "dst_addr", "src_packets", "dst_packets", "detail")
    for src, dst, out, back, detail in frame.select(columns).iter_rows():
        pairs[src, dst] += out
        pairs[dst, src] += back
        if detail == flow.PASSED:
            assert out == back == 0
            hops |= {(src, dst), (dst, src)}
    outer, inner = (
        Counter({(p["src"], p["dst"]): p["packets"] for p in truth.get(f"ip_pairs_{which}", [])})
        for which in ("outer", "innermost")
    )
    # Where a header lies, tshark may still print addresses that no device would have routed by; those packets are
    # counted as malformed here, so the pairs that are missing can't have more packets than those.
    coverage = dict(audited(capture).report.coverage.records)
    lost = sum(coverage.get(status, 0) for status in (flow.MALFORMED, flow.TRUNCATED))
    assert sum((Counter({p: n for p, n in outer.items() if p not in hops}) - pairs).values()) <= lost
    # It also gives the last fragment of an outer datagram the addresses that are found inside of all of them.
    assert sum((inner - pairs).values()) <= truth["fragment_packets"]
    assert bool(hops) >= bool(inner)


@corpus.needed
@corpus.each
def test_what_is_decided_only_grows(capture: Path) -> None:
    now = measured(audited(capture))
    corpus.only_grows(TABLE, capture.name, now, "packets", "recognised", "placed", "decided")


@corpus.needed
def test_the_table_has_every_capture() -> None:
    assert sorted(json.loads(TABLE.read_text())) == [path.name for path in corpus.captures()]


@pytest.mark.skipif(corpus.FOLDER.is_dir(), reason="the real captures are here and are tested one by one")
def test_skipping_is_said() -> None:
    assert corpus.captures() == []
