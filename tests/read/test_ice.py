"""Sessions of ICE: the same two fragments, at one vantage, at one time, and on a common address."""

import random
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from auditor.read.facts import stun
from auditor.read.facts.model import Fact, Ice
from auditor.read.repeats import LONGEST
from auditor.read.scan import scan
from auditor.read.source import sources
from tests.read.facts.payloads import COOKIE, TXID, attribute, end, packet, sdp, sip
from tests.read.facts.payloads import stun as message
from tests.read.files import Frame, ether, ip4, ip6, pcap, udp
from tests.read.oneway import Row, assembled, back, facts

XOR = COOKIE + TXID
A, B, C, SERVER = "192.0.2.1", "198.51.100.2", "198.51.100.77", "203.0.113.9"
S = 1_000_000_000


def check(name: str = "rem0:loc0") -> bytes:
    return message(0x0001, attribute(0x0006, name.encode()), attribute(0x0024, bytes(4)))


ANSWER = message(0x0101, attribute(0x0020, end(A, 6000, XOR)))
PATH = Row(A, 6000, B, 7000, "stun", packets=5)


def at(row: Row, first: int, last: int = 0) -> Row:
    return Row(**{**row.__dict__, "first": first * S, "last": max(first, last) * S})


def path(a: str, port: int, b: str, other: int, first: int = 0, last: int = 0) -> Row:
    return at(Row(a, port, b, other, "stun", packets=5), first, last)


def sessions(
    *said: tuple[Row, str | bytes], answered: bool = True, more: Sequence[tuple[Row, bytes]] = ()
) -> pl.Series:
    """The sessions of paths, in the order of their first checks; text is the name in a check."""
    told = [(row, check(name) if isinstance(name, str) else name) for row, name in said]
    if answered:
        told += [(back(row), ANSWER) for row, _ in said]
    rows = [row for row, _ in told]
    for row, _ in more:
        rows.append(row)
    flows = assembled(list(dict.fromkeys(rows)), facts(*told, *more)).flows
    return flows.filter(pl.col("basis") == "observed")["session"]


def test_paths_of_one_session_are_tied_whoever_checks() -> None:
    found = sessions((path(A, 6000, B, 7000), "rem0:loc0"), (path(B, 7001, A, 6000, 1), "loc0:rem0"))
    assert found.to_list() == ["ice:loc0:rem0"] * 2


def test_equal_fragments_elsewhere_or_at_another_time_are_another_session() -> None:
    first = path(A, 6000, B, 7000)
    assert sessions((first, "x:y"), (path("192.0.2.50", 6000, C, 7000, 1), "x:y")).to_list() == ["ice:x:y", "ice:x:y#2"]
    assert sessions((first, "x:y"), (path(A, 6001, B, 7000, 40), "x:y")).to_list() == ["ice:x:y", "ice:x:y#2"]
    assert sessions((first, "x:y"), (path(A, 6001, B, 7000, 20), "x:y")).to_list() == ["ice:x:y"] * 2
    there = Row(**{**path(A, 6001, B, 7000, 1).__dict__, "vantage": 1})
    assert sessions((first, "x:y"), (there, "x:y")).to_list() == ["ice:x:y", "ice:x:y#2"]
    assert sessions((first, "x:y"), (path(A, 6001, B, 7000), "x:z")).to_list() == ["ice:x:y", "ice:x:z"]


def test_a_restart_on_the_same_sockets_is_the_same_session() -> None:
    first, again, later = path(A, 6000, B, 7000), path(A, 6000, B, 7000, 20), path(A, 6000, B, 7000, 90)
    assert set(sessions((first, "a:b"), (again, "c:d"), (path(A, 6002, B, 7000, 30), "c:d"))) == {"ice:a:b"}
    assert set(sessions((first, "a:b"), (later, "c:d"), (path(A, 6002, B, 7000, 95), "c:d"))) == {"ice:a:b", "ice:c:d"}


