"""Tables for analysts: flows and findings as CSV, JSON, Parquet and pandas.

Names and session identifiers come from packets.  Where a spreadsheet could take one for a formula, an
apostrophe is put before it, as spreadsheets themselves do; control characters become visible.
"""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from auditor.model import countries
from auditor.model.report import Report
from auditor.report.clean import encodable

if TYPE_CHECKING:
    import pandas as pd

STRANGERS: Final = (
    "session",
    "meeting",
    "names",
    "sites",
    "service",
    "src_operator",
    "dst_operator",
    "vantage",
    "input",
)
"""Columns whose text others wrote."""

FINDING: Final = (
    "id rule verdict severity basis plane population countries state site operator proven sessions participants "
    "endpoints packets bytes first last evidence settles waived waiver_reason waiver_owner waiver_approved_by "
    "waiver_ticket waiver_expires standing"
).split()


WAIVER: Final = ("reason", "owner", "approved_by", "ticket", "expires")


def flows(frame: pl.DataFrame, inputs: Sequence[str]) -> pl.DataFrame:
    """Return the flow table as people read it, one row a flow, in the order of first packets.

    Times are nanosecond timestamps in UTC; countries are sets (`CN+HK`, `*` for anywhere); `record` is the
    number of the first packet in `input`.
    """
    frame = frame.sort("source", "record", "src_addr", "src_port", "dst_addr", "dst_port", nulls_last=True)
    table = frame.select(
        *_times(),
        pl.col("src_addr").alias("src"),
        pl.col("src_port").alias("sport"),
        pl.col("dst_addr").alias("dst"),
        pl.col("dst_port").alias("dport"),
        "transport",
        "app",
        "plane",
        "session",
        (pl.col("src_packets") + pl.col("dst_packets")).alias("packets"),
        (pl.col("src_bytes") + pl.col("dst_bytes")).alias("bytes"),
        joined("src_name", "dst_name").alias("names"),
        where(frame, "src").alias("src_countries"),
        where(frame, "dst").alias("dst_countries"),
        joined("src_site", "dst_site").alias("sites"),
        "status",
        "detail",
        "basis",
        "outcome",
        "encrypted",
        "service",
        "meeting",
        "src_role",
        "dst_role",
        "src_operator",
        "dst_operator",
        "src_packets",
        "dst_packets",
        "src_bytes",
        "dst_bytes",
        "opened",
        "vantage",
        _inputs(inputs),
        "record",
    )
    return table.with_columns(harmless(name) for name in STRANGERS if name in table.columns)


def streams(frame: pl.DataFrame, inputs: Sequence[str]) -> pl.DataFrame:
    """Return the streams of media as people read them, one row for each source and payload type of a flow."""
    frame = frame.sort("source", "record")
    return frame.select(
        *_times(),
        pl.col("src_addr").alias("src"),
        pl.col("src_port").alias("sport"),
        pl.col("dst_addr").alias("dst"),
        pl.col("dst_port").alias("dport"),
        "app",
        "ssrc",
        "payload_type",
        "packets",
        "bytes",
        "vantage",
        _inputs(inputs),
        "record",
    ).with_columns(harmless("vantage"), harmless("input"))


def _times() -> list[pl.Expr]:
    columns = {"start": pl.col("first_ns"), "end": pl.col("last_ns")}
    return [
        pl.from_epoch(pl.when(pl.col("first_ns") > 0).then(column), time_unit="ns")
        .dt.replace_time_zone("UTC")
        .alias(name)
        for name, column in columns.items()
    ]


def _inputs(names: Sequence[str]) -> pl.Expr:
    """Name the input of each row."""
    called = pl.Series("input", [encodable(name) for name in names], pl.String)
    return pl.col("source").replace_strict(dict(enumerate(called)), return_dtype=pl.String, default=None).alias("input")


def joined(*columns: str) -> pl.Expr:
    """Join the words of some columns that are not empty."""
    return pl.concat_str([pl.col(c).fill_null("") for c in columns], separator=" ").str.strip_chars(" ")


