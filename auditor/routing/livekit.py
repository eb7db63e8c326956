"""LiveKit's choice of a node for a room, as the configuration of its server sets it.

Reference: livekit/livekit, `config-sample.yaml`, pkg/routing/selector (`any`, `cpuload`, `sysload`, `limits`,
`regionaware`), pkg/service/roomallocator.go.  A node is chosen once for a room, by the node that was asked first; who
joins later is served where the room is.  Nodes register while they run, so the configuration names regions, no nodes.
"""

import math
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.areas import MOST, Areas, countries
from auditor.routing.documents import Document, load, unveiled
from auditor.routing.istio.parts import Part
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

FORMAT: Final = "livekit"
OPENED: Final = "rooms opened at "
VIA: Final = "the node that was asked first"
RADIUS: Final = 6378100  # of the earth in meters, as LiveKit has it
ALIKE: Final = 0.001  # meters by which distances may differ between machines

_SEEN: Final = re.compile(rb"^[ \t#]*node_selector[ \t]*:", re.MULTILINE)
_TOLD: Final = re.compile(rb"sysload_limit|cpu_load_limit|regionaware")
_SERVER: Final = re.compile(rb"^[ \t]*rtc[ \t]*:", re.MULTILINE)
_WHAT: Final = "all nodes of {} are over their limits or down"
_BLIND: Final = ("", "any", "random", "sysload", "cpuload", "multi", "limits")
_SELECTOR: Final = frozenset("kind sort_by algorithm sysload_limit cpu_load_limit bytes_per_sec_limit regions".split())
_REGION: Final = frozenset({"name", "lat", "lon"})


def sniff(file: File) -> bool:
    """Say whether it is the configuration of a LiveKit server, or one whose selector is commented out."""
    if not (_SEEN.search(file.data) or _SERVER.search(file.data)):
        hidden = unveiled(file)
        return bool(hidden) and _server(hidden[0]) is not None
    try:
        documents = load(file)
    except InputError:
        return bool(_SEEN.search(file.data) and _TOLD.search(file.data))
    if not documents:
        return bool(_SEEN.search(file.data) and _TOLD.search(file.data))
    return _server(documents[0]) is not None


def _server(document: Document) -> Part | None:
    """Find the server's configuration: the whole document, or what a chart holds under `livekit`."""
    whole = Part(document, (), document.tree)
    for part in (whole, whole.get("livekit")):
        keys = part.entries()
        if part.get("node_selector").entries().keys() & (_SELECTOR - {"algorithm"}):
            return part
        if keys.get("rtc") and part.get("rtc").entries() and keys.keys() & {"keys", "key_file", "turn", "room"}:
            return part
    return None


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read files, each a configuration of its own.  Raise InputError for what is no YAML."""
    return [_read(file) for file in files]


def _read(file: File) -> Routing:
    documents = load(file)
    part = _server(documents[0]) if documents else None
    if part is None:
        return _silent(file)
    reader = _Reader(part)
    for each in documents[1:]:
        at = Line(file.name, each.line())
        reader.unread.append(Unread(at, "---", "LiveKit reads the first document only; remove the others"))
    return reader.routing(file)


def _silent(file: File) -> Routing:
    """Tell of a file in which all is commented out: LiveKit has its own selector then, `any`."""
    number = next((at for at, line in enumerate(file.data.splitlines(), 1) if _SEEN.match(line)), 1)
    at = Line(file.name, number)
    why = "everything in this file is commented out, so LiveKit takes any node; take the signs away where it is meant"
    areas = Areas((), at, _WHAT)
    client = Client(UNCLASSIFIED, at, _any(areas, at), via=VIA)
    return Routing(FORMAT, (file,), [client], areas.pools, areas.sites, areas.faults,
                   _Running(areas, at, {}).answer, [Unread(at, "# node_selector:", why)])  # fmt: skip


class _Reader:
    """One configuration."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.selector = part.get("node_selector")
        self.unread: list[Unread] = []
        self.remarks: list[Remark] = []

    def doubt(self, part: Part, why: str, text: str = "") -> None:
        self.unread.append(Unread(part.at, (text or part.text())[:200], why))

    def routing(self, file: File) -> Routing:
        at = self.selector.at if self.selector.value is not None else self.part.at
        for key, inner in self.selector.entries().items():
            if key not in _SELECTOR:
                self.doubt(inner, "no setting of LiveKit's selector that is known here; remove it", key)
        regions = self.regions()
        here = self.text(self.part.get("region")) if self.part.get("region").value is not None else ""
        aware = self.aware()
        if aware and here and regions and here not in [name for name, *_ in regions]:
            self.doubt(self.part.get("region"), "LiveKit refuses to start: this region is not listed; add it")
        ranks: dict[str, dict[str, int]] = {}
        if aware and regions and not self.unread:
            names = dict.fromkeys(name for name, *_ in regions)
            ranks = {name: _ranks(self.distances(name, regions)) for name in ([here] if here else names)}
            self.remark(at)
        aware_but_all = aware and not regions
        if aware_but_all:
            self.remarks.append(Remark(at, "regionaware without regions tells no regions apart: any node is chosen"))
        named: dict[str, Line] = {}
        for name, each, *_ in regions:
            named.setdefault(name, each.at)
        if here:
            named.setdefault(here, self.part.get("region").at)
        areas = Areas(named.items(), at, _WHAT)
        running = _Running(areas, at, {} if self.unread else ranks)
        clients = _clients(areas, at, running.ranks, [here] if here else list(named))
        return Routing(FORMAT, (file,), clients, areas.pools, areas.sites, areas.faults, running.answer,
                       self.unread, self.remarks)  # fmt: skip

    def remark(self, at: Line) -> None:
        text = (
            "regionaware is no fence: nodes over their limits are dropped first, and the nearest region left is taken"
        )
        self.remarks.append(Remark(at, text))

    def aware(self) -> bool:
        kind = self.selector.get("kind")
        text = "" if kind.value is None else self.text(kind)
        if text == "regionaware":
            return True
        if text not in _BLIND:
            self.doubt(kind, "LiveKit refuses this kind of selector; use any, sysload, cpuload or regionaware")
        return False

    def text(self, part: Part) -> str:
        if not isinstance(part.value, str):
            self.doubt(part, "no text; put it in quotes")
            return ""
        return str(part.value)

    def regions(self) -> list[tuple[str, Part, float, float]]:
        """List the regions with latitude and longitude in degrees, as they stand."""
        given = self.selector.get("regions")
        if given.value is not None and not isinstance(given.value, list):
            self.doubt(given, "no list of regions")
        if len(given.items()) > MOST:
            message = f"more than {MOST} regions are listed; give the configuration of fewer"
            raise InputError(given.at.file, message, given.at.line)
        found = []
        for each in given.items():
            if unknown := set(each.entries()) - _REGION:
                self.doubt(each, "a region has name, lat and lon; remove the rest", min(unknown))
            name = self.text(each.get("name"))
            lat, lon = self.degrees(each, "lat", 90), self.degrees(each, "lon", 180)
            if name:
                found.append((name, each, lat, lon))
        return found

    def degrees(self, region: Part, key: str, most: int) -> float:
        part = region.get(key)
        if part.value is None:
            text = f"region {region.get('name').text()} has no {key}, which LiveKit takes for 0 degrees"
            self.remarks.append(Remark(region.at, text))
            return 0.0
        value = part.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
            self.doubt(part, f"no {key} in degrees; write a number from -{most} to {most}")
            return 0.0
        return float(value)

    def distances(self, here: str, regions: list[tuple[str, Part, float, float]]) -> dict[str, float]:
        """Return the distance in meters of every listed region from one; of a name that stands twice, as LiveKit does:
        measured from the first, to the last."""
        _, _, lat, lon = next(each for each in regions if each[0] == here)
        return {name: _distance(lat, lon, *there) for name, _, *there in regions}