@pytest.mark.parametrize("shuffled", range(4))
def test_the_order_of_facts_changes_nothing(shuffled: int) -> None:
    said = [(path(A, 6000 + i, B if i % 2 else C, 7000, 10 * i), f"{'xy'[i % 2]}:z") for i in range(8)]
    said += [(path(f"192.0.2.{i + 60}", 6000, SERVER, 7000, i), "x:z") for i in range(3)]
    expected = named(said)
    random.Random(shuffled).shuffle(said)
    assert named(said) == expected
    assert set(expected.values()) == {"ice:y:z", "ice:x:z", "ice:x:z#2"}


def named(said: Sequence[tuple[Row, str]]) -> dict[tuple[str, int, str], str]:
    told = [(row, check(name)) for row, name in said] + [(back(row), ANSWER) for row, _ in said]
    flows = assembled([row for row, _ in told], facts(*told)).flows
    return {row[:3]: row[3] for row in flows.select("src_addr", "src_port", "dst_addr", "session").rows()}


def test_an_unanswered_check_joins_only_where_it_adds_nobody() -> None:
    """Who only was called may not take part, and a session of people whom nobody saw would decide less."""
    answered = path(A, 6000, B, 7000)
    nobody, known = path(A, 6000, "10.0.0.9", 7000, 1), path(A, 6000, B, 7001, 2)
    said = [(back(answered), ANSWER), (nobody, check()), (known, check())]
    flows = assembled([answered, back(answered), nobody, known], facts((answered, check()), *said)).flows
    assert flows.select("dst_addr", "outcome", "session").rows() == [
        (B, "", "ice:loc0:rem0"),
        ("10.0.0.9", "unanswered", None),
        (B, "unanswered", "ice:loc0:rem0"),
    ]


def test_media_and_handshakes_on_the_same_sockets_are_part_of_it() -> None:
    media = Row(A, 6000, B, 7000, "rtp", packets=50, ssrc=7, first=2 * S)
    keys = Row(A, 6000, B, 7000, "dtls", packets=4, first=S)
    flows = assembled([PATH, back(PATH), keys, back(keys), media], facts((PATH, check()), (back(PATH), ANSWER))).flows
    assert flows.select("app", "session", "encrypted").rows() == [("rtp", "ice:loc0:rem0", "yes")]


RELAY = path(A, 6000, SERVER, 3478)
ALLOCATED = message(0x0103, attribute(0x0016, end(SERVER, 50000, XOR)))


def test_the_relay_of_a_socket_is_part_of_its_session() -> None:
    relay = (RELAY, message(0x0003)), (back(RELAY), ALLOCATED)
    assert sessions((path(A, 6000, B, 7000), "x:y"), more=relay).to_list() == ["ice:x:y"] * 2
    two = (path(A, 6000, B, 7000), "x:y"), (path(A, 6000, C, 7000), "x:z")
    assert sorted(sessions(*two, more=relay), key=str) == [None, "ice:x:y", "ice:x:z"]
    late = [(at(row, 90), payload) for row, payload in relay]
    assert sessions((path(A, 6000, B, 7000), "x:y"), more=late).to_list() == ["ice:x:y", None]


@pytest.mark.parametrize("kind", [0x0016, 0x0017])
def test_checks_through_a_relay_tie_the_way_to_it(kind: int) -> None:
    peer, data = attribute(0x0012, end(B, 7000, XOR)), attribute(0x0013, check("x:y"))
    found = sessions((RELAY, message(kind, peer, data)), more=((back(RELAY), ALLOCATED),))
    assert found.to_list() == ["ice:x:y"]


def described(fragment: str, port: int, answer: bool = False, call: str = "one") -> bytes:
    first = "SIP/2.0 200 OK" if answer else "INVITE sip:b@example.com SIP/2.0"
    body = sdp("c=IN IP4 10.9.9.9", f"m=audio {port} RTP/AVP 0", f"a=ice-ufrag:{fragment}")
    return sip(first, f"Call-ID: {call}", "CSeq: 1 INVITE", body=body)


