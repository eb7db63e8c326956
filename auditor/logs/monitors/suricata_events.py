"""One event of Suricata as rows: between whom, what came of it, and what it tells of names."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from auditor.logs.model import Told
from auditor.logs.monitors import apps
from auditor.logs.monitors.fields import (
    UNTIMED,
    ZONELESS,
    Row,
    call,
    count,
    is_address,
    moment,
    name,
    port,
    text,
    transport,
)
from auditor.model.flow import CARRIED, OFFERED, REJECTED
from auditor.model.status import NO_ADDRESS, UNSUPPORTED

Event = dict[str, Any]

WITHOUT: Final = frozenset(("stats", "engine", "packetpool", "files", "arp", "ether"))
"""Kinds of events that tell of no addresses of IP."""
CLIENTS: Final = frozenset(
    "dns tls quic http http2 ssh rdp smtp ftp ftp_data pop3 imap mysql pgsql rfb krb5 ldap mqtt smb dcerpc nfs modbus "
    "dnp3 enip telnet websocket doh2 redis".split()
)
"""Kinds of events of protocols with a client, which asked, and a server."""
STREAMS: Final = CLIENTS - frozenset("dns quic krb5 nfs enip".split())
"""Those of them that run over TCP: an event is of a connection that was there."""
SERVED: Final = {
    "dns": (53,), "tls": (443,), "http": (80, 8080), "ssh": (22,), "rdp": (3389,), "smtp": (25, 587), "mdns": (5353,),
}  # fmt: skip
DROPPED: Final = "The monitor dropped packets before it looked at them; what they carried was not examined."
_SYN, _RST = 2, 4


def rows(event: Event, record: int, told: Told) -> Iterator[Row]:
    """Make the rows of one event, the first of which counts as the record."""
    kind = text(event["event_type"]).lower()
    ends = text(event.get("src_ip")), text(event.get("dest_ip"))
    if kind == "stats":
        _watch(event, told)
    if not all(ends):
        partly = any(ends)
        why = "names one end only" if partly else ""
        yield {"record": record, "status": UNSUPPORTED if partly else NO_ADDRESS, "detail": why}
        return
    row = _common(event, record, told) | READERS.get(kind, _other)(kind, event, told)
    turned = row.pop("turned", False)
    yield _turned(row) if turned else row
    if kind == "sip":
        yield from _offered(event, row)


def _watch(event: Event, told: Told) -> None:
    """Tell of packets that the kernel dropped."""
    stats = _inside(event, "stats")
    counters = _inside(stats, "capture"), *(_inside(each, "capture") for each in _inside(stats, "threads").values())
    if any(count(each.get(key)) for each in counters for key in ("kernel_drops", "rx_dropped", "nfq_dropped")):
        told.limits.add(DROPPED)


def _inside(value: Any, key: str) -> Event:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _common(event: Event, record: int, told: Told) -> Row:
    src, dst = text(event.get("src_ip")), text(event.get("dest_ip"))
    first, zoneless = moment(event.get("timestamp"))
    if not first or zoneless:
        told.notes.add(ZONELESS if first else UNTIMED)
    flow_id = event.get("flow_id")
    return {
        "record": record,
        "detail": "" if first else "no time that can be read",
        "observer": text(event.get("host")),
        "tie": text(flow_id) or None,
        "transport": transport(event.get("proto"), src),
        "first_ns": first,
        "last_ns": first,
        "src_addr": src,
        "dst_addr": dst,
        "src_port": port(event.get("src_port")),
        "dst_port": port(event.get("dest_port")),
    }


def _turned(row: Row) -> Row:
    """Exchange the ends of a row."""
    other = {"src_": "dst_", "dst_": "src_"}
    return {other[key[:4]] + key[4:] if key[:4] in other else key: value for key, value in row.items()}


def _span(of: Event, row: Row) -> Row:
    """Return when a flow began and ended, where the event says so."""
    times = [moment(of.get(key))[0] for key in ("start", "end")]
    return {key: ns for key, ns in zip(("first_ns", "last_ns"), times, strict=True) if ns} | row


def _flags(tcp: Event, key: str) -> int | None:
    """Read flags as they are written, in hexadecimal."""
    value = tcp.get(key)
    return int(value, 16) & 0xFF if isinstance(value, str) and _HEX.match(value) else None


_HEX: Final = re.compile(r"[0-9a-fA-F]{1,2}\Z")


def _app(event: Event) -> str:
    proto = text(event.get("proto")).lower()
    return apps.of_suricata(text(event.get("app_proto")), proto)


def flow(kind: str, event: Event, told: Told) -> Row:
    """flow: both directions, `src` is who sent the first packet that was seen; the flags say who opened it."""
    of, tcp = _inside(event, "flow"), _inside(event, "tcp")
    there, back = _flags(tcp, "tcp_flags_ts"), _flags(tcp, "tcp_flags_tc")
    sent, got = count(of.get("pkts_toserver")) or 0, count(of.get("pkts_toclient")) or 0
    opened = "handshake" if ((there or 0) | (back or 0)) & _SYN else ""
    outcome = CARRIED if sent and got else None  # flags of one direction may tell that there was another
    if sent and got and (back or 0) & _RST and not (back or 0) & _SYN and (there or 0) & _SYN:
        outcome = REJECTED
    stopped = of.get("action") in ("drop", "reject") or _inside(event, "verdict").get("action") in ("drop", "reject")
    if stopped and not (sent and got):  # else it was let through until then
        outcome = REJECTED
    return _span(of, {
        "app": _app(event), "opened": opened, "outcome": outcome, "src_flags": there, "dst_flags": back,
        "src_packets": sent, "dst_packets": got,
        "src_bytes": count(of.get("bytes_toserver")) or 0, "dst_bytes": count(of.get("bytes_toclient")) or 0,
    })  # fmt: skip


def netflow(kind: str, event: Event, told: Told) -> Row:
    """netflow: one direction of a flow."""
    of = _inside(event, "netflow")
    return _span(of, {
        "app": _app(event), "src_packets": count(of.get("pkts")) or 0, "src_bytes": count(of.get("bytes")) or 0,
        "src_flags": _flags(_inside(event, "tcp"), "tcp_flags"),
    })  # fmt: skip


def _packet(kind: str, event: Event, told: Told) -> Row:
    """Alerts and the like: of a packet, so in its direction; what the flow counted until then says what came of it."""
    of = _inside(event, "flow")
    got = count(of.get("pkts_toclient"))
    blocked = kind == "drop" or _inside(event, "alert").get("action") == "blocked"
    row: Row = {"app": _app(event), "turned": event.get("direction") == "to_client"}
    if of.get("src_ip") == event.get("dest_ip") and of.get("src_port") == event.get("dest_port") and "src_ip" in of:
        row["turned"] = True
    if blocked:
        row["outcome"] = REJECTED
    elif got is not None:
        row["outcome"] = CARRIED if got and count(of.get("pkts_toserver")) else None
    start = moment(of.get("start"))[0]
    return row | ({"first_ns": start} if start else {})


def _asked(kind: str, event: Event, told: Told) -> Row:
    """A transaction between a client and a server; older versions write it in the direction of the last packet."""
    proto = text(event.get("proto")).lower()
    app = apps.of_suricata(kind, proto) or _app(event)
    served = SERVED.get(kind, ())
    src, dst = event.get("src_port"), event.get("dest_port")
    row: Row = {"app": app, "opened": "protocol", "turned": src in served and dst not in served}
    if kind in STREAMS and proto == "tcp":
        row["outcome"] = CARRIED
    return row


def tls(kind: str, event: Event, told: Told) -> Row:
    """tls: the name that was asked for, and whether the server chose a version."""
    of = _inside(event, "tls")
    version = text(of.get("version"))
    chosen = bool(version) and version.upper() != "UNDETERMINED"
    row = _asked(kind, event, told)
    side = "src_name" if row["turned"] else "dst_name"
    return row | {side: name(of.get("sni")), "encrypted": "yes" if chosen else ""}


def quic(kind: str, event: Event, told: Told) -> Row:
    """quic: the name that was asked for; an event may be of the client's first packet alone."""
    return _asked(kind, event, told) | {"dst_name": name(_inside(event, "quic").get("sni"))}


