"""Where messages end in a stream: SIP by Content-Length, DNS by a length before, TLS by records, WebSocket by frames.

Formats: RFC 3261, section 18.3; RFC 1035, section 4.2.2; RFC 8446, sections 4 and 5.1; RFC 6347, section 4.2.3;
RFC 6455, section 5.2, and RFC 7118.
"""

import re
from collections.abc import Callable
from typing import Final

LONGEST: Final = 1 << 16
"""Bytes of a message; SIP over UDP can't have more, and no ClientHello comes near."""

SYNC_LOST, DONE = -1, -2

Framed = tuple[list[bytes], int, int]
"""Whole messages, the bytes that they took, and how many bytes from there on it takes to look again; or that what
follows is no message (`SYNC_LOST`), or not wanted (`DONE`)."""
Frame = Callable[[bytes], Framed]

_START: Final = re.compile(rb"(?:SIP/2\.0 [1-6]\d\d|[A-Z]{2,20} [^\r\n]{1,2048}? SIP/2\.0)[^\r\n]{0,512}\r?\n")
_NEXT: Final = re.compile(rb"(?<=\n)(?:SIP/2\.0 [1-6]\d\d[^\r\n]{0,512}|[A-Z]{2,20} [^\r\n]{1,2048}? SIP/2\.0)\r?\n")
_LINE_ENDS: Final = re.compile(rb"[\r\n]*")
_EMPTY: Final = re.compile(rb"\n\r?\n")
_LENGTH: Final = re.compile(rb"\n(?i:content-length|l)[ \t]*:[ \t]*(\d{1,9})[ \t]*\r?\n")
LINE: Final = 2600  # bytes that a first line may have
_HANDSHAKE, _RECORD, _CONTROL = 22, 5, 8
_FRAGMENTS: Final = 256  # frames that one message may come in


def sip(data: bytes) -> Framed:
    """Split SIP messages; between them, empty lines keep the connection alive (RFC 5626, section 3.5.1).

    Without a Content-Length, which a stream must have, the body is what has come so far.
    """
    messages: list[bytes] = []
    at, size = 0, len(data)
    while True:
        blank = _LINE_ENDS.match(data, at)
        at = blank.end() if blank else at
        start = _START.match(data, at)
        if start is None:
            begun = at == size or (data.find(b"\n", at, at + LINE) < 0 and size - at < LINE)
            return messages, at, 0 if begun else SYNC_LOST
        body = _body(data, start.end() - 2)
        if not body:
            return messages, at, 0 if size - at <= LONGEST else SYNC_LOST
        length = _LENGTH.search(data, start.end() - 1, body)
        end = body + int(length[1]) if length else _next_start(data, body)
        if end > size:
            return messages, at, end - at if end - at <= LONGEST else SYNC_LOST
        messages.append(data[at:end])
        at = end


def _body(data: bytes, at: int) -> int:
    """Return where the empty line behind the headers ends; 0: nowhere.  Line ends may lack their CR."""
    found = _EMPTY.search(data, at)
    return found.end() if found else 0


def _next_start(data: bytes, at: int) -> int:
    found = _NEXT.search(data, at)
    return found.start() if found else len(data)


def sought(data: bytes) -> int:
    """Return where a SIP message begins behind a line end; -1: nowhere."""
    found = _NEXT.search(data)
    return found.start() if found else -1


def empty_line(data: bytes, looked: int) -> bool:
    """Say whether headers end behind the first `looked` bytes."""
    return data.find(b"\n\r\n", max(looked - 2, 0)) >= 0 or data.find(b"\n\n", max(looked - 1, 0)) >= 0


def dns(data: bytes) -> Framed:
    """Split DNS messages; they keep their length, as the parser expects of TCP."""
    messages: list[bytes] = []
    at = 0
    while at + 2 <= len(data):
        size = 2 + int.from_bytes(data[at : at + 2], "big")
        if size < 14:
            return messages, at, SYNC_LOST
        if at + size > len(data):
            return messages, at, size
        messages.append(data[at : at + size])
        at += size
    return messages, at, 0


def tls(data: bytes) -> Framed:
    """Put the first handshake message together, out of as many records as it has; it is written as one record."""
    shake, at = bytearray(), 0
    while at + _RECORD <= len(data):
        if data[at] != _HANDSHAKE or data[at + 1] != 3:
            return [], 0, SYNC_LOST
        end = at + _RECORD + int.from_bytes(data[at + 3 : at + 5], "big")
        shake += data[at + _RECORD : end]
        if len(shake) > LONGEST:
            return [], 0, SYNC_LOST
        if len(shake) >= 4:
            size = 4 + int.from_bytes(shake[1:4], "big")
            if size > LONGEST:
                return [], 0, SYNC_LOST
            if len(shake) >= size:
                return [data[:_RECORD] + shake[:size]], min(end, len(data)), DONE
        at = end
    return [], 0, at if at > len(data) else at + _RECORD


RECORD_OF_DTLS: Final = bytes((_HANDSHAKE, 0xFE, 0xFD)) + bytes(10)


def dtls(data: bytes) -> Framed:
    """Put a handshake message together out of its header, that of the first fragment, and its fragments."""
    size = 12 + int.from_bytes(data[1:4], "big")
    if len(data) < size:
        return [], 0, size if size <= LONGEST else SYNC_LOST
    return [RECORD_OF_DTLS + data[:size]], size, DONE


def websocket(data: bytes) -> Framed:
    """Unwrap the SIP messages of WebSocket frames, whose fragments control frames may part (RFC 6455, section 5.4)."""
    messages: list[bytes] = []
    taken = at = 0
    message = bytearray()
    frames = 0
    while at + 2 <= len(data):
        frames += 1
        head = at + 2 + {126: 2, 127: 8}.get(data[at + 1] & 0x7F, 0)
        masked = data[at + 1] & 0x80
        size = data[at + 1] & 0x7F if head == at + 2 else int.from_bytes(data[at + 2 : head], "big")
        body = head + 4 if masked else head
        if data[at] & 0x70 or len(message) + size > LONGEST or frames > _FRAGMENTS:
            return messages, taken, SYNC_LOST  # an extension (compressed frames, say), or none of ours
        if len(data) < body + size:
            return messages, taken, body + size - taken
        final, code = data[at] & 0x80, data[at] & 0x0F
        at = body + size
        if code < _CONTROL:
            message += unmasked(data[body:at], data[head:body]) if masked else data[body:at]
            if final:
                if not _START.match(message.lstrip(b"\r\n")) and message.strip(b"\r\n"):
                    return messages, taken, DONE  # another protocol
                messages.append(bytes(message))
                message.clear()
        if not message:
            taken, frames = at, 0
    return messages, taken, 0


def unmasked(data: bytes, key: bytes) -> bytes:
    """Undo the masking of RFC 6455, section 5.3."""
    size = len(data)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")


FRAMES: Final[dict[str, Frame]] = {"sip": sip, "dns": dns, "tls": tls, "dtls": dtls, "websocket": websocket}
APP: Final = {"sip": "sip", "dns": "dns", "tls": "tls", "dtls": "dtls", "websocket": "sip", "sctp": "sip"}
"""What the messages of a kind of chain are."""
