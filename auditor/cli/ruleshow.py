"""`auditor rules show`: what a rule does, in plain words made from its data."""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from auditor.cli import output
from auditor.cli.options import Selections, Services

WIDTH: Final = 100
"""Columns of what is written to a file or a pipe."""


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def show(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Identifiers of rules.")],
    rules: Annotated[
        list[str] | None,
        typer.Option("--rules", metavar="PACK|PATH", help="Where to look. Default: every built-in pack. Repeatable."),
    ] = None,
    catalogue: Services = None,
    selections: Selections = None,
    full: Annotated[
        bool, typer.Option("--full", help="Write out every country of a set, and every version of one that changed.")
    ] = False,
    format: Annotated[
        Format | None, typer.Option(help="Default: text, or what the output's name says.", show_default=False)
    ] = None,
    output_: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Standard output otherwise.")
    ] = None,
) -> None:
    """Say in plain words what the machine does with a rule: whom, what, when, on which evidence, what stays open."""
    chosen = format or output.named(output_, Format.TEXT)
    ((_, target),) = output.pair([chosen], [output_] if output_ else [])
    output.apart([target], [], selections, *(catalogue or ()), *(rules or ()))
    from auditor import opening
    from auditor.model.errors import InputError
    from auditor.report.workshop import ruletext

    known = {rule.id: rule for rule in opening.all_rules(rules, catalogue or (), selections).rules}
    for wanted in ids:
        if wanted.rpartition("/")[2] not in known:
            raise InputError(wanted, "there is no such rule; `auditor rules list` names them all")
    asked = [known[wanted.rpartition("/")[2]] for wanted in ids]
    if chosen is Format.JSON:
        output.write(ruletext.written(asked, full=full), target)
    else:
        columns = shutil.get_terminal_size((WIDTH, 24)).columns if target is None else WIDTH
        output.write(ruletext.text(asked, full=full, width=columns), target)
