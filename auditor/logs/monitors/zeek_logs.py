"""The logs of Zeek, as rows: what a connection was, who was asked, what a certificate was for, where a call went.

Both writers, TSV and JSON, hand over the same columns: texts of Zeek's fields, null where unset, `ts` and `duration`
in nanoseconds.  Fields: Book of Zeek, "Log Files", and the `Info` records of base/protocols.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import polars as pl

from auditor.logs.model import Told, unread
from auditor.logs.monitors import apps, fields, zeek_conn
from auditor.logs.monitors.fields import UNTIMED
from auditor.logs.monitors.zeek_sip import sip
from auditor.logs.tables import NUMBER
from auditor.model.flow import CARRIED, UNANSWERED, inside
from auditor.model.status import NO_ADDRESS, UNSUPPORTED

ENDS: Final = ("id.orig_h", "id.resp_h")
PORTS: Final = ("id.orig_p", "id.resp_p")
ELSEWHERE: Final = "\0elsewhere"
"""Name of the column that says whether a record names addresses that are not those of a connection."""
TEXTS: Final = (
    *ENDS, *PORTS, "uid", "proto", "ip_proto", "service", "orig_bytes", "resp_bytes", "conn_state", "missed_bytes",
    "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes", "tunnel_parents", "_system_name", "query",
    "qtype_name", "rcode", "rcode_name", "rtt", "answers", "version", "cipher", "server_name", "established",
    "server_scid", "method", "call_id", "seq", "request_path", "response_path", "status_code", "host", "percent_lost",
    "pkts_dropped", "note", "client_addr", "server_addr",
)  # fmt: skip
WANTED: Final = frozenset((*TEXTS, "ts", "duration"))

LOST: Final = "The monitor lost packets before it saw them; what they carried was not examined."
MISSED: Final = "Bytes of some connections were missed by the monitor; who was connected with whom is known of them."
NO_TIME: Final = "no time that can be read"

CLIENTS: Final = frozenset(
    "http ssh rdp ftp smtp mysql postgresql rfb kerberos ldap ldap_search imap pop3 irc mqtt_connect smb_mapping "
    "smb_files ntlm dce_rpc socks modbus dnp3 redis websocket".split()
)
"""Logs of protocols over TCP with a client, which asked, and a server: a record is of a connection that was there."""
APPS: Final = {"rfb": "vnc", "smtp": "mail", "files": "", "tunnel": "", "stun_nat": "stun"}

_NOTHING: Final = {name: pl.lit(None, pl.String).alias(name) for name in TEXTS}


def rows_of(path: str, found: pl.DataFrame, inner: str, told: Told) -> Iterator[pl.LazyFrame]:
    """Make rows of one kind of log (`path`): flows of what names both ends of a connection, else a status."""
    found = found.with_columns(given for name, given in _NOTHING.items() if name not in found.columns)
    _watch(path, found, told)
    if path == "dhcp":
        found = found.with_columns(pl.col("client_addr").alias(ENDS[0]), pl.col("server_addr").alias(ENDS[1]))
    both = pl.col(ENDS[0]).is_not_null() & pl.col(ENDS[1]).is_not_null()
    rest = found.filter(~both)
    if len(rest):
        tells = pl.any_horizontal(pl.col(*ENDS, "client_addr", "server_addr").is_not_null(), pl.col(ELSEWHERE))
        tells = tells | pl.lit(path in ONE_SIDED)
        for some, status, detail in (
            (rest.filter(~tells), NO_ADDRESS, ""),
            (rest.filter(tells), UNSUPPORTED, "names addresses, but not both ends of a connection"),
        ):
            if len(some):
                yield unread(some[NUMBER].to_list(), status, detail)
        found = found.filter(both)
    if not len(found):
        return
    if path == "sip":
        yield from sip(found, inner, told)
        return
    reader = READERS.get(path, _generic)
    yield from reader(path, found, common(found, told), inner, told)


ONE_SIDED: Final = frozenset("files known_hosts known_services known_certs software traceroute netcontrol".split())
"""Logs whose addresses stand in other fields."""


def _watch(path: str, found: pl.DataFrame, told: Told) -> None:
    """Tell of what the monitor did not see."""
    lost = found["percent_lost"].cast(pl.Float64, strict=False) > 0
    dropped = found["pkts_dropped"].cast(pl.Float64, strict=False) > 0
    noticed = found["note"].str.contains("Dropped_Packets|CaptureLoss::")
    if lost.any() or (dropped.any() and path == "stats") or noticed.any():
        told.limits.add(LOST)
    if path == "conn" and (found["missed_bytes"].cast(pl.Int64, strict=False) > 0).any():
        told.notes.add(MISSED)


def common(found: pl.DataFrame, told: Told) -> dict[str, Any]:
    """Return the columns that every record of a connection has."""
    timed = found["ts"] != 0
    if not timed.all():
        told.notes.add(UNTIMED)
    return {
        "record": pl.col(NUMBER),
        "detail": pl.when(pl.col("ts") != 0).then(pl.lit("")).otherwise(pl.lit(NO_TIME)),
        "observer": pl.col("_system_name").fill_null(""),
        "tie": pl.col("uid"),
        "transport": transport(found),
        "first_ns": pl.col("ts"),
        "last_ns": pl.col("ts"),
        "src_addr": pl.col(ENDS[0]),
        "dst_addr": pl.col(ENDS[1]),
        "src_port": number(PORTS[0], 65535, pl.Int32),
        "dst_port": number(PORTS[1], 65535, pl.Int32),
    }


def number(name: str, most: int = fields.GREATEST, kind: Any = pl.Int64) -> pl.Expr:
    """Read a whole number that is not negative; 0 for what is none."""
    value = pl.col(name).cast(pl.Int64, strict=False)
    return pl.when(value.is_between(0, most)).then(value).otherwise(0).cast(kind)


def transport(found: pl.DataFrame) -> pl.Expr:
    """Name the transport by `proto`, or by `ip_proto` where Zeek knows only a number."""
    names = {each: fields.transport(each) for each in found["proto"].drop_nulls().unique().to_list()}
    numbers = {each: fields.transport(each) for each in found["ip_proto"].drop_nulls().unique().to_list()}
    if set(names) <= {"tcp", "udp"}:
        return pl.col("proto").fill_null("")
    named = pl.col("proto").replace_strict(names, default="", return_dtype=pl.String)
    by_number = pl.col("ip_proto").replace_strict(numbers or {"": ""}, default="", return_dtype=pl.String)
    found_by = pl.when(named == "").then(by_number).otherwise(named)
    six = (named == "icmp") & pl.col(ENDS[0]).str.contains(":", literal=True)
    return pl.when(six).then(pl.lit("icmp6")).otherwise(found_by)


Columns = dict[str, Any]


def _put(found: pl.DataFrame, columns: Columns) -> Iterator[pl.LazyFrame]:
    yield found.lazy().select(value.alias(name) for name, value in columns.items())


def conn(path: str, found: pl.DataFrame, columns: Columns, inner: str, told: Told) -> Iterator[pl.LazyFrame]:
    """conn.log: a row a connection, with counts of both directions."""
    found, decided = zeek_conn.decided(found)
    tunnelled = pl.col("tunnel_parents").fill_null("") != ""
    observer = columns["observer"]
    columns = columns | {
        "last_ns": pl.when(pl.col("ts") != 0).then(pl.col("ts") + pl.col("duration")).otherwise(0),
        "observer": pl.when(tunnelled).then((observer + pl.lit(inside(""))).str.strip_chars()).otherwise(observer),
        **zeek_conn.counts(found),
        **decided,
    }
    yield from zeek_conn.put(found, columns)


def dns(path: str, found: pl.DataFrame, columns: Columns, inner: str, told: Told) -> Iterator[pl.LazyFrame]:
    """dns.log: a row a query, to the server that was asked; what it answered are names of the ends of other flows."""
    asked = pl.any_horizontal(pl.col("rcode", "rcode_name", "answers").is_not_null())
    rtt = pl.col("rtt").cast(pl.Float64, strict=False).fill_null(0).clip(0, 3600)
    by_port = {5353: "mdns", 5355: "llmnr", 137: "netbios"}
    app = number(PORTS[1]).replace_strict(by_port, default="dns", return_dtype=pl.String)
    later = pl.when(pl.col("ts") != 0).then(pl.col("ts") + (rtt * 1e6).round().cast(pl.Int64) * 1000).otherwise(0)
    columns = columns | {
        "app": app,
        "opened": pl.when(app == "dns").then(pl.lit("protocol")).otherwise(pl.lit("")),
        "outcome": pl.when(asked).then(pl.lit(CARRIED)).otherwise(pl.lit(UNANSWERED)),
        "last_ns": later,
    }
    answered = found.filter(pl.col("qtype_name").is_in(["A", "AAAA", "*"]).fill_null(True) & (pl.col("query") != ""))
    some = answered.select(pl.col("_system_name").fill_null(""), "query", "answers").drop_nulls().unique()
    for observer, query, answers in some.iter_rows():
        tell_names(told, observer, query, answers.split(inner))
    yield from _put(found, columns)


def tell_names(told: Told, observer: str, query: str, answers: list[str]) -> None:
    """Tell what addresses among answers are called: as was asked, and by the canonical names on the way."""
    addresses = [each for each in answers if fields.is_address(each)]
    if not addresses:
        return
    names = {fields.name(each) for each in (query, *answers) if each not in addresses} - {""}
    for address in addresses:
        for name in names:
            told.name(observer, address, name)


def ssl(path: str, found: pl.DataFrame, columns: Columns, inner: str, told: Told) -> Iterator[pl.LazyFrame]:
    """ssl.log: TLS and DTLS; `established` says that both sides finished the handshake."""
    datagrams = pl.col("version").str.starts_with("DTLS").fill_null(False)
    answered = pl.col("version").is_not_null() | pl.col("cipher").is_not_null()
    clear = pl.col("cipher").str.contains("_NULL_|^TLS_SHA(256|384)_SHA").fill_null(False)  # RFC 9150
    done = (pl.col("established") == "T").fill_null(False)
    columns = columns | {
        "transport": pl.when(datagrams).then(pl.lit("udp")).when(answered).then(pl.lit("tcp")).otherwise(pl.lit("")),
        "app": pl.when(datagrams).then(pl.lit("dtls")).otherwise(pl.lit("tls")),
        "opened": pl.lit("protocol"),
        "outcome": pl.when(answered).then(pl.lit(CARRIED)),
        "encrypted": pl.when(done & clear).then(pl.lit("no")).when(done).then(pl.lit("yes")).otherwise(pl.lit("")),
        "dst_name": names(found, "server_name"),
    }
    yield from _put(found, columns)


def quic(path: str, found: pl.DataFrame, columns: Columns, inner: str, told: Told) -> Iterator[pl.LazyFrame]:
    """quic.log: lower-case letters of `history` are the server's."""
    answered = pl.col("history").str.contains("[a-z]").fill_null(False) | (pl.col("server_scid").fill_null("") != "")
    columns = columns | {
        "transport": pl.lit("udp"),
        "app": pl.lit("quic"),
        "opened": pl.lit("protocol"),
        "outcome": pl.when(answered).then(pl.lit(CARRIED)).otherwise(pl.lit(UNANSWERED)),
        "encrypted": pl.when(answered).then(pl.lit("yes")).otherwise(pl.lit("")),
        "dst_name": names(found, "server_name"),
    }
    yield from _put(found, columns)


