"""What all reports say of a finding, in the same words wherever it is said.  `overall` says what they say of the whole.

A report is read by people who don't know the tool.  What is *proven*, *indicated* or *open* must not
sound different on a terminal and on a page, so the sentences are built here and the renderers place them.
"""

from collections.abc import Sequence
from typing import Final

from auditor.model import countries
from auditor.model.coverage import PACKET
from auditor.model.flow import NAMED, REPORTED
from auditor.model.report import KNOWN, Database, Evidence, Finding, Participants, Place, Verdict
from auditor.report import routed
from auditor.report.grounds import ENCRYPT, UNSEEN, excusable
from auditor.report.words import LISTED, capital, listed, many, size, span, where

PLANES: Final = {
    "media": "audio, video or shared screens",
    "signalling": "call signalling",
    "keys": "encryption keys",
    "recording": "recordings",
    "management": "management traffic",
    "telemetry": "telemetry",
    "other": "other traffic",
    "unknown": "traffic that was not recognised",
}

WAIVED: Final = "waived"
"""Stands for the verdict of findings that decide none."""

_TAGS: Final = {WAIVED: "WAIVED ", KNOWN: "KNOWN ", "": ""}

BASES: Final = {
    "observed": "Observed: seen in captured packets.",
    "attested": "Attested: a network element states it in its own headers.",
    "offered": "Offered in signalling; no packet was seen to go there.",
    "reported": "Reported by a log or a call record.",
    "configured": "Configured: the routing would do it.",
}

_ADDED: Final = {
    "attested": ", as a network element states",
    "reported": ", as a log or call record says",
    "configured": ", if routed as configured",
}

_PEOPLE: Final = {
    "all": "{sessions} of {name} participants",
    "any": "{sessions} with {name} participants",
    "mixed": "{sessions} between {name} and other participants",
    "none": "{sessions} without {name} participants",
}

GLOSSARY: Final = (
    ("Proven", "Evidence excludes every other reading: your own inventory, a range that its operator publishes "
     "with a region, or a measurement. No geolocation database is needed for it."),
    ("Indicated", "It rests on claims, usually geolocation databases. They are often right and are not proof: "
     "confirm the place before you act on it."),
    ("Open", "The evidence allows both readings. Each open question names the fact that would settle it."),
    ("Waived", "Somebody who answers for it accepts the finding until a day. It stays in the report and decides no "
     "verdict; from that day on it counts again."),
    ("Overruled", "A claim that a proof excludes. It is listed, so that you can see who said otherwise."),
    ("Not applicable", "The rule does not speak of this traffic."),
    ("Touch", "One place (a server, a relay, a hop) in one session. Participants' own ends are not touches."),
    ("Session", "What a person would call one call or meeting; traffic that belongs to none is its own session."),
    ("Meeting", "Flows of one client with one service at one time (zoom~...), put together by inference, since the "
     "protocol names no meeting in clear. The flow table lists it; every flow is judged by itself."),
    ("Plane", "What travelled: media, signalling, keys, recording, management, telemetry or other."),
)  # fmt: skip


def carried(plane: str) -> str:
    """Name what travelled: `encryption keys`, `encryption keys or call signalling`."""
    told = plane.removesuffix(NAMED)
    kinds = listed([PLANES.get(name, name) for name in told.split("+")])
    return kinds if told == plane else f"what its name calls {kinds}"


def people(population: str, sessions: int) -> str:
    """Say how many sessions of whom: `2 sessions of overseas participants`."""
    count = many(sessions, "session")
    quantifier, _, name = population.partition(" ")
    return _PEOPLE[quantifier].format(sessions=count, name=name) if quantifier in _PEOPLE and name else count


def place(value: Place) -> str:
    """Say where something was, as the object of a sentence: `a place in mainland China`."""
    if value.state == "contradiction" or value.countries == countries.NOWHERE:
        return "a place whose proofs contradict each other"
    if value.countries == countries.ANYWHERE:
        return "a place that may be anywhere"
    named = where(value.countries, sentence=True)
    return f"a place {named}" if named.startswith("anywhere") else f"a place in {named}"


def addresses(finding: Finding, most: int = 1) -> str:
    """Name the first touched addresses and count the rest."""
    shown = finding.endpoints[:most]
    rest = finding.endpoint_count - len(shown)
    return ", ".join(shown) + (f" and {many(rest, 'more address', 'more addresses')}" if rest > 0 and shown else "")


