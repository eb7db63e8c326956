"""Country sets: text where they travel, bits where they are compared.

A set is written as its sorted ISO 3166-1 codes (`CN+HK`), or as what it leaves out when that is
shorter (`-CN`); `*` is the whole world and `!` the empty set.  The form is canonical: equal sets are
equal strings, so a set can be a grouping key in any engine.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

CODES: Final[tuple[str, ...]] = tuple(
    """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
""".split()
)
"""ISO 3166-1 alpha-2, and XK: databases use the user-assigned code for Kosovo, and no other names it."""

_BIT: Final = {code: 1 << i for i, code in enumerate(CODES)}
WORLD: Final = (1 << len(CODES)) - 1
ANYWHERE: Final = "*"
NOWHERE: Final = "!"


@lru_cache(1 << 16)
def bits(text: str) -> int:
    """Read a set: `CN+HK`, `-CN`, `*` (everywhere) or `!` (nowhere).  Raise KeyError for an unknown code."""
    if text in (ANYWHERE, NOWHERE):
        return WORLD if text == ANYWHERE else 0
    named = 0
    for code in text.removeprefix("-").split("+"):
        named |= _BIT[code]
    return WORLD & ~named if text[0] == "-" else named


@lru_cache(1 << 16)
def text(mask: int) -> str:
    """Write a set in its one canonical form."""
    if mask in (0, WORLD):
        return ANYWHERE if mask else NOWHERE
    short = mask.bit_count() <= len(CODES) // 2
    return ("" if short else "-") + "+".join(c for c in CODES if bool(mask & _BIT[c]) == short)


def of(codes: Iterable[str]) -> str:
    """Write the set of these codes.  Raise KeyError for an unknown code."""
    mask = 0
    for code in codes:
        mask |= _BIT[code]
    return text(mask)


def members(value: str) -> tuple[str, ...]:
    """List the codes of a set in alphabetical order."""
    mask = bits(value)
    return tuple(code for code in CODES if mask & _BIT[code])


def state(value: str) -> str:
    """Say what kind of place a set describes: `located`, `anywhere` (whatever it leaves out), or `contradiction`."""
    if value == NOWHERE:
        return "contradiction"
    return "anywhere" if value == ANYWHERE or value.startswith("-") else "located"


def known(code: str) -> bool:
    """Say whether this is a country code that a set can hold."""
    return code in _BIT


def possible(claimed: str, proven: str) -> str:
    """Say where an address may be: what is claimed, bounded by proof; without a claim, what the proofs leave.

    `claimed` is empty where nothing is claimed.  Claims that lie wholly outside the proofs are
    overruled by them.  The empty set (`!`) means proofs that contradict each other.
    """
    proof = bits(proven)
    if not claimed:
        return text(proof)
    return text(bits(claimed) & proof or proof)


def within(place: str, allowed: str) -> int:
    """Return 1 if the place lies inside, -1 if outside, 0 if that is not decided or the place is a contradiction."""
    here, there = bits(place), bits(allowed)
    return bool(here & there) - bool(here & ~there)
