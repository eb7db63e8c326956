"""`auditor baseline`: the findings of a report become the baseline of the next audits."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import exits, output
from auditor.model.errors import InputError


def baseline(
    report: Annotated[
        str, typer.Argument(metavar="REPORT", help="A JSON report (`--format json`), or - for standard input.")
    ],
    output_: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Standard output otherwise.")
    ] = None,
) -> None:
    """Write what a report found as a baseline: with `--baseline FILE` the next audits tell it and don't fail of it.

    Nobody answers for a baseline and it never ends; what somebody accepts until a day is a waiver.
    """
    ((_, target),) = output.pair(["json"], [output_] if output_ else [])
    if report != "-":
        output.apart([target], [], report)
    from auditor.report import baseline as baselines
    from auditor.report.words import many

    found = baselines.of_report(_read(report), report)
    output.write(baselines.written(found), target)
    exits.say(f"{many(len(found), 'finding')} known from now on")


def _read(report: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if report == "-" else Path(report).read_bytes()
    except OSError as error:
        raise InputError(report, f"can't be read ({error.strerror}); give the JSON report of an audit") from None
