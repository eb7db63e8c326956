"""`auditor rules new`: a pack out of a few options."""

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from auditor.cli import output


class Verb(StrEnum):
    STAY = "must_stay_in"
    TOUCH = "must_not_touch"
    ENCRYPTED = "must_be_encrypted"
    UNSEEN = "not_observable"


class Plane(StrEnum):
    MEDIA = "media"
    SIGNALLING = "signalling"
    KEYS = "keys"
    RECORDING = "recording"
    MANAGEMENT = "management"
    TELEMETRY = "telemetry"
    OTHER = "other"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Kind(StrEnum):
    LAW = "law"
    POLICY = "policy"
    STANDARD = "standard"
    REPORT = "report"


Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="The folder of the pack, which must not exist.")
]
Countries = Annotated[
    list[str] | None,
    typer.Option(metavar="CODE", help="Where places have to be, or must not be (ISO 3166-1). Repeatable."),
]
Participants = Annotated[
    str, typer.Option(metavar="TEXT", help="Whose sessions: all, any, mixed or none, and a name: `all sg`.")
]
People = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODE",
        help="Where these people are. Default: in the countries; for must_not_touch, anywhere else. Repeatable.",
    ),
]


def _date(text: str, *names: str) -> Any:
    """Declare an option that takes a day."""
    return typer.Option(*names, metavar="DATE", formats=["%Y-%m-%d"], help=text, show_default=False)


TextDate = Annotated[datetime | None, _date("The day of the text.")]
Since = Annotated[datetime | None, _date("The first day of traffic that is judged.", "--from")]
AsOf = Annotated[datetime | None, _date("The date of the pack. Default: today, in UTC.")]


def new(
    folder: Folder,
    verb: Annotated[list[Verb], typer.Option(help="What the rules ask, a rule each. Repeatable.")],
    reference: Annotated[str, typer.Option(metavar="TITLE", help="The text that the rules rest on.")],
    country: Countries = None,
    participants: Participants = "",
    people: People = None,
    plane: Annotated[list[Plane] | None, typer.Option(help="Which traffic. Default: any. Repeatable.")] = None,
    url: Annotated[str, typer.Option(metavar="URL", help="Where the text is found.")] = "",
    article: Annotated[str, typer.Option(metavar="TEXT", help="Which part of the text.")] = "",
    text_date: TextDate = None,
    kind: Annotated[Kind, typer.Option(help="What kind of text it is.")] = Kind.POLICY,
    severity: Annotated[Severity, typer.Option(help="How bad a violation is.")] = Severity.HIGH,
    title: Annotated[str, typer.Option(metavar="TEXT", help="The title of the pack. Default: that of the text.")] = "",
    evidence: Annotated[str, typer.Option(metavar="TEXT", help="For not_observable: what would show it.")] = "",
    since: Since = None,
    as_of: AsOf = None,
) -> None:
    """Write a pack: pack.yaml, a rule for each verb with examples that hold, tests, a README. It overwrites nothing."""
    from auditor import workshop
    from auditor.rules.new import Wanted

    given = {"title": reference, "kind": str(kind), "url": url, "article": article, "date": _day(text_date)}
    wanted = Wanted(
        folder.name,
        tuple(dict.fromkeys(map(str, verb))),
        _day(as_of) or datetime.now(UTC).date(),
        {key: value for key, value in given.items() if value},
        tuple(dict.fromkeys(country or ())),
        participants,
        tuple(dict.fromkeys(people or ())),
        planes=tuple(dict.fromkeys(map(str, plane or ()))),
        severity=str(severity),
        title=title,
        evidence=evidence,
        since=_day(since),
    )
    for path in workshop.write_pack(wanted, folder):
        output.tell(str(path))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
