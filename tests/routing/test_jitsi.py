import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.routing import jitsi
from auditor.routing.model import File, Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import jitsi_random
from tests.routing.brute import disagreements

REGIONAL = """\
jicofo {
  octo { enabled = true }
  bridge {
    selection-strategy = RegionBasedBridgeSelectionStrategy
    region-groups = [
      [ "us-east-1", us-west-2 ],  # near each other
      ["eu-central-1"]
    ]
  }
}
"""
WITHOUT, OTHERS = jitsi.WITHOUT, jitsi.OTHERS
ELSE = "any other region"


def read(text: str) -> Routing:
    (routing,) = jitsi.read([File("jicofo.conf", text.encode())], Kept({}))
    return routing


def fewest(routing: Routing) -> dict[str, dict[str, int]]:
    proof = prove(routing)
    return {
        client.name: {pool: each.size for pool, each in proof[id(client.root)].pools.items()}
        for client in routing.clients
    }


def test_a_group_that_is_full_is_left_for_any_region() -> None:
    routing = read(REGIONAL)
    assert not routing.unread
    pair = {"us-east-1": 0, "us-west-2": 0, "eu-central-1": 2, ELSE: 2}
    assert fewest(routing) == {
        "region us-east-1": pair,
        "region us-west-2": pair,
        "region eu-central-1": {"us-east-1": 1, "us-west-2": 1, "eu-central-1": 0, ELSE: 1},
        WITHOUT: dict.fromkeys(pair, 0),
        OTHERS: {**dict.fromkeys(pair, 1), ELSE: 0},
    }
    assert {client.name: client.countries for client in routing.clients}["region eu-central-1"] == "DE"
    (fence,) = routing.remarks
    assert (fence.at.line, "no fence" in fence.text) == (5, True)
    assert disagreements(routing) == []


def test_a_local_region_takes_those_without_one() -> None:
    told = fewest(read(REGIONAL.replace("octo {", "local-region: eu-central-1, octo {")))
    assert told[WITHOUT] == {"eu-central-1": 0, "us-east-1": 1, "us-west-2": 1, ELSE: 1}


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [("enabled = true", "enabled = false", 4), ("RegionBased", "IntraRegion", 5), ("octo {", "other {", 4)],
)
def test_where_regions_do_not_bind_everybody_may_be_anywhere(before: str, after: str, line: int) -> None:
    routing = read(REGIONAL.replace(before, after))
    assert {size for each in fewest(routing).values() for size in each.values()} == {0}
    assert "*" in fewest(routing)
    assert not routing.unread
    assert line in {remark.at.line for remark in routing.remarks}


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("enabled = true", "enabled = ${OCTO}", 2),
        ("bridge {", 'bridge {\n include "more.conf"', 4),
        ("region-groups =", "region-groups +=", 5),
        ("RegionBased", "org.example.Own", 4),
        ("RegionBased", "Visitor", 4),
        ("us-west-2", "null", 6),
        ("us-west-2", "1.50", 6),
        ("enabled = true", "enabled = maybe", 2),
        ("bridge {", "bridge {\n fence = true", 4),
    ],
)
def test_what_is_beyond_is_told_with_its_line_and_binds_nobody(before: str, after: str, line: int) -> None:
    routing = read(REGIONAL.replace(before, after))
    assert [each.at.line for each in routing.unread] == [line]
    assert {size for each in fewest(routing).values() for size in each.values()} == {0}


def test_what_does_not_choose_bridges_may_be_anything() -> None:
    text = 'jicofo.xmpp { password = ${PASSWORD}, include "x" }\njicofo.bridge.brewery-jid = ${?JID}\n'
    assert fewest(read(text + REGIONAL)) == fewest(read(REGIONAL))
    assert not read(text + REGIONAL).unread


@pytest.mark.parametrize("text", ['"us west" ', "us west \t", '  "us" west # x\n', '"""us west""" // x\n'])
def test_space_around_values_is_none_of_theirs(text: str) -> None:
    assert list(read(REGIONAL.replace("us-west-2", text)).sites)[1] == "us west"


def test_later_keys_win_and_objects_are_merged() -> None:
    routing = read(REGIONAL + "jicofo.bridge { region-groups: [[us-east-1]] }\njicofo.octo.enabled = no\n")
    assert list(routing.sites) == ["us-east-1", ELSE]
    assert {size for each in fewest(routing).values() for size in each.values()} == {0}


def test_of_two_groups_of_a_region_the_later_holds() -> None:
    routing = read(REGIONAL.replace('["eu-central-1"]', '["eu-central-1", us-west-2], x'))
    told = fewest(routing)
    assert told["region us-west-2"] == {"us-west-2": 0, "eu-central-1": 0, "us-east-1": 2, ELSE: 2}
    assert told["region us-east-1"]["us-west-2"] == 0
    assert {remark.at.line for remark in routing.remarks} == {5, 7}


@pytest.mark.parametrize(
    "text",
    ["jicofo {", "jicofo { a = [1, }", 'jicofo { "a', "jicofo { a }", "jicofo = ", "jicofo { a = ${x }",
     "jicofo { a = 1 b = 2 }}",
     "jicofo {\n" + "a {" * 5000, "jicofo { a = " + "[" * 5000, "jicofo." + "a." * 5000 + "a = 1",
     "jicofo { {{ if .Env.X }} }"],
)  # fmt: skip
def test_what_is_no_hocon_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InputError, match="HOCON") as caught:
        read(text)
    assert caught.value.record >= 1


def test_more_regions_than_can_be_tried_are_refused() -> None:
    names = ", ".join(f"r{number}" for number in range(400))
    with pytest.raises(InputError, match="regions"):
        read(REGIONAL.replace("us-west-2", names))


def test_it_is_known_by_its_content() -> None:
    assert jitsi.sniff(File("x", REGIONAL.encode()))
    assert jitsi.sniff(File("x", b"jicofo.bridge.region-groups = []"))
    assert not jitsi.sniff(File("x", b"videobridge { }"))
    assert not jitsi.sniff(File("x.yaml", b"jicofo:\n  bridge: x\n"))


@given(st.text('ajb.={}[]":,\n #/$+\\\x1b\t', max_size=80), st.integers(0, len(REGIONAL)))
def test_hostile_text_is_read_or_refused(noise: str, at: int) -> None:
    try:
        routing = read(REGIONAL[:at] + noise + REGIONAL[at:])
    except InputError as error:
        assert error.record >= 1  # noqa: PT017
        return
    assert disagreements(routing) == []


def test_random_configurations_are_proven_as_they_run() -> None:
    for seed in range(150):
        files = jitsi_random.configuration(random.Random(seed))
        (routing,) = jitsi.read([File(name, data) for name, data in files.items()], Kept({}))
        assert disagreements(routing) == []
