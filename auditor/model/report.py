"""What an audit concludes, as frozen values: every renderer reads this and nothing else.

It holds no clock and no path of the machine: equal inputs, rules and databases give equal reports.
"""

from dataclasses import dataclass
from enum import StrEnum

from auditor.model.coverage import LINE, PACKET, RECORD, Coverage
from auditor.model.route import Configuration, Reaching, Route
from auditor.model.surge import Surge

NEW, KNOWN = "new", "known"
"""What a finding is to a baseline."""


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    OPEN = "open"
    NOT_APPLICABLE = "not_applicable"  # of a place alone: no rule speaks of what was touched there


@dataclass(frozen=True, slots=True)
class Source:
    """What one source of location evidence says about an address."""

    name: str  # "DB-IP Lite country 2026-06-01", "inventory: beijing-kms", "AWS ranges 2026-10-26, region cn-north-1"
    kind: str  # proof | claim | overruled | operator (evidence of who, not of where)
    countries: str  # country set, empty for kind operator
    detail: str = ""  # matching prefix, region, AS number and organisation


@dataclass(frozen=True, slots=True)
class Place:
    """Where something that was touched may be."""

    countries: str  # country set
    state: str  # located (at most a few countries) | anywhere | contradiction
    site: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    source: str  # input name
    record: int  # packet, record or line number, from 1
    detail: str  # what a stranger will see there: our words plus addresses and ports
    time_ns: int = 0
    unit: str = PACKET  # what `record` numbers: packets of a capture, log records, or lines of a configuration


@dataclass(frozen=True, slots=True)
class Participants:
    """One class of participants of the sessions of a finding."""

    countries: str  # country set of where they may be
    label: str = ""
    example: str = ""  # the smallest of their addresses
    certain: bool = True  # False: this end may be a participant or a place


@dataclass(frozen=True, slots=True)
class Settle:
    """A fact that would close an open finding, in the form in which a user can supply it."""

    fact: str  # vantage | client | site | plane | operator | service | packets | direction | date | coverage
    subject: str  # the address, network or source that the fact is about; may be empty
    text: str  # one sentence for people


@dataclass(frozen=True, slots=True)
class WaiverText:
    """What a report says about a waiver."""

    rule: str
    speaks: str  # what it accepts, in one sentence
    reason: str
    owner: str
    approved_by: str
    ticket: str
    approved: str  # YYYY-MM-DD
    expires: str  # YYYY-MM-DD, the first day on which it doesn't hold any more
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """What became of a waiver."""

    waiver: WaiverText
    state: str  # applied | shadowed | unused | no rule | expired | pending (approved on a later day)
    findings: tuple[str, ...]  # that it accepts; of one that is not in force: that it would, and that nobody else does
    shadowed: tuple[str, ...]  # that it would accept too, if another one didn't

    @property
    def idle(self) -> bool:
        """Say whether it could be deleted for all that these inputs show: nothing that was found is its concern."""
        return self.state != "pending" and not self.findings and not self.shadowed


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule, population, place, plane and basis that failed or stays open."""

    id: str  # stable between runs
    rule: str
    verdict: Verdict  # FAIL or OPEN
    severity: str
    basis: str
    plane: str
    population: str
    place: Place
    proven: bool  # False: rests on claims, worded `indicated`
    sessions: int
    first_sessions: tuple[str, ...]  # the first few by time, named; flows of their own are named by their witness
    participants: tuple[Participants, ...]
    endpoints: tuple[str, ...]  # touched addresses, sorted, at most ENDPOINTS of them
    endpoint_count: int
    packets: int
    bytes: int
    first_ns: int
    last_ns: int
    evidence: tuple[Evidence, ...]
    located_by: tuple[tuple[str, tuple[Source, ...]], ...]  # address -> what the sources say, for the first endpoints
    settles: tuple[Settle, ...]  # empty for FAIL
    asked: str = ""  # the verb of the rule
    every_endpoint: bool = False  # `endpoints` are known to be all that were touched
    waiver: WaiverText | None = None  # that accepts it, so that it decides nothing any more
    conflicts: tuple[str, ...] = ()  # rules that some of these sessions can't obey together with this one
    routes: tuple[Route, ...] = ()  # of a configuration: those with the fewest outages first
    reaching: tuple[Reaching, ...] = ()  # of a configuration: all classes, those with the fewest outages first
    surge: Surge | None = None  # of a configuration that knows capacities and demand
    standing: str = ""  # new | known to the baseline; empty: none was given

    @property
    def outages(self) -> int | None:
        """The fewest outages that bring it about; None: it is no finding of a configuration."""
        return min((len(route.outages) for route in self.routes), default=None)

    @property
    def counts(self) -> bool:
        """Say whether it decides the verdict: nobody waived it, and no baseline knows it."""
        return self.waiver is None and self.standing != KNOWN


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rules that no place can obey together, and the sessions that fall under all of them."""

    rules: tuple[str, ...]
    sessions: int
    first_sessions: tuple[str, ...]  # as those of a finding
    planes: tuple[str, ...]
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Past:
    """A finding that a baseline knows."""

    id: str
    rule: str
    verdict: str  # fail | open
    outages: int | None = None  # the fewest that bring it about; None: it is no finding of a configuration


