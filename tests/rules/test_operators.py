"""Who is controlled from where: names that the data really have, and countries that can be said with reason."""

import pytest

from auditor import rules
from auditor.enrich import embedded
from auditor.model import countries, documents
from auditor.model.rule import Operated
from auditor.rules import format as form
from auditor.rules import named

DOCUMENT = documents.load(rules.builtin() / "operators.yaml")
GIVEN = documents.convert(DOCUMENT, form.Operators).operators
HOMES = named.operators(DOCUMENT, GIVEN)
CONCERN = countries.of(["CN", "HK", "MO", "CU", "IR", "KP", "RU", "VE"])


def test_every_name_is_one_that_places_really_have() -> None:
    numbers = range(len(embedded.shipped(embedded.OPERATOR).intervals.values))
    known = {embedded.operator(code)[0] for code in numbers} | {each.operator for each in embedded.published()}
    for file in rules.catalogue_files():
        known |= {service.get("operator", "") for service in documents.load(file).tree["services"]}
    assert HOMES.keys() <= known


def test_every_operator_has_a_source_or_a_reason() -> None:
    assert all(each.sources or each.note for each in GIVEN)
    assert all(source.url.startswith("https://") for each in GIVEN for source in each.sources if source.url)


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("AWS China", 1), ("Azure China", 1), ("Alibaba Cloud", 1), ("China Telecom", 1), ("PCCW IMS Limited", 1),
        ("China Telecom Global Limited", 1), ("PJSC Rostelecom", 1), ("ARVANCLOUD GLOBAL TECHNOLOGIES L.L.C", 1),
        ("Hong Kong Broadband Network Limited", 1), ("HGC Global Communications Limited", 0), ("Agora", 0),
        ("Amazon Web Services", -1), ("Microsoft Azure", -1), ("Telstra International Limited", -1), ("Zoom", -1),
        ("somebody whom nobody knows", 0), ("", 0),
    ],
)  # fmt: skip
def test_control_is_of_the_parent_and_the_unknown_stays_open(operator: str, holds: int) -> None:
    assert Operated(CONCERN, HOMES).holds(operator) == holds


def test_every_published_range_of_a_cloud_has_a_known_parent() -> None:
    clouds = {each.operator for each in embedded.published() if each.feed.endswith(" ranges")}
    assert clouds
    assert clouds <= HOMES.keys()
