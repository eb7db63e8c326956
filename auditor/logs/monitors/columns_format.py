"""What may stand in a column map: its shape, before anything is looked up."""

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from auditor.model.schema import schema_of

ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[str, Meta(min_length=1, extra_json_schema={"pattern": f"^({ID.pattern})$"})]
One = Annotated[str, Meta(min_length=1, max_length=1)]
Unit = Literal["seconds", "milliseconds", "microseconds", "nanoseconds"]
Role = Literal["client", "server", "relay", "hop"]
Plane = Literal["media", "signalling", "keys", "recording", "management", "telemetry", "other"]
Outcome = Literal["carried", "unanswered", "rejected"]
Encrypted = Literal["yes", "no"]
Opened = Literal["src", "dst", "unknown"]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping whose keys are all known."""


class Columns(Strict, frozen=True):
    """Which column says what; of nested JSON, keys joined by a dot.

    src_addr: Address of the one end: of who opened the exchange, if the log knows.
    dst_addr: Address of the other end.
    src_port: Port.
    dst_port: Port.
    src_name: Name of the host.
    dst_name: Name of the host, such as a server name of TLS.
    src_role: Role; see `values`.
    dst_role: Role; see `values`.
    src_packets: Packets that src sent.
    dst_packets: Packets that dst sent. Left out, with `dst_bytes`: a record shows one direction.
    src_bytes: Bytes that src sent.
    dst_bytes: Bytes that dst sent.
    time: When it began, or when it happened.
    end: When it ended.
    duration: How long it lasted.
    transport: Name or number of the transport.
    app: Protocol; see `values`.
    plane: What it carried; see `values`.
    service: Identifier in the service catalogue; see `values`.
    session: Identifier of a call or meeting.
    account: Whose session it is.
    outcome: What came of it; see `values`.
    encrypted: Whether this very hop is encrypted; see `values`.
    opened: Which end opened it; see `values`.
    observer: Who saw it: where private addresses mean one machine each.
    """

    src_addr: Text
    dst_addr: Text
    src_port: Text = ""
    dst_port: Text = ""
    src_name: Text = ""
    dst_name: Text = ""
    src_role: Text = ""
    dst_role: Text = ""
    src_packets: Text = ""
    dst_packets: Text = ""
    src_bytes: Text = ""
    dst_bytes: Text = ""
    time: Text = ""
    end: Text = ""
    duration: Text = ""
    transport: Text = ""
    app: Text = ""
    plane: Text = ""
    service: Text = ""
    session: Text = ""
    account: Text = ""
    outcome: Text = ""
    encrypted: Text = ""
    opened: Text = ""
    observer: Text = ""


class Constants(Strict, frozen=True):
    """What holds of every record.

    transport: Name or number of the transport.
    app: Protocol, as the flow table calls it.
    plane: What is carried.
    service: Identifier in the service catalogue.
    account: Whose sessions they are.
    outcome: What came of it.
    encrypted: Whether this very hop is encrypted.
    opened: Which end opened it.
    observer: Who saw it.
    src_port: Port of src.
    dst_port: Port of dst.
    src_role: Role of src.
    dst_role: Role of dst.
    """

    transport: Text | None = None
    app: Text | None = None
    plane: Plane | None = None
    service: Text | None = None
    account: Text | None = None
    outcome: Outcome | None = None
    encrypted: Encrypted | None = None
    opened: Opened | None = None
    observer: Text | None = None
    src_port: Annotated[int, Meta(ge=0, le=65535)] | None = None
    dst_port: Annotated[int, Meta(ge=0, le=65535)] | None = None
    src_role: Role | None = None
    dst_role: Role | None = None


class Values(Strict, frozen=True):
    """What the words in columns mean; a record with a word that is not here does not fit.

    transport: Names or numbers of transports. Left out: as logs usually write them.
    app: Protocols, as the flow table calls them; empty: not known.
    plane: What is carried.
    service: Identifiers in the service catalogue; empty: not known.
    outcome: What came of it.
    encrypted: Whether this very hop is encrypted.
    opened: Which end opened it.
    src_role: Roles.
    dst_role: Roles.
    """

    transport: dict[str, str] = {}
    app: dict[str, str] = {}
    plane: dict[str, Plane] = {}
    service: dict[str, str] = {}
    outcome: dict[str, Outcome] = {}
    encrypted: dict[str, Encrypted] = {}
    opened: dict[str, Opened] = {}
    src_role: dict[str, Role] = {}
    dst_role: dict[str, Role] = {}


class Times(Strict, frozen=True):
    """How times are written.

    format: iso: ISO 8601. seconds, milliseconds, microseconds, nanoseconds: since 1970. Else a pattern such as
        `%d.%m.%Y %H:%M:%S`.
    zone: Of times that bear none: `UTC`, an offset such as `+02:00`, or a zone such as `Europe/Berlin`. Left out: they
        are read as UTC, and the report says so.
    duration: Unit of durations.
    """

    format: Text = "iso"
    zone: Text = ""
    duration: Unit = "seconds"


class File(Strict, frozen=True):
    """A column map: how to read a table or a list of JSON objects.

    name: What reports call the format.
    format: csv: lines of fields. json: an object a line, or a list of them. parquet: a file of Parquet.
    columns: Which column says what.
    constants: What holds of every record.
    values: What words mean.
    times: How times are written.
    separator: Of csv: the character between fields. Left out: a comma.
    quote: Of csv: the character around fields that hold a separator. Left out: a double quote; empty: none.
    header: Of csv without a line of names: the names of all columns, in their order.
    missing: Texts that mean that nothing is known. Left out: an empty field, and `-`.
    call_ids: Sessions are Call-IDs of SIP: they meet those of captures.
    """

    name: Id
    format: Literal["csv", "json", "parquet"]
    columns: Columns
    constants: Constants = Constants()
    values: Values = Values()
    times: Times = Times()
    separator: One = ","
    quote: Annotated[str, Meta(max_length=1)] = '"'
    header: tuple[Text, ...] = ()
    missing: tuple[str, ...] = ("", "-")
    call_ids: bool = False


def schema() -> str:
    """Write the JSON Schema of a column map."""
    return schema_of(File, "urn:residency-auditor:auditor-columns:v1", "Column map of residency-auditor")
