"""Real traces: what is read is what regular expressions find in the raw files."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.traces.addresses import canonical
from auditor.logs.traces.trace import BEYOND
from tests import corpus
from tests.logs.traces.read import ends, hops, kind, lines, read, silent

FOLDER = corpus.FOLDER.parent / "traces"
needed = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"real traces are not here: {FOLDER}")
V4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
HOP = re.compile(r"\s*\d+ ")
STATUSES = {
    "mlab_scamper1-invalid-tracelb-links.jsonl": {"truncated": 1, "ok": 0},
    "mlab_scamper2-invalid-trace.jsonl": {"malformed": 1},
}
"""Of files that are damaged on purpose."""


def files(pattern: str) -> list[Path]:
    return sorted(FOLDER.glob(pattern))


def bare(found: set[str]) -> set[str]:
    return {address.removeprefix(BEYOND) for address in found}


@needed
@pytest.mark.parametrize("path", files("*best*.txt") + files("*traceroute*.txt"), ids=lambda path: path.name)
def test_text(path: Path, tmp_path: Path) -> None:
    text = path.read_text()
    rows = read(tmp_path, text)
    listed = [line for line in text.split("\n") if HOP.match(line)]
    target = V4.findall(next(line for line in text.split("\n") if "hops max" in line))[0]
    answered = {V4.findall(line)[0] for line in listed if V4.search(line)}
    assert bare(hops(rows)) == answered - {target}
    assert ends(rows) == [("127.0.0.1", target, "" if target in answered else "unanswered")]
    assert silent(rows) == any(not V4.search(line) for line in listed)
    assert lines(rows) == {"ok": len(listed)}


@needed
@pytest.mark.parametrize("path", files("*mtr*"), ids=lambda path: path.name)
def test_mtr(path: Path, tmp_path: Path) -> None:
    rows = read(tmp_path, path.read_bytes())
    assert lines(rows) == {"ok": 1}
    assert ends(rows) == [("127.0.0.1", V4.findall(path.read_text())[-1], "")]


def addresses(value: Any, key: str) -> set[str]:
    """Collect what stands under a key anywhere in a value."""
    if isinstance(value, dict):
        own = {value[key]} if isinstance(value.get(key), str) else set()
        return own.union(*(addresses(each, key) for each in value.values()))
    return set().union(*(addresses(each, key) for each in value)) if isinstance(value, list) else set()


@needed
@pytest.mark.parametrize("path", files("mlab_*") + files("*.warts.json"), ids=lambda path: path.name)
def test_scamper(path: Path, tmp_path: Path) -> None:
    text = path.read_text()
    rows = read(tmp_path, text)
    traced = [line for line in text.split("\n") if re.match(r'\{"type": ?"trace', line)]
    assert lines(rows) == STATUSES.get(path.name, {"ok": len(traced)})
    if path.name not in STATUSES:
        for line in traced:
            value = json.loads(line)
            target, source = canonical(value["dst"]), canonical(value["src"])
            assert {ends(rows)[0][:2]} == {(source, target)}
            seen = {canonical(each) for each in addresses([value.get("nodes"), value.get("hops")], "addr")} - {""}
            assert bare(hops(rows)) == seen - {target, source}
            reached = target in seen or value.get("stop_reason") == "COMPLETED"
            assert (ends(rows)[0][2] == "") == reached
            if not reached or '"addr":"*"' in line:
                assert silent(rows)


@needed
@pytest.mark.parametrize("path", files("ripe_atlas*"), ids=lambda path: path.name)
def test_atlas(path: Path, tmp_path: Path) -> None:
    for line in path.read_text().split("\n"):
        if not line.strip():
            continue
        value, target = json.loads(line), re.search(r'"dst_addr": ?"([^"]+)"', line)
        if not target:  # the name of the destination could not be resolved
            rows = read(tmp_path, (path.read_text().split("\n")[0] + "\n" + line))
            assert lines(rows) == {"ok": 1, "no_address": 1}
            continue
        rows = read(tmp_path, line)
        replies = set(re.findall(r'"from": ?"([^"]+)"', line[line.index('"result"') :]))
        replies -= {value["from"]} - addresses(value["result"], "from")
        assert bare(hops(rows)) == replies - {target[1], value["from"]}
        assert ends(rows) == [(value["from"], target[1], "" if target[1] in replies else "unanswered")]
        stars = any(all("x" in reply for reply in hop["result"]) for hop in value["result"])
        assert silent(rows) == (stars or target[1] not in replies)
        assert set(rows["first_ns"]) == {value["timestamp"] * 10**9}


@needed
@pytest.mark.parametrize("path", files("*.warts"), ids=lambda path: path.name)
def test_warts(path: Path, tmp_path: Path) -> None:
    measured = re.findall(rb"\x12\x05\x00[\x06\x08]", path.read_bytes())
    assert sum(lines(read(tmp_path, path.read_bytes())).values()) == len(measured)


@needed
@pytest.mark.parametrize("path", files("*"), ids=lambda path: path.name)
def test_every_trace_is_of_one_format(path: Path) -> None:
    assert bool(kind(path.read_bytes())) == ("prefix2as" not in path.name)


@needed
def test_no_other_log_is_taken_for_a_trace() -> None:
    for other in (path for folder in ("flows", "calls") for path in sorted((FOLDER.parent / folder).iterdir())):
        data = other.read_bytes()
        assert kind(gzip.decompress(data) if other.suffix == ".gz" else data) == "", other.name
