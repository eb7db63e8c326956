"""DNS answers: names of addresses, through aliases and compression, and messages that lie."""

import struct
from ipaddress import ip_address

import pytest

from auditor.read.facts import dns
from tests.read.facts.payloads import dns as message
from tests.read.facts.payloads import name, number, packet, record

POINTER = b"\xc0\x0c"  # to the question
PACKET = packet(sport=53, dst="192.0.2.1", dport=40000)


def a(owner: bytes, address: str) -> bytes:
    packed = ip_address(address).packed
    return record(owner, 1 if len(packed) == 4 else 28, packed)


def called(payload: bytes, protocol: int = 17) -> set[tuple[str, str]]:
    found = dns.parse(payload, packet(sport=53, protocol=protocol))
    return {(fact.name, str(fact.address)) for fact in found}


def pairs(*found: tuple[str, str]) -> set[tuple[str, str]]:
    return {(text, str(number(address))) for text, address in found}


def test_addresses_of_both_versions_get_the_queried_name() -> None:
    payload = message("Example.COM", [a(POINTER, "203.0.113.5"), a(POINTER, "2001:db8::5")])
    assert called(payload) == pairs(("example.com", "203.0.113.5"), ("example.com", "2001:db8::5"))


def test_a_chain_of_aliases_names_the_address_by_each_of_them() -> None:
    answers = [
        record(POINTER, 5, name("edge.cdn.example")),
        record(name("edge.cdn.example"), 5, name("x7.cdn.example")),
        a(name("x7.cdn.example"), "203.0.113.5"),
    ]
    names = {"www.example.com", "edge.cdn.example", "x7.cdn.example"}
    assert called(message("www.example.com", answers)) == pairs(*((text, "203.0.113.5") for text in names))


def test_an_additional_record_names_its_own_owner_only() -> None:
    payload = message("example.com", [a(POINTER, "203.0.113.5")], [a(name("ns1.example.net"), "203.0.113.53")])
    assert called(payload) == pairs(("example.com", "203.0.113.5"), ("ns1.example.net", "203.0.113.53"))


def test_over_tcp_a_length_goes_before() -> None:
    payload = message("example.com", [a(POINTER, "203.0.113.5")])
    assert called(struct.pack(">H", len(payload)) + payload, protocol=6) == pairs(("example.com", "203.0.113.5"))


def test_address_hints_of_service_records_count() -> None:
    hints = struct.pack(">HH", 4, 8) + ip_address("203.0.113.5").packed + ip_address("203.0.113.6").packed
    six = struct.pack(">HH", 6, 16) + ip_address("2001:db8::5").packed
    payload = message("example.com", [record(POINTER, 65, b"\0\1\0" + hints + six)])
    assert called(payload) == pairs(*(("example.com", end) for end in ("203.0.113.5", "203.0.113.6", "2001:db8::5")))


def test_queries_and_other_classes_say_nothing() -> None:
    assert called(message("example.com", [a(POINTER, "203.0.113.5")], flags=0x0100)) == set()
    assert called(message("example.com", [record(POINTER, 1, bytes(4), group=3)])) == set()
    assert called(message("example.com", [record(POINTER, 1, bytes(5))])) == set()


def test_what_stands_before_a_cut_counts() -> None:
    payload = message("example.com", [a(POINTER, "203.0.113.5"), a(POINTER, "203.0.113.6")])
    assert called(payload[:-1]) == pairs(("example.com", "203.0.113.5"))


@pytest.mark.parametrize("pointer", [b"\xc0\x1d", b"\xff\xff", b"\xc0"])
def test_a_pointer_that_points_forward_or_at_itself_ends_the_reading(pointer: bytes) -> None:
    assert called(message("example.com", [pointer + struct.pack(">HHIH", 1, 1, 60, 4) + bytes(4)])) == set()


def test_a_chain_of_pointers_costs_no_more_than_a_few_steps() -> None:
    chain = b"\0" + b"".join(struct.pack(">H", 0xC000 | (12 + max(0, 2 * i - 1))) for i in range(4000))
    head = struct.pack(">HHHHHH", 7, 0x8180, 0, 256, 0, 0)
    assert dns.parse(head + chain, PACKET) == []


def test_bytes_that_are_no_host_name_are_escaped() -> None:
    payload = message("x", [a(b"\x07<b>\x00 \xff=\0", "203.0.113.5")])
    assert called(payload) == pairs((r"\060b\062\000\032\255\061", "203.0.113.5"))


def test_neighbours_name_local_addresses_only() -> None:
    payload = message("printer.local", [a(POINTER, "192.168.1.9"), a(POINTER, "8.8.8.8")])
    assert {fact.address for fact in dns.local(payload, PACKET)} == {number("192.168.1.9")}
