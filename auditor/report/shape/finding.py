"""The shapes of the JSON report that tell of a finding: what was touched, by whom, on which evidence."""

from typing import Annotated, Literal

from msgspec import Meta

from auditor.report.shape.parts import Count, Countries, Day, Shape, Time
from auditor.report.shape.route import Reaching, Route, Surge


class Place(Shape):
    countries: Countries
    state: Literal["located", "anywhere", "contradiction"]
    site: Annotated[str, Meta(description="From the inventory; empty: not listed.")]
    operator: Annotated[str, Meta(description="Who runs it, empty: not known.")]


class Sessions(Shape):
    count: Count
    first: Annotated[list[str], Meta(description="The first few by time. A flow of its own is named by its record.")]


class Participants(Shape):
    countries: Countries
    label: Annotated[str, Meta(description="Population or tenant by declaration; empty: none.")]
    example: Annotated[str, Meta(description="The smallest of their addresses.")]
    certain: Annotated[bool, Meta(description="False: this end may be a participant or a place.")]


class Evidence(Shape):
    source: Annotated[str, Meta(description="Name of an input.")]
    record: Annotated[Count, Meta(description="Packet or line number there, from 1.")]
    detail: str
    time: Time
    unit: Annotated[str, Meta(description="What `record` numbers: packet, log record or line (of a configuration).")]


class Said(Shape):
    name: str
    kind: Annotated[
        str,
        Meta(description="proof | claim | overruled (a claim that a proof excludes) | operator (who, not where)."),
    ]
    countries: Countries
    detail: str


class Located(Shape):
    address: str
    sources: list[Said]


class Settle(Shape):
    fact: Annotated[
        str,
        Meta(
            description="vantage | client | site | plane | operator | service | packets | direction | date | account | "
            "evidence | coverage."
        ),
    ]
    subject: Annotated[str, Meta(description="The address, network or source that it is about; may be empty.")]
    text: str


class Waiver(Shape):
    rule: str
    speaks: Annotated[str, Meta(description="What it accepts, in one sentence.")]
    reason: str
    owner: str
    approved_by: Annotated[str, Meta(description="Empty: the file doesn't say.")]
    ticket: Annotated[str, Meta(description="Empty: the file doesn't say.")]
    approved: Day
    expires: Annotated[str, Meta(description="YYYY-MM-DD, of UTC: the first day on which it doesn't hold any more.")]
    file: str
    line: Count


class Finding(Shape):
    id: Annotated[
        str, Meta(description="Stable between runs: made of rule, verdict, population, place, plane, basis and proven.")
    ]
    rule: str
    verdict: Literal["fail", "open"]
    severity: str
    basis: Annotated[str, Meta(description="observed | attested | offered | reported | configured.")]
    plane: Annotated[
        str, Meta(description="media, signalling, keys, ...; several joined by +: one of them; unknown: any.")
    ]
    population: str
    place: Place
    proven: Annotated[bool, Meta(description="False: it rests on claims alone.")]
    wording: Literal["proven", "indicated"]
    sessions: Sessions
    participants: list[Participants]
    endpoints: Annotated[list[str], Meta(description="Touched addresses, sorted; the first of `endpoint_count`.")]
    endpoint_count: Count
    packets: Count
    bytes: Count
    first: Time
    last: Time
    evidence: list[Evidence]
    located_by: Annotated[
        list[Located], Meta(description="What each source says about the first endpoints and participants.")
    ]
    settles: Annotated[list[Settle], Meta(description="Facts that would close it; empty for a failure.")]
    endpoints_complete: Annotated[bool, Meta(description="`endpoints` are known to be all that were touched.")]
    waiver: Annotated[
        Waiver | None, Meta(description="That accepts it, so that it decides no verdict; null: the finding counts.")
    ]
    conflicts: Annotated[
        list[str], Meta(description="Rules that no place can obey together with this one, for some of these sessions.")
    ]
    routes: Annotated[list[Route], Meta(description="Of configurations: how it comes about, the fewest outages first.")]
    reaching: Annotated[list[Reaching], Meta(description="Of configurations: all classes by the outages they take.")]
    surge: Annotated[Surge | None, Meta(description="Of configurations that know capacities and demand.")]
    standing: Annotated[
        Literal["new", "known"] | None,
        Meta(description="To the baseline: known findings decide no verdict; null: no baseline was given."),
    ]
