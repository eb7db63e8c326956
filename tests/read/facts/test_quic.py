"""Initial packets of QUIC are opened as the RFCs' own samples are, and nothing else is read out of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.facts import quic
from auditor.read.facts.quic import Clear, Sealed
from tests.read.quic_packets import DCID, SALTS, V1, V2, chlo, client_hello, crypto, google, initial

FRAME = bytes.fromhex(
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c0000041301130201"
    "0000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
    "04616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce1"
    "5d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002400100"
    "3900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff"
)
"""The CRYPTO frame of RFC 9001, appendix A.2, which RFC 9369, appendix A.2, uses too."""
VECTORS = {
    V1: ("c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11", "e221af44860018ab0856972e194cd934"),
    V2: ("d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485", "a18b2faa745b6fe189cf772a9f84cbfc"),
}
"""Beginning and end (the tag, which covers all the rest) of the protected packets there."""


def names(payload: bytes) -> list[str | None]:
    found = []
    for packet in quic.packets(payload):
        pieces = packet.pieces if isinstance(packet, Clear) else quic.opened(packet, packet.dcid)
        found += [quic.server_name(data) for offset, data in pieces or () if offset == 0]
    return found


@pytest.mark.parametrize("version", VECTORS)
def test_the_samples_of_the_rfcs_are_opened(version: int) -> None:
    packet = initial(FRAME, version=version)
    begin, end = VECTORS[version]
    assert (packet[:32].hex(), packet[-16:].hex(), len(packet)) == (begin, end, 1200)
    assert names(packet) == ["example.com"]


@pytest.mark.parametrize("version", SALTS)
def test_every_version_with_a_public_salt(version: int) -> None:
    google_frames = version >> 8 in (0x513035, 0x543035)
    message = chlo("meet.example") if version == 0x51303530 else client_hello("meet.example")
    frame = crypto(0, message)
    assert names(initial(b"\x08" + frame[1:] if google_frames else frame, version=version)) == ["meet.example"]


@pytest.mark.parametrize("version", ["Q024", "Q033", "Q035", "Q039", "Q043", "Q046"])
def test_google_said_hello_in_clear(version: str) -> None:
    assert names(google(chlo("docs.example"), version)) == ["docs.example"]


def test_frames_before_and_between_are_passed_over() -> None:
    ack = bytes([2, 5, 0, 1, 3, 0, 1]) + bytes([3, 5, 0, 0, 3, 1, 1, 1])
    whole = client_hello("a.example")
    frames = b"\0\0\1" + ack + crypto(9, whole[9:]) + b"\1\0" + crypto(0, whole[:9])
    (packet,) = quic.packets(initial(frames))
    assert isinstance(packet, Sealed)
    assert quic.opened(packet, DCID) == ((9, whole[9:]), (0, whole[:9]))


def test_a_token_and_a_source_id_are_passed_over() -> None:
    assert names(initial(crypto(0, client_hello("a.example")), token=bytes(90), scid=b"12345")) == ["a.example"]


def test_packets_of_one_datagram_are_read_one_by_one() -> None:
    hello = initial(crypto(0, client_hello("a.example")), size=300)
    early = initial(b"\1", kind=1, size=50)
    assert names(early + hello + early + b"\0\0\0") == ["a.example"]


def test_what_is_sealed_otherwise_is_not_opened() -> None:
    frames = crypto(0, client_hello("a.example"))
    assert names(initial(frames, sealed_for=b"87654321")) == []
    assert names(initial(frames, side=b"server in")) == []
    changed = bytearray(initial(frames))
    changed[200] ^= 1
    assert names(bytes(changed)) == []


def test_no_packet_of_a_client_in_reach() -> None:
    frames = crypto(0, client_hello("a.example"))
    assert not list(quic.packets(initial(frames, dcid=b"1234")))  # a server's, to a client with a short ID
    assert not list(quic.packets(initial(frames)[:-1]))  # cut
    unknown = bytearray(initial(frames))
    unknown[1:5] = b"\x1a\x2a\x3a\x4a"
    assert not list(quic.packets(bytes(unknown)))
    assert not list(quic.packets(initial(frames, kind=3)))  # Retry
    assert not list(quic.packets(b"\xc0\0\0\0\0" + bytes(40)))  # version negotiation


def test_a_hello_without_a_name_has_an_empty_one() -> None:
    assert names(initial(crypto(0, client_hello(None)))) == [""]
    assert quic.server_name(b"\x02\0\0\0") is None


def test_whether_a_message_is_whole() -> None:
    for message in (client_hello("a.example"), chlo("a.example")):
        assert quic.whole(message)
        assert not any(quic.whole(message[:size]) for size in range(len(message)))


@settings(deadline=None)  # the first example loads the library
@given(
    st.binary(max_size=80),
    st.sampled_from([1, V2, 0x51303433, 0x51303436, 0x51303530, 0xFF00001D]),
    st.integers(0, 255),
)
def test_nothing_raises(noise: bytes, version: int, first: int) -> None:
    for payload in (bytes([first]) + version.to_bytes(4, "big") + noise, bytes([first]) + noise):
        list(quic.packets(payload))
    for packet in quic.packets(initial(noise, size=0)):
        assert isinstance(packet, Sealed)
        for _offset, data in quic.opened(packet, DCID) or ():
            quic.server_name(data)
    quic.server_name(noise)
    quic.server_name(b"CHLO" + noise)
    quic.whole(b"CHLO" + noise)
