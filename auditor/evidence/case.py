"""What an audit read and found, kept so that its findings can be traced back to flows and records."""

import difflib
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from auditor import intake, opening, pipeline
from auditor.digest import Digest, asks_rejected, edges, folded_into
from auditor.judge.traced import Traced, traced
from auditor.model.errors import InputError
from auditor.model.heap import uncollected
from auditor.model.report import Finding, Report

if TYPE_CHECKING:
    from auditor.read.facts.model import Fact
    from auditor.read.source import Source
    from auditor.rules import RuleSet

NAMED: Final = 5  # findings that an error names
SAME: Final = "give the options of the `auditor audit` that named it, such as --rules, --inventory, --geo, --columns"


@dataclass(frozen=True, slots=True)
class Read:
    """What a second look at the inputs has to know of the first one."""

    sources: Sequence["Source"]
    vantages: Sequence[str]  # names of the capture points
    of: Sequence[int]  # for each source the index of its vantage
    captures: int  # how many of the sources are captures: they come first, and logs behind them
    facts: Sequence["Fact"]  # what single packets say, by the names of sessions
    legs: Mapping[str, Set[str]]  # the Call-IDs of each session that has several
    coarse: int  # how flows were told apart: see read.directed
    fragments_apart: bool  # later fragments stand without ports
    lined: Mapping[str, Callable[["Source"], bool]]  # by format of logs, whether records are numbered by lines


@dataclass(frozen=True)
class Case:
    """One audit with all that it was made from."""

    report: Report
    located: pipeline.Located
    reading: "Read"
    digest: Digest
    ruleset: "RuleSet"

    @cached_property
    def traced(self) -> Traced:
        """What the findings rest on, by rows of the digest."""
        return traced(self.digest.situations, self.ruleset.rules)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Tell the row of the digest (`row`) of each judged row of the flow table (`index`)."""
        rules = self.ruleset.rules
        return folded_into(self.located.frame, self.digest.situations, edges(rules), asks_rejected(rules))

    def finding(self, wanted: str) -> Finding:
        """Return the finding whose identifier begins so.  Raise InputError if there is none, or several."""
        found = [finding for finding in self.report.findings if wanted and finding.id.startswith(wanted.lower())]
        if len(found) == 1:
            return found[0]
        known = [finding.id for finding in self.report.findings]
        if not known:
            raise InputError(wanted, f"there is no such finding: these inputs have none under these rules; {SAME}")
        if found:
            names = ", ".join(finding.id for finding in found[:NAMED])
            raise InputError(wanted, f"{len(found)} findings begin so: {names}; give more of the identifier")
        close = difflib.get_close_matches(wanted.lower(), known, 1, 0.3)
        meant = f"; did you mean {close[0]}?" if close else ";"
        listed = ", ".join(known[:NAMED]) + (f" and {len(known) - NAMED} more" if len(known) > NAMED else "")
        raise InputError(wanted, f"no finding begins so{meant} with these options there are {listed}; {SAME}")


def opened(
    inputs: intake.Paths,
    *,
    rules: Sequence[str | Path] | None = None,
    inventory: str | Path | None = None,
    geo: Sequence[str | Path] = (),
    services: Sequence[str | Path] = (),
    selections: str | Path | None = None,
    waivers: Sequence[str | Path] = (),
    as_of: date | None = None,
    columns: Sequence[str | Path] = (),
    workers: int | None = None,
    progress: intake.Progress | None = None,
) -> Case:
    """Audit inputs as `pipeline.audit` does, and keep what it took.  Raise InputError for what the user can mend."""
    from auditor.logs.formats import lined
    from auditor.read.assemble import named
    from auditor.read.ties import legs

    places, known, ruleset = opening.open_all(rules, inventory, geo, services, selections)
    accepted = opening.load_waivers(waivers, ruleset, as_of)
    with uncollected():
        asked = intake.asked(ruleset, places, known)
        reading = intake.read(inputs, places, workers, progress, apart=asked, columns=columns)
        located = pipeline.put_together(intake.gather(reading), places, known)
        digest = pipeline.fold(located, ruleset)
        report = pipeline.conclude(digest, located, ruleset, places, known, opening.notes(rules), accepted)
    scan = reading.scan
    told = named(scan).facts(), legs(scan.said)
    captures = len(scan.inputs)
    read = Read(
        reading.sources,
        reading.vantages,
        reading.of,
        captures,
        *told,
        scan.coarse,
        scan.fragments_apart,
        lined(columns),
    )
    return Case(report, located, read, digest, ruleset)
