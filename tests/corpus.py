"""Where real captures and logs are, if they are: a folder that can't be part of the project (licences, personal data).

What an audit decides of each stands in a committed table, which a run may better and never worsen; `AUDITOR_UPDATE=1`
writes it again.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor import pipeline
from auditor.model import countries, flow

ROOT = Path(os.environ.get("AUDITOR_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus")
FOLDER = ROOT / "pcaps"
LOGS = tuple(ROOT / name for name in ("flows", "calls", "traces"))
BESIDE = (".truth.json", ".flowtruth.json")
"""Ends of the names of files that say what others hold."""


def captures() -> list[Path]:
    """List the captures that have a truth file beside them."""
    return [truth.with_name(truth.name.removesuffix(".truth.json")) for truth in sorted(FOLDER.glob("*.truth.json"))]


def logs() -> list[Path]:
    """List logs, captures of exports among them."""
    found = [path for folder in LOGS if folder.is_dir() for path in sorted(folder.iterdir())]
    return [path for path in found if not path.name.endswith(BESIDE)]


def truth(capture: Path) -> dict[str, Any]:
    """Read what tshark says about a capture."""
    return json.loads(capture.with_name(capture.name + ".truth.json").read_text())


def share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 1.0


def placed(frame: pl.DataFrame) -> float:
    """Return the share of ends of flows of which it is known where they may be, and not only that they are."""
    rows = frame.filter(pl.col("src_addr").is_not_null())
    ends = [
        countries.possible(claimed, proven) != countries.ANYWHERE
        for side in flow.SIDES
        for claimed, proven in rows.select(f"{side}_claimed", f"{side}_proven").iter_rows()
    ]
    return share(sum(ends), len(ends))


def decided(found: pipeline.Audit) -> float:
    """Return the share of touches in the scope of rules that they decided."""
    judged: Counter[str] = Counter()
    for _, counts in found.report.coverage.judged:
        judged["decided"] += counts.passed + counts.failed
        judged["in scope"] += counts.passed + counts.failed + counts.open
    return share(judged["decided"], judged["in scope"])


def only_grows(table: Path, name: str, now: dict[str, Any], records: str, *better: str) -> None:
    """Hold what was measured against a committed table: nothing less could be read, no share of `better` is smaller."""
    rows = json.loads(table.read_text()) if table.exists() else {}
    if os.environ.get("AUDITOR_UPDATE"):
        table.write_text(json.dumps(dict(sorted({**rows, name: now}.items())), indent=1) + "\n")
        return
    before = rows[name]
    unread = [sum(row[records].get(status, 0) for status in flow.UNEXAMINED) for row in (now, before)]
    assert unread[0] <= unread[1]
    for each in better:
        assert now[each] >= before[each], f"{each}: {now[each]} was {before[each]}"


needed = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"real captures are not here: {FOLDER} (AUDITOR_CORPUS names the folder above)"
)
logs_needed = pytest.mark.skipif(
    not LOGS[0].is_dir(), reason=f"real logs are not here: {LOGS[0]} (AUDITOR_CORPUS names the folder above)"
)
each = pytest.mark.parametrize("capture", captures(), ids=lambda path: path.name)
