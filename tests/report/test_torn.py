"""What reports say of rules that no place can obey together."""

import json

import pytest

from auditor.report import RENDERERS, torn
from tests.report import samples


def test_text_names_the_rules_and_the_sessions() -> None:
    text = RENDERERS["text"](samples.TORN)
    assert "CONFLICTS OF RULES" in text
    flat = " ".join(text.split())
    assert f"3 sessions fall under {samples.KEYS_RULE.id} and {samples.MEDIA_RULE.id}: no place in the world" in flat
    assert "call-1, call-2 and 1 more" in flat
    assert f"no place obeys this rule and {samples.MEDIA_RULE.id} together" in flat


def test_the_page_has_a_section_and_the_finding_a_line() -> None:
    page = RENDERERS["html"](samples.TORN)
    assert '<section id="conflicts"' in page
    assert '<a href="#conflicts">' in page
    assert torn.beside(samples.TORN.findings[0]) in page
    assert "ISO/IEC 27001:2022 A.5.14" in page


def test_json_holds_all_of_it() -> None:
    told = json.loads(RENDERERS["json"](samples.TORN))
    (conflict,) = told["conflicts"]
    assert conflict["rules"] == [samples.KEYS_RULE.id, samples.MEDIA_RULE.id]
    assert conflict["sessions"] == {"count": 3, "first": ["call-1", "call-2"]}
    assert told["findings"][0]["conflicts"] == [samples.MEDIA_RULE.id]
    assert told["rules"][0]["controls"] == [{"framework": "ISO/IEC 27001:2022", "id": "A.5.14"}]


@pytest.mark.parametrize("name", ["pass", "fail", "open"])
def test_without_conflicts_nothing_is_said_of_them(name: str) -> None:
    for kind in ("text", "html"):
        assert "onflict" not in RENDERERS[kind](samples.SAMPLES[name]).replace("conflicts {", "")
