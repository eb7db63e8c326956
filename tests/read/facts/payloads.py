"""Payloads as bytes, written down part by part as their RFCs draw them, and the packet that they came in."""

import struct
from collections.abc import Sequence
from ipaddress import ip_address

from auditor.read.facts.model import V4_MAPPED, Packet

COOKIE = b"\x21\x12\xa4\x42"
TXID = bytes(range(12))


def number(text: str) -> int:
    """An address as this room counts it: IPv4 mapped."""
    found = ip_address(text)
    return int(found) | (V4_MAPPED if found.version == 4 else 0)


def packet(
    src: str = "192.0.2.1",
    sport: int = 40000,
    dst: str = "198.51.100.2",
    dport: int = 3478,
    protocol: int = 17,
    time: int = 5,
) -> Packet:
    return Packet(0, number(src), number(dst), sport, dport, protocol, 9, time, 100)


def name(text: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".") if part) + b"\0"


def record(owner: bytes, kind: int, data: bytes, group: int = 1) -> bytes:
    return owner + struct.pack(">HHIH", kind, group, 60, len(data)) + data


def dns(question: str, answers: Sequence[bytes], additional: Sequence[bytes] = (), flags: int = 0x8180) -> bytes:
    head = struct.pack(">HHHHHH", 7, flags, 1, len(answers), 0, len(additional))
    return head + name(question) + struct.pack(">HH", 1, 1) + b"".join(answers) + b"".join(additional)


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def end(address: str, port: int, xor: bytes = b"") -> bytes:
    """A MAPPED-ADDRESS; with the cookie and transaction id in `xor`, an XOR-MAPPED-ADDRESS."""
    packed = ip_address(address).packed
    value = struct.pack(">H", port) + packed
    if xor:
        mask = xor[:2] + xor
        value = bytes(a ^ b for a, b in zip(value, mask, strict=False))
    return b"\0" + (b"\1" if len(packed) == 4 else b"\2") + value


def stun(kind: int, *attributes: bytes, cookie: bytes = COOKIE) -> bytes:
    body = b"".join(attributes)
    return struct.pack(">HH", kind, len(body)) + cookie + TXID + body


def hello(server: str | None, dtls: bool = False, name_kind: int = 0) -> bytes:
    extensions = struct.pack(">HHH", 10, 4, 2) + b"\0\x1d"
    if server is not None:
        host = struct.pack(">BH", name_kind, len(server)) + server.encode()
        extensions += struct.pack(">HHH", 0, len(host) + 2, len(host)) + host
    body = b"\x03\x03" + bytes(32) + b"\x04" + bytes(4) + (b"\2\7\7" if dtls else b"")
    body += struct.pack(">H", 4) + b"\x13\x01\x13\x02" + b"\1\0" + struct.pack(">H", len(extensions)) + extensions
    size = len(body).to_bytes(3, "big")
    if dtls:
        inner = b"\1" + size + b"\0\0" + b"\0\0\0" + size + body
        return b"\x16\xfe\xfd" + bytes(8) + struct.pack(">H", len(inner)) + inner
    return b"\x16\x03\x01" + struct.pack(">H", len(body) + 4) + b"\1" + size + body


def sip(*lines: str, body: str = "") -> bytes:
    return "\r\n".join((*lines, f"Content-Length: {len(body)}", "", body)).encode()


def sdp(*lines: str) -> str:
    return "\r\n".join(("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", *lines, ""))
