"""What commands that end in a report share: the formats they write it in, and what it leaves with.

A command asks for its options with the types here, makes an `Asked` of them before it reads anything, and ends with
`finish`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from auditor.cli import exits, output

if TYPE_CHECKING:
    from auditor.model.report import Report

WARNINGS: Final = 20
"""Lines on standard error about waivers; the report tells of all."""


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    HTML = "html"
    SARIF = "sarif"
    JUNIT = "junit"
    GITLAB = "gitlab"
    GITHUB = "github"
    MARKDOWN = "markdown"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


Formats = Annotated[
    list[Format] | None, typer.Option("--format", help="Repeatable. Default: text, or what the output's name says.")
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="The nth output belongs to the nth format; standard output otherwise.",
    ),
]
AllowOpen = Annotated[bool, typer.Option("--allow-open", help="Exit 0 although something is open.")]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="Exit 0 although nothing was in the scope of a rule.")]
FailOn = Annotated[
    Severity,
    typer.Option(
        "--fail-on", help="Exit 1 only for violations of rules of this severity or a higher one; the report tells all."
    ),
]
FailOnUnused = Annotated[
    bool,
    typer.Option("--fail-on-unused-waivers", help="Exit 2 if a waiver does nothing, and nothing is violated."),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command was asked to do with its report."""

    pairs: Sequence[tuple[str, Path | None]]  # format, and where it goes (None: standard output)
    allow_open: bool = False
    allow_empty: bool = False
    fail_on: str = Severity.LOW
    fail_on_unused: bool = False

    @property
    def files(self) -> list[Path | None]:
        """Where the report goes, for `output.apart`."""
        return [path for _, path in self.pairs]


def asked(
    formats: Sequence[Format] | None,
    outputs: Sequence[Path] | None,
    *,
    allow_open: bool = False,
    allow_empty: bool = False,
    fail_on: Severity = Severity.LOW,
    fail_on_unused: bool = False,
) -> Asked:
    """Pair formats with outputs, of which the names tell formats that were not named."""
    chosen = formats or [output.named(path, Format.TEXT) for path in outputs or ()] or [Format.TEXT]
    pairs = output.pair(chosen, outputs or ())
    return Asked(pairs, allow_open, allow_empty, fail_on, fail_on_unused)


def write_all(report: "Report", pairs: Sequence[tuple[str, Path | None]]) -> None:
    """Write a report in each format to where it goes."""
    from auditor.report import RENDERERS

    for name, path in pairs:
        if name == Format.TEXT and path is None and sys.stdout.isatty():
            from auditor.report import text

            text.show(report)
        else:
            output.write(RENDERERS[name](report), path)


def finish(report: "Report", asked: Asked) -> NoReturn:
    """Write a report, warn of waivers that don't do what their owners may think, and leave with its exit code."""
    from auditor.report import waived

    write_all(report, asked.pairs)
    for line in waived.warnings(report)[:WARNINGS]:
        exits.say(f"warning: {line}")
    raise typer.Exit(
        exits.of_report(
            report,
            allow_open=asked.allow_open,
            allow_empty=asked.allow_empty,
            fail_on_unused=asked.fail_on_unused,
            fail_on=asked.fail_on,
        )
    )
