# ruff: noqa: E501  (records are as long as logs write them)
import gzip
import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor.logs.model import Told
from auditor.logs.monitors import columns
from auditor.logs.parquet import DAMAGED
from auditor.model.errors import InputError
from tests.logs.monitors.given import rows, some

NS = 1600000000 * 10**9
BASE = """\
name: edge
format: csv
columns: {src_addr: client, dst_addr: server, dst_port: port, time: start, transport: proto, outcome: verdict}
constants: {src_role: client}
values: {outcome: {ok: carried, blocked: rejected, lost: unanswered}}
"""
HEADER = "client,server,port,start,proto,verdict,other"
LINE = "192.0.2.1,198.51.100.7,443,2020-09-13T12:26:40Z,TCP,ok,x"


def reader(path: Path, text: str) -> Any:
    (path / "map.yaml").write_text(text, encoding="utf-8")
    (found,) = columns.readers([path / "map.yaml"]).values()
    return found


def read(path: Path, text: str, data: str | bytes, told: Told | None = None) -> list[dict[str, Any]]:
    known = reader(path, text)
    data = data.encode() if isinstance(data, str) else data
    assert known.sniff(data[: 1 << 16])
    return rows(path, known, data, told)


def test_csv(tmp_path: Path) -> None:
    lines = [
        HEADER, LINE, "", LINE.replace("ok", "blocked"), LINE.replace("ok", "?"), LINE.replace("443", "https"),
        LINE + ",more", ",,,,,,x", ",198.51.100.7,443,,TCP,ok,", HEADER, LINE.replace("2020-09-13T12:26:40Z", "-"),
        '192.0.2.1,"198.51.100.7",443,2020-09-13T12:26:40.5+02:00,17,lost,"a, b"', LINE.replace("TCP", "=cmd()"), LINE[:20],
    ]  # fmt: skip
    told = Told()
    found = read(tmp_path, BASE, "\n".join(lines), told)
    assert some(found, "record", "status", "outcome", "transport", "first_ns") == [
        (2, "ok", "", "tcp", NS), (4, "ok", "rejected", "tcp", NS), (5, "malformed", None, "", 0),
        (6, "malformed", None, "", 0), (7, "malformed", None, "", 0), (8, "no_address", None, "", 0),
        (9, "unsupported", None, "", 0), (11, "ok", "", "tcp", 0), (12, "ok", "unanswered", "udp", NS - 7199_500_000_000),
        (13, "malformed", None, "", 0), (14, "ok", None, "", 0),
    ]  # fmt: skip
    assert found[0]["src_role"] == "client"
    assert found[0]["dst_port"] == 443
    assert len(told.notes) == 1


def test_columns_may_be_called_as_ours_and_alike(tmp_path: Path) -> None:
    header, line = HEADER.replace("other", "record,src_addr,client"), LINE.replace(",x", ",7,8,9")
    (row,) = read(tmp_path, BASE, f"{header}\n{line}\n")
    assert (row["record"], row["src_addr"], row["status"]) == (2, "192.0.2.1", "ok")


def test_a_file_without_a_header(tmp_path: Path) -> None:
    text = BASE + "separator: ';'\nheader: [client, server, port, start, proto, verdict]\n"
    (row,) = read(tmp_path, text, "192.0.2.1;2001:db8::7;443;2020-09-13T12:26:40Z;6;ok\n")
    assert (row["dst_addr"], row["record"], row["transport"]) == ("2001:db8::7", 1, "tcp")
    assert not reader(tmp_path, text).sniff(b"a;b;c;d;e;f\n")


@pytest.mark.parametrize(
    ("times", "written", "ns"),
    [
        ("{}", "2020-09-13 12:26:40.000000001", NS + 1),
        ("{zone: '+02:00'}", "2020-09-13T14:26:40", NS),
        ("{zone: '+02:00'}", "2020-09-13T12:26:40Z", NS),
        ("{zone: Europe/Berlin}", "2020-09-13 14:26:40", NS),
        ("{zone: Europe/Berlin}", "2020-10-25 02:30:00", 0),  # twice
        ("{format: seconds}", "1600000000.5", NS + 5 * 10**8),
        ("{format: milliseconds}", "1600000000123", NS + 123 * 10**6),
        ("{format: microseconds}", "1600000000123456.7", NS + 123_456_700),
        ("{format: nanoseconds}", "1600000000123456789", NS + 123456789),
        ("{format: '%d.%m.%Y %H:%M:%S', zone: UTC}", "13.09.2020 12:26:40", NS),
        ("{format: '%d.%m.%Y %H:%M:%S %z'}", "13.09.2020 14:26:40 +0200", NS),
        ("{format: seconds}", "1600000000123", 0),
        ("{format: seconds}", "-5", 0),
        ("{}", "yesterday", 0),
    ],
)
def test_times(tmp_path: Path, times: str, written: str, ns: int) -> None:
    told = Told()
    (row,) = read(
        tmp_path, f"{BASE}times: {times}\n", f"{HEADER}\n{LINE.replace('2020-09-13T12:26:40Z', written)}\n", told
    )
    assert (row["first_ns"], row["last_ns"], row["status"]) == (ns, ns, "ok")
    zoneless = times == "{}" and ns > 0
    assert len(told.notes) == (zoneless or ns == 0)


