"""What is judged as a part of another name alone is told in the report: nobody takes it for proven by itself."""

import json
from pathlib import Path

import pytest

from auditor.report.text import render_text
from tests.routing.clouddns import zones as google
from tests.routing.route53 import zones as amazon
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated
from tests.routing.test_powerdns import ZONES
from tests.routing.trafficmanager.profiles import external, nested, profile

SAID = "own name"


def files() -> dict[str, str]:
    items = [google.plain("us-east1", "eu.example.com."), google.plain("europe-west1", "us.example.com.")]
    apex = google.one("example.com.", google.PUBLIC, kind="NS")
    sets = [
        apex,
        google.one("www.example.com.", kind="CNAME", geo={"items": items}),
        google.one("eu.example.com.", "192.0.2.1"),
    ]
    parts = [{**amazon.alias("www.example.com.", "eu.example.com."), "SetIdentifier": "a", "Weight": 1},
             amazon.one("eu.example.com.", "192.0.2.1")]  # fmt: skip
    profiles = [profile("p", "Priority", nested("c"), external("z")), profile("c", "Priority", external("a"))]
    trees = {"clouddns": {"rrsets": sets}, "route53": {"ResourceRecordSets": parts}, "trafficmanager": profiles}
    return {**{name: json.dumps(tree, indent=1) for name, tree in trees.items()}, "powerdns": ZONES}


@pytest.mark.parametrize("name", ["clouddns", "route53", "trafficmanager", "powerdns"])
def test_the_report_says_so(folder: Path, name: str) -> None:
    (folder / "conf").mkdir(exist_ok=True)
    (folder / "conf" / "zones.yaml").write_text(files()[name])
    found = gated("conf", planes=["media"])
    (told,) = found.report.configurations
    assert told.format == name
    (said,) = [each.text for each in told.remarks if SAID in each.text]
    assert "judged as" in said
    assert SAID in " ".join(render_text(found.report).split())
