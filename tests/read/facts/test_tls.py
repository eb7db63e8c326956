"""Server names of TLS and DTLS hellos, whole and cut."""

import pytest

from auditor.read.facts import tls
from auditor.read.facts.model import Hello
from tests.read.facts.payloads import hello, packet


def names(payload: bytes) -> list[str]:
    return [fact.name for fact in tls.parse(payload, packet(protocol=6)) if isinstance(fact, Hello)]


@pytest.mark.parametrize("dtls", [False, True])
def test_a_hello_tells_its_sender_and_the_server_name(dtls: bool) -> None:
    found = tls.parse(hello("Meet.Example.com", dtls), packet())
    assert [(fact.flow, fact.name) for fact in found] == [(packet().flow, "meet.example.com")]


@pytest.mark.parametrize("dtls", [False, True])
def test_wherever_a_hello_is_cut_it_is_a_hello_and_no_name_is_half(dtls: bool) -> None:
    whole = hello("meet.example.com", dtls)
    body = 25 if dtls else 9
    assert all(names(whole[:size]) == [""] for size in range(body, len(whole)))
    assert names(whole + b"more") == ["meet.example.com"]


def test_without_a_name_there_is_still_a_hello() -> None:
    assert names(hello(None)) == [""]
    assert names(hello("meet.example.com", name_kind=1)) == [""]


def test_other_records_say_nothing() -> None:
    whole = hello("meet.example.com")
    server = whole[:5] + b"\2" + whole[6:]
    alert = b"\x15" + whole[1:]
    fragment = bytearray(hello("meet.example.com", dtls=True))
    fragment[21] = 9  # its offset in the message
    assert [names(payload) for payload in (server, alert, bytes(fragment), b"\x16", b"")] == [[]] * 5
