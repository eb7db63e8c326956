"""Order, splits and packing change nothing; whatever a log holds, every record is counted and nothing breaks."""

import gzip
import json
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.logs.model import Told
from auditor.logs.traces import FORMATS, text, trace
from auditor.logs.traces.trace import Unread
from auditor.read.source import Source
from tests.logs.traces.read import ends, lines, read, silent
from tests.logs.traces.test_json import PATH, PATH2, SERVER, atlas, reply, scamper
from tests.logs.traces.test_text import BSD, LINUX, MTR, WINDOWS


def facts(rows: pl.DataFrame) -> pl.DataFrame:
    """All but record numbers, in an order of their own."""
    keys = [name for name in rows.columns if name not in ("record", "records")]
    return rows.group_by(keys).agg(pl.col("records").sum()).sort(pl.all())


RESULTS = [atlas(PATH, prb_id=number, timestamp=1_700_000_000 + number) for number in range(7)]
RESULTS += [atlas([{"hop": 1, "result": [{"x": "*"}]}]), atlas([]), {"type": "ping", "prb_id": 1, "msm_id": 1}]


@pytest.mark.parametrize("seed", range(5))
def test_any_order_and_any_split_give_the_same_rows(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    whole = read(tmp_path, "\n".join(map(json.dumps, RESULTS)))
    mixed = chance.sample(RESULTS, len(RESULTS))
    assert facts(read(tmp_path, "\n".join(map(json.dumps, mixed)))).equals(facts(whole))
    parts = [read(tmp_path, json.dumps(each)) for each in mixed if each["type"] == "traceroute"]
    split = pl.concat(parts)
    assert facts(split).equals(facts(whole.filter(pl.col("status") != "unsupported")))


@pytest.mark.parametrize("shown", [LINUX, BSD, WINDOWS, MTR])
def test_packing_changes_nothing(shown: str, tmp_path: Path) -> None:
    plain = read(tmp_path, shown)
    stored = gzip.compress(shown.encode())
    (tmp_path / "it").write_bytes(stored)
    source = Source("it", str(tmp_path / "it"), len(stored), "traceroute-text", "gzip")
    found = pl.concat([some.collect() for some in FORMATS["traceroute-text"].read(source, Told())])
    assert found.equals(plain.select(found.columns))


@given(st.lists(st.text(max_size=60) | st.sampled_from([*LINUX.split("\n"), *WINDOWS.split("\n"), *MTR.split("\n")])))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_to_its_end(shown: list[str]) -> None:
    numbered = [(number, line.replace("\n", " ")) for number, line in enumerate(shown, 1)]
    told = Told()
    found = list(text.parsed(numbered, told))
    records: list[int] = []
    for each in found:
        if isinstance(each, Unread):
            records.append(each.record)
        else:
            rows = trace._rows(each)
            assert sum(row[1] for row in rows) >= 1
            records += {a.record for a in each.answers} | {r for _, r in each.stars} | set(each.others)
            assert sum(row[1] for row in rows) == max(
                1, len({a.record for a in each.answers} | {r for _, r in each.stars} | set(each.others))
            )
    assert len(records) == len(set(records))
    assert set(records) <= set(range(1, len(shown) + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just(SERVER),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted({
        "hop", "result", "from", "x", "rtt", "late", "error", "addr", "links", "probes", "replies", "ttl", "hops",
        "src", "nodes", "linkc", "tx", "sec", "usec", "host", "count", "Loss%", "Snt", "Best", "hubs", "dst",
    })), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(["result", "src_addr", "dst_addr", "from", "timestamp", "af", "proto", "prb_id", "type"]))
@settings(max_examples=300, deadline=None)
def test_any_member_of_a_result(value: object, name: str) -> None:
    found = FORMATS["ripe-atlas"].trace(1, {**atlas(PATH), name: value})  # type: ignore[attr-defined]
    assert isinstance(found, Unread) or sum(row[1] for row in trace._rows(found)) == 1


@given(
    JSON, st.sampled_from(["hops", "nodes", "src", "dst", "start", "stop_reason", "method", "hop_count", "firsthop"])
)
@settings(max_examples=300, deadline=None)
def test_any_member_of_a_path(value: object, name: str) -> None:
    for kind in ("trace", "tracelb"):
        found = FORMATS["scamper-json"].trace(1, {**PATH2, "type": kind, name: value})  # type: ignore[attr-defined]
        assert isinstance(found, Unread) or sum(row[1] for row in trace._rows(found)) == 1


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_any_report(value: object) -> None:
    for whole in (value, {"report": {"mtr": value, "hubs": [value, {"host": value, "count": value}]}}):
        found = FORMATS["mtr"].report(1, whole)  # type: ignore[attr-defined]
        assert isinstance(found, Unread) or sum(row[1] for row in trace._rows(found)) == 1


def test_a_line_of_ten_megabytes_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    huge = LINUX.encode() + b" 5  " + b"a" * 10_000_000 + b"\n 6  \xff\xfe\xfd\n" + NEXT.encode()
    rows = read(tmp_path, huge)
    assert lines(rows)["malformed"] >= 1
    assert len(ends(rows)) == 2
    long = scamper({**PATH2, "src": "a" * 10_000_000}, {**PATH2, "hops": [{"addr": "=cmd()" * 100_000}]})
    rows = read(tmp_path, long)
    assert lines(rows) == {"ok": 2}
    assert rows["src_addr"].str.len_chars().max() < 50
    assert rows["dst_addr"].str.len_chars().max() < 50


NEXT = LINUX.replace("203.0.113.9", "203.0.113.8")


def test_what_goes_on_for_ever_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(trace, "RECORDS", 100)
    head, first, *_ = LINUX.split("\n")
    rows = read(tmp_path, "\n".join([head, *[first] * 1_000, " 2  203.0.113.9  1 ms"]))
    assert lines(rows) == {"ok": 1_001}
    assert len(ends(rows)) > 5
    assert silent(rows)


def test_who_writes_names_that_look_like_ours(tmp_path: Path) -> None:
    """Text of a log stands for no address of ours: what isn't an address of a reply did not answer."""
    rows = read(tmp_path, json.dumps(atlas([{"hop": 1, "result": [reply("@silent hop"), reply("@host:x")]}])))
    assert set(rows["dst_addr"]) == {SERVER, "@silent hop"}
