"""Names that are markup, commands or controls somewhere, through every format in which a gate is told."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from auditor.report import RENDERERS
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated

HOSTILE = (
    "<script>alert(1)</script>",
    "</td><img src=x onerror=alert(1)>",
    "\n::error::x",
    "x\r\n::set-output name=a::b",
    "%0A::stop-commands::x",
    "a::b,title=c",
    "`x` ![a](https://x.example) [b](javascript:1)",
    "| a | b |\n|---|---|",
    "]]><x/>",
    "@everyone #1 https://x.example www.x.example GH-1",
    "$x^2$ $$y$$",
    "\u202e\u2066\u200b\ufeff\u0085\u2028",
    "\x1b[2J\x07\x7f",
    '=cmd|"/c calc"!A1',
    "{0} {1} [t](2)",
    "-->",
)
GATE = {"text", "html", "json", "sarif", "junit", "gitlab", "github", "markdown"}


def told(folder: Path, name: str) -> dict[str, str]:
    quoted = json.dumps(name[:200])
    where = folder / (re.sub(r"[/\0]", "_", name)[:100] + ".yaml")
    where.write_text(
        f"routing: 1\nplanes: [media]\nsites: [{{name: {quoted}, country: CN}}]\n"
        f"pools: [{{name: {quoted}}}]\nclients:\n"
        f"  - {{name: {quoted}, countries: [CA], population: overseas, first: [{quoted}]}}\n"
    )
    found = gated(where.name, inventory=None)
    assert found.report.findings
    return {kind: RENDERERS[kind](found.report) for kind in sorted(GATE)}


@pytest.mark.parametrize("name", [*HOSTILE, "x" * 10_000], ids=range(len(HOSTILE) + 1))
def test_names_stay_text(folder: Path, name: str) -> None:
    made = told(folder, name)
    assert set(made) == GATE
    for kind, text in made.items():
        text.encode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\x85\u200b\u2028\u202e\u2066\ufeff]", text), kind
    for kind in ("json", "sarif", "gitlab"):
        json.loads(made[kind])
    ElementTree.fromstring(made["junit"])
    assert "<script" not in made["html"]
    assert "<img src=x" not in made["html"]
    for line in made["github"].splitlines():
        command = re.fullmatch(r"::(error|warning|notice) (?:file=[^,:]*,line=\d+,)?title=[^,:]*::(.*)", line)
        assert command, line
    markdown = made["markdown"]
    assert not re.search(r"<(?!/?(?:code|sub)>|!-- -->)", markdown)
    assert not re.search(r"[`@$\[\]]|\]\(|www\.x|https?://x", markdown)
    table = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} <= {6}
    sarif = json.loads(made["sarif"])["runs"][0]["results"]
    messages = [each["message"]["text"] for each in sarif]
    assert not any("](" in message for message in messages)
