"""Where messages end in a stream."""

import pytest

from auditor.read.facts import tls
from auditor.read.streams.frames import DONE, LONGEST, SYNC_LOST, dns, sip, sought, unmasked, websocket
from auditor.read.streams.frames import tls as tls_frames
from tests.read.facts.payloads import packet
from tests.read.streams.wire import framed, invite, long_hello, records


def test_sip_ends_where_its_length_says() -> None:
    one, two = invite("a", "v=0\r\n"), invite("b")
    assert sip(one + b"\r\n\r\n" + two) == ([one, two], len(one) + 4 + len(two), 0)
    assert sip(b"\r\n\r\n") == ([], 4, 0)
    whole, taken, need = sip(one + two[:-1])
    assert (whole, taken, need) == ([one], len(one), 0)
    cut = invite("c", "v=0\r\n")[:-2]
    assert sip(cut) == ([], 0, len(cut) + 2)


@pytest.mark.parametrize("header", [b"Content-Length: 4", b"l:4", b"L \t: 4 ", b"CONTENT-LENGTH:\t4"])
def test_every_spelling_of_the_length(header: bytes) -> None:
    message = b"SIP/2.0 200 OK\r\n" + header + b"\r\nCall-ID: x\r\n\r\nbody"
    assert sip(message + b"BYE sip:x SIP/2.0\r\n")[0] == [message]
    bare = message.replace(b"\r\n", b"\n")
    assert sip(bare)[0] == [bare]


def test_without_a_length_the_body_reaches_to_the_next_message_or_what_is_there() -> None:
    first = b"SIP/2.0 200 OK\r\nCall-ID: x\r\n\r\nbody\r\n"
    second = invite("b")
    assert sip(first + second)[0] == [first, second]
    assert sip(first)[0] == [first]


def test_what_is_no_sip_loses_the_place() -> None:
    assert sip(b"HTTP/1.1 200 OK\r\n\r\n")[2] == SYNC_LOST
    assert sip(invite("a") + b"junk\r\n")[1:] == (len(invite("a")), SYNC_LOST)
    assert sip(invite("a", length=LONGEST + 1))[2] == SYNC_LOST
    assert sip(b"INVITE sip:" + b"a" * LONGEST)[2] == SYNC_LOST
    assert sought(b"rest of a body\r\nBYE sip:x SIP/2.0\r\n") == 16
    assert sought(b"BYE sip:x SIP/2.0\r\n") == -1  # no line end before it: this may be the middle of a line


def test_dns_is_framed_by_lengths() -> None:
    one = b"\0\x0c" + bytes(12)
    assert dns(one + one + one[:5]) == ([one, one], 28, 14)
    assert dns(b"\0\x02xx")[2] == SYNC_LOST


@pytest.mark.parametrize("most", [1, 4, 5, 100, 1 << 14])
def test_a_hello_is_put_together_out_of_its_records(most: int) -> None:
    whole = long_hello("meet.example.com")
    data = records(whole[5:], most)
    messages, taken, need = tls_frames(data)
    assert (taken, need) == (len(data), DONE)
    assert [fact.name for fact in tls.parse(messages[0], packet())] == ["meet.example.com"]
    for size in range(0, len(data), 97):
        none, _, need = tls_frames(data[:size])
        assert none == []
        assert size < need <= len(data)


def test_other_records_within_a_hello_lose_the_place() -> None:
    data = records(long_hello("a.example")[5:], 500)
    assert tls_frames(data[:505] + b"\x17" + data[506:])[2] == SYNC_LOST


@pytest.mark.parametrize("key", [b"", b"\x01\x80\xff\x33"])
@pytest.mark.parametrize("size", [0, 200, 66_000 - 500])
def test_sip_in_websocket_frames(key: bytes, size: int) -> None:
    message = invite("a", "x" * size)
    data = framed(message, key)
    if len(message) > LONGEST:
        assert websocket(data)[2] == SYNC_LOST
        return
    assert websocket(data + framed(b"hi", key, 9)) == ([message], len(data) + 4 + len(key), 0)
    parted = framed(message[:40], key, 1, False) + framed(b"", key, 10) + framed(message[40:], key, 0)
    assert websocket(parted)[0] == [message]
    assert websocket(parted[:-1])[:2] == ([], 0)


def test_frames_of_other_protocols_and_extensions_are_left() -> None:
    assert websocket(framed(b'{"json": 1}'))[2] == DONE
    compressed = bytearray(framed(invite("a")))
    compressed[0] |= 0x40
    assert websocket(bytes(compressed))[2] == SYNC_LOST
    assert websocket(framed(b"I", code=0, final=False) * 300)[2] == SYNC_LOST


def test_masks_undo_themselves() -> None:
    assert unmasked(unmasked(b"some bytes", b"\1\2\3\4"), b"\1\2\3\4") == b"some bytes"
    assert unmasked(b"", b"\1\2\3\4") == b""
