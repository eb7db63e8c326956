"""The calls and meetings that were touched, one row each: the list that the number in a finding stands for.

A session is what the judge takes for one: all flows that name it, in whatever input, or a flow that names none.  Its
findings are those of the rows of the digest into which its flows were folded, so each finding has as many rows here
as the report counts sessions.
"""

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from auditor import intake
from auditor.digest import PARTY
from auditor.enrich.hops import WRAPPED
from auditor.evidence.case import Case, opened
from auditor.model import flow
from auditor.report.clean import encodable
from auditor.report.table import harmless, to_pandas

COLUMNS: Final = (
    "session", "kind", "start", "end", "participants", "participant_countries", "participant_labels",
    "participants_certain", "places", "place_countries", "place_sites", "place_operators", "place_roles", "planes",
    "bases", "outcomes", "services", "meetings", "flows", "packets", "bytes", "findings", "rules", "verdicts",
    "waived", "finding_packets", "finding_bytes", "input", "record",
)  # fmt: skip
"""Columns whose names begin alike are lists that belong together: the nth entry of each is of the nth participant,
place or finding."""
LISTS: Final = (
    "participants", "participant_countries", "participant_labels", "participants_certain", "places", "place_countries",
    "place_sites", "place_operators", "place_roles", "planes", "bases", "outcomes", "services", "meetings",
    "findings", "rules", "verdicts", "waived",
)  # fmt: skip
STRANGERS: Final = ("participant_labels", "place_sites", "place_operators", "services")
"""Lists whose text others wrote, and which a spreadsheet could take for formulas."""
PARTICIPANT: Final = {
    "participants": "addr",
    "participant_countries": "countries",
    "participant_labels": "label",
    "participants_certain": "certain",
}
PLACE: Final = {
    "places": "addr",
    "place_countries": "countries",
    "place_sites": "site",
    "place_operators": "operator",
    "place_roles": "role",
}
FINDING: Final = {"findings": "id", "rules": "rule", "verdicts": "verdict", "waived": "waived"}


def sessions(inputs: intake.Paths, *, finding: Sequence[str] | str | None = None, **options: Any) -> Any:
    """Return the sessions that were touched as a pandas DataFrame; takes the options of `auditor.audit`.

    With `finding` (the beginning of an identifier, or several) only the sessions of those findings, all of them.
    """
    case = opened(inputs, **options)
    wanted = [finding] if isinstance(finding, str) else finding or ()
    return to_pandas(table(case, [case.finding(each).id for each in wanted]))


def table(case: Case, findings: Sequence[str] = ()) -> pl.DataFrame:
    """Return COLUMNS, one row a session, by time; only those of some findings (whole identifiers), if any are named."""
    flows = judged(case)
    hits = case.traced.hits.filter(pl.col("id").is_in(list(findings))) if findings else case.traced.hits
    if findings:
        units = hits.select("row").unique().join(flows, on="row").select("unit").unique()
        flows = flows.join(units, on="unit", how="semi")
    every = case.traced.hits.join(flows.select("row").unique(), on="row", how="semi")
    every = every.with_columns(waived=pl.col("id").is_in([finding.id for finding in case.report.waived]))
    ends = _ends(flows, case)
    people = ends.filter(pl.col("role").is_in(PARTY))
    places = ends.filter(pl.col("role") != "client")
    rows = _units(flows).sort("first_ns", "witness", "session", "unit")
    for told in (
        _listed(people, PARTICIPANT),
        _listed(places, PLACE),
        _findings(flows, every),
        _carried(flows, hits),
    ):
        rows = rows.join(told, on="unit", how="left", maintain_order="left")
    return _written(rows, [entry.name for entry in case.located.inputs])


def judged(case: Case) -> pl.DataFrame:
    """Number the sessions (`unit`) of the flows that are judged, and the rows of the digest that these went into."""
    frame = case.located.frame.with_row_index("index").with_columns(pl.col("index").cast(pl.Int64))
    rows = case.rows.join(frame, on="index", how="left", maintain_order="left")
    named = pl.col("session").rank("dense").cast(pl.Int64)
    return rows.with_columns(unit=pl.coalesce(named, -1 - pl.col("index")))


