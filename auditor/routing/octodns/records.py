"""Records of a zone file of octoDNS, and what is wrong with them.

Shape and checks are those of octoDNS 1.22 (octodns/record/dynamic.py, geo.py, ip.py, and docs/dynamic_records.rst,
docs/geo_records.md).  octoDNS refuses the whole zone for one bad record unless that is `lenient`; here a record that it
would refuse is read as far as it says something, and keeps its own classes of clients open.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from auditor.routing import continents
from auditor.routing.documents import Disputed
from auditor.routing.model import Line, Remark, Unread
from auditor.routing.octodns.spots import Spot

UP, DOWN, OBEY = "up", "down", "obey"
VALUES, POOL, GEO = "values", "pool", "geo"
LONGEST: Final = 200  # characters that are kept of what is not understood
ROUTED: Final = ("A", "AAAA", "CNAME", "ALIAS")
"""Types of records that send clients somewhere by themselves; SRV and the like name hosts that are such records."""

SILENT: Final = frozenset("CAA DS HTTPS LOC MX NAPTR NS OPENPGPKEY PTR SOA SPF SRV SSHFP SVCB TLSA TXT URI".split())
"""Types that send nobody to an address by themselves."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
T = TypeVar("T")

_RECORD: Final = frozenset({"type", "ttl", "value", "values", "octodns", "comment"})
_ROUTING: Final = {
    "A": frozenset({"dynamic", "geo"}),
    "AAAA": frozenset({"dynamic", "geo"}),
    "CNAME": frozenset({"dynamic"}),
}
_OCTODNS: Final = frozenset({"healthcheck", "lenient", "excluded", "included", "cloudflare", "ignored"})
_CLOUDFLARE: Final = frozenset({"auto-ttl", "comment", "tags", "proxied"})
_PROVINCES: Final = {
    "CA": frozenset("AB BC MB NB NL NS NT NU ON PE QC SK YT".split()),
    "US": frozenset(
        "AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE NH NJ NM "
        "NV NY OH OK OR PA PR RI SC SD TN TX UM UT VA VI VT WA WI WV WY".split()
    ),
}


@dataclass(frozen=True, slots=True)
class Value:
    """An answer of a pool."""

    text: str  # an address in its usual form, or a host
    at: Line
    weight: int = 1
    status: str = OBEY


@dataclass(frozen=True, slots=True)
class Values:
    """What is answered together: a pool, the values of an old `geo` entry, or those of the record itself."""

    name: str
    at: Line
    values: tuple[Value, ...]
    kind: str = VALUES
    fallback: str | None = None

    @property
    def title(self) -> str:
        """What it is called, for people."""
        return self.kind if self.kind == VALUES else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who gets which pool."""

    pool: str
    at: Line
    geos: tuple[tuple[str, Line], ...] = ()
    subnets: tuple[tuple[Network, Line], ...] = ()


@dataclass(slots=True)
class Record:
    """A name and type, and what it answers."""

    name: str  # with its zone, where that is known
    type: str
    at: Line
    values: Values
    pools: dict[str, Values] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    geo: dict[str, Values] = field(default_factory=dict)  # of old records
    dynamic: bool = False
    problems: list[tuple[Line, str, str]] = field(default_factory=list)  # where, what stands there, why it matters
    remarks: list[Remark] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What it is called in names of clients."""
        return f"{self.name} {self.type}"

    def problem(self, spot: Spot, what: object, why: str) -> None:
        self.problems.append((spot.at, str(what)[:LONGEST], why))

    def remark(self, spot: Spot, text: str) -> None:
        self.remarks.append(Remark(spot.at, f"{self.title}: {text}"))

    def unread(self, names: Iterable[str]) -> list[Unread]:
        """Return its problems as lines that keep these clients open."""
        named = tuple(names)
        return [Unread(at, what, why, named) for at, what, why in self.problems]