WHOLE = """\
name: calls
format: json
columns:
  src_addr: who.ip
  src_port: who.port
  dst_addr: relay
  src_packets: up.packets
  dst_packets: down.packets
  src_bytes: up.bytes
  dst_bytes: down.bytes
  time: at
  duration: lasted
  session: call
  account: org
  plane: kind
  dst_name: host
  encrypted: safe
  opened: by
  observer: probe
constants: {transport: udp, dst_role: relay, app: rtp}
values:
  plane: {av: media, ctl: signalling}
  encrypted: {"true": "yes", "false": "no"}
  opened: {in: dst, out: src}
times: {format: seconds, duration: milliseconds}
"""
CALL = {
    "who": {"ip": "192.0.2.1", "port": 4000}, "relay": "198.51.100.7", "up": {"packets": 3, "bytes": 300},
    "down": {"packets": 2, "bytes": 200}, "at": 1600000000.25, "lasted": 1500, "call": "m-1", "org": "acme", "kind": "av",
    "host": "Turn.Example.org", "safe": True, "by": "out", "probe": "p1",
}  # fmt: skip


def test_json(tmp_path: Path) -> None:
    others: list[Any] = [{**CALL, "by": "in"}, {**CALL, "kind": "mail"}, {**CALL, "up": {"packets": -1}}, 7, {}]
    found = read(tmp_path, WHOLE, "".join(json.dumps(each) + "\n" for each in [CALL, *others]))
    first, second, *rest = found
    wanted = {
        "src_addr": "192.0.2.1", "src_port": 4000, "dst_addr": "198.51.100.7", "src_packets": 3, "dst_packets": 2, "src_bytes": 300,
        "dst_bytes": 200, "first_ns": NS + 250_000_000, "last_ns": NS + 1_750_000_000, "session": "calls:m-1", "account": "acme",
        "plane": "media", "dst_name": "turn.example.org", "encrypted": "yes", "opened": "protocol", "observer": "p1",
        "transport": "udp", "dst_role": "relay", "app": "rtp", "src_role": "unknown",
    }  # fmt: skip
    assert {key: first[key] for key in wanted} == wanted
    assert (second["src_addr"], second["dst_packets"], second["src_role"], second["dst_name"]) == (
        "198.51.100.7",
        3,
        "relay",
        "",
    )
    assert [row["status"] for row in rest] == ["malformed", "malformed", "malformed", "no_address"]


def test_json_of_a_list_and_calls_of_sip(tmp_path: Path) -> None:
    (row,) = read(tmp_path, WHOLE + "call_ids: true\n", json.dumps([CALL], indent=1))
    assert row["session"] == "m-1"


def test_parquet(tmp_path: Path) -> None:
    text = BASE.replace("format: csv", "format: parquet")
    table = pl.DataFrame({
        "client": ["192.0.2.1", None], "server": ["198.51.100.7", None], "port": [443, 0], "proto": [6, 17], "verdict": ["ok", "ok"],
        "start": pl.Series([NS, NS]).cast(pl.Datetime("ns", "Asia/Shanghai")), "odd": [[1], [2]],
    })  # fmt: skip
    table.write_parquet(tmp_path / "t")
    data = (tmp_path / "t").read_bytes()
    found = read(tmp_path, text, data)
    assert some(found, "record", "status", "dst_port", "transport", "first_ns") == [
        (1, "ok", 443, "tcp", NS), (2, "no_address", 0, "", 0),
    ]  # fmt: skip
    table.drop("server").write_parquet(tmp_path / "t")
    assert {row["status"] for row in read(tmp_path, text, (tmp_path / "t").read_bytes())} == {"unsupported"}
    (cut,) = read(tmp_path, text, data[:-9])
    assert (cut["status"], cut["detail"], cut["records"]) == ("malformed", DAMAGED, 1)
    table.select(other="verdict").write_parquet(tmp_path / "t")
    assert [row["status"] for row in read(tmp_path, text, (tmp_path / "t").read_bytes())] == ["unsupported"] * 2


