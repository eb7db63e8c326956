"""`auditor rules`: what the rules say, and whether they do what their examples promise."""

from typing import Annotated

import typer

from auditor.cli import output, rulelint, ruletest
from auditor.cli.options import RulePacks, Services

app = typer.Typer(help="List, show, test, check and write rules.", no_args_is_help=True)
app.command("test")(ruletest.test)
app.command("lint")(rulelint.lint)


@app.command("list")
def list_(packs: RulePacks = None, catalogue: Services = None) -> None:
    """List rules: identifier, severity and title."""
    from auditor import pipeline

    for rule in pipeline.all_rules(packs, catalogue or ()).rules:
        output.tell(f"{rule.pack}/{rule.id}  {rule.severity}  {rule.title}")


@app.command()
def show(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Identifiers of rules.")],
    rules: Annotated[
        list[str] | None,
        typer.Option("--rules", metavar="PACK|PATH", help="Where to look. Default: every built-in pack."),
    ] = None,
    catalogue: Services = None,
) -> None:
    """Show rules in plain words: what they ask, why, how to mend a violation, and their sources."""
    from auditor import pipeline
    from auditor.model.errors import InputError
    from auditor.rules import speaks

    known = {rule.id: rule for rule in pipeline.all_rules(rules, catalogue or ()).rules}
    for wanted in ids:
        rule = known.get(wanted.rpartition("/")[2])
        if rule is None:
            raise InputError(wanted, "there is no such rule; `auditor rules list` names them all")
        heading = f"{rule.id} ({rule.severity}): {rule.title}"
        output.tell(heading, "", f"  {speaks(rule)}", "", f"  Why: {rule.why}", f"  Fix: {rule.fix}")
        for reference in rule.references:
            output.tell(f"  See: {reference.said}{' <' + reference.url + '>' if reference.url else ''}")
        output.tell("")
