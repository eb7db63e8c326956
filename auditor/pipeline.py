"""String the rooms together: captures and logs become flows, flows a digest, the digest a report.

Nothing is decided here.  Each function is what a command, a script or a notebook calls; what they judge by is
opened in `opening`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.intake import Gathered, Paths, Progress, asked, gather, given, read
from auditor.model.heap import uncollected
from auditor.model.report import Database, Input, Report
from auditor.opening import catalogue, load_baseline, load_waivers, notes, open_all, open_places

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from auditor.digest import Digest
    from auditor.enrich.catalogue import Catalogue
    from auditor.enrich.places import Places
    from auditor.model.baseline import Baseline
    from auditor.read.assemble import Assembled
    from auditor.read.staff import Worker
    from auditor.rules import RuleSet
    from auditor.rules.waivers import Waivers


@dataclass(frozen=True, slots=True)
class Located:
    """The located flow table of some inputs, and what is known of the inputs."""

    frame: "pl.DataFrame"  # the columns of model.flow.FLOW
    inputs: tuple[Input, ...]
    unread_bytes: tuple[tuple[str, int, str], ...]  # input, bytes that belong to no whole record, why
    notes: tuple[str, ...] = ()  # what a reader has to know of the reading
    limits: tuple[str, ...] = ()  # what was there and was not examined
    streams: "pl.DataFrame | None" = None  # the columns of read.media.STREAM: each stream of media
    databases: tuple[Database, ...] = ()  # by which the inputs were read


@dataclass(frozen=True)
class Audit:
    """One run of rules over inputs: the report, and its two tables as pandas DataFrames."""

    report: Report
    gathered: Gathered
    places: "Places"
    services: "Catalogue"

    @cached_property
    def located(self) -> Located:
        """The located flow table, which is not kept whole while it is judged."""
        return put_together(self.gathered, self.places, self.services)

    @property
    def verdict(self) -> str:
        """`pass`, `fail` or `open`."""
        return str(self.report.verdict)

    @property
    def findings(self) -> "pd.DataFrame":
        """One row a finding, with the main fields of the JSON report."""
        from auditor.report import table

        return table.findings(self.report)

    @property
    def flows(self) -> "pd.DataFrame":
        """One row a flow, with the columns of `auditor flows`; times are nanosecond timestamps in UTC."""
        from auditor.report import table

        return table.to_pandas(table.flows(self.located.frame, self.input_names))

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs, in the order of the flow table's `source`."""
        return tuple(entry.name for entry in self.gathered.inputs)


