"""`auditor rules test`: do rules do what their examples and tests promise?"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import exits, output
from auditor.cli.options import RulePacks, Services


class Format(StrEnum):
    TEXT = "text"
    JUNIT = "junit"


def test(
    packs: RulePacks = None,
    tests: Annotated[
        list[Path] | None,
        typer.Option(
            "--tests",
            metavar="FILE|FOLDER",
            help="YAML: further tests, besides the `*.test.yaml` that stand beside the rules. Repeatable.",
        ),
    ] = None,
    catalogue: Services = None,
    require_coverage: Annotated[
        bool,
        typer.Option("--require-coverage", help="Exit 1 too if a rule isn't shown to pass, to fail and to stay open."),
    ] = False,
    format: Annotated[
        Format | None, typer.Option(help="Default: text, or junit if the output is an .xml.", show_default=False)
    ] = None,
    output_: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Standard output otherwise.")
    ] = None,
) -> None:
    """Run the examples and tests of rules; exit 1 if one of them gets another verdict than it promises."""
    by_name = Format.JUNIT if output_ and output_.suffix.lower() == ".xml" else Format.TEXT
    chosen = format or by_name
    ((_, target),) = output.pair([chosen], [output_] if output_ else [])
    output.apart([target], [], *(catalogue or ()), *(packs or ()), *(tests or ()))
    from auditor import workshop
    from auditor.report.workshop import junit, trial

    tried, covered = workshop.trial(packs, tests or (), services=catalogue or ())
    if chosen is Format.JUNIT:
        output.write(junit.written(tried, covered, required=require_coverage), target)
    else:
        output.write(trial.text(tried, covered), target)
    if not all(each.kept for each in tried) or (require_coverage and any(each.missing for each in covered)):
        raise typer.Exit(exits.VIOLATION)
