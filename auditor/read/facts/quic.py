"""What the client's first packets of QUIC say: their handshake bytes, which anybody who sees them can decrypt.

Initial packets are sealed with a key that follows from the client's destination connection ID and a salt that
the version publishes: QUIC v1 (RFC 9001, section 5.2), v2 (RFC 9369, section 3.3), the drafts 22 to 34, Meta's mvfst
and Google's Q050, T050 and T051.  Google's older versions (Q024 to Q046) send their CHLO in clear.  A hello may be
spread over CRYPTO frames of several packets in any order, so only pieces are read here; `initials.py` joins them.
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from auditor.read.facts import tls
from auditor.read.facts.model import Packet
from auditor.read.facts.text import name_text

Piece = tuple[int, bytes]
"""Where in the handshake stream some bytes of it lie, and these bytes."""

V2: Final = 0x6B3343CF
LONGEST_ID: Final = 20  # bytes of a connection ID in the versions that are opened (RFC 9000, section 17.2)
LEAST_ID: Final = 8  # bytes of the one that a client makes up for a server that it does not know yet (section 7.2)
COALESCED: Final = 8  # packets of one datagram that are looked at
FRAMES: Final = 256  # of one packet that are read
LONGEST_HELLO: Final = 1 << 16  # offsets beyond it are no hello's

_SALT_22, _SALT_23, _SALT_29, _SALT_V1, _SALT_V2, _SALT_Q050, _SALT_T050, _SALT_T051 = map(bytes.fromhex, (
    "7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a",  # draft-ietf-quic-tls-22, section 5.2
    "c3eef712c72ebb5a11a7d2432bb46365bef9f502",  # draft-ietf-quic-tls-23 to -28
    "afbfec289993d24c9e9786f19c6111e04390a899",  # draft-ietf-quic-tls-29 to -32
    "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",  # draft-ietf-quic-tls-33, RFC 9001
    "0dede3def700a6db819381be6e269dcbf9bd2ed9",  # RFC 9369, section 3.3.1
    "504574efd066fe2f9d945cfcdbd3a7f0d3b56b45",  # Google's, as Chromium's QUIC library has them
    "7ff579e5acd072915580304c43a2367c60488310",
    "7a4edef4e7ccee5fa4506c19124fc8ccda6e033d",
))  # fmt: skip

_SALTS: Final[dict[int, bytes]] = {
    0x00000001: _SALT_V1, V2: _SALT_V2,
    0x51303530: _SALT_Q050, 0x54303530: _SALT_T050, 0x54303531: _SALT_T051,
    0xFACEB001: _SALT_22, 0xFACEB002: _SALT_23, 0xFACEB00E: _SALT_23,
    0xFF000016: _SALT_22,
    **dict.fromkeys(range(0xFF000017, 0xFF00001D), _SALT_23),
    **dict.fromkeys(range(0xFF00001D, 0xFF000021), _SALT_29),
    **dict.fromkeys(range(0xFF000021, 0xFF000023), _SALT_V1),
}  # fmt: skip

_GOOGLE: Final = (0x51303530, 0x54303530, 0x54303531)  # Google's frames under the header and the seal of the IETF
_Q039, _Q046 = 0x51303339, 0x51303436
_CLEAR: Final = range(0x51303234, _Q046 + 1)  # Q024 to Q046
_CHLO: Final = b"CHLO"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An Initial packet, of a client as it seems."""

    version: int
    dcid: bytes
    data: bytes  # the whole packet; the number begins at `number`
    number: int


@dataclass(frozen=True, slots=True)
class Clear:
    """A packet of Google's QUIC that names its version, and what of the handshake stands in it."""

    dcid: bytes
    pieces: tuple[Piece, ...]


def packets(payload: bytes) -> Iterator[Sealed | Clear]:
    """Yield the packets of a datagram that may hold handshake bytes of a client in reach; never raises.

    0-RTT, Handshake and other packets that come before or between are passed over; a packet that was cut is none.
    """
    for _ in range(COALESCED):
        if len(payload) < 7:
            return
        if not payload[0] & 0x80:
            yield from _public(payload)
            return
        version = int.from_bytes(payload[1:5], "big")
        if version in _CLEAR:
            yield from _q046(payload)
            return
        packet, end = _long(payload, version)
        if packet is not None:
            yield packet
        if not end:
            return
        payload = payload[end:]


