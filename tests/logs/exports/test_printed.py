"""What nfdump and argus print, and what they are run for."""

import gzip
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from auditor.logs import tables
from auditor.logs.exports import FORMATS, argus, nfcapd, nfdump_csv, nfdump_json, nfdump_raw, program, ra, textrows
from auditor.logs.exports.records import BINDING, FRAMES, NAMELESS, ONE_END
from auditor.logs.lines import blocks
from auditor.logs.model import Told
from auditor.model.errors import InputError
from auditor.read.source import Source
from tests.logs.exports import build
from tests.logs.exports.build import DST, SRC

NS = 10**9
AT = 1_700_000_000  # 2023-11-14 22:13:20
OLD = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,ra\n"
NEW = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
LINE = (
    f"2023-11-14 22:13:20,2023-11-14 22:13:22,2.500,{SRC},{DST},40000,443,TCP,...AP.S.,0,0,3,180,0,0,1,2,203.0.113.1\n"
)
TAIL = "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n1,180,3,1,1,1\n"
RA = "StartTime,LastTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,SrcPkts,DstPkts,SrcBytes,DstBytes\n"


def rows(module: ModuleType, path: Path, text: str | bytes) -> tuple[list[dict[str, Any]], Told]:
    data = text.encode() if isinstance(text, str) else text
    (path / "log").write_bytes(data)
    told = Told()
    found = build.whole(module.read(Source("log", str(path / "log"), len(data), "x"), told))
    return found.to_dicts(), told


def test_csv_of_older_versions_with_its_summary(tmp_path: Path) -> None:
    assert nfdump_csv.sniff((OLD + LINE).encode())
    found, told = rows(nfdump_csv, tmp_path, OLD + LINE + TAIL + OLD + LINE)
    assert [row["record"] for row in found] == [2, 7]
    row = found[0]
    assert (row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) == (SRC, 40000, DST, 443)
    assert (row["src_packets"], row["src_bytes"], row["dst_packets"], row["src_flags"]) == (3, 180, None, 0x1A)
    assert (row["first_ns"], row["last_ns"]) == (AT * NS, AT * NS + 2_500_000_000)
    assert (row["transport"], row["observer"], row["status"]) == ("tcp", "203.0.113.1", "ok")
    assert told.notes == {textrows.NO_ZONE}


@pytest.mark.parametrize("size", [1, 90, 1 << 20])
def test_csv_of_several_tables_and_what_stands_behind_totals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(nfdump_csv, "blocks", partial(blocks, size=size))
    text = OLD + LINE + "Summary of nothing\n" + NEW + f"{AT},1.000,TCP,{SRC},4,{DST},443,3,180,1\n" + TAIL
    found, _ = rows(nfdump_csv, tmp_path, text + LINE + "\n" + LINE + "ts,\n" + OLD + LINE + TAIL.rstrip("\n"))
    assert sorted((row["record"], row["status"], row["detail"]) for row in found) == [
        (2, "ok", ""), (3, "malformed", textrows.SHORT), (5, "ok", ""), (9, "malformed", nfdump_csv.BEHIND),
        (11, "malformed", nfdump_csv.BEHIND), (12, "malformed", nfdump_csv.BEHIND), (14, "ok", ""),
    ]  # fmt: skip


def test_csv_of_thousands_of_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(nfdump_csv, "table", lambda *given: calls.append(1) or tables.table(*given))
    found, _ = rows(nfdump_csv, tmp_path, (OLD + LINE) * 3_000)
    assert [row["record"] for row in found] == list(range(2, 6_001, 2))
    assert len(calls) < 10
    monkeypatch.setattr(nfdump_csv, "HEADERS", 1)
    found, _ = rows(nfdump_csv, tmp_path, OLD + LINE + NEW + LINE)
    assert [row["detail"] for row in found] == ["", nfdump_csv.TOO_MANY]


