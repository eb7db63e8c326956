"""Calls of MGCP, RTSP, Skinny, IAX and H.323 put together: sessions, media flows, planes, roles and offers."""

import polars as pl

from auditor.read.aliases import resolved
from auditor.read.facts.model import ALIAS, Alias, Dialog, Fact, Media
from auditor.read.said import Said
from tests.read.facts import test_iax as iax
from tests.read.facts import test_mgcp as mgcp
from tests.read.facts import test_rtsp as rtsp
from tests.read.facts import test_skinny as skinny
from tests.read.facts.h323 import MESSAGES
from tests.read.oneway import Row, assembled, back, facts

A, B = "192.0.2.1", "198.51.100.2"
S = 1_000_000_000


def named(said: list[Fact]) -> list[Fact]:
    return resolved(Said.of(said)).facts()


def stream(a: str, port: int, b: str, other: int) -> Row:
    return Row(a, port, b, other, "rtp", packets=50, ssrc=7, first=5 * S, last=50 * S, witness=50)


def rows(flows: pl.DataFrame) -> set[tuple[str, str | None, str]]:
    return set(flows.filter(pl.col("basis") == "observed").select("app", "session", "plane").rows())


def test_an_mgcp_call() -> None:
    down = Row(mgcp.AGENT, 2727, mgcp.GATEWAY, 2427, "mgcp", packets=2)
    media = stream("203.0.113.7", 3456, "192.0.2.9", 5004)
    said = facts((down, mgcp.CREATE), (back(down), mgcp.OPENED), (down, b"RQNT 9 a@g MGCP 1.0\r\n"))
    flows = assembled([down, back(down), media, back(media)], said).flows
    assert rows(flows) == {
        ("mgcp", mgcp.CALL, "signalling"),
        ("mgcp", None, "signalling"),
        ("rtp", mgcp.CALL, "media"),
    }
    assert set(flows.filter(pl.col("app") == "mgcp")["src_role"]) == {"server"}  # the agent asks
    assert set(flows.filter(pl.col("app") == "mgcp")["dst_role"]) == {"unknown"}


def test_an_rtsp_session_with_ports_of_its_own() -> None:
    up = Row(rtsp.CLIENT, 50000, rtsp.SERVER, 554, "rtsp", "tcp", packets=3)
    media = stream(rtsp.SERVER, 6000, rtsp.CLIENT, 5000)
    said = facts(
        (up, rtsp.setup("RTP/AVP;unicast;client_port=5000-5001")),
        (back(up), rtsp.answer("RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001")),
    )
    flows = assembled([up, back(up), media], said).flows
    assert rows(flows) == {("rtsp", rtsp.CALL, "signalling"), ("rtp", rtsp.CALL, "media")}
    assert set(flows["session"]) == {rtsp.CALL}


def test_an_rtsp_session_whose_media_is_interleaved() -> None:
    up = Row(rtsp.CLIENT, 50000, rtsp.SERVER, 554, "rtsp", "tcp", packets=3)
    said = facts((back(up), rtsp.answer("RTP/AVP/TCP;unicast;interleaved=0-1")))
    flows = assembled([up, back(up)], said).flows
    assert flows.select("app", "session", "plane").rows() == [("rtsp", rtsp.CALL, "media+signalling")]


def test_a_skinny_call() -> None:
    up = Row(skinny.PHONE, 50000, skinny.MANAGER, 2000, "skinny", "tcp", packets=4)
    media = stream("203.0.113.9", 4000, "203.0.113.10", 4100)
    said = facts(
        (up, skinny.message(0x22, 0, skinny.wide(skinny.V4), 4000, 5, 77)),
        (up, skinny.message(0x06, 1, 77)),
        (back(up), skinny.message(0x8A, 77, 5, skinny.wide(bytes([203, 0, 113, 10])), 4100, *[0] * 6, 77)),
        (up, skinny.message(0)),
    )
    flows = assembled([up, back(up), media], said).flows
    assert rows(flows) == {
        ("skinny", skinny.CALL, "signalling"),
        ("skinny", None, "signalling"),
        ("rtp", skinny.CALL, "media"),
    }
    signalling = flows.filter(pl.col("app") == "skinny")
    assert set(signalling.select("src_role", "dst_role").rows()) == {("client", "server")}


