"""Messages in a TCP stream behind a header of four bytes: 3, 0, and the length of all (RFC 1006, section 6)."""

from collections.abc import Iterator
from typing import Final

MESSAGES: Final = 32  # read of one segment at most
HEADER: Final = 4


def length(head: bytes) -> int | None:
    """Return how many bytes the message that begins here has; None: not to be told yet, or no message."""
    if len(head) < HEADER or head[:2] != b"\3\0":
        return None
    size = int.from_bytes(head[2:4], "big")
    return size if size >= HEADER else None


def messages(payload: bytes) -> Iterator[bytes]:
    """Yield the bodies of the messages that start in a segment; the last may be cut."""
    at = 0
    for _ in range(MESSAGES):
        size = length(payload[at : at + HEADER])
        if size is None:
            return
        if size > HEADER:
            yield payload[at + HEADER : at + size]
        at += size
