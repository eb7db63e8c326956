"""IAX2 full frames (RFC 5456): calls by the numbers that both ends gave them; their media goes through the same flow.

Mini frames have no call that is known without the full frames before them, so only those are read here.
"""

from collections.abc import Sequence
from typing import Final

from auditor.read.facts.model import ALIAS, INSIDE, V4_MAPPED, Alias, Dialog, Fact, Media, Packet, Reflexive
from auditor.read.facts.text import host

ELEMENTS: Final = 64  # read of one frame at most

_VOICE, _VIDEO, _IAX = 2, 3, 6
_NEW, _REGACK, _TXREQ = 1, 0x0F, 0x16
_CALLS: Final = frozenset((_NEW, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x19, 0x1A))  # NEW to AUTHREP, hold (section 8.4)
_APPARENT: Final = 0x12


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read a full frame (section 8.1.1); anything else says nothing."""
    if len(payload) < 12 or not payload[0] & 0x80:
        return ()
    seen, flow = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes), packet.flow
    kind, subclass = payload[10], payload[11]
    source, target = int.from_bytes(payload[:2], "big") & 0x7FFF, int.from_bytes(payload[2:4], "big") & 0x7FFF
    ours, theirs = (_number(*flow[:2], source), _number(*flow[2:4], target))
    call = "iax:" + "-".join(sorted((ours, theirs))) if target else f"{ALIAS}iax:{ours}"
    facts: list[Fact] = []
    called = kind != _IAX or subclass in _CALLS
    facts.append(Dialog(*seen, flow, call, kind == _IAX and subclass == _NEW, called))
    if called and target:
        facts += [Alias(*seen, flow, call, f"{ALIAS}iax:{name}") for name in (ours, theirs)]
    if kind in (_VOICE, _VIDEO):
        facts.append(Media(*seen, flow, call, flow[2], 0, INSIDE, "audio" if kind == _VOICE else "video"))
    if kind == _IAX and subclass in (_REGACK, _TXREQ):
        for where, port in _apparent(payload):
            if subclass == _REGACK:
                facts.append(Reflexive(*seen, flow, where, port))
            else:  # section 6.9: media may go there directly
                facts.append(Media(*seen, flow, call, where, port, "transfer", ""))
    return facts


def _number(address: int, port: int, call: int) -> str:
    return f"{host(address)}:{port}/{call}"


def _apparent(frame: bytes) -> list[tuple[int, int]]:
    """Read APPARENT ADDR (section 8.6.17), a socket address: family, port and address, the family in any byte order."""
    at, ends = 12, []
    for _ in range(ELEMENTS):
        if at + 2 > len(frame):
            break
        kind, size = frame[at], frame[at + 1]
        value = frame[at + 2 : at + 2 + size]
        if kind == _APPARENT and len(value) == 16 and value[:2] in (b"\2\0", b"\0\2"):
            ends.append((V4_MAPPED | int.from_bytes(value[4:8], "big"), int.from_bytes(value[2:4], "big")))
        at += 2 + size
    return ends
