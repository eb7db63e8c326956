"""H.225.0, H.245 and RAS: messages as an ASN.1 compiler writes them, and what lies about itself."""

import random

import pytest

from auditor.read.facts import h225, h245, parse, tpkt
from auditor.read.facts.h323_types import TYPES
from auditor.read.facts.model import ALIAS, Acts, Alias, Dialog, Media
from auditor.read.facts.per import MANY, Bad, Reader, types
from tests.read.facts.h323 import MESSAGES
from tests.read.facts.payloads import number, packet

GUID = "h323:000102030405060708090a0b0c0d0e0f"
A, B = number("192.0.2.1"), number("198.51.100.2")
CALL = packet(sport=40000, dport=1720, protocol=6)
REFERENCE = f"{ALIAS}h225:192.0.2.1:40000-198.51.100.2:1720/4660"
CONTROL = packet(sport=40001, dport=2776, protocol=6)
RAS = packet(sport=1719, dport=1719)


def ends(app: str, name: str) -> set[tuple[str, int, int, str, str]]:
    found = parse(app, MESSAGES[name], CALL if app == "h225" else CONTROL)
    return {(f.call_id, f.address, f.port, f.kind, f.media) for f in found if isinstance(f, Media)}


def test_a_setup_names_its_call_its_control_end_and_its_media() -> None:
    assert ends("h225", "setup") == {
        (GUID, A, 30000, "control", "h245"),
        (GUID, B, 1720, "control", "h225"),
        (GUID, A, 5000, "media", "audio"),
        (GUID, A, 5001, "rtcp", "audio"),
    }
    facts = parse("h225", MESSAGES["setup"], CALL)
    assert [(f.call_id, f.request, f.call) for f in facts if isinstance(f, Dialog)] == [(GUID, True, True)]
    assert [(f.call_id, f.alias) for f in facts if isinstance(f, Alias)] == [(GUID, REFERENCE)]


def test_what_the_other_side_answers() -> None:
    assert ends("h225", "connect") == {
        (GUID, B, 2776, "control", "h245"),
        (GUID, B, 6000, "media", "audio"),
        (GUID, B, 6001, "rtcp", "audio"),
    }
    assert ends("h225", "alerting") == {(REFERENCE, number("2001:db8::5"), 2777, "control", "h245")}


@pytest.mark.parametrize("name", ["proceeding", "connect", "facility", "release"])
def test_every_message_with_an_identifier_belongs_to_the_call(name: str) -> None:
    dialogs = [f for f in parse("h225", MESSAGES[name], CALL) if isinstance(f, Dialog)]
    assert [(f.call_id, f.request, f.call) for f in dialogs] == [(GUID, False, True)]


def test_tunnelled_control_announces_like_its_own_connection() -> None:
    assert ends("h225", "facility") == {(GUID, A, 5003, "rtcp", "video")}
    assert ends("h225", "empty") == {(REFERENCE, A, 5003, "rtcp", "video")}


def test_control_of_its_own() -> None:
    name = f"{ALIAS}h245:192.0.2.1:40001-198.51.100.2:2776"
    assert ends("h245", "olc") == {(name, A, 5003, "rtcp", "video")}
    assert ends("h245", "ack") == ends("h245", "two") == {(name, B, 6002, "media", ""), (name, B, 6003, "rtcp", "")}
    assert ends("h245", "generic") == {(name, A, 5005, "rtcp", "audio")}
    for other in ("msd", "end"):
        assert [type(f) for f in parse("h245", MESSAGES[other], CONTROL)] == [Dialog]


def test_a_header_in_a_segment_of_its_own_leaves_the_message_readable() -> None:
    assert parse("h225", MESSAGES["setup"][4:], CALL) == parse("h225", MESSAGES["setup"], CALL)
    assert parse("h225", MESSAGES["setup"][:4], CALL) == []


