from typing import Any

import pytest

from auditor import rules
from auditor.model.rule import Choice
from auditor.rules.tell import tells


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        (
            {"participants": ["US", ["CA", "MX"]], "touches": [{"country": "CN", "plane": "keys"}]},
            "somebody in US and somebody in CA or MX with a server in CN, keys",
        ),
        (
            {"touches": [{"as": "unknown", "evidence": "claim", "country": ["CN", "HK"]}]},
            "nobody who is known with a place of which the role is not known in CN or HK, by a claim alone, "
            "traffic of any plane",
        ),
        (
            {
                "participants": [{"label": "staff", "account": "acme"}],
                "roster": "complete",
                "date": "2020-01-01",
                "account": "acme",
                "touches": [
                    {
                        "as": "relay", "operator": "Acme", "service": "zoom", "site": "x", "holds": "staff",
                        "plane": "media", "encrypted": False, "direction": "to", "basis": "offered",
                        "outcome": "unanswered",
                    },
                    {"country": "US", "plane": "signalling", "encrypted": True},
                ],
                "note": "As it was.",
            },
            "somebody anywhere labelled staff of account acme, and nobody else, with a relay anywhere run by Acme of "
            "the service zoom at site x holding data of staff, media in clear opened towards it, which was only "
            "offered, which did not answer; a server in US, signalling encrypted, on 2020-01-01, in a session of "
            "account acme (As it was)",
        ),
        (
            {
                "selections": {"acme": Choice("CN+HK", frozenset({"x"})), "default": Choice(None, outside="CN")},
                "touches": [{}],
            },
            "nobody who is known with a server anywhere, traffic of any plane, account acme having chosen CN, HK and "
            "x, all other accounts having chosen without CN",
        ),
    ],
)  # fmt: skip
def test_a_situation_in_words(situation: dict[str, Any], said: str) -> None:
    assert tells(situation) == said


def test_all_shipped_examples_can_be_told() -> None:
    for rule in rules.load(rules.shipped()).rules:
        for situations in rule.examples.values():
            assert all(" with a " in tells(each) for each in situations)