@dataclass(frozen=True, slots=True)
class BaselineUse:
    """What became of a baseline."""

    file: str
    sha256: str
    known: int  # findings of this report that it knows
    new: int  # those that it doesn't
    fixed: tuple[Past, ...]  # that it knows and nothing shows any more, though their rules were asked
    unasked: tuple[Past, ...]  # of rules that were not asked: nobody looked


@dataclass(frozen=True, slots=True)
class Input:
    name: str  # as the user gave it, without folders above the one that was named
    sha256: str  # of the bytes as stored
    bytes: int
    format: str  # pcap, pcapng or that of a log, with +gzip, +zstd, +xz, +bzip2
    packets: int = 0
    records: int | None = None  # of a log
    configuration: bool = False  # its records are lines

    @property
    def unit(self) -> str:
        """Name what it holds."""
        return LINE if self.configuration else PACKET if self.records is None else RECORD

    @property
    def size(self) -> int:
        """Count what it holds, in its unit."""
        return self.packets if self.records is None else self.records


@dataclass(frozen=True, slots=True)
class Database:
    name: str
    sha256: str
    date: str  # YYYY-MM-DD
    attribution: str = ""  # text that a licence asks for
    url: str = ""
    kind: str = ""  # country, operator, ranges, inventory, catalogue, regions, continents, rules, waivers, columns


@dataclass(frozen=True, slots=True)
class Touched:
    """One place in all sessions, for the map and the list of places."""

    place: Place
    verdict: Verdict
    planes: tuple[str, ...]
    sessions: int
    packets: int
    bytes: int


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a report says about a rule."""

    id: str
    title: str
    severity: str
    why: str
    fix: str
    references: tuple[tuple[str, str, str, str, str], ...]  # title (with article and date), kind, url, article, date
    file: str
    sha256: str
    speaks: str  # the rule in one sentence: who, planes, what must not or must happen
    asks: str = ""  # its verb
    controls: tuple[tuple[str, str], ...] = ()  # framework, id
    path: str = ""  # of the file from the folder where the audit ran; of a shipped one, and of one elsewhere, its name
    line: int = 0  # where the rule begins, from 1


@dataclass(frozen=True, slots=True)
class Report:
    verdict: Verdict
    empty: bool  # nothing was in the scope of any rule: never PASS
    findings: tuple[Finding, ...]  # those that count first; of them failures first, then by severity, rule, id
    coverage: Coverage
    rules: tuple[RuleText, ...]
    inputs: tuple[Input, ...]
    databases: tuple[Database, ...]
    touched: tuple[Touched, ...]
    participants: tuple[Participants, ...]  # all classes seen
    first_ns: int
    last_ns: int
    notes: tuple[str, ...]  # e.g. that the default rules were used
    version: str
    waivers: tuple[WaiverUse, ...] = ()  # by file and line
    as_of: str = ""  # YYYY-MM-DD, the day (UTC) by which waivers were judged; empty: none were given
    conflicts: tuple[Conflict, ...] = ()  # in the order of the rules; the first hundred
    configurations: tuple[Configuration, ...] = ()  # what a gate has proven; empty: this is an audit
    baseline: BaselineUse | None = None

    @property
    def counting(self) -> tuple[Finding, ...]:
        """The findings that decide the verdict: those that nobody waived and no baseline knows."""
        return tuple(finding for finding in self.findings if finding.counts)

    @property
    def waived(self) -> tuple[Finding, ...]:
        """The findings that a waiver accepts."""
        return tuple(finding for finding in self.findings if finding.waiver is not None)

    @property
    def known(self) -> tuple[Finding, ...]:
        """The findings that decide nothing because a baseline knows them; those that are waived stand there."""
        return tuple(finding for finding in self.findings if finding.waiver is None and finding.standing == KNOWN)

    @property
    def undecided(self) -> bool:
        """Say whether something that was there stays open or was not examined."""
        still = any(finding.verdict == Verdict.OPEN for finding in self.counting)
        return still or bool(self.coverage.unexamined or self.coverage.unread_bytes or self.coverage.limits)
