import json

from auditor import rules
from auditor.report.workshop import ruletext

RULES = rules.load(rules.shipped()).rules


def test_lines_are_as_wide_as_the_terminal() -> None:
    for width in (60, 100):
        lines = ruletext.text(RULES, full=True, width=width).splitlines()
        assert all(len(line) <= width or " " not in line.strip() for line in lines)
    narrow = ruletext.text(RULES[:1], full=False, width=10).splitlines()
    assert max(map(len, narrow)) > ruletext.NARROWEST - 12
    assert narrow[0].startswith(RULES[0].id)


def test_json_holds_the_same_words() -> None:
    said = json.loads(ruletext.written(RULES[:2], full=False))
    assert said["format"] == "auditor-rule-text/v1"
    assert [each["id"] for each in said["rules"]] == [rule.id for rule in RULES[:2]]
    text = " ".join(ruletext.text(RULES[:1], full=False, width=200).split())
    for section in said["rules"][0]["sections"]:
        assert section["heading"] in text
        assert all(" ".join(paragraph.split()) in text for paragraph in section["paragraphs"])
