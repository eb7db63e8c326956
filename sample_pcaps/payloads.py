"""Real protocol bytes for the samples: TLS, SSH, STUN, DNS, SIP, SDP, RTP, RTCP and Zoom's media encapsulation.

Every function returns one message as it stands in the packet.  Where a message holds what a peer would have
drawn by chance (randoms, keys, ciphertext), `opaque` derives it from a name, so that the files never change.
"""

import hashlib
import struct
import zlib
from ipaddress import ip_address

from scapy.layers.dns import DNS, DNSQR, DNSRR

COOKIE = 0x2112A442  # RFC 8489, section 5


def opaque(name: str, length: int) -> bytes:
    """Return bytes that look drawn by chance and are always the same for one name."""
    blocks = (hashlib.sha256(f"{name}/{i}".encode()).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def number(name: str, bits: int) -> int:
    """Return a number below 2**bits that is always the same for one name."""
    return int.from_bytes(opaque(name, 8), "big") >> (64 - bits)


# --- TLS 1.3 (RFC 8446): two plain hellos, then records that nobody but the ends can read


def _extension(kind: int, data: bytes) -> bytes:
    return struct.pack(">HH", kind, len(data)) + data


def _vector(data: bytes, width: int = 2) -> bytes:
    return len(data).to_bytes(width, "big") + data


def _record(kind: int, version: int, data: bytes) -> bytes:
    return struct.pack(">BHH", kind, version, len(data)) + data


def client_hello(server_name: str, name: str) -> bytes:
    """Return a ClientHello with a server name (RFC 6066, section 3)."""
    suites = struct.pack(">9H", 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8)
    extensions = b"".join([
        _extension(0, _vector(b"\0" + _vector(server_name.encode()))),
        _extension(23, b""),  # extended_master_secret
        _extension(0xFF01, b"\0"),  # renegotiation_info
        _extension(10, _vector(struct.pack(">3H", 0x001D, 0x0017, 0x0018))),  # supported_groups
        _extension(11, b"\1\0"),  # ec_point_formats
        _extension(16, _vector(_vector(b"h2", 1) + _vector(b"http/1.1", 1))),  # ALPN
        _extension(13, _vector(struct.pack(">8H", 0x403, 0x804, 0x401, 0x503, 0x805, 0x501, 0x806, 0x601))),
        _extension(51, _vector(struct.pack(">H", 0x001D) + _vector(opaque(name + "/client share", 32)))),
        _extension(45, b"\1\1"),  # psk_key_exchange_modes
        _extension(43, b"\4" + struct.pack(">2H", 0x0304, 0x0303)),  # supported_versions
    ])  # fmt: skip
    hello = struct.pack(">H", 0x0303) + opaque(name + "/client random", 32) + _vector(opaque(name + "/id", 32), 1)
    hello += _vector(suites) + b"\1\0" + _vector(extensions)
    return _record(22, 0x0301, b"\1" + _vector(hello, 3))


def server_hello(name: str) -> bytes:
    """Return a ServerHello, the ChangeCipherSpec of compatibility mode and the first encrypted records."""
    share = struct.pack(">H", 0x001D) + _vector(opaque(name + "/server share", 32))
    extensions = _extension(51, share) + _extension(43, struct.pack(">H", 0x0304))
    hello = struct.pack(">H", 0x0303) + opaque(name + "/server random", 32) + _vector(opaque(name + "/id", 32), 1)
    hello += struct.pack(">HB", 0x1301, 0) + _vector(extensions)
    flight = tls_data(name + "/certificate", 2438) + tls_data(name + "/finished", 53)
    return _record(22, 0x0303, b"\2" + _vector(hello, 3)) + _record(20, 0x0303, b"\1") + flight


def client_finished(name: str) -> bytes:
    """Return what the client answers to the first flight of the server."""
    return _record(20, 0x0303, b"\1") + tls_data(name + "/client finished", 53)


def tls_data(name: str, length: int) -> bytes:
    """Return application data of this many bytes, in records of at most 2^14."""
    data = opaque(name, length)
    return b"".join(_record(23, 0x0303, data[at : at + 16384]) for at in range(0, length, 16384))


# --- SSH (RFC 4253)


def ssh_banner(software: str) -> bytes:
    return f"SSH-2.0-{software}\r\n".encode()


def ssh_kexinit(name: str) -> bytes:
    """Return a KEXINIT packet (section 7.1) with the usual algorithms of 2020."""
    ciphers = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com"
    macs = "umac-64-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-256"
    lists = [
        "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha256",
        "ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
        ciphers, ciphers, macs, macs, "none,zlib@openssh.com", "none,zlib@openssh.com", "", "",
    ]  # fmt: skip
    body = b"\x14" + opaque(name, 16) + b"".join(_vector(text.encode(), 4) for text in lists) + bytes(5)
    return _ssh_packet(body)


def ssh_ecdh(name: str, reply: bool) -> bytes:
    """Return a key exchange message (RFC 5656, section 4) of the client or of the server."""
    if not reply:
        return _ssh_packet(b"\x1e" + _vector(opaque(name + "/q_c", 32), 4))
    key = _vector(b"ssh-ed25519", 4) + _vector(opaque(name + "/host key", 32), 4)
    signature = _vector(b"ssh-ed25519", 4) + _vector(opaque(name + "/signature", 64), 4)
    body = b"\x1f" + _vector(key, 4) + _vector(opaque(name + "/q_s", 32), 4) + _vector(signature, 4)
    return _ssh_packet(body) + _ssh_packet(b"\x15")  # and NEWKEYS


def _ssh_packet(body: bytes) -> bytes:
    padding = 8 - (5 + len(body)) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", 1 + len(body) + padding, padding) + body + bytes(padding)


# --- STUN (RFC 8489)


def _stun(kind: int, transaction: bytes, attributes: list[tuple[int, bytes]]) -> bytes:
    body = b"".join(struct.pack(">HH", t, len(v)) + v + bytes(-len(v) % 4) for t, v in attributes)
    head = struct.pack(">HHI", kind, len(body) + 8, COOKIE) + transaction
    return head + body + struct.pack(">HHI", 0x8028, 4, zlib.crc32(head + body) ^ 0x5354554E)  # FINGERPRINT


def stun_request(name: str) -> bytes:
    """Return a Binding request with SOFTWARE and FINGERPRINT."""
    return _stun(0x0001, opaque(name, 12), [(0x8022, b"softphone 4.2")])


def stun_response(name: str, address: str, port: int) -> bytes:
    """Return the Binding success response that tells the client its public end (XOR-MAPPED-ADDRESS)."""
    mapped = struct.pack(">BBHI", 0, 1, port ^ COOKIE >> 16, int(ip_address(address)) ^ COOKIE)
    return _stun(0x0101, opaque(name, 12), [(0x0020, mapped), (0x8022, b"stund 0.97")])


# --- DNS (RFC 1035)


def dns_query(name: str) -> bytes:
    return bytes(DNS(id=number(name, 16), rd=1, qd=[DNSQR(qname=name, qtype="A")]))


def dns_answer(name: str, address: str, alias: str = "") -> bytes:
    """Return the answer to `dns_query`: an address, perhaps behind a canonical name."""
    records = [DNSRR(rrname=name, type="CNAME", ttl=60, rdata=alias)] if alias else []
    records.append(DNSRR(rrname=alias or name, type="A", ttl=60, rdata=address))
    question = [DNSQR(qname=name, qtype="A")]
    return bytes(DNS(id=number(name, 16), qr=1, rd=1, ra=1, qd=question, an=records))


# --- SIP (RFC 3261) and SDP (RFC 8866)


def sip(start: str, headers: list[tuple[str, str]], body: str = "") -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append("Content-Type: application/sdp")
    lines += [f"Content-Length: {len(body.encode())}", "", body]
    return "\r\n".join(lines).encode()


def sdp(user: str, address: str, port: int) -> str:
    """Return a session description with one stream of PCMU audio."""
    lines = [
        "v=0", f"o={user} {number(user, 31)} 1 IN IP4 {address}", "s=call", f"c=IN IP4 {address}", "t=0 0",
        f"m=audio {port} RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv",
    ]  # fmt: skip
    return "".join(line + "\r\n" for line in lines)


# --- RTP and RTCP (RFC 3550)


def rtp(name: str, index: int, kind: int = 0, step: int = 160, size: int = 160, marker: bool = False) -> bytes:
    """Return the packet of this index of a stream: sequence number and timestamp advance, the SSRC stays."""
    sequence, timestamp = number(name + "/sequence", 15) + index, number(name + "/timestamp", 31) + index * step
    head = struct.pack(">BBHII", 0x80, kind | marker << 7, sequence, timestamp, number(name + "/ssrc", 32))
    return head + opaque(f"{name}/{index}", size)


def rtcp(name: str, about: str, at_ns: int, packets: int) -> bytes:
    """Return a compound packet: a sender report with one block about the other stream, and the sender's CNAME."""
    ssrc, other = number(name + "/ssrc", 32), number(about + "/ssrc", 32)
    seconds, rest = divmod(at_ns, 10**9)
    ntp = (seconds + 2208988800, (rest << 32) // 10**9)
    timestamp = number(name + "/timestamp", 31) + packets * 160
    report = struct.pack(">BBHI2I3I", 0x81, 200, 12, ssrc, *ntp, timestamp, packets, packets * 160)
    report += struct.pack(">IIIIII", other, 0, number(about + "/sequence", 15) + packets - 1, 12, ntp[1] >> 16, 65536)
    item = b"\1" + _vector(f"{name}@host.example".encode(), 1)
    item += bytes(4 - len(item) % 4)  # ends with at least one zero byte
    return report + struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, ssrc) + item


# --- Zoom's encapsulation on UDP 8801, as Michel et al. describe it (Enabling Passive Measurement of Zoom
# Performance in Production Networks, IMC 2022): an outer header of 8 bytes towards the media router,
# an inner one by kind of media, then RTP

TO_ROUTER, FROM_ROUTER = 0, 4
AUDIO, VIDEO = 15, 16


def zoom_setup(name: str, answer: bool) -> bytes:
    """Return the message that opens a media connection (type 1), or the router's answer (type 2)."""
    token, clock = opaque(name + "/token", 16), struct.pack(">I", number(name + "/clock", 27))
    if answer:
        return b"\2\0\3" + token + _zoom_id(name) + clock + bytes(8) + bytes.fromhex("4000400003e00100")
    return b"\1\0\3" + token + bytes(7) + b"\2" + clock * 2 + struct.pack(">I", 64) + opaque(name + "/proof", 64)


def zoom_ping(name: str, index: int, answer: bool) -> bytes:
    """Return a probe of the router (type 3) or the client's answer (type 4)."""
    clock = number(name + "/ping", 24) + 1000 * index
    return struct.pack(">BII", 4 if answer else 3, 1, clock) + _zoom_id(name)


def zoom_media(name: str, index: int, media: int, direction: int) -> bytes:
    """Return an audio or video packet (type 5) around an RTP packet."""
    outer = struct.pack(">BH", 5, index) + _zoom_id(name) + bytes([direction])
    clock = number(name + "/clock", 27) + 20 * index
    inner = bytes([media]) + opaque(f"{name}/{media}", 8) + struct.pack(">HI", index, clock)
    if media == AUDIO:
        return outer + inner + struct.pack(">HH", 1, 0x53) + rtp(f"{name}/audio", index, 112, 640, 80)
    inner += bytes(5) + b"\2" + struct.pack(">HB", index // 2, 2)  # frame number, packets in the frame
    return outer + inner + rtp(f"{name}/video", index, 98, 3000, 900, marker=bool(index % 2))


def _zoom_id(name: str) -> bytes:
    return struct.pack(">I", number(name + "/connection", 24))