def record(name: str, spot: Spot) -> Record | None:
    """Read one record; None for a type that sends nobody anywhere.  Raise InputError for what is no record."""
    found = spot.entries()
    if not isinstance(spot.value, dict) or "type" not in found:
        raise spot.error(f"`{name}` has no `type`, and octoDNS refuses it; give it one")
    kind = found["type"].value
    if kind in SILENT:
        return None
    if kind not in ROUTED:
        unknown = Record(name, str(kind)[:LONGEST], spot.at, Values(VALUES, spot.at, ()))
        unknown.problem(found["type"], kind, "no type that is known here; make sure that it sends nobody anywhere")
        return unknown
    made = Record(name, kind, spot.at, Values(VALUES, spot.at, ()))
    routing = _ROUTING.get(kind, frozenset())
    _unknown(made, found, _RECORD | routing, f"of a record of type {kind}")
    made.values = _values(made, found.get("values") or found.get("value"), spot)
    _settings(made, found)
    if "dynamic" in routing & found.keys():
        _dynamic(made, found["dynamic"])
        if "geo" in found:
            made.problem(found["geo"], "geo", "octoDNS refuses `geo` beside `dynamic`; remove it")
    elif "geo" in routing & found.keys():
        _geo(made, found["geo"])
    return made


def _unknown(made: Record, found: dict[str, Spot], known: frozenset[str], of: str) -> None:
    for key in found:
        if key not in known:
            made.problem(found[key], key, f"no known key {of}; octoDNS may read another than you mean: remove it")


def _values(made: Record, spot: Spot | None, whole: Spot) -> Values:
    """Read what a record answers where nothing else does; octoDNS takes one value or a list under either key."""
    values = [_value(made, item) for item in spot.items()] if spot else []
    if not values:
        made.problem(spot or whole, "values", "octoDNS refuses a record without values; give it one")
    return Values(VALUES, (spot or whole).at, tuple(values))


def _value(made: Record, spot: Spot, weight: int = 1, status: str = OBEY) -> Value:
    text = str(spot.value) if spot.value is not None else ""
    if made.type in ("CNAME", "ALIAS"):
        if not text or "{" in text or isinstance(spot.value, list | dict | tuple):
            made.problem(spot, text, "no name of a host, so nobody knows where it leads; write the host")
        return Value(text.lower(), spot.at, weight, status)
    kind = ipaddress.IPv4Address if made.type == "A" else ipaddress.IPv6Address
    try:
        address = kind(text)
    except ValueError:
        made.problem(
            spot, text, f"no address of a record of type {made.type}, so nobody knows where it leads; write one"
        )
        return Value(text, spot.at, weight, status)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return Value(str(mapped or address), spot.at, weight, status)


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
    _unknown(made, cloudflare, _CLOUDFLARE, "for Cloudflare")
    if "proxied" in cloudflare and cloudflare["proxied"].value not in (False, None):
        why = "at Cloudflare clients reach its own addresses, anywhere, instead of the values; judge that apart"
        made.problem(cloudflare["proxied"], "proxied", why)


def _dynamic(made: Record, spot: Spot) -> None:
    found = spot.entries()
    made.dynamic = True
    _unknown(made, found, frozenset({"pools", "rules"}), "of `dynamic`")
    pools = found["pools"].entries() if "pools" in found else {}
    if not pools:
        made.problem(found.get("pools", spot), "pools", "octoDNS refuses `dynamic` without pools; define one")
    for name, pool in pools.items():
        if isinstance(name, Disputed):
            made.problem(pool, name, "octoDNS reads this as a truth value and refuses it; put it in quotes everywhere")
        made.pools[name] = _pool(made, name, pool)
    _fallbacks(made, pools)
    rules = found["rules"].items() if "rules" in found else []
    for number, rule in enumerate(rules, 1):
        _rule(made, number, rule)
    if not made.rules:
        made.problem(found.get("rules", spot), "rules", "octoDNS refuses `dynamic` without rules; write one")
    _order(made)
    _unused(made, pools)


