import re
from pathlib import Path

import pytest

from auditor.enrich.catalogue import load_catalogue
from auditor.model.errors import InputError

ZOOM = """
services:
  - id: zoom
    title: Zoom Meetings
    operator: Zoom Video Communications
    sources:
      - {title: Network firewall settings, url: https://example.com/, date: 2026-01-01}
      - {title: b, date: 2025-01-01}
    apps: [zoom]
    names:
      - {suffix: zoom.us, plane: signalling}
      - {suffix: kms.zoom.us, plane: [signalling, keys]}
    networks:
      - {prefix: 170.114.0.0/16}
      - {prefix: 170.114.0.0/16, transport: udp, ports: [8801-8810, 3478], plane: media, role: relay}
      - {prefix: "2001:678:1::/48", plane: signalling}
      - {prefix: 170.114.4.0/24, transport: tcp, plane: keys}
"""


def write(folder: Path, text: str, name: str = "zoom.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_entries(tmp_path: Path) -> None:
    known = load_catalogue([write(tmp_path, ZOOM)])
    assert known.titles == {"zoom": "Zoom Meetings"}
    media = known.networks[1].entry
    assert (media.planes, media.role, media.by_port) == ("media", "relay", True)
    assert (media.service, media.operator) == ("zoom", "Zoom Video Communications")
    assert known.networks[1].ports == ((3478, 3478), (8801, 8810))
    assert known.apps["zoom"].service == "zoom"
    assert [(d.name, d.date, d.kind, len(d.sha256)) for d in known.databases] == [
        ("service catalogue: zoom", "2026-01-01", "catalogue", 64)
    ]


def test_networks_stand_in_the_order_of_preference(tmp_path: Path) -> None:
    known = load_catalogue([write(tmp_path, ZOOM)])
    listed = [(str(entry.network), entry.transport, bool(entry.ports)) for entry in known.networks]
    assert listed == [
        ("170.114.4.0/24", "tcp", False),
        ("170.114.0.0/16", "udp", True),
        ("170.114.0.0/16", "", False),
        ("2001:678:1::/48", "", False),
    ]


@pytest.mark.parametrize(
    ("name", "planes"),
    [
        ("zoom.us", "signalling"),
        ("ZOOM.us.", "signalling"),
        ("us04web.zoom.us", "signalling"),
        ("a.kms.zoom.us", "keys+signalling"),
        ("notzoom.us", None),
        ("zoom.us.example.com", None),
        ("us", None),
        ("", None),
        ("...", None),
        ("a" * 300 + ".zoom.us", None),
        ("x\x00.zoom.us\x00", None),
    ],
)
def test_the_longest_suffix_of_whole_labels_wins(tmp_path: Path, name: str, planes: str | None) -> None:
    entry = load_catalogue([write(tmp_path, ZOOM)]).named(name)
    assert (entry and entry.planes) == planes


def test_several_files_in_any_order(tmp_path: Path) -> None:
    other = write(tmp_path, "services: [{id: x, title: X, names: [{suffix: x.example}]}]", "a.yaml")
    files = [write(tmp_path, ZOOM), other]
    assert load_catalogue(files) == load_catalogue(files[::-1])
    assert load_catalogue(files).names["x.example"].planes == "unknown"
    assert load_catalogue([]).named("zoom.us") is None


@pytest.mark.parametrize(
    ("line", "says", "number"),
    [
        ("    names: [{suffix: Zoom.us}]", "no domain suffix", 4),
        ("    names: [{suffix: us}]", "no domain suffix", 4),
        ("    names: [{suffix: .zoom.us}]", "no domain suffix", 4),
        ("    names: [{suffix: a.us}, {suffix: a.us}]", "`a.us` is listed twice", 4),
        ("    networks: [{prefix: 170.114.0.1/16}]", "no network", 4),
        ("    networks: [{prefix: '::ffff:1.2.3.0/120'}]", "write it as IPv4", 4),
        ("    networks: [{prefix: 10.0.0.0/8, ports: [53]}]", "`ports` need a `transport`", 4),
        ("    networks: [{prefix: 10.0.0.0/8, transport: udp, ports: [8810-8801]}]", "no port or range", 4),
        ("    networks: [{prefix: 10.0.0.0/8, transport: udp, ports: [70000-70001]}]", "no port or range", 4),
        ("    networks: [{prefix: 10.0.0.0/8, transport: dccp}]", "`dccp` is not allowed", 4),
        ("    networks: [{prefix: 10.0.0.0/8}, {prefix: 10.0.0.0/8, plane: media}]", "`10.0.0.0/8` is listed twice", 4),
        ("    networks: [{prefix: 10.0.0.0/8, plane: voice}]", "`voice` is not allowed", 4),
        ("    networks: [{prefix: 10.0.0.0/8, role: client}]", "`client` is not allowed", 4),
        ("    apps: [zoom, zoom]", "`zoom` is listed twice", 4),
        ("    nmaes: []", "did you mean `names`?", 4),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(tmp_path: Path, line: str, says: str, number: int) -> None:
    path = write(tmp_path, f"services:\n  - id: zoom\n    title: Zoom\n{line}\n")
    with pytest.raises(InputError) as error:
        load_catalogue([path])
    assert says in error.value.message
    assert (error.value.source, error.value.record) == (str(path), number)


def test_one_service_has_one_id(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`zoom` is listed twice"):
        load_catalogue([write(tmp_path, ZOOM, name) for name in ("a.yaml", "b.yaml")])
    with pytest.raises(InputError, match="no service id"):
        load_catalogue([write(tmp_path, "services: [{id: 'a b', title: T}]")])


OWN = """
services:
  - id: zoom
    title: Our Zoom
    operator: Example
    names: [{suffix: zoom.us, plane: media}, {suffix: zoom.example.net}]
  - id: pbx
    title: Our telephones
    networks: [{prefix: 170.114.0.0/16, plane: signalling}, {prefix: 192.0.2.0/24}]
"""


def test_a_user_s_file_adds_to_what_is_shipped_and_comes_before_it(tmp_path: Path) -> None:
    shipped, own = write(tmp_path, ZOOM), write(tmp_path, OWN, "own.yaml")
    known = load_catalogue([shipped], [own])
    assert known.titles == {"zoom": "Our Zoom", "pbx": "Our telephones"}
    told = {name: known.named(name) for name in ("zoom.us", "kms.zoom.us", "x.zoom.example.net")}
    assert {name: entry and entry.planes for name, entry in told.items()} == {
        "zoom.us": "media", "kms.zoom.us": "keys+signalling", "x.zoom.example.net": "unknown",
    }  # fmt: skip
    of = {str(each.network) + each.transport: each.entry.service for each in known.networks}
    assert of["170.114.0.0/16"] == "pbx"
    assert of["170.114.0.0/16udp"] == "zoom"
    assert [each.name for each in known.databases] == ["service catalogue: zoom", "service catalogue: own"]


def test_two_files_of_a_user_may_not_disagree(tmp_path: Path) -> None:
    files = [write(tmp_path, OWN, name) for name in ("a.yaml", "b.yaml")]
    with pytest.raises(InputError, match="listed twice"):
        load_catalogue([], files)


def test_the_block_of_the_documentation_loads(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml catalogue\n(.*?)```", text, re.S)
    known = load_catalogue([], [write(tmp_path, block)])
    assert known.titles == {"example-meet": "Example Meet"}
    assert len(known.networks) == 2
