"""Flows are tied to meetings by client, service and time; and no verdict depends on it."""

import random
from typing import Any

import pytest

from auditor.enrich import meetings as module
from auditor.enrich.meetings import PAUSE, meetings
from auditor.model import flow as model
from tests import builders
from tests.builders import client, end, flow, frame

START = 1_600_000_000_000_000_000
SECOND = 1_000_000_000


def relay(addr: str, side: str = "dst", **more: Any) -> Any:
    return end(side, addr, "relay", **more)


def row(
    begin: float, end: float, *, app: str = "zoom", plane: str = "media", who: str = "10.0.0.1", **more: Any
) -> Any:
    """A flow of some seconds of one client with a server of Zoom's."""
    return flow(**{
        "service": "zoom", "app": app, "plane": plane, "transport": "udp", "src_packets": 40,
        "first_ns": START + int(begin * SECOND), "last_ns": START + int(end * SECOND),
        **client(who), **relay("170.114.1.1"), **more,
    })  # fmt: skip


def told(*rows: Any) -> list[str | None]:
    return meetings(frame(rows))["meeting"].to_list()


ONE = "zoom~10.0.0.1~2020-09-13T12:26:40.000Z"


def test_media_and_what_the_client_else_exchanged_meanwhile() -> None:
    signalling = {"app": "tls", "plane": "keys+media+signalling?", "transport": "tcp"}
    assert told(
        row(0, 600),
        row(5, 20, who="10.0.0.2", src_packets=2),  # somebody else, and no media to speak of
        row(-30, 3, **signalling),
        row(300, 301, **signalling),
        row(700, 900, **signalling),  # too late
        row(10, 20, service="telegram"),
        row(10, 20, service=""),
    ) == [ONE, None, ONE, ONE, None, "telegram~10.0.0.1~2020-09-13T12:26:50.000Z", None]


def test_a_pause_parts_meetings_and_a_long_connection_names_several() -> None:
    pause = PAUSE / SECOND
    two = "zoom~10.0.0.1~2020-09-13T12:28:41.000Z"
    assert told(row(0, 30), row(30 + pause, 60 + pause), row(61 + 2 * pause, 90 + 2 * pause))[:2] == [ONE, ONE]
    assert told(row(0, 60), row(61 + pause, 200), row(0, 300, app="tls", plane="signalling")) == [
        ONE,
        two,
        f"{ONE} {two}",
    ]


def test_many_meetings_of_one_connection_are_cut() -> None:
    calls = [row(200 * i, 200 * i + 10) for i in range(20)]
    named = told(*calls, row(0, 5000, app="tls", plane="signalling"))[-1]
    assert named is not None
    assert len(named.split(" ")) == module.MOST


def test_the_client_may_stand_on_either_side_and_vantages_are_apart() -> None:
    other = row(0, 9, **relay("170.114.1.1", side="src"), **client("10.0.0.1", side="dst"))
    assert told(other) == [ONE]
    assert told(row(0, 9, vantage="tor"), row(0, 9, vantage="sha")) == [
        f"zoom~10.0.0.1@{where}~2020-09-13T12:26:40.000Z" for where in ("tor", "sha")
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"app": "stun"},
        {"src_packets": 10},
        {"plane": "media?"},
        {"plane": "keys+media+signalling"},
        {"outcome": model.UNANSWERED},
        {"basis": model.OFFERED},
        {"app": "sip", "session": "call"},
        {"src_role": "unknown"},
        {"dst_role": "client"},
    ],
)
def test_what_makes_no_meeting(more: dict[str, Any]) -> None:
    assert told(row(0, 60, **more)) == [None]


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [row(37 * i % 1000, 37 * i % 1000 + 5, who=f"10.0.0.{i % 3}", record=i) for i in range(60)]
    rows += [
        row(17 * i, 17 * i + 300, who=f"10.0.0.{i % 3}", record=100 + i, app="tls", plane="other") for i in range(9)
    ]
    expected = meetings(frame(rows)).sort("record")
    random.Random(1).shuffle(rows)
    assert meetings(frame(rows)).sort("record").equals(expected)
    assert expected["meeting"].null_count() < len(expected)


def test_nothing_is_tied_where_there_is_nothing() -> None:
    assert meetings(model.empty()).is_empty()
    assert told(flow()) == [None]


def test_a_meeting_is_never_judged() -> None:
    """In one session with the relay abroad, a stranger who may take part opens what is certain of its flow."""
    here = {
        **client("192.0.2.1", proven="US", label="overseas"),
        "plane": "media",
        "service": "zoom",
        "src_packets": 40,
    }
    abroad = flow(**here, **relay("198.51.100.1", proven="CN"))
    stranger = flow(**here, **end("dst", "203.0.113.1", "unknown", proven="CN"))
    tied = meetings(frame([abroad, stranger]))
    assert tied["meeting"].to_list() == ["zoom~192.0.2.1~1970-01-01T00:00:00.000Z", None]

    def verdicts(**more: Any) -> list[str]:
        rows = [{**row, **more} for row in tied.to_dicts()]
        return sorted(f"{each.verdict} {each.place.countries}" for each in builders.audit(rows).findings)

    judged = verdicts()
    assert "fail CN" in judged
    assert verdicts(meeting=None) == judged
    assert verdicts(meeting="all in one") == judged
    assert "fail CN" not in verdicts(session="all in one")  # what tying must not do


def test_a_call_of_sip_has_a_name_and_a_session_of_ice_is_part_of_a_meeting() -> None:
    call = [row(0, 60, session="call"), row(0, 1, session="call", app="sip", plane="signalling")]
    assert told(*call, row(0, 60, session="ice"), row(0, 1, app="tls", plane="signalling")) == [None, None, ONE, ONE]
