import string
from itertools import product

import pytest

from auditor.model import countries, reserved


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("UK", "exceptionally reserved", "for the United Kingdom; write `GB`"),
        ("EU", "exceptionally reserved", "write `territory: eu`"),
        ("SU", "exceptionally reserved", "for the Soviet Union; write `RU`"),
        ("AC", "exceptionally reserved", "write `SH`"),
        ("IC", "exceptionally reserved", "write `ES`"),
        ("EA", "exceptionally reserved", "write `ES`"),
        ("UN", "exceptionally reserved", "write the countries that are meant"),
        ("AN", "transitionally reserved", "write `BQ` or `CW` or `SX`"),
        ("YU", "transitionally reserved", "write `ME` or `RS`"),
        ("SF", "indeterminately reserved", "for Finland; write `FI`"),
        ("AP", "indeterminately reserved", "no country; write the countries"),
        ("DD", "no longer used", "write `DE`"),
        ("ZZ", "user-assigned", "an unknown place"),
        ("QM", "user-assigned", "user-assigned in ISO 3166-1; write the countries"),
        ("XI", "user-assigned", "write `GB`"),
        ("EL", "unassigned", "did you mean `GR`?"),
        ("EEA", "unassigned", "a group of countries; write `territory: eea`"),
        ("QQQ", "unassigned", "write an ISO 3166-1 alpha-2 code"),
        ("cn", "unassigned", "did you mean `CN`?"),
    ],
)
def test_a_code_that_is_no_country_is_explained(code: str, kind: str, said: str) -> None:
    assert reserved.kind(code) == kind
    assert said in reserved.instead(code)


def test_every_pair_of_letters_has_one_kind_and_every_remedy_is_a_country() -> None:
    kinds: dict[str, list[str]] = {}
    for first, second in product(string.ascii_uppercase, repeat=2):
        kinds.setdefault(reserved.kind(first + second), []).append(first + second)
    assert {name: len(codes) for name, codes in kinds.items()} == {
        "assigned": 249, "user-assigned": 42, "exceptionally reserved": 13, "transitionally reserved": 7,
        "indeterminately reserved": 30, "no longer used": 14, "unassigned": 321,
    }  # fmt: skip
    assert "XK" in kinds["user-assigned"]
    assert countries.known("XK")
    for codes in kinds.values():
        for code in codes:
            written = [part for part in reserved.instead(code).split("`")[1::2] if len(part) == 2]
            assert countries.known(code) or all(map(countries.known, written))
