"""`auditor rules`: what the rules say, and whether they do what their examples promise."""

import typer

from auditor.cli import output, rulelint, rulenew, ruleshow, ruletest
from auditor.cli.options import RulePacks, Services

app = typer.Typer(help="List, show, test, check and write rules.", no_args_is_help=True)
app.command("show")(ruleshow.show)
app.command("test")(ruletest.test)
app.command("lint")(rulelint.lint)
app.command("new")(rulenew.new)


@app.command("list")
def list_(packs: RulePacks = None, catalogue: Services = None) -> None:
    """List rules: identifier, severity and title."""
    from auditor import opening

    for rule in opening.all_rules(packs, catalogue or ()).rules:
        output.tell(f"{rule.pack}/{rule.id}  {rule.severity}  {rule.title}")
