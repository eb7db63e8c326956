"""`auditor extract`: the packets that prove a finding, as a capture of their own."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import exits, output, progress
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
from auditor.model.errors import InputError


def extract(
    finding: Finding,
    inputs: Inputs,
    output_: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The capture to write (pcapng); - for standard output."),
    ],
    rules: Packs = None,
    inventory: Inventory = None,
    geo: Geo = None,
    catalogue: Services = None,
    selections: Selections = None,
    waivers: Waivers = None,
    columns: Columns = None,
    as_of: AsOf = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Packets of each flow that are taken. Default: all.", show_default=False),
    ] = None,
    workers: Workers = None,
) -> None:
    """Write the packets that prove a finding, and nothing else, as a capture that names inputs, rule and finding."""
    target = None if str(output_) == "-" else output_
    if target is None and sys.stdout.isatty():
        raise InputError("--output", "a capture would garble this terminal; name a file, or send it through a pipe")
    from auditor.evidence.extract import extract as extracted
    from auditor.report.words import many

    case = opened(target, inputs, rules, inventory, geo, catalogue, selections, waivers, as_of, columns, workers)
    chosen = case.finding(finding)
    with output.whole(target) as file, progress.shown("extracting") as shown:
        done = extracted(case, chosen, file, limit=limit, progress=shown)
    said = f"{many(done.packets, 'packet')} of {many(done.inputs, 'input')} for finding {chosen.id}"
    exits.say(f"{said}; {many(done.left, 'more packet')} left out" if done.left else said)
