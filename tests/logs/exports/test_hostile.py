"""Whatever stands in a file or a datagram: no exception, every record counted once, memory and time bounded."""

import gzip
import random
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from auditor.logs.exports import FORMATS, memory, messages, shared
from auditor.logs.model import Told
from auditor.model.errors import InputError
from auditor.read.source import Source
from tests.logs.exports import build
from tests.logs.exports.build import DST, SRC, five, flow, nine, part, raw, record5, sample, template, ten

quickly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEMPLATE = nine(part(0, template(256, build.FLOW)))
LONG = ten(part(2, template(300, [(8, 4), (12, 4), (96, 65535), (1, 4)])))
SAMPLE = build.sflow(sample([raw(bytes(Ether() / IP(src=SRC, dst=DST) / UDP(sport=5, dport=53)))]))
VALID = [
    TEMPLATE, nine(part(256, flow() * 3), sequence=2), five([record5()] * 2), LONG, SAMPLE,
    ten(part(300, build.ip(SRC) + build.ip(DST) + b"\3abc" + bytes(4)) * 2, sequence=2),
]  # fmt: skip


def content(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """Rows without what a split may change."""
    return Counter(tuple(row[name] for name in sorted(row) if name != "record") for row in rows)


@quickly
@given(st.binary(max_size=3000), st.integers(0, 5))
def test_any_bytes_behind_a_datagram(tmp_path: Path, more: bytes, which: int) -> None:
    build.rows(tmp_path, VALID[which] + more)


@quickly
@given(st.data())
def test_bytes_that_lie(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(b"".join(VALID))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    rows, _ = build.rows(tmp_path, bytes(whole))
    assert {row["status"] for row in rows} <= {"ok", "no_address", "truncated", "malformed", "unsupported"}
    assert all(row["records"] >= 0 and row["src_packets"] >= 0 for row in rows)


@quickly
@given(st.integers(0, 5), st.integers(0, 400))
def test_a_datagram_that_is_cut_keeps_its_whole_records(tmp_path: Path, which: int, cut: int) -> None:
    whole = VALID[which]
    before = b"".join(VALID)
    rows, told = build.rows(tmp_path, before + whole[: max(len(whole) - cut, 0)])
    full, _ = build.rows(tmp_path, before)
    ok = [row for row in rows if row["status"] == "ok"]
    assert content([row for row in full if row["status"] == "ok"]) <= content(ok)
    lost = len([row for row in rows if row["status"] == "truncated"]) + len(told.lost)
    assert lost <= (1 if 0 < cut < len(whole) else 0)
    if which > 1 and 0 < cut < len(whole) - 3:  # version 9 does not tell its length, so it may end where it was cut
        assert lost == 1


@quickly
@given(st.permutations(VALID), st.lists(st.integers(0, 5), max_size=4), st.booleans())
def test_any_order_and_any_split_tell_the_same(
    tmp_path: Path, order: list[bytes], cuts: list[int], packed: bool
) -> None:
    parts, begin = [], 0
    for cut in [*sorted(set(cuts)), len(order)]:
        if cut > begin:
            parts.append(b"".join(order[begin:cut]))
            begin = cut
    sources = []
    for i, data in enumerate(parts):
        (tmp_path / str(i)).write_bytes(gzip.compress(data) if packed else data)
        size = (tmp_path / str(i)).stat().st_size
        sources.append(Source(str(i), str(tmp_path / str(i)), size, "netflow", "gzip" if packed else ""))
    found, _ = build.read(*sources)
    whole, _ = build.rows(tmp_path, b"".join(VALID))
    assert content(found.to_dicts()) == content(whole)


def test_bombs_of_templates_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.Memory.__init__, "__defaults__", (500,))
    many = b"".join(
        nine(part(0, template(256 + i % 60000, [(8, 4), (12, 4), (200 + i % 40, 1 + i % 30)])), sequence=i)
        for i in range(3000)
    )
    known = shared.prepare([build.source(tmp_path / "bomb", many + TEMPLATE)])
    assert known.templates.crowded
    rows, told = build.rows(tmp_path, many + nine(part(256, flow())))
    assert messages.CROWDED in told.limits
    assert len(rows) >= 1


def test_a_template_of_thousands_of_fields_and_one_of_none(tmp_path: Path) -> None:
    wide = part(2, template(256, [(8, 4), (12, 4)] + [(210, 65535)] * 8000))
    data = build.ip(SRC) + build.ip(DST) + bytes(8000)
    rows, _ = build.rows(tmp_path, ten(wide) + ten(part(256, data * 2)))
    assert [row["status"] for row in rows] == ["ok", "ok"]
    empty = part(2, template(257, [(8, 0), (12, 0)]))
    rows, _ = build.rows(tmp_path, ten(empty) + ten(part(257, bytes(40))))
    assert [(row["status"], row["detail"]) for row in rows] == [("unsupported", messages.EMPTY)]


def test_withdrawals_without_end_take_no_time(tmp_path: Path) -> None:
    named = b"".join(ten(part(2, template(256 + i, build.FLOW)), sequence=0) for i in range(2000))
    gone = ten(part(2, struct.pack(">HH", 2, 0))) * 2000
    rows, _ = build.rows(tmp_path, named + gone + ten(part(256, flow())))
    assert [row["detail"] for row in rows] == [messages.NO_TEMPLATE["it was withdrawn"]]


def test_counts_that_no_flow_has_stay_numbers(tmp_path: Path) -> None:
    fields = [(8, 4), (12, 4), (1, 8), (2, 8), (34, 4)]
    data = build.ip(SRC) + build.ip(DST) + b"\xff" * 20
    rows, _ = build.rows(tmp_path, ten(part(2, template(256, fields)), part(256, data)))
    assert (rows[0]["src_packets"], rows[0]["src_bytes"]) == (1 << 53, 1 << 53)


TEXTS = {
    "nfdump-csv": "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt\n",
    "argus-ra": "StartTime,LastTime,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,SrcPkts,DstPkts,SrcBytes,DstBytes\n",
    "nfdump-json": '[\n{\n\t"type" : "FLOW",\n\t"src4_addr" : "192.0.2.1"\n}\n,\n',
    "nfdump-raw": "Flow Record: \n  Flags = 0x00\n  size = 4\n",
}
ODD = (
    "=cmd()", "<script>", "2023-11-14 22:13:20", "192.0.2.1", "->", "TCP", "443", "nan", "inf", "-1", "1e400",
    "\x1b[31m",
    "99999999999999999999", "0x", "\0", '"', "1700000000.5", "9999-12-31 23:59:59", "::", "*",
)  # fmt: skip
FIELD = st.one_of(st.sampled_from(ODD), st.text(alphabet=st.characters(exclude_characters="\n"), max_size=20))


@quickly
@given(st.sampled_from(sorted(TEXTS)), st.lists(st.lists(FIELD, max_size=16), max_size=6), st.binary(max_size=20))
def test_any_fields_in_texts(tmp_path: Path, form: str, lines: list[list[str]], tail: bytes) -> None:
    separator = {"nfdump-raw": " = ", "nfdump-json": '" : "'}.get(form, ",")
    text = TEXTS[form].encode() + "\n".join(separator.join(line) for line in lines).encode("utf-8", "replace") + tail
    (tmp_path / "log").write_bytes(text)
    told = Told()
    rows = build.whole(FORMATS[form].read(Source("log", str(tmp_path / "log"), len(text), form), told))
    assert set(rows["status"]) <= {"ok", "no_address", "truncated", "malformed", "unsupported"}
    if form in ("nfdump-csv", "argus-ra"):
        body = text.split(b"\n")[1:]
        assert rows["records"].sum() <= len(body)


@pytest.mark.parametrize("form", sorted(TEXTS))
def test_a_line_of_ten_million_bytes(tmp_path: Path, form: str) -> None:
    text = TEXTS[form].encode() + b"x" * 10_000_000 + b"\n"
    (tmp_path / "log").write_bytes(text)
    rows = build.whole(FORMATS[form].read(Source("log", str(tmp_path / "log"), len(text), form), Told()))
    assert rows.filter(rows["status"] == "ok").height <= 1
    assert rows.height <= 3


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_no_reader_takes_chance_for_its_format(tmp_path: Path, form: str) -> None:
    chance = random.Random(form)
    for _ in range(300):
        assert not FORMATS[form].sniff(chance.randbytes(chance.randrange(0, 200)))


@pytest.mark.parametrize("form", ["netflow", "ipfix", "sflow"])
def test_an_empty_file_and_one_that_is_damaged(tmp_path: Path, form: str) -> None:
    assert build.read(build.source(tmp_path / "empty", b"", form))[0].is_empty()
    data = gzip.compress(b"".join(VALID) * 500)[:-200]
    (tmp_path / "cut").write_bytes(data)
    try:
        _, told = build.read(Source("cut", str(tmp_path / "cut"), len(data), form, "gzip"))
    except InputError:
        pytest.fail("a file that is damaged is read as far as it goes")
    assert told.lost
