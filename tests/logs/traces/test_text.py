"""Traces as tools print them, in the shapes of their documentation; addresses are those of documentation."""

from pathlib import Path

import pytest

from auditor.logs.model import Told
from auditor.logs.traces import FORMATS
from auditor.logs.traces.shapes import heading, hop
from auditor.logs.traces.text import traces
from auditor.logs.traces.trace import Trace, round_trips
from auditor.read.source import Source
from tests.logs.traces.read import ends, hops, kind, lines, read, silent

HERE = "127.0.0.1"

LINUX = """traceroute to server.example (203.0.113.9), 30 hops max, 60 byte packets
 1  gw.example (192.0.2.1)  0.412 ms  0.391 ms  0.380 ms
 2  * * *
 3  r1.example (198.51.100.1) [AS64500] <MPLS:L=24014,E=0,S=1,T=1>  4.1 ms r2 (198.51.100.2) [AS64500/AS64501]  4.9 ms *
 4  server.example (203.0.113.9)  9.100 ms !X  9.000 ms !X  9.200 ms !X
"""
NUMERIC = """traceroute to 203.0.113.9 (203.0.113.9), 30 hops max, 60 byte packets
 1  192.0.2.1  0.4 ms  0.4 ms  0.4 ms
 2  198.51.100.1 [AS64500]  4 ms 198.51.100.2 [*]  5 ms 198.51.100.3  6 ms
 3  198.51.100.7  7 ms !H * 7 ms !H
"""
BSD = """traceroute to server.example (203.0.113.9) from 192.0.2.10, 64 hops max, 40 byte packets
 1  [AS0] gw (192.0.2.1)  0.412 ms  0.391 ms  0.380 ms
 2  r1.example (198.51.100.1)  4.1 ms
    r2.example (198.51.100.2)  4.9 ms
    198.51.100.3 (198.51.100.3)  5.0 ms
 3  203.0.113.9 (203.0.113.9)  9 ms *  9 ms
"""
SIX = """traceroute6 to server.example (2001:db8::9) from 2001:db8:1::5, 64 hops max, 28 byte packets
 1  fe80::1%en0  0.412 ms  0.391 ms  0.380 ms
 2  2001:db8:2::1  4.1 ms
 3  2001:db8::9  9.3 ms
"""
WINDOWS = """\r
Tracing route to server.example [203.0.113.9]\r
over a maximum of 30 hops:\r
\r
  1    <1 ms    <1 ms    <1 ms  gw.example [192.0.2.1] \r
  2     *        *        *     Request timed out.\r
  3     4 ms     *        5 ms  198.51.100.1 \r
  4     9 ms     9 ms     9 ms  server.example [203.0.113.9] \r
\r
Trace complete.\r
"""
GERMAN = """
Routenverfolgung zu server.example [203.0.113.9]
über maximal 30 Hops:

  1    <1 ms    <1 ms    <1 ms  192.0.2.1
  2  192.0.2.1  meldet: Zielhost nicht erreichbar.

Ablaufverfolgung beendet.
"""
CHINESE = """
通过最多 30 个跃点跟踪
到 server.example [203.0.113.9] 的路由:

  1    <1 毫秒   <1 毫秒    1 毫秒 192.0.2.1
  2     *        *        *     请求超时。
  3     9 毫秒    9 毫秒    9 毫秒 203.0.113.9

跟踪完成。
"""
BESTTRACE = """Traceroute to Somewhere, Else CT (TCP Mode, Max 30 Hop)
============================================================
traceroute to 203.0.113.9 (203.0.113.9), 30 hops max, 60 byte packets
 1  10.0.0.1  0.28 ms  *  LAN Address
 2  *
 3  198.51.100.1  37.07 ms  AS64500,AS64501  国家 城市 example.net
 4  198.51.100.2  127.31 ms  *  国家 10.9.8.7 城市
 5  203.0.113.9  130.07 ms  AS64502  国家
"""
MTR = """Start: 2026-11-23T02:08:44+0100
HOST: machine                     Loss%   Snt   Last   Avg  Best  Wrst StDev
  1.|-- gw.example                 0.0%    10    0.3   0.3   0.2   0.4   0.0
  2.|-- 198.51.100.1              20.0%    10    4.3   4.3   4.2   4.4   0.0
       [MPLS: Lbl 24014 TC 0 S 1 TTL 1]
        198.51.100.2
  3.|-- ???                       100.0    10    0.0   0.0   0.0   0.0   0.0
  4. AS64500  203.0.113.9          0.0%    10    9.3   9.3   9.2   9.4   0.0
"""
TRACEPATH = """ 1?: [LOCALHOST]                      pmtu 1500
 1:  192.0.2.1                         0.412ms
 1:  gw                                0.391ms
 2:  no reply
 3:  r1.example (198.51.100.1)         4.100ms asymm  4
 4:  203.0.113.9                       9.300ms reached
     Resume: pmtu 1500 hops 4 back 5
"""
PARIS = """traceroute [(192.0.2.10:33456) -> (203.0.113.9:33457)], protocol udp, algo exhaustive, duration 3 s
 1  P(6, 6) 192.0.2.1 (192.0.2.1)  0.280/0.295/0.320/0.020 ms
 2  P(16, 16) r1.example (198.51.100.1):0,2  4.1/4.2/4.3/0.1 ms r2.example (198.51.100.2):1  4.0/4.2/4.3/0.1 ms
   MPLS Label 1398 TTL=1
 3  P(6, 6) 203.0.113.9 (203.0.113.9)  9.1/9.2/9.3/0.1 ms
"""
GATEWAY, FIRST, SECOND, THIRD, SERVER = "192.0.2.1", "198.51.100.1", "198.51.100.2", "198.51.100.3", "203.0.113.9"


