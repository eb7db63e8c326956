"""Records of a zone file of octoDNS, and what is wrong with them.

Shape and checks are those of octoDNS 1.22 (octodns/record/dynamic.py, geo.py, ip.py, and docs/dynamic_records.rst,
docs/geo_records.md).  octoDNS refuses the whole zone for one bad record unless that is `lenient`; here a record that it
would refuse is read as far as it says something, and keeps its own classes of clients open.
"""

import re
from typing import Final

from auditor.routing.delegations import WHY
from auditor.routing.octodns.dynamic import read_dynamic, read_geo
from auditor.routing.octodns.model import LONGEST, VALUES, Record, Values, read_value
from auditor.routing.octodns.spots import Spot

ROUTED: Final = ("A", "AAAA", "CNAME", "ALIAS")
"""Types of records that send clients somewhere by themselves; SRV and the like name hosts that are such records."""
SILENT: Final = frozenset("CAA DS HTTPS LOC MX NAPTR OPENPGPKEY PTR SOA SPF SRV SSHFP SVCB TLSA TXT URI".split())
"""Types that send nobody to an address by themselves."""
HINTING: Final = ("HTTPS", "SVCB")
_HINT: Final = re.compile("ipv[46]hint|key0*[46](?![0-9])", re.IGNORECASE)
_RECORD: Final = frozenset({"type", "ttl", "value", "values", "octodns", "comment"})
_ROUTING: Final = {
    "A": frozenset({"dynamic", "geo"}),
    "AAAA": frozenset({"dynamic", "geo"}),
    "CNAME": frozenset({"dynamic"}),
}
_OCTODNS: Final = frozenset({"healthcheck", "lenient", "excluded", "included", "cloudflare", "ignored"})
_CLOUDFLARE: Final = frozenset({"auto-ttl", "comment", "tags", "proxied"})


def record(name: str, spot: Spot) -> Record | None:
    """Read one record; None for a type that sends nobody anywhere.  Raise InputError for what is no record."""
    found = spot.entries()
    if not isinstance(spot.value, dict) or "type" not in found:
        raise spot.error(f"`{name}` has no `type`, and octoDNS refuses it; give it one")
    kind = found["type"].value
    if kind == "NS":
        delegated = Record(name, kind, spot.at, Values(VALUES, spot.at, ()))
        delegated.problem(found["type"], kind, WHY)
        return delegated
    if kind in SILENT and (kind not in HINTING or not _HINT.search(str(spot.value))):
        return None
    if kind in HINTING:
        hinting = Record(name, kind, spot.at, Values(VALUES, spot.at, ()))
        why = "clients may take its address hints (RFC 9460, section 7.3), which are not followed; leave them out"
        hinting.problem(found["type"], kind, why)
        return hinting
    if kind not in ROUTED:
        unknown = Record(name, str(kind)[:LONGEST], spot.at, Values(VALUES, spot.at, ()))
        unknown.problem(found["type"], kind, "no type that is known here; make sure that it sends nobody anywhere")
        return unknown
    made = Record(name, kind, spot.at, Values(VALUES, spot.at, ()))
    routing = _ROUTING.get(kind, frozenset())
    made.only(found, _RECORD | routing, f"of a record of type {kind}")
    made.values = _values(made, found.get("values") or found.get("value"), spot)
    _settings(made, found)
    if "dynamic" in routing & found.keys():
        read_dynamic(made, found["dynamic"])
        if "geo" in found:
            made.problem(found["geo"], "geo", "octoDNS refuses `geo` beside `dynamic`; remove it")
    elif "geo" in routing & found.keys():
        read_geo(made, found["geo"])
    return made


def _values(made: Record, spot: Spot | None, whole: Spot) -> Values:
    """Read what a record answers where nothing else does; octoDNS takes one value or a list under either key."""
    values = [read_value(made, item) for item in spot.items()] if spot else []
    if not values:
        made.problem(spot or whole, "values", "octoDNS refuses a record without values; give it one")
    return Values(VALUES, (spot or whole).at, tuple(values))


def _settings(made: Record, found: dict[str, Spot]) -> None:
    """Read the block `octodns`: checks decide when a value is down, which is asked of every outage anyway."""
    settings = found["octodns"].entries() if "octodns" in found else {}
    for key, spot in settings.items():
        only_checks = isinstance(spot.value, dict) and set(spot.value) <= {"healthcheck"}
        if key not in _OCTODNS and not only_checks:
            made.problem(
                spot, key, "a setting for one provider that is not known here; make sure that it routes nobody"
            )
    if "ignored" in settings and settings["ignored"].value not in (False, None):
        made.problem(settings["ignored"], "ignored", "octoDNS leaves this record as it is, unseen; give what is there")
    cloudflare = settings["cloudflare"].entries() if "cloudflare" in settings else {}
    made.only(cloudflare, _CLOUDFLARE, "for Cloudflare")
    if "proxied" in cloudflare and cloudflare["proxied"].value not in (False, None):
        why = "at Cloudflare clients reach its own addresses, anywhere, instead of the values; judge that apart"
        made.problem(cloudflare["proxied"], "proxied", why)
