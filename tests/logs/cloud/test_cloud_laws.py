"""Any order, any split, any packing: the same flows and the same counts (laws 1 and 2), for every log of a cloud."""

import bz2
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from auditor.logs.formats import named
from auditor.logs.jobs import jobs
from auditor.logs.scan import scan
from auditor.read.source import sources
from tests.logs.cloud import test_aws, test_azure, test_gcp, test_hubble
from tests.logs.cloud.test_aws_parquet import table

PACKED: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, bz2.compress, zstandard.compress]
CHANCE = random.Random(11)


def plain(number: int) -> str:
    """A record of the default format: some carry data, some are bare, some refused, some say nothing, some are torn."""
    line = test_aws.PLAIN.replace("50000", str(50000 + number % 7)).replace("10.0.0.4", f"10.0.0.{number % 5}")
    line = line.replace("1714557600", str(1_714_557_600 + number))
    small = line.replace(" 12 3400 ", f" {number % 9 + 1} {(number % 9 + 1) * 40} ")
    return (line, small, line.replace("ACCEPT", "REJECT"), test_aws.NODATA, line[:70], small.replace(" 17", " 7", 1))[
        number % 6
    ]


def both(number: int) -> dict[str, Any]:
    values = {"srcport": 50000 + number % 3, "start": 1_714_557_600 + number, "tcp-flags": (2, 18, 0, 1)[number % 4]}
    if number % 2:
        values |= {"srcaddr": "203.0.113.7", "dstaddr": "10.0.0.4", "srcport": 443, "dstport": 50000 + number % 3}
    return {**test_aws.VALUES, **values, "end": 1_714_557_660 + number}


def azure(number: int) -> dict[str, Any]:
    ends = f"10.0.0.{number % 4},203.0.113.7,{50000 + number % 3},443,T,O,A"
    begin, end = f"1714557{500 + number},{ends},B,,,,", f"1714557{600 + number},{ends},E,{number},{number * 90},1,60"
    return test_azure.nsg([begin, end], [test_azure.DENIED, "torn"])


def google(number: int) -> dict[str, Any]:
    here, there = (f"10.1.0.{number % 4}", 50000), ("203.0.113.7", 443)
    (src, sport), (dst, dport) = (there, here) if number % 2 else (here, there)
    ends = {"src_ip": src, "src_port": sport, "dest_ip": dst, "dest_port": dport, "protocol": 6}
    return test_gcp.entry(test_gcp.record(connection=ends, bytes_sent=str(number * 70), packets_sent=str(number)))


def event(number: int) -> dict[str, Any]:
    flow = test_hubble.reply({"ACK": True, "PSH": number % 4 == 1}) if number % 2 else test_hubble.flow()
    return {"flow": {**flow, "verdict": ("FORWARDED", "DROPPED", "FORWARDED")[number % 3]}, "node_name": "prod/one"}


LINES: dict[str, list[str]] = {
    "aws-vpc": [plain(number) for number in range(60)],
    "azure-nsg": [json.dumps(azure(number)) for number in range(1, 30)],
    "gcp-vpc": [json.dumps(google(number)) for number in range(1, 40)],
    "hubble": [json.dumps(event(number)) for number in range(40)],
}


def found(folder: Path) -> tuple[list[Any], dict[tuple[str, str], int], int, set[str]]:
    """Read a folder: the flows but for their numbers, what was no flow, how many records there were, what is said."""
    inputs = sources([str(folder)], named)
    logs = scan(jobs(inputs, [""] * len(inputs), frozenset()), list(enumerate(inputs)), None, ())
    flows = [row for frame in logs.folder.flows() for row in frame.drop("source", "record").rows()]
    unread: dict[tuple[str, str], int] = {}
    for status, detail in logs.unread.select("status", "detail").rows():
        unread[status, detail] = 1
    records = sum(each.records or 0 for each in logs.inputs)
    return sorted(flows, key=repr), unread, records, {*logs.notes, *logs.limits}


@pytest.mark.parametrize("form", LINES)
def test_order_split_and_packing_change_nothing(tmp_path: Path, form: str) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    lines = LINES[form]
    (whole / "log").write_text("\n".join(lines) + "\n")
    expected = found(whole)
    assert expected[0]
    for attempt in range(4):
        parts = tmp_path / f"parts{attempt}"
        parts.mkdir()
        shuffled = CHANCE.sample(lines, len(lines))
        cut = CHANCE.randint(12, len(lines) - 12)
        for number, some in enumerate((shuffled[:cut], shuffled[cut:])):
            told = sorted(some, key=lambda line: named(line.encode()) != form)  # a file is told by its first line
            data = "\n".join(told).encode() + b"\n" * (attempt % 2)
            (parts / f"{number}.log").write_bytes(PACKED[(attempt + number) % 4](data))
        assert found(parts) == expected


def test_parquet_and_text_tell_the_same(tmp_path: Path) -> None:
    records = [both(number) for number in range(40)]
    for name in ("text", "parquet"):
        (tmp_path / name).mkdir()
    (tmp_path / "text" / "log").write_bytes(test_aws.log(*records))
    (tmp_path / "parquet" / "0").write_bytes(table(*records[:7]))
    (tmp_path / "parquet" / "1").write_bytes(gzip.compress(table(*records[7:])))
    assert found(tmp_path / "parquet") == found(tmp_path / "text")
