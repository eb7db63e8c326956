"""Peer connections of a browser, put together from the events of a dump: pairs that were selected, and offers."""

from dataclasses import replace
from typing import Any, Final

from auditor.logs.calls import taken
from auditor.logs.calls.candidates import Candidate, described, fragment, media, of_report, served
from auditor.logs.calls.connection import Connection, Offer, Pair, Report
from auditor.logs.calls.exchanges import Written
from auditor.logs.calls.taken import Row, text
from auditor.logs.model import Told
from auditor.model.flow import UNKNOWN

CONNECTIONS: Final = 4_096
"""Peer connections that are kept of one dump."""
REPORTS: Final = 4_096
"""Reports of getStats that are kept of one peer connection, and offers of its own."""
LIVE: Final = 64
"""Pairs of one peer connection that are in use at a time."""
TOO_MANY: Final = (
    "A WebRTC dump holds more peer connections or candidates than are kept; those beyond were not examined."
)
_KEPT: Final = frozenset((
    "candidate-pair", "local-candidate", "remote-candidate", "transport", "localcandidate", "remotecandidate",
    "googCandidatePair", "googComponent", "candidatepair",
))  # fmt: skip
_PAIRS: Final = frozenset(("candidate-pair", "googCandidatePair", "candidatepair"))
_TRANSPORTS: Final = ("transport", "googComponent")
_MEDIA: Final = frozenset(("inbound-rtp", "outbound-rtp", "ssrc", "inboundrtp", "outboundrtp"))
_STARTS: Final = frozenset(("addTrack", "addStream", "addTransceiver", "ontrack", "onaddstream", "transceiverAdded"))


