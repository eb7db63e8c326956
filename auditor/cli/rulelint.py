"""`auditor rules lint`: what is wrong with rules, before they judge anything."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import exits, output
from auditor.cli.options import Inventory, RulePacks, Services, Waivers


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def lint(
    packs: RulePacks = None,
    inventory: Inventory = None,
    catalogue: Services = None,
    waivers: Waivers = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            metavar="DATE",
            formats=["%Y-%m-%d"],
            help="The day by which dates are judged. Default: today, in UTC.",
            show_default=False,
        ),
    ] = None,
    stale_after: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="MONTHS", help="How old packs and changing sets may be. Default: 24.", show_default=False
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on warnings too.")] = False,
    format: Annotated[
        Format | None, typer.Option(help="Default: text, or what the output's name says.", show_default=False)
    ] = None,
    output_: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Standard output otherwise.")
    ] = None,
) -> None:
    """Find rules that contradict each other, never apply, fail or pass, are out of date, or name what nothing knows.

    Exit 1 if there are errors.
    """
    chosen = format or output.named(output_, Format.TEXT)
    ((_, target),) = output.pair([chosen], [output_] if output_ else [])
    output.apart([target], [], inventory, *(catalogue or ()), *(packs or ()), *(waivers or ()))
    from auditor import workshop
    from auditor.report.workshop import remarks

    day = (as_of or datetime.now(UTC)).date()
    given = workshop.look_over(
        packs, day, inventory=inventory, services=catalogue or (), waivers=waivers or (), stale=stale_after
    )
    found = workshop.remarks(given)
    said = (
        remarks.text(found, len(given.rules))
        if chosen is Format.TEXT
        else remarks.written(found, len(given.rules), day)
    )
    output.write(said, target)
    bad = {"error", "warning"} if strict else {"error"}
    if any(each.severity in bad for each in found):
        raise typer.Exit(exits.VIOLATION)
