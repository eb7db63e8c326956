"""What all files say together: endpoints find their profiles, and what stands twice is told."""

from collections.abc import Mapping
from typing import Any

from auditor.routing.terraform.values import Value
from auditor.routing.trafficmanager.model import Config, GivenProfile, suffix
from auditor.routing.trafficmanager.parse import ENDPOINT_IDLE, MONITOR_IDLE, Reading, key_of


def settled(config: Config) -> None:
    """Make profiles of all that was given, each with its endpoints; what can't be attached is told."""
    named: dict[str, list[GivenProfile]] = {}
    for each in config.given:
        for ident in dict.fromkeys(suffix(own) for own in each.ids):
            named.setdefault(ident, []).append(each)
    there = {(id(each), *key_of(one)): one for each in config.given for one in each.endpoints}
    for ident, endpoint in config.loose:
        found = named.get(suffix(ident), [])
        whole = [each for each in found if ident.lower() in (own.lower() for own in each.ids)]
        for profile in whole or found:
            known = there.setdefault((id(profile), *key_of(endpoint)), endpoint)
            if known is endpoint or _plain(known.properties) != _plain(endpoint.properties):
                profile.endpoints.append(endpoint)
        if not found:
            why = "the profile of this endpoint is not in these files; give it"
            config.unclear(endpoint.at, f"{endpoint.name} of {ident}", why)
    seen: dict[str, GivenProfile] = {}
    ranges = [0]
    for given in config.given:
        whole_id = given.ids[0].lower()
        short = suffix(whole_id)
        other = seen.get(whole_id) or seen.get(short)
        if other and other.ids[0].lower() != whole_id and _whole(whole_id) and _whole(other.ids[0].lower()):
            other = None  # of another group
        seen.setdefault(whole_id, given)
        seen.setdefault(short, given)
        if other is not None:
            if _plain(other.properties) == _plain(given.properties):
                continue
            why = f"stands twice, and differs (first in line {other.at.line} of {other.at.file}); keep one"
            config.unclear(given.at, given.name, why)
        config.profiles.append(Reading(config, given, ranges).profile())


def _whole(ident: str) -> bool:
    return ident.startswith("/subscriptions/")


def _plain(properties: Mapping[str, Value]) -> Any:
    """Return properties without places, and without what only describes the present."""
    return {
        key: _bare(each) for key, each in properties.items() if key not in ENDPOINT_IDLE and each.data not in (None, [])
    }


def _bare(value: Value) -> Any:
    data = value.data
    if isinstance(data, list):
        return [_bare(each) for each in data]
    if isinstance(data, dict):
        idle = ENDPOINT_IDLE | MONITOR_IDLE
        return {str(key).lower(): _bare(each) for key, each in data.items() if str(key).lower() not in idle}
    return data
