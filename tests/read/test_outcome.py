"""Who opened a flow, and what became of it: attempts are told from exchanges, and content is never missed."""

from ipaddress import ip_address

import pytest

from auditor.read.facts import parse
from auditor.read.facts.model import Fact, Packet
from auditor.read.headers import ERROR, FIN, RST, SYN, SYNACK
from tests.read.facts.payloads import attribute, end, hello, number, stun
from tests.read.facts.test_stun import XOR
from tests.read.oneway import Row, back, facts, only

A, B = "192.0.2.1", "198.51.100.2"
TCP = Row(A, 40000, B, 443, "", "tcp", payload=0)
UDP = Row(A, 40000, B, 9999)


def tcp(flags: int, packets: int = 1, answer: int | None = None, answers: int = 1, payload: int = 0) -> list[Row]:
    """A TCP flow by the flags (0: plain segments) and numbers of packets of both sides; no answer: one way."""
    there = back(back(TCP), flags=flags, packets=packets, payload=payload, app="other" if payload else "")
    return [there] if answer is None else [there, back(TCP, flags=answer, packets=answers, first=1)]


@pytest.mark.parametrize(
    ("rows", "outcome", "opened"),
    [
        (tcp(SYN), "unanswered", "handshake"),
        (tcp(SYN, 3), "unanswered", "handshake"),
        (tcp(SYN, 1, RST), "rejected", "handshake"),
        (tcp(SYN, 3, RST, 3), "rejected", "handshake"),
        (tcp(SYN, 1, SYNACK), "unanswered", "handshake"),
        (tcp(SYN | RST, 2, SYNACK), "unanswered", "handshake"),  # a scan that breaks off
        (tcp(SYN, 2, SYNACK), "", "handshake"),
        (tcp(SYN | RST, 3, SYNACK), "", "handshake"),  # a health check
        (tcp(SYN | FIN, 3, SYNACK | FIN, 2), "", "handshake"),
        (tcp(SYN, 2, SYNACK, payload=50), "", "handshake"),
        (tcp(SYN, 1, payload=50), "", "handshake"),  # data with the SYN: it left
        (tcp(0, 5), "", ""),  # acknowledgements of what went past this tap
        (tcp(0, 1, RST), "rejected", ""),
        (tcp(0, 9, payload=900), "", ""),
        (tcp(RST), "rejected", ""),
    ],
)
def test_tcp(rows: list[Row], outcome: str, opened: str) -> None:
    found = only(rows)
    assert (found["outcome"], found["opened"]) == (outcome, opened)
    assert (found["src_addr"], found["dst_addr"]) == (A, B)


@pytest.mark.parametrize("late", [False, True])
def test_the_handshake_tells_who_opened_whatever_was_seen_first(late: bool) -> None:
    client, server = back(back(TCP), flags=SYN, first=9 if late else 0), back(TCP, flags=SYNACK, first=5)
    for rows in ([client, server], [client], [server]):
        assert (only(rows)["src_addr"], only(rows)["opened"]) == (A, "handshake")


def test_a_syn_amid_a_connection_may_be_anybody_s() -> None:
    server = back(TCP, flags=0, packets=5, first=1, payload=90, app="other")
    assert only([back(back(TCP), flags=SYN, packets=2, first=3), server])["opened"] == ""
    assert only([back(back(TCP), flags=SYN, packets=2, first=0), server])["opened"] == "handshake"


def test_without_evidence_the_first_sender_stands_first_and_nothing_is_claimed() -> None:
    found = only([back(back(UDP), first=7), back(UDP, first=3)])
    assert (found["src_addr"], found["opened"], found["outcome"]) == (B, "", "")
    tie = only([back(back(UDP), first=3), back(UDP, first=3)])
    assert tie["src_addr"] == A


def test_both_sides_send_a_syn() -> None:
    assert only([back(back(TCP), flags=SYN, first=4), back(TCP, flags=SYN, first=2)])["opened"] == ""


