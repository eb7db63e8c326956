"""The JSON Schemas of files that people write: as declared, and true to what is shipped and to what is refused."""

import json
import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import rules, workshop
from auditor.enrich import format as enrich
from auditor.enrich.catalogue import load_catalogue
from auditor.enrich.inventory import load_inventory
from auditor.logs.monitors import columns, columns_format
from auditor.model import documents
from auditor.model.errors import InputError
from auditor.rules import format as form
from auditor.rules import waivers
from tests.enrich.test_inventory import WHOLE
from tests.rules.test_packs import PACK, RULE, folder
from tests.rules.test_promises import TESTS, pack_with
from tests.rules.test_waivers import WHOLE as WAIVERS
from tools import build_schema

HERE = Path(__file__).resolve().parents[2]
SHIPPED = [*sorted((HERE / "rules").rglob("*.yaml")), HERE / "auditor" / "data" / "regions.yaml"]
INVENTORIES = sorted((HERE / "sample_pcaps").glob("*.inventory.yaml"))
CATALOGUE = """\
services:
  - id: ours
    title: Ours
    names: [{suffix: ours.example, plane: keys}]
    networks: [{prefix: 192.0.2.0/24, transport: udp, ports: [53, 8801-8810], plane: [media]}]
"""


SELECTIONS = """\
regions: {north: {countries: [NO]}, south: {territory: eu}, mine: {sites: [a]}}
default: {in: [north]}
accounts:
  - {account: acme, out: [US], valid: {from: 2020-01-01}}
"""


COLUMNS = """\
name: edge
format: csv
separator: ";"
columns: {src_addr: client, dst_addr: server, time: start, outcome: verdict}
constants: {src_role: client}
values: {outcome: {ok: carried, blocked: rejected}}
times: {format: iso, zone: Europe/Berlin, duration: seconds}
"""


def complaints(name: str, tree: Any) -> list[str]:
    """Say what a schema finds wrong with a tree."""
    schema = json.loads((build_schema.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    return [error.message for error in checker.iter_errors(tree)]


@pytest.mark.parametrize("name", build_schema.FILES)
def test_the_committed_schema_is_the_declared_format(name: str) -> None:
    written = (build_schema.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert written == build_schema.SCHEMAS[name]()
    jsonschema.Draft202012Validator.check_schema(json.loads(written))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(HERE)))
def test_every_shipped_file_names_its_schema_and_fits_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named is not None
    schema = (path.parent / named[1]).resolve()
    assert schema.parent == build_schema.FOLDER
    assert complaints(schema.stem, documents.load(path).tree) == []


def test_the_schema_lies_beside_the_rules_of_a_wheel_as_of_a_checkout() -> None:
    """A wheel puts `rules` into `auditor/_rules`: what lies beside it there has to have the same name."""
    included = dict(re.findall(r'^"?([a-z/]+)"? = "(auditor/[a-z_/]+)"', (HERE / "pyproject.toml").read_text(), re.M))
    assert included == {"rules": "auditor/_rules", "reports/schema": "auditor/reports/schema"}


def test_a_match_that_narrows_nothing_does_not_fit(tmp_path: Path) -> None:
    for match in ("{}", "{verdict: open}", "{traffic: {}}", "{verdict: fail, traffic: {}}"):
        text = re.sub(r"    match:\n(      .*\n)+", f"    match: {match}\n", WAIVERS)
        with pytest.raises(InputError, match="would excuse all"):
            load("auditor-waivers-v1", text, tmp_path / "p")
        assert complaints("auditor-waivers-v1", documents.loads(text.encode(), "f.yaml").tree)


def test_the_sample_of_waivers_names_its_schema_and_fits() -> None:
    (path,) = (HERE / "sample_pcaps").glob("*.waivers.yaml")
    named = path.read_text(encoding="utf-8").split("\n", 1)[0].partition("$schema=")[2]
    assert (path.parent / named).resolve() == build_schema.FOLDER / "auditor-waivers-v1.json"
    assert complaints("auditor-waivers-v1", documents.load(path).tree) == []


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.stem)
def test_every_sample_inventory_fits(path: Path) -> None:
    assert complaints("auditor-inventory-v1", documents.load(path).tree) == []