def _pool(made: Record, name: str, spot: Spot) -> Values:
    found = spot.entries()
    _unknown(made, found, frozenset({"values", "fallback"}), "of a pool")
    values = tuple(_pooled(made, item) for item in found["values"].items()) if "values" in found else ()
    if not values:
        made.problem(spot, name, "octoDNS refuses a pool without values; give it one")
    fallback = found.get("fallback")
    if fallback is None or fallback.value is None:
        return Values(name, spot.at, values, POOL)
    target = str(fallback.value)
    if target == "default":
        made.remark(fallback, "`fallback: default` means the values of the record to octoDNS, not a pool of that name")
        return Values(name, spot.at, values, POOL)
    return Values(name, spot.at, values, POOL, target)


def _pooled(made: Record, spot: Spot) -> Value:
    found = spot.entries()
    if "value" not in found:
        made.problem(spot, "value", "octoDNS refuses an entry without `value`; give it one")
        return Value("", spot.at)
    _unknown(made, found, frozenset({"value", "weight", "status"}), "of a pool's value")
    weight, status = 1, OBEY
    if "weight" in found:
        weight = found["weight"].value
        if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= 100:
            made.problem(found["weight"], weight, "octoDNS refuses weights other than 1 to 100; write one")
            weight = 1
    if "status" in found:
        status = found["status"].value
        if status not in (UP, DOWN, OBEY):
            made.problem(found["status"], status, "octoDNS refuses a status other than up, down and obey; write one")
            status = OBEY
        elif status != OBEY:
            text = (
                f"`status: {status}` is for NS1, Azure and Route 53; others check the value if `strict_supports` is off"
            )
            made.remark(found["status"], text)
    return _value(made, found["value"], weight, status)


def _fallbacks(made: Record, pools: dict[str, Spot]) -> None:
    """Find fallbacks that lead nowhere or in a circle, and end the chain there; each pool is walked over once."""
    walked: dict[str, str] = {}
    for start in made.pools:
        name: str | None = start
        while name is not None and name not in walked:
            walked[name] = start
            following = made.pools[name].fallback
            why = ""
            if following is not None and following not in made.pools:
                why = "no pool is called so, and octoDNS refuses this; define it"
            elif following is not None and walked.get(following) == start:
                why = "fallbacks go in a circle, and octoDNS refuses this; end it"
            if why:
                made.problem(pools[name].entries()["fallback"], following, why)
                made.pools[name] = replace(made.pools[name], fallback=None)
                following = None
            name = following


def _rule(made: Record, number: int, spot: Spot) -> None:
    found = spot.entries()
    _unknown(made, found, frozenset({"pool", "geos", "subnets"}), "of a rule")
    if "pool" not in found:
        made.problem(spot, f"rule {number}", "octoDNS refuses a rule without pool; give it one")
        return
    pool = found["pool"].value
    if not isinstance(pool, str) or pool not in made.pools:
        made.problem(found["pool"], pool, "no pool is called so, and octoDNS refuses this; define it")
    geos = _each(made, found.get("geos"), _place)
    subnets = _each(made, found.get("subnets"), _network)
    if subnets:
        text = "subnets are for NS1, Azure and Route 53; others match by `geos` alone if `strict_supports` is off"
        made.remark(found["subnets"], text)
    made.rules.append(Rule(str(pool), spot.at, tuple(geos), tuple(subnets)))


def _each(made: Record, spot: Spot | None, read: Callable[[str], Any]) -> list[tuple[Any, Line]]:
    found: list[tuple[Any, Line]] = []
    if spot is None or spot.value in ([], None):
        return found
    if not isinstance(spot.value, list):
        made.problem(spot, spot.value, "octoDNS refuses what is no list; put it in brackets")
    for item in spot.items():
        try:
            found.append((read(str(item.value)), item.at))
        except ValueError as error:
            made.problem(item, item.value, str(error))
    return found


