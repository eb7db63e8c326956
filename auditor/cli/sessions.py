"""`auditor sessions`: the calls and meetings that were touched, one row each."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import output
from auditor.cli.opened import opened
from auditor.cli.options import AsOf, Columns, Geo, Inputs, Inventory, Packs, Selections, Services, Waivers, Workers


class Format(StrEnum):
    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def sessions(
    inputs: Inputs,
    finding: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="Only the sessions of this finding, all of them; the beginning of its identifier will do. Repeatable.",
        ),
    ] = None,
    rules: Packs = None,
    inventory: Inventory = None,
    geo: Geo = None,
    catalogue: Services = None,
    selections: Selections = None,
    waivers: Waivers = None,
    columns: Columns = None,
    as_of: AsOf = None,
    format: Annotated[
        Format | None, typer.Option(help="Default: text, or what the output's name says.", show_default=False)
    ] = None,
    output_: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Standard output otherwise.")
    ] = None,
    workers: Workers = None,
) -> None:
    """List the calls and meetings that were touched: when, who, where, and the findings that each is part of."""
    chosen = format or output.named(output_, Format.TEXT)
    ((_, target),) = output.pair([chosen], [output_] if output_ else [])
    from auditor.evidence import listing
    from auditor.evidence.sessions import flat, table
    from auditor.report.table import WRITERS

    case = opened(target, inputs, rules, inventory, geo, catalogue, selections, waivers, as_of, columns, workers)
    found = list({each.id: each for each in map(case.finding, finding or ())}.values())
    rows = table(case, [each.id for each in found])
    if chosen is Format.TEXT:
        output.write(listing.render(rows, found), target)
    else:
        output.write(WRITERS[chosen](flat(rows) if chosen is Format.CSV else rows), target)
