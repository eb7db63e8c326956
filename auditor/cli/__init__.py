"""The command line: arguments in, exit codes out.

Each command's module only parses and calls one function of the pipeline.  Heavy libraries are imported
inside the functions that need them, so that `auditor --help` answers at once.
"""

import gc
import sys
from typing import Annotated, Final

import typer

from auditor import __version__
from auditor.cli import audit, baseline, extract, flows, gate, locate, rules, sessions, show, signals, streams
from auditor.cli.exits import guarded

SELDOM: Final = 50_000
"""Objects that are made before Python looks for cycles: importing libraries makes many, and hardly a cycle."""

app = typer.Typer(
    name="auditor",
    help="Tell from evidence where calls and data went, and whether they were allowed to go there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 everything was examined and passed, is waived or known; 1 a violation; 2 a usage, rule or "
    "configuration error; 3 something is open, or nothing was in scope; 4 a bug of this tool; 130 interrupted.",
)
app.command("audit")(audit.audit)
app.command("gate")(gate.gate)
app.command("baseline")(baseline.baseline)
app.command("flows")(flows.flows)
app.command("sessions")(sessions.sessions)
app.command("show")(show.show)
app.command("extract")(extract.extract)
app.command("locate")(locate.locate)
app.add_typer(rules.app, name="rules")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"residency-auditor {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Tell from evidence where calls and data went, and whether they were allowed to go there."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    streams.present()
    signals.heeded()
    gc.set_threshold(SELDOM)
    code = guarded(app)
    gc.freeze()  # or the process would look for cycles once more, in all that it imported, before it ends
    sys.exit(code)


__all__ = ["app", "main"]
