"""Skinny messages (SCCP of Cisco telephones, as Wireshark's `packet-skinny` describes them): calls and media ends.

Each message is a length, a header version, a number and 32-bit little-endian fields; addresses lie as in IP headers.
Since version 17 an address has a family before it and 16 bytes.  A call reference is a call manager's own, so the
manager's address is part of the call's name.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from auditor.read.facts.model import V4_MAPPED, Acts, Dialog, Fact, Media, Packet
from auditor.read.facts.text import host

MESSAGES: Final = 64  # read of one segment at most
LONGEST: Final = 2000 + 8  # bytes of a message, as the dissector believes them
VERSIONS: Final = (0, *range(10, 24))  # of headers: 0 basic, then those of managers' releases
PORTS: Final = (2000, 2443)

_WIDE: Final = 17  # the first version with a family before an address
_HEAD: Final = struct.Struct("<III")


class _Shape(NamedTuple):
    """Where a message has its call reference, and the end that it names; offsets behind the number."""

    call: int = -1
    wide_call: int = -1  # the same since version 17, where an address lies before it
    end: int = -1  # of the address (its family, since version 17)
    sender: bool = False  # the end is the telephone's that sent it


_SHAPES: Final[dict[int, _Shape]] = {
    0x0003: _Shape(8, 8), 0x0006: _Shape(4, 4), 0x0007: _Shape(4, 4), 0x0026: _Shape(8, 8),  # keys and hooks
    0x0022: _Shape(16, 32, 4, True),  # OpenReceiveChannelAck
    0x0031: _Shape(16, 32, 4, True),  # OpenMultiMediaReceiveChannelAck
    0x0154: _Shape(8, 8, 12, True),  # StartMediaTransmissionAck
    0x0155: _Shape(8, 8, 12, True),  # StartMultiMediaTransmissionAck
    0x008A: _Shape(40, 56, 8),  # StartMediaTransmission
    0x0132: _Shape(20, 36, 12),  # StartMultiMediaTransmission
    0x0082: _Shape(12, 12), 0x0083: _Shape(4, 4), 0x0085: _Shape(12, 12),  # tones and ringer
    0x008B: _Shape(8, 8), 0x0105: _Shape(24, 24), 0x0106: _Shape(8, 8),  # stop, open and close a channel
    0x008F: _Shape(132, 132), 0x014A: _Shape(4, 4), 0x0110: _Shape(4, 4), 0x0111: _Shape(8, 8),  # what is displayed
}  # fmt: skip
_STATUS: Final = {0x0022: 0, 0x0031: 0}  # where a refusal is told: what it names is no end
_NO_CALL: Final = "skinny:"
_BY_PERSON: Final = (0x0003, 0x0005, 0x0006, 0x0007, 0x0026)  # keys and hooks: somebody sits there
_BY_MANAGER: Final = (0x0081, 0x0105, 0x008A, 0x0111, 0x0132)  # only who controls telephones sends these


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the whole messages that start in a segment."""
    seen, flow = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes), packet.flow
    facts: dict[Fact, None] = {}
    manager = flow[0] if packet.sport in PORTS and packet.dport not in PORTS else flow[2]
    for version, number, body in _messages(payload):
        if number in _BY_PERSON or number in _BY_MANAGER:
            facts[Acts(*seen, flow, "client" if number in _BY_PERSON else "server")] = None
        shape = _SHAPES.get(number, _Shape())
        if number in _BY_MANAGER:
            manager = flow[0]
        reference = _field(body, shape.wide_call if version >= _WIDE else shape.call)
        call = f"skinny:{reference}@{host(manager)}" if reference else ""
        facts[Dialog(*seen, flow, call or _NO_CALL, flow[0] != manager, bool(call))] = None
        end = _end(body, shape.end, version) if call and shape.end >= 0 and not _refused(number, body) else None
        if end:
            facts[Media(*seen, flow, call, *end, "media", "")] = None
    calls = any(isinstance(fact, Dialog) and fact.call for fact in facts)
    return [fact for fact in facts if not (calls and isinstance(fact, Dialog) and not fact.call)]


def length(head: bytes) -> int | None:
    """Return how many bytes the message that begins here has; None: not to be told yet, or no message."""
    if len(head) < 8:
        return None
    size, version, _ = _HEAD.unpack_from(head.ljust(12, b"\0"))
    return size + 8 if 4 <= size <= LONGEST - 8 and version in VERSIONS else None


def _messages(payload: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    for _ in range(MESSAGES):
        size = length(payload[at : at + 12])
        if size is None or at + size > len(payload):
            return
        _, version, number = _HEAD.unpack_from(payload, at)
        yield version, number, payload[at + 12 : at + size]
        at += size


def _field(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 4], "little") if 0 <= at <= len(body) - 4 else 0


def _refused(number: int, body: bytes) -> bool:
    return number in _STATUS and _field(body, _STATUS[number]) != 0


def _end(body: bytes, at: int, version: int) -> tuple[int, int] | None:
    size = 4
    if version >= _WIDE:
        family = _field(body, at)
        if family > 1:
            return None
        at, size = at + 4, 16
    if at + size + 4 > len(body):
        return None
    six = size == 16 and family == 1
    address = int.from_bytes(body[at : at + 16 if six else at + 4], "big")
    port = _field(body, at + size)
    if not address or not 0 < port < 65536:
        return None
    return address if six else V4_MAPPED | address, port
