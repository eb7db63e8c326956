"""`auditor audit`: captures and logs in, verdicts and a report out."""

from auditor.cli import output, progress, reported
from auditor.cli.options import (
    AsOf,
    Baseline,
    Columns,
    Geo,
    Inputs,
    Inventory,
    Packs,
    Selections,
    Services,
    Waivers,
    Workers,
    day,
)


def audit(
    inputs: Inputs,
    rules: Packs = None,
    inventory: Inventory = None,
    geo: Geo = None,
    catalogue: Services = None,
    selections: Selections = None,
    waivers: Waivers = None,
    columns: Columns = None,
    as_of: AsOf = None,
    baseline: Baseline = None,
    format: reported.Formats = None,
    output_: reported.Outputs = None,
    fail_on: reported.FailOn = reported.Severity.LOW,
    allow_open: reported.AllowOpen = False,
    allow_empty: reported.AllowEmpty = False,
    fail_on_unused: reported.FailOnUnused = False,
    workers: Workers = None,
) -> None:
    """Audit captures and logs: was everything that they touched allowed to be touched?"""
    asked = reported.asked(
        format,
        output_,
        allow_open=allow_open,
        allow_empty=allow_empty,
        fail_on=fail_on,
        fail_on_unused=fail_on_unused,
    )
    given = (geo, catalogue, rules, waivers, columns)
    output.apart(asked.files, inputs, inventory, selections, baseline, *(each for some in given for each in some or ()))
    from auditor import pipeline

    with progress.shown("reading") as shown:
        report = pipeline.audit(
            inputs,
            rules=rules,
            inventory=inventory,
            geo=geo or (),
            services=catalogue or (),
            selections=selections,
            waivers=waivers or (),
            columns=columns or (),
            as_of=day(waivers, as_of),
            baseline=baseline,
            workers=workers,
            progress=shown,
        ).report
    reported.finish(report, asked)
