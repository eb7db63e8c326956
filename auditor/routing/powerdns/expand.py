"""Placeholders of PowerDNS's GeoIP backend, expanded for those whom the database puts in one place.

`GeoIPBackend::format2str` in modules/geoipbackend/geoipbackend.cc.  What the place decides is written out; anything
else (region, city, operator, address, time) may be any text, so what comes out is a pattern: the literal parts around
such gaps.  A name is a pattern of one part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from auditor.model.countries import CODES
from auditor.routing import continents
from auditor.routing.powerdns.zones import Domain

Pattern = tuple[str, ...]

_HOLDER: Final = re.compile("%(?:mp|cn|co|cc|af|as|re|na|ci|loc|lat|lon|hh|yy|dd|wds|mos|wd|mo|ip6|ip4|ip|%)")
_PLACE: Final = re.compile("%(?:mp|cn|co|cc)")

ALPHA3: Final = dict(
    zip(
        CODES,
        """
AND ARE AFG ATG AIA ALB ARM AGO ATA ARG ASM AUT AUS ABW ALA AZE BIH BRB BGD BEL BFA BGR BHR BDI BEN BLM BMU BRN BOL BES
BRA BHS BTN BVT BWA BLR BLZ CAN CCK COD CAF COG CHE CIV COK CHL CMR CHN COL CRI CUB CPV CUW CXR CYP CZE DEU DJI DNK DMA
DOM DZA ECU EST EGY ESH ERI ESP ETH FIN FJI FLK FSM FRO FRA GAB GBR GRD GEO GUF GGY GHA GIB GRL GMB GIN GLP GNQ GRC SGS
GTM GUM GNB GUY HKG HMD HND HRV HTI HUN IDN IRL ISR IMN IND IOT IRQ IRN ISL ITA JEY JAM JOR JPN KEN KGZ KHM KIR COM KNA
PRK KOR KWT CYM KAZ LAO LBN LCA LIE LKA LBR LSO LTU LUX LVA LBY MAR MCO MDA MNE MAF MDG MHL MKD MLI MMR MNG MAC MNP MTQ
MRT MSR MLT MUS MDV MWI MEX MYS MOZ NAM NCL NER NFK NGA NIC NLD NOR NPL NRU NIU NZL OMN PAN PER PYF PNG PHL PAK POL SPM
PCN PRI PSE PRT PLW PRY QAT REU ROU SRB RUS RWA SAU SLB SYC SDN SWE SGP SHN SVN SJM SVK SLE SMR SEN SOM SUR SSD STP SLV
SXM SYR SWZ TCA TCD ATF TGO THA TJK TKL TLS TKM TUN TON TUR TTO TUV TWN TZA UKR UGA UMI USA URY UZB VAT VCT VEN VGB VIR
VNM VUT WLF WSM XKX YEM MYT ZAF ZMB ZWE
""".lower().split(),
        strict=True,
    )
)
"""ISO 3166-1 alpha-3, as the legacy databases write `%co`."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a database says of an address."""

    country: str = ""  # empty: nothing
    three: str = "unknown"  # %co
    two: str = "unknown"  # %cc
    continent: str = "unknown"  # %cn
    family: int = 4


def places(country: str) -> Iterator[Place]:
    """Yield what databases say of a country: MMDB writes %co with two letters, the legacy format with three."""
    for family in (4, 6):
        if not country:
            yield Place(family=family)
            continue
        for continent in continents.either("geonames", country) or ("unknown",):
            for three in (country.lower(), ALPHA3[country]):
                yield Place(country, three, country.lower(), continent.lower(), family)


def depends(text: str) -> bool:
    """Say whether a text may depend on the place of a client."""
    return bool(_PLACE.search(text))


def expand(text: str, place: Place, domain: Domain, inner: bool = False) -> list[Pattern]:
    """Return all that a text may become."""
    mapped: list[str] = [""]
    if not inner and "%mp" in text:
        mapped = list(dict.fromkeys(_mapped(place, domain)))
    return [_one(text, place, value) for value in mapped]


def _one(text: str, place: Place, mapped: str) -> Pattern:
    parts, last = [""], 0
    known = {"%co": place.three, "%cc": place.two, "%cn": place.continent, "%af": f"v{place.family}", "%mp": mapped}
    known["%%"] = "%%"  # stays as it is, whatever the documentation says
    known["%ip6" if place.family == 4 else "%ip4"] = ""
    for found in _HOLDER.finditer(text):
        parts[-1] += text[last : found.start()]
        last = found.end()
        if found[0] in known:
            parts[-1] += known[found[0]]
        else:
            parts.append("")
    parts[-1] += text[last:]
    return tuple(parts)


def _mapped(place: Place, domain: Domain) -> Iterator[str]:
    for text in domain.lookups:
        (pattern,) = expand(text, place, domain, inner=True)
        if len(pattern) > 1:
            yield from (value for key, value in domain.mapping.items() if fits(pattern, key))
        elif pattern[0] in domain.mapping:
            yield domain.mapping[pattern[0]]
            return
    yield "unknown"


def wide(text: str) -> Pattern:
    """Return what a text may become for anybody at all."""
    parts, last = [""], 0
    for found in _HOLDER.finditer(text):
        parts[-1] += text[last : found.start()]
        last = found.end()
        parts.append("")
    parts[-1] += text[last:]
    return tuple(parts)


def fits(pattern: Pattern, name: str) -> bool:
    """Say whether a pattern may become a name: its parts stand in it one behind the other, the ends at the ends."""
    if len(pattern) == 1:
        return pattern[0] == name
    first, *middle, last = pattern
    if not name.startswith(first) or not name.endswith(last) or len(first) + len(last) > len(name):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        at = name.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
