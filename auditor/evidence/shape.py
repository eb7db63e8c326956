"""The shape of an explained finding, `auditor-finding/v1`: declared apart from the inside, as `report.shape` is.

Within v1 fields may be added, never renamed, retyped or removed.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from auditor.report.shape import Count, Finding, Input, Rule, Shape, Time, Tool, schema_of

SCHEMA_ID: Final = "urn:residency-auditor:auditor-finding:v1"


class Record(Shape):
    """A packet of an exchange."""

    source: str
    record: Annotated[Count, Meta(description="Packet number there, from 1: frame.number in Wireshark.")]
    time: Time
    forward: Annotated[bool, Meta(description="True: from `src` of the exchange to its `dst`.")]
    kind: Annotated[
        str, Meta(description="What the payload is: sip, rtp, tls, ...; other: not recognised; empty: none.")
    ]
    bytes: Annotated[Count, Meta(description="Of the packet on the wire.")]
    payload: Annotated[Count, Meta(description="Bytes behind the transport header.")]


class End(Shape):
    address: str
    port: Count
    name: Annotated[str, Meta(description="By DNS answers or a TLS server name; several are parted by spaces.")]
    role: Annotated[str, Meta(description="client, server, relay, hop or unknown (a participant or a place).")]
    label: str
    site: str


class Exchange(Shape):
    """What went between two ends."""

    why: Annotated[str, Meta(description="Why it is evidence: touches the place; same session; its RTCP or RTP.")]
    sessions: Annotated[list[str], Meta(description="Calls that it belongs to; empty: it is a session of its own.")]
    vantage: str
    transport: str
    app: str
    plane: str
    basis: str
    outcome: Annotated[str, Meta(description="Empty: it carried something; unanswered or rejected: an attempt.")]
    opened: Annotated[str, Meta(description="How it is known that `src` opened it; empty: it is not known.")]
    src: End
    dst: End
    packets: Count
    bytes: Count
    first: Time
    last: Time
    records: Annotated[list[Record], Meta(description="The first of its packets.")]


class Message(Shape):
    """A single packet that says something, or a name that the capture file itself brings along (record 0)."""

    source: str
    record: Count
    time: Time
    why: str
    says: Annotated[list[str], Meta(description="What it says, in our words.")]
    text: Annotated[list[str], Meta(description="Its lines, if it is text; keys and passwords are left out.")]
    unit: Annotated[str, Meta(description="What `record` numbers: packet or log record.")] = "packet"


class Shown(Shape):
    format: Literal["auditor-finding/v1"]
    tool: Tool
    finding: Finding
    rule: Rule
    messages: Annotated[list[Message], Meta(description="The first of `message_count`.")]
    message_count: Count
    exchanges: Annotated[list[Exchange], Meta(description="The first of `exchange_count`; those that touched first.")]
    exchange_count: Count
    inputs: list[Input]


def schema() -> str:
    """Write the JSON Schema (draft 2020-12) of an explained finding."""
    return schema_of(Shown, SCHEMA_ID, "Explained finding of residency-auditor, version 1")
