"""Discord's IP discovery, in place of STUN: a voice server tells a client under which end it sees it.

Type (2 in answers), a length of 70, an SSRC, the address as text that zeros fill to 64 bytes, and the port.
"""

from collections.abc import Sequence
from typing import Final

from auditor.read.facts.model import Exchange, Fact, Packet, Reflexive
from auditor.read.facts.text import address

SIZE: Final = 74


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read a request or an answer; all else says nothing."""
    if len(payload) != SIZE or payload[:4] not in (b"\0\1\0\x46", b"\0\2\0\x46"):
        return ()
    seen = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes)
    answer = payload[1] == 2
    facts: list[Fact] = [Exchange(*seen, packet.flow, answer, "discovery")]
    text, _, rest = payload[8:72].partition(b"\0")
    where = address(text) if answer and not rest.strip(b"\0") else None
    if where is not None:
        facts.append(Reflexive(*seen, packet.flow, where, int.from_bytes(payload[72:], "big")))
    return facts
