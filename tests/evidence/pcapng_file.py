"""Read a pcapng file block by block, so that what is written is not read by what reads captures."""

import struct
from dataclasses import dataclass, field


@dataclass
class Face:
    link: int
    resolution: int = 6
    offset: int = 0


@dataclass
class Packet:
    face: Face
    stamp: int
    data: bytes
    wire: int
    comment: str


@dataclass
class File:
    comments: list[str] = field(default_factory=list)
    application: str = ""
    faces: list[Face] = field(default_factory=list)
    names: list[tuple[bytes, str]] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)


def options(body: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at + 4 <= len(body):
        code, size = struct.unpack_from("<HH", body, at)
        if code == 0:
            assert size == 0
            assert at + 4 == len(body)
            break
        found.append((code, body[at + 4 : at + 4 + size]))
        at += 4 + (size + 3) // 4 * 4
    return found


def parse(content: bytes) -> File:
    """Read little-endian blocks; one section, in which interfaces come before their packets."""
    file, at = File(), 0
    while at < len(content):
        kind, length = struct.unpack_from("<II", content, at)
        assert length % 4 == 0
        assert struct.unpack_from("<I", content, at + length - 4)[0] == length
        body = content[at + 8 : at + length - 4]
        if kind == 0x0A0D0D0A:
            assert at == 0
            assert struct.unpack_from("<IHHq", body) == (0x1A2B3C4D, 1, 0, -1)
            for code, value in options(body[16:]):
                if code == 1:
                    file.comments.append(value.decode())
                elif code == 4:
                    file.application = value.decode()
        elif kind == 1:
            face = Face(struct.unpack_from("<H", body)[0])
            for code, value in options(body[8:]):
                if code == 9:
                    face.resolution = value[0]
                elif code == 14:
                    face.offset = struct.unpack("<q", value)[0]
            file.faces.append(face)
        elif kind == 4:
            for code, value in options(body[:-4] + bytes(4)):
                width = {1: 4, 2: 16}[code]
                file.names.append((value[:width], value[width:].rstrip(b"\0").decode()))
        elif kind == 6:
            which, high, low, size, wire = struct.unpack_from("<IIIII", body)
            rest = dict(options(body[20 + (size + 3) // 4 * 4 :]))
            file.packets.append(
                Packet(file.faces[which], high << 32 | low, body[20 : 20 + size], wire, rest.get(1, b"").decode())
            )
        else:
            raise AssertionError(f"block {kind}")
        at += length
    return file