def test_dns_is_opened_by_who_asks_port_53() -> None:
    answer = Row(B, 53, A, 40000, "dns")
    assert (only([answer])["src_addr"], only([answer])["opened"]) == (A, "protocol")


def test_a_hello_tells_the_client() -> None:
    row = Row(B, 443, A, 50000, "tls", "tcp", first=1)
    client = back(row, first=2)
    found = only([row, client], facts((client, hello("meet.example.com"))))
    assert (found["src_addr"], found["opened"], found["dst_name"]) == (A, "protocol", "meet.example.com")


CHECK = Row(A, 40000, B, 3478, "stun")
ANSWER = stun(0x0101, attribute(0x20, end("203.0.113.7", 40000, XOR)))


def test_stun_requests_without_answer_are_unanswered() -> None:
    assert only([CHECK])["outcome"] == "unanswered"
    assert only([CHECK], facts((CHECK, stun(1))))["opened"] == "protocol"


@pytest.mark.parametrize("both", [False, True])
def test_an_answer_counts_even_if_the_tap_saw_no_request(both: bool) -> None:
    reply = back(CHECK, first=2)
    found = only([CHECK, reply] if both else [reply], facts((reply, ANSWER)))
    assert (found["outcome"], found["src_addr"], found["opened"], found["plane"]) == ("", A, "protocol", "signalling")


def test_questions_in_both_directions_did_arrive() -> None:
    found = only([CHECK, back(CHECK)], facts((CHECK, stun(1)), (back(CHECK), stun(1))))
    assert (found["outcome"], found["opened"]) == ("", "")


def test_a_stream_on_the_socket_of_checks_counts_even_one_way() -> None:
    media = back(back(CHECK), app="rtp", packets=50, ssrc=7)
    assert only([CHECK, media])["outcome"] == ""
    assert only([CHECK, back(back(CHECK), app="other")])["outcome"] == "unanswered"


def refusal(row: Row, code: int = 3) -> list[Fact]:
    ports = row.sport.to_bytes(2, "big") + row.dport.to_bytes(2, "big")
    proto = bytes([6 if row.transport == "tcp" else 17])
    quoted = b"\x45" + bytes(8) + proto + bytes(2) + ip_address(row.src).packed + ip_address(row.dst).packed + ports
    return list(parse("icmp", quoted, Packet(0, number("203.0.113.1"), number(row.src), 3, code, 1, 9, 5)))


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([UDP], "rejected"),
        ([CHECK], "rejected"),
        ([Row(A, 5060, B, 5060, "sip")], "rejected"),
        ([UDP, back(UDP)], ""),  # it was answered at some time
        ([Row(A, 40000, B, 8801, "zoom", packets=90)], ""),  # media left
        ([Row(A, 40000, B, 50000, "rtp", packets=90, ssrc=7)], ""),
        (tcp(SYN, 3), "rejected"),
        (tcp(SYN, 2, SYNACK), ""),
    ],
)
def test_refused_by_icmp(rows: list[Row], outcome: str) -> None:
    assert only(rows, refusal(rows[0]))["outcome"] == outcome
    assert only(rows, refusal(rows[0], code=4))["outcome"] != "rejected"


def test_datagrams_without_payload() -> None:
    empty = Row(A, 40000, B, 9999, "", payload=0)
    assert only([empty])["outcome"] == "unanswered"
    assert only([empty, back(empty)])["outcome"] == ""


def test_fragments_without_ports_carry() -> None:
    assert only([Row(A, 0, B, 0, "other", payload=4000, flags=32)])["outcome"] == ""


def test_echoes_and_errors() -> None:
    ping = Row(A, 0, B, 0, "icmp", "icmp")
    assert [only(rows)["outcome"] for rows in ([ping], [ping, back(ping)])] == ["unanswered", ""]
    assert only([back(back(ping), flags=ERROR)])["outcome"] == "rejected"
