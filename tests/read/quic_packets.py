"""Packets of QUIC, sealed as RFC 9001 and RFC 9369 say, with the key schedule of another implementation than ours."""

import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.read.facts.payloads import hello

DCID = bytes.fromhex("8394c8f03e515708")
V1, V2 = 1, 0x6B3343CF
SALTS = {
    V1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
    V2: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
    0xFF00001D: "afbfec289993d24c9e9786f19c6111e04390a899",
    0xFF00001B: "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
    0xFF000017: "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
    0xFF000016: "7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a",
    0xFACEB001: "7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a",
    0xFACEB002: "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
    0x51303530: "504574efd066fe2f9d945cfcdbd3a7f0d3b56b45",
    0x54303530: "7ff579e5acd072915580304c43a2367c60488310",
    0x54303531: "7a4edef4e7ccee5fa4506c19124fc8ccda6e033d",
}


def varint(value: int) -> bytes:
    return struct.pack(">I", value | 0x80000000) if value > 63 else bytes([value])


def crypto(offset: int, data: bytes) -> bytes:
    """A CRYPTO frame."""
    return b"\x06" + varint(offset) + varint(len(data)) + data


def client_hello(name: str | None, pad: int = 0) -> bytes:
    """A ClientHello as it stands in a handshake stream, without a record."""
    body = hello(name)[9:]
    return b"\x01" + (len(body) + pad).to_bytes(3, "big") + body + bytes(pad)


def expanded(secret: bytes, label: bytes, size: int) -> bytes:
    info = struct.pack(">HB", size, 6 + len(label)) + b"tls13 " + label + b"\0"
    return HKDFExpand(hashes.SHA256(), size, info).derive(secret)


def initial(
    frames: bytes,
    dcid: bytes = DCID,
    version: int = V1,
    *,
    sealed_for: bytes | None = None,
    number: int = 2,
    token: bytes = b"",
    scid: bytes = b"",
    size: int = 1162,
    side: bytes = b"client in",
    kind: int | None = None,
) -> bytes:
    """An Initial packet with a number of four bytes; `sealed_for` is the connection ID that the key follows from."""
    mac = HMAC(bytes.fromhex(SALTS[version]), hashes.SHA256())
    mac.update(dcid if sealed_for is None else sealed_for)
    secret = expanded(mac.finalize(), side, 32)
    prefix = b"quicv2 " if version == V2 else b"quic "
    key, iv, protection = (expanded(secret, prefix + w, n) for w, n in ((b"key", 16), (b"iv", 12), (b"hp", 16)))
    kind = (1 if version == V2 else 0) if kind is None else kind
    ids = bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid
    plain = frames + bytes(max(0, size - len(frames)))
    rest = struct.pack(">H", 0x4000 | (4 + len(plain) + 16))
    extra = varint(len(token)) + token if kind == (1 if version == V2 else 0) else b""
    head = bytes([0xC3 | kind << 4]) + struct.pack(">I", version) + ids + extra + rest
    header = head + struct.pack(">I", number)
    nonce = bytes(a ^ b for a, b in zip(iv, number.to_bytes(12, "big"), strict=True))
    body = AESGCM(key).encrypt(nonce, plain, header)
    encryptor = Cipher(algorithms.AES(protection), modes.ECB()).encryptor()
    mask = encryptor.update(body[:16])
    first = bytes([header[0] ^ mask[0] & 0x0F])
    hidden = bytes(a ^ b for a, b in zip(header[-4:], mask[1:], strict=False))
    return first + header[1:-4] + hidden + body


def chlo(name: str) -> bytes:
    """A CHLO of Google's own handshake: tags with the ends of their values, then the values."""
    values = {b"PAD\0": b"-" * 40, b"SNI\0": name.encode(), b"VER\0": b"Q043"}
    table, end = b"", 0
    for tag, value in values.items():
        end += len(value)
        table += tag + struct.pack("<I", end)
    return b"CHLO" + struct.pack("<HH", len(values), 0) + table + b"".join(values.values())


def google(message: bytes, version: str, offset: int = 0) -> bytes:
    """A packet of Google's QUIC in clear, with one STREAM frame of its handshake."""
    number, order = int(version[1:]), ">" if int(version[1:]) >= 39 else "<"
    frame = bytes([0xA0 | (4 if offset else 0)]) + b"\x01"
    frame += struct.pack(order + "H", offset) if offset else b""
    frame += struct.pack(order + "H", len(message)) + message + bytes(60)
    if number == 46:
        return b"\xc3Q046\x50" + DCID + struct.pack(">I", 1) + bytes(12) + frame
    private = b"\0" if number <= 33 else b""
    return b"\x09" + DCID + version.encode() + b"\x01" + bytes(12) + private + frame
