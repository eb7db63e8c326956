"""Events of Cilium Hubble: `hubble observe -o jsonpb` (one object a line, `{"flow": …}`), `-o json`, and its exporter.

Cilium documentation, "Hubble internals", and `api/v1/flow/flow.proto`.  An event tells of one packet at one observation
point, or of one message that a proxy read, and of no sizes: counts are events, not packets, and a packet may be seen
at several points.  `is_reply` is what connection tracking knows: the end that did not open the connection sent this.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from auditor.logs.cloud.instants import written
from auditor.logs.cloud.pick import LONGEST, child, portions, text, whole
from auditor.logs.model import Told, turned
from auditor.logs.protocols import ACK, FIN, PSH, RST, SYN
from auditor.logs.values import Value, by_line, values
from auditor.model.flow import REJECTED, UNANSWERED
from auditor.model.status import MALFORMED, NO_ADDRESS, OK, UNSUPPORTED
from auditor.read.source import Source

COUNTED: Final = "Hubble counts events where it sees packets: one packet may be several events, and sizes are not told."
LOST: Final = "Hubble says that it lost events: what they would have told is not examined."

GONE: Final = "events that were lost"
NO_FLOW: Final = "a message without a flow"
NO_IP: Final = "an event without IP addresses"
OTHER: Final = "an object that is no message of Hubble"
TORN: Final = "an event with a port that is no number, or out of range"
STATUS: Final = {GONE: NO_ADDRESS, NO_FLOW: NO_ADDRESS, NO_IP: NO_ADDRESS, OTHER: UNSUPPORTED, TORN: MALFORMED}
MESSAGES: Final = ("node_status", "agent_event", "debug_event")

FLAGS: Final = {"FIN": FIN, "SYN": SYN, "RST": RST, "PSH": PSH, "ACK": ACK, "URG": 32, "ECE": 64, "CWR": 128}
TRANSPORTS: Final = {
    "TCP": "tcp", "UDP": "udp", "SCTP": "sctp", "ICMPv4": "icmp", "ICMPv6": "icmp6", "IGMP": "ip/2", "VRRP": "ip/112",
}  # fmt: skip
OUTCOMES: Final = {"DROPPED": REJECTED, "TRACED": UNANSWERED, "TRANSLATED": UNANSWERED}
"""What came of it, by verdict; of others it follows from flags and from events of both directions.