def names(found: pl.DataFrame, column: str) -> pl.Expr:
    """Write names of hosts as readers of captures do."""
    known = {each: fields.name(each) for each in found[column].drop_nulls().unique().to_list()}
    if not known:
        return pl.lit("")
    return pl.col(column).replace_strict(known, default="", return_dtype=pl.String)


def _generic(path: str, found: pl.DataFrame, columns: Columns, inner: str, told: Told) -> Iterator[pl.LazyFrame]:
    """Any other log of connections, also those of packages: that there was one, between whom, and by which protocol."""
    app = APPS.get(path, apps.of_zeek(path))
    columns = columns | {"app": pl.lit(app)}
    if path in CLIENTS:
        tcp = pl.when(columns["transport"] == "").then(pl.lit("tcp")).otherwise(columns["transport"])
        carried = {"transport": tcp, "outcome": pl.lit(CARRIED), "opened": pl.lit("protocol")}
        columns = columns | (carried if path != "kerberos" else {"opened": pl.lit("protocol")})
    if path == "http":
        columns = columns | {"dst_name": names(found.with_columns(_without_port()), "host"), "encrypted": pl.lit("no")}
        found = found.with_columns(_without_port())
    yield from _put(found, columns)


def _without_port() -> pl.Expr:
    """The host of a request, without its port; a literal address is no name."""
    host = pl.col("host").str.replace(r":\d{1,5}$", "")
    return pl.when(~host.str.contains(r"^[\d.]+$|[\[\]:]")).then(host).alias("host")


READERS: Final[dict[str, Callable[..., Iterator[pl.LazyFrame]]]] = {"conn": conn, "dns": dns, "ssl": ssl, "quic": quic}