def records(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for title, record in json.loads(build_schema.SCHEMAS[name]())["$defs"].items():
        if record.get("type") == "object":
            yield title, record


@pytest.mark.parametrize("name", build_schema.FILES)
def test_every_key_says_what_it_means(name: str) -> None:
    """An editor shows these: they stand in the docstrings of the classes that are the format."""
    for title, record in records(name):
        assert record["additionalProperties"] is False, title
        assert record["description"], title
        for key, asked in record["properties"].items():
            assert asked.get("description"), f"{title}: {key}"
            assert f"{key}:" not in record["description"], f"{title}: {key}"


BROKEN = {
    "auditor-rule-v1": (
        RULE,
        [
            ("severity: high", "severity: fatal"),
            ("severity: high", "sevrity: high"),
            ("id: a-rule", "id: A rule"),
            ("why: Because.", "why: 7"),
            ("fix: Mend it.\n", ""),
            ("all overseas", "every overseas"),
            ("all overseas", "none"),
            ("[media]", "[medai]"),
            ("[media]", "[]"),
            ("planes: [media]", "recognised: true"),
            ("must_not_touch: {territory: china-mainland}", "valid: {}"),
            ("why:", "must_be_encrypted: {}\nwhy:"),
            ("territory: china-mainland", "as: [server]"),
            ("territory: china-mainland", "countries: [UK]"),
            ("territory: china-mainland", "territory: eu, countries: [CN]"),
            ("territory: china-mainland", "territory: {except: []}"),
            ("references: [{title: A text}]", "references: []"),
            ("country: CN", "country: [CN, XX]"),
            ("why:", "valid: {from: 2020-02-30}\nwhy:"),
            ("why:", "proof: yes\nwhy:"),
            ("why:", "not_observable: {evidence: none}\nwhy:"),
            ("must_not_touch: {territory: china-mainland}", "not_observable: {evidence: An audit}"),
            ("must_not_touch: {territory: china-mainland}", "must_not_touch: {selection: host}"),
            ("territory: china-mainland", "operator_territory: eu, operator_countries: [CN]"),
            ("participants: all overseas, ", "by: account, "),
            ("  fail: [{participants: [US], touches: [{country: CN, plane: media}]}]\n", ""),
            ("touches: [{plane: media}]", "touches: [{plane: media}], selections: {acme: {}}"),
        ],
    ),
    "auditor-pack-v1": (
        PACK + "territories: {x: {title: X, countries: [NO]}}\n",
        [
            ('version: "1"', "version: 1"),
            ("date: 2026-01-01", "date: 1 January"),
            ("countries: [NO]", "countries: [NOR]"),
            (", countries: [NO]", ""),
            ("{countries: {except: [CN]}, labels: [overseas]}", "{}"),
            ("{countries: {except: [CN]}, labels: [overseas]}", "{countries: [CN], territory: eu}"),
        ],
    ),
    "auditor-selections-v1": (
        SELECTIONS,
        [
            ("countries: [NO]", "countries: [NO], sites: [oslo]"),
            ("{countries: [NO]}", "{title: North}"),
            ("in: [north]", "into: [north]"),
            ("account: acme", "accont: acme"),
            (", out: [US]", ""),
            ("from: 2020-01-01", "from: 2020-13-01"),
        ],
    ),
    "auditor-tests-v1": (
        TESTS,
        [
            ("rule: a-rule", "rule: A rule"),
            ("rule: a-rule", "rul: a-rule"),
            ("pass:", "passes:"),
            ("[US, FR]", "[US, UK]"),
            ("plane: media", "plane: medai"),
            (TESTS[TESTS.index("    pass") :], "    pass: []\n"),
            (TESTS, "tests: []\n"),
        ],
    ),
    "auditor-waivers-v1": (
        WAIVERS,
        [
            ("verdict: open", "verdict: pass"),
            ("0123456789abcdef", "0123456789abcde"),
            ("[CN, HK]", "[CN, UK]"),
            ("[media, keys]", "[unknown]"),
            ("[observed]", "[]"),
            ("    owner: network operations\n", ""),
            ("    expires: 2026-12-01\n", ""),
            ("    approved: 2026-11-01\n", ""),
            ("network operations", '" "'),
            ("Traffic is moved in December.", '""'),
            ("expires: 2026-12-01", "expires: never"),
            ("ticket: NET-42", "tikcet: NET-42"),
            ("rule: media", "rule: Media"),
            ("waivers:", "longest: {critical: 0}\nwaivers:"),
            ("waivers:", "longest: {severe: 9}\nwaivers:"),
        ],
    ),
    "auditor-inventory-v1": (
        WHOLE,
        [
            ("country: CN", "country: cn"),
            ("    countries: [NO, HK]", "    country: FR\n    countries: [NO, HK]"),
            ("    countries: [NO, HK]\n", ""),
            ("role: server", "role: servr"),
            ("name: toronto", "nmae: toronto"),
            ("sources: lab.pcap", "private: [10.0.0.0/8]"),
            ("vantages:", "vantage: {name: x}\nvantages:"),
            ("{networks: [192.0.2.128/25], tenant: acme}", "{networks: [192.0.2.128/25]}"),
            ("from: 2019-01-01", "from: 2019"),
        ],
    ),
    "auditor-columns-v1": (
        COLUMNS,
        [
            ("name: edge", "name: Edge"),
            ("format: csv", "format: xml"),
            ("dst_addr: server, ", ""),
            ("outcome: verdict", "verdict: outcome"),
            ("blocked: rejected", "blocked: denied"),
            ("src_role: client", "src_role: caller"),
            ("src_role: client", "src_port: 70000"),
            ("duration: seconds", "duration: hours"),
            ('separator: ";"', 'separator: ";;"'),
        ],
    ),
    "auditor-catalogue-v1": (
        CATALOGUE,
        [
            ("id: ours", "id: our own"),
            ("ours.example", "Ours"),
            ("plane: keys", "plane: key"),
            ("8801-8810", "many"),
            ("53,", "70000,"),
            ("transport: udp, ", ""),
            ("    title: Ours\n", ""),
        ],
    ),
}
CASES = [(name, old, new) for name, (_, edits) in BROKEN.items() for old, new in edits]


def load(name: str, text: str, path: Path) -> None:
    """Load a text as the kind of file that a schema describes."""
    if name == "auditor-rule-v1":
        rules.load([str(folder(path, a_rule=text))])
    elif name == "auditor-pack-v1":
        rules.load([str(folder(path, text))])
    elif name == "auditor-selections-v1":
        path.with_suffix(".yaml").write_text(text, encoding="utf-8")
        rules.load([], selections=path.with_suffix(".yaml"))
    elif name == "auditor-tests-v1":
        workshop.trial([str(pack_with(path.parent, text))])
    elif name == "auditor-waivers-v1":
        path.with_suffix(".yaml").write_text(text, encoding="utf-8")
        waivers.load([path.with_suffix(".yaml")], (), date(2026, 11, 23))
    else:
        file = path.with_suffix(".yaml")
        file.write_text(text, encoding="utf-8")
        if "columns" in name:
            columns.load([file])
        else:
            _ = load_inventory(str(file)) if "inventory" in name else load_catalogue([file])


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_whole_fits(tmp_path: Path, name: str) -> None:
    text, _ = BROKEN[name]
    load(name, text, tmp_path / "p")
    assert complaints(name, documents.loads(text.encode(), "f.yaml").tree) == []


@pytest.mark.parametrize(("name", "old", "new"), CASES)
def test_what_is_refused_does_not_fit(tmp_path: Path, name: str, old: str, new: str) -> None:
    whole, _ = BROKEN[name]
    assert old in whole
    text = whole.replace(old, new, 1)
    with pytest.raises(InputError):
        load(name, text, tmp_path / "p")
    assert complaints(name, documents.loads(text.encode(), "f.yaml").tree)


KINDS = {
    "auditor-rule-v1": form.Rule,
    "auditor-pack-v1": form.Pack,
    "auditor-selections-v1": form.Selections,
    "auditor-tests-v1": form.Tests,
    "auditor-waivers-v1": waivers.File,
    "auditor-inventory-v1": enrich.File,
    "auditor-catalogue-v1": enrich.CatalogueText,
    "auditor-columns-v1": columns_format.File,
}
OTHER: list[Any] = [None, True, 0, 7, 1.5, "", "x", "DE", "media", [], ["DE"], [1], {}, {"x": 1}]


def changed(tree: Any, chance: random.Random) -> Any:
    """Change one place of a tree: drop it, put something else there, or give it a key."""
    if not isinstance(tree, dict | list) or not tree or chance.random() < 0.2:
        return chance.choice(OTHER)
    if isinstance(tree, list):
        at = chance.randrange(len(tree))
        return [*tree[:at], changed(tree[at], chance), *tree[at + 1 :]]
    key = chance.choice(list(tree))
    if chance.random() < 0.3:
        return {other: value for other, value in tree.items() if other != key}
    if chance.random() < 0.1:
        return {**tree, "further": chance.choice(OTHER)}
    return {**tree, key: changed(tree[key], chance)}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(KINDS)), st.integers(0, 2**32))
def test_an_editor_warns_of_every_key_kind_and_choice_that_is_refused(name: str, seed: int) -> None:
    text, _ = BROKEN[name]
    tree = changed(documents.loads(text.encode(), "f.yaml").tree, random.Random(seed))
    document = documents.loads(json.dumps(tree).encode(), "f.yaml")
    try:
        documents.convert(document, KINDS[name])
    except InputError:
        assert complaints(name, tree)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(list(KINDS)), st.integers(0, 2**32))
def test_an_editor_warns_of_nothing_that_is_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, seed: int
) -> None:
    text, _ = BROKEN[name]
    tree = changed(documents.loads(text.encode(), "f.yaml").tree, random.Random(seed))
    if complaints(name, tree):
        with pytest.raises(InputError):
            load(name, json.dumps(tree), tmp_path_factory.getbasetemp() / "edited")
