"""Microsoft Graph: callRecord of Teams, its sessions and segments, and the logs of PSTN and direct routing calls.

Microsoft Graph REST API v1.0, resource types of microsoft.graph.callRecords: callRecord, session, segment, media,
networkInfo, mediaStream, participantEndpoint, serviceEndpoint, directRoutingLogRow, pstnCallLogRow.  Records as single
objects, as pages (`value`), or one a line; sessions and segments expanded or fetched apart, where `@odata.context`
names the call.

A media of a segment is an exchange of its caller and its callee: people are clients, service endpoints (conference
servers, gateways) servers.  An end that gives a private address and a public reflexive one is taken by the latter,
under which the other side sees it.  `relayIPAddress` is the relay that the end allocated; whether media then went
through it is not told, so its plane is media or signalling, and the exchange with the relay itself did happen.  In
direct routing logs the codes of the data centres for media and signalling are `teams/...`; media that bypasses Teams
touches none.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl

from auditor.logs.calls import taken
from auditor.logs.calls.taken import Row, child, children, text
from auditor.logs.model import Nameless, Told
from auditor.logs.values import values
from auditor.model.flow import UNANSWERED, UNKNOWN
from auditor.read.source import Source

_CONTEXT: Final = re.compile(rb'"@odata\.(?:context|type)"\s*:\s*"[^"]{0,256}callRecords?\b', re.IGNORECASE)
_CALL: Final = re.compile(
    rb'"sessions"\s*:\s*\[|"segments"\s*:\s*\[|"modalities"\s*:\s*\[|"(?:organizer|organizer_v2)"\s*:'
)
_BESIDES: Final = re.compile(rb'"(?:callerNetwork|calleeNetwork|reflexiveIPAddress|mediaPathLocation|joinWebUrl)"\s*:')
_ROUTED: Final = re.compile(rb'"(?:trunkFullyQualifiedDomainName|callEndSubReason|usageCountryCode)"\s*:')
_OF_CALL: Final = re.compile(r"callRecords\('([0-9A-Za-z-]{1,64})'\)", re.IGNORECASE)
_CODE: Final = re.compile(r"[A-Za-z0-9-]{1,24}")
_STREAMS: Final = ("callerToCallee", "calleeToCaller")


def sniff(head: bytes) -> bool:
    """Tell call records by their types, or by members that nothing else has."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return False
    if _CONTEXT.search(head) or (_CALL.search(head) and _BESIDES.search(head)):
        return True
    return bool(_ROUTED.search(head) and re.search(rb'"(?:callType|calleeNumber)"\s*:', head))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row for each media of a segment and each relay that its ends allocated."""
    return taken.listed(values(source, told), lambda value: _records(value, told))


def _records(value: Any, told: Told) -> Iterator[Sequence[Row]]:
    for answer in value if isinstance(value, list) else [value]:
        page = answer.get("value") if isinstance(answer, dict) else None
        call = _named(answer)
        for each in page if isinstance(page, list) else [answer]:
            yield _record(each, call, told) if isinstance(each, dict) else ()
        if isinstance(answer, dict) and any(name.lower().endswith("@odata.nextlink") for name in answer):
            told.notes.add(MORE)


MORE: Final = "Call records name further pages, which count only if they are among the inputs."


def _named(answer: Any) -> str:
    """Return the call of which sessions or segments are a page."""
    found = _OF_CALL.search(text(answer, "@odata.context")[:2048])
    return found[1] if found else ""


def _record(record: dict[str, Any], call: str, told: Told) -> list[Row]:
    if any(name in record for name in ("mediaPathLocation", "signalingLocation", "trunkFullyQualifiedDomainName")):
        return _routed(record)
    own = _named(record) or call
    if "media" in record:
        return _segment(record, {"session": _session(own)}, told)
    if "segments" in record:
        return _session_rows(record, {"session": _session(own)}, told)
    base: Row = {"session": _session(text(record, "id")), "account": _tenant(record)}
    return [row for each in children(record, "sessions") for row in _session_rows(each, base, told)]


def _session(call: str) -> str | None:
    return taken.session("graph", call.lower())


def _tenant(record: dict[str, Any]) -> str:
    """Return the tenant of who organized the call."""
    for who in (child(record, "organizer"), child(child(record, "organizer_v2"), "identity")):
        for kind in ("user", "application", "acsUser"):
            if tenant := text(child(who, kind), "tenantId"):
                return tenant[: taken.LONGEST]
    return ""


def _session_rows(session: dict[str, Any], base: Row, told: Told) -> list[Row]:
    return [row for each in children(session, "segments") for row in _segment(each, base, told)]


def _segment(segment: dict[str, Any], base: Row, told: Told) -> list[Row]:
    failed = text(child(segment, "failureInfo"), "stage").lower() == "callsetup"
    first, last = (taken.moment(text(segment, name), told.notes) for name in ("startDateTime", "endDateTime"))
    base = {**base, **taken.span(first, last)}
    found: list[Row] = []
    for media in children(segment, "media"):
        ends = [_End(segment, media, side) for side in ("caller", "callee")]
        if not any(end.network for end in ends):
            continue
        found.append(_exchange(media, ends, {**base, "outcome": UNANSWERED if failed else ""}))
        found += [{**base, **relay} for end in ends for relay in end.relays()]
    return found


class _End:
    """One side of a media."""

    def __init__(self, segment: dict[str, Any], media: dict[str, Any], side: str) -> None:
        endpoint = child(segment, side)
        self.network = child(media, f"{side}Network")
        kind = text(endpoint, "@odata.type").lower()
        person = bool(child(endpoint, "identity") or child(endpoint, "associatedIdentity"))
        self.role = "server" if "serviceendpoint" in kind else "client" if person or "participant" in kind else UNKNOWN
        inner = taken.address(self.network.get("ipAddress"))
        outer = taken.address(self.network.get("reflexiveIPAddress"))
        who = (text(segment, "id"), side)
        self.address = outer if outer and taken.public(outer) and not (inner and taken.public(inner)) else inner
        self.port = taken.port(self.network.get("port")) if self.address == inner else 0
        self.address = self.address or taken.masked("graph", *who)

    def columns(self, side: str) -> Row:
        """Return the columns of this end, as source or destination."""
        return {f"{side}_addr": self.address, f"{side}_port": self.port, f"{side}_role": self.role}

    def relays(self) -> Iterator[Row]:
        """Yield the exchange with the relay that this end allocated."""
        relay = taken.address(self.network.get("relayIPAddress"))
        if relay and relay != self.address:
            yield {
                **self.columns("src"),
                "dst_addr": relay,
                "dst_port": taken.port(self.network.get("relayPort")),
                "dst_role": "relay",
                "plane": "media+signalling",
                "app": "turn",
                "transport": "udp",
                "outcome": "",
            }


def _exchange(media: dict[str, Any], ends: list[_End], base: Row) -> Row:
    packets = {
        name: sum(
            taken.number(each.get("packetUtilization")) or 0
            for each in children(media, "streams")
            if text(each, "streamDirection") == name
        )
        for name in _STREAMS
    }
    return {
        **base,
        **ends[0].columns("src"),
        **ends[1].columns("dst"),
        "plane": "media",
        "src_packets": packets[_STREAMS[0]],
        "dst_packets": packets[_STREAMS[1]],
    }


def _routed(record: dict[str, Any]) -> list[Row]:
    """Read a call between Teams and a session border controller: its data centres by code (directRoutingLogRow)."""
    name = text(record, "id", "correlationId")
    first = next((at for key in ("startDateTime", "inviteDateTime") if (at := taken.moment(text(record, key)))), 0)
    last = taken.moment(text(record, "endDateTime", "failureDateTime"))
    base: Row = {"session": _session(name), **taken.span(first, last)}
    person: Row = {"src_addr": taken.masked("graph", name, text(record, "userId")), "src_role": "client"}
    trunk = text(record, "trunkFullyQualifiedDomainName")
    border: Row = {"src_addr": taken.host(trunk), "src_role": "server", "src_name": trunk} if trunk else {}
    media: Row = {"plane": "media", "outcome": "" if record.get("successfulCall") is not False else UNANSWERED}
    signalling: Row = {"plane": "signalling", "app": "sip", "outcome": ""}
    found: list[Row] = []
    for plane, code in ((media, "mediaPathLocation"), (signalling, "signalingLocation")):
        if plane is media and record.get("mediaBypassEnabled") is True:
            if trunk:
                found.append({**base, **media, **person, **_as_dst(border)})
            continue
        site = _site(text(record, code))
        there = {"dst_addr": Nameless(f"@{site}"), "dst_site": site, "dst_role": "server"}
        found += [{**base, **plane, **end, **there} for end in (person, border) if end]
    return found


def _as_dst(end: Row) -> Row:
    return {name.replace("src_", "dst_"): value for name, value in end.items()}


def _site(code: str) -> str:
    return f"teams/{code.upper()}" if _CODE.fullmatch(code) else "teams/unknown"