def _long(payload: bytes, version: int) -> tuple[Sealed | None, int]:
    """Read a long header (RFC 9000, section 17.2): an Initial packet, if it is one, and where its packet ends."""
    nothing = None, 0
    if version not in _SALTS or not payload[0] & 0x40:
        return nothing
    kind, initial = payload[0] >> 4 & 3, 1 if version == V2 else 0
    if kind == (0 if version == V2 else 3):  # Retry has no length, and nothing behind it
        return nothing
    ids, at = [], 5
    for _ in range(2):
        size = payload[at] if at < len(payload) else 255
        if size > LONGEST_ID:
            return nothing
        ids.append(payload[at + 1 : at + 1 + size])
        at += 1 + size
    if kind == initial:
        token, at = _varint(payload, at)
        at += token
    length, at = _varint(payload, at)
    end = at + length
    if length < 20 or end > len(payload):  # four bytes of number and sample, sixteen of the tag
        return nothing
    known = kind == initial and len(ids[0]) >= LEAST_ID
    return Sealed(version, ids[0], payload[:end], at) if known else None, end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length integer (RFC 9000, section 16) and where it ends; beyond the end stands one too large."""
    if at >= len(data):
        return len(data), at
    first = data[at]
    if first < 0x40:  # as most are
        return first, at + 1
    size = 1 << (first >> 6)
    if at + size > len(data):
        return len(data), len(data)
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size


@dataclass(frozen=True, slots=True)
class _Keys:
    aead: Any
    iv: int
    mask: Any


@lru_cache(256)
def _keys(version: int, dcid: bytes) -> _Keys:
    """Derive what seals a client's Initial packets (RFC 9001, section 5.2; RFC 9369, section 3.3.2)."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secret = hmac.digest(_SALTS[version], dcid, "sha256")
    secret = _expanded(secret, b"client in", 32)
    kind = b"quicv2 " if version == V2 else b"quic "
    key, iv, protection = (
        _expanded(secret, kind + word, size) for word, size in ((b"key", 16), (b"iv", 12), (b"hp", 16))
    )
    hidden = Cipher(algorithms.AES(protection), modes.ECB()).encryptor()  # noqa: S305  (as RFC 9001, section 5.4.3, has it)
    return _Keys(AESGCM(key), int.from_bytes(iv, "big"), hidden.update)


def _expanded(secret: bytes, label: bytes, size: int) -> bytes:
    """Expand a secret (RFC 8446, section 7.1) to at most one block of SHA-256."""
    label = b"tls13 " + label
    info = size.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0"
    return hmac.digest(secret, info + b"\1", "sha256")[:size]


def opened(packet: Sealed, dcid: bytes) -> tuple[Piece, ...] | None:
    """Open a packet with the key that follows from a connection ID; None if it is not the one."""
    from cryptography.exceptions import InvalidTag

    keys, data, at = _keys(packet.version, dcid), packet.data, packet.number
    mask = keys.mask(data[at + 4 : at + 20])
    first = data[0] ^ mask[0] & 0x0F
    end = at + (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(data[at:end], mask[1:5], strict=False))
    nonce = (keys.iv ^ int.from_bytes(number, "big")).to_bytes(12, "big")  # a client's first numbers are not cut
    try:
        plain = keys.aead.decrypt(nonce, data[end:], bytes([first]) + data[1:at] + number)
    except InvalidTag:
        return None
    return tuple(_google_frames(plain) if packet.version in _GOOGLE else _frames(plain))


def _frames(plain: bytes) -> Iterator[Piece]:
    """List the CRYPTO frames among those that an Initial packet may hold (RFC 9000, sections 12.4 and 19)."""
    at, end = 0, len(plain)
    for _ in range(FRAMES):
        if at < end and not plain[at]:
            at = end - len(plain[at:].lstrip(b"\0"))  # padding
        kind = plain[at] if at < end else -1
        at += 1
        if kind == 6:
            offset, at = _varint(plain, at)
            size, at = _varint(plain, at)
            if at + size > end:
                return
            if offset + size <= LONGEST_HELLO:
                yield offset, plain[at : at + size]
            at += size
        elif kind in (2, 3):
            at = _after_ack(plain, at, kind == 3)
        elif kind != 1:  # PING; any other frame ends a handshake that begins here
            return


