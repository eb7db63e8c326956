import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl

from auditor.model import flow
from auditor.report import table
from tests.report import samples


def frame() -> pl.DataFrame:
    return flow.frame(
        {
            "source": [0, 0, 1],
            "record": [7, 2, 1],
            "status": ["ok", "ok", "no_address"],
            "detail": ["", "", "ARP"],
            "session": ['=HYPERLINK("http://x")', "a\nb\x1b", None],
            "first_ns": [1_585_915_200_123_456_789, 1, 0],
            "last_ns": [1_585_915_201_000_000_000, 2, 0],
            "src_addr": ["192.0.2.1", "192.0.2.2", None],
            "dst_addr": ["52.81.151.250", "192.0.2.3", None],
            "dst_claimed": ["CN+HK", "", ""],
            "dst_proven": ["CN", "*", "*"],
            "src_packets": [3, 1, 5],
            "dst_packets": [4, 0, 0],
            "src_name": ["@evil", "", ""],
        }
    )


def test_columns_come_in_the_promised_order() -> None:
    ends = "start end src sport dst dport transport app plane session packets bytes".split()
    places = "names src_countries dst_countries sites status".split()
    assert table.flows(frame(), ["a.pcap", "b.pcap"]).columns[:17] == ends + places


def test_every_column_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z_]+)`", page.partition("## The flow table")[2].partition("\n## ")[0]))
    columns = table.flows(frame(), ["a.pcap", "b.pcap"]).columns
    assert {column.replace("dst_", "src_") for column in columns} <= told


def test_rows_are_in_the_order_of_first_packets_and_located() -> None:
    rows = table.flows(frame(), ["a.pcap", "b.pcap"]).to_dicts()
    assert [(row["input"], row["record"]) for row in rows] == [("a.pcap", 2), ("a.pcap", 7), ("b.pcap", 1)]
    assert [row["dst_countries"] for row in rows] == ["*", "CN", None]
    assert [row["packets"] for row in rows] == [1, 7, 5]


def test_a_stranger_s_text_is_no_formula_and_no_line_of_its_own() -> None:
    text = table.csv(table.flows(frame(), ["a.pcap", "b.pcap"])).decode()
    assert "\x1b" not in text
    assert len(text.splitlines()) == 4
    assert "'=HYPERLINK" in text
    assert "'@evil" in text
    assert '"=HYPERLINK' not in text


def test_times_keep_their_nanoseconds() -> None:
    rows = json.loads(table.json(table.flows(frame(), ["a.pcap", "b.pcap"])))
    assert rows[1]["start"] == "2020-04-03T12:00:00.123456789Z"
    assert rows[2]["start"] is None
    pandas = table.to_pandas(table.flows(frame(), ["a.pcap", "b.pcap"]))
    assert pandas["start"][1].value == 1_585_915_200_123_456_789
    assert str(pandas["start"].dtype).startswith("datetime64[ns, UTC")


def test_parquet_reads_back() -> None:
    import io

    flows = table.flows(frame(), ["a.pcap", "b.pcap"])
    assert pl.read_parquet(io.BytesIO(table.parquet(flows))).equals(flows)


def test_findings_without_a_time_have_none() -> None:
    found = samples.FAIL.findings[0]
    both = table.findings(replace(samples.FAIL, findings=(found, replace(found, first_ns=0, last_ns=0))))
    assert list(both.columns) == table.FINDING
    assert both["first"][0].value == found.first_ns
    assert both["first"].isna().tolist() == both["last"].isna().tolist() == [False, True]