def test_csv_of_later_versions_and_other_columns(tmp_path: Path) -> None:
    found, _ = rows(nfdump_csv, tmp_path, NEW + f"2023-11-14 22:13:20.250,1.000,TCP,{SRC},40000,{DST},443,3,180,1\n")
    assert (found[0]["first_ns"], found[0]["last_ns"]) == (AT * NS + NS // 4, AT * NS + NS * 5 // 4)
    assert found[0]["dst_packets"] is None
    fast = "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,flags,srcTos,"
    fast += "packets,bytes\n"
    assert nfdump_csv.sniff(fast.encode())
    found, told = rows(
        nfdump_csv, tmp_path, fast + f"1,2,{AT}000,{AT}500,17,{SRC},5,{DST},53,0,0,1,2,........,0,1,60\n"
    )
    assert (found[0]["first_ns"], found[0]["transport"], found[0]["dst_port"]) == (AT * NS, "udp", 53)
    assert not told.notes


def test_csv_lines_that_do_not_fit(tmp_path: Path) -> None:
    lines = [
        LINE.replace(",443,", ",https,"), LINE.rstrip("\n") + ",1,2\n", "2023-11-14 22:13:20\n",
        LINE.replace(",3,180,", ",three,180,"), LINE.replace(",3,180,", ",3,-180,"),
        LINE.replace(DST, "0.0.0.0"), LINE.replace("2023-11-14 22:13:20", "?"),
        LINE.replace(",0,0,1,2,", ",4,80,1,2,"), "\n", LINE[:40],
    ]  # fmt: skip
    found, _ = rows(nfdump_csv, tmp_path, OLD + "".join(lines))
    assert [row["status"] for row in found] == [
        "malformed", "malformed", "malformed", "malformed", "malformed", "unsupported", "ok", "ok", "malformed",
    ]  # fmt: skip
    assert [found[1]["detail"], found[5]["detail"]] == [textrows.TOO_MANY, ONE_END]
    assert found[6]["first_ns"] == (AT + 2) * NS
    assert (found[7]["dst_packets"], found[7]["dst_bytes"]) == (4, 80)
    assert [row["record"] for row in found] == [2, 3, 4, 5, 6, 7, 8, 9, 11]


def test_csv_of_aggregates_without_addresses(tmp_path: Path) -> None:
    found, _ = rows(
        nfdump_csv,
        tmp_path,
        "firstSeen,duration,proto,packets,bytes,bps,bpp,flows\n2023-11-14 22:13:20,1,6,1,9,0,0,1\n",
    )
    assert [(row["status"], row["detail"]) for row in found] == [("unsupported", NAMELESS)]


def record(**fields: Any) -> dict[str, Any]:
    return {
        "type": "FLOW", "sampled": 0, "export_sysid": 1, "first": "2023-11-14T22:13:20.250",
        "last": "2023-11-14T22:13:21.000", "in_packets": 3, "in_bytes": 180, "proto": 6, "tcp_flags": "......S.",
        "src_port": 40000, "dst_port": 443, "src4_addr": SRC, "dst4_addr": DST, **fields,
    }  # fmt: skip


def spread(found: list[dict[str, Any]]) -> str:
    """As nfdump writes an array: a member a line, braces at the beginnings of lines."""
    return "[\n" + ",\n".join(json.dumps(each, indent="\t").replace('": ', '" : ') for each in found) + "]\n"


@pytest.mark.parametrize("shape", [spread, json.dumps, lambda found: "\n".join(map(json.dumps, found)) + "\n"])
def test_json_in_all_its_shapes(tmp_path: Path, shape: Callable[[Any], str]) -> None:
    text = shape([record(), record(src4_addr=DST, dst4_addr=SRC, out_packets=2, out_bytes=90, label='a"}\n{,')])
    assert nfdump_json.sniff(text.encode())
    found, told = rows(nfdump_json, tmp_path, text)
    assert [row["src_addr"] for row in found] == [SRC, DST]
    assert [(row["dst_packets"], row["dst_bytes"]) for row in found] == [(None, None), (2, 90)]
    assert [row["first_ns"] for row in found] == [AT * NS + NS // 4] * 2
    assert found[0]["src_flags"] == 2
    assert told.notes == {textrows.NO_ZONE}


def test_json_events_and_translations(tmp_path: Path) -> None:
    deny = record(type="EVENT", event="DENY", in_packets=0, in_bytes=0)
    made = record(type="EVENT", event="CREATE", in_packets=0, in_bytes=0, dst4_xlt_ip="203.0.113.8", dst_xlt_port=8443)
    bound = {k: v for k, v in record(nat_event="NAT translation create").items() if k != "dst4_addr"}
    found, told = rows(nfdump_json, tmp_path, spread([deny, made, bound, record(sampled=1)]))
    assert [(row["status"], row["outcome"]) for row in found[:2]] == [("ok", "rejected"), ("ok", "unanswered")]
    assert (found[1]["dst_addr"], found[1]["dst_port"]) == ("203.0.113.8", 8443)
    assert (found[2]["status"], found[2]["detail"]) == ("no_address", BINDING)
    assert nfdump_json.SAMPLED in told.notes


def test_json_that_is_damaged_or_cut(tmp_path: Path) -> None:
    text = spread([record(), record(), record()]).replace('"proto" : 6', '"proto" : six', 1)
    found, _ = rows(nfdump_json, tmp_path, text)
    assert [row["status"] for row in found] == ["malformed", "ok", "ok"]
    found, _ = rows(nfdump_json, tmp_path, spread([record(), record()])[:-30])
    assert [row["status"] for row in found] == ["ok", "truncated"]
    found, _ = rows(nfdump_json, tmp_path, spread([record(src4_addr=["x"]), record(src4_addr="<script>")]))
    assert [row["status"] for row in found] == ["malformed", "ok"]  # what is no address is told by whoever folds


def test_raw_text(tmp_path: Path) -> None:
    def block(*lines: str) -> str:
        return "\nFlow Record: \n  RecordCount  = 1\n  Flags        = 0x00 FLOW, Unsampled\n" + "".join(
            f"  {line}\n" for line in lines
        )

    counts = [
        f"first        = {AT}250 [2023-11-14 23:13:20.250]",
        "proto        = 6 TCP",
        "in packets   = 3",
        "in bytes     = 180",
    ]
    ends = [f"src addr     = {SRC}", f"dst addr     = {DST}", "src port     = 40000", "dst port     = 443"]
    text = (
        block() + block(*counts) + block(*counts, *ends, "tcp flags    = 0x12 ...A..S.", "ip exporter  = 203.0.113.1")
    )
    assert nfdump_raw.sniff(text.encode())
    found, told = rows(nfdump_raw, tmp_path, text)
    assert [row["status"] for row in found] == ["no_address", "unsupported", "ok"]
    row = found[2]
    assert (row["record"], row["src_addr"], row["dst_port"], row["src_flags"]) == (14, SRC, 443, 0x12)
    assert (row["first_ns"], row["observer"], row["src_bytes"]) == (AT * NS + NS // 4, "203.0.113.1", 180)
    assert not told.notes


def test_ra_fields(tmp_path: Path) -> None:
    lines = [
        f"{AT}.5,{AT + 1}.5,1.0,tcp,{SRC},40000,   ->,{DST},443,FIN,3,2,180,90",
        f"{AT}.5,{AT + 1}.5,1.0,tcp,{SRC},40000,  <?>,{DST},0x01bb,CON,3,2,180,90",
        f"{AT}.5,{AT + 1}.5,1.0,tcp,{SRC},40000,   ->,{DST},443,REQ,1,0,60,0",
        f"{AT}.5,{AT + 1}.5,1.0,tcp,{SRC},40000,   ->,{DST},443,RST,1,1,60,54",
        f"{AT}.5,{AT + 1}.5,1.0,udp,{SRC},40000,  <->,{DST},domain,CON,1,1,60,80",
        f"{AT}.5,{AT}.5,0,man,0,0,,0,0,STA,0,0,0,0", f"{AT}.5,{AT}.5,0,arp,{SRC},,who,{DST},,INT,1,0,60,0", "x,y",
        "StartTime,LastTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,SrcPkts,DstPkts,SrcBytes,DstBytes",
    ]  # fmt: skip
    assert ra.sniff(RA.encode())
    found, _ = rows(ra, tmp_path, RA + "\n".join(lines))
    assert [row["status"] for row in found] == ["ok"] * 5 + ["no_address", "no_address", "malformed"]
    assert [row["outcome"] for row in found[:5]] == ["", "", "unanswered", "rejected", ""]
    assert [row["opened"] for row in found[:5]] == ["handshake", "", "handshake", "handshake", ""]
    assert [row["dst_port"] for row in found[:5]] == [443, 443, 443, 443, 0]
    assert (found[0]["first_ns"], found[0]["last_ns"]) == (AT * NS + NS // 2, AT * NS + NS * 3 // 2)
    assert (found[0]["src_packets"], found[0]["dst_packets"], found[0]["dst_bytes"]) == (3, 2, 90)
    assert found[5]["detail"] == FRAMES


def test_ra_sums_of_both_directions_and_times_without_dates(tmp_path: Path) -> None:
    head = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,TotPkts,TotBytes,SrcBytes\n"
    dated = f"2023/11/14 22:13:20.5,1.0,udp,{SRC},5,  <->,{DST},53,CON,2,140,60\n"
    found, told = rows(ra, tmp_path, head + dated + f"22:13:20.5,1.0,udp,{SRC},5,   ->,{DST},53,INT,1,60,60\n")
    assert [(row["src_packets"], row["dst_packets"]) for row in found] == [(1, 1), (1, 0)]
    assert [(row["src_bytes"], row["dst_bytes"]) for row in found] == [(60, 80), (60, 0)]
    assert [row["first_ns"] for row in found] == [AT * NS + NS // 2, 0]
    assert told.notes == {ra.TOGETHER, textrows.NO_DATE, textrows.NO_ZONE}


def test_ra_columns(tmp_path: Path) -> None:
    text = f"""\
         StartTime      Flgs  Proto            SrcAddr  Sport   Dir            DstAddr  Dport  TotPkts   TotBytes State
   02:07:08.171970              man                  0      0                        0      0        0          0   STA
   10:55:37.792745  e           tcp          {SRC}.54084     ->       {DST}.443          2        736   FIN
   10:55:38.426301  e           udp          {SRC}.5353     <->       {DST} 53          2        140   CON
   10:55:39.426352  e s        igmp          {SRC}           ->       224.0.0.22           4        160   INT
   10:55:40.426352  e           udp 2001:db8::1:2:3*.5353     ->         2001:db8::2.5353          4        408   INT
   10:55:41.426352  e           udp        2001:db8::1.5353     ->       2001:db8::2.53          4        408   INT
   10:55:42 and nothing else
"""
    assert ra.sniff(text.encode())
    found, _ = rows(ra, tmp_path, text)
    assert [row["status"] for row in found] == ["no_address", "ok", "ok", "ok", "truncated", "ok", "malformed"]
    assert [(row["src_port"], row["dst_addr"], row["dst_port"]) for row in found if row["status"] == "ok"] == [
        (54084, DST, 443), (5353, DST, 53), (0, "224.0.0.22", 0), (5353, "2001:db8::2", 53),
    ]  # fmt: skip
    assert [row["outcome"] for row in found if row["status"] == "ok"] == ["", "", None, None]
    assert [row["src_bytes"] for row in found if row["status"] == "ok"] == [736, 140, 160, 408]


TEXTS = {
    "csv": OLD + LINE, "json": json.dumps([record()]), "raw": "Flow Record: \n  Flags = 1\n  size = 2\n", "ra": RA,
    "vpc": "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action\n",
    "readme": "# Summary\n\nts,te and so on\n",
    "stats": "ts,te,td,pr,val,fl,flP,ipkt,ipktP,ibyt,ibytP,ipps,ibps,ibpp\n",
    "zeek": '{"ts":1.5,"uid":"C1","id.orig_h":"192.0.2.1","proto":"tcp"}\n', "empty": "", "sheet": "a,b,c\n1,2,3\n",
    "suricata": '{"timestamp":"2023-11-14T22:13:20.000000+0000","flow_id":1,"event_type":"flow"}\n',
}  # fmt: skip
OURS = {"csv": "nfdump-csv", "json": "nfdump-json", "raw": "nfdump-raw", "ra": "argus-ra", "stats": "nfdump-csv"}


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_taken_by_its_own_reader_alone(name: str) -> None:
    taken = [form for form, module in FORMATS.items() if module.sniff(TEXTS[name].encode())]
    assert taken == ([OURS[name]] if name in OURS else [])


def test_a_program_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for module, name in ((nfcapd, "nfdump"), (argus, "ra")):
        with pytest.raises(InputError, match=f"{name} reads this format, and it is not installed"):
            rows(module, tmp_path, b"\x0c\xa5\2\0" + bytes(40))


@pytest.mark.skipif(not shutil.which("nfdump"), reason="nfdump is not installed")
def test_a_file_that_nfdump_refuses_is_an_input_error(tmp_path: Path) -> None:
    data = b"\x0c\xa5\2\0" + bytes(range(200))
    assert nfcapd.sniff(data)
    with pytest.raises(InputError, match="nfdump can't read it"):
        rows(nfcapd, tmp_path, data)


@pytest.mark.parametrize("code", [0, 3])
def test_what_a_program_printed_is_read_also_if_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    tool = folder / "nfdump"
    (tmp_path / "printed").write_text(spread([record()]))
    tool.write_text(f'#!/bin/sh\n[ -s "$2" ] && [ "$TZ" = UTC ] && /bin/cat {tmp_path / "printed"}\nexit {code}\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    data = gzip.compress(b"\x0c\xa5\2\0")
    (tmp_path / "log").write_bytes(data)
    told = Told()
    found = build.whole(nfcapd.read(Source("log", str(tmp_path / "log"), len(data), "nfcapd", "gzip"), told))
    assert found["src_addr"].to_list() == [SRC]
    assert told.limits == ({program.FAILED} if code else set())
    assert not told.notes


def test_records_that_ra_does_not_print_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    head = ",".join(["StartTime", "LastTime", *RA.split(",")[3:]])
    (tmp_path / "printed").write_text(head + f"{AT}.5,{AT}.6,tcp,{SRC},40000,   ->,{DST},443,FIN,3,2,180,90\n")
    (folder / "ra").write_text(f"#!/bin/sh\n/bin/cat {tmp_path / 'printed'}\n")
    (folder / "ra").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    start = b"\x83\x10\0\x08" + bytes(4) + argus.COOKIE + bytes(20)
    data = start + b"\x10\x10\0\x04" + bytes(12) + b"\x10\x10\0\x04" + bytes(5)
    assert argus.sniff(data)
    found, _ = rows(argus, tmp_path, data)
    assert [(row["record"], row["records"], row["status"]) for row in found] == [
        (1, 1, "ok"), (2, 1, "unsupported"), (3, 1, "truncated"),
    ]  # fmt: skip
