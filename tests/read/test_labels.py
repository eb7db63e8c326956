"""Names of ends: DNS by vantage, the server name of a flow before them; and clients seen under other addresses."""

from tests.read.facts.payloads import attribute, dns, end, hello, sip, stun
from tests.read.facts.test_dns import POINTER, a
from tests.read.facts.test_stun import XOR
from tests.read.oneway import Row, assembled, back, facts

CLIENT, SERVER, PUBLIC = "10.0.0.5", "198.51.100.2", "203.0.113.7"
DNS = Row("10.0.0.1", 53, CLIENT, 50000, "dns")
TLS = Row(CLIENT, 50001, SERVER, 443, "tls", "tcp")


def answer(name: str, address: str = SERVER) -> tuple[Row, bytes]:
    return DNS, dns(name, [a(POINTER, address)])


def test_an_address_is_called_what_dns_answers_said_at_its_vantage() -> None:
    elsewhere = Row(**{**TLS.__dict__, "vantage": 1})
    found = assembled([TLS, elsewhere], facts(answer("b.example.com"), answer("a.example.com")))
    assert sorted(found.flows.select("vantage", "src_name", "dst_name").rows()) == [
        ("other", "", ""), ("tap", "", "a.example.com b.example.com"),
    ]  # fmt: skip
    assert found.names.rows() == [("tap", SERVER, "a.example.com"), ("tap", SERVER, "b.example.com")]


def test_the_server_name_of_a_flow_stands_alone() -> None:
    other = Row(**{**TLS.__dict__, "sport": 50002})
    flows = assembled([TLS, other], facts(answer("cdn.example.net"), (TLS, hello("meet.example.com")))).flows
    assert dict(flows.select("src_port", "dst_name").rows()) == {50001: "meet.example.com", 50002: "cdn.example.net"}


def test_version_six_and_mapped_addresses_are_written_as_rfc_5952_says() -> None:
    rows = [Row("2001:db8:0:0:1::1", 1, "::ffff:192.0.2.1", 2), Row("::192.0.2.1", 3, "1::", 4)]
    flows = assembled(rows, facts(answer("six.example.com", "2001:db8:0:0:1::1"))).flows
    assert set(flows.select("src_addr", "dst_addr").rows()) == {
        ("2001:db8::1:0:0:1", "192.0.2.1"), ("::c000:201", "1::"),
    }  # fmt: skip
    assert "six.example.com" in set(flows["src_name"])


def test_stun_and_sip_tell_under_which_address_a_client_is_seen() -> None:
    check = Row(CLIENT, 40000, SERVER, 3478, "stun")
    call = Row("10.0.0.6", 5060, SERVER, 5060, "sip")
    via = sip("SIP/2.0 200 OK", f"Via: SIP/2.0/UDP 10.0.0.6;received={PUBLIC};rport=9", "Call-ID: a", "CSeq: 1 INVITE")
    mapped = stun(0x0101, attribute(0x20, end(PUBLIC, 40000, XOR)))
    found = assembled([check, back(check), call, back(call)], facts((back(check), mapped), (back(call), via)))
    assert found.reflexive.rows() == [("tap", CLIENT, PUBLIC), ("tap", "10.0.0.6", PUBLIC)]


def test_what_says_nothing_new_is_no_reflexive_address() -> None:
    check = Row(PUBLIC, 40000, SERVER, 3478, "stun")
    same = stun(0x0101, attribute(0x20, end(PUBLIC, 40000, XOR)))
    private = stun(0x0101, attribute(0x20, end("192.168.7.7", 40000, XOR)))
    call = Row(CLIENT, 5060, SERVER, 5060, "sip")
    foreign = sip("SIP/2.0 200 OK", f"Via: SIP/2.0/UDP 10.9.9.9;received={PUBLIC}", "Call-ID: a", "CSeq: 1 INVITE")
    said = facts((back(check), same), (back(check), private), (back(call), foreign))
    assert assembled([back(check), back(call)], said).reflexive.rows() == []
