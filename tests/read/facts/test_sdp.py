"""Media ends of session descriptions: levels, declined streams, RTCP, candidates, and lines that are none."""

from auditor.read.facts import sdp
from tests.read.facts.payloads import number
from tests.read.facts.payloads import sdp as body


def ends(*lines: str) -> list[tuple[int, int, str, str]]:
    return [found[:4] for found in sdp.ends(body(*lines).encode())]


def test_the_profile_and_the_ways_to_keys_are_told() -> None:
    def secrets(*lines: str) -> list[tuple[str, str]]:
        return [found[4:6] for found in sdp.ends(body("c=IN IP4 192.0.2.1", *lines).encode())]

    assert secrets("m=audio 6000 RTP/AVP 0") == [("RTP/AVP", "")]
    assert secrets("m=audio 6000 rtp/savp 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x") == [("RTP/SAVP", "crypto")]
    both = "a=fingerprint:sha-256 AA", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=zrtp-hash:1.10 f", "m=video 8 RTP/AVP 31"
    assert secrets(*both) == [("UDP/TLS/RTP/SAVPF", "fingerprint zrtp-hash"), ("RTP/AVP", "fingerprint")]
    both = "a=ice-ufrag:8hhY", "m=audio 6000 RTP/AVP 0", "m=video 8 RTP/AVP 31", "a=ice-ufrag:a+/9"
    assert [found[6] for found in sdp.ends(body("c=IN IP4 192.0.2.1", *both).encode())] == ["8hhY", "a+/9"]
    assert secrets("m=audio 6000") == [("", "")]
    assert secrets("m=audio 6000 <b>") == [("", "")]


def test_a_stream_has_the_address_of_the_session_unless_it_has_its_own() -> None:
    assert ends("c=IN IP4 192.0.2.1", "m=audio 6000 RTP/AVP 0", "m=video 6002 RTP/AVP 31", "c=IN IP6 2001:db8::1") == [
        (number("192.0.2.1"), 6000, "media", "audio"),
        (number("2001:db8::1"), 6002, "media", "video"),
    ]


def test_declined_held_and_multicast_streams_are_told_as_they_are() -> None:
    assert ends("c=IN IP4 0.0.0.0", "m=audio 0 RTP/AVP 0") == [(number("0.0.0.0"), 0, "media", "audio")]
    assert ends("c=IN IP4 233.252.0.1/127/3", "m=audio 6 RTP/AVP 0") == [(number("233.252.0.1"), 6, "media", "audio")]
    assert ends("c=IN IP4 192.0.2.1") == [(number("192.0.2.1"), 0, "media", "")]


def test_rtcp_may_go_elsewhere() -> None:
    assert ends("c=IN IP4 192.0.2.1", "m=audio 6000 RTP/AVP 0", "a=rtcp:7001")[1] == (
        number("192.0.2.1"), 7001, "rtcp", "audio",
    )  # fmt: skip
    assert ends("c=IN IP4 192.0.2.1", "m=audio 6000 RTP/AVP 0", "a=rtcp:7001 IN IP4 192.0.2.5")[1][0] == number(
        "192.0.2.5"
    )


def test_candidates_tell_their_type() -> None:
    found = ends(
        "c=IN IP4 0.0.0.0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=candidate:1 1 UDP 2130706431 10.0.1.1 8998 typ host",
        "a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998",
        "a=candidate:3 1 udp 16777215 2001:db8::9 50000 typ relay raddr 192.0.2.3 rport 45664",
        "a=candidate:4 1 udp 1 abcd.local 50000 typ host",
        "a=candidate:5 1 udp 1 192.0.2.4 50000 typ other",
        "a=candidate:6 1 udp",
    )
    assert found[1:] == [
        (number("10.0.1.1"), 8998, "candidate host", "audio"),
        (number("192.0.2.3"), 45664, "candidate srflx", "audio"),
        (number("2001:db8::9"), 50000, "candidate relay", "audio"),
    ]


