"""FLOW: the columns that every reader fills and every later room reads.

Signed integers and text only: distributed engines know no unsigned integers and cut timestamps to
microseconds.  One row is an exchange between two endpoints, or a count of records that could not be
read (`status` other than `ok`): nothing is dropped, so the packets of all rows equal those of the source.
"""

from typing import Any, Final

import polars as pl

from auditor.model.status import MALFORMED as MALFORMED
from auditor.model.status import NO_ADDRESS as NO_ADDRESS
from auditor.model.status import OK as OK
from auditor.model.status import ROLES as ROLES
from auditor.model.status import SOURCE_SHIFT as SOURCE_SHIFT
from auditor.model.status import TRUNCATED as TRUNCATED
from auditor.model.status import UNEXAMINED as UNEXAMINED
from auditor.model.status import UNSUPPORTED as UNSUPPORTED

SIDES: Final = ("src", "dst")

OBSERVED, ATTESTED, OFFERED, REPORTED, CONFIGURED = "observed", "attested", "offered", "reported", "configured"
PLANES: Final = ("media", "signalling", "keys", "recording", "management", "telemetry", "other")
NAMED: Final = "?"
"""Behind planes that only a name (DNS, TLS) tells: anybody can write one, so it can accuse and never excuse."""
HOST: Final = "@host:"
"""Before the name of a host that stands where no address is told."""
UNKNOWN: Final = "unknown"  # of a plane: any; of a role: a participant or a place
CARRIED, UNANSWERED, REJECTED = "", "unanswered", "rejected"  # outcome
PASSED: Final = "a tunnel: its packets are counted in the flows that it carried"
"""Detail of the row of a hop, which has no packets of its own."""
TOO_DEEP: Final = "wraps more IP headers than are read"
"""Detail of a flow whose packets hold further addresses, which were not read: it is judged, and keeps from passing."""
INSIDE: Final = "in tunnels"
"""Behind the name of a vantage: private addresses there need not be those of the vantage itself."""
ENCRYPTED, CLEAR, NOT_SHOWN = "yes", "no", ""
"""What is carried between these two ends (and nothing is said of the next hop).

`yes`: TLS, QUIC, DTLS or SSH that both sides speak, ESP; media on sockets, or in channels to a relay, that DTLS has
keyed, or of which both sides' descriptions ask for a secure profile.  `no`: signalling that could be read; media of
which a description asks for a plain profile and offers no keys.  Empty: the packets don't show it, as with media whose
signalling is not in the capture and with protocols that nobody has published; and STUN alone, which has nothing to
keep secret.
"""

RECORD: Final[dict[str, Any]] = {
    "source": pl.Int32,  # index into the inputs, sorted by name
    "record": pl.Int64,  # number of its first packet in that source, from 1
    "status": pl.String,
    "detail": pl.String,  # why, where status is not ok; else what is odd: fixed words of ours, never a stranger's text
    "basis": pl.String,
    "vantage": pl.String,  # name of the capture point, empty if undeclared
    "transport": pl.String,  # tcp, udp, sctp, icmp, icmp6, or ip/<number>
    "app": pl.String,  # sip, rtp, rtcp, stun, turn, dtls, tls, quic, dns, zoom, ...; empty: not recognised
    "plane": pl.String,  # one of PLANES, several joined by + in alphabetical order, or unknown; see NAMED
    "service": pl.String,  # id in the service catalogue, empty: not known
    "session": pl.String,  # null: the flow is its own
    "account": pl.String,  # whose session it is, where a record says so; empty: not known
    "meeting": pl.String,  # meetings that it belongs to by inference, joined by a space; null: none; never judged by
    "outcome": pl.String,
    "encrypted": pl.String,  # yes, no, or empty: what packets show of this very hop; see ENCRYPTED
    "opened": pl.String,  # how it is known that src opened it: handshake, protocol, or empty (not known)
    "first_ns": pl.Int64,  # nanoseconds since 1970-01-01 UTC
    "last_ns": pl.Int64,
    "src_packets": pl.Int64,  # sent by src
    "dst_packets": pl.Int64,
    "src_bytes": pl.Int64,  # on the wire, headers included
    "dst_bytes": pl.Int64,
    "records": pl.Int64,  # of a log, how many of them the row stands for; of a capture 0: its packets are its records
}
ENDPOINT: Final[dict[str, Any]] = {
    "addr": pl.String,  # RFC 5952 text; IPv4-mapped IPv6 is written as IPv4; null in rows without addresses
    "port": pl.Int32,
    "name": pl.String,  # what DNS answers or a TLS server name called it; several joined by a space, sorted
    "role": pl.String,  # client, server, relay, hop or unknown
    "label": pl.String,  # a participant's population and account; of a site, whose data it holds; see model.labels
    "site": pl.String,  # from the inventory, else empty
    "operator": pl.String,  # who runs it, empty: not known
    "claimed": pl.String,  # country set, empty: nothing is claimed
    "proven": pl.String,  # country set, `*`: nothing is proven
}
FLOW: Final = {**RECORD, **{f"{side}_{name}": kind for side in SIDES for name, kind in ENDPOINT.items()}}

DEFAULTS: Final[dict[str, Any]] = {
    "source": 0, "record": 0, "status": OK, "detail": "", "basis": OBSERVED, "vantage": "", "transport": "", "app": "",
    "plane": UNKNOWN, "service": "", "session": None, "account": "", "meeting": None, "outcome": CARRIED,
    "encrypted": NOT_SHOWN, "opened": "", "first_ns": 0, "last_ns": 0,
    "src_packets": 0, "dst_packets": 0, "src_bytes": 0, "dst_bytes": 0, "records": 0,
    **{f"{side}_{name}": value for side in SIDES for name, value in {
        "addr": None, "port": 0, "name": "", "role": UNKNOWN,
        "label": "", "site": "", "operator": "", "claimed": "", "proven": "*",
    }.items()},
}  # fmt: skip


def inside(vantage: str) -> str:
    """Name what is seen in tunnels that pass a vantage."""
    return f"{vantage} {INSIDE}".strip()


def frame(columns: dict[str, Any]) -> pl.DataFrame:
    """Build a FLOW frame from some of its columns; the others get their defaults.

    Values are sequences of one length or Polars series; raises what Polars raises on a wrong kind.
    """
    given = pl.DataFrame(columns, schema_overrides={k: FLOW[k] for k in columns})
    missing = [pl.lit(DEFAULTS[name], kind).alias(name) for name, kind in FLOW.items() if name not in columns]
    return given.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in FLOW.items())


def empty() -> pl.DataFrame:
    """Return a FLOW frame without rows."""
    return pl.DataFrame(schema=FLOW)
