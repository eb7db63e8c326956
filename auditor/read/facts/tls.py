"""The server name in a ClientHello, of TLS (RFC 8446, section 4.1.2; RFC 6066, section 3) and of DTLS (RFC 6347, 9147).

A hello that was cut, or that goes on in another packet, still tells who opened the connection; the name is
taken if it lies before the cut.
"""

from collections.abc import Sequence

from auditor.read.facts.model import Fact, Hello, Packet
from auditor.read.facts.text import name_text

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read a ClientHello at the start of a TLS segment or DTLS datagram; anything else says nothing."""
    if len(payload) < 6 or payload[0] != _HANDSHAKE:
        return ()
    if payload[1] == 3:
        body, datagram = 9, False  # record header 5, handshake header 4
    elif payload[1] == 0xFE:
        body, datagram = 25, True  # record header 13, handshake header 12
        if len(payload) < body or payload[19:22] != b"\0\0\0":  # a later fragment of a hello
            return ()
    else:
        return ()
    if payload[body - (12 if datagram else 4)] != _CLIENT_HELLO:
        return ()
    name = _server_name(payload, body, datagram)
    seen = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes)
    return (Hello(*seen, packet.flow, name_text(name)),)


def _server_name(hello: bytes, at: int, datagram: bool) -> bytes:
    """Walk to the extensions and return the first host name, empty if there is none before the cut."""
    at += 34  # version, random
    if at >= len(hello):
        return b""
    at += 1 + hello[at]  # session id
    if datagram:
        if at >= len(hello):
            return b""
        at += 1 + hello[at]  # cookie
    at += 2 + int.from_bytes(hello[at : at + 2], "big")  # cipher suites
    if at >= len(hello):
        return b""
    at += 3 + hello[at]  # compression methods, length of the extensions
    while at + 4 <= len(hello):
        kind = int.from_bytes(hello[at : at + 2], "big")
        length = int.from_bytes(hello[at + 2 : at + 4], "big")
        at += 4
        if kind == _SERVER_NAME:
            size = int.from_bytes(hello[at + 3 : at + 5], "big")
            whole = length >= 5 + size and at + 5 + size <= len(hello)
            return hello[at + 5 : at + 5 + size] if whole and hello[at + 2] == _HOST_NAME else b""
        at += length
    return b""
