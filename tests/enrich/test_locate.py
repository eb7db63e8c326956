"""What `auditor locate` answers, and why."""

import json
from pathlib import Path

import pytest

from auditor.enrich.catalogue import load_catalogue
from auditor.enrich.locate import locate
from auditor.enrich.places import Places, open_places
from auditor.model.errors import InputError
from tests.enrich.mmdb_file import mmdb


def test_an_answer_says_where_and_why() -> None:
    (answer,) = locate(["52.81.151.250"], Places())
    assert answer["address"] == "52.81.151.250"
    assert (answer["countries"], answer["state"], answer["operator"]) == (["CN"], "located", "AWS China")
    by_kind: dict[str, list[dict[str, object]]] = {}
    for source in answer["sources"]:
        assert set(source) == {"name", "kind", "countries", "detail"}
        by_kind.setdefault(source["kind"], []).append(source)
    (proof,) = by_kind["proof"]
    assert (proof["name"], proof["countries"], proof["detail"]) == (
        "AWS ranges 2026-10-26, cn-north-1",
        ["CN"],
        "52.81.0.0/16",
    )
    assert by_kind["claim"][0]["name"] == "DB-IP Lite country 2026-06-01"
    assert "AS55960" in str(by_kind["operator"][-1]["detail"])
    json.dumps(answer)


def test_anycast_is_anywhere_and_says_what_it_overrules() -> None:
    (answer,) = locate(["1.1.1.1"], Places())
    assert (answer["countries"], answer["state"]) == (["*"], "anywhere")
    assert [(s["kind"], s["countries"]) for s in answer["sources"][:2]] == [("claim", ["*"]), ("overruled", ["AU"])]


def test_an_edge_site_abroad_is_possible_in_a_region() -> None:
    (answer,) = locate(["3.80.0.1"], Places())
    proof = next(source for source in answer["sources"] if source["kind"] == "proof")
    assert {"US", "AR"} <= set(proof["countries"])
    assert "edge sites abroad" in proof["detail"]
    assert answer["countries"] == ["US"]


def test_private_addresses_and_those_that_carry_another() -> None:
    answers = locate(["10.0.0.1", "::ffff:18.162.1.1", " 2001:DB8::1 "], Places())
    assert [answer["address"] for answer in answers] == ["10.0.0.1", "18.162.1.1", "2001:db8::1"]
    assert [answer["countries"] for answer in answers] == [["*"], ["HK"], ["*"]]
    assert [len(answer["sources"]) for answer in answers] == [1, 4, 1]


def test_inventory_users_database_and_contradiction(tmp_path: Path) -> None:
    (tmp_path / "i.yaml").write_text(
        "sites:\n"
        "  - {name: a, networks: 18.162.1.0/24, country: SG, operator: Own}\n"
        "  - {name: b, networks: 9.9.10.0/24, country: DE}\n"
    )
    user = mmdb(
        tmp_path / "u.mmdb",
        {"9.9.10.0/24": {"country": "US", "asn": "AS64496", "as_name": "Somebody"}},
        kind="ipinfo lite",
    )
    places = open_places(tmp_path / "i.yaml", [user])
    both, site = locate(["18.162.1.1", "9.9.10.1"], places)
    assert (both["countries"], both["state"], both["site"], both["operator"]) == ([], "contradiction", "a", "Own")
    assert (site["countries"], site["site"]) == (["DE"], "b")
    told = {(source["name"], source["kind"], source["detail"]) for source in site["sources"]}
    assert ("inventory: b", "proof", "line 3") in told
    assert ("ipinfo lite 2026-05-28", "overruled", "9.9.10.0/24") in told
    assert ("ipinfo lite 2026-05-28", "operator", "AS64496 Somebody") in told


def test_the_vantage_of_all_inputs_places_private_addresses(tmp_path: Path) -> None:
    (tmp_path / "i.yaml").write_text("vantage: {name: toronto, country: CA}\n")
    (answer,) = locate(["10.0.0.1"], open_places(tmp_path / "i.yaml"))
    assert (answer["countries"], answer["sources"][0]["name"]) == (["CA"], "inventory: vantage toronto")


@pytest.mark.parametrize("text", ["", "example.com", "1.2.3", "x" * 500])
def test_what_is_no_address_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="no IPv4 or IPv6 address") as caught:
        locate(["8.8.8.8", text], Places())
    assert len(caught.value.source) <= 100


def test_a_special_address_says_why_it_is_nowhere() -> None:
    (answer,) = locate(["192.168.1.1"], Places())
    assert [(source["countries"], source["detail"]) for source in answer["sources"]] == [
        (["*"], "private use, RFC 1918")
    ]


def test_it_names_the_services_whose_networks_hold_an_address(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "services: [{id: a, title: A, networks: [{prefix: 192.0.2.0/24, plane: [media, keys]}, "
        "{prefix: 192.0.2.8/29, transport: udp, ports: [3478, 8801-8810], role: relay}, {prefix: '2001:db8::/32'}]}]"
    )
    told = locate(["192.0.2.9", "192.0.2.80"], Places(), load_catalogue([tmp_path / "c.yaml"]))
    services = [[source["detail"] for source in each["sources"] if source["kind"] == "service"] for each in told]
    wide = "192.0.2.0/24 server keys, media"
    assert services == [["192.0.2.8/29 udp 3478, 8801-8810 relay unknown", wide], [wide]]
    assert {each["state"] for each in told} == {"anywhere"}
