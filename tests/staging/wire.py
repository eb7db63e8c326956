"""Packets of whole conversations, with right lengths and checksums."""

import socket
import struct
from collections.abc import Sequence
from ipaddress import ip_address
from random import Random

from tests.captures import ACK, FIN, PSH, RST, SYN, ether
from tests.read import quic_packets
from tests.read.facts import payloads
from tests.read.facts.payloads import hello

End = tuple[str, int]
Frames = list[bytes]

TCP, UDP, GRE, IPIP, ICMP, ICMP6 = 6, 17, 47, 4, 1, 58
SEGMENT = 1200


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def packet(src: str, dst: str, protocol: int, content: bytes, at: int | None = None) -> bytes:
    """An IP packet; `at` is where the checksum of its content stands, which covers a pseudo-header."""
    one, other = ip_address(src), ip_address(dst)
    if at is not None:
        pseudo = one.packed + other.packed + struct.pack("!II", len(content), protocol)
        content = content[:at] + struct.pack("!H", checksum(pseudo + content) or 0xFFFF) + content[at + 2 :]
    if one.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(content), protocol, 57) + one.packed + other.packed + content
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(content), 1, 0x4000, 57, protocol, 0) + one.packed + other.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + content


def datagram(src: End, dst: End, payload: bytes) -> bytes:
    head = struct.pack("!HHHH", src[1], dst[1], 8 + len(payload), 0)
    return packet(src[0], dst[0], UDP, head + payload, at=6)


def udp(src: End, dst: End, payload: bytes) -> bytes:
    return ether(datagram(src, dst, payload))


class Connection:
    """A TCP connection that grows; without `begun`, a capture that was started in the middle of it."""

    def __init__(self, client: End, server: End, rng: Random, begun: bool = True) -> None:
        self.ends = (client, server)
        self.next = [rng.randrange(1 << 30), rng.randrange(1 << 30)]
        self.frames: Frames = []
        if begun:
            self.put(0, SYN)
            self.put(1, SYN | ACK)
            self.put(0, ACK)

    def put(self, side: int, flags: int, data: bytes = b"") -> None:
        src, dst = self.ends[side], self.ends[1 - side]
        ack = self.next[1 - side] if flags & ACK else 0
        head = struct.pack("!HHIIBBHHH", src[1], dst[1], self.next[side], ack, 5 << 4, flags, 64240, 0, 0)
        self.frames.append(ether(packet(src[0], dst[0], TCP, head + data, at=16)))
        self.next[side] += len(data) + bool(flags & (SYN | FIN))

    def say(self, side: int, data: bytes) -> None:
        for at in range(0, len(data), SEGMENT):
            self.put(side, PSH | ACK, data[at : at + SEGMENT])
            self.put(1 - side, ACK)

    def close(self) -> Frames:
        for side in (0, 1):
            self.put(side, FIN | ACK)
        self.put(0, ACK)
        return self.frames


def connection(client: End, server: End, said: Sequence[tuple[int, bytes]], rng: Random, begun: bool = True) -> Frames:
    """A connection in which the client (0) and the server (1) say something in turn."""
    made = Connection(client, server, rng, begun)
    for side, data in said:
        made.say(side, data)
    return made.close() if begun else made.frames


def attempt(client: End, server: End, refused: bool, rng: Random) -> Frames:
    """A connection that nobody accepts: the SYN comes again, or is answered by a RST (RFC 9293, section 3.10.7.1)."""
    made = Connection(client, server, rng, begun=False)
    made.put(0, SYN)
    if refused:
        made.put(1, RST | ACK)
        return made.frames
    made.next[0] -= 1
    made.put(0, SYN)
    return made.frames


def opaque(rng: Random) -> list[tuple[int, bytes]]:
    """What nobody can read: the middle of something ciphered."""
    return [(side, b"\xd7\x91" + rng.randbytes(rng.randrange(80, 900))) for side in (0, 1, 0, 1)]