def _after_ack(plain: bytes, at: int, ecn: bool) -> int:
    """Pass over an ACK frame: largest, delay, count of ranges, first range, further ranges, counts of ECN."""
    _, at = _varint(plain, at)
    _, at = _varint(plain, at)
    count, at = _varint(plain, at)
    for _ in range(min(1 + 2 * count + 3 * ecn, len(plain))):
        _, at = _varint(plain, at)
    return at


def _google_frames(plain: bytes) -> Iterator[Piece]:
    """List the CRYPTO frames (type 8) of Q050 and its kin before the first frame of another kind."""
    at = 0
    for _ in range(FRAMES):
        while plain[at : at + 1] in (b"\0", b"\7"):  # padding, ping
            at += 1
        if plain[at : at + 1] != b"\x08":
            return
        offset, at = _varint(plain, at + 1)
        size, at = _varint(plain, at)
        if at + size > len(plain):
            return
        if offset + size <= LONGEST_HELLO:
            yield offset, plain[at : at + size]
        at += size


def _public(payload: bytes) -> Iterator[Clear]:
    """Read Google's public header (Q024 to Q043): flags, connection ID, version, number, hash of 12 bytes, frames."""
    version = int.from_bytes(payload[9:13], "big")
    if version not in _CLEAR or version == _Q046 or payload[0] & 0x09 != 0x09:
        return
    at = 13 + (1, 2, 4, 6)[payload[0] >> 4 & 3] + 12
    if version <= 0x51303333:  # Q033 and before: private flags
        at += 1
    yield Clear(payload[1:9], tuple(_stream(payload, at, version)))


def _q046(payload: bytes) -> Iterator[Clear]:
    """Read Q046: a long header with a connection ID of 8 bytes, and all else as before."""
    if int.from_bytes(payload[1:5], "big") == _Q046 and payload[5] == 0x50:
        at = 14 + (payload[0] & 3) + 1 + 12
        yield Clear(payload[6:14], tuple(_stream(payload, at, _Q046)))


def _stream(payload: bytes, at: int, version: int) -> Iterator[Piece]:
    """Read the first STREAM frame, if it is of the handshake's stream 1; frames before it are passed where short."""
    order: Any = "big" if version >= _Q039 else "little"
    while payload[at : at + 1] in (b"\0", b"\7"):
        at += 1
    kind = payload[at] if at < len(payload) else 0
    offset_size = (kind >> 2 & 7) + 1 if kind >> 2 & 7 else 0
    if not kind & 0x80 or kind & 3 or payload[at + 1 : at + 2] != b"\1":
        return
    at += 2
    offset = int.from_bytes(payload[at : at + offset_size], order)
    at += offset_size
    size = len(payload) - at
    if kind & 0x20:
        size = int.from_bytes(payload[at : at + 2], order)
        at += 2
    if offset + size <= LONGEST_HELLO:
        yield offset, payload[at : at + size]  # a frame that was cut gives what there is of it


def whole(stream: bytes) -> bool:
    """Say whether the beginning of a handshake stream holds all of its first message."""
    if stream[:4] == _CHLO:
        count = int.from_bytes(stream[4:6], "little")
        last = int.from_bytes(stream[8 * count + 4 : 8 * count + 8], "little")
        return len(stream) >= 8 + 8 * count + last
    return len(stream) >= 4 and len(stream) >= 4 + int.from_bytes(stream[1:4], "big")


def server_name(stream: bytes) -> str | None:
    """Return the server name in the beginning of a handshake stream, empty if there is none; None: no hello."""
    if stream[:4] == _CHLO:
        return name_text(_tags(stream).get(b"SNI\0", b""))
    nobody = Packet(0, 0, 0, 0, 0, 0, 0, 0)
    for hello in tls.parse(b"\x16\x03\x01\0\0" + stream, nobody):
        return str(getattr(hello, "name", ""))
    return None


def _tags(chlo: bytes) -> Mapping[bytes, bytes]:
    """Read the values of a CHLO by tag: a table of tags with the ends of their values, and the values."""
    count = min(int.from_bytes(chlo[4:6], "little"), 256)
    begin, found = 8 + 8 * count, {}
    before = 0
    for at in range(8, begin, 8):
        end = int.from_bytes(chlo[at + 4 : at + 8], "little")
        if end < before or begin + end > len(chlo):
            break
        found[chlo[at : at + 4]] = chlo[begin + before : begin + end]
        before = end
    return found