def audit(
    inputs: Paths,
    *,
    rules: Sequence[str | Path] | None = None,
    inventory: str | Path | None = None,
    geo: Sequence[str | Path] = (),
    services: Sequence[str | Path] = (),
    selections: str | Path | None = None,
    waivers: Sequence[str | Path] = (),
    as_of: date | None = None,
    columns: Sequence[str | Path] = (),
    baseline: str | Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Judge captures against rules, reading them once.

    `inputs` are files, directories, globs or `-`; `rules` are packs by name or path (default: the pack
    zoom-2020, which the report then says); `services` are files that add to the service catalogue; `selections` is
    the file of what accounts have selected; `waivers` are files of findings that are accepted, judged as of a day that
    has to be given; `columns` are files that say how to read other logs; `baseline` is a file of findings that are
    known and decide nothing.  Raises InputError for what the user can mend.
    """
    from auditor.read.staff import started

    with started(given(inputs), workers) as staff:  # before heavy libraries are imported: theirs take as long
        # first: a bad rule should not cost the time of reading captures
        places, known, ruleset = open_all(rules, inventory, geo, services, selections)
        accepted = load_waivers(waivers, ruleset, as_of)
        past = load_baseline(baseline)
        with uncollected():
            apart = asked(ruleset, places, known)
            # single packets' facts end with `gather`
            found = gather(read(inputs, places, workers, progress, staff, apart, columns))
            digest = fold_parts(found, ruleset, places, known)
            report = conclude(digest, found, ruleset, places, known, notes(rules), accepted, past)
    return Audit(report, found, places, known)


def fold(found: Located, ruleset: "RuleSet") -> "Digest":
    """Fold located flows into what rules can be asked about."""
    from auditor import judge

    return judge.fold(found.frame, judge.edges(ruleset.rules), judge.asks_rejected(ruleset.rules))


def fold_parts(gathered: Gathered, ruleset: "RuleSet", places: "Places", services: "Catalogue") -> "Digest":
    """Fold flows some at a time, as soon as it is known who and where their ends are: the table is never whole."""
    from auditor import judge
    from auditor.read.arrays import give_back

    found, asked = gathered.assembled, (judge.edges(ruleset.rules), judge.asks_rejected(ruleset.rules))
    give_back()
    none = found.passages.clear()
    agreed = None if found.few or len(found.passages) else _agreed(found, places, services)
    seen = (part for part in found.parts() if any(map(len, part)))
    captured = (_known(*part, found.reflexive, places, services, agreed) for part in seen)
    logged = (_known(rows, none, found.reflexive, places, services) for rows in gathered.logs.flows() if len(rows))
    return judge.merge(judge.fold(rows, *asked) for rows in chain(captured, logged))


def _agreed(found: "Assembled", places: "Places", services: "Catalogue") -> "pl.DataFrame":
    """Say on which roles the rows of SIP agree that share a 5-tuple, however many calls they are of."""
    from auditor.enrich.roles import sockets
    from auditor.enrich.who import who

    return sockets(places(who(rows, services), found.reflexive) for rows in found.called())


def conclude(
    digest: "Digest",
    found: Located | Gathered,
    ruleset: "RuleSet",
    places: "Places",
    services: "Catalogue",
    said: Sequence[str],
    waived: "Waivers | None" = None,
    baseline: "Baseline | None" = None,
) -> Report:
    """Judge a digest of located flows; `said` are notes for the reader of the report."""
    from auditor import judge

    return judge.conclude(
        digest,
        ruleset.rules,
        inputs=found.inputs,
        unread_bytes=found.unread_bytes,
        databases=(
            *places.databases(),
            *services.databases,
            *ruleset.databases,
            *(waived.databases if waived else ()),
            *found.databases,
        ),
        notes=(*said, *ruleset.notes, *found.notes, *found.limits),
        limits=found.limits,
        explain=places.explain,
        waivers=waived.waivers if waived else (),
        as_of=waived.as_of if waived else None,
        baseline=baseline,
    )


def locate_flows(
    inputs: Paths,
    places: "Places",
    services: "Catalogue",
    workers: int | None = None,
    progress: Progress | None = None,
    staff: "Sequence[Worker]" = (),
    columns: Sequence[str | Path] = (),
) -> Located:
    """Read captures into flows and say of every end who and where it may be; `staff` as `scan` takes it."""
    # single packets' facts, by the million, end with `gather`
    gathered = gather(read(inputs, places, workers, progress, staff, columns=columns))
    return put_together(gathered, places, services)


def put_together(gathered: Gathered, places: "Places", services: "Catalogue") -> Located:
    """Say of every end of flows who and where it may be."""
    import polars as pl

    from auditor.enrich.meetings import meetings

    found = gathered.assembled
    none = found.passages.clear()
    captured = _known(found.flows, found.passages, found.reflexive, places, services, listed=meetings)
    logged = [_known(rows, none, found.reflexive, places, services) for rows in gathered.logs.flows() if len(rows)]
    flows = pl.concat([captured, *logged])
    notes, limits, databases = gathered.notes, gathered.limits, gathered.databases
    return Located(flows, gathered.inputs, gathered.unread_bytes, notes, limits, found.streams, databases)


def _known(
    flows: "pl.DataFrame",
    passages: "pl.DataFrame",
    reflexive: "pl.DataFrame",
    places: "Places",
    services: "Catalogue",
    agreed: "pl.DataFrame | None" = None,
    listed: "Callable[[pl.DataFrame], pl.DataFrame]" = lambda flows: flows,
) -> "pl.DataFrame":
    """Fill what is known of the ends of flows, and add the hops of their tunnels; `listed` is never judged by.

    `agreed` are roles on which all rows agree, of which these are a part.
    """
    from auditor.enrich.hops import apart, hops
    from auditor.enrich.roles import settle
    from auditor.enrich.who import who

    flows, passages, public = apart(who(flows, services), passages, reflexive)
    flows = places(flows, public)
    # last of what tells roles: the inventory names servers and clients, and that tells more of those who faced them
    flows = listed(settle(flows, agreed))
    return hops(flows, passages, places)  # last, since hops share what is known of the flows they carried


def located(
    inputs: Paths,
    *,
    inventory: str | Path | None = None,
    geo: Sequence[str | Path] = (),
    services: Sequence[str | Path] = (),
    columns: Sequence[str | Path] = (),
    workers: int | None = None,
    progress: Progress | None = None,
) -> Located:
    """Return the located flow table of captures: what an audit judges, before it judges."""
    from auditor.read.staff import started

    with started(given(inputs), workers) as staff:
        return locate_flows(inputs, open_places(inventory, geo), catalogue(services), workers, progress, staff, columns)


def flows(inputs: Paths, **options: Any) -> "pd.DataFrame":
    """Return the located flow table as a pandas DataFrame; takes the options of `located`."""
    from auditor.report import table

    found = located(inputs, **options)
    return table.to_pandas(table.flows(found.frame, [entry.name for entry in found.inputs]))


def locate(
    addresses: Sequence[str],
    *,
    inventory: str | Path | None = None,
    geo: Sequence[str | Path] = (),
    services: Sequence[str | Path] = (),
) -> list[dict[str, Any]]:
    """Say of each address what every source answers and which set of countries follows."""
    from auditor.enrich import locate as answers

    return answers.locate(addresses, open_places(inventory, geo), catalogue(services))