def test_a_parquet_file_that_lies_ends_nothing_but_itself(tmp_path: Path) -> None:
    names = {"client": "record", "server": "status"}
    text = BASE.replace("format: csv", "format: parquet").replace("client,", "record,").replace("server,", "status,")
    table = pl.DataFrame({"client": ["192.0.2.1"] * 999, "server": ["198.51.100.7"] * 999, "port": range(999)})
    table = table.with_columns(start=pl.lit("x"), proto=pl.lit("17"), verdict=pl.lit("ok")).rename(names)
    table.write_parquet(tmp_path / "t")
    data = (tmp_path / "t").read_bytes()
    assert {(row["status"], row["src_addr"]) for row in read(tmp_path, text, data)} == {("ok", "192.0.2.1")}
    chance, seen = random.Random(5), set()
    for _ in range(25):
        torn = bytearray(data)
        for _ in range(20):
            torn[chance.randrange(4, len(data) - 8)] = chance.randrange(256)
        found = read(tmp_path, text, bytes(torn))
        seen |= {row["status"] for row in found}
        assert sum(row["records"] for row in found) >= 1
    assert "malformed" in seen


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: edge", "name: Edge", "lower-case"),
        ("format: csv", "format: xml", "not allowed"),
        ("dst_addr: server, ", "", "dst_addr"),
        ("outcome: verdict", "verdict: outcome", "verdict"),
        ("constants: {src_role: client}", "constants: {dst_port: 443}", "keep one"),
        ("blocked: rejected", "blocked: denied", "not allowed"),
        ("values:", "header: [client, server]\nvalues:", "is not in `header`"),
        (", outcome: verdict", "", "has no column"),
        ("values: {outcome: {ok: carried, blocked: rejected, lost: unanswered}}", "separator: ','", "say in `values`"),
        ("values:", "times: {format: whenever}\nvalues:", "is no format"),
        ("values:", "times: {zone: Mars/Olympus}\nvalues:", "is no zone"),
        ("{src_role: client}", "{app: whatsit}", "no protocol"),
        ("{src_role: client}", "{src_role: caller}", "not allowed"),
    ],
)
def test_maps_that_are_wrong_are_refused_with_their_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in BASE
    with pytest.raises(InputError, match=message) as caught:
        reader(tmp_path, BASE.replace(old, new))
    assert caught.value.record > 0


def test_two_maps_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(BASE)
    with pytest.raises(InputError, match="another column map"):
        columns.readers([tmp_path / "a", tmp_path / "b"])
    assert list(columns.readers([tmp_path / "a", tmp_path / "a"])) == ["columns/edge"]


@pytest.mark.parametrize(
    "head", [b"", b"client,server\n", b"\x00\xff", b"{", b"[[[", b'{"client":1}', gzip.compress(b"x", mtime=0)]
)
def test_others_are_not_taken(tmp_path: Path, head: bytes) -> None:
    assert not reader(tmp_path, BASE).sniff(head)
    assert not reader(tmp_path, WHOLE).sniff(head)


def test_a_map_through_the_whole_house(tmp_path: Path) -> None:
    from auditor import pipeline

    (tmp_path / "map.yaml").write_text(BASE, encoding="utf-8")
    (tmp_path / "edge.log").write_text(f"{HEADER}\n{LINE}\n{LINE.replace('443', 'x')}\n", encoding="utf-8")
    with pytest.raises(InputError, match="neither a capture nor a log"):
        pipeline.located(str(tmp_path / "edge.log"))
    flows = pipeline.located(str(tmp_path / "edge.log"), columns=[tmp_path / "map.yaml"]).frame
    assert flows.filter(pl.col("status") == "ok").select("src_addr", "dst_addr", "dst_port", "src_role").rows() == [
        ("192.0.2.1", "198.51.100.7", 443, "client")
    ]
    found = pipeline.audit(str(tmp_path / "edge.log"), columns=[tmp_path / "map.yaml"])
    assert [(each.format, each.records) for each in found.report.inputs] == [("columns/edge", 2)]
    assert [each.name for each in found.report.databases if each.kind == "columns"] == ["map.yaml"]


def test_the_example_of_the_documentation_is_the_file(tmp_path: Path) -> None:
    docs = Path(__file__).parents[3] / "docs"
    page = (docs / "columns.md").read_text(encoding="utf-8")
    assert (docs / "examples" / "edge-sessions.columns.yaml").read_text(encoding="utf-8") in page
    data = (docs / "examples" / "edge-sessions.csv").read_bytes()
    found = read(tmp_path, (docs / "examples" / "edge-sessions.columns.yaml").read_text(encoding="utf-8"), data)
    assert [row["status"] for row in found] == ["ok", "ok", "ok", "no_address"]
    assert [row["first_ns"] for row in found[:2]] == [NS, NS + 10**9]