def tls(name: str | None, rng: Random) -> list[tuple[int, bytes]]:
    """A handshake of TLS 1.3 as far as it can be read (RFC 8446), and data."""
    random, share = rng.randbytes(32), rng.randbytes(32)
    extensions = struct.pack("!HHHH", 51, 36, 29, 32) + share + struct.pack("!HHH", 43, 2, 0x0304)
    body = b"\x03\x03" + random + b"\x04" + bytes(4) + b"\x13\x01\0" + struct.pack("!H", len(extensions)) + extensions
    answer = _record(22, b"\x02" + len(body).to_bytes(3, "big") + body) + _record(20, b"\1")
    return [
        (0, hello(name)),
        (1, answer + _record(23, rng.randbytes(rng.randrange(1500, 3000)))),
        (0, _record(20, b"\1") + _record(23, rng.randbytes(53))),
        (0, _record(23, rng.randbytes(rng.randrange(40, 2500)))),
        (1, _record(23, rng.randbytes(rng.randrange(40, 2500)))),
    ]


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(data)) + data


def http(name: str, rng: Random) -> list[tuple[int, bytes]]:
    body = rng.randbytes(rng.randrange(20, 600)).hex().encode()
    head = f"POST /v1/items HTTP/1.1\r\nHost: {name}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return [(0, head + body), (1, b"HTTP/1.1 204 No Content\r\nServer: example\r\n\r\n")]


def ssh(rng: Random) -> list[tuple[int, bytes]]:
    """Banners and key exchange (RFC 4253), then what the shell is told and answers."""
    kexinit = b"\x14" + rng.randbytes(16) + b"".join(
        len(text).to_bytes(4, "big") + text
        for text in (b"curve25519-sha256", b"ssh-ed25519", *[b"aes128-ctr"] * 2, *[b"hmac-sha2-256"] * 2,
                     b"none", b"none", b"", b"")
    ) + bytes(5)  # fmt: skip
    padding = 8 - (5 + len(kexinit)) % 8 + 8
    init = struct.pack("!IB", 1 + len(kexinit) + padding, padding) + kexinit + bytes(padding)
    return [
        (0, b"SSH-2.0-OpenSSH_8.2p1 Ubuntu-4\r\n"), (1, b"SSH-2.0-OpenSSH_7.9p1\r\n"), (0, init), (1, init),
        *((side, rng.randbytes(36)) for _ in range(rng.randrange(2, 6)) for side in (0, 1)),
    ]  # fmt: skip


def rtp(one: End, other: End, rng: Random) -> Frames:
    """Voice both ways (RFC 3550): 20 ms a packet."""
    return [udp(*pair, payload) for pair, payload in _voice(one, other, rng)]


def _voice(one: End, other: End, rng: Random) -> list[tuple[tuple[End, End], bytes]]:
    size, kind = rng.choice(((160, 0), (160, 8), (20, 18)))
    starts = [(rng.randrange(30000), rng.randrange(1 << 30), rng.randrange(1, 1 << 32)) for _ in range(2)]
    found = []
    for index in range(rng.randrange(16, 30)):
        for pair, (sequence, clock, ssrc) in zip(((one, other), (other, one)), starts, strict=True):
            head = struct.pack("!BBHII", 0x80, kind, sequence + index, clock + 160 * index, ssrc)
            found.append((pair, head + rng.randbytes(size)))
    return found


def dtls(one: End, other: End, rng: Random) -> Frames:
    """A DTLS handshake (RFC 6347, figure 1): two flights of each side."""

    def record(kind: int, number: int, data: bytes) -> bytes:
        return struct.pack("!BHHHIH", kind, 0xFEFD, 0, 0, number, len(data)) + data

    def handshake(kind: int, number: int, data: bytes) -> bytes:
        size = len(data).to_bytes(3, "big")
        return record(22, number, bytes([kind]) + size + struct.pack("!H", number) + b"\0\0\0" + size + data)

    server = b"\xfe\xfd" + rng.randbytes(32) + b"\0\xc0\x2b\0" + struct.pack("!HHHB", 5, 0xFF01, 1, 0)
    flights = [
        (one, other, hello(None, dtls=True)),
        (other, one, handshake(3, 0, b"\xfe\xff\x14" + rng.randbytes(20))),
        (one, other, hello(None, dtls=True)),
        (other, one, handshake(2, 1, server) + handshake(14, 2, b"")),
        (one, other, handshake(16, 2, b"\x41\x04" + rng.randbytes(64)) + record(20, 3, b"\1")),
        (other, one, record(20, 3, b"\1") + record(22, 4, rng.randbytes(40))),
    ]
    return [udp(src, dst, payload) for src, dst, payload in flights]


