"""What `sessions`, `show` and `extract` begin with: the audit that their findings are of, done again."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli import output, progress
from auditor.cli.options import day

if TYPE_CHECKING:
    from auditor.evidence.case import Case


def opened(
    target: Path | None,
    inputs: Sequence[str],
    rules: Sequence[str] | None,
    inventory: Path | None,
    geo: Sequence[Path] | None,
    catalogue: Sequence[Path] | None,
    selections: Path | None,
    waivers: Sequence[Path] | None,
    columns: Sequence[Path] | None,
    as_of: datetime | None,
    workers: int | None,
) -> "Case":
    """Audit the inputs, once it is sure that writing to `target` overwrites nothing of what is read."""
    given = (geo, catalogue, rules, waivers, columns)
    output.apart([target], inputs, inventory, selections, *(each for some in given for each in some or ()))
    from auditor.evidence import case as cases

    with progress.shown("reading") as shown:
        return cases.opened(
            inputs,
            rules=rules,
            inventory=inventory,
            geo=geo or (),
            services=catalogue or (),
            selections=selections,
            waivers=waivers or (),
            columns=columns or (),
            as_of=day(waivers, as_of),
            workers=workers,
            progress=shown,
        )
