"""What sessions of firewalls count, and what that shows of TCP: firewalls tell no flags, but how a session ended."""

from typing import Final, NamedTuple

from auditor.logs.monitors.fields import Row
from auditor.logs.protocols import ACK, FIN, RST

BARE: Final = 60
"""Bytes of an IPv4 packet that refuses a connection, at most: headers with some options (IPv6: 80)."""


class Counts(NamedTuple):
    """Packets and bytes from the client and from the server; None: not told."""

    sent: int | None
    got: int | None
    bytes_sent: int | None
    bytes_got: int | None

    @property
    def both(self) -> bool:
        """Say whether both sides sent anything."""
        return bool((self.sent or self.bytes_sent) and (self.got or self.bytes_got))

    def columns(self) -> Row:
        """Return the columns of counts."""
        return {
            "src_packets": self.sent or 0,
            "dst_packets": self.got or 0,
            "src_bytes": self.bytes_sent or 0,
            "dst_bytes": self.bytes_got or 0,
        }


def flags(counts: Counts, reason: str) -> Row:
    """Return the flags that the server must have sent, by how a TCP session ended.

    A server whose packets are all bare and that ended the session by a reset refused it; one that sent anything else
    answered.  Where the log counts no packets, bytes alone tell.
    """
    if not counts.both:
        return {}
    reason = reason.lower()
    packets, size = counts.got or 0, counts.bytes_got or 0
    reset = "rst" in reason or "reset" in reason
    by_client = "client" in reason
    if reset and not by_client and size <= BARE * max(packets, 1) and packets < 3:
        return {"dst_flags": RST | ACK}
    return {"dst_flags": FIN | ACK if "fin" in reason else ACK}
