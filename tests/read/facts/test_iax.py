import struct

from auditor.read.facts import discord, parse
from auditor.read.facts.model import ALIAS, Alias, Dialog, Exchange, Fact, Media, Reflexive
from tests.read.facts.payloads import number, packet

A, B = "192.0.2.1", "198.51.100.2"
OUT, BACK = packet(A, 4569, B, 4569), packet(B, 4569, A, 4569)
CALL = f"iax:{A}:4569/5-{B}:4569/9"


def frame(source: int, target: int, kind: int, subclass: int, elements: bytes = b"") -> bytes:
    return struct.pack(">HHIBBBB", 0x8000 | source, target, 20, 0, 0, kind, subclass) + elements


def apparent(address: str, port: int) -> bytes:
    value = struct.pack("<H", 2) + struct.pack(">H", port) + number(address).to_bytes(16, "big")[12:] + bytes(8)
    return b"\x12\x10" + value


def dialogs(facts: list[Fact]) -> list[tuple[str, bool, bool]]:
    return [(f.call_id, f.request, f.call) for f in facts if isinstance(f, Dialog)]


def test_a_call_is_the_numbers_of_both_ends() -> None:
    new = list(parse("iax", frame(5, 0, 6, 1), OUT))
    assert dialogs(new) == [(f"{ALIAS}iax:{A}:4569/5", True, True)]
    for accept in (parse("iax", frame(9, 5, 6, 7), BACK), parse("iax", frame(5, 9, 4, 4), OUT)):
        facts = list(accept)
        assert dialogs(facts) == [(CALL, False, True)]
        assert {f.alias for f in facts if isinstance(f, Alias)} == {f"{ALIAS}iax:{A}:4569/5", f"{ALIAS}iax:{B}:4569/9"}


def test_media_goes_through_the_flow() -> None:
    facts = parse("iax", frame(5, 9, 2, 4, bytes(160)), OUT)
    assert [(f.call_id, f.port, f.kind, f.media) for f in facts if isinstance(f, Media)] == [
        (CALL, 0, "inside", "audio")
    ]


def test_keep_alives_and_registrations_are_no_call() -> None:
    assert dialogs(list(parse("iax", frame(5, 0, 6, 0x0D), OUT)))[0][2] is False
    assert dialogs(list(parse("iax", frame(5, 9, 6, 2), OUT)))[0][2] is False


def test_what_a_registrar_and_a_transfer_tell() -> None:
    told = parse("iax", frame(9, 5, 6, 0x0F, b"\x06\x01a" + apparent("203.0.113.7", 4600)), BACK)
    assert [(f.address, f.port) for f in told if isinstance(f, Reflexive)] == [(number("203.0.113.7"), 4600)]
    moved = parse("iax", frame(9, 5, 6, 0x16, apparent("203.0.113.8", 4569)), BACK)
    assert [(f.address, f.port, f.kind) for f in moved if isinstance(f, Media)] == [
        (number("203.0.113.8"), 4569, "transfer")
    ]


def test_what_is_cut_or_no_full_frame_says_nothing_more() -> None:
    whole = frame(9, 5, 6, 0x0F, apparent("203.0.113.7", 4600))
    assert parse("iax", b"\0\5" + bytes(20), OUT) == ()
    for size in range(len(whole)):
        assert not [f for f in parse("iax", whole[:size], BACK) if isinstance(f, Reflexive)]


def answer(address: bytes, kind: int = 2) -> bytes:
    return struct.pack(">HHI", kind, 70, 1) + address.ljust(64, b"\0") + struct.pack(">H", 50123)


def test_discord_tells_clients_their_public_end() -> None:
    facts = discord.parse(answer(b"203.0.113.7"), packet(B, 50004, A, 60000))
    assert [(f.address, f.port) for f in facts if isinstance(f, Reflexive)] == [(number("203.0.113.7"), 50123)]
    assert [f.answer for f in facts if isinstance(f, Exchange)] == [True]
    for other in (answer(b"", 1), answer(b"example.com"), answer(b"203.0.113.7\0x")):
        assert not [f for f in discord.parse(other, OUT) if isinstance(f, Reflexive)]
    assert discord.parse(answer(b"203.0.113.7")[:73], OUT) == ()
