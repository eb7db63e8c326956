"""H.225.0 (ITU-T H.225.0): call signalling of H.323 in Q.931 messages, and RAS between endpoints and gatekeepers.

A call's name is its callIdentifier; of version 1, which has none, its conferenceID.  Messages without either are tied
by the call reference of their connection, answers of a gatekeeper by the number of the request.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from auditor.read.facts import h245, tpkt
from auditor.read.facts.h323_types import TYPES
from auditor.read.facts.model import ALIAS, CONTROL, Acts, Alias, Dialog, Fact, Flow, Media, Packet
from auditor.read.facts.per import Bad, Reader
from auditor.read.facts.text import ends

CHANNELS: Final = 64  # of fastStart or tunnelled messages, read of one message at most
ELEMENTS: Final = 64  # of information (Q.931), read of one message at most

length = tpkt.length

_UDP: Final = 17
_USER: Final = 0x7E  # the element that holds H.225.0 (section 7.2.1.31), after the discriminator 5
_NO_CALL: Final = "h323:"
_BY_GATEKEEPER: Final = (1, 2, 4, 5, 10, 11)  # confirms and rejects of discovery, registration and admission
_READ: Final = {9: "Admission", 10: "Admitted", 15: "Disengage"}
_WITH_VERSION: Final = range(6)  # discovery and registration begin with number and protocolIdentifier
_VERSION: Final = b"\6\0\x08\x91\x4a\0"  # itu-t recommendation h 2250 version (n)

_Seen = tuple[int, int, int, int, int, int]


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the messages of a segment, or the RAS message of a datagram."""
    seen = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes)
    if packet.protocol == _UDP:
        return list(_ras(payload, packet.flow, seen))
    facts: dict[Fact, None] = {}
    for message in [payload] if payload[:1] == b"\x08" else tpkt.messages(payload):
        facts |= dict.fromkeys(_message(message, packet.flow, seen))
    return list(facts)


def _message(message: bytes, flow: Flow, seen: _Seen) -> Iterator[Fact]:
    if len(message) < 5 or message[:2] != b"\x08\x02":
        return
    reference = f"{ALIAS}h225:{ends(flow)}/{int.from_bytes(message[2:4], 'big') & 0x7FFF}"
    kind, pdu = _body(message)
    chosen = pdu.get("body", ("", None))
    body = chosen[1] if isinstance(chosen[1], dict) else {}
    guid = body.get("call", {}).get("guid") or body.get("conference") or b""
    call = _NO_CALL + guid.hex() if guid.strip(b"\0") else reference
    yield Dialog(*seen, flow, call, kind == "setup", call != reference)
    if call != reference:
        yield Alias(*seen, flow, call, reference)
    for name, media in (("h245Address", "h245"), ("toAddress", "h225")):
        end = h245.transport(body.get(name))
        if end:
            yield Media(*seen, flow, call, *end, CONTROL, media)
    told = [end for channel in body.get("fastStart", ())[:CHANNELS] for end in h245.fast(channel)]
    tunnelled = [*pdu.get("control", ()), *body.get("control", ())][:CHANNELS]
    told += [end for each in tunnelled for end in h245.control(each)]
    for end_ in told:
        yield Media(*seen, flow, call, *end_)


def _body(message: bytes) -> tuple[str, Mapping[str, Any]]:
    """Find the user-user element, and return the kind of its message and what it holds."""
    at = 5
    for _ in range(ELEMENTS):
        if at >= len(message):
            break
        kind = message[at]
        if kind & 0x80:  # an element of a single octet (Q.931, section 4.5.1)
            at += 1
            continue
        wide = 2 if kind == _USER else 1
        size = int.from_bytes(message[at + 1 : at + 1 + wide], "big")
        at += 1 + wide
        if kind == _USER and message[at : at + 1] == b"\5":
            return _decoded(message[at + 1 : at + size])
        at += size
    return "", {}


def _decoded(user: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        pdu = TYPES["UserInformation"](Reader(user)).get("pdu", {})
    except Bad:
        return "", {}
    return str(pdu.get("body", ("",))[0]), pdu


def _ras(message: bytes, flow: Flow, seen: _Seen) -> Iterator[Fact]:
    kind, found = ras(message)
    if kind is None:
        return
    if kind in _BY_GATEKEEPER:
        yield Acts(*seen, flow, "server")
    guid = found.get("call", {}).get("guid") or found.get("conference") or b""
    number = f"{ALIAS}ras:{ends(flow)}/{found['number']}" if "number" in found else ""
    call = _NO_CALL + guid.hex() if guid.strip(b"\0") else number or _NO_CALL
    named = call != number and call != _NO_CALL
    yield Dialog(*seen, flow, call, kind % 3 == 0, named)
    if named and number:
        yield Alias(*seen, flow, call, number)
    end = h245.transport(found.get("toAddress"))
    if end:
        yield Media(*seen, flow, call, *end, CONTROL, "h225")


def ras(message: bytes) -> tuple[int | None, Mapping[str, Any]]:
    """Return which RAS message this is, by the number of its alternative, and what was read of it; None: none."""
    if len(message) < 4 or message[0] & 0x80:
        return None, {}
    kind = message[0] >> 2
    if kind in _WITH_VERSION:
        return (kind, {}) if message[4:10] == _VERSION else (None, {})
    if kind not in _READ:
        return None, {}
    reader = Reader(message)
    reader.bits(6)
    try:
        found = TYPES[_READ[kind]](reader)
    except Bad:
        return None, {}
    return (None, {}) if reader.broken else (kind, found)
