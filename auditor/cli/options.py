"""Arguments and options that several commands share, declared once."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Captures (pcap, pcapng, snoop), flow logs, call records, traceroutes; also gzip, zstd, xz, bzip2; "
        "directories, globs, addresses (s3://, gs://, az://, https://), or - for standard input.",
    ),
]
Finding = Annotated[
    str,
    typer.Argument(metavar="FINDING", help="Identifier of a finding, or its beginning; `auditor audit` lists them."),
]
Packs = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        metavar="PACK|PATH",
        help="A built-in rule pack, or a rule file or folder. Repeatable. Default: zoom-2020.",
    ),
]
RulePacks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PACK|PATH]...", help="Built-in packs, rule files or folders. Default: every built-in pack."
    ),
]
Inventory = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="YAML: your sites, client networks and capture points. It is proof, and wins over databases.",
    ),
]
Geo = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="A further location database (.mmdb: MaxMind, DB-IP, IPinfo; pfx2as: operators alone). Repeatable.",
    ),
]
Services = Annotated[
    list[Path] | None,
    typer.Option(
        "--catalogue",
        metavar="FILE",
        help="YAML: services of your own, with names, networks and ports. It comes before what is shipped. Repeatable.",
    ),
]
Selections = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="YAML: the regions or sites that accounts have selected, for rules that ask."),
]
Columns = Annotated[
    list[Path] | None,
    typer.Option(
        "--columns",
        metavar="FILE",
        help="YAML: how to read logs that are not known, which column says what. Repeatable.",
    ),
]
Waivers = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="YAML: findings that somebody accepts until a day; they stay in the report. Repeatable.",
    ),
]
Baseline = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Findings that are known (see `auditor baseline`): they stay in the report and decide nothing.",
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        formats=["%Y-%m-%d"],
        help="The day by which waivers are judged. Default: today, in UTC.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Processes that read. Default: as many as cores, at most 16.", show_default=False),
]


def day(waivers: Sequence[Path] | None, as_of: datetime | None) -> date | None:
    """Return the day by which waivers are judged: the only clock that is read, and only where there are waivers."""
    return as_of.date() if as_of else datetime.now(UTC).date() if waivers else None
