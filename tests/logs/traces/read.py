"""Reads traces, and judges them: a short way from the rows of a reader to the verdict of a rule."""

from pathlib import Path

import polars as pl

from auditor import judge
from auditor.enrich.catalogue import Catalogue
from auditor.enrich.places import open_places
from auditor.enrich.roles import settle
from auditor.enrich.who import who
from auditor.logs.model import DEFAULTS, LOG, Told
from auditor.logs.traces import FORMATS
from auditor.logs.traces.trace import SILENT
from auditor.model import flow
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.read.source import HEAD, Source
from tests import builders

PLAIN = ("record", "records", "status", "src_addr", "dst_addr", "dst_role", "outcome")


def kind(data: bytes) -> str:
    """Name the format of a text; no two may claim it."""
    names = [name for name, reader in FORMATS.items() if reader.sniff(data[:HEAD])]
    assert len(names) <= 1
    return names[0] if names else ""


def read(path: Path, data: bytes | str, told: Told | None = None) -> pl.DataFrame:
    """Read a text into rows with all columns of LOG, and check that every column is of the right kind."""
    data = data.encode() if isinstance(data, str) else data
    (path / "it").write_bytes(data)
    form = kind(data)
    assert form, data[:200]
    told = told or Told()
    frames = [some.collect() for some in FORMATS[form].read(Source("it", str(path / "it"), len(data), form), told)]
    assert not told.lost
    whole = [
        some.select(
            pl.col(name) if name in some.columns else pl.lit(DEFAULTS[name], kind).alias(name)
            for name, kind in LOG.items()
        )
        for some in frames
    ]
    found = pl.concat([pl.DataFrame(schema=LOG), *whole])
    assert {name: found.schema[name] for name in LOG} == LOG
    assert found.filter(pl.col("record") < 1).is_empty()
    return found


def hops(rows: pl.DataFrame) -> set[str]:
    """Return the addresses that answered on the way, and what stands for them."""
    return set(rows.filter((pl.col("dst_role") == "hop") & (pl.col("dst_addr") != SILENT))["dst_addr"])


def ends(rows: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Return source, destination and outcome of each trace."""
    found = rows.filter((pl.col("dst_role") != "hop") & (pl.col("status") == "ok"))
    return list(found.select("src_addr", "dst_addr", "outcome").iter_rows())


def silent(rows: pl.DataFrame) -> bool:
    return SILENT in rows["dst_addr"]


def lines(rows: pl.DataFrame) -> dict[str, int]:
    """Count the records by status."""
    return dict(rows.group_by("status").agg(pl.col("records").sum()).iter_rows())


def flows(rows: pl.DataFrame, vantage: str = "") -> pl.DataFrame:
    """Make FLOW rows of LOG rows that need no folding."""
    names = [name for name in flow.FLOW if name in LOG]
    named = pl.col("observer") if not vantage else pl.lit(vantage)
    found = rows.with_columns(
        pl.col("outcome").fill_null(""), pl.col("dst_packets", "dst_bytes").fill_null(0), vantage=named
    )
    return flow.frame({name: found[name] for name in [*names, "vantage"]})


def judged(rows: pl.DataFrame, *rules: Rule, inventory: Path | None = None, vantage: str = "") -> Report:
    """Place and judge what was read."""
    located = settle(open_places(inventory)(who(flows(rows, vantage), Catalogue())))
    folded = judge.fold(located, judge.edges(rules), judge.asks_rejected(rules))
    return judge.conclude(folded, rules, inputs=builders.inputs())