def _distance(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Return meters along a great circle (haversine)."""
    la1, lo1, la2, lo2 = (math.radians(each) for each in (lat, lon, to_lat, to_lon))
    h = math.sin((la2 - la1) / 2) ** 2 + math.cos(la1) * math.cos(la2) * math.sin((lo2 - lo1) / 2) ** 2
    return 2 * RADIUS * math.asin(math.sqrt(min(1.0, h)))


def _any(areas: Areas, at: Line) -> Node:
    return Spread(tuple(Use(name, areas.at[name]) for name in areas.pools), at, on_down=ALL, label="any node")


def _clients(areas: Areas, at: Line, ranks: dict[str, dict[str, int]], asked: list[str]) -> list[Client]:
    every = _any(areas, at)
    found = []
    for name in asked:
        root = _nearest(areas, at, ranks[name]) if name in ranks else every
        found.append(Client(f"{OPENED}{name}", areas.at[name], root, countries(name), via=VIA))
    return [*found, Client(f"who joins a room {UNCLASSIFIED}", at, every, via=VIA)]


def _nearest(areas: Areas, at: Line, ranks: dict[str, int]) -> Node:
    """Choose by distance; regions that are as far may both be taken, and those not listed come last."""
    levels: list[Node] = []
    for _, level in groupby(sorted(ranks, key=lambda each: ranks[each]), key=lambda each: ranks[each]):
        uses = tuple(Use(name, areas.at[name]) for name in level)
        levels.append(uses[0] if len(uses) == 1 else Spread(uses, at, on_down=ALL, label="equally far"))
    return First((*levels, Use(areas.rest, areas.at[areas.rest])), at, ALL, "by distance")


def _ranks(distances: dict[str, float]) -> dict[str, int]:
    """Number regions by distance, those alike that differ by less than machines do."""
    rank, before = 0, -math.inf
    found = {}
    for name in sorted(distances, key=lambda each: distances[each]):
        rank += distances[name] - before > ALIKE
        before = distances[name]
        found[name] = rank
    return found


class _Running:
    """LiveKit's selectors under one outage."""

    def __init__(self, areas: Areas, at: Line, ranks: dict[str, dict[str, int]]) -> None:
        self.areas, self.at, self.ranks = areas, at, ranks

    def answer(self, client: Client, down: frozenset[str]) -> Answer:
        """Name the regions whose nodes may get the room."""
        left = self.areas.up(down)
        if not left:
            step = Step(self.at, "all nodes are over their limits: none is dropped, any that is not down serves")
            return Answer(frozenset(self.areas.pools), (step,))
        steps = [
            Step(self.areas.at[name], f"nodes of {name} are dropped: over their limits or down")
            for name in self.areas.pools
            if name not in left
        ]
        far = self.ranks.get(client.name.removeprefix(OPENED)) if client.name.startswith(OPENED) else None
        if far is None:
            return Answer(frozenset(left), (*steps, Step(self.at, "any node that is left serves, in whatever region")))
        listed = [name for name in left if name in far]
        if not listed:
            return Answer(frozenset(left), (*steps, Step(self.at, "no listed region is left: any other serves")))
        least = min(far[name] for name in listed)
        nearest = [name for name in listed if far[name] == least]
        step = Step(self.areas.at[nearest[0]], f"of those left, {' or '.join(nearest)} is nearest")
        return Answer(frozenset(nearest), (*steps, step))
