"""`auditor audit`: captures and logs in, verdicts and a report out."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from auditor.cli import exits, output, progress
from auditor.cli.options import (
    AsOf,
    Columns,
    Geo,
    Inputs,
    Inventory,
    Packs,
    Selections,
    Services,
    Waivers,
    Workers,
    day,
)

WARNINGS: Final = 20
"""Lines on standard error about waivers; the report tells of all."""


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
    waivers: Waivers = None,
    columns: Columns = None,
    as_of: AsOf = None,
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
    fail_on_unused: Annotated[
        bool,
        typer.Option("--fail-on-unused-waivers", help="Exit 2 if a waiver does nothing, and nothing is violated."),
    ] = False,
    workers: Workers = None,
) -> None:
    """Audit captures and logs: was everything that they touched allowed to be touched?"""
    outputs = output_ or []
    formats = format or [output.named(path, Format.TEXT) for path in outputs] or [Format.TEXT]
    pairs = output.pair(formats, outputs)
    output.apart(
        outputs,
        inputs,
        inventory,
        selections,
        *(geo or ()),
        *(catalogue or ()),
        *(rules or ()),
        *(waivers or ()),
        *(columns or ()),
    )
    from auditor import pipeline
    from auditor.report import RENDERERS, waived

    with progress.shown("reading") as shown:
        report = pipeline.audit(
            inputs,
            rules=rules,
            inventory=inventory,
            geo=geo or (),
            services=catalogue or (),
            selections=selections,
            waivers=waivers or (),
            columns=columns or (),
            as_of=day(waivers, as_of),
            workers=workers,
            progress=shown,
        ).report
    for name, path in pairs:
        if name == Format.TEXT and path is None and sys.stdout.isatty():
            from auditor.report import text

            text.show(report)
        else:
            output.write(RENDERERS[name](report), path)
    for line in waived.warnings(report)[:WARNINGS]:
        exits.say(f"warning: {line}")
    raise typer.Exit(
        exits.of_report(report, allow_open=allow_open, allow_empty=allow_empty, fail_on_unused=fail_on_unused)
    )