def happened(finding: Finding) -> str:
    """Say in one sentence what a finding found, without saying whether it may be; an open one is a question."""
    if finding.routes:
        return routed.happened(finding, routed.travels(finding.plane, PLANES), place(finding.place))
    who = people(finding.population, finding.sessions)
    if finding.asked == UNSEEN:
        return f"No traffic can show whether {who} kept to this rule."
    known = finding.place.site or finding.place.operator
    first = addresses(finding)
    details = ", ".join(word for word in (known if first != f"@{known}" else "", first) if word)
    named = f": {details}" if details else ""
    if finding.basis == "offered":
        were = "was" if finding.sessions == 1 else "were"
        there = f"{place(finding.place)}{named}"
        who += "" if not _asked_who(finding) else " (which is not certain)"
        return f"{who} {were} offered, for {carried(finding.plane)}, {there}; no packet was seen to go there."
    added = _ADDED.get(finding.basis, "")
    clear = " in clear" if finding.asked == ENCRYPT else ""
    told = f"{who} exchanged {carried(finding.plane)}{clear} with {place(finding.place)}{added}{named}."
    if excusable(finding):
        return f"{told} No traffic can show whether that was allowed."
    return f"It is open whether {told}" if finding.verdict == Verdict.OPEN else told


def _asked_who(finding: Finding) -> bool:
    """Say whether an open finding asks who takes part, or where they are."""
    return any(entry.fact in ("client", "vantage") for entry in finding.settles)


def whose(entry: Participants) -> str:
    """Describe a class of participants: where they may be, their label, an address."""
    text = capital(where(entry.countries)) or "Not known where"
    text += f", labelled {entry.label}" if entry.label else ""
    if entry.example.startswith("@"):  # a class of clients of a configuration, which has a name of its own
        text += f" (class {entry.example[1:]})"
    elif entry.example:
        text += f" (for example {entry.example})"
    return text if entry.certain else text + "; this end may be a participant or a place"


def cast(finding: Finding) -> str:
    """Name on one line where the participants of a finding are; empty if none was seen."""
    seen = list(dict.fromkeys(where(entry.countries) or "not known where" for entry in finding.participants))
    more = len(seen) - LISTED
    return listed(seen[:LISTED] + [f"{more} more"] * (more > 0), "and")


def when(finding: Finding) -> str:
    """Say when a finding's touches were; a configuration has no time."""
    if finding.routes:
        return ""
    return span(finding.first_ns, finding.last_ns) or "at a time that is not known"


def volume(finding: Finding) -> str:
    """Count what a finding's touches carried; logs need not count all of it, or anything."""
    if finding.routes:
        return ""
    if finding.basis == REPORTED and not (finding.packets and finding.bytes):
        counts = [many(finding.packets, PACKET)] * bool(finding.packets) + [size(finding.bytes)] * bool(finding.bytes)
        return ", ".join(counts) or "packets not counted"
    return f"{many(finding.packets, PACKET)}, {size(finding.bytes)}"


def witness(entry: Evidence) -> str:
    """Say where to look: input, packet or record, what is there."""
    return f"{entry.source}, {entry.unit} {entry.record:,}: {entry.detail}"


def database(entry: Database) -> str:
    """Describe a database on one line, with the attribution that its licence asks for."""
    parts = [entry.name, entry.date, f"sha256 {entry.sha256[:16]}..." if entry.sha256 else ""]
    parts += [entry.attribution, entry.url if entry.attribution else ""]
    return ", ".join(part for part in parts if part)


def commands(finding: Finding) -> tuple[tuple[str, str], ...]:
    """Return the commands that go on from a finding, and what each does; `TAKES` says with what.

    None goes on from a configuration, of which the finding tells all.
    """
    if finding.routes:
        return ()
    listing = (f"auditor sessions --finding {finding.id} INPUT...", "lists every session")
    if finding.basis == REPORTED:  # no packet shows it
        return listing, (f"auditor show {finding.id} INPUT...", "explains it record by record")
    return (
        listing,
        (f"auditor show {finding.id} INPUT...", "explains it packet by packet"),
        (f"auditor extract {finding.id} INPUT... -o evidence.pcapng", "takes out the packets that show it"),
    )


TAKES: Final = "INPUT...: the inputs of this audit, and its options"
"""What the commands have to be given: without its inventory and rules nobody finds a finding again."""


def apart(finding: Finding) -> str:
    """Say why a finding decides nothing: `waived`, `known`; empty: it counts."""
    return WAIVED if finding.waiver else KNOWN if not finding.counts else ""


def tag(finding: Finding) -> str:
    """Mark a finding on one line: `FAIL`, `WAIVED OPEN`, `KNOWN FAIL`."""
    return f"{_TAGS[apart(finding)]}{finding.verdict.value.upper()}"


def first_of_each(findings: Sequence[Finding], most: int) -> list[Finding]:
    """Return the first so many failures, open questions, known and waived findings, in their order."""
    seen = dict.fromkeys((Verdict.FAIL, Verdict.OPEN, KNOWN, WAIVED), 0)
    chosen = []
    for finding in findings:
        kind = apart(finding) or finding.verdict
        seen[kind] += 1
        if seen[kind] <= most:
            chosen.append(finding)
    return chosen
