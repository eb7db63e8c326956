"""Jicofo's choice of a video bridge for a participant, as its `jicofo.conf` sets it.

Reference: jitsi/jicofo, jicofo-selector: `reference.conf`, `BridgeConfig`, `BridgeSelector`, and the strategies
`RegionBased...`, `IntraRegion...`, `Single...` and `SplitBridgeSelectionStrategy`.  Bridges register while jicofo runs
and say themselves in which region they are, so the configuration names regions and no bridge.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from auditor.model.errors import InputError
from auditor.routing import hocon
from auditor.routing.areas import MOST, Areas, countries
from auditor.routing.hocon import Tree, Value
from auditor.routing.model import (
    ALL,
    UNCLASSIFIED,
    Answer,
    Client,
    File,
    First,
    Line,
    Node,
    Remark,
    Routing,
    Spread,
    Step,
    Unread,
    Use,
)  # fmt: skip
from auditor.routing.store import Store

__all__ = ["FORMAT", "read", "sniff"]

FORMAT: Final = "jitsi"
REGIONAL: Final = "RegionBasedBridgeSelectionStrategy"
BLIND: Final = ("SingleBridgeSelectionStrategy", "IntraRegionBridgeSelectionStrategy", "SplitBridgeSelectionStrategy")
WITHOUT: Final = f"no region, or one without bridges {UNCLASSIFIED}"
OTHERS: Final = f"a region that is not named {UNCLASSIFIED}"
VIA: Final = "the region that a participant's server gives"

_SEEN: Final = re.compile(
    rb"^[ \t{]*\"?jicofo\"?[ \t]*(?:[{=:]|\.[ \t]*\"?(?:bridge|octo|local-region)\b)", re.MULTILINE
)
_ENDS: Final = (".conf", ".hocon")
_ANYWHERE: Final = re.compile(rb"(?:^|[\s,{}])\"?jicofo\"?[ \t]*[{=:.]", re.MULTILINE)
_WHAT: Final = "all bridges of {} are overloaded, full or down"
_YES: Final = ("true", "yes", "on")
_NO: Final = ("false", "no", "off")
_NUMBER: Final = re.compile(r"-?[0-9][0-9.eE+-]*")
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,8}")
_BRIDGE: Final = frozenset(
    "max-bridge-participants max-bridge-participants-interval max-bridge-packet-rate average-participant-packet-rate"
    "-pps average-participant-stress participant-rampup-interval stress-threshold failure-reset-threshold"
    " selection-strategy visitor-selection-strategy participant-selection-strategy topology-strategy region-groups"
    " health-checks brewery-jid xmpp-connection-name ice-failure-detection load-redistribution".split()
)
_OURS: Final = (
    ("jicofo", "bridge", "selection-strategy"),
    ("jicofo", "bridge", "region-groups"),
    ("jicofo", "octo", "enabled"),
    ("jicofo", "local-region"),
)


def sniff(file: File) -> bool:
    """Say whether it is a configuration of jicofo."""
    if file.name.endswith(_ENDS) and _ANYWHERE.search(file.data):
        return True
    return bool(_SEEN.search(file.data)) and not file.name.endswith((".yaml", ".yml", ".json"))


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read files, each a configuration of its own.  Raise InputError for what is no HOCON."""
    return [_Reader(file).routing() for file in files]


@dataclass(frozen=True, slots=True)
class Settings:
    """What jicofo is told."""

    at: Line
    regional: Line | None  # the line by which it minds regions; None: it doesn't
    groups: dict[str, frozenset[str]]  # region -> its group, itself among it
    local: str  # empty: not set
    named: dict[str, Line]  # all regions that are named


