"""Flows that ICMP errors quote: only refusals, and only those sent to who was refused."""

import struct
from ipaddress import ip_address

import pytest

from auditor.read.facts import icmp
from auditor.read.facts.model import Fact, Packet
from tests.read.facts.payloads import number

CLIENT, SERVER, ROUTER = "192.0.2.1", "198.51.100.2", "203.0.113.1"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8:1::2"
PORTS = struct.pack(">HH", 40000, 3478)


def quoted(fragment: int = 0, options: int = 0) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45 + options, 0, 60, 1, fragment, 64, 17, 0)
    return head + ip_address(CLIENT).packed + ip_address(SERVER).packed + bytes(4 * options) + PORTS


def quoted6(first: int, extensions: bytes) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, 60, first, 64)
    return head + ip_address(CLIENT6).packed + ip_address(SERVER6).packed + extensions + PORTS + bytes(4)


def error(payload: bytes, kind: int, code: int, to: str = CLIENT, protocol: int = 1) -> list[Fact]:
    return list(icmp.parse(payload, Packet(0, number(ROUTER), number(to), kind, code, protocol, 9, 5)))


@pytest.mark.parametrize("payload", [quoted(), quoted(options=2), quoted(fragment=0x2000)])
def test_an_unreachable_quotes_its_flow(payload: bytes) -> None:
    (fact,) = error(payload, 3, 3)
    assert fact.flow == (number(CLIENT), 40000, number(SERVER), 3478, 17)


@pytest.mark.parametrize(
    "extensions", [(17, b""), (0, b"\x11" + bytes(7)), (44, b"\x11" + bytes(7)), (51, b"\x11\1" + bytes(10))]
)
def test_version_six_with_extension_headers(extensions: tuple[int, bytes]) -> None:
    (fact,) = error(quoted6(*extensions), 1, 4, to=CLIENT6, protocol=58)
    assert (fact.flow, fact.code) == ((number(CLIENT6), 40000, number(SERVER6), 3478, 17), 260)


def test_what_is_no_refusal_says_nothing() -> None:
    assert error(quoted(), 3, 4) == []  # fragmentation needed
    assert error(quoted(), 11, 0) == []  # time exceeded
    assert error(quoted(), 3, 3, to=SERVER) == []  # not sent to who was refused
    assert error(quoted()[:19], 3, 3) == []
    assert error(b"\x43" + quoted()[1:], 3, 3) == []


def test_a_later_fragment_and_a_cut_have_no_ports() -> None:
    assert error(quoted(fragment=5), 3, 3)[0].flow[1::2] == (0, 0)
    assert error(quoted()[:22], 3, 3)[0].flow[1::2] == (0, 0)
