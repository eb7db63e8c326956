import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from auditor.model.report import Place
from auditor.report import RENDERERS, shape
from auditor.report.jsonv1 import render

from . import samples

SCHEMA = Path(__file__).parents[2] / "reports" / "schema" / "auditor-report-v1.json"
MAPS = {"records", "outcomes", "judged"}


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_report_is_valid(name: str) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(render(samples.SAMPLES[name])))


def test_the_committed_schema_is_the_declared_shape() -> None:
    assert SCHEMA.read_text() == shape.schema()


def test_the_schema_is_closed() -> None:
    objects = [entry for entry in json.loads(shape.schema())["$defs"].values() if entry["type"] == "object"]
    assert len(objects) > 15
    assert all(entry["additionalProperties"] is False for entry in objects)
    assert all(set(entry["required"]) == set(entry["properties"]) for entry in objects)


def test_the_same_report_gives_the_same_ascii_bytes() -> None:
    text = RENDERERS["json"](samples.HOSTILE)
    assert text == RENDERERS["json"](samples.poisoned(samples.HOSTILE))
    assert text.isascii()
    assert text.endswith("}\n")
    assert not {c for c in text if c < " "} - {"\n"}


def test_maps_are_sorted() -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                assert key not in MAPS or list(item) == sorted(item)
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(json.loads(render(samples.FAIL)))


def test_what_the_incident_says() -> None:
    report = json.loads(render(samples.FAIL))
    assert report["format"] == "auditor-report/v1"
    assert report["verdict"] == "fail"
    assert report["inputs"] == [
        {
            "name": "2020-incident.pcap",
            "sha256": "d" * 64,
            "bytes": 42_000_120,
            "format": "pcap",
            "packets": 44_480,
            "unit": "packet",
        }
    ]
    keys = report["findings"][0]
    assert keys["place"] == {"countries": ["CN"], "state": "located", "site": "", "operator": "AWS China (Beijing)"}
    assert (keys["proven"], keys["wording"], keys["settles"]) == (True, "proven", [])
    assert keys["sessions"] == {"count": 2, "first": list(samples.KEYS.first_sessions)}
    assert keys["first"] == "2020-04-03T07:00:00.123456789Z"
    assert keys["evidence"][0]["record"] == 118
    assert report["coverage"]["judged"][samples.KEYS_RULE.id] == {
        "pass": 1,
        "fail": 2,
        "open": 0,
        "not_applicable": 5,
        "on_claims": 0,
    }
    assert report["coverage"]["records"] == {"malformed": 2, "no_address": 41, "ok": 44_436, "truncated": 1}
    assert report["findings"][1]["settles"][0]["fact"] == "site"
    assert report["findings"][1]["wording"] == "indicated"


@pytest.mark.parametrize(("countries", "expected"), [("*", ["*"]), ("!", []), ("CN+HK", ["CN", "HK"]), ("", [])])
def test_countries_are_always_a_list(countries: str, expected: list[str]) -> None:
    finding = replace(samples.KEYS, place=Place(countries, "located"))
    report = json.loads(render(replace(samples.FAIL, findings=(finding,))))
    assert report["findings"][0]["place"]["countries"] == expected


def test_all_countries_but_one_are_written_in_full() -> None:
    finding = replace(samples.KEYS, place=Place("-CN", "anywhere"))
    codes = json.loads(render(replace(samples.FAIL, findings=(finding,))))["findings"][0]["place"]["countries"]
    assert len(codes) > 200
    assert "CN" not in codes


def test_without_times_there_is_no_1970() -> None:
    report = json.loads(render(samples.EMPTY))
    assert (report["first"], report["last"], report["empty"]) == (None, None, True)
