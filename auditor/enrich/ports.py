"""What a port number tells of who listens on it: servers only, either end, or nobody in particular.

Numbers and names: IANA Service Name and Transport Protocol Port Number Registry (RFC 6335).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

SYSTEM: Final[dict[str, frozenset[int]]] = {
    "tcp": frozenset({21, 22, 23, 25, 53, 80, 88, 110, 119, 143, 389, 443, 445, 465, 515, 548, 554, 563, 587, 631, 636,
                      853, 873, 989, 990, 992, 993, 995}),
    "udp": frozenset({53, 67, 69, 80, 88, 123, 161, 443, 514, 547, 853}),
    "sctp": frozenset({80, 443}),
}  # fmt: skip
"""Well-known ports (RFC 6335) of services whose listening end is a server."""

REGISTERED: Final[dict[str, dict[int, str]]] = {
    "tcp": {1433: "", 1521: "", 1883: "", 1935: "", 2049: "", 3268: "", 3306: "", 3389: "rdp", 3478: "stun", 5222: "",
            5349: "tls", 5432: "", 5671: "tls", 5672: "", 5900: "vnc", 5985: "http", 5986: "tls", 6379: "", 6443: "tls",
            8080: "http", 8443: "tls", 8883: "tls", 9092: "", 27017: ""},
    "udp": {1194: "", 1812: "", 1813: "", 3389: "rdp", 3478: "stun", 5349: "dtls"},
}  # fmt: skip
"""Registered ports of such services (some by custom), and the protocol that makes one believed without an opening."""

PEERS: Final = frozenset({5060, 5061, 5062, 5080, 5269, 1720, 4569})
"""Both ends of SIP, XMPP between servers, H.323 and IAX accept calls: being called makes nobody a server."""

HANDED_OUT: Final = 32768
"""Lowest port that common systems hand out to clients (Linux 32768, others 49152 as RFC 6335 has it)."""

# What a port says of who listens on it.
WELL_KNOWN, LISTED, PEER, PLAIN, EPHEMERAL = "well-known", "listed", "peer", "plain", "ephemeral"


@lru_cache(maxsize=64)
def port_classes(transport: str) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return the number of the class of each of the 65,536 ports of a transport, and the classes by number."""
    special = [*SYSTEM.get(transport, ()), *PEERS, *REGISTERED.get(transport, ())]
    codes = np.zeros(1 << 16, np.int64)
    codes[HANDED_OUT:] = 1
    names = [PLAIN, EPHEMERAL, *sorted({port_class(transport, port) for port in special})]
    for port in special:
        codes[port] = names.index(port_class(transport, port))
    return codes, names


def port_class(transport: str, port: int) -> str:
    """Say what a port tells of who listens there: see `End.port`."""
    if port in SYSTEM.get(transport, ()):
        return WELL_KNOWN
    if port in PEERS:
        return PEER
    if port in REGISTERED.get(transport, ()):
        return f"{LISTED} {REGISTERED[transport][port]}".rstrip()
    return EPHEMERAL if port >= HANDED_OUT else PLAIN


WIDE: Final = 256
"""Ports of a range of the catalogue from which on they are not those of services, but of whoever takes part."""


def stands(ranges: Iterable[tuple[int, int]]) -> dict[str, npt.NDArray[np.int32]]:
    """Say of each of the 65,536 ports of a transport what it stands for beside the port of a service.

    A service's port stands for itself; the others for their class, 0 or less: ports of one class are told apart by
    nothing.  `ranges` are those of the service catalogue (first and last port).
    """
    ranges = list(ranges)
    narrow = np.zeros(1 << 16, bool)
    for first, last in ranges:
        narrow[first : last + 1] |= last - first < WIDE
    numbers = np.arange(1 << 16, dtype=np.int32)
    edges = sorted({edge for first, last in ranges for edge in (first, last + 1)} | {HANDED_OUT})
    class_ = -np.searchsorted(edges, numbers, "right").astype(np.int32)
    found = {}
    for name in sorted({*SYSTEM, *REGISTERED}):
        special = np.isin(numbers, [*SYSTEM.get(name, ()), *PEERS, *REGISTERED.get(name, ())])
        found[name] = np.where(narrow | special, numbers, class_)
    return found


def believed(port: str, app: str) -> bool:
    """Say whether a port alone shows that its end listens; registered ports also serve as clients' ports."""
    return port == WELL_KNOWN or (bool(app) and port == f"{LISTED} {'stun' if app == 'turn' else app}")
