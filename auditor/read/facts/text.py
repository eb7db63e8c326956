"""Names and addresses as strangers write them, made into text and integers that are safe to keep.

Everything here is bounded and total: bytes that are no name become escapes, bytes that are no address become None.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.read.facts.model import V4_MAPPED, Flow

LONGEST_NAME: Final = 255  # octets of a domain name (RFC 1035, section 2.3.4)

_PLAIN: Final = re.compile(rb"[A-Za-z0-9_.-]+\Z")
_NO_PLACE: Final = (  # v4 >> shift, shift: where no stranger can be reached (RFC 6890, RFC 5771, RFC 1112)
    (0x00, 24), (0x0A, 24), (0x7F, 24), (0x191, 22), (0xA9FE, 16), (0xAC1, 20), (0xC0A8, 16), (0xE, 28), (0xF, 28),
)  # fmt: skip


def name_text(raw: bytes) -> str:
    r"""Write a name in lower case without its final dot; all but letters, digits and `-_.` become `\DDD` (RFC 4343)."""
    raw = raw[:LONGEST_NAME].lower().removesuffix(b".")
    if _PLAIN.match(raw):
        return raw.decode("ascii")
    return "".join(chr(c) if _PLAIN.match(raw[i : i + 1]) else f"\\{c:03d}" for i, c in enumerate(raw))


def line_text(raw: bytes, longest: int = 256) -> str:
    """Write an identifier (a Call-ID, say): visible ASCII stays, the rest becomes `%HH`."""
    raw = raw.strip()[:longest]
    if raw.isascii() and (text := raw.decode("ascii")).isprintable():
        return text
    return "".join(chr(c) if 32 <= c < 127 else f"%{c:02X}" for c in raw)


def address(raw: bytes) -> int | None:
    """Read a literal IPv4 or IPv6 address, the latter with or without brackets; None for anything else."""
    return _literal(raw) if len(raw) <= 47 else None


@lru_cache(1 << 12)
def _literal(raw: bytes) -> int | None:
    """Read it; a call names the same few elements in every message."""
    try:
        text = raw.decode("ascii")
        if ":" in text:
            return int.from_bytes(inet_pton(AF_INET6, text.strip("[]")), "big")
        return V4_MAPPED | int.from_bytes(inet_pton(AF_INET, text), "big")
    except (OSError, UnicodeDecodeError, ValueError):
        return None


def host(value: int) -> str:
    """Write an address as part of a call's name."""
    return str(IPv4Address(value & 0xFFFFFFFF)) if is_v4(value) else str(IPv6Address(value))


def ends(flow: Flow) -> str:
    """Write both ends of a flow, the lesser first: the same text for both directions."""
    both = sorted((flow[:2], flow[2:4]))
    return "-".join(
        f"[{host(where)}]:{number}" if not is_v4(where) else f"{host(where)}:{number}" for where, number in both
    )


def port(raw: bytes | None) -> int:
    """Read a port number; 0 for none and for numbers that are no port."""
    if not raw or len(raw) > 5 or not raw.isdigit():
        return 0
    number = int(raw)
    return number if number < 65536 else 0


def is_v4(value: int) -> bool:
    """Say whether this is an IPv4 address in its mapped form."""
    return value >> 32 == 0xFFFF


def reachable(value: int) -> bool:
    """Say whether an address can be one place on the Internet.

    Private, shared, loopback, link-local, multicast and unspecified ones can't.  This is a test of announcements only
    (a private address in an SDP body is no touch); where a packet went is never dropped for it.
    """
    if is_v4(value):
        v4 = value & 0xFFFFFFFF
        return all(v4 >> shift != prefix for prefix, shift in _NO_PLACE)
    return value >> 125 == 1  # 2000::/3, global unicast (RFC 4291, section 2.4; IANA allocates from nowhere else)


def reachable_ones(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say it of many addresses, given as two words each."""
    four = (high == 0) & (low >> np.uint64(32) == 0xFFFF)
    last = low & np.uint64(0xFFFFFFFF)
    somewhere = np.logical_and.reduce([last >> np.uint64(shift) != prefix for prefix, shift in _NO_PLACE])
    found: NDArray[np.bool_] = np.where(four, somewhere, high >> np.uint64(61) == 1)
    return found