@pytest.mark.parametrize(
    ("text", "source", "target", "outcome", "between", "quiet", "count"),
    [
        (LINUX, HERE, SERVER, "", {GATEWAY, FIRST, SECOND}, True, 4),
        (NUMERIC, HERE, SERVER, "unanswered", {GATEWAY, FIRST, SECOND, THIRD, "198.51.100.7"}, True, 3),
        (BSD, "192.0.2.10", SERVER, "", {GATEWAY, FIRST, SECOND, THIRD}, False, 5),
        (SIX, "2001:db8:1::5", "2001:db8::9", "", {"fe80::1", "2001:db8:2::1"}, False, 3),
        (WINDOWS, HERE, SERVER, "", {GATEWAY, FIRST}, True, 4),
        (GERMAN, HERE, SERVER, "unanswered", {GATEWAY}, True, 2),
        (CHINESE, HERE, SERVER, "", {GATEWAY}, True, 3),
        (BESTTRACE, HERE, SERVER, "", {"10.0.0.1", FIRST, SECOND}, True, 5),
        (MTR, HERE, SERVER, "", {"@host:gw.example", FIRST, SECOND}, True, 5),
        (TRACEPATH, HERE, SERVER, "", {GATEWAY, "@host:gw", FIRST}, True, 6),
        (PARIS, "192.0.2.10", SERVER, "", {GATEWAY, FIRST, SECOND}, False, 3),
    ],
    ids=["linux", "numeric", "bsd", "six", "windows", "german", "chinese", "besttrace", "mtr", "tracepath", "paris"],
)
def test_dialects(
    text: str, source: str, target: str, outcome: str, between: set[str], quiet: bool, count: int, tmp_path: Path
) -> None:
    rows = read(tmp_path, text)
    assert ends(rows) == [(source, target, outcome)]
    assert hops(rows) == between
    assert silent(rows) == quiet
    assert lines(rows) == {"ok": count}
    assert rows["session"].n_unique() == 1
    shown = text.split("\n")
    for row in rows.iter_rows(named=True):
        if not row["dst_addr"].startswith("@") and row["outcome"] == "":
            line = shown[row["record"] - 1]
            assert row["dst_addr"] in line, row


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_encodings_with_a_mark(encoding: str, tmp_path: Path) -> None:
    text = CHINESE.replace("个跃点", "上海个跃点")  # a character one of whose bytes is that of a line feed
    rows = read(tmp_path, text.encode(encoding))
    assert ends(rows) == [(HERE, SERVER, "")]
    assert hops(rows) == {GATEWAY}


@pytest.mark.parametrize(("text", "encoding"), [(CHINESE, "gb18030"), (GERMAN, "cp850")])
def test_code_pages(text: str, encoding: str, tmp_path: Path) -> None:
    rows = read(tmp_path, text.encode(encoding))
    assert [target for _, target, _ in ends(rows)] == [SERVER]
    assert hops(rows) == {GATEWAY}
    assert lines(rows) == lines(read(tmp_path, text))


def test_several_traces_in_one_file(tmp_path: Path) -> None:
    rows = read(tmp_path, LINUX + "\n$ traceroute -n 203.0.113.9\n" + NUMERIC + WINDOWS + MTR + PARIS)
    assert len(ends(rows)) == 5
    assert lines(rows) == {"ok": 4 + 3 + 4 + 5 + 3}
    assert rows["session"].n_unique() == 5


def test_a_trace_that_begins_anew_without_a_heading_has_another_destination(tmp_path: Path) -> None:
    again = NUMERIC + " 1  192.0.2.1  0.4 ms  0.4 ms  0.4 ms\n 2  203.0.113.77  1 ms\n"
    assert [target for _, target, _ in ends(read(tmp_path, again))] == [SERVER, "@destination"]


def test_a_cut_trace_is_no_all_clear(tmp_path: Path) -> None:
    for count in range(2, 4):
        assert silent(read(tmp_path, "\n".join(NUMERIC.split("\n")[:count])))
    rows = read(tmp_path, LINUX + NUMERIC.split("\n")[0])
    assert lines(rows) == {"ok": 4, "truncated": 1}
    assert silent(rows)


