"""A second reader of Ethernet frames, one packet at a time and as plain as can be: the judge of the quick one."""

from auditor.read.headers import EXTENSIONS

Key = tuple[int, int, int, int, int]
TAGS = {0x8100: 4, 0x88A8: 4, 0x9100: 4, 0x9200: 4, 0x9300: 4, 0x8926: 6, 0x8909: 8, 0x88E7: 18}
PORTED = (6, 17, 33, 132, 136)


def number(data: bytes, at: int, size: int = 2) -> int:
    return int.from_bytes(data[at : at + size], "big")


def address_and_ports(frame: bytes) -> Key | None:
    """Return source, destination, ports and protocol of a frame; None: it has no addresses that can be believed."""
    if len(frame) < 14:
        return None
    kind, at = number(frame, 12), 14
    for _ in range(16):
        if kind in TAGS:
            at += TAGS[kind]
            if at > len(frame):
                return None
            kind = number(frame, at - 2)
        elif kind == 0x8864:
            at += 8
            if at > len(frame):
                return None
            kind = {0x21: 0x0800, 0x57: 0x86DD, 0x281: 0x8847, 0x283: 0x8847}.get(number(frame, at - 2), -1)
        elif kind in (0x8847, 0x8848):
            at, kind = _labels(frame, at)
        elif 0 <= kind < 0x600:
            at, kind = _llc(frame, at)
        else:
            break
    packet = frame[at:]
    if kind == 0x0800 and packet and packet[0] >> 4 == 6:
        kind = 0x86DD
    return {0x0800: _four, 0x86DD: _six}.get(kind, lambda _packet: None)(packet)


def _labels(frame: bytes, at: int) -> tuple[int, int]:
    for _ in range(16):
        if at + 4 > len(frame):
            break
        at += 4
        if frame[at - 2] & 1:
            break
    if at >= len(frame):
        return at, -1
    nibble = frame[at] >> 4
    if nibble == 0 and at + 18 <= len(frame):
        inner = number(frame, at + 16)
        if inner in (0x0800, 0x86DD, 0x8864) or inner in TAGS:
            return at + 18, inner
    return at, {4: 0x0800, 6: 0x86DD}.get(nibble, -1)


def _llc(frame: bytes, at: int) -> tuple[int, int]:
    head = frame[at : at + 8]
    if len(head) == 8 and head[:6] in (b"\xaa\xaa\3\0\0\0", b"\xaa\xaa\3\0\0\xf8") and number(head, 6) >= 0x600:
        return at + 8, number(head, 6)
    return (at + 3, 0x0800) if head[:3] == b"\6\6\3" else (at, -1)


def _four(packet: bytes) -> Key | None:
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return None
    size, total = (packet[0] & 15) * 4, number(packet, 2)
    if size < 20 or (total and total < size):
        return None
    source, target = (0xFFFF << 32 | number(packet, at, 4) for at in (12, 16))
    return _with_ports(packet, size, packet[9], source, target, bool(number(packet, 6) & 0x1FFF))


def _six(packet: bytes) -> Key | None:
    if len(packet) < 40 or packet[0] >> 4 != 6:
        return None
    protocol, at, later = packet[6], 40, False
    for _ in range(EXTENSIONS):
        if protocol not in (0, 43, 44, 51, 60, 135, 139, 140) or later or at + 8 > len(packet):
            break
        size = 8 if protocol == 44 else (packet[at + 1] + 2) * 4 if protocol == 51 else (packet[at + 1] + 1) * 8
        later = protocol == 44 and bool(number(packet, at + 2) & 0xFFF8)
        protocol, at = packet[at], at + size
    return _with_ports(packet, at, protocol, number(packet, 8, 16), number(packet, 24, 16), later)


def _with_ports(packet: bytes, at: int, protocol: int, source: int, target: int, later: bool) -> Key:
    if protocol not in PORTED or later or at + 4 > len(packet):
        return source, target, 0, 0, protocol
    return source, target, number(packet, at), number(packet, at + 2), protocol
