"""Flow logs through the whole audit: counted, judged, split, and full of hostile text."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

import auditor
from auditor.logs import fold, profiles
from auditor.report import RENDERERS
from tests.cli.test_evidence import run
from tests.logs.exports import build
from tests.logs.exports import test_capture as exporting

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

HEAD = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
INVENTORY = """
clients:
  - {networks: [10.1.0.0/16], population: overseas, country: CA}
sites:
  - {name: beijing, networks: [203.0.113.0/24], country: CN, planes: [media], role: relay}
  - {name: ashburn, networks: [198.51.100.0/24], country: US, planes: [media], role: relay}
"""


def record(
    src: str, dst: str, sport: int, dport: int, *, packets: int = 20, action: str = "ACCEPT", at: int = 0
) -> str:
    begin = 1_585_699_200 + at
    counts = f"{packets} {packets * 900} {begin} {begin + 59}"
    return f"2 123456789010 eni-0a {src} {dst} {sport} {dport} 17 {counts} {action} OK"


def call(client: str, relay: str, at: int = 0) -> list[str]:
    return [record(client, relay, 50000 + at, 8801, at=at), record(relay, client, 8801, 50000 + at, at=at)]


def audited(path: Path, *, rules: str = "zoom-2020") -> Any:
    inventory = path.parent / "inventory.yaml"
    inventory.write_text(INVENTORY)
    return auditor.audit([path], rules=[rules], inventory=inventory).report


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join([HEAD, *lines]) + "\n")
    return path


def findings(report: Any) -> list[Any]:
    """Return the findings but for where in the inputs they were found, which a split changes."""
    found = json.loads(RENDERERS["json"](report))["findings"]
    for each in found:
        del each["evidence"], each["sessions"]["first"]
    return found


def test_media_that_went_to_the_mainland_is_a_violation_and_names_its_record(tmp_path: Path) -> None:
    report = audited(
        written(tmp_path / "it.log", call("10.1.0.5", "198.51.100.1") + call("10.1.0.6", "203.0.113.9", 7))
    )
    assert report.verdict == "fail"
    (finding,) = [each for each in report.findings if each.verdict == "fail"]
    assert (finding.rule, finding.basis, finding.proven) == ("overseas-media-avoids-mainland", "reported", True)
    assert [(each.source, each.record, each.unit) for each in finding.evidence] == [("it.log", 4, "log record")]
    assert dict(report.coverage.records) == {"ok": 4}
    assert (report.coverage.logged, report.coverage.packets) == (4, 0)


def test_calls_that_stayed_abroad_pass(tmp_path: Path) -> None:
    assert audited(written(tmp_path / "it.log", call("10.1.0.5", "198.51.100.1"))).verdict == "pass"


def test_datagrams_that_nobody_answered_are_at_most_open(tmp_path: Path) -> None:
    report = audited(written(tmp_path / "it.log", [record("10.1.0.5", "203.0.113.9", 50000, 8801)]))
    assert report.verdict == "open"
    assert dict(report.coverage.outcomes) == {"unanswered": 1}


def test_what_a_security_group_rejected_touched_nobody(tmp_path: Path) -> None:
    lines = [record("10.1.0.5", "203.0.113.9", 50000, 8801, action="REJECT"), *call("10.1.0.5", "198.51.100.1")]
    report = audited(written(tmp_path / "it.log", lines))
    assert report.verdict == "pass"
    assert dict(report.coverage.outcomes) == {"rejected": 1}


def test_lines_that_cannot_be_read_keep_from_passing_and_are_counted(tmp_path: Path) -> None:
    lines = [
        *call("10.1.0.5", "198.51.100.1"),
        "2 123 eni-0a 10.1.0.5 what",
        "",
        record("10.1.0.5", "no address", 1, 2),
    ]
    report = audited(written(tmp_path / "it.log", lines))
    assert report.verdict == "open"
    assert dict(report.coverage.records) == {"malformed": 2, "ok": 2}
    assert [(each.status, each.packets, each.first_record, each.unit) for each in report.coverage.unread] == [
        ("malformed", 2, 4, "log record")
    ]


def test_split_shuffled_and_packed_it_is_the_same_report(tmp_path: Path) -> None:
    lines = [
        each for n in range(40) for each in call(f"10.1.0.{n}", f"{'203.0.113' if n % 5 else '198.51.100'}.{n}", n)
    ]
    whole = findings(audited(written(tmp_path / "whole.log", lines)))
    assert whole
    folder = tmp_path / "parts"
    folder.mkdir()
    backwards = lines[-2::-2]
    parts = [lines[1::2], backwards[:15], backwards[15:]]
    texts = ["\n".join([HEAD, *part]).encode() for part in parts]
    (folder / "a.log").write_bytes(texts[0])
    (folder / "b.log.gz").write_bytes(gzip.compress(texts[1]))
    (folder / "c.log.zst").write_bytes(zstandard.compress(texts[2]))
    assert findings(audited(folder)) == whole


def test_captures_and_logs_are_judged_together(tmp_path: Path) -> None:
    log = written(tmp_path / "it.log", call("10.1.0.6", "203.0.113.9"))
    sample = Path(__file__).parents[2] / "sample_pcaps" / "clean-overseas-call.pcap"
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    report = auditor.audit([log, sample], inventory=tmp_path / "inventory.yaml").report
    assert [(each.name, each.unit) for each in report.inputs] == [
        ("clean-overseas-call.pcap", "packet"),
        ("it.log", "log record"),
    ]
    assert report.coverage.unit == "packet or log record"
    assert report.verdict == "fail"


def test_the_same_rows_come_from_python_and_from_the_command(tmp_path: Path) -> None:
    log = written(tmp_path / "it.log", call("10.1.0.6", "203.0.113.9") + call("10.1.0.6", "203.0.113.9", 3))
    frame = auditor.flows([log])
    assert len(frame) == 2  # every pair of ports is a row where nothing asks for less
    assert len(run("flows", str(log)).stdout.splitlines()) == 3


def test_sessions_and_show_name_the_lines(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    log = written(tmp_path / "it.log", call("10.1.0.6", "203.0.113.9"))
    options = ["--inventory", str(tmp_path / "inventory.yaml"), "--rules", "zoom-2020"]
    finding = next(each.id for each in audited(log).findings if each.verdict == "fail")
    for arguments, code, said in (
        (["sessions", str(log), "--finding", finding, *options], 0, b"203.0.113.9"),
        (["show", finding, str(log), *options], 0, b"| 2 123456789010 eni-0a 10.1.0.6 203.0.113.9 50000 8801"),
        (["extract", finding, str(log), *options, "--output", str(tmp_path / "x.pcapng")], 2, b"no packet"),
    ):
        done = run(*arguments)
        assert done.returncode == code
        assert said in done.stdout + done.stderr


def test_evidence_takes_column_maps(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    mapped = tmp_path / "own.columns.yaml"
    mapped.write_text(
        "name: own\nformat: csv\ncolumns: {src_addr: from, dst_addr: to, dst_port: port, outcome: came}\n"
        "constants: {transport: udp}\nvalues: {outcome: {yes it did: carried}}\n"
    )
    log = tmp_path / "own.csv"
    log.write_text("from,to,port,came\n10.1.0.6,203.0.113.9,8801,yes it did\n")
    options = ["--inventory", str(tmp_path / "inventory.yaml"), "--columns", str(mapped)]
    report = auditor.audit([log], inventory=tmp_path / "inventory.yaml", columns=[mapped]).report
    finding = next(each.id for each in report.findings if each.verdict == "fail")
    for arguments, code, said in (
        (["sessions", str(log), "--finding", finding, *options], 0, b"203.0.113.9"),
        (["show", finding, str(log), *options], 0, b"| 10.1.0.6,203.0.113.9,8801,yes it did"),
        (["extract", finding, str(log), *options, "--output", str(tmp_path / "x.pcapng")], 2, b"no packet"),
    ):
        done = run(*arguments)
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done


HOSTILE = ["=cmd()", "<script>alert(1)</script>", "\x1b[31m", "%s%n", "\ufeff", "a" * 100_000, "-", "NaN", "1e400"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_any_field_stays_text(tmp_path: Path, text: str) -> None:
    good = record("10.1.0.6", "203.0.113.9", 50000, 8801).split(" ")
    lines = [" ".join([*good[:at], text.replace(" ", "_"), *good[at + 1 :]]) for at in range(len(good))]
    path = tmp_path / "it.log"
    path.write_bytes("\n".join([HEAD, *lines]).encode("utf-8", "surrogatepass"))
    report = audited(path)
    assert sum(count for _, count in report.coverage.records) == len(lines)
    for name, render in RENDERERS.items():
        told = render(report)
        page = told if isinstance(told, str) else told.decode()
        assert "<script>alert" not in page or name == "json"
        assert "\x1b" not in page


def test_invalid_utf8_and_a_cut_last_line(tmp_path: Path) -> None:
    lines = "\n".join([HEAD, *call("10.1.0.6", "198.51.100.9")]).encode()
    path = tmp_path / "it.log"
    path.write_bytes(
        lines + b"\n2 \xff\xfe eni-0a 10.1.0.6 198.51.100.9 1 8801 17 1 90 1585699200 1585699259 ACCEPT OK\n2 12"
    )
    report = audited(path)
    assert dict(report.coverage.records) == {"malformed": 1, "ok": 3}


def test_show_names_the_packet_that_brought_a_record(tmp_path: Path) -> None:
    exports = exporting.captured(tmp_path / "exports.pcap", exporting.TEMPLATE, exporting.DATA)
    inventory = tmp_path / "it.yaml"
    inventory.write_text(INVENTORY.replace("10.1.0.0/16", "192.0.2.0/24").replace("203.0.113.0/24", f"{build.DST}/32"))
    report = auditor.audit([exports.path], inventory=inventory).report
    (finding,) = [each for each in report.findings if (each.verdict, each.basis) == ("fail", "reported")]
    done = run("show", finding.id, exports.path, "--inventory", str(inventory))
    assert done.returncode == 0
    assert b"exports.pcap, packet 2: touches the place" in done.stdout


def test_findings_of_a_column_map_are_traced_with_it() -> None:
    log, columns = (str(EXAMPLES / f"edge-sessions.{name}") for name in ("csv", "columns.yaml"))
    finding = auditor.audit([log], columns=[columns]).report.findings[0].id
    for command in (["sessions", log, "--finding", finding], ["show", finding, log]):
        done = run(*command, "--columns", columns)
        assert done.returncode == 0, done.stderr
        assert finding.encode() in done.stdout
    assert len(auditor.sessions([log], columns=[columns]))


def test_progress_counts_captures_and_logs(tmp_path: Path) -> None:
    from auditor import pipeline
    from tests.read.files import PLAIN, pcap

    capture, log = pcap([PLAIN] * 20), (EXAMPLES / "vpc-surge.log").read_bytes()
    (tmp_path / "a.pcap").write_bytes(capture)
    (tmp_path / "b.log").write_bytes(log)
    told: list[tuple[int, int]] = []
    pipeline.audit(tmp_path, workers=1, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert {total for _done, total in told} == {len(capture) + len(log)}
    assert told[-1][0] == len(capture) + len(log)


def test_calls_that_there_is_no_room_for_are_not_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = call("10.1.0.1", "198.51.100.9")
    accounts = [line.replace("123456789010", f"12345678901{number}") for number in range(4) for line in lines]
    path = written(tmp_path / "flows.log", accounts)
    assert audited(path).verdict == "pass"
    monkeypatch.setattr(fold, "MOST", 3)
    report = audited(path)
    said = json.loads(RENDERERS["json"](report))
    assert report.verdict == "open"
    assert profiles.CROWDED in said["coverage"]["limits"]
    assert [each.records for each in report.inputs] == [len(accounts)]
    assert said["coverage"]["records"] == {"ok": 6, "unsupported": 2}
