import pytest

from auditor.read.facts import parse
from auditor.read.facts.model import ALIAS, Acts, Alias, Dialog, Fact, Media
from tests.read.facts.payloads import number, packet, sdp

AGENT, GATEWAY = "198.51.100.2", "192.0.2.1"
DOWN = packet(AGENT, 2727, GATEWAY, 2427)
UP = packet(GATEWAY, 2427, AGENT, 2727)
CALL = f"mgcp:A3C47F@{AGENT}"
EXCHANGE = f"{ALIAS}mgcp:{GATEWAY}:2427-{AGENT}:2727/1204"


def message(*lines: str, body: str = "") -> bytes:
    return ("\r\n".join(lines) + "\r\n" + ("\r\n" + body if body else "")).encode()


def dialogs(facts: list[Fact]) -> list[tuple[str, bool, bool]]:
    return [(f.call_id, f.request, f.call) for f in facts if isinstance(f, Dialog)]


def read(payload: bytes, up: bool = False) -> list[Fact]:
    return list(parse("mgcp", payload, UP if up else DOWN))


CREATE = message(
    "CRCX 1204 aaln/1@gw.example.net MGCP 1.0", "C: a3c47f", "M: sendrecv",
    body=sdp("c=IN IP4 203.0.113.7", "m=audio 3456 RTP/AVP 0"),
)  # fmt: skip
OPENED = message("200 1204 OK", "I: FDE2", body=sdp("c=IN IP4 192.0.2.9", "m=audio 5004 RTP/AVP 0"))


def test_a_connection_names_its_call_and_the_other_side_of_it() -> None:
    facts = read(CREATE)
    assert dialogs(facts) == [(CALL, True, True)]
    assert [(f.call_id, f.alias) for f in facts if isinstance(f, Alias)] == [(CALL, EXCHANGE)]
    assert [f.role for f in facts if isinstance(f, Acts)] == ["server"]
    ends = [(f.call_id, f.address, f.port, f.kind) for f in facts if isinstance(f, Media)]
    assert ends == [(CALL, number("203.0.113.7"), 3456, "media")]


def test_the_answer_is_of_the_same_transaction() -> None:
    facts = read(OPENED, up=True)
    assert dialogs(facts) == [(EXCHANGE, False, False)]
    assert [(f.call_id, f.address, f.port) for f in facts if isinstance(f, Media)] == [
        (EXCHANGE, number("192.0.2.9"), 5004)
    ]


def test_who_deletes_a_connection_says_by_giving_a_reason() -> None:
    command = ("DLCX 1210 aaln/1@gw.example.net MGCP 1.0", "C: A3C47F", "I: FDE2")
    assert dialogs(read(message(*command))) == [(CALL, True, True)]
    assert dialogs(read(message(*command, "E: 900 - hardware"), up=True)) == [(CALL, True, True)]


@pytest.mark.parametrize(
    ("line", "up", "serves"),
    [
        ("RQNT 1 a@g MGCP 1.0 NCS 1.0", False, True),
        ("NTFY 2 a@g MGCP 1.0", True, False),
        ("RSIP 3 *@g MGCP 1.0", True, False),
    ],
)
def test_what_opens_no_connection_is_no_call(line: str, up: bool, serves: bool) -> None:
    facts = read(message(line, "X: 1"), up)
    assert dialogs(facts) == [("mgcp:", True, False)]
    assert bool([f for f in facts if isinstance(f, Acts)]) is serves
    assert dialogs(read(b"200 2 OK\r\n")) == [("mgcp:", False, False)]


def test_messages_that_share_a_datagram() -> None:
    facts = read(b"200 2 OK\r\n.\r\n" + CREATE)
    assert dialogs(facts) == [("mgcp:", False, False), (CALL, True, True)]
    assert len([f for f in read(b".\r\n".join([CREATE] * 40)) if isinstance(f, Dialog)]) == 1


@pytest.mark.parametrize(
    "payload", [b"", b"CRCX", b"CRCX x y MGCP 1.0\r\n", b"HELO 1 a MGCP 1.0\r\n", b"2000 1 OK\r\n", b"\xff" * 40]
)
def test_what_is_no_message(payload: bytes) -> None:
    assert read(payload) == []


def test_what_is_cut_anywhere_says_no_more_than_the_whole() -> None:
    whole = read(CREATE)
    for size in range(len(CREATE)):
        cut = read(CREATE[:size])
        assert [fact for fact in cut if isinstance(fact, Alias | Acts) and fact not in whole] == []
        assert set(dialogs(cut)) <= {(CALL, True, True), ("mgcp:", True, False)}
