"""Localities of Istio: region, zone and sub-zone, and how near two of them are.

Rules: istio/istio, pilot/pkg/networking/util/util.go (`LocalityMatch`, `LbPriority`).
"""

from dataclasses import dataclass
from typing import Final

from auditor.enrich import regions
from auditor.model.countries import ANYWHERE, bits, text

OTHER: Final = "\0"
"""Stands for any name that the configuration doesn't say; taken out of all names that it says."""

PROVIDERS: Final = ("aws", "gcp", "azure", "oracle", "alibaba", "tencent", "huawei")


@dataclass(frozen=True, slots=True, order=True)
class Locality:
    """A place in a mesh; each part may be empty, or OTHER."""

    region: str
    zone: str = ""
    subzone: str = ""

    def __str__(self) -> str:
        if self.region == OTHER:
            return "any other region"
        if not self.region:
            return "no locality"
        if self.zone == OTHER:
            return f"{self.region}/*"
        if self.subzone == OTHER:
            return f"{self.region}/{self.zone}/*"
        return "/".join((self.region, self.zone, self.subzone)).rstrip("/")

    @property
    def codes(self) -> list[str]:
        """The codes of the regions of this name, as `auditor/data/regions.yaml` knows them."""
        return [code for provider in PROVIDERS if regions.countries(code := f"{provider}/{self.region}")]

    @property
    def code(self) -> str:
        """The code of its region, if the providers that have a region of that name agree on where it is."""
        codes = self.codes
        return codes[0] if len({regions.countries(code) for code in codes}) == 1 else ""

    @property
    def countries(self) -> str:
        """Where its region is, by whichever provider has one of that name."""
        found = 0
        for code in self.codes:
            found |= bits(regions.countries(code))
        return text(found) if found else ANYWHERE


ELSEWHERE: Final = Locality(OTHER, OTHER, OTHER)


def parsed(name: str) -> Locality:
    """Read the locality of an endpoint; what stands behind the sub-zone is left away, as Istio does."""
    parts = [*name.replace(OTHER, "").split("/"), "", ""]
    return Locality(parts[0], parts[1], parts[2])


def pattern(name: str) -> Locality:
    """Read what a rule names, as a locality of which it leaves parts open: `region1/zone1/*`."""
    given = [*name.replace(OTHER, "").split("/"), "", ""][:3]
    parts = [OTHER if part in ("", "*") else part for part in given]
    return Locality(parts[0], parts[1], parts[2])


def matches(locality: Locality, rule: str) -> bool:
    """Say whether a rule's text means a locality."""
    region, zone, subzone = [*rule.replace(OTHER, "").split("/"), "", ""][:3]
    return (
        region in ("*", locality.region) and zone in ("*", "", locality.zone) and subzone in ("*", "", locality.subzone)
    )


def distance(client: Locality, endpoint: Locality) -> int:
    """Return 0 for the same sub-zone, 1 for the zone, 2 for the region, 3 for none of them."""
    if client.region != endpoint.region:
        return 3
    if client.zone != endpoint.zone:
        return 2
    return int(client.subzone != endpoint.subzone)