def test_a_part_of_a_multipart_body_is_found_and_other_bodies_are_none() -> None:
    part = "--b\r\nContent-Type: application/sdp\r\n\r\n" + body("c=IN IP4 192.0.2.1", "m=audio 6000 RTP/AVP 0")
    assert sdp.ends(part.encode()) == [(number("192.0.2.1"), 6000, "media", "audio", "RTP/AVP", "", "")]
    assert sdp.ends(b"Signal=5\r\nDuration=160") == []


def test_odd_lines_say_nothing() -> None:
    assert ends("c=IN IP4 host.example.com", "m=audio 6000 RTP/AVP 0") == []
    assert ends("c=", "c=IN", "m=", "m=audio", "m=audio 70000 RTP/AVP 0", "a=rtcp:", "c=ATM NSAP 47") == []
    assert ends("c=IN IP4 192.0.2.1", "m=<script> 600E RTP/AVP 0") == [(number("192.0.2.1"), 0, "media", "")]


def test_a_body_of_many_lines_is_bounded() -> None:
    streams = [f"m=audio {port} RTP/AVP 0" for port in range(1, 2000)]
    assert len(ends("c=IN IP4 192.0.2.1", *streams)) == sdp.ENDS


def test_descriptions_of_several_parts_are_kept_apart() -> None:
    one, two = (body(f"c=IN IP4 192.0.2.{i}", f"m=audio 600{i} RTP/AVP 0") for i in (1, 2))
    heads = "\r\n--b\r\nContent-Type: application/sdp\r\n\r\n"
    found = sdp.ends((heads + one + heads + two + "\r\n--b--\r\nm=audio 9999 RTP/AVP 0\r\n").encode())
    assert [end[:2] for end in found] == [(number("192.0.2.1"), 6001), (number("192.0.2.2"), 6002)]


def test_a_stream_of_several_ports_has_every_other_one() -> None:
    assert [end[1] for end in ends("c=IN IP4 192.0.2.1", "m=video 49170/3 RTP/AVP 31")] == [49170, 49172, 49174]
    assert [end[1] for end in ends("c=IN IP4 192.0.2.1", "m=image 6000/2 udptl t38")] == [6000, 6001]
    assert [end[1] for end in ends("c=IN IP4 192.0.2.1", "m=audio 65535/9 RTP/AVP 0")] == [65535]
    assert len(ends("c=IN IP4 192.0.2.1", "m=audio 6000/999 RTP/AVP 0")) == sdp.PORTS
    assert [end[1] for end in ends("c=IN IP4 192.0.2.1", "m=audio 6000/x RTP/AVP 0", "m=audio 0/4 RTP/AVP 0")] == [
        6000,
        0,
    ]


def test_the_profile_tells_whether_media_is_to_be_encrypted() -> None:
    lines = ["c=IN IP4 192.0.2.1", "m=audio 1 RTP/SAVP 0", "m=video 2 udp/tls/rtp/savpf 9", "m=image 3 udptl t38"]
    found = sdp.ends(body(*lines, "m=audio 4 <script> 0", "m=audio 5").encode())
    assert [end[4] for end in found] == ["RTP/SAVP", "UDP/TLS/RTP/SAVPF", "UDPTL", "", ""]


def test_what_is_condensed_tells_the_same() -> None:
    whole = body("c=IN IP4 192.0.2.1", "b=AS:64", "m=audio 6000 RTP/AVP 0", "a=rtcp:6005", "a=sendrecv", "k=clear:x")
    for text in (whole, whole.replace("\r\n", "\n"), "--b\r\n\r\n" + whole + "--b\r\n" + whole):
        assert sdp.ends(sdp.condensed(text.encode(), 0)) == sdp.ends(text.encode()) != []
    assert sdp.condensed(b"Signal=5", 0) == b""
