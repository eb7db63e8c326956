"""Version 3 of rtcstats' dumps, as the events that version 2 would have written.

rtcstats, README, "RTCStats dump file format": a line `RTCStatsDump`, a line of metadata, then events whose last element
is the time since the event before, and whose methods, types and members of reports may be numbers of fixed tables.
"""

from collections.abc import Iterator
from typing import Any, Final

from auditor.logs.values import Value

HEADER: Final = b"RTCStatsDump"
_METHODS: Final = {
    "g": "getStats", "1": "getStats", "39": "create", "40": "constraints", "20": "onicecandidate",
    "10": "addIceCandidate", "6": "setLocalDescription", "8": "setRemoteDescription", "22": "ontrack",
    "30": "addTrack", "32": "addTransceiver",
}  # fmt: skip
_TYPES: Final = {
    "1": "inbound-rtp", "2": "outbound-rtp", "5": "transport", "6": "candidate-pair", "7": "local-candidate",
    "8": "remote-candidate",
}  # fmt: skip
_MEMBERS: Final = {
    "t": "timestamp", "14": "packetsReceived", "41": "bytesReceived", "79": "packetsSent", "80": "bytesSent",
    "116": "protocol", "118": "state", "123": "dtlsState", "125": "selectedCandidatePairId", "131": "srtpCipher",
    "134": "address", "135": "port", "136": "candidateType", "138": "url", "139": "relayProtocol",
    "141": "relatedAddress", "142": "relatedPort", "148": "localCandidateId", "149": "remoteCandidateId",
    "150": "nominated",
}  # fmt: skip
"""The members that are read here; `type` is written out."""


def expanded(values: Iterator[Value]) -> Iterator[Value]:
    """Yield the events behind the two lines at the head, with names for numbers and times since 1970."""
    now: float = 0
    for value in values:
        if value.record <= 2 and (value.status or isinstance(value.value, dict)):
            continue
        event = value.value
        if value.status or not isinstance(event, list) or len(event) < 3:
            yield value
            continue
        since = event[-1] if len(event) > 3 else 0
        if isinstance(since, int | float) and not isinstance(since, bool) and abs(since) < 1e15:
            now += since
        method = _METHODS.get(str(event[0])[:64], event[0])
        told = _reports(event[2]) if method == "getStats" else event[2]
        yield Value(value.record, [method, event[1], told, int(now)])


def _reports(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {_MEMBERS.get(ident, ident) if ident == "t" else ident: _report(report) for ident, report in value.items()}


def _report(report: Any) -> Any:
    if not isinstance(report, dict):
        return report
    named = {_MEMBERS.get(name, name): value for name, value in report.items()}
    if "type" in named:
        named["type"] = _TYPES.get(str(named["type"])[:64], named["type"])
    return named