def _units(flows: pl.DataFrame) -> pl.DataFrame:
    """Sum flows up into sessions; a session begins with the first record of its first input."""
    witness = pl.col("source").cast(pl.Int64) * (1 << flow.SOURCE_SHIFT) + pl.col("record")
    units = flows.group_by("unit").agg(
        pl.col("session").first(),
        pl.col("first_ns").min(),
        pl.col("last_ns").max(),
        pl.col("src_packets", "dst_packets", "src_bytes", "dst_bytes").sum(),
        witness.min().alias("witness"),
        pl.len().cast(pl.Int64).alias("flows"),
    )
    for name, of in _WORDS.items():
        units = units.join(_listed(flows.filter(pl.col(of) != ""), {name: of}), on="unit", how="left")
    meetings = flows.with_columns(pl.col("meeting").str.split(" ")).explode("meeting").drop_nulls("meeting")
    units = units.join(_listed(meetings, {"meetings": "meeting"}), on="unit", how="left")
    return units.with_columns(
        packets=pl.col("src_packets") + pl.col("dst_packets"),
        bytes=pl.col("src_bytes") + pl.col("dst_bytes"),
        source=(pl.col("witness") // (1 << flow.SOURCE_SHIFT)).cast(pl.Int32),
        record=pl.col("witness") % (1 << flow.SOURCE_SHIFT),
    )


_WORDS: Final = {"planes": "plane", "bases": "basis", "outcomes": "outcome", "services": "service"}
"""Lists, and the columns of flows whose words they gather."""


def _ends(flows: pl.DataFrame, case: Case) -> pl.DataFrame:
    """List both ends of all flows: `unit`, and what the judge holds of them."""
    members = case.traced.sealed.members
    told = pl.DataFrame(
        {
            "member": pl.Series(range(len(members)), dtype=pl.Int64),
            "labels": pl.Series([", ".join(member.names) for member in members], dtype=pl.String),
            "certain": pl.Series([member.sure for member in members], dtype=pl.Boolean),
        }
    )
    sides = pl.concat(
        flows.select("unit", "row", pl.lit(dst).alias("dst"), addr=f"{side}_addr", own=f"{side}_label")
        for side, dst in (("src", False), ("dst", True))
    )
    held = case.traced.ends.join(told, on="member", how="left")
    ends = sides.join(held, on=["row", "dst"])
    label = pl.coalesce("labels", "own").fill_null("")
    names = ["unit", "addr", "countries", "label", "certain", "site", "operator", "role"]
    return ends.with_columns(
        label=label, addr=pl.col("addr").fill_null(""), certain=pl.col("certain").fill_null(False)
    ).select(names)


def _listed(rows: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    """Gather the distinct rows of each session into lists of equal order."""
    columns = list(names.values())
    distinct = rows.select("unit", *columns).unique().sort("unit", *columns)
    return distinct.group_by("unit", maintain_order=True).agg(
        pl.col(column).alias(name) for name, column in names.items()
    )


def _findings(flows: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """List the findings of each session."""
    found = flows.select("unit", "row").join(hits.select("row", *FINDING.values()).unique(), on="row")
    return _listed(found, FINDING)


def _carried(flows: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """Sum up the flows of each session on which findings rest."""
    touched = flows.join(hits.select("row").unique(), on="row", how="semi")
    return touched.group_by("unit").agg(
        finding_packets=(pl.col("src_packets") + pl.col("dst_packets")).sum(),
        finding_bytes=(pl.col("src_bytes") + pl.col("dst_bytes")).sum(),
    )


def _written(units: pl.DataFrame, inputs: Sequence[str]) -> pl.DataFrame:
    """Write sessions as people read them: names, and times in UTC (null where no time is known)."""
    names = dict(enumerate(encodable(name) for name in inputs))
    source = pl.col("source").replace_strict(names, return_dtype=pl.String, default=None)
    own = pl.format("flow {}#{}", "input", "record")
    time = {
        name: pl.from_epoch(pl.when(pl.col("first_ns") > 0).then(column), time_unit="ns").dt.replace_time_zone("UTC")
        for name, column in (("start", "first_ns"), ("end", "last_ns"))
    }
    table = units.with_columns(input=source).with_columns(
        kind=pl.when(pl.col("session").str.starts_with(f"{WRAPPED} ") | pl.col("session").is_null())
        .then(pl.lit("flow"))
        .otherwise(pl.lit("call")),
        session=pl.coalesce("session", own),
        finding_packets=pl.col("finding_packets").fill_null(0),
        finding_bytes=pl.col("finding_bytes").fill_null(0),
        **time,
    )
    lists = [pl.col(name).fill_null(pl.lit([], table.schema[name])) for name in LISTS]
    return table.with_columns(lists).select(COLUMNS).with_columns(harmless("session"), harmless("input"))


def flat(table: pl.DataFrame) -> pl.DataFrame:
    """Write lists as text, entries parted by `; `, for a format that has no lists."""
    texts = [
        pl.col(name).cast(pl.List(pl.String)).list.eval(pl.element().fill_null("")).list.join("; ").alias(name)
        for name in LISTS
    ]
    return table.with_columns(texts).with_columns(harmless(name) for name in STRANGERS)