def quic(client: End, server: End, name: str, rng: Random) -> Frames:
    """A connection of QUIC (RFC 9000): both Initials, then packets with short headers, which nobody can read."""
    chosen, own = rng.randbytes(8), rng.randbytes(8)
    asked = quic_packets.initial(quic_packets.crypto(0, quic_packets.client_hello(name)), chosen, scid=own)
    answer = rng.randbytes(90)
    told = quic_packets.initial(
        quic_packets.crypto(0, answer), own, sealed_for=chosen, scid=chosen, side=b"server in"
    )  # fmt: skip
    frames = [udp(client, server, asked), udp(server, client, told)]
    for pair, identifier in (((client, server), chosen), ((server, client), own)) * 3:
        frames.append(
            udp(*pair, bytes([0x40 | rng.randrange(32)]) + identifier + rng.randbytes(rng.randrange(60, 900)))
        )
    return frames


def lookup(client: End, resolver: str, name: str, address: str) -> Frames:
    """A question to a resolver, and its answer (RFC 1035, RFC 3596)."""
    kind, data = (28 if ":" in address else 1), ip_address(address).packed
    question = payloads.dns(name, [], flags=0x0100)[: 12 + len(payloads.name(name))] + struct.pack("!HH", kind, 1)
    answer = question[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + question[12:]
    answer += payloads.record(b"\xc0\x0c", kind, data)
    return [udp(client, (resolver, 53), question), udp((resolver, 53), client, answer)]


def ping(one: str, other: str, rng: Random) -> Frames:
    """Echo requests and their replies (RFC 792, RFC 4443)."""
    six = ":" in one
    found, name = [], rng.randrange(1 << 16)
    for number in range(3):
        for src, dst, kind in ((one, other, 128 if six else 8), (other, one, 129 if six else 0)):
            body = struct.pack("!BBHHH", kind, 0, 0, name, number) + bytes(range(32))
            if six:
                found.append(ether(packet(src, dst, ICMP6, body, at=2)))
            else:
                found.append(ether(packet(src, dst, ICMP, body[:2] + struct.pack("!H", checksum(body)) + body[4:])))
    return found


def tunnelled(frames: Sequence[bytes], near: str, far: str, rng: Random) -> Frames:
    """Wrap frames in a tunnel between two addresses: GRE (RFC 2784), VXLAN (RFC 7348), or plain IP (RFC 2003, 2473)."""
    how = rng.choice(("gre", "vxlan", "ip"))
    network, port = rng.randrange(1 << 24), rng.randrange(49152, 65535)
    first = _source(frames[0])
    found = []
    for frame in frames:
        inner = frame[14:]
        pair = (near, far) if _source(frame) == first else (far, near)
        four = inner[0] >> 4 == 4
        if how == "gre":
            outer = packet(*pair, GRE, struct.pack("!HH", 0, 0x0800 if four else 0x86DD) + inner)
        elif how == "vxlan":
            content = struct.pack("!II", 8 << 24, network << 8) + frame
            outer = packet(*pair, UDP, struct.pack("!HHHH", port, 4789, 8 + len(content), 0) + content, at=6)
        else:
            outer = packet(*pair, IPIP if four else 41, inner)
        found.append(ether(outer))
    return found


def _source(frame: bytes) -> str:
    if frame[14] >> 4 == 4:
        return socket.inet_ntop(socket.AF_INET, frame[26:30])
    return socket.inet_ntop(socket.AF_INET6, frame[22:38])
