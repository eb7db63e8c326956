import struct

import pytest

from auditor.read.facts import parse, skinny
from auditor.read.facts.model import Acts, Dialog, Fact, Media
from tests.read.facts.payloads import number, packet

PHONE, MANAGER = "192.0.2.1", "198.51.100.2"
UP = packet(PHONE, 50000, MANAGER, 2000, protocol=6)
DOWN = packet(MANAGER, 2000, PHONE, 50000, protocol=6)
CALL = f"skinny:77@{MANAGER}"
V4, V6 = bytes([203, 0, 113, 9]), bytes.fromhex("20010db8000000000000000000000009")


def message(kind: int, *fields: int | bytes, version: int = 20) -> bytes:
    body = b"".join(each if isinstance(each, bytes) else struct.pack("<I", each) for each in fields)
    return struct.pack("<III", len(body) + 4, version, kind) + body


def wide(address: bytes) -> bytes:
    return struct.pack("<I", len(address) == 16) + address.ljust(16, b"\0")


def media(*messages: bytes, up: bool = False) -> list[tuple[str, int, int]]:
    facts = parse("skinny", b"".join(messages), UP if up else DOWN)
    return [(f.call_id, f.address, f.port) for f in facts if isinstance(f, Media)]


def dialogs(facts: list[Fact]) -> list[tuple[str, bool, bool]]:
    return [(f.call_id, f.request, f.call) for f in facts if isinstance(f, Dialog)]


HERE = number("203.0.113.9")


def test_what_a_telephone_opens() -> None:
    assert media(message(0x22, 0, wide(V4), 4000, 5, 77), up=True) == [(CALL, HERE, 4000)]
    assert media(message(0x22, 0, wide(V6), 4000, 5, 77), up=True) == [(CALL, number("2001:db8::9"), 4000)]
    assert media(message(0x22, 0, V4, 4000, 5, 77, version=0), up=True) == [(CALL, HERE, 4000)]
    assert media(message(0x31, 0, wide(V4), 4000, 5, 77), up=True) == [(CALL, HERE, 4000)]
    assert media(message(0x154, 77, 5, 77, wide(V4), 4002, 0), up=True) == [(CALL, HERE, 4002)]


def test_where_a_telephone_is_to_send() -> None:
    quality = struct.pack("<IIHHI", 184, 0, 0, 0, 0)
    assert media(message(0x8A, 77, 5, wide(V4), 4000, 20, 4, quality, 77)) == [(CALL, HERE, 4000)]
    assert media(message(0x8A, 77, 5, V4, 4000, 20, 4, quality, 77, version=0)) == [(CALL, HERE, 4000)]
    assert media(message(0x132, 77, 5, 101, wide(V4), 4000, 77)) == [(CALL, HERE, 4000)]


@pytest.mark.parametrize(
    "bad",
    [
        message(0x22, 1, wide(V4), 4000, 5, 77),  # refused
        message(0x22, 0, wide(V4), 70000, 5, 77),
        message(0x22, 0, wide(V4), 0, 5, 77),
        message(0x22, 0, wide(bytes(4)), 4000, 5, 77),
        message(0x22, 0, struct.pack("<I", 7) + bytes(16), 4000, 5, 77),
        message(0x22, 0, wide(V4), 4000, 5),  # whose call this is, is not said
        message(0x22, 0, V4),
    ],
)
def test_what_names_no_end(bad: bytes) -> None:
    assert media(bad, up=True) == []


def test_calls_and_roles() -> None:
    ringing = message(0x111, 4, 1, 77, 0, 4, 0)
    facts = list(parse("skinny", ringing + message(0x85, 2, 1, 1, 77) + message(0x86, 9, 1, 5), DOWN))
    assert dialogs(facts) == [(CALL, False, True)]
    assert {f.role for f in facts if isinstance(f, Acts)} == {"server"}
    hook = list(parse("skinny", message(0x06, 1, 77), UP))
    assert dialogs(hook) == [(CALL, True, True)]
    assert {f.role for f in hook if isinstance(f, Acts)} == {"client"}
    assert dialogs(list(parse("skinny", message(0x00), UP))) == [("skinny:", True, False)]  # keep-alive


@pytest.mark.parametrize(
    ("kind", "before"),
    [(0x03, 2), (0x06, 1), (0x07, 1), (0x26, 2), (0x82, 3), (0x83, 1), (0x85, 3), (0x8B, 2), (0x105, 6), (0x106, 2),
     (0x110, 1), (0x111, 2), (0x14A, 1)],
)  # fmt: skip
@pytest.mark.parametrize("version", [0, 20])
def test_where_messages_name_their_call(kind: int, before: int, version: int) -> None:
    one = message(kind, *([1] * before), 77, 0, version=version)
    assert [call for call, _, _ in dialogs(list(parse("skinny", one, UP if kind < 0x80 else DOWN)))] == [CALL]


def test_lengths_of_messages() -> None:
    whole = message(0x22, 0, wide(V4), 4000, 5, 77)
    assert skinny.length(whole[:8]) == len(whole)
    assert skinny.length(whole[:7]) is None
    for bad in (
        b"\xff" * 12,
        struct.pack("<III", 3, 0, 0),
        struct.pack("<III", 4, 9, 0),
        struct.pack("<III", 4000, 0, 0),
    ):
        assert skinny.length(bad) is None
    for size in range(len(whole)):
        assert parse("skinny", whole[:size], UP) == []


def test_many_messages_are_read_to_a_limit() -> None:
    assert (
        len(dialogs(list(parse("skinny", b"".join(message(0x06, 1, n) for n in range(1, 200)), UP)))) == skinny.MESSAGES
    )