class _Reader:
    """One file."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.tree: Tree = hocon.parsed(file)
        self.unread: list[Unread] = []
        self.remarks: list[Remark] = []
        self.groups_at: Line | None = None

    def doubt(self, at: Line, text: str, why: str) -> None:
        self.unread.append(Unread(at, text[:200], why))

    def routing(self) -> Routing:
        settings = self.settings()
        if len(settings.named) > MOST:
            message = f"more than {MOST} regions are named; give the configuration of fewer"
            raise InputError(self.file.name, message, settings.at.line)
        areas = Areas(settings.named.items(), settings.at, _WHAT)
        clients = _clients(settings, areas)
        running = _Running(settings, areas)
        return Routing(FORMAT, (self.file,), clients, areas.pools, areas.sites, areas.faults, running.answer,
                       self.unread, self.remarks)  # fmt: skip

    def settings(self) -> Settings:
        for each in self.tree.unknown:
            if any(each.path[: len(ours)] == ours[: len(each.path)] for ours in _OURS):
                why = "includes, substitutions and `+=` are not followed; write out what jicofo gets"
                self.doubt(each.at, each.text, why)
        bridge = self.tree.get("jicofo", "bridge")
        for key, value in bridge.value.items() if bridge is not None and isinstance(bridge.value, dict) else ():
            if key not in _BRIDGE:
                self.doubt(value.at, key, "no setting of bridges that is known here; remove it if it chooses none")
        at = next((found.at for ours in _OURS if (found := self.tree.get(*ours))), self.tree.root.at)
        named: dict[str, Line] = {}
        groups = self.groups(named)
        local = self.local(named)
        regional = self.regional()
        if self.groups_at is not None:
            self.remarks.append(Remark(self.groups_at, _fence(regional is not None)))
        return Settings(at, None if self.unread else regional, groups, local, named)

    def groups(self, named: dict[str, Line]) -> dict[str, frozenset[str]]:
        """Read region-groups as jicofo does: of a region in two groups the later one holds."""
        given = self.tree.get("jicofo", "bridge", "region-groups")
        found: dict[str, frozenset[str]] = {}
        if given is None or given.value is None:
            return found
        self.groups_at = given.at
        if not isinstance(given.value, list):
            self.remarks.append(Remark(given.at, "region-groups is no list, so jicofo knows no group"))
            return found
        for each in given.value:
            if not isinstance(each.value, list):
                text = "an item of region-groups is no list of regions, so jicofo passes it over"
                self.remarks.append(Remark(each.at, text))
                continue
            names = {name: item.at for item in each.value if (name := self.name(item))}
            for name, at in names.items():
                if name in found and found[name] != frozenset(names):
                    self.remarks.append(Remark(at, f"region {name} is in two groups; the later one holds for it"))
                named.setdefault(name, at)
                found[name] = frozenset(names)
        return found

    def name(self, item: Value) -> str:
        text = item.value
        if not isinstance(text, str) or (not item.quoted and (text == "null" or _odd(text))) or not text:
            self.doubt(item.at, text if isinstance(text, str) else "", "no name of a region; put it in quotes")
            return ""
        return text

    def local(self, named: dict[str, Line]) -> str:
        given = self.tree.get("jicofo", "local-region")
        name = self.name(given) if given is not None else ""
        if given is not None and name:
            named.setdefault(name, given.at)
        return name

    def regional(self) -> Line | None:
        """Say by which line jicofo minds regions all along a conference."""
        given = self.tree.get("jicofo", "bridge", "selection-strategy")
        strategy = "SingleBridgeSelectionStrategy" if given is None else str(given.value or "")
        strategy = strategy.removeprefix("org.jitsi.jicofo.bridge.")
        several = self.several()
        if given is None:
            return None
        if strategy not in (REGIONAL, *BLIND):
            if given.value is not None:
                why = "no strategy that is followed here, so any bridge counts; use RegionBasedBridgeSelectionStrategy"
                self.doubt(given.at, strategy, why)
            return None
        if strategy == REGIONAL and not several:
            text = (
                "octo is not enabled, so all of a conference use the bridge of whoever came first, wherever that is: "
                "the strategy by regions places only the first participant"
            )
            self.remarks.append(Remark(given.at, text))
        return given.at if strategy == REGIONAL and several else None

    def several(self) -> bool:
        """Say whether a conference may have several bridges."""
        given = self.tree.get("jicofo", "octo", "enabled")
        if given is None or given.value is None or given.value in _NO:
            return False
        if given.value in _YES:
            return True
        self.doubt(given.at, str(given.value) if isinstance(given.value, str) else "", "neither true nor false")
        return False


def _odd(text: str) -> bool:
    """Say whether it is a number that may come out as other text."""
    return bool(_NUMBER.fullmatch(text)) and not _WHOLE.fullmatch(text)


def _fence(regional: bool) -> str:
    if regional:
        return "region groups are no fence: if a whole group is overloaded, full or down, any region's bridges are used"
    return (
        "region groups decide nothing here: by the strategy and octo that hold, a conference's bridge may be anywhere"
    )


def _clients(settings: Settings, areas: Areas) -> list[Client]:
    every = _spread(areas, list(areas.pools), settings.at, "any bridge")
    roots: dict[frozenset[str], Node] = {}

    def root(near: frozenset[str]) -> Node:
        if near not in roots:
            first = _spread(areas, [name for name in areas.pools if name in near], settings.at, "the region's group")
            rest = _spread(areas, [name for name in areas.pools if name not in near], settings.at, "any other region")
            roots[near] = First((first, rest), settings.regional or settings.at, ALL, "nearest group")
        return roots[near]

    found = [
        Client(f"region {name}", at, root(_group(settings, name)) if settings.regional else every, countries(name),
               via=VIA)
        for name, at in settings.named.items()
    ]  # fmt: skip
    if not settings.regional:
        return [*found, Client(UNCLASSIFIED, settings.at, every, via=VIA)]
    without = root(_group(settings, settings.local)) if settings.local else every
    other = root(frozenset({areas.rest}))
    return [*found, Client(WITHOUT, settings.at, without, via=VIA), Client(OTHERS, settings.at, other, via=VIA)]


def _group(settings: Settings, name: str) -> frozenset[str]:
    return settings.groups.get(name, frozenset({name}))


def _spread(areas: Areas, names: list[str], at: Line, label: str) -> Node:
    return Spread(tuple(Use(name, areas.at[name]) for name in names), at, on_down=ALL, label=label)


class _Running:
    """Jicofo under one outage: what a participant may get, whichever bridges the conference has already."""

    def __init__(self, settings: Settings, areas: Areas) -> None:
        self.settings, self.areas = settings, areas

    def answer(self, client: Client, down: frozenset[str]) -> Answer:
        """Name the regions whose bridges may serve."""
        settings, areas = self.settings, self.areas
        left = areas.up(down)
        if not left:
            step = Step(settings.at, "no region has a bridge with room: the least loaded one of all serves")
            return Answer(frozenset(areas.pools), (step,))
        if settings.regional is None:
            step = Step(settings.at, "regions don't bind: the bridge of the conference serves, or the least loaded")
            return Answer(frozenset(left), (step,))
        region = self._region(client)
        wanted = [name for name in left if name in self._wanted(region)]
        if wanted:
            text = f"a bridge of the group of {region} has room: {_list(wanted)}"
        else:
            text = f"no bridge of the group of {region or 'no region'} has room: any with room, {_list(left)}"
        return Answer(frozenset(wanted or left), (Step(settings.regional, text),))

    def _region(self, client: Client) -> str:
        """Return the region of a class for which jicofo looks; empty text is none."""
        if client.name in (WITHOUT, OTHERS):
            return self.settings.local if client.name == WITHOUT else self.areas.rest
        return client.name.removeprefix("region ")

    def _wanted(self, region: str) -> frozenset[str]:
        if not region:
            return frozenset()
        return self.settings.groups.get(region, frozenset({region}))


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
