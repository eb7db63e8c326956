import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.routing import livekit
from auditor.routing.model import File, Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import livekit_random
from tests.routing.brute import disagreements

AWARE = """\
port: 7880
node_selector:
  kind: regionaware
  sysload_limit: 0.7
  regions:
    - {name: us-west-2, lat: 45.8, lon: -119.7}
    - {name: eu-central-1, lat: 50.1, lon: 8.7}
    - {name: cn-north-1, lat: 39.9, lon: 116.4}
"""
ELSE = "any other region"
JOINS = "who joins a room *"
REGIONS = ("us-west-2", "eu-central-1", "cn-north-1")


def read(text: str) -> Routing:
    (routing,) = livekit.read([File("livekit.yaml", text.encode())], Kept({}))
    return routing


def fewest(routing: Routing) -> dict[str, dict[str, int]]:
    proof = prove(routing)
    return {
        client.name.removeprefix(livekit.OPENED): {
            pool: each.size for pool, each in proof[id(client.root)].pools.items()
        }
        for client in routing.clients
    }


def test_load_crosses_regions_by_distance() -> None:
    routing = read(AWARE)
    assert not routing.unread
    assert fewest(routing) == {
        "us-west-2": {"us-west-2": 0, "eu-central-1": 1, "cn-north-1": 2, ELSE: 3},
        "eu-central-1": {"eu-central-1": 0, "cn-north-1": 1, "us-west-2": 2, ELSE: 3},
        "cn-north-1": {"cn-north-1": 0, "eu-central-1": 1, "us-west-2": 2, ELSE: 3},
        JOINS: dict.fromkeys((*REGIONS, ELSE), 0),
    }
    assert {site.region for site in routing.sites.values()} == {*(f"aws/{name}" for name in REGIONS), ""}
    assert "no fence" in routing.remarks[0].text
    assert disagreements(routing) == []


def test_a_node_in_a_region_is_only_that() -> None:
    assert set(fewest(read(AWARE + "region: eu-central-1\n"))) == {"eu-central-1", JOINS}


@pytest.mark.parametrize("kind", ["any", "sysload", "cpuload", "random", "limits"])
def test_other_selectors_know_no_regions(kind: str) -> None:
    routing = read(AWARE.replace("regionaware", kind))
    assert not routing.unread
    assert {size for each in fewest(routing).values() for size in each.values()} == {0}


def test_equally_far_regions_may_both_be_chosen() -> None:
    told = fewest(read(AWARE.replace("{name: cn-north-1, lat: 39.9, lon: 116.4}", "{name: twin, lat: 50.1, lon: 8.7}")))
    assert told["us-west-2"] == {"us-west-2": 0, "eu-central-1": 1, "twin": 1, ELSE: 3}


def test_a_name_that_stands_twice_is_measured_to_the_last() -> None:
    told = fewest(read(AWARE + "    - {name: us-west-2, lat: -50, lon: -170}\n"))
    assert told["us-west-2"] == {"eu-central-1": 0, "cn-north-1": 1, "us-west-2": 2, ELSE: 3}


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("regionaware", "nearest", 3),
        ("regionaware", "[x]", 3),
        ("0.7", "0.7\n  fence: true", 5),
        ("port: 7880", "region: mars", 1),
        ("lat: 50.1", "lat: north", 7),
        ("lat: 50.1", "lat: .nan", 7),
        ("lat: 50.1", "lat: 95", 7),
        ("lat: 50.1", "lat: 1, alt: 5", 7),
        ("name: eu-central-1", "name: 5", 7),
    ],
)
def test_what_livekit_refuses_is_told_and_binds_nobody(before: str, after: str, line: int) -> None:
    routing = read(AWARE.replace(before, after))
    assert [each.at.line for each in routing.unread] == [line]
    assert {size for each in fewest(routing).values() for size in each.values()} == {0}


def test_a_region_without_degrees_is_at_zero() -> None:
    routing = read(AWARE.replace(", lon: 8.7", ""))
    assert any("lon" in remark.text and remark.at.line == 7 for remark in routing.remarks)


def test_regionaware_without_regions_is_any() -> None:
    routing = read("node_selector: {kind: regionaware}\nregion: us-west-2\n")
    assert fewest(routing)["us-west-2"] == {"us-west-2": 0, ELSE: 0}
    assert "without regions" in routing.remarks[0].text


def test_what_is_commented_out_is_never_a_pass() -> None:
    file = File("c.yaml", b"# why\n# node_selector:\n#   kind: sysload\n#   sysload_limit: 0.7\n")
    assert livekit.sniff(file)
    (routing,) = livekit.read([file], Kept({}))
    assert [each.at.line for each in routing.unread] == [2]
    assert fewest(routing) == {"*": {ELSE: 0}}


def test_only_the_first_document_counts_and_charts_are_read() -> None:
    assert [each.at.line for each in read(AWARE + "---\na: 1\n").unread] == [10]
    chart = "livekit:\n" + "".join(f"  {line}\n" for line in AWARE.splitlines())
    assert fewest(read(chart)) == fewest(read(AWARE))


def test_it_is_known_by_its_content() -> None:
    assert livekit.sniff(File("x", AWARE.encode()))
    assert livekit.sniff(File("x", b"rtc:\n  udp_port: 7882\nkeys:\n  a: b\n"))
    assert not livekit.sniff(File("x", b"node_selector:\n  disktype: ssd\n"))
    assert not livekit.sniff(File("x", b"# node_selector: {}\n"))


def test_more_regions_than_can_be_tried_are_refused() -> None:
    with pytest.raises(InputError, match="regions"):
        read(AWARE + "".join(f"    - {{name: r{at}, lat: 1, lon: 1}}\n" for at in range(400)))


@given(st.text("abnlt:[]{}-, \n'\"!&*<\x1b=/0.#", max_size=80), st.integers(0, len(AWARE)))
def test_hostile_text_is_read_or_refused(noise: str, at: int) -> None:
    try:
        routing = read(AWARE[:at] + noise + AWARE[at:])
    except InputError as error:
        assert error.record >= 1  # noqa: PT017
        return
    assert disagreements(routing) == []


def test_random_configurations_are_proven_as_they_run() -> None:
    for seed in range(150):
        files = livekit_random.configuration(random.Random(seed))
        (routing,) = livekit.read([File(name, data) for name, data in files.items()], Kept({}))
        assert disagreements(routing) == []
