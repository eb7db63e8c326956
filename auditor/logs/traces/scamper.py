"""Traces in the JSON that scamper writes (sc_warts2json): paths (`trace`) and meshes of load-balanced ones (`tracelb`).

scamper, "sc_warts2json(1)" and "warts(5)"; M-Lab, "Scamper1 data type".  Lines that begin and end a cycle, and the line
with which M-Lab heads each file, are no records; they name the machine.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from auditor.logs.model import Told
from auditor.logs.traces.addresses import canonical
from auditor.logs.traces.trace import Answer, Found, Trace, Unread, observer, written
from auditor.logs.values import Value, values
from auditor.model.status import MALFORMED, TRUNCATED, UNSUPPORTED
from auditor.read.source import Source

_KIND: Final = re.compile(rb'"type"\s*:\s*"(?:cycle-start|trace|tracelb)"')
_OWN: Final = re.compile(rb'"(?:list_name|stop_reason|probec_max|icmp_sum|userid)"\s*:')
_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
SECOND: Final = 1_000_000_000
LATEST: Final = 1 << 33
OTHER: Final = "a measurement of another kind"
FEWER: Final = "fewer links than it says"
STAR: Final = "*"


def sniff(head: bytes) -> bool:
    """Say whether a file that begins so holds scamper's JSON."""
    return bool(_START.match(head) and _KIND.search(head) and _OWN.search(head))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows of LOG."""
    return written(traces(source, told), told)


def traces(source: Source, told: Told) -> Iterator[Found]:
    """Yield the traces of a file."""
    return of_values(values(source, told))


def of_values(found: Iterator[Value]) -> Iterator[Found]:
    """Yield the traces among values."""
    machine = ""
    for each in found:
        value = each.value
        if each.status:
            yield Unread(each.record, each.status, each.detail)
        elif not isinstance(value, dict):
            yield Unread(each.record, MALFORMED, "no object")
        elif value.get("type") == "cycle-start":
            machine = observer(value.get("hostname"))
        elif value.get("type") not in ("cycle-stop", "cycle-def") and not ("UUID" in value and "type" not in value):
            yield trace(each.record, value, machine)


def trace(record: int, value: dict[str, Any], machine: str = "") -> Found:
    """Read one trace; `machine` names the host that made it."""
    kind = value.get("type")
    if kind not in ("trace", "tracelb"):
        return Unread(record, UNSUPPORTED, OTHER)
    source, target = canonical(_text(value.get("src"))), canonical(_text(value.get("dst")))
    if not target:
        return Unread(record, MALFORMED, "a trace without a destination")
    begun = _time(value.get("start"))
    transport = _transport(value.get("method"), ":" in target)
    found = Trace(record, source, target, machine, transport=transport, first_ns=begun, last_ns=begun)
    if kind == "trace":
        _path(found, value)
    else:
        _mesh(found, value)
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < LATEST else 0


def _time(value: Any) -> int:
    if not isinstance(value, dict):
        return 0
    return _number(value.get("sec")) * SECOND + _number(value.get("usec")) % 1_000_000 * 1_000


def _transport(method: Any, six: bool) -> str:
    word = _text(method).partition("-")[0]
    return ("icmp6" if six else "icmp") if word == "icmp" else word if word in ("udp", "tcp") else ""


def _path(found: Trace, value: dict[str, Any]) -> None:
    """Add the hops of a path; what answered nothing is left out of the list, which may say how long the path is."""
    hops = value.get("hops")
    for hop in hops if isinstance(hops, list) else ():
        address = canonical(_text(hop.get("addr"))) if isinstance(hop, dict) else ""
        if not address:
            found.stars.append((0, found.record))
            continue
        rtt = hop.get("rtt")
        rtts = (float(rtt),) if isinstance(rtt, int | float) else ()
        found.answers.append(Answer(_number(hop.get("probe_ttl")), address, found.record, rtts))
        found.last_ns = max(found.last_ns, _time(hop.get("tx")))
    found.hops = _number(value.get("hop_count"))
    found.reached = value.get("stop_reason") == "COMPLETED"


def _mesh(found: Trace, value: dict[str, Any]) -> None:
    """Add what the nodes of a mesh link to, and the nodes that nothing links to; a link that is `*` did not answer."""
    nodes = value.get("nodes")
    nodes = [node if isinstance(node, dict) else {} for node in nodes] if isinstance(nodes, list) else []
    for node in nodes:
        links = node.get("links")
        links = [some for some in links if isinstance(some, list)] if isinstance(links, list) else []
        if _number(node.get("linkc")) > sum(len(some) for some in links[:1]):
            found.status, found.detail = TRUNCATED, FEWER
        for link in (link for some in links for link in some):
            _link(found, link if isinstance(link, dict) else {})
    linked = {answer.addr for answer in found.answers}
    first = max(_number(value.get("firsthop")), 1)
    begins = min((answer.hop for answer in found.answers if answer.hop), default=first + 1) == first + 1
    for order, node in enumerate(nodes):
        if canonical(_text(node.get("addr"))) not in linked:
            _reply(found, node, first if order == 0 and begins else 0)


def _link(found: Trace, link: dict[str, Any]) -> None:
    probes = link.get("probes")
    told = [probe for probe in probes if isinstance(probe, dict)] if isinstance(probes, list) else []
    hop = min((_number(probe.get("ttl")) for probe in told), default=0)
    rtts: list[float] = []
    for probe in told:
        found.last_ns = max(found.last_ns, _time(probe.get("tx")))
        replies = probe.get("replies")
        for reply in replies if isinstance(replies, list) else ():
            rtt = reply.get("rtt") if isinstance(reply, dict) else None
            rtts += [float(rtt)] if isinstance(rtt, int | float) else []
    _reply(found, link, hop, tuple(rtts))


def _reply(found: Trace, node: dict[str, Any], hop: int, rtts: tuple[float, ...] = ()) -> None:
    address = canonical(_text(node.get("addr")))
    if address:
        found.answers.append(Answer(hop, address, found.record, rtts, max(len(rtts), 1)))
    else:
        found.stars.append((0, found.record))  # on this branch, whatever answered on another at the same distance
