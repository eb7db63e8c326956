"""`auditor show`: one finding, explained record by record."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import output, progress
from auditor.cli.opened import opened
from auditor.cli.options import (
    AsOf,
    Columns,
    Finding,
    Geo,
    Inputs,
    Inventory,
    Packs,
    Selections,
    Services,
    Waivers,
    Workers,
)


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def show(
    finding: Finding,
    inputs: Inputs,
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
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="Packets of each flow, or records, that are listed.")
    ] = 10,
    workers: Workers = None,
) -> None:
    """Explain a finding: the rule, who took part, where it was, why that is believed, and which records show it."""
    chosen = format or output.named(output_, Format.TEXT)
    ((_, target),) = output.pair([chosen], [output_] if output_ else [])
    from auditor.evidence import explained
    from auditor.evidence.shown import shown as shown_as
    from auditor.report.jsonv1 import written

    case = opened(target, inputs, rules, inventory, geo, catalogue, selections, waivers, columns, as_of, workers)
    found = case.finding(finding)
    with progress.shown("looking for what shows it") as shown:
        told = shown_as(case, found, limit=limit, progress=shown)
    output.write(written(told) if chosen is Format.JSON else explained.render(found, told), target)
