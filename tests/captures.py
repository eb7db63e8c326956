"""Build small captures for tests, byte by byte."""

import socket
import struct
from collections.abc import Sequence
from ipaddress import ip_address


def ip(src: str, dst: str, protocol: int, payload: bytes) -> bytes:
    """Return an IPv4 or IPv6 packet."""
    if ip_address(src).version == 6:
        head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64)
        return head + socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    return head + socket.inet_aton(src) + socket.inet_aton(dst) + payload


def ether(packet: bytes) -> bytes:
    """Return an Ethernet frame around an IP packet."""
    return bytes.fromhex("020000000001020000000002") + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet


def udp(src: str, sport: int, dst: str, dport: int, payload: bytes = b"") -> bytes:
    """Return an Ethernet frame that holds a UDP datagram."""
    return ether(ip(src, dst, 17, struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload))


SYN, RST, ACK, PSH, FIN = 2, 4, 16, 8, 1


def tcp(
    src: str, sport: int, dst: str, dport: int, flags: int, payload: bytes = b"", seq: int = 1, ack: int = 1
) -> bytes:
    """Return an Ethernet frame that holds a TCP segment."""
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0)
    return ether(ip(src, dst, 6, head + payload))


def pcap(frames: Sequence[bytes], start: float = 1_700_000_000.0, step: float = 0.02, link: int = 1) -> bytes:
    """Return a pcap file (little-endian, microseconds) with a frame every `step` seconds."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for i, frame in enumerate(frames):
        second, micro = divmod(round((start + i * step) * 1_000_000), 1_000_000)
        out.append(struct.pack("<IIII", second, micro, len(frame), len(frame)) + frame)
    return b"".join(out)
