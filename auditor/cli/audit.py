"""`auditor audit`: captures in, verdicts and a report out."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import exits, output, progress
from auditor.cli.options import Geo, Inputs, Inventory, Packs, Selections, Services, Workers


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    HTML = "html"


def audit(
    inputs: Inputs,
    rules: Packs = None,
    inventory: Inventory = None,
    geo: Geo = None,
    catalogue: Services = None,
    selections: Selections = None,
    format: Annotated[
        list[Format] | None, typer.Option(help="Repeatable. Default: text, or what the output's name says.")
    ] = None,
    output_: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The nth output belongs to the nth format; standard output otherwise.",
        ),
    ] = None,
    allow_open: Annotated[bool, typer.Option("--allow-open", help="Exit 0 although something is open.")] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Exit 0 although nothing was in the scope of a rule.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Audit captures: was everything that they touched allowed to be touched?"""
    outputs = output_ or []
    formats = format or [output.named(path, Format.TEXT) for path in outputs] or [Format.TEXT]
    pairs = output.pair(formats, outputs)
    output.apart(outputs, inputs, inventory, selections, *(geo or ()), *(catalogue or ()), *(rules or ()))
    from auditor import pipeline
    from auditor.report import RENDERERS

    with progress.shown("reading") as shown:
        report = pipeline.audit(
            inputs,
            rules=rules,
            inventory=inventory,
            geo=geo or (),
            services=catalogue or (),
            selections=selections,
            workers=workers,
            progress=shown,
        ).report
    for name, path in pairs:
        if name == Format.TEXT and path is None and sys.stdout.isatty():
            from auditor.report import text

            text.show(report)
        else:
            output.write(RENDERERS[name](report), path)
    raise typer.Exit(exits.of_report(report, allow_open=allow_open, allow_empty=allow_empty))
