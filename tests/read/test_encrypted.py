"""What packets show of encryption: by handshakes, by descriptions, by text that could be read; and never by looks."""

import pytest

from tests.read.facts.payloads import hello, sdp, sip
from tests.read.oneway import Row, assembled, back, facts

A, B = "192.0.2.1", "198.51.100.2"
SIP = Row(A, 5060, B, 5060, "sip", packets=2)
RTP = Row(A, 6000, B, 7000, "rtp", packets=50, ssrc=7, first=5, last=50)
TLS = Row(A, 50000, B, 443, "tls", "tcp", packets=4)


def offer(*lines: str, address: str = A, port: int = 6000, answer: bool = False, call: str = "one") -> bytes:
    first = "SIP/2.0 200 OK" if answer else "INVITE sip:b@example.com SIP/2.0"
    body = sdp(f"c=IN IP4 {address}", *(line.replace("PORT", str(port)) for line in lines))
    return sip(first, f"Call-ID: {call}", "CSeq: 1 INVITE", body=body)


def shown(rows: list[Row], *said: tuple[Row, bytes]) -> dict[str, str]:
    """What is shown of each kind of flow."""
    flows = assembled(rows, facts(*said)).flows
    return dict(flows.filter(flows["basis"] == "observed").select("app", "encrypted").rows())


def described(offered: tuple[str, ...], answered: tuple[str, ...] = (), *more: Row) -> str:
    said = [(SIP, offer(*offered))]
    if answered:
        said.append((back(SIP), offer(*answered, address=B, port=7000, answer=True)))
    found = shown([SIP, back(SIP), RTP, back(RTP), *more], *said)
    assert found["sip"] == "no"
    return found["rtp"]


PLAIN, SECURE = "m=audio PORT RTP/AVP 0", "m=audio PORT RTP/SAVP 0"
DTLS_SRTP = "m=audio PORT UDP/TLS/RTP/SAVPF 111"
FINGERPRINT = "a=fingerprint:sha-256 AA"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"


@pytest.mark.parametrize(
    ("offered", "answered", "expected"),
    [
        ((PLAIN,), (PLAIN,), "no"),
        ((PLAIN,), (), "no"),  # nothing can become of it but a plain stream
        ((PLAIN, CRYPTO), (PLAIN,), ""),  # best effort: RFC 8643
        (("a=fingerprint:sha-256 AA", PLAIN), (PLAIN,), ""),
        ((SECURE, CRYPTO), (SECURE, CRYPTO), "yes"),
        ((FINGERPRINT, DTLS_SRTP), (FINGERPRINT, DTLS_SRTP), "yes"),
        ((DTLS_SRTP,), (DTLS_SRTP,), ""),  # a promise without any key
        ((SECURE,), (SECURE,), ""),
        ((SECURE, CRYPTO), (SECURE,), ""),
        ((SECURE, CRYPTO), (), ""),  # it may have been declined
        ((SECURE, CRYPTO), (PLAIN,), ""),
        (("m=audio PORT UNHEARD/OF 0",), (PLAIN,), ""),
        (("m=audio PORT",), (), ""),
    ],
)
def test_descriptions_tell(offered: tuple[str, ...], answered: tuple[str, ...], expected: str) -> None:
    assert described(offered, answered) == expected


def test_zrtp_and_half_a_handshake_leave_a_plain_profile_open() -> None:
    zrtp = Row(A, 6000, B, 7000, "zrtp", packets=4)
    half = Row(A, 6000, B, 7000, "dtls", packets=4)
    assert described((PLAIN,), (PLAIN,), zrtp, back(zrtp)) == ""
    assert described((PLAIN,), (PLAIN,), half) == ""
    assert described((PLAIN,), (PLAIN,), half, back(half)) == "", "alerts are DTLS too, and the description says plain"
    assert described((FINGERPRINT, PLAIN), (FINGERPRINT, PLAIN), half, back(half)) == "yes"


def test_a_later_description_of_another_profile_leaves_it_open() -> None:
    said = [(SIP, offer(PLAIN)), (SIP, offer(SECURE))]
    assert shown([SIP, RTP], *said)["rtp"] == ""


def test_media_alone_show_nothing() -> None:
    assert shown([RTP, back(RTP)]) == {"rtp": ""}
    assert shown([Row(A, 6000, B, 7000, "zoom", packets=9, ssrc=7)]) == {"zoom": ""}


def test_dtls_on_the_same_sockets_keys_the_media() -> None:
    dtls = Row(A, 6000, B, 7000, "dtls", packets=4)
    assert shown([RTP, back(RTP), dtls, back(dtls)]) == {"rtp": "yes"}
    assert shown([RTP, back(RTP), dtls]) == {"rtp": ""}
    once = Row(A, 6000, B, 7000, "dtls", packets=1)
    assert shown([RTP, back(RTP), dtls, back(once)]) == {"rtp": ""}, "a handshake has two flights of each side"
    other = Row(A, 6001, B, 7001, "dtls", packets=4)
    assert shown([RTP, back(RTP), other, back(other)]) == {"rtp": "", "dtls": "yes"}


@pytest.mark.parametrize(
    ("rows", "app", "expected"),
    [
        ([TLS, back(TLS)], "tls", "yes"),
        ([TLS], "tls", ""),
        ([Row(A, 1, B, 22, "ssh", "tcp"), Row(B, 22, A, 1, "ssh", "tcp")], "ssh", "yes"),
        ([Row(A, 1, B, 443, "quic"), Row(B, 443, A, 1, "quic")], "quic", "yes"),
        ([Row(A, 1, B, 443, "quic")], "quic", ""),
        ([Row(A, 1, B, 80, "http", "tcp"), Row(B, 80, A, 1, "http", "tcp")], "http", "no"),
        ([Row(A, 1, B, 80, "http", "tcp"), TLS, back(TLS)], "tls", "yes"),
        ([Row(A, 1, B, 554, "rtsp", "tcp")], "rtsp", "no"),
        ([Row(A, 1, B, 2427, "mgcp")], "mgcp", "no"),
        ([Row(A, 5060, B, 5060, "sip", "tcp")], "sip", "no"),
        ([Row(A, 1, B, 53, "dns")], "dns", ""),
        ([Row(A, 1, B, 3478, "stun"), Row(B, 3478, A, 1, "stun")], "stun", ""),
        ([Row(A, 1, B, 9, "other")], "", ""),
    ],
)
def test_protocols_tell(rows: list[Row], app: str, expected: str) -> None:
    assert shown(rows)[app] == expected


def test_a_cipher_beside_text_that_could_be_read_leaves_it_open() -> None:
    """A tunnel through a proxy, or a page with a few bytes in it that look like records of TLS."""
    proxied = [Row(A, 50000, B, 443, "http", "tcp"), TLS, back(TLS)]
    assert shown(proxied) == {"tls": ""}


def test_of_one_direction_a_hello_and_what_follows_it_show_tls() -> None:
    said = [(TLS, hello("example.com"))]
    assert shown([TLS], *said) == {"tls": "yes"}
    once = Row(A, 50000, B, 443, "tls", "tcp", packets=1)
    assert shown([once], (once, hello("example.com"))) == {"tls": ""}


def test_what_no_packet_shows_is_not_known() -> None:
    flows = assembled([SIP], facts((SIP, offer(PLAIN)))).flows
    assert dict(flows.select("basis", "encrypted").rows()) == {"observed": "no", "offered": ""}
