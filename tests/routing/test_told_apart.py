"""Formats are told by content, however that is written: what is of none is passed over in folders, and nobody looks."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.model.errors import InputError
from auditor.routing.collect import collect
from auditor.routing.formats import FORMATS
from auditor.routing.model import File
from auditor.routing.store import Kept
from tests.routing import (
    clouddns_random,
    cloudflare_random,
    envoy_random,
    istio_random,
    livekit_random,
    octodns_random,
    openstreetmap_random,
    plain_random,
    powerdns_random,
    route53_random,
    trafficmanager_random,
)
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated
from tests.routing.test_gate_attacks import CANADA, HEAD, POOLS, verdicts

GENERATORS: dict[str, Callable[[random.Random], dict[str, bytes]]] = {
    "routing.yaml": plain_random.configuration,
    "octodns": octodns_random.configuration,
    "istio": istio_random.configuration,
    "envoy": envoy_random.configuration,
    "route53": route53_random.configuration,
    "OpenStreetMap": openstreetmap_random.configuration,
    "cloudflare": cloudflare_random.configuration,
    "powerdns": powerdns_random.configuration,
    "livekit": livekit_random.configuration,
    "clouddns": clouddns_random.configuration,
    "trafficmanager": trafficmanager_random.configuration,
}
KINDS = {
    "cloudflare_load_balancer": "cloudflare", "aws_route53_record": "route53", "google_dns_record_set": "clouddns",
    "azurerm_traffic_manager_profile": "trafficmanager",
}  # fmt: skip
GOOD = HEAD + POOLS + CANADA.replace(", shanghai]", "]")
BAD = HEAD + POOLS + CANADA


def named(name: str, data: bytes) -> list[str]:
    return [each for each, format_ in FORMATS.items() if format_.sniff(File(name, data))]


def veiled(value: Any) -> str:
    """Write a tree as JSON, which is YAML too, with an escape in every key and every text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{veiled(str(key))}: {veiled(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(veiled, value)) + "]"
    if isinstance(value, str) and value:
        return f'"\\u{ord(value[0]):04x}{json.dumps(value[1:])[1:]}'
    return json.dumps(value)


@pytest.mark.parametrize("format_", GENERATORS)
def test_no_word_has_to_be_written_by_its_letters(format_: str) -> None:
    tried = 0
    for seed in range(12):
        for name, data in GENERATORS[format_](random.Random(seed)).items():
            if not name.endswith((".yaml", ".yml", ".json")) or format_ not in named(name, data):
                continue
            tree = next(iter(yaml.safe_load_all(data)))
            if (
                not isinstance(tree, dict)
                or "format_version" in tree
                or (format_ == "OpenStreetMap" and name.startswith("requests"))
            ):
                continue
            tried += 1
            assert format_ in named(name, veiled(tree).encode()), name
    assert tried


@pytest.mark.parametrize("syntax", ["native", "json"])
@pytest.mark.parametrize("kind", KINDS)
def test_types_of_terraform(syntax: str, kind: str) -> None:
    of = KINDS[kind]
    for written in (kind, kind.replace("_", "\\u005f", 2)):
        if syntax == "native":
            assert of in named("main.tf", f'resource "{written}" "a" {{\n}}\n'.encode())
        else:
            assert of in named("main.tf.json", f'{{"resource": {{"{written}": {{"a": {{}}}}}}}}'.encode())
    assert of in named("main.tf", f"resource {kind} a {{\n}}\n".encode())


@pytest.mark.parametrize(
    "text",
    [
        "  " + BAD.replace("\n", "\n  ").rstrip(" "),
        BAD.replace("routing: 1", "? routing\n: 1"),
        BAD.replace("routing: 1", "routing:\n  1"),
        BAD.replace("routing: 1", "routing: 0x1"),
        BAD.replace("routing: 1", '"rout\\x69ng": 1'),
        BAD.replace("routing: 1", "routing: !!int 1"),
        BAD.replace("routing: 1", "&here routing: 1"),
        f"# {'x' * 100_000}\n{BAD}",
        f"\ufeff{BAD}",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_a_second_file_is_not_passed_over(folder: Path, text: str, encoding: str) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "good.yaml").write_text(GOOD)
    (folder / "conf" / "other.yaml").write_bytes(text.encode(encoding))
    if encoding == "utf-8" and "!!" not in text and "&" not in text:
        assert verdicts(gated("conf")) == [("shanghai", "fail", "")]
        return
    said = "not allowed" if encoding == "utf-8" else "is not UTF-8 text"
    with pytest.raises(InputError, match=f"^conf/other.yaml.*{said}"):
        gated("conf")


def test_other_files_are_passed_over(folder: Path) -> None:
    files = {
        "good.yaml": GOOD,
        "deployment.yaml": "kind: ConfigMap\ndata:\n  prometheus.yml: |\n    global: {a: b}\n    requests: 4\n",
        "values.yaml": "global:\n  a: 1\nresources:\n  requests: {cpu: 1}\n",
        "names.yaml": "routing: [a]\nclients: *who\npools: none\n",
        "app.json": '{"name": "\\u0061", "type": "A", "origins": ["\\u0062"]}',
        "broken.yaml": "a: &x [\n",
        "binary.yaml": "\0\0\0\0",
        "notes.txt": "\\u0061 !x &y *z\n",
    }
    found = collect(["."], Kept({name: text.encode() for name, text in files.items()}))
    assert [file.name for file in found.files] == ["good.yaml"]
    assert found.passed == len(files) - 1
