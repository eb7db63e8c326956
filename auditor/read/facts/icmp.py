"""Refusals: the flow whose packet an ICMP error quotes (RFC 792, RFC 1812, RFC 4443, section 3).

Only errors that say "not delivered" count: "fragmentation needed" asks for smaller packets, and "time exceeded" comes
from the way there.  The error must be sent to the one who sent the quoted packet, or anybody could deny a flow.
"""

from collections.abc import Sequence
from typing import Final

from auditor.read.facts.model import V4_MAPPED, Fact, Packet, Unreachable

_ICMP, _ICMP6 = 1, 58
_UNREACHABLE, _UNREACHABLE6, _TOO_BIG = 3, 1, 4
_WITH_PORTS: Final = (6, 17, 33, 132, 136)  # TCP, UDP, DCCP, SCTP, UDP-Lite
_EXTENSIONS: Final = (0, 43, 60, 51, 135)  # hop-by-hop, routing, destination, authentication, mobility (RFC 8200)
_FRAGMENT: Final = 44


def parse(quoted: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the packet that an error quotes; `packet` is the ICMP message, its ports are type and code."""
    kind, code = packet.sport, packet.dport
    if packet.protocol == _ICMP and kind == _UNREACHABLE and code != _TOO_BIG:
        flow = _flow4(quoted)
    elif packet.protocol == _ICMP6 and kind == _UNREACHABLE6:
        flow, code = _flow6(quoted), code + 256
    else:
        return ()
    if flow is None or flow[0] != packet.dst:
        return ()
    return (Unreachable(packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes, flow, code),)


def _flow4(quoted: bytes) -> tuple[int, int, int, int, int] | None:
    if len(quoted) < 20 or quoted[0] >> 4 != 4 or (header := (quoted[0] & 15) * 4) < 20:
        return None
    first = not (quoted[6] & 0x1F or quoted[7])
    sport, dport = _ports(quoted, header if first else len(quoted), quoted[9])
    source, destination = (V4_MAPPED | int.from_bytes(quoted[i : i + 4], "big") for i in (12, 16))
    return source, sport, destination, dport, quoted[9]


def _flow6(quoted: bytes) -> tuple[int, int, int, int, int] | None:
    if len(quoted) < 40 or quoted[0] >> 4 != 6:
        return None
    protocol, at = quoted[6], 40
    for _ in range(8):
        if at + 8 > len(quoted):
            break
        if protocol in _EXTENSIONS:
            size = (quoted[at + 1] + 2) * 4 if protocol == 51 else (quoted[at + 1] + 1) * 8
        elif protocol == _FRAGMENT and not (quoted[at + 2] or quoted[at + 3] & 0xF8):
            size = 8
        else:
            break
        protocol, at = quoted[at], at + size
    sport, dport = _ports(quoted, at, protocol)
    return int.from_bytes(quoted[8:24], "big"), sport, int.from_bytes(quoted[24:40], "big"), dport, protocol


def _ports(quoted: bytes, at: int, protocol: int) -> tuple[int, int]:
    if protocol not in _WITH_PORTS or at + 4 > len(quoted):
        return 0, 0
    return int.from_bytes(quoted[at : at + 2], "big"), int.from_bytes(quoted[at + 2 : at + 4], "big")
