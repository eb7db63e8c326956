from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor.logs.cloud import FORMATS, aws, aws_parquet, vpc
from auditor.logs.formats import named
from auditor.read.source import sources
from tests.logs.cloud.reading import read, states
from tests.logs.cloud.test_aws import GATEWAY, NODATA, PLAIN, SKIPPED, START, VALUES
from tests.read.test_footer import parquet

NUMBERS = {"version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp-flags"}


def table(*records: dict[str, Any], hyphens: bool = False, **kinds: Any) -> bytes:
    """Write records as Parquet, `-` as null where a column is of numbers."""
    frame = pl.DataFrame([
        {name if hyphens else name.replace("-", "_"): value for name, value in each.items()} for each in records
    ])  # fmt: skip
    return parquet(frame.cast(kinds))


def of(line: str) -> dict[str, Any]:
    values = dict(zip(vpc.ORDER, line.split(), strict=False))
    numbers = {name: None if values[name] == "-" else int(values[name]) for name in NUMBERS & {*values}}
    return {**values, **numbers}


@pytest.mark.parametrize("hyphens", [False, True])
def test_it_is_read_as_the_text_is(tmp_path: Path, hyphens: bool) -> None:
    lines = [PLAIN, NODATA, SKIPPED, PLAIN.replace("ACCEPT", "REJECT")]
    expected, told = read(tmp_path, aws, "\n".join(lines).encode())
    found, said = read(tmp_path, aws_parquet, table(*map(of, lines), hyphens=hyphens))
    key = lambda row: (row["record"], row["status"])  # noqa: E731
    assert sorted(found, key=key) == sorted(expected, key=key)
    assert said.limits == told.limits == {vpc.SKIPPED}


@pytest.mark.parametrize("packed", [False, True])
def test_kinds_of_columns(tmp_path: Path, packed: bool) -> None:
    times = {"start": START * 1000, "end": (START + 60) * 1000}
    data = table({**VALUES, **times, "more": [1]}, start=pl.Datetime("ms"), end=pl.Datetime("ms"), srcport=pl.UInt16)
    (row,), _ = read(tmp_path, aws_parquet, data, packed)
    assert (row["status"], row["src_port"], row["first_ns"], row["opened"]) == ("ok", 50000, START * 10**9, "handshake")
    assert (row["observer"], row["src_site"]) == ("vpc-1", "aws/eu-west-1")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"pkt-srcaddr": None}, ("ok", "")),
        ({"tcp-flags": None}, ("ok", "")),
        ({"srcaddr": None, "dstaddr": None}, ("no_address", vpc.NOBODY)),
        ({"packets": None}, ("malformed", vpc.NUMBERS)),
        ({"action": None}, ("malformed", vpc.TORN)),
        ({"log-status": None}, ("malformed", vpc.TORN)),
        ({"srcport": 70000}, ("malformed", vpc.NUMBERS)),
        ({"srcaddr": "=cmd()"}, ("ok", "")),
    ],
)
def test_values_that_are_missing(tmp_path: Path, changes: dict[str, Any], state: tuple[str, str]) -> None:
    found, _ = read(tmp_path, aws_parquet, table({**VALUES, "pkt-srcaddr": "10.0.0.4"}, {**VALUES, **changes}))
    assert states(found) == ({("ok", ""): 1, state: 1} if state != ("ok", "") else {state: 2})


def test_it_is_found_in_folders_of_partitions_and_told_by_its_columns(tmp_path: Path) -> None:
    files = {
        "aws-region=eu-west-1/year=2024/month=05/flows.parquet": table(VALUES),
        "aws-region=eu-west-1/year=2025/transit": table({**GATEWAY, "extra": 1}),
        "aws-region=eu-west-1/other": parquet(pl.DataFrame({"a": [1], "start": [1], "end": [1]})),
        "aws-region=eu-west-1/cut.parquet": table(VALUES)[:-9],
    }
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found = sources([str(tmp_path)], named)
    assert {each.name.rpartition("/")[2]: each.format for each in found} == {
        "flows.parquet": "aws-parquet",
        "transit": "aws-parquet",
        "cut.parquet": "unreadable",
    }


def test_only_columns_of_a_flow_log_are_one() -> None:
    assert not aws_parquet.sniff(b"PAR1")
    assert not aws_parquet.sniff(table(VALUES))  # a head without the footer
    assert list(FORMATS).count("aws-parquet") == 1


ANYTHING = [1, -1, 1.5, float("nan"), True, None, "x", [1], {"a": 1}, b"\xff", 1 << 40]


@pytest.mark.parametrize("name", ["account-id", "region", "srcaddr", "tcp-flags", "packets", "start", "log-status"])
def test_a_column_of_any_kind_is_counted(tmp_path: Path, name: str) -> None:
    for value in ANYTHING:
        frame = pl.DataFrame([{**VALUES, name: value}]).rename(lambda field: field.replace("-", "_"))
        found, _ = read(tmp_path, aws_parquet, parquet(frame))
        assert sum(row["records"] for row in found) == 1


def test_an_account_that_became_a_number_is_the_same(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, aws_parquet, table({**VALUES, "vpc-id": None, "account-id": 123456789012}))
    assert (row["status"], row["observer"]) == ("ok", "123456789012")
