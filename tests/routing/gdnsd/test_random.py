"""Random configurations in gdnsd's own syntax: proofs of their graphs against gdnsd's own ways, outage by outage."""

import random
from dataclasses import replace

import pytest

from auditor.routing.gdnsd.reader import read
from auditor.routing.model import Client, File, Routing
from auditor.routing.store import Kept
from tests.routing import brute, gdnsd_random

SAMPLE = 120
MOST = 7  # faults, of which every combination is tried


def made(seed: int) -> Routing:
    """Read a random configuration."""
    files = gdnsd_random.configuration(random.Random(seed))
    (routing,) = read([File(name, data) for name, data in files.items() if "/" not in name], Kept(files))
    return routing


def alike(routing: Routing) -> list[Client]:
    """Keep one class of those that have the same graph."""
    return list({id(client.root): client for client in reversed(routing.clients)}.values())


@pytest.mark.parametrize("part", range(4))
def test_proofs_are_what_every_outage_shows(part: int) -> None:
    tried = 0
    for seed in range(part * SAMPLE // 4, (part + 1) * SAMPLE // 4):
        routing = made(seed)
        if len(routing.faults) <= MOST:
            tried += 1
            assert brute.disagreements(replace(routing, clients=alike(routing)), MOST) == [], f"seed {seed}"
    assert tried > SAMPLE // 10


def test_all_constructs_come_up() -> None:
    texts = [b"\n".join(gdnsd_random.configuration(random.Random(seed)).values()).decode() for seed in range(200)]
    for word in (
        "nets =>", "skip_first => true", "%geoip!", "%metafo!", "weighted", "simplefo", "static", "%null", "%reflect",
        "ignore_health", "up_thresh", "multi =>", "addrs_v6", "plugin => metafo", "$include{", "*/d", "geoip/www/",
        "default =>", "A town", "service_types => []", "dead", "h1.example.org.", "host.example.net.", "g1 =>",
    ):  # fmt: skip
        assert any(word in text for text in texts), word


def test_the_same_configuration_is_read_the_same() -> None:
    for seed in range(10):
        first, second = made(seed), made(seed)
        assert [(client.name, client.at, client.networks) for client in first.clients] == [
            (client.name, client.at, client.networks) for client in second.clients
        ]
        assert (first.pools, first.sites, first.faults) == (second.pools, second.sites, second.faults)
        assert (first.unread, first.remarks) == (second.unread, second.remarks)


def test_every_edge_and_step_is_a_line_of_a_file() -> None:
    for seed in range(40):
        routing = made(seed)
        lines = {file.name: len(file.data.split(b"\n")) for file in routing.files}
        for client in alike(routing):
            steps = routing.replay(client, frozenset(routing.faults)).steps
            assert all(1 <= step.at.line <= lines[step.at.file] for step in steps)
            assert all(step.text and not step.text.endswith(".") for step in steps)
        places = [
            *routing.sites.values(),
            *routing.faults.values(),
            *routing.clients,
            *routing.unread,
            *routing.remarks,
        ]
        assert all(1 <= each.at.line <= lines[each.at.file] for each in places)
