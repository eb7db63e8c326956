"""Inventories are read strictly, and errors name file, line and remedy."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from auditor.enrich.inventory import ALWAYS, Inventory, load_inventory
from auditor.model.documents import nanoseconds
from auditor.model.errors import InputError

WHOLE = """\
vantages:
  - {name: toronto, sources: ["toronto-*.pcap"], country: CA, private: [10.1.0.0/16]}
  - {name: lab, sources: lab.pcap}
sites:
  - name: beijing-kms
    networks: [203.0.113.0/24, "2001:db8::/32"]
    country: CN
    operator: Example
    planes: [signalling, keys]
    role: server
    holds: mainland
    valid: {from: 2019-01-01, until: 2020-04-03}
  - name: either
    networks: 198.51.100.7
    countries: [NO, HK]
clients:
  - {networks: ["::ffff:192.0.2.0/120"], tenant: acme, population: overseas, country: US}
  - {networks: [192.0.2.128/25], tenant: acme}
"""


def load(tmp_path: Path, text: str) -> Inventory:
    path = tmp_path / "inventory.yaml"
    path.write_text(text)
    return load_inventory(str(path))


def test_everything_an_inventory_can_say(tmp_path: Path) -> None:
    found = load(tmp_path, WHOLE)
    kms, either, overseas, acme = found.entries
    assert kms.networks == (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))
    assert (kms.countries, kms.operator, kms.planes, kms.role) == ("CN", "Example", ("keys", "signalling"), "server")
    assert (kms.label, kms.line, kms.title) == ("mainland", 5, "inventory: beijing-kms")
    from datetime import date

    assert kms.valid == (nanoseconds(date(2019, 1, 1)), nanoseconds(date(2020, 4, 3)))
    assert (either.countries, either.networks, either.valid) == ("HK+NO", (ip_network("198.51.100.7/32"),), ALWAYS)
    assert (overseas.label, overseas.role, overseas.countries) == ("overseas, account:acme", "client", "US")
    assert overseas.networks == (ip_network("192.0.2.0/24"),)
    assert (acme.label, acme.countries, acme.title) == ("account:acme", "", "inventory: acme")
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("source", "vantage"),
    [("toronto-1.pcap", "toronto"), ("captures/toronto-2.pcap", "toronto"), ("lab.pcap", "lab"), ("paris.pcap", "")],
)
def test_inputs_belong_to_the_vantage_whose_pattern_they_match(tmp_path: Path, source: str, vantage: str) -> None:
    assert load(tmp_path, WHOLE).vantage_of(source) == vantage


def test_a_single_vantage_is_that_of_every_input(tmp_path: Path) -> None:
    found = load(tmp_path, "vantage: {name: toronto, country: CA}\n")
    assert found.vantage_of("anything") == "toronto"
    assert found.vantages[0].private == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("sites:\n  - {name: a, networks: [10.0.0.1/24], country: CN}\n", 2, "did you mean `10.0.0.0/24`"),
        (
            "sites:\n  - name: a\n    networks:\n      - 10.0.0.0/8\n      - oops\n    country: CN\n",
            5,
            "`oops` is no net",
        ),
        ("sites:\n  - {name: a, networks: [], country: CN}\n", 2, "`networks` is empty"),
        ("sites:\n  - {name: a, networks: [10.0.0.0/8], country: XX}\n", 2, "`XX` is no country code"),
        ("sites:\n  - {name: a, networks: [10.0.0.0/8], country: cn}\n", 2, "did you mean `CN`?"),
        ("sites:\n  - {name: a, networks: [10.0.0.0/8], countries: [CN, ZZ]}\n", 2, "`ZZ` is no country code"),
        ("sites:\n  - {name: a, networks: [10.0.0.0/8], country: CN, countries: [HK]}\n", 2, "keep one"),
        ("sites:\n  - {name: a, networks: [10.0.0.0/8]}\n", 2, "add its country"),
        ("sites:\n  - {name: a}\n", 2, "add its country"),
        ("sites:\n  - {name: a, networks: [], country: CN}\n", 2, "list at least one network"),
        ("clients:\n  - {country: CN}\n", 2, "key `networks` is missing"),
        ("sites:\n  - {name: a, networks: [10.0.0.0/8], county: CN}\n", 2, "did you mean `country`?"),
        ("sites:\n  - {name: a, networks: [10.0.0.0/8], country: CN, role: servr}\n", 2, "did you mean `server`?"),
        ("sites:\n  - {name: a, networks: [10.0.0.0/8], country: CN, planes: [medium]}\n", 2, "did you mean `media`?"),
        ("sites:\n  - {name: '', networks: [10.0.0.0/8], country: CN}\n", 2, "name"),
        (
            "sites:\n  - {name: a, networks: 10.0.0.0/8, country: CN, valid: {from: 2021-01-01, until: 2020-01-01}}\n",
            2,
            "swap them",
        ),
        ("clients:\n  - {networks: [10.0.0.0/8]}\n", 2, "population, a tenant or a country"),
        ("vantage: {name: a}\nvantages: [{name: b}]\n", 1, "exclude each other"),
        ("vantages:\n  - {name: a}\n  - {name: a}\n", 3, "stands twice"),
        ("vantages:\n  - {name: a, private: [10.0.0.0/8]}\n", 2, "without a `country`"),
        ("sites: [{name: NO, networks: [10.0.0.0/8], country: No}]\n", 1, "did you mean `NO`?"),
        ("site: []\n", 1, "did you mean `sites`?"),
        ("[]\n", 1, ""),
    ],
)
def test_what_is_not_allowed_names_line_and_remedy(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    assert message in caught.value.message
    assert caught.value.record == line
    assert caught.value.source.endswith("inventory.yaml")


def test_norway_is_a_country(tmp_path: Path) -> None:
    found = load(tmp_path, "sites:\n  - {name: oslo, networks: [10.0.0.0/8], country: NO}\n")
    assert found.entries[0].countries == "NO"


def test_a_missing_file_is_an_error() -> None:
    with pytest.raises(InputError, match="can't be read"):
        load_inventory("nowhere/inventory.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('clients: [{networks: 192.0.2.0/24, population: "a, b"}]', "inventory.yaml:1:48: `a, b` holds a comma"),
        ('clients: [{networks: 192.0.2.0/24, tenant: "account:x"}]', "begins with `account:`, which marks accounts"),
        ('sites: [{name: s, networks: 192.0.2.0/24, holds: "a,b"}]', "`a,b` holds a comma"),
    ],
)
def test_names_that_would_break_a_label_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "inventory.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_inventory(str(tmp_path / "inventory.yaml"))
    assert said in str(caught.value)
