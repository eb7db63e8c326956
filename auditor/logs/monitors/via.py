"""Via headers of SIP in logs: the elements that a request has passed (RFC 3261, sections 18 and 20.42; RFC 3581)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from auditor.logs.monitors.fields import port
from auditor.read.facts.text import address, reachable

HOPS: Final = 70  # that a request may make (RFC 3261, section 8.1.1.6)
_VIA: Final = re.compile(
    r"SIP\s?/\s?2\.0\s?/\s?([A-Za-z0-9-]{1,16})\s+(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,255})(?:\s?:\s?(\d{1,5}))?"
    r"([^,]{0,1024})",
    re.IGNORECASE,
)
_RECEIVED: Final = re.compile(r";\s*received\s*=\s*\[?([0-9A-Fa-f:.]{2,45})", re.IGNORECASE)
_RPORT: Final = re.compile(r";\s*rport\s*=\s*(\d{1,5})", re.IGNORECASE)
_TRANSPORTS: Final = {"udp": "udp", "tcp": "tcp", "tls": "tcp", "ws": "tcp", "wss": "tcp", "sctp": "sctp"}


def transport(values: Sequence[str]) -> str:
    """Name the transport that the nearest element said it used; empty if none did."""
    found = next((match for value in values if (match := _VIA.match(value.strip()))), None)
    return _TRANSPORTS.get(found[1].lower(), "") if found else ""


def attested(paths: Sequence[Sequence[str]], ends: Sequence[str]) -> Iterator[tuple[str, int]]:
    """List address and port of the elements behind the nearest one of each path, each once.

    The nearest one sent the message to where it was seen, so it is an end of the flow.  Only addresses that can be a
    place on the Internet count, and no end of the flow itself.  Several responses may have left their paths in one
    list: what is called as its first element is an end again.
    """
    known = {number for end in ends if (number := address(end.encode("utf-8", "replace"))) is not None}
    told: set[tuple[int, int]] = set()
    for path in paths:
        chain = [found for value in path[: 2 * HOPS] for found in _VIA.finditer(value)]
        for found in chain[1:]:
            if found[2] == chain[0][2]:
                continue
            received, rport = _RECEIVED.search(found[4]), _RPORT.search(found[4])
            host = received[1] if received else found[2]
            number = address(host.encode())
            end = number, port(rport[1] if rport else found[3])
            if number is None or number in known or not reachable(number) or end in told:
                continue
            told.add((number, end[1]))
            yield host.strip("[]"), end[1]
