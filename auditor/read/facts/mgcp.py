"""MGCP messages (RFC 3435; NCS of cable networks): the call of a connection, and where its media is to go.

A call agent commands gateways, so who sends a command of its kind is the server.  CallIds are unique among the
agents of one system only (section 2.1.3.2), so the agent's address is part of the call's name.  A response doesn't
say whose it is: it is tied to its command by the transaction identifier.
"""

import re
from collections.abc import Sequence
from typing import Final

from auditor.read.facts import sdp
from auditor.read.facts.model import ALIAS, Acts, Alias, Dialog, Fact, Media, Packet
from auditor.read.facts.text import ends, host, line_text

MESSAGES: Final = 16  # piggy-backed in one datagram at most (section 3.5.5)

_COMMAND: Final = re.compile(rb"([A-Z]{4}) (\d{1,9}) (\S{1,512}) MGCP 1\.\d[^\r\n]{0,128}\r?\n", re.IGNORECASE)
_RESPONSE: Final = re.compile(rb"(\d{3}) (\d{1,9})(?: [^\r\n]{0,512})?(?:\r?\n|\Z)")
_APART: Final = re.compile(rb"^\.\r?\n", re.MULTILINE)
_BODY: Final = re.compile(rb"\r?\n\r?\n")
_CALL: Final = re.compile(rb"^C[ \t]*:[ \t]*([0-9A-F]{1,32})[ \t]*\r?\n", re.MULTILINE | re.IGNORECASE)
_REASON: Final = re.compile(rb"^E[ \t]*:[ \t]*\d{3}", re.MULTILINE | re.IGNORECASE)
_BY_AGENT: Final = frozenset((b"EPCF", b"CRCX", b"MDCX", b"RQNT", b"AUEP", b"AUCX"))
_BY_GATEWAY: Final = frozenset((b"NTFY", b"RSIP"))
_NO_CALL: Final = "mgcp:"


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the messages of a datagram, which a line with a single dot keeps apart."""
    facts: dict[Fact, None] = {}
    for message in _APART.split(payload, MESSAGES)[:MESSAGES]:
        if command := _COMMAND.match(message):
            facts |= dict.fromkeys(_command(command, message, packet))
        elif response := _RESPONSE.match(message):
            facts |= dict.fromkeys(_response(response, message, packet))
    return list(facts)


def _command(command: re.Match[bytes], message: bytes, packet: Packet) -> list[Fact]:
    seen, flow = _seen(packet), packet.flow
    head, body = _parts(message)
    verb = command[1].upper()
    by_gateway = verb in _BY_GATEWAY or (verb == b"DLCX" and _REASON.search(head) is not None)  # section 2.3.9
    if not (by_gateway or verb in _BY_AGENT or verb == b"DLCX"):
        return []
    facts: list[Fact] = [Acts(*seen, flow, "server")] if verb in _BY_AGENT else []
    called = _CALL.search(head)
    if called is None:
        return [*facts, Dialog(*seen, flow, _NO_CALL, True, False)]
    agent = flow[2] if by_gateway else flow[0]
    call = f"mgcp:{line_text(called[1].upper())}@{host(agent)}"
    facts.append(Dialog(*seen, flow, call, True, True))
    if verb in (b"CRCX", b"MDCX"):
        facts.append(Alias(*seen, flow, call, _transaction(packet, command[2])))
    return facts + [Media(*seen, flow, call, end[0], end[1], *end[2:]) for end in sdp.ends(body)]


def _response(response: re.Match[bytes], message: bytes, packet: Packet) -> list[Fact]:
    """Read a response: the descriptions in it are the gateway's, so only commands to open connections have them."""
    seen, flow = _seen(packet), packet.flow
    call = _transaction(packet, response[2])
    told: list[Fact] = [Media(*seen, flow, call, end[0], end[1], *end[2:]) for end in sdp.ends(_parts(message)[1])]
    return [Dialog(*seen, flow, call if told else _NO_CALL, False, False), *told]


def _parts(message: bytes) -> tuple[bytes, bytes]:
    """Return the lines before an empty one, and what follows it."""
    found = _BODY.search(message)
    return (message[: found.end()], message[found.end() :]) if found else (message, b"")


def _transaction(packet: Packet, number: bytes) -> str:
    return f"{ALIAS}mgcp:{ends(packet.flow)}/{int(number)}"


def _seen(packet: Packet) -> tuple[int, int, int, int, int, int]:
    return packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes
