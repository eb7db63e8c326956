"""Where captures and their reading fell short, in sentences for whoever reads the report."""

from typing import TYPE_CHECKING, Final

from auditor.read.directed import ONE_PORT
from auditor.read.streams.chains import MISSING

if TYPE_CHECKING:
    from auditor.read.scan import Scan

MESSAGES: Final = {
    "sip": "SIP messages", "websocket": "SIP messages on WebSocket", "sctp": "SIP messages on SCTP",
    "tls": "TLS ClientHellos", "dtls": "DTLS ClientHellos", "dns": "DNS answers",
}  # fmt: skip
"""What a reader calls the messages of each kind of stream."""


def of_captures(read: "Scan") -> tuple[str, ...]:
    """Say where captures fell short of what a reader would take for granted."""
    empty = [
        f"{entry.name} is empty: whatever was to be captured in it is not examined."
        for entry in read.inputs
        if not entry.bytes
    ]
    return (*empty, *_unfinished(read, missing=True))


def of_reading(read: "Scan") -> tuple[str, ...]:
    """Say what was there and could not be read, by limits of ours or for what it was: no such report passes."""
    found = []
    if read.coarse:
        found.append(
            "There are more streams of media than fit into memory, so media that no signalling announced were not "
            "recognised."
        )
    if read.coarse >= ONE_PORT:
        found.append("There are more flows than fit into memory, so flows were told apart by less than both ports.")
    if read.fragments_apart:
        found.append(
            "There are more fragmented packets than can be remembered, so later fragments stand without ports."
        )
    if read.tunnels_apart:
        found.append(
            "There are more wrapped flows than can be remembered, so the hops of tunnels stand without their sessions."
        )
    if read.quic_level:
        found.append(
            f"There are more QUIC connections than can be opened, so the server names of one in {2**read.quic_level:,} "
            "were read."
        )
    if read.said.level:
        found.append(
            f"There are more calls than fit into memory, so one in {2**read.said.level:,} was followed: what the "
            "signalling of the others says of their media and of the servers on their way was not examined."
        )
    return (*found, *_unfinished(read, missing=False))


def _unfinished(read: "Scan", missing: bool) -> list[str]:
    """Say which messages in several packets could not be read to their end; headers before the gap were.

    With `missing`, those of which the captures lack packets; else those that were there.
    """
    counts: dict[tuple[str, str], int] = {}
    for _, kind, why, messages in read.unfinished:
        if (why == MISSING) == missing:
            counts[kind, why] = counts.get((kind, why), 0) + messages
    return [
        f"Read only in part: {messages:,} {MESSAGES[kind]} ({why})." for (kind, why), messages in sorted(counts.items())
    ]
