"""`auditor flows`: the located flow table, one row a flow."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import output, progress
from auditor.cli.options import Columns, Geo, Inputs, Inventory, Services, Workers


class Table(StrEnum):
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def flows(
    inputs: Inputs,
    inventory: Inventory = None,
    geo: Geo = None,
    catalogue: Services = None,
    columns: Columns = None,
    format: Annotated[
        Table | None, typer.Option(help="Default: csv, or what the output's name says.", show_default=False)
    ] = None,
    output_: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Standard output otherwise.")
    ] = None,
    streams: Annotated[
        bool, typer.Option("--streams", help="List streams of media instead: one row for each RTP source of a flow.")
    ] = False,
    workers: Workers = None,
) -> None:
    """List every flow of captures and logs with its endpoints located: the table that an audit judges."""
    chosen = format or output.named(output_, Table.CSV)
    ((_, target),) = output.pair([chosen], [output_] if output_ else [])
    output.apart([target], inputs, inventory, *(geo or ()), *(catalogue or ()), *(columns or ()))
    from auditor import pipeline
    from auditor.report import table

    with progress.shown("reading") as shown:
        found = pipeline.located(
            inputs,
            inventory=inventory,
            geo=geo or (),
            services=catalogue or (),
            columns=columns or (),
            workers=workers,
            progress=shown,
        )
    names = [entry.name for entry in found.inputs]
    listed = found.streams if streams else None
    rows = table.flows(found.frame, names) if listed is None else table.streams(listed, names)
    output.write(table.WRITERS[chosen](rows), target)
