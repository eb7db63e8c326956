"""Values in the spelling of the API become record sets; whatever isn't understood is kept.

Cloud DNS API Reference, "resourceRecordSets"; documentation, "DNS routing policies and health checks".
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from auditor.enrich import regions
from auditor.routing import delegations
from auditor.routing.clouddns.changes import changed
from auditor.routing.clouddns.records import (
    ADDRESSES,
    FAILOVER,
    GEO,
    MOST,
    NAMES,
    PRIVATE,
    PUBLIC,
    SILENT,
    SIMPLE,
    UNCLEAR,
    WRR,
    Config,
    Item,
    RecordSet,
    Zone,
)
from auditor.routing.clouddns.sources import EXISTS, Thing, Things
from auditor.routing.clouddns.spelling import empty
from auditor.routing.clouddns.targets import Place, Targets, named
from auditor.routing.terraform import Ref, Unresolved, Value
from auditor.routing.terraform.values import number, shown, truth_of

_SET: Final = frozenset({"kind", "name", "type", "ttl", "rrdatas", "signatureRrdatas", "routingPolicy"})
_POLICY: Final = frozenset({"kind", "wrr", "geo", "primaryBackup", "healthCheck"})
_BACKUP: Final = frozenset({"kind", "primaryTargets", "backupGeoTargets", "trickleTraffic"})
_ITEM: Final = frozenset({"kind", "rrdatas", "signatureRrdatas", "healthCheckedTargets"})
_PRIVATE_SERVER: Final = "ns-gcp-private.googledomains.com"
_PUBLIC_SERVER: Final = re.compile(r"ns-cloud-[a-z0-9]+\.googledomains\.com")


def read(things: Things, config: Config) -> None:
    """Take all that files hold into a configuration."""
    config.unread += things.unread
    config.remarks += things.remarks
    for thing in things.zones:
        _zone(thing, config)
    for thing in things.checks:
        _check(thing, config)
    reading = _Reading(things, config)
    config.listed.update(things.listed)
    kept = changed(things, config, reading.mark)
    for thing in kept:
        found = reading.set(thing)
        if found is not None:
            config.add(found)
    _delegations(config)


def _delegations(config: Config) -> None:
    """Tell the names for which other servers answer."""
    held = {zone for zone, *_ in config.records}

    def apex(zone: str, name: str) -> bool:
        if (zone, name) in config.starts:
            return True
        listed = zone in config.listed and all(own != zone for own, _ in config.starts)
        own = any(each.dns == name and (zone in each.ids or not zone) for each in config.zones)
        return own or (listed and delegations.around(config, config.delegations, zone, name))

    def given(zone: str, name: str) -> bool:
        if any(start == name and other != zone for other, start in config.starts):
            return True
        return any(each.dns == name and held.intersection(each.ids) - {zone} for each in config.zones)

    delegations.settle(config, config.delegations, apex, given)


def _zone(thing: Thing, config: Config) -> None:
    data = thing.value.data
    if not isinstance(data, dict):
        config.unclear(thing.value.at, str(data), "is no managed zone; give what the API or gcloud printed")
        return
    dns, seen = data.get("dnsName"), data.get("visibility")
    told = seen.data if seen is not None else None
    looked_up = thing.ids[0].startswith("data.") or ".data." in thing.ids[0] if thing.ids else False
    visibility = PUBLIC if told is None and not looked_up else told if told in (PUBLIC, PRIVATE) else UNCLEAR
    name = named(dns.data) if dns is not None and isinstance(dns.data, str) else ""
    config.zones.append(Zone(thing.ids, name, visibility, thing.value.at))


def _check(thing: Thing, config: Config) -> None:
    data = thing.value.data if isinstance(thing.value.data, dict) else {}
    given = data.get("sourceRegions")
    count = -1 if given is not None and not isinstance(given.data, list) else len(given.data) if given else 0
    for ident in thing.ids:
        config.checks.setdefault(_last(ident), (thing.value.at, count))


def _last(text: str) -> str:
    """Return what tells a resource apart in the address of it."""
    return text.rpartition("/")[2] if not text.startswith("${") else text


class _Reading(Targets):
    """All record sets that are being read."""

    def mark(self, thing: Thing) -> tuple[str, str]:
        """Return what tells a record set apart in its zone."""
        data = thing.value.data if isinstance(thing.value.data, dict) else {}
        return named(self.text(data.get("name"))), self.text(data.get("type")).upper()

    def set(self, thing: Thing) -> RecordSet | None:
        """Read a record set; None if it sends nobody anywhere, or nobody knows what it is."""
        value, data = thing.value, thing.value.data
        if not isinstance(data, dict):
            self.config.unclear(value.at, str(data), "is no record set; give what the API or gcloud printed")
            return None
        name, kind = self.mark(thing)
        if kind in ("NS", "SOA"):
            self.apex(thing, name)
        if kind == "NS":
            self.config.delegations[thing.zone, name] = value.at
        elif kind == "SOA":
            self.config.starts.add((thing.zone, name))
        if kind in SILENT:
            return None
        if thing.exists is not None:
            self.config.unclear(value.at, name, EXISTS)
        self.others(data, _SET)
        if not name or kind not in (*ADDRESSES, *NAMES):
            if not self.hole(data.get("type")):
                self.config.unclear(value.at, f"{name} {kind}", "a record set needs a name and a type that is known")
            return None
        policy = data.get("routingPolicy")
        place = Place(f"{name} {kind}", kind, "")
        if empty(policy):
            targets = self.plain(data.get("rrdatas"), place, "")
            if not targets:
                self.config.unclear(value.at, place.label, "has neither values nor a routing policy; give it some")
            return RecordSet(thing.zone, name, kind, value.at, SIMPLE, (Item("", value.at, targets),))
        assert policy is not None
        if not empty(data.get("rrdatas")):
            self.config.unclear(value.at, place.label, "has values and a routing policy; keep one of them")
        if self.hole(policy) or not isinstance(policy.data, dict):
            if not isinstance(policy.data, Ref | Unresolved):
                self.config.unclear(policy.at, place.label, "its routing policy is no object; correct it")
            return None
        return self.policy(RecordSet(thing.zone, name, kind, value.at, SIMPLE, ()), policy.data, place)

    def apex(self, thing: Thing, name: str) -> None:
        """Take what the servers of a zone's apex say of it: those of private zones have one name."""
        listed = thing.value.data.get("rrdatas")
        for each in listed.data if listed is not None and isinstance(listed.data, list) else ():
            first = (self.text(each).split() or [""])[0].lower().removesuffix(".")
            private, public = first == _PRIVATE_SERVER, _PUBLIC_SERVER.fullmatch(first)
            if private or public:
                self.config.zones.append(Zone((thing.zone,), name, PRIVATE if private else PUBLIC, thing.value.at))
                return

    def policy(self, record: RecordSet, data: Mapping[str, Value], place: Place) -> RecordSet | None:
        self.others(data, _POLICY)
        place.check = _last(self.text(data.get("healthCheck")))
        given = [key for key in ("wrr", "geo", "primaryBackup") if not empty(data.get(key))]
        if len(given) != 1:
            why = "a routing policy is one of wrr, geo and primaryBackup; keep one of them"
            self.config.unclear(record.at, place.label, why)
            if not given:
                return None
        found = [self.one(record, key, data[key], place) for key in given]
        kept = [each for each in found if each is not None]
        for each in kept[1:]:
            self.config.add(each)
        return replace(kept[0], check=place.check) if kept else None

    def one(self, record: RecordSet, key: str, value: Value, place: Place) -> RecordSet | None:
        """Read a policy of one kind."""
        if self.hole(value) or not isinstance(value.data, dict):
            if not isinstance(value.data, Ref | Unresolved):
                self.config.unclear(value.at, place.label, f"`{key}` is no object; correct it")
            return None
        data = value.data
        if key == "wrr":
            self.others(data, frozenset({"kind", "items"}))
            return replace(record, policy=WRR, items=self.items(data.get("items"), value, place, WRR, ""))
        if key == "geo":
            fenced, found = self.geo(value, place, "")
            return replace(record, policy=GEO, items=found, fenced=fenced)
        self.others(data, _BACKUP)
        backup = data.get("backupGeoTargets")
        fenced, found = self.geo(backup or value, place, "backup ") if not empty(backup) else (False, ())
        if not found:
            self.config.unclear(value.at, place.label, "a failover policy needs backups; give some")
        primary = data.get("primaryTargets")
        targets = self.checked(primary, place, "primary")
        if not targets:
            self.config.unclear(value.at, place.label, "a failover policy needs primary targets; give some")
        at = primary.at if primary is not None else value.at
        return replace(
            record, policy=FAILOVER, items=found, fenced=fenced, primary=Item("primary", at, targets),
            trickle=self.trickle(data.get("trickleTraffic"), place),
        )  # fmt: skip

    def trickle(self, value: Value | None, place: Place) -> Fraction:
        """Read what share the backups always get; of one that is not known, some."""
        if value is None or value.data is None:
            return Fraction(0)
        if self.hole(value):
            return Fraction(1, 2)
        found = number(value.data)
        if found is None or not 0 <= found <= 1:
            self.config.unclear(value.at, f"{place.label}: {value.data}", "a share is a number from 0 to 1; correct it")
            return Fraction(1, 2)
        return Fraction(found)

    def geo(self, value: Value, place: Place, word: str) -> tuple[bool, tuple[Item, ...]]:
        """Read whether locations are fenced, and what is answered in each."""
        if self.hole(value) or not isinstance(value.data, dict):
            if not isinstance(value.data, Ref | Unresolved):
                self.config.unclear(value.at, place.label, "locations are no object; correct it")
            return False, ()
        self.others(value.data, frozenset({"kind", "items", "enableFencing"}))
        fence = value.data.get("enableFencing")
        fenced = truth_of(fence.data) if fence is not None and not self.hole(fence) else False
        if fenced is None and fence is not None and fence.data is not None:
            self.config.unclear(fence.at, f"{place.label}: {fence.data}", "a fence is true or false; correct it")
        return bool(fenced), self.items(value.data.get("items"), value, place, GEO, word)

    def items(self, listed: Value | None, whole: Value, place: Place, policy: str, word: str) -> tuple[Item, ...]:
        """Read the items of a policy."""
        if empty(listed):
            self.config.unclear(whole.at, place.label, "a routing policy without items; give it some")
            return ()
        assert listed is not None
        if self.hole(listed) or not isinstance(listed.data, list):
            if not isinstance(listed.data, Ref | Unresolved):
                self.config.unclear(listed.at, place.label, "items are a list; correct it")
            return ()
        found = [self.item(each, place, policy, word, at + 1) for at, each in enumerate(listed.data[:MOST])]
        if len(listed.data) > MOST:
            self.config.unclear(listed.at, place.label, "more items than Cloud DNS takes; remove some")
        kept = [each for each in found if each is not None]
        seen: set[str] = set()
        for each in kept:
            if each.location and each.location in seen:
                why = "two items have one location, and either may answer; keep one"
                self.config.unclear(each.at, f"{place.label} {each.location}", why)
            seen.add(each.location)
        return tuple(kept)

    def item(self, value: Value, place: Place, policy: str, word: str, at: int) -> Item | None:
        if self.hole(value) or not isinstance(value.data, dict):
            if not isinstance(value.data, Ref | Unresolved):
                self.config.unclear(value.at, place.label, "an item is an object; correct it")
            return None
        own = "weight" if policy == WRR else "location"
        data = value.data
        self.others(data, _ITEM | {own})
        label, location, weight = f"{word}item {at}", "", Fraction(1)
        if policy == WRR:
            weight = self.weight(data.get("weight"), value, place)
        else:
            location, told = self.location(data.get("location"), value, place)
            label = f"{word}{told or f'item {at}'}"
        targets = (
            *self.plain(data.get("rrdatas"), place, label),
            *self.checked(data.get("healthCheckedTargets"), place, label),
        )
        if not targets:
            self.config.unclear(value.at, f"{place.label} {label}", "an item needs values or targets; give it some")
        return Item(label, value.at, targets, location, weight)

    def weight(self, value: Value | None, whole: Value, place: Place) -> Fraction:
        if self.hole(value):
            return Fraction(1)
        found = number(value.data) if value is not None else None
        if found is None or found < 0:
            at = value.at if value is not None else whole.at
            self.config.unclear(at, place.label, "a weight is a number that is not negative; correct it")
            return Fraction(1)
        return Fraction(found)

    def location(self, value: Value | None, whole: Value, place: Place) -> tuple[str, str]:
        """Return a region of Google Cloud, empty if it is none that is known, and what stands there."""
        if self.hole(value):
            return "", self.text(value)
        text = self.text(value)
        if text.lower() not in regions.codes("gcp"):
            at = value.at if value is not None else whole.at
            self.config.unclear(
                at, f"{place.label}: {text}", "is no region of Google Cloud that is known; correct it, or place it"
            )
            return "", shown(text)
        return text.lower(), text