def where(frame: pl.DataFrame, side: str) -> pl.Series:
    """Return the set of countries in which an end may be; null for rows without addresses."""
    keys = [f"{side}_claimed", f"{side}_proven"]
    sets = frame.select(keys).unique()  # few, while rows are many
    found = [countries.possible(claimed, proven) for claimed, proven in sets.iter_rows()]
    rows = frame.select(f"{side}_addr", *keys).join(
        sets.with_columns(pl.Series("found", found, pl.String)), on=keys, how="left", maintain_order="left"
    )
    return rows.select(pl.when(pl.col(f"{side}_addr").is_not_null()).then("found")).to_series()


def harmless(column: str) -> pl.Expr:
    """Keep a stranger's text from being a formula or a line of its own."""
    text = pl.col(column).str.replace_all(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]", "\N{REPLACEMENT CHARACTER}")
    return (
        pl.when(text.str.contains(r"^\s*[=+\-@].")).then(pl.concat_str(pl.lit("'"), text)).otherwise(text).alias(column)
    )


def findings(report: Report) -> "pd.DataFrame":
    """Return one row a finding; countries are sets (`CN+HK`), lists stay Python lists, times are in UTC."""
    import pandas as pd

    def time(ns: int) -> Any:
        return pd.Timestamp(ns, unit="ns", tz="UTC") if ns else pd.NaT

    rows = [
        {
            "id": finding.id,
            "rule": finding.rule,
            "verdict": str(finding.verdict),
            "severity": finding.severity,
            "basis": finding.basis,
            "plane": finding.plane,
            "population": finding.population,
            "countries": finding.place.countries,
            "state": finding.place.state,
            "site": finding.place.site,
            "operator": finding.place.operator,
            "proven": finding.proven,
            "sessions": finding.sessions,
            "participants": [entry.countries for entry in finding.participants],
            "endpoints": list(finding.endpoints),
            "packets": finding.packets,
            "bytes": finding.bytes,
            "first": time(finding.first_ns),
            "last": time(finding.last_ns),
            "evidence": [f"{entry.source}#{entry.record}" for entry in finding.evidence],
            "settles": [entry.text for entry in finding.settles],
            "waived": finding.waiver is not None,
            **{f"waiver_{name}": getattr(finding.waiver, name, "") for name in WAIVER},
            "standing": finding.standing,
        }
        for finding in report.findings
    ]
    return pd.DataFrame(rows, columns=FINDING)


def csv(table: pl.DataFrame) -> bytes:
    """Write CSV (RFC 4180) with a header."""
    return text_times(table).write_csv().encode()


def json(table: pl.DataFrame) -> bytes:
    """Write one JSON array of objects."""
    return text_times(table).write_json().encode() + b"\n"


def parquet(table: pl.DataFrame) -> bytes:
    """Write Parquet; times are nanosecond timestamps."""
    file = io.BytesIO()
    table.write_parquet(file)
    return file.getvalue()


WRITERS: Final[dict[str, Callable[[pl.DataFrame], bytes]]] = {"csv": csv, "json": json, "parquet": parquet}


def text_times(table: pl.DataFrame) -> pl.DataFrame:
    """Write times as RFC 3339 text in UTC."""
    return table.with_columns(pl.col("start", "end").dt.strftime("%Y-%m-%dT%H:%M:%S%.9fZ"))


def to_pandas(table: pl.DataFrame) -> "pd.DataFrame":
    """Copy a table into pandas, column by column, so that no Arrow library is needed."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in table.columns:
        column = table[name]
        if column.dtype == pl.Datetime:
            columns[name] = pd.to_datetime(column.dt.epoch("ns").to_list(), utc=True, unit="ns")
        elif column.dtype == pl.String:
            columns[name] = pd.Series(column.to_list(), dtype=object)
        else:
            columns[name] = column.to_numpy()
    return pd.DataFrame(columns)