def http(kind: str, event: Event, told: Told) -> Row:
    """http: the host that was asked for."""
    row, host = _asked(kind, event, told), text(_inside(event, "http").get("hostname"))
    plain = {} if is_address(host) else {"src_name" if row["turned"] else "dst_name": name(host)}
    return row | plain | {"encrypted": "no"}


def dns(kind: str, event: Event, told: Told) -> Row:
    """dns: a query or an answer, whose addresses are the ends of other flows."""
    of = _inside(event, "dns")
    answer = of.get("type") in ("answer", "response")
    row = _asked("dns", event, told)
    if answer and not row["turned"] and not any(event.get(key) in (53, 5353) for key in ("src_port", "dest_port")):
        row["opened"] = ""  # on another port: a server's answer, or what older versions wrote in the client's direction
    observer = text(event.get("host"))
    for query, answers in _answers(of):
        addresses = [each for each in answers if is_address(each)]
        names = {name(each) for each in (query, *answers) if each not in addresses} - {""}
        for address in addresses:
            for each in names:
                told.name(observer, address, each)
    if row["app"] == "dns" and any(event.get(key) == 5353 for key in ("src_port", "dest_port")):
        row |= {"app": "mdns", "opened": ""}
    return row | {"outcome": CARRIED if answer else None}


