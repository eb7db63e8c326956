"""Hellos of QUIC that are spread over packets are put together, whatever the order and the split of the input."""

import itertools
import random
from collections.abc import Sequence

import pytest

from auditor.read import initials
from auditor.read.facts.model import Flow
from auditor.read.initials import Initials, Key
from tests.read.quic_packets import DCID, V1, V2, chlo, client_hello, crypto, google, initial

FLOW: Flow = (1, 50000, 2, 443, 17)
WHOLE = client_hello("meet.example", pad=900)
SERVER = b"server-chose"


def read(payloads: Sequence[bytes], flow: Flow = FLOW) -> Initials:
    found = Initials()
    for record, payload in enumerate(payloads, 1):
        found.take(payload, 0, flow, [record, record, record, 1, len(payload)])
    return found


def names(found: Initials) -> list[str]:
    return sorted(hello.name for hello in found.drain())


def scattered(cuts: Sequence[int], per_packet: int = 2, **how: object) -> list[bytes]:
    """The hello in pieces, the last ones first, some of them in each packet."""
    edges = [0, *cuts, len(WHOLE)]
    frames = [crypto(a, WHOLE[a:b]) for a, b in itertools.pairwise(edges)][::-1]
    return [
        initial(b"".join(frames[at : at + per_packet]), number=at, **how)  # type: ignore[arg-type]
        for at in range(0, len(frames), per_packet)
    ]


def test_a_hello_in_many_pieces() -> None:
    payloads = scattered([3, 40, 41, 300, 500, 700])
    for seed in range(6):
        random.Random(seed).shuffle(payloads)
        (hello,) = read(payloads).drain()
        assert (hello.name, hello.flow, hello.packets) == ("meet.example", FLOW, len(payloads))
    assert names(read(payloads[1:])) in ([], [""], ["meet.example"])


def test_what_lies_behind_a_gap_is_not_heard() -> None:
    first, second = initial(crypto(0, WHOLE[:60])), initial(crypto(70, WHOLE[70:]))
    assert names(read([first, second])) == [""]  # it was a client, and its name may lie in the gap
    assert names(read([second])) == []


def test_google_hellos_in_pieces() -> None:
    message = chlo("docs.example")
    assert names(read([google(message[30:], "Q043", 30), google(message[:30], "Q043")])) == ["docs.example"]


def test_after_a_retry_the_key_follows_from_the_new_id() -> None:
    first = initial(crypto(0, WHOLE))
    again = initial(crypto(0, WHOLE), dcid=SERVER, token=b"retry")
    (hello,) = read([first, again]).drain()
    assert (hello.name, hello.packets, hello.witness) == ("meet.example", 2, 1)


@pytest.mark.parametrize("version", [V1, V2])
def test_a_piece_sent_under_the_server_s_id_has_the_first_key(version: int) -> None:
    """After the server answered, the client calls it by its own ID, and the keys stay (RFC 9001, section 5.2)."""
    first = initial(crypto(0, WHOLE[:80]))
    later = initial(crypto(80, WHOLE[80:]), dcid=SERVER, sealed_for=DCID, version=version)
    name_at = WHOLE.index(b"meet.example")
    early = initial(crypto(0, WHOLE[:name_at]))
    rest = initial(crypto(name_at, WHOLE[name_at:]), dcid=SERVER, sealed_for=DCID, version=version)
    assert names(read([first, later])) == ["meet.example"]
    for payloads in ([early, rest], [rest, early]):
        assert names(read(payloads)) == ["meet.example"]


def test_any_split_and_order_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initials, "CONNECTIONS", 12)
    monkeypatch.setattr(initials, "HELLO", 1200)
    packets: list[tuple[Flow, bytes]] = []
    for port in range(30):
        flow = (1, port, 2, 443, 17)
        dcid = bytes([port]) * 8
        packets += [(flow, each) for each in scattered([100, 200, 300], dcid=dcid)]
        packets += [(flow, initial(crypto(9, bytes([n]) * 400), dcid=dcid, number=n)) for n in range(4)]
        packets += [(flow, initial(crypto(0, WHOLE), dcid=SERVER, sealed_for=bytes([n]) * 9)) for n in range(5)]
    told = []
    for seed in range(4):
        chosen = list(enumerate(packets, 1))
        random.Random(seed).shuffle(chosen)
        parts = [Initials() for _ in range(1 + seed)]
        for at, (record, (flow, payload)) in enumerate(chosen):
            parts[at % len(parts)].take(payload, 0, flow, [record, record, record, 1, 9])
        for other in parts[1:]:
            parts[0].join(other)
        told.append((parts[0].level, sorted(parts[0].drain(), key=repr)))
    assert told[0][0] >= 2  # sixty connection IDs, and room for twelve
    assert told[0][1]
    assert all(each == told[0] for each in told)


def test_a_flood_of_ids_takes_bounded_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initials, "CONNECTIONS", 64)
    tried: list[Key] = []
    monkeypatch.setattr(initials.quic, "opened", lambda packet, dcid: tried.append(dcid))
    found = Initials()
    payload = initial(b"")
    for at in range(5000):
        found.take(payload.replace(DCID, at.to_bytes(8, "big")), 0, FLOW, [at, at, at, 1, 1200])
    assert 5 <= found.level <= 8
    assert len(tried) < 64 * 8
    assert not found.drain()
