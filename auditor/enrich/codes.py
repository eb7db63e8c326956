"""What a location database calls a country, as a country set.

Databases name more than countries.  What is not one country claims nothing: `ZZ`, `XX` and `??` (unknown),
`EU` and `AP` (somewhere in Europe or Asia: MaxMind's old codes, and not the European Union), `A1`, `A2`, `O1`
(proxy, satellite, other).  Withdrawn codes (ISO 3166-3) name what the country became.
"""

from typing import Any, Final

from auditor.model.countries import known, of

ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "UK": ("GB",),  # exceptionally reserved
    "EL": ("GR",),  # the European Union's code for Greece
    "FX": ("FR",),
    "AN": ("BQ", "CW", "SX"),
    "CS": ("ME", "RS"),
    "TP": ("TL",),
    "ZR": ("CD",),
    "BU": ("MM",),
}


def country_set(code: Any) -> str:
    """Return the country set that a database's code names, empty if it names none; never raises."""
    if not isinstance(code, str) or len(code) != 2:
        return ""
    upper: str = code.upper()
    if known(upper):
        return upper
    return of(ALIASES[upper]) if upper in ALIASES else ""