def _place(code: str) -> str:
    """Check a code: continent, country and province, as octoDNS knows them."""
    continent, *inner = code.split("-")
    known = continent in continents.codes("octodns")
    if known and inner:
        known = continents.of("octodns", inner[0]) == continent
    if known and len(inner) > 1:
        known = len(inner) == 2 and inner[1] in _PROVINCES.get(inner[0], ())
    if not known:
        raise ValueError("octoDNS knows no such place; write continent-country-province, such as EU-NO or NA-US-CA")
    return code


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("no subnet, and octoDNS refuses it; write address/length without bits behind it") from None


def _order(made: Record) -> None:
    """Note rules whose order octoDNS refuses: what first matches and what matches best are two things then."""
    seen: dict[str, Line] = {}
    catching = None
    for rule in made.rules:
        if catching is not None:
            made.problems.append(
                (rule.at, f"pool: {rule.pool}", f"a rule for all stands before, in line {catching.line}")
            )
        for code, at in sorted(rule.geos):
            parts = code.split("-")
            above = ["-".join(parts[:length]) for length in range(1, len(parts) + 1)]
            before = next((seen[each] for each in above if each in seen), None)
            if before is not None:
                why = (
                    f"line {before.line} matches it already; octoDNS refuses this: put what is more special first, once"
                )
                made.problems.append((at, code, why))
            seen[code] = at
        if not rule.geos and not rule.subnets:
            catching = rule.at
    if made.rules and (made.rules[-1].geos or made.rules[-1].subnets):
        why = "the last rule has to be for all, or octoDNS refuses this: who matches none may get no answer; add one"
        made.problems.append((made.rules[-1].at, f"pool: {made.rules[-1].pool}", why))
    _subnet_order(made)


def _subnet_order(made: Record) -> None:
    seen: Prefixes[Line] = Prefixes()
    for rule in made.rules:
        for network, at in sorted(rule.subnets, key=lambda each: (each[0].version, each[0])):
            before = next(seen.over(network), None)
            if before is not None:
                why = (
                    f"line {before.line} matches it already; octoDNS refuses this: put what is more special first, once"
                )
                made.problems.append((at, str(network), why))
            seen.add(network, at)


class Prefixes(Generic[T]):
    """Something about networks, found by any network within."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int, int], T] = {}
        self.lengths: dict[int, list[int]] = {4: [], 6: []}  # that there are, the longest first

    def add(self, network: Network, what: T) -> None:
        lengths = self.lengths[network.version]
        if network.prefixlen not in lengths:
            lengths.append(network.prefixlen)
            lengths.sort(reverse=True)
        self.found[_prefix(network, network.prefixlen)] = what

    def over(self, network: Network) -> Iterator[T]:
        """Yield what is said of a network itself and of those that hold it, the smallest first."""
        for length in self.lengths[network.version]:
            if length <= network.prefixlen and (key := _prefix(network, length)) in self.found:
                yield self.found[key]


def _prefix(network: Network, length: int) -> tuple[int, int, int]:
    return network.version, length, int(network.network_address) >> (network.max_prefixlen - length)


def _unused(made: Record, pools: dict[str, Spot]) -> None:
    used = {rule.pool for rule in made.rules} | {pool.fallback for pool in made.pools.values()}
    for name in made.pools:
        if name not in used:
            made.remark(pools[name], f"no rule and no fallback leads to the pool `{name}`, which octoDNS refuses")


def _geo(made: Record, spot: Spot) -> None:
    for code, values in spot.entries().items():
        try:
            _place(code)
        except ValueError as error:
            made.problem(values, code, str(error))
            continue
        made.geo[code] = Values(code, values.at, tuple(_value(made, item) for item in values.items()), GEO)
    made.remark(spot, "`geo` is old: providers that don't know it answer everybody with the values of the record")
