"""Addresses that are nowhere in particular: the special-purpose registries, multicast, and what is reserved.

No database may place them, whatever it says (some do).  A private one is where the capture was taken, if that is
declared, and so is one that no router forwards, such as the broadcast of a link; all others are anywhere.
Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, as of 2025-10-09), RFC 5771 and
RFC 4291 for multicast.
"""

from functools import cache
from ipaddress import ip_address, ip_network
from typing import Final

from auditor.enrich.intervals import Intervals, Range, build

PRIVATE: Final = "private"
SPECIAL: Final = "special"

REGISTRY: Final[tuple[tuple[str, str, str], ...]] = (
    ("0.0.0.0/8", PRIVATE, "this network, RFC 791"),
    ("10.0.0.0/8", PRIVATE, "private use, RFC 1918"),
    ("100.64.0.0/10", PRIVATE, "shared address space behind carrier NAT, RFC 6598"),
    ("127.0.0.0/8", PRIVATE, "loopback, RFC 1122"),
    ("169.254.0.0/16", PRIVATE, "link-local, RFC 3927"),
    ("172.16.0.0/12", PRIVATE, "private use, RFC 1918"),
    ("192.0.0.0/24", SPECIAL, "IETF protocol assignments, RFC 6890"),
    ("192.0.2.0/24", SPECIAL, "documentation, RFC 5737"),
    ("192.31.196.0/24", SPECIAL, "AS112, anycast, RFC 7535"),
    ("192.52.193.0/24", SPECIAL, "AMT, anycast, RFC 7450"),
    ("192.88.99.0/24", SPECIAL, "6to4 relay anycast, RFC 7526"),
    ("192.168.0.0/16", PRIVATE, "private use, RFC 1918"),
    ("192.175.48.0/24", SPECIAL, "AS112, anycast, RFC 7534"),
    ("198.18.0.0/15", SPECIAL, "benchmarking, RFC 2544"),
    ("198.51.100.0/24", SPECIAL, "documentation, RFC 5737"),
    ("203.0.113.0/24", SPECIAL, "documentation, RFC 5737"),
    ("224.0.0.0/4", SPECIAL, "multicast, RFC 5771"),
    ("224.0.0.0/24", PRIVATE, "multicast of one link, RFC 5771"),
    ("240.0.0.0/4", SPECIAL, "reserved, RFC 1112"),
    ("255.255.255.255/32", PRIVATE, "broadcast of one link, RFC 8190"),
    ("::/0", SPECIAL, "outside of global unicast (2000::/3), RFC 4291"),
    ("2000::/3", "", ""),
    ("::/128", PRIVATE, "unspecified, RFC 4291"),
    ("::1/128", PRIVATE, "loopback, RFC 4291"),
    ("64:ff9b:1::/48", SPECIAL, "local-use translation, RFC 8215"),
    ("100::/64", SPECIAL, "discard-only, RFC 6666"),
    ("100:0:0:1::/64", SPECIAL, "dummy prefix, RFC 9780"),
    ("2001::/23", SPECIAL, "IETF protocol assignments, RFC 2928"),
    ("2001::/32", SPECIAL, "Teredo tunnel, RFC 4380"),
    ("2001:2::/48", SPECIAL, "benchmarking, RFC 5180"),
    ("2001:10::/28", SPECIAL, "ORCHID, RFC 4843"),
    ("2001:20::/28", SPECIAL, "ORCHIDv2, RFC 7343"),
    ("2001:30::/28", SPECIAL, "drone remote ID, RFC 9374"),
    ("2001:db8::/32", SPECIAL, "documentation, RFC 3849"),
    ("2002::/16", SPECIAL, "6to4 tunnel, RFC 3056"),
    ("2620:4f:8000::/48", SPECIAL, "AS112, anycast, RFC 7534"),
    ("3fff::/20", SPECIAL, "documentation, RFC 9637"),
    ("5f00::/16", SPECIAL, "segment routing, RFC 9602"),
    ("fc00::/7", PRIVATE, "unique local, RFC 4193"),
    ("fe80::/10", PRIVATE, "link-local, RFC 4291"),
    ("fec0::/10", PRIVATE, "site-local, RFC 3879"),
    ("ff00::/8", SPECIAL, "multicast, RFC 4291"),
    ("ff02::/16", PRIVATE, "multicast of one link, RFC 4291"),
)
"""Network, kind, and why; the narrowest counts."""


@cache
def registry() -> Intervals:
    """Return the registry as intervals whose values are `kind<tab>why`, empty for ordinary addresses."""
    ranges: dict[int, list[Range]] = {4: [], 6: []}
    for text, kind, why in REGISTRY:
        network = ip_network(text)
        said = f"{kind}\t{why}" if kind else ""
        ranges[network.version].append((int(network[0]), int(network[-1]), said))
    return build(ranges[4], ranges[6])


def reason(address: str) -> str:
    """Say why an address is nowhere in particular (`private use, RFC 1918`); empty for an ordinary one."""
    found = ip_address(address)
    holding = [(ip_network(text), why) for text, _, why in REGISTRY]
    return max(
        ((n.prefixlen, why) for n, why in holding if n.version == found.version and found in n), default=(0, "")
    )[1]