A socket that is traced or translated asks for a connection, perhaps by the address of a service.  What failed (ERROR)
may have arrived.
"""
REGIONS: Final = {
    "eks.amazonaws.com/": ("aws", "topology.kubernetes.io/region"),
    "cloud.google.com/": ("gcp", "topology.kubernetes.io/region"),
    "kubernetes.azure.com/": ("azure", "topology.kubernetes.io/region"),
    "oci.oraclecloud.com/": ("oracle", "topology.kubernetes.io/region"),
    "alibabacloud.com/": ("alibaba", "topology.kubernetes.io/region"),
    "tke.cloud.tencent.com/": ("tencent", "topology.com.tencent.cloud.csi.cbs/zone"),
    "node.tke.cloud.tencent.com/": ("tencent", "topology.com.tencent.cloud.csi.cbs/zone"),
}
"""Labels of a node that tell whose it is, by what they begin with, and the label that tells the region."""
_REGION: Final = re.compile(r"[a-z0-9-]{2,40}")
MOST: Final = 256
"""Labels of a node and names of a DNS answer that are looked at."""

SCHEMA: Final[dict[str, Any]] = {
    "record": pl.Int64, "state": pl.String, "status": pl.String, "observer": pl.String, "transport": pl.String,
    "app": pl.String, "outcome": pl.String, "encrypted": pl.String, "opened": pl.String, "src_flags": pl.Int32,
    "src_addr": pl.String, "dst_addr": pl.String, "src_port": pl.Int32, "dst_port": pl.Int32,
    "src_name": pl.String, "dst_name": pl.String,
    "src_site": pl.String, "dst_site": pl.String, "time": pl.String, "reply": pl.Boolean,
}  # fmt: skip
_FLOW: Final = re.compile(
    rb'"verdict"\s*:\s*"(?:VERDICT_UNKNOWN|FORWARDED|DROPPED|ERROR|AUDIT|REDIRECTED|TRACED|TRANSLATED)"'
)
_MESSAGE: Final = re.compile(rb'^\s*\{\s*"(?:flow|lost_events|node_status|agent_event|debug_event|time|node_name)"\s*:')
_POINTS: Final = re.compile(rb'"(?:trace_observation_point|traffic_direction|event_type|is_reply|Type|node_name)"\s*:')
Flow = dict[str, Any]


LINES: Final = by_line
"""A record is a line where a text has one a line."""


def sniff(head: bytes) -> bool:
    """Tell by a verdict, and by what else only events of Hubble have."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    start = bool(_MESSAGE.match(head)) or head.lstrip()[:1] == b"["
    return start and bool(_FLOW.search(head) and _POINTS.search(head))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row for each event; names that DNS answers gave are told."""
    for found in portions((_row(each, told) for each in values(source, told)), SCHEMA):
        bad = found.filter(pl.col("state") != OK)
        if len(bad):
            if GONE in bad["state"]:
                told.limits.add(LOST)
            yield bad.lazy().select("record", "status", detail="state")
        if len(bad) < len(found):
            told.notes.add(COUNTED)
        yield _flows(found.lazy().filter(pl.col("state") == OK))


def _row(value: Value, told: Told) -> tuple[Any, ...]:
    """Make a row of SCHEMA of a message."""
    message = value.value
    if value.status:
        return _none(value.record, value.detail, value.status)
    if not isinstance(message, dict):
        return _none(value.record, OTHER)
    flow = child(message, "flow") or (message if "verdict" in message or "IP" in message else {})
    if not flow:
        lost = "lost_events" in message
        return _none(value.record, GONE if lost else NO_FLOW if any(each in message for each in MESSAGES) else OTHER)
    ends = child(flow, "IP")
    src, dst = ends.get("source"), ends.get("destination")
    if not (isinstance(src, str) and src and isinstance(dst, str) and dst):
        return _none(value.record, NO_IP)
    transport, ports, flags = _carried(child(flow, "l4"))
    if None in ports:
        return _none(value.record, TORN)
    observer, app = _observer(message, flow), _app(child(flow, "l7"))
    reply = flow.get("is_reply", flow.get("reply"))
    opened = _opened(transport, ports, app, reply)
    if app == "dns":
        _answers(child(child(flow, "l7"), "dns"), observer, told)
    return (
        value.record, OK, OK, observer, transport, app, OUTCOMES.get(text(flow, "verdict")),
        "yes" if ends.get("encrypted") is True else "", opened, flags, src, dst, *ports, *_names(flow),
        *_sites(flow), text(flow, "time") or text(message, "time"), reply is True,
    )  # fmt: skip


def _none(record: int, why: str, status: str = "") -> tuple[Any, ...]:
    return (record, why, status or STATUS[why], *[None] * (len(SCHEMA) - 3))


def _carried(layer: Flow) -> tuple[str, tuple[int | None, int | None], int | None]:
    """Return the transport, both ports, and the flags of TCP."""
    for name, transport in TRANSPORTS.items():
        if name in layer:
            inner = child(layer, name)
            ports = whole(inner.get("source_port", 0), 65535), whole(inner.get("destination_port", 0), 65535)
            set_ = child(inner, "flags")
            flags = sum(bit for flag, bit in FLAGS.items() if set_.get(flag) is True) if set_ else None
            return transport, ports, flags
    return "", (0, 0), None


def _app(layer: Flow) -> str:
    return next((name for name in ("dns", "http") if name in layer), "")


def _opened(transport: str, ports: tuple[int | None, ...], app: str, reply: Any) -> str:
    """Say how it is known who opened the connection, if it is.

    Tracking that began within a connection takes whoever speaks first for the opener, so nobody is said to have
    opened one from a well-known port to another one.
    """
    if not isinstance(reply, bool) or None in ports:
        return ""
    if app in ("dns", "http"):
        return "protocol"
    here, there = (port or 0 for port in (ports[::-1] if reply else ports))
    return "handshake" if transport == "tcp" and not here < 1024 <= there else ""


def _observer(message: Flow, flow: Flow) -> str:
    """Return the cluster, in which an address means one pod: it stands before the node's name, or with the ends."""
    node = text(flow, "node_name") or text(message, "node_name")
    clusters = [node.rpartition("/")[0], *(text(child(flow, end), "cluster_name") for end in ("source", "destination"))]
    return next(filter(None, clusters), "")


def _names(flow: Flow) -> list[str]:
    """Return what DNS called each end, as the agent remembers it."""
    found = [flow.get(f"{end}_names") for end in ("source", "destination")]
    known = [each[0] if isinstance(each, list) and len(each) == 1 else None for each in found]
    return [each if isinstance(each, str) and len(each) <= LONGEST else "" for each in known]


def _sites(flow: Flow) -> list[str]:
    """Return the region of each end that runs on the node which saw it: only such ends have an endpoint's number."""
    labels = flow.get("node_labels")
    if not isinstance(labels, list):
        return ["", ""]
    given = dict(each.split("=", 1) for each in labels[:MOST] if isinstance(each, str) and "=" in each)
    for start, (provider, name) in REGIONS.items():
        region = given.get(name, "")
        if _REGION.fullmatch(region) and any(label.startswith(start) for label in given):
            here = f"{provider}/{region}"
            return [here if whole(child(flow, end).get("ID")) else "" for end in ("source", "destination")]
    return ["", ""]


def _answers(layer: Flow, observer: str, told: Told) -> None:
    """Tell the names that an answer gave addresses."""
    name, found = text(layer, "query").rstrip("."), layer.get("ips")
    if name and isinstance(found, list):
        for address in found[:MOST]:
            if isinstance(address, str) and 0 < len(address) < 64:
                told.name(observer, address, name)


def _flows(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Give events the columns of LOG; if the other end is known to have opened the connection, it comes first."""
    time = written(pl.col("time"))
    whole = rows.with_columns(
        first_ns=time,
        last_ns=time,
        detail=pl.when(time == 0).then(pl.lit("time out of range")).otherwise(pl.lit("")),
        src_packets=pl.lit(1, pl.Int64),
        src_bytes=pl.lit(0, pl.Int64),
        dst_packets=pl.lit(None, pl.Int64),
        dst_bytes=pl.lit(None, pl.Int64),
        dst_flags=pl.lit(None, pl.Int32),
    )
    return turned(whole, pl.col("reply") & (pl.col("opened") != "")).drop("state", "status", "time", "reply")