def test_admission_is_tied_to_its_request() -> None:
    asked, told = (parse("h225", MESSAGES[name], RAS) for name in ("arq", "acf"))
    exchange = f"{ALIAS}ras:192.0.2.1:1719-198.51.100.2:1719/77"
    assert [f.call_id for f in asked if isinstance(f, Dialog)] == [GUID]
    assert [f.alias for f in asked if isinstance(f, Alias)] == [exchange]
    assert [(f.call_id, f.address, f.port) for f in told if isinstance(f, Media)] == [
        (exchange, number("203.0.113.9"), 1720)
    ]
    assert [f.role for f in told if isinstance(f, Acts)] == ["server"]


def test_registrations_are_no_call() -> None:
    for name, role in (("rrq", []), ("rcf", ["server"])):
        facts = parse("h225", MESSAGES[name], RAS)
        assert [f.call for f in facts if isinstance(f, Dialog)] == [False]
        assert [f.role for f in facts if isinstance(f, Acts)] == role
    assert [f.call_id for f in parse("h225", MESSAGES["drq"], RAS) if isinstance(f, Dialog)] == [GUID]


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_what_is_cut_anywhere_says_no_more_than_the_whole(name: str) -> None:
    message = MESSAGES[name]
    app, where = ("h245", CONTROL) if name in ("olc", "ack", "msd", "two", "generic", "end") else ("h225", CALL)
    where = RAS if name in ("arq", "acf", "drq", "rrq", "rcf") else where
    whole = {(f.address, f.port) for f in parse(app, message, where) if isinstance(f, Media)}
    for size in range(len(message)):
        cut = {(f.address, f.port) for f in parse(app, message[:size], where) if isinstance(f, Media)}
        assert cut <= whole


def test_lengths_that_lie_and_random_bytes_take_no_time() -> None:
    random.seed(7)
    for name, message in MESSAGES.items():
        for _ in range(200):
            bad = bytearray(message)
            for _ in range(random.randint(1, 6)):
                bad[random.randrange(len(bad))] = random.choice((0, 0x7F, 0xBF, 0xFF, random.randrange(256)))
            for app, where in (("h225", CALL), ("h245", CONTROL), ("h225", RAS)):
                list(parse(app, bytes(bad), where))
        assert name


def test_lists_that_claim_to_be_long_end() -> None:
    with pytest.raises(Bad):
        TYPES["Alias"](Reader(b"\x40" + b"\xff" * 20))
    nested = types("Inner = { a list bool }\nOuter = { a list Inner }")
    reader = Reader(b"\x01" + b"\x7f" * 40)
    assert isinstance(nested["Outer"](reader), dict)
    assert MANY < 1000
    for kind in TYPES:
        for seed in range(50):
            random.seed(seed)
            try:
                TYPES[kind](Reader(random.randbytes(3000)))
            except Bad:
                continue


def test_numbers_within_bounds() -> None:
    small = types("T = { a int(3,3), b int(0,7), c int(1,256), d int(0,65535), e int(0,524287), f int(0,4294967295) }")[
        "T"
    ]
    assert small(Reader(bytes.fromhex("a0" + "ff" + "0102" + "80" + "0203ff" + "40" + "beef"))) == {
        "a": 3, "b": 5, "c": 256, "d": 258, "e": 0x0203FF, "f": 0xBEEF,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["a b c", "T = Unknown", "T = { a bool } b"])
def test_types_that_are_none(text: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        types(text)


def test_lengths_of_messages() -> None:
    assert h225.length is h245.length is tpkt.length
    assert tpkt.length(MESSAGES["setup"][:4]) == len(MESSAGES["setup"])
    assert [tpkt.length(head) for head in (b"", b"\3\0\0", b"\3\1\0\x10", b"\3\0\0\3", b"GET ")] == [None] * 5
    assert len(list(tpkt.messages(MESSAGES["two"]))) == 2
    assert list(tpkt.messages(b"\3\0\0\4" * 100)) == []