def test_an_iax_call() -> None:
    out = Row(A, 4569, B, 4569, "iax", packets=40)
    said = facts(
        (out, iax.frame(5, 0, 6, 1)),
        (back(out), iax.frame(9, 5, 6, 7)),
        (out, iax.frame(5, 9, 2, 4, bytes(160))),
    )
    flows = assembled([out, back(out)], said).flows
    assert rows(flows) == {("iax", iax.CALL, "media+signalling")}
    assert set(flows["src_addr"]) == {A}
    kept = facts((out, iax.frame(5, 0, 6, 0x0D)))
    assert rows(assembled([out], kept).flows) == {("iax", None, "signalling")}


def test_an_h323_call() -> None:
    call = Row(A, 40000, B, 1720, "h225", "tcp", packets=5)
    control = Row(A, 40001, B, 2776, "h245", "tcp", packets=3, first=2 * S, last=3 * S)
    other = Row(A, 40001, "203.0.113.99", 2776, "h245", "tcp", packets=3, first=2 * S, last=3 * S)
    said = facts(
        (call, MESSAGES["setup"]), (back(call), MESSAGES["alerting"]), (back(call), MESSAGES["connect"]),
        (call, MESSAGES["release"]), (control, MESSAGES["msd"]), (back(control), MESSAGES["ack"]),
        (other, MESSAGES["msd"]),
    )  # fmt: skip
    audio, video = stream(A, 5000, B, 6000), stream(A, 5002, B, 6002)
    both = [call, back(call), control, back(control), audio, back(audio), video, back(video), other]
    flows = assembled(both, said).flows
    guid = "h323:000102030405060708090a0b0c0d0e0f"
    assert rows(flows) == {
        ("h225", guid, "signalling"),
        ("h245", guid, "signalling"),
        ("rtp", guid, "media"),
        ("h245", None, "signalling"),
    }
    offered = flows.filter((pl.col("basis") == "offered") & (pl.col("plane") == "signalling"))
    assert offered.select("app", "transport", "dst_addr", "dst_port").rows() == [("h245", "tcp", "2001:db8::5", 2777)]


def test_facts_of_unknown_calls_keep_a_name_of_their_own() -> None:
    up = Row(mgcp.GATEWAY, 2427, mgcp.AGENT, 2727, "mgcp")
    found = named(facts((up, mgcp.OPENED)))
    assert {fact.call_id for fact in found if isinstance(fact, Dialog | Media)} == {mgcp.EXCHANGE.removeprefix(ALIAS)}


def test_names_that_are_used_again_mean_the_call_told_last() -> None:
    def at(time: int) -> tuple[int, int, int, int, int, int]:
        return 0, 1, time, time, 1, 100

    flow = (1, 2, 3, 4, 17)
    told = [Alias(*at(0), flow, "one", f"{ALIAS}x"), Alias(*at(100 * S), flow, "two", f"{ALIAS}x")]
    told += [Alias(*at(0), flow, f"{ALIAS}a", f"{ALIAS}b"), Alias(*at(0), flow, f"{ALIAS}b", f"{ALIAS}a")]
    for time, call in ((0, "one"), (50 * S, "one"), (99 * S, "two"), (200 * S, "two")):
        found = named([*told, Dialog(*at(time), flow, f"{ALIAS}x", True, True)])
        assert [fact.call_id for fact in found if isinstance(fact, Dialog)] == [call]
    circle = named([*told, Dialog(*at(0), flow, f"{ALIAS}a", True, True)])
    assert isinstance(circle[0], Dialog)
    assert circle[0].call_id in ("a", "b")


def test_aliases_of_another_tap_say_nothing() -> None:
    flow = (1, 2, 3, 4, 17)
    alias = Alias(1, 1, 0, 0, 1, 100, flow, "one", f"{ALIAS}x")
    found = named([alias, Dialog(0, 1, 0, 0, 1, 100, flow, f"{ALIAS}x", True, True)])
    assert [fact.call_id for fact in found if isinstance(fact, Dialog)] == ["x"]
