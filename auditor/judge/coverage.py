"""Count what was examined, what was not and how it was judged: a pass is worth no more than that."""

from collections.abc import Sequence

import polars as pl

from auditor.judge.tally import Tally
from auditor.model import flow
from auditor.model.coverage import LINE, PACKET, RECORD, Coverage, Judged, Unread
from auditor.model.report import Input

_ATTEMPTS = (flow.OFFERED, flow.ATTESTED)  # rows that tell of an exchange without being one


def coverage(
    covered: pl.DataFrame,
    tally: Tally,
    judged: Sequence[tuple[str, Judged]],
    inputs: Sequence[Input],
    unread_bytes: Sequence[tuple[str, int, str]],
    limits: Sequence[str] = (),
) -> Coverage:
    """Put the counts of COVER rows and of judged touches together; `inputs` stand in the order of their `source`.

    The ends of flows that wrap too much are judged as they are, and what they wrap was not examined.
    """
    deep = (pl.col("status") == flow.OK) & (pl.col("detail") == flow.TOO_DEEP)
    logs = pl.col("source").is_in([number for number, entry in enumerate(inputs) if entry.records is not None])
    logs |= pl.col("basis") == flow.REPORTED  # a capture may carry them
    configured = any(entry.configuration for entry in inputs)
    covered = covered.with_columns(
        unit=pl.when(logs).then(pl.lit(LINE if configured else RECORD)).otherwise(pl.lit(PACKET)),
        read=pl.when(deep).then(pl.lit(flow.UNSUPPORTED)).otherwise("status"),
        units=pl.when(logs).then("records").otherwise("packets"),
        **{name: pl.when(~logs).then(name).otherwise(0) for name in ("packets", "bytes")},
    )
    records = covered.group_by("read").agg(pl.col("units").sum()).sort("read")
    ends = covered.filter((pl.col("status") == flow.OK) & (pl.col("detail") != flow.PASSED))
    attempts = ends.filter(pl.col("outcome") != flow.CARRIED)
    flows = ends.filter(~pl.col("basis").is_in(_ATTEMPTS))
    return Coverage(
        packets=int(covered["packets"].sum()),
        bytes=int(covered["bytes"].sum()),
        records=tuple(records.iter_rows()),
        unread=_unread(covered, inputs),
        unread_bytes=tuple(sorted(unread_bytes)),
        outcomes=tuple(attempts.group_by("outcome").agg(pl.col("flows").sum()).sort("outcome").iter_rows()),
        flows=int(flows["flows"].sum()),
        decided=tally.decided,
        touches=tally.touches,
        judged=tuple(judged),
        limits=tuple(limits),
        logged=int(covered.filter(logs)["records"].sum()),
        configured=configured,
    )


def _unread(covered: pl.DataFrame, inputs: Sequence[Input]) -> tuple[Unread, ...]:
    keys = ["source", "read", "detail", "unit"]
    rows = (
        covered.filter(pl.col("read") != flow.OK)
        .group_by(keys)
        .agg(pl.col("units").sum(), pl.col("first_record").min())
    )
    return tuple(
        Unread(inputs[index].name, status, reason, count, record, unit)
        for index, status, reason, unit, count, record in rows.sort(keys).iter_rows()
    )
