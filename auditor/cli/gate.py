"""`auditor gate`: routing configuration in, proofs of where it can send whom out."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

import typer

from auditor.cli import output, reported
from auditor.cli.options import Baseline, Geo, Inventory, Packs, Selections, Services, Waivers

Configurations = Annotated[
    list[str],
    typer.Argument(metavar="CONFIG...", help="Routing configurations, or folders of them; the format is found out."),
]


class Plane(StrEnum):
    MEDIA = "media"
    SIGNALLING = "signalling"
    KEYS = "keys"
    RECORDING = "recording"
    MANAGEMENT = "management"
    TELEMETRY = "telemetry"
    OTHER = "other"


Planes = Annotated[
    list[Plane] | None,
    typer.Option(
        "--plane", help="What the configured sites carry, if neither inventory nor configuration says. Repeatable."
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        formats=["%Y-%m-%d"],
        help="The day by which rules, proofs and waivers are judged. Default: today, in UTC.",
        show_default=False,
    ),
]


def gate(
    configurations: Configurations,
    rules: Packs = None,
    inventory: Inventory = None,
    geo: Geo = None,
    catalogue: Services = None,
    selections: Selections = None,
    waivers: Waivers = None,
    planes: Planes = None,
    baseline: Baseline = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="REV|DIR",
            help="An earlier state, a revision of the repository or a folder: what it allowed already decides nothing.",
        ),
    ] = None,
    as_of: AsOf = None,
    format: reported.Formats = None,
    output_: reported.Outputs = None,
    fail_on: reported.FailOn = reported.Severity.LOW,
    allow_open: reported.AllowOpen = False,
    allow_empty: reported.AllowEmpty = False,
    fail_on_unused: reported.FailOnUnused = False,
) -> None:
    """Prove routing configuration: can it send anyone where they must not go, under any combination of outages?"""
    asked = reported.asked(
        format, output_, allow_open=allow_open, allow_empty=allow_empty, fail_on=fail_on, fail_on_unused=fail_on_unused
    )
    given = (geo, catalogue, rules, waivers, configurations)
    output.apart(asked.files, (), inventory, selections, baseline, *(each for some in given for each in some or ()))
    from auditor import gate as gates

    report = gates.gate(
        configurations,
        rules=rules,
        inventory=inventory,
        geo=geo or (),
        services=catalogue or (),
        selections=selections,
        waivers=waivers or (),
        planes=[str(plane) for plane in planes or ()],
        baseline=baseline,
        as_of=today(as_of),
        against=against,
    ).report
    reported.finish(report, asked)


def today(as_of: datetime | None) -> date:
    """Return the day by which is judged: rules have dates, and a configuration has none of its own."""
    return as_of.date() if as_of else datetime.now(UTC).date()