def test_fragments_that_a_call_announced_are_that_call() -> None:
    invite = Row(A, 5060, SERVER, 5060, "sip", packets=2)
    said = (invite, described("loc0", 1)), (back(invite), described("rem0", 2, answer=True))
    assert sessions((PATH, "rem0:loc0"), more=said).to_list() == ["one"] * 2
    half = ((invite, described("loc0", 1)),)
    assert set(sessions((PATH, "rem0:loc0"), more=half)) == {"one", "ice:loc0:rem0"}
    both = (*said, (invite, described("loc0", 1, call="two")), (invite, described("rem0", 1, call="two")))
    assert "ice:loc0:rem0" in set(sessions((PATH, "rem0:loc0"), more=both))


def pairs(payload: bytes) -> list[str]:
    return [fact.pair for fact in stun.parse(payload, packet()) if isinstance(fact, Ice)]


def test_only_checks_name_fragments() -> None:
    assert pairs(check("rem0:loc0")) == ["loc0:rem0"]
    assert pairs(message(0x0101, attribute(0x0006, b"rem0:loc0"))) == []
    assert pairs(message(0x0003, attribute(0x0006, b"1636988335:1875434045"))) == []  # of a TURN server's user
    for odd in ("name", ":", "a:", ":b", "a:b:c", "a b:c", "\x1b[1m:c", "é:c"):
        assert pairs(check(odd)) == []
    inner = message(0x0016, attribute(0x0013, check("x:y")[:-8]))
    assert pairs(inner) == ["x:y"]
    assert pairs(message(0x0016, attribute(0x0013, b"\0\1"))) == []


def told(folder: Path, frames: list[bytes]) -> list[Fact]:
    path = folder / "checks.pcap"
    path.write_bytes(pcap([Frame(frame) for frame in frames]))
    return list(scan(sources([str(path)]), [0], workers=1).facts)


def test_checks_that_name_the_same_are_read_once(tmp_path: Path) -> None:
    """Each has a transaction of its own; what they say is folded before any of them is read."""
    chance = random.Random(1)

    def fresh(name: str) -> bytes:
        one = check(name)
        return one[:8] + chance.randbytes(12) + one[20:]

    names = ["a:b", "a:bc", "rem0:loc0", "r" * 60 + ":" + "l" * 60, "r" * (LONGEST + 1) + ":l"]
    frames = [ether(ip4(udp(fresh(name), sport=5000 + i))) for i, name in enumerate(names) for _ in range(7)]
    frames += [ether(ip6(udp(fresh(names[2]))), 0x86DD) for _ in range(3)]
    frames += [ether(ip4(udp(message(0x0016, attribute(0x0013, fresh("x:y")))))) for _ in range(2)]
    chance.shuffle(frames)
    found = [fact for fact in told(tmp_path, frames) if isinstance(fact, Ice)]
    expected = [":".join(sorted(name.split(":"))) for name in names]
    counts = sorted((fact.pair, fact.packets) for fact in found)
    assert counts == sorted([*((name, 7) for name in expected[:4]), (expected[2], 3), ("x:y", 2)])


def test_whoever_heard_the_fragments_joins_no_session_by_a_message() -> None:
    """They go in clear; a message of SIP that names the session after them is a call of its own."""
    stranger = Row(C, 5060, SERVER, 5060, "sip", packets=2)
    invite = sip("INVITE sip:b@example.com SIP/2.0", "Call-ID: ice:loc0:rem0").replace(b"Content", b"X")
    found = sessions((path(A, 6000, B, 7000), "rem0:loc0"), more=[(stranger, invite)])
    assert sorted(filter(None, found)) == ["ice:loc0:rem0", "sip:ice:loc0:rem0"]