def test_distances_that_are_left_out_did_not_answer(tmp_path: Path) -> None:
    whole = "traceroute to 203.0.113.9 (203.0.113.9), 30 hops max\n 1  192.0.2.1  1 ms\n{} 9 ms\n"
    assert not silent(read(tmp_path, whole.format(" 2  203.0.113.9 ")))
    assert silent(read(tmp_path, whole.format(" 4  203.0.113.9 ")))


def test_other_lines_in_the_middle_are_told_and_move_nothing(tmp_path: Path) -> None:
    head, *rest = LINUX.split("\n")
    stray = "Nov 23 02:08:44 host kernel: dropped 203.0.113.200 -> 198.51.100.200"
    rows = read(tmp_path, "\n".join([head, rest[0], stray, " 2  what is this", *rest[2:]]))
    assert ends(rows) == [(HERE, SERVER, "")]
    assert lines(rows) == {"ok": 3, "malformed": 2}
    assert silent(rows)


def test_private_hops_behind_public_ones_are_elsewhere(tmp_path: Path) -> None:
    text = (
        "traceroute to 128.32.1.1 (128.32.1.1), 30 hops max\n 1  10.0.0.1  1 ms\n 2  100.64.0.1  2 ms\n"
        " 3  128.32.0.1  3 ms\n 4  10.0.0.1  4 ms\n 5  128.32.1.1  5 ms\n"
    )
    assert hops(read(tmp_path, text)) == {"10.0.0.1", "100.64.0.1", "128.32.0.1", "@beyond:10.0.0.1"}


@pytest.mark.parametrize(
    "text",
    [
        "# A README\n\nRun traceroute to 203.0.113.9 and see.\n 1. do this\n",
        "1,2,3\n203.0.113.9,4,5\n",
        '{"type": "traceroute"}\n',
        "1  a line\n2  another\n",
        "Nov 23 02:08:44 gw kernel: IN=eth0 SRC=192.0.2.1 DST=203.0.113.9\n",
        "traceroute to 203.0.113.9 (203.0.113.9), 30 hops max\nnothing else\n",
        "\n".join(["words"] * 40) + "\n" + LINUX,
        "",
    ],
)
def test_other_texts_are_not_taken(text: str) -> None:
    assert kind(text.encode()) == ""


@pytest.mark.parametrize(
    "line",
    [
        " 3  " + "a" * 100_000,
        " 3  " + "1 ms " * 3_000,
        " 3  " + "(" * 10_000,
        " 3  =cmd|' /C calc'!A0 (198.51.100.1)  1 ms",
        " 3  <script>alert(1)</script> (198.51.100.1)  1 ms",
        " 3  \x1b[31m\x07 (198.51.100.1)  1 ms",
        " 999  198.51.100.1  1 ms",
        " 3  198.51.100.999  1 ms",
        " 3  1.2.3.4.example (198.51.100.1)  99999999999999999 ms",
    ],
)
def test_hostile_lines(line: str, tmp_path: Path) -> None:
    rows = read(tmp_path, NUMERIC.rsplit("\n", 2)[0] + f"\n{line}\n")
    assert hops(rows) <= {GATEWAY, FIRST, SECOND, THIRD}
    assert set(lines(rows)) <= {"ok", "malformed"}
    assert not rows.filter(rows["dst_addr"].str.contains("script|cmd|\x1b").fill_null(False)).height


def test_round_trips(tmp_path: Path) -> None:
    (tmp_path / "it").write_text(LINUX + WINDOWS)
    source = Source("it", str(tmp_path / "it"), (tmp_path / "it").stat().st_size, "traceroute-text")
    found = [each for each in traces(source, Told()) if isinstance(each, Trace)]
    assert [list(round_trips(each)) for each in found] == [
        [
            ("", HERE, GATEWAY, 0.38, 3),
            ("", HERE, FIRST, 4.1, 1),
            ("", HERE, SECOND, 4.9, 1),
            ("", HERE, SERVER, 9.0, 3),
        ],
        [("", HERE, GATEWAY, 1.0, 3), ("", HERE, FIRST, 4.0, 2), ("", HERE, SERVER, 9.0, 3)],
    ]


def test_headings_name_the_destination_whatever_the_language() -> None:
    assert heading("Détermination de l'itinéraire vers server.example [203.0.113.9]") == ("", SERVER)
    assert heading("Трассировка маршрута к 203.0.113.9 с максимальным числом прыжков 30") == ("", SERVER)
    assert heading("traceroute to 203.0.113.9, 30 hops max") == ("", SERVER)
    assert heading("traceroute to server.example, 30 hops max") == ("", "@host:server.example")
    assert heading("over a maximum of 30 hops:") is None
    assert hop("30 hops max, 60 byte packets") is None


def test_every_reader_is_of_one_kind() -> None:
    for text in (LINUX, BSD, SIX, WINDOWS, GERMAN, CHINESE, BESTTRACE, MTR, TRACEPATH, PARIS):
        assert kind(text.encode()) == "traceroute-text"
    assert set(FORMATS) == {"ripe-atlas", "scamper-json", "scamper-warts", "mtr", "traceroute-text"}
