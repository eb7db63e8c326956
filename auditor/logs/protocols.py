"""Transports by number, and how logs write them (IANA Protocol Numbers registry)."""

from typing import Final

import polars as pl

from auditor.read.layout import TRANSPORTS

TCP: Final = 6
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
"""TCP flags (RFC 9293, section 3.1)."""
NAMES: Final = [TRANSPORTS.get(number, f"ip/{number}") for number in range(256)]
WORDS: Final = {
    "icmp": "icmp", "tcp": "tcp", "udp": "udp", "sctp": "sctp", "icmp6": "icmp6", "icmpv6": "icmp6",
    "ipv6-icmp": "icmp6", "icmp-v6": "icmp6", "igmp": "ip/2", "ipip": "ip/4", "ipencap": "ip/4", "egp": "ip/8",
    "igp": "ip/9", "ipv6": "ip/41", "rsvp": "ip/46", "gre": "ip/47", "esp": "ip/50", "ah": "ip/51", "eigrp": "ip/88",
    "ospf": "ip/89", "ospfigp": "ip/89", "pim": "ip/103", "vrrp": "ip/112", "l2tp": "ip/115", "dccp": "ip/33",
    "udplite": "ip/136", "mptcp": "tcp",
}  # fmt: skip
"""Transports as logs call them, in lower case."""


def numbered(column: str) -> pl.Expr:
    """Return the transport of a protocol's number, which may be text; null for what is none."""
    number = pl.col(column).cast(pl.Int32, strict=False)
    return number.replace_strict(list(range(256)), NAMES, default=None, return_dtype=pl.String)


def named(column: str) -> pl.Expr:
    """Return the transport of a protocol's name, in any case, or of its number; null for what is none."""
    word = pl.col(column).str.strip_chars().str.to_lowercase()
    known = word.replace_strict(WORDS, default=None, return_dtype=pl.String)
    return pl.coalesce(known, numbered(column))