def _answers(of: Event) -> Iterator[tuple[str, list[str]]]:
    """List what was asked and answered: version 1 has an answer an event, 2 lists them, 3 lists queries as well."""
    asked = text(of.get("rrname"))
    queries = of.get("queries")
    if not asked and isinstance(queries, list) and len(queries) == 1:
        asked = text(_inside({"q": queries[0]}, "q").get("rrname"))
    if of.get("rrtype") in ("A", "AAAA") and text(of.get("rdata")):
        yield asked, [text(of["rdata"])]
    answers = of.get("answers")
    if isinstance(answers, list):
        kept = [each for each in answers[:1_000] if isinstance(each, dict)]
        yield asked, [text(each.get("rdata")) for each in kept if each.get("rrtype") in ("A", "AAAA", "CNAME")]
    for values in (_inside(of, "grouped").get(key) for key in ("A", "AAAA")):
        if isinstance(values, list):
            yield asked, [text(each) for each in values[:1_000]]


def sip(kind: str, event: Event, told: Told) -> Row:
    """sip: a request or a response in clear; only some versions name the call."""
    of = _inside(event, "sip")
    code = of.get("code")
    return {
        "app": "sip", "plane": "signalling", "encrypted": "no", "session": call(of.get("call_id")),
        "outcome": CARRIED if code else None,
    }  # fmt: skip


def _offered(event: Event, row: Row) -> Iterator[Row]:
    """List where a description of a session asks media to be sent (RFC 8866), as version 8 logs it."""
    sdp = _inside(_inside(event, "sip"), "sdp")
    described = sdp.get("media_descriptions")
    whole = _connection(sdp.get("connection_data"))
    for media in (described if isinstance(described, list) else [])[:64]:
        if not isinstance(media, dict) or not (found := _MEDIA.match(text(media.get("media")))):
            continue
        host = _connection(media.get("connection_data")) or whole
        if host and (number := port(found[1])):
            yield {
                **{key: row[key] for key in ("record", "observer", "session", "first_ns", "last_ns")},
                "records": 0, "basis": OFFERED, "transport": "udp", "plane": "media", "outcome": CARRIED,
                "src_addr": row["dst_addr"], "dst_addr": host, "dst_port": number,
            }  # fmt: skip


_MEDIA: Final = re.compile(r"[a-z]{1,16} (\d{1,5})(?:/\d{1,3})? ")
_CONNECTION: Final = re.compile(r"IN IP[46] ([0-9A-Fa-f.:]{2,45})(?:/\d{1,3}){0,2}\Z")


def _connection(value: Any) -> str:
    found = _CONNECTION.match(text(value))
    return found[1] if found and is_address(found[1]) and found[1] not in ("0.0.0.0", "::") else ""  # noqa: S104


def _other(kind: str, event: Event, told: Told) -> Row:
    """Any other event: that there was a flow, and by which protocol."""
    if kind in CLIENTS:
        return _asked(kind, event, told)
    return {"app": apps.of_suricata(kind, text(event.get("proto")).lower()) or _app(event)}


READERS: Final[dict[str, Callable[[str, Event, Told], Row]]] = {
    "flow": flow, "netflow": netflow, "tls": tls, "quic": quic, "http": http, "dns": dns, "mdns": dns, "sip": sip,
    "alert": _packet, "anomaly": _packet, "fileinfo": _packet, "drop": _packet,
}  # fmt: skip
