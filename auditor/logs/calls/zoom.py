"""Zoom: participants of meetings and webinars with their data centres, and call logs of Zoom Phone.

Zoom Meeting API reference, Dashboards: `/metrics/meetings/{meetingId}/participants` and `.../participants/qos`, the
same of webinars, lists of meetings with or without participants; Zoom Phone API reference, Dashboard:
`/phone/metrics/call_logs`.  One participant is one record, alone or in the pages as they were downloaded, one
document or one a line.

A participant is the client of each data centre that the record names, by code (`SC`) or in words (`United States (SC
Top)`, several joined by semicolons: `full_data_center` adds HTTP tunnels, room connectors and web gateways).  What the
words say of the country is Zoom's own claim, and becomes part of the site's code: `zoom/united states.SC`.  `location`
is a lookup of the participant's address by Zoom, and is not used.

A page is one meeting, since the API answers for one.  `uuid` names it; the number in `id` comes again in every
meeting of a series, so it does only together with when the meeting began.  A participant outside of a page is a
session of its own.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import polars as pl

from auditor.logs.calls import taken
from auditor.logs.calls.taken import Row, child, children, text
from auditor.logs.model import Nameless, Told
from auditor.logs.values import values
from auditor.read.source import Source

_PARTICIPANT: Final = re.compile(rb'"(?:full_)?data_center"\s*:\s*"')
_BESIDES: Final = re.compile(rb'"(?:join_time|user_qos|participant_user_id|connection_type|in_room_participants)"\s*:')
_PHONE: Final = re.compile(rb'"call_logs"\s*:\s*\[\s*\{[^\[]*"(?:mos|device_public_ip|caller)"\s*:', re.DOTALL)
_PAGE: Final = re.compile(rb'"(?:meetings|webinars)"\s*:\s*\[\s*\{[^\[]*"has_voip"\s*:', re.DOTALL)
_PAGED: Final = ("page_count", "page_size", "total_records", "next_page_token")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f:.]{3,45}")
_WORDS: Final = re.compile(r"([^()]{0,80}?)\s*\(([^()]{1,40})\)")
_CODE: Final = re.compile(r"([A-Za-z0-9]{1,12})(?:\s+Top)?", re.IGNORECASE)
_COUNTRY: Final = re.compile(r"[a-z][a-z .,'-]{2,47}")
MOST: Final = 64
"""Data centres that are read of one participant."""
WAITED: Final = ("in_waiting_room", "Leave waiting room.", "Removed by host from waiting room.")
_TRANSPORT: Final = {
    "udp": "udp", "reliable udp": "udp", "tcp": "tcp", "ssl": "tcp", "http": "tcp",
}  # fmt: skip
UNKNOWN: Final = "zoom/unknown"


def sniff(head: bytes) -> bool:
    """Tell answers of Zoom's Dashboard API by what only they name."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return False
    participant = _PARTICIPANT.search(head) and _BESIDES.search(head)
    return bool(participant or _PHONE.search(head) or _PAGE.search(head))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row for each participant and data centre, and for each end of a telephone call."""
    return taken.listed(values(source, told), lambda value: _records(value, told.notes))


def _records(value: Any, notes: set[str]) -> Iterator[Sequence[Row]]:
    """Yield the rows of each record in a value: an answer of the API, several of them, or a participant."""
    for answer in value if isinstance(value, list) else [value]:
        listed = [answer[name] for name in _LISTS if isinstance(answer, dict) and isinstance(answer.get(name), list)]
        for each in listed[0] if listed else [answer]:
            yield from _answer(each, notes)


_LISTS: Final = ("meetings", "webinars", "call_logs")


def _answer(value: Any, notes: set[str]) -> Iterator[Sequence[Row]]:
    if not isinstance(value, dict):
        yield ()
    elif isinstance(value.get("participants"), list):
        meeting, account = _meeting(value), _account(value)
        for each in value["participants"]:
            yield _participant(each, meeting, account, notes)
    elif child(value, "caller") or child(value, "callee"):
        yield _call(value)
    else:
        yield _participant(value, None, _account(value), notes)


def _meeting(page: dict[str, Any]) -> str | None:
    """Name the meeting of a page."""
    if uuid := text(page, "uuid", "meeting_uuid"):
        return taken.session("zoom", uuid)
    number, start = text(page, "id", "meeting_id"), text(page, "start_time")
    if number and start:
        return taken.session("zoom", f"{number} {start}")
    if not number and not any(name in page for name in _PAGED):
        return None
    people = sorted(ascii((_who(each), text(each, "join_time"))) for each in children(page, "participants"))
    return f"zoom:{taken.ident(number, *people)}" if people else None


def _account(record: dict[str, Any]) -> str:
    return text(record, "account_id")[: taken.LONGEST]


def _who(participant: dict[str, Any]) -> str:
    """Return what tells participants of a meeting apart."""
    return text(participant, "participant_uuid", "user_id", "participant_user_id", "id", "user_name")


def _participant(record: Any, meeting: str | None, account: str, notes: set[str]) -> list[Row]:
    if not isinstance(record, dict) or not any(
        name in record for name in ("data_center", "full_data_center", "ip_address")
    ):
        return []
    times = taken.span(taken.moment(text(record, "join_time"), notes), taken.moment(text(record, "leave_time"), notes))
    kinds = {text(record, name).lower() for name in ("connection_type", "video_connection_type", "as_connection_type")}
    kinds.discard("")
    waited = text(record, "status") in WAITED or text(record, "leave_reason") in WAITED
    own = text(record, "meeting_uuid")
    row: Row = {
        "app": "zoom",
        "plane": "signalling" if waited else "media+signalling" if kinds == {"p2p"} else "media",
        "transport": _transport(kinds),
        "session": taken.session("zoom", own) if own else meeting,
        "account": account,
        "outcome": "",
        "src_addr": _client(record, meeting or own, text(record, "join_time")),
        "src_role": "client",
        "dst_role": "server",
        **times,
    }
    return [{**row, "dst_addr": Nameless(f"@{site}"), "dst_site": site} for site in data_centres(record)]


def _transport(kinds: set[str]) -> str:
    found = {_TRANSPORT.get(kind.partition("+")[0].strip(), "") for kind in kinds}
    return found.pop() if len(found) == 1 else ""


def _client(record: dict[str, Any], *names: str) -> str:
    """Return the public address of a participant, else the private one (`Public IP: …; Local IP: …` is told apart)."""
    given = f"{text(record, 'public_ip')} {text(record, 'ip_address')}"[:1024]
    found = [plain for each in _ADDRESS.findall(given) if (plain := taken.address(each.strip(".:") or each))]
    best = next((each for each in found if taken.public(each)), found[0] if found else "")
    return best or taken.masked("zoom", *names, _who(record))


def data_centres(record: dict[str, Any]) -> list[str]:
    """Return the sites that a record names, each once: those in words stand for those by the same code alone."""
    named = f"{text(record, 'data_center')};{text(record, 'full_data_center')}"[: 1 << 16]
    return list(_sites(named) if len(named) <= taken.LONGEST else _sites.__wrapped__(named))


@lru_cache(1 << 10)
def _sites(named: str) -> tuple[str, ...]:
    phrases = [phrase for each in named.split(";") if (phrase := " ".join(each.split()))]
    found = dict.fromkeys(_site(phrase) for phrase in phrases[: 4 * MOST])
    codes = {site.rpartition(".")[2] for site in found if "." in site}
    return tuple(site for site in found if site.removeprefix("zoom/") not in codes)[:MOST] or (UNKNOWN,)


def _site(phrase: str) -> str:
    words = _WORDS.fullmatch(phrase)
    country, inside = (words[1], words[2].strip()) if words else ("", phrase)
    code = _CODE.fullmatch(inside)
    plain = country.lower().replace(".", "")
    if words and _COUNTRY.fullmatch(plain):
        return f"zoom/{plain}.{code[1].upper()}" if code else f"zoom/{plain}"
    if code and (len(code[1]) <= 4 or code[1] != inside):
        return f"zoom/{code[1].upper()}"
    plain = phrase.lower().replace(".", "")
    return f"zoom/{plain}" if _COUNTRY.fullmatch(plain) else UNKNOWN


def _call(record: Any) -> list[Row]:
    """Read a call of Zoom Phone: its ends were served by a data centre that the log doesn't name."""
    ends = [(side, child(record, side)) for side in ("caller", "callee")]
    if not any(end for _, end in ends):
        return []
    name = text(record, "call_id", "id")
    first = taken.moment(text(record, "date_time"))
    times = taken.span(first, first + (taken.number(record.get("duration")) or 0) * 10**9 if first else 0)
    return [
        {
            "app": "zoom",
            "session": taken.session("zoom", name),
            "outcome": "",
            "src_addr": _device(end) or taken.masked("zoom", name, side, text(end, "phone_number", "extension_number")),
            "src_role": "client",
            "dst_addr": Nameless("@zoom/phone"),
            "dst_site": "zoom/phone",
            "dst_role": "server",
            **times,
        }
        for side, end in ends
        if end
    ]


def _device(end: dict[str, Any]) -> str:
    return taken.address(text(end, "device_public_ip")) or taken.address(text(end, "device_private_ip"))
