"""Results of RIPE Atlas traceroutes: one a line, in an array, or in pages of the API.

RIPE Atlas documentation, "Measurement result format", versions 1 to 5000, sections on traceroute.  In version 1 the
result is the text that a traceroute program wrote.  Other kinds of measurements in the same file (ping, DNS, …) are not
traces, and are counted as unsupported.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from auditor.logs.model import Told
from auditor.logs.traces import text
from auditor.logs.traces.addresses import canonical, private
from auditor.logs.traces.trace import Answer, Found, Trace, Unread, observer, written
from auditor.logs.values import values
from auditor.model.status import MALFORMED, NO_ADDRESS, UNSUPPORTED
from auditor.read.source import Source

_KIND: Final = re.compile(rb'"type"\s*:\s*"traceroute"')
_PROBE: Final = re.compile(rb'"(?:prb_id|msm_id)"\s*:\s*\d')
_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
SECOND: Final = 1_000_000_000
LATEST: Final = 1 << 33
"""Seconds since 1970 that a time can be, so that nanoseconds fit a signed 64-bit integer."""
TRANSPORTS: Final = {"UDP": "udp", "TCP": "tcp"}
OTHER: Final = "a measurement of another kind"
NOT_MADE: Final = "a trace that could not be made"
NO_RESULT: Final = "a measurement without a result"


def sniff(head: bytes) -> bool:
    """Say whether a file that begins so holds results of RIPE Atlas, traceroutes among them."""
    return bool(_START.match(head) and _KIND.search(head) and _PROBE.search(head))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows of LOG."""
    return written(traces(source, told), told)


def traces(source: Source, told: Told) -> Iterator[Found]:
    """Yield the traces of a file."""
    for value in values(source, told, "results"):
        if value.status:
            yield Unread(value.record, value.status, value.detail)
        else:
            yield trace(value.record, value.value)


def trace(record: int, value: Any) -> Found:
    """Read one result."""
    if not isinstance(value, dict):
        return Unread(record, MALFORMED, "no object")
    if value.get("type", "traceroute") != "traceroute":
        return Unread(record, UNSUPPORTED, OTHER)
    found = _head(record, value)
    result = value.get("result")
    if isinstance(result, str):
        return _of_text(found, result)
    if not isinstance(result, list):
        return Unread(record, NO_ADDRESS if result is None else MALFORMED, NO_RESULT)
    for hop in result:
        if isinstance(hop, dict) and isinstance(hop.get("result"), list):
            _hop(found, hop)
    if not (found.answers or found.stars):
        return Unread(record, NO_ADDRESS, NOT_MADE if result else NO_RESULT)
    return found


def _head(record: int, value: dict[str, Any]) -> Trace:
    proto = value.get("proto")
    icmp = "icmp6" if value.get("af") == 6 else "icmp"
    probe = value.get("prb_id")
    return Trace(
        record,
        _source(_text(value, "src_addr", "srcaddr"), _text(value, "from")),
        canonical(_text(value, "dst_addr", "addr")),
        observer=f"atlas/{probe}" if isinstance(probe, int) else observer(probe),
        single=isinstance(probe, int),
        transport=icmp if proto == "ICMP" else TRANSPORTS.get(proto, "") if isinstance(proto, str) else "",
        first_ns=_time(value.get("timestamp")),
        last_ns=_time(value.get("endtime")),
    )


def _source(own: str, public: str) -> str:
    """Take the address by which the controller knows a probe whose own is private: it tells more of where it is."""
    return public if canonical(public) and private(canonical(own)) else own


def _text(value: dict[str, Any], *keys: str) -> str:
    return next((value[key] for key in keys if isinstance(value.get(key), str) and value[key]), "")


def _time(value: Any) -> int:
    known = isinstance(value, int | float) and 0 < value < LATEST
    return int(value) * SECOND if known else 0


def _hop(found: Trace, hop: dict[str, Any]) -> None:
    """Add what one distance shows.  A late reply tells its address, and not the distance from which it came."""
    at = hop.get("hop")
    at = at if isinstance(at, int) and 0 < at <= 255 else 0
    heard: dict[str, list[Any]] = {}
    for reply in hop["result"]:
        if not isinstance(reply, dict) or "error" in reply:
            continue
        address = canonical(_text(reply, "from"))
        if not address:
            found.stars.append((at, found.record))
            found.probes += 1
        elif "late" in reply:
            found.answers.append(Answer(0, address, found.record))
        else:
            heard.setdefault(address, []).append(reply.get("rtt"))
    for address, times in heard.items():
        rtts = tuple(float(time) for time in times if isinstance(time, int | float))
        found.answers.append(Answer(at, address, found.record, rtts, len(times)))


def _of_text(found: Trace, result: str) -> Found:
    """Read the text that probes of the first version sent."""
    parts = [each for each in text.parsed(enumerate(result.split("\n"), 1)) if isinstance(each, Trace)]
    if len(parts) != 1:
        return Unread(found.record, MALFORMED, "a text that is no trace")
    told = parts[0]
    found.target = found.target or told.target
    found.answers = [answer._replace(record=found.record) for answer in told.answers]
    found.stars = [(hop, found.record) for hop, _ in told.stars]
    found.probes = told.probes
    return found
