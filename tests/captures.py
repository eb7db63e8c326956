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


def rtp(src: str, sport: int, dst: str, dport: int, count: int = 20, ssrc: int = 0x1234ABCD) -> list[bytes]:
    """Return frames of one RTP stream (RFC 3550): G.711, 20 ms a packet."""
    return [
        udp(src, sport, dst, dport, struct.pack("!BBHII", 0x80, 0, 100 + i, 160 * i, ssrc) + bytes(range(160)))
        for i in range(count)
    ]


COOKIE = 0x2112A442


def stun(kind: int, attributes: bytes = b"", transaction: bytes = b"twelve bytes") -> bytes:
    """Return a STUN message (RFC 8489): 0x0001 a binding request, 0x0101 its success response."""
    return struct.pack("!HHI", kind, len(attributes), COOKIE) + transaction + attributes


def xor_mapped(address: str, port: int, kind: int = 0x0020) -> bytes:
    """Return an XOR-MAPPED-ADDRESS attribute for IPv4 (RFC 8489 section 14.2); 0x0016 is XOR-RELAYED-ADDRESS."""
    (value,) = struct.unpack("!I", socket.inet_aton(address))
    return struct.pack("!HHBBHI", kind, 8, 0, 1, port ^ (COOKIE >> 16), value ^ COOKIE)


def sdp(address: str, port: int) -> str:
    """Return a session description that offers audio (RFC 8866)."""
    lines = ["v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0", f"m=audio {port} RTP/AVP 0"]
    return "\r\n".join([*lines, ""])


def sip(first: str, call: str, sender: str, body: str = "", method: str = "INVITE") -> bytes:
    """Return a SIP message (RFC 3261) with the given first line."""
    lines = [
        first,
        f"Via: SIP/2.0/UDP {sender}:5060;branch=z9hG4bK776",
        "From: <sip:a@example.com>;tag=1",
        "To: <sip:b@example.com>",
        f"Call-ID: {call}",
        f"CSeq: 1 {method}",
        "Content-Type: application/sdp",
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