class Dump:
    """What the events of one dump tell."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._connections: dict[str, Connection] = {}
        self._records: dict[int, int] = {}  # events that rows stand for
        self._meeting = ""
        self._client = ""

    def take(self, record: int, event: Any) -> bool:
        """Take one event; say whether one of `rows` will stand for it."""
        if not isinstance(event, list) or len(event) < 3 or not isinstance(event[0], str):
            return False
        name, of, value = event[:3]
        at_ns = taken.moment(event[3]) if len(event) > 3 else 0
        if not isinstance(of, str | int):
            self._said(name, value)
            return False
        known = self._connection(str(of)[: taken.LONGEST])
        if known is None:
            return False
        known.begun = known.begun or at_ns
        return _Event(self._told, known, record, at_ns).take(name, value)

    def _said(self, name: str, value: Any) -> None:
        """Take what is said of the whole dump."""
        if name == "identity" and not self._meeting:
            self._meeting = text(value, "meetingUniqueId")
        elif name == "connectionInfo" and not self._client:
            self._client = f"{text(value, 'path')} {text(value, 'userAgent')}"
        elif name == "publicIP" and isinstance(value, list) and value:
            self._client = self._client or ascii(value[0])[: taken.LONGEST]

    def _connection(self, name: str) -> Connection | None:
        if name not in self._connections:
            if len(self._connections) >= CONNECTIONS:
                self._told.limits.add(TOO_MANY)
                return None
            self._connections[name] = Connection(name)
        return self._connections[name]

    def rows(self) -> list[Row]:
        """Return the exchanges and offers, in the order of the events that told of them first."""
        found = [row for each in self._connections.values() for row in Written(each, self._session(each)).rows()]
        found.sort(key=lambda row: int(row["record"]))
        for row in found:
            row["records"] = row.pop("stands", 0)
        return found

    def _session(self, known: Connection) -> str:
        if self._meeting:
            return taken.session("rtcstats", self._meeting) or ""
        if all(known.fragments):
            return f"ice:{':'.join(sorted(known.fragments))}"
        return f"webrtc:{taken.ident(self._client, known.name, str(known.begun))}"


class _Event:
    """One event of a peer connection."""

    def __init__(self, told: Told, known: Connection, record: int, at_ns: int) -> None:
        self._told, self._known, self._record, self._at = told, known, record, at_ns
        self._fresh: list[Offer] = []  # by this event

    def take(self, name: str, value: Any) -> bool:
        """Take it; say whether a row will stand for it."""
        counted = name in ("getstats", "getStats") and self._stats(value)
        if name == "create":
            self._offer(served(value))
        elif name == "constraints":
            _constraints(self._known, value)
        elif name in ("onicecandidate", "icecandidate"):
            self._own(described(value))
        elif name == "addIceCandidate":
            self._theirs(described(value))
        elif name in ("setRemoteDescription", "setLocalDescription"):
            self._description(value, "Remote" in name)
        elif name == "ondtlsstatechange" and value == "connected":
            self._known.encrypted = True
        elif name in _STARTS:
            self._known.media = True
        if self._fresh and not counted:
            self._fresh[0].stands = 1
        return counted or bool(self._fresh)

    def _description(self, value: Any, remote: bool) -> None:
        known, found = self._known, fragment(value)
        known.media |= media(value)
        own, other = known.fragments
        known.fragments = (own, found or other) if remote else (found or own, other)

    def _own(self, found: Candidate | None) -> None:
        """Take a candidate of the browser: only its relays are other places."""
        if found is None:
            return
        self._keep(found)
        if len(self._known.locals) < REPORTS:
            self._known.locals.setdefault(found, self._record)
        if found.kind == "relay":
            self._offer([found])

    def _theirs(self, found: Candidate | None) -> None:
        if found is not None:
            self._keep(found)
            self._offer([found])

    def _keep(self, found: Candidate) -> None:
        """Keep an address for reports that mask it."""
        ends, key = self._known.ends, (found.kind, found.port)
        if found.address and found.port and (key in ends or len(ends) < REPORTS):
            ends[key] = found.address if ends.get(key, found.address) == found.address else ""

    def _offer(self, candidates: list[Candidate]) -> None:
        """Keep offers."""
        for candidate in candidates:
            key = replace(candidate, server="", towards="", related="") if candidate.address else candidate
            if key in self._known.offers or not candidate.place:
                continue
            if len(self._known.offers) >= REPORTS:
                self._told.limits.add(TOO_MANY)
                break
            offer = self._known.offers[key] = Offer(self._record, candidate, self._at)
            self._fresh.append(offer)

    def _stats(self, value: Any) -> bool:
        """Take a getStats, whose reports say only what is new; it tells of the pairs that are selected now."""
        if not isinstance(value, dict):
            return False
        known = self._known
        for ident, report in value.items():
            if isinstance(report, dict):
                self._report(ident, report)
            elif report is None:  # it is there no more
                known.reports.pop(ident, None)
                known.live.pop(ident, None)
                known.chosen.pop(ident, None)
        for ident in known.chosen.values():
            self._use(ident)
        return self._counted(taken.moment(value.get("timestamp")) or self._at)

    def _report(self, ident: str, news: Report) -> None:
        known = self._known
        report = {**known.reports.get(ident, {}), **news}
        kind = text(report, "type")
        known.media |= kind in _MEDIA
        if kind not in _KEPT:
            return
        if ident not in known.reports and len(known.reports) >= REPORTS:
            self._told.limits.add(TOO_MANY)
            return
        known.reports[ident] = report
        if kind in ("local-candidate", "localcandidate"):
            self._own(of_report(report))
        elif kind in _PAIRS:
            self._use(ident)
        elif kind in _TRANSPORTS:
            known.encrypted |= text(report, "dtlsState") == "connected" or bool(text(report, "srtpCipher"))
            if chosen := text(report, "selectedCandidatePairId"):
                known.chosen[ident] = chosen

    def _use(self, ident: str) -> None:
        """Say of a pair whether it is in use now."""
        known = self._known
        report = known.reports.get(ident)
        if report is None or not _in_use(ident in known.chosen.values(), report):
            known.live.pop(ident, None)
        elif ident in known.live or len(known.live) < LIVE:
            known.live[ident] = None
        else:
            self._told.limits.add(TOO_MANY)

    def _counted(self, stamp: int) -> bool:
        """Take the counts of the pairs in use; say whether there are any."""
        known, counted = self._known, False
        for ident in known.live:
            report = known.reports[ident]
            ends = _ends(known, report)
            pair = known.pairs.get(ends)
            if pair is None:
                if len(known.pairs) >= REPORTS:
                    self._told.limits.add(TOO_MANY)
                    continue
                pair = known.pairs[ends] = Pair(self._record, *ends, first_ns=stamp)
            pair.records += not counted
            counted = True
            pair.told |= "bytesReceived" in report
            pair.last_ns = max(pair.last_ns, stamp)
            pair.sent, pair.received = _most(pair.sent, report, "Sent"), _most(pair.received, report, "Received")
        return counted


def _constraints(known: Connection, value: Any) -> None:
    """Read whether the other side is a person: what Jitsi Meet says of its peer connections."""
    optional = value.get("optional") if isinstance(value, dict) else None
    for each in optional if isinstance(optional, list) else [value]:
        said = each.get("rtcStatsSFUP2P") if isinstance(each, dict) else None
        if isinstance(said, bool):
            known.people = said


def _in_use(selected: bool, report: Report) -> bool:
    """Say whether media goes over a pair: it is selected, and checks of it are not known to have failed."""
    state = text(report, "state")
    if state and state not in ("succeeded", "in-progress", "inprogress"):
        return False
    active = report.get("googActiveConnection")
    if selected or report.get("selected") is True or active is True or active == "true":
        return True
    moved = (taken.number(report.get("bytesReceived")) or 0) > 0
    return state == "succeeded" and report.get("nominated") is True and moved


def _ends(known: Connection, report: Report) -> tuple[Candidate, Candidate]:
    found = []
    for side, old in (("local", "googLocal"), ("remote", "googRemote")):
        named = known.reports.get(text(report, f"{side}CandidateId"))
        found.append(of_report(named) if named else None)
        if found[-1] is None:
            kind = text(report, f"{old}CandidateType") or UNKNOWN
            found[-1] = Candidate.written(text(report, f"{old}Address"), kind, text(report, "googTransportType"))
    local, remote = found
    return local or Candidate(), remote or Candidate()


def _most(old: tuple[int, int], report: Report, way: str) -> tuple[int, int]:
    packets = taken.number(report.get(f"packets{way}")) or 0
    return max(old[0], packets), max(old[1], taken.number(report.get(f"bytes{way}")) or 0)
