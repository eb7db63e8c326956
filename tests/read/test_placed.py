"""What facts say of the ends of a flow, from a capture to the table."""

from pathlib import Path

import pytest

from auditor import pipeline
from tests.captures import pcap, sip, udp
from tests.read.quic_packets import client_hello, crypto, initial

PHONE, REGISTRAR = "192.0.2.5", "198.51.100.9"


def rows(folder: Path, frames: list[bytes]) -> list[dict[str, object]]:
    (folder / "a.pcap").write_bytes(pcap(frames))
    found = pipeline.located(folder / "a.pcap").frame.to_dicts()
    return [row for row in found if row["basis"] == "observed"]


@pytest.mark.parametrize("swapped", [False, True])
def test_who_registers_is_a_client_and_who_answers_stays_open(tmp_path: Path, swapped: bool) -> None:
    ask = udp(PHONE, 5060, REGISTRAR, 5060, sip("REGISTER sip:b SIP/2.0", "r", PHONE, method="REGISTER"))
    answer = udp(REGISTRAR, 5060, PHONE, 5060, sip("SIP/2.0 200 OK", "r", PHONE, method="REGISTER"))
    call = udp(REGISTRAR, 5060, PHONE, 5060, sip("INVITE sip:a SIP/2.0", "c", REGISTRAR))
    found = rows(tmp_path, [call, answer, ask] if swapped else [ask, answer, call])
    roles = {(row[f"{side}_addr"], row[f"{side}_role"]) for row in found for side in ("src", "dst")}
    assert roles == {(PHONE, "client"), (REGISTRAR, "unknown")}
    assert {row["session"] for row in found} == {None, "c"}


def test_a_registration_that_another_element_passed_on_tells_nothing(tmp_path: Path) -> None:
    via = f"Via: SIP/2.0/UDP {PHONE}:5060;branch=z9hG4bK776"
    passed = sip("SIP/2.0 200 OK", "r", PHONE, method="REGISTER").replace(
        via.encode(), f"{via}\r\nVia: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bK1".encode()
    )
    asked = sip("REGISTER sip:b SIP/2.0", "r", PHONE, method="REGISTER")
    (row,) = rows(tmp_path, [udp(PHONE, 5060, REGISTRAR, 5060, asked), udp(REGISTRAR, 5060, PHONE, 5060, passed)])
    assert (row["src_role"], row["dst_role"]) == ("unknown", "unknown")
    (row,) = rows(tmp_path, [udp(PHONE, 5060, REGISTRAR, 5060, asked)])  # nobody answered
    assert (row["src_role"], row["dst_role"]) == ("unknown", "unknown")


def test_a_hello_of_quic_names_and_opens_its_flow(tmp_path: Path) -> None:
    whole = client_hello("us04web.zoom.us")
    pieces = [initial(crypto(90, whole[90:]), number=1), initial(crypto(0, whole[:90]), number=0)]
    answer = initial(b"\x02\0\0\0\0", dcid=b"", sealed_for=b"x" * 8, side=b"server in")
    frames = [udp(REGISTRAR, 443, PHONE, 50000, answer)] + [udp(PHONE, 50000, REGISTRAR, 443, each) for each in pieces]
    (row,) = rows(tmp_path, frames)
    told = [row[name] for name in ("src_addr", "dst_name", "opened", "app", "service", "src_role", "dst_role")]
    assert told == [PHONE, "us04web.zoom.us", "protocol", "quic", "zoom", "client", "server"]
    assert row["plane"] == "keys+media+recording+signalling?"  # a name accuses and never excuses
