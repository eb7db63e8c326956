"""Attributes of pools and their endpoints become what `model` describes; whatever isn't understood is kept."""

from collections.abc import Iterator
from typing import Any, Final

from auditor.routing.cloudflare.model import Origin, OriginPool
from auditor.routing.cloudflare.reading import Reading, amount, first, flag, is_open, objects, strange, word
from auditor.routing.cloudflare.sources import Thing
from auditor.routing.terraform import Ref, Unresolved, Value, items

POOL_IDLE: Final = frozenset(
    """id description latitude longitude notification_email notification_filter created_on modified_on disabled_at
    account_id networks origin_steering timeouts""".split()
)
"""Attributes of a pool that don't say whether it is used: which endpoint is taken is open anyway."""
POOL_READ: Final = frozenset(
    "name enabled origins minimum_origins monitor monitor_group check_regions load_shedding health_sources".split()
)
ORIGIN_READ: Final = frozenset("name address enabled weight port header virtual_network_id".split())
ORIGIN_IDLE: Final = frozenset({"flatten_cname", "disabled_at", "failure_reason", "healthy"})


def read_pools(reading: Reading) -> None:
    """Read all pools; two of one key are kept as the first, and the second as not understood."""
    for thing in reading.things.pools:
        if thing.key in reading.pools:
            reading.lost(thing.value.at, thing.key, "another pool has this identifier too; keep one")
            continue
        reading.pools[thing.key] = _pool(thing, reading)


def _pool(thing: Thing, reading: Reading) -> OriginPool:
    found, at = thing.value.data, thing.value.at
    strange(found, POOL_READ | POOL_IDLE, reading, thing.exists)
    origins = tuple(_origins(found.get("origins"), reading))
    title = word(found, "name", "", reading)
    monitors = [_monitor(found.get(name), reading) for name in ("monitor", "monitor_group")]
    shedding = first(found.get("load_shedding"), reading)
    percents = [amount(shedding, name, 0, reading) for name in ("default_percent", "session_percent")]
    regions = found.get("check_regions")
    checked = tuple(sorted(str(each.data) for each in items(regions))) if regions else ()
    sources = tuple(str(each.data) for each in items(found.get("health_sources")))
    minimum = amount(found, "minimum_origins", 1, reading)
    return OriginPool(
        thing.key, title or thing.key, flag(found, "enabled", True, reading), origins, max(1, int(minimum)),
        " and ".join(filter(None, monitors)), (*checked, *sources), any(each > 0 for each in percents), at,
    )  # fmt: skip


def _origins(value: Value | None, reading: Reading) -> Iterator[Origin]:
    if value is None:
        return
    for each in objects(value, reading):
        found = each.data
        strange(found, ORIGIN_READ | ORIGIN_IDLE, reading)
        address = word(found, "address", "", reading)
        at = found["address"].at if "address" in found else each.at
        if not address and not (isinstance(found.get("address"), Value) and is_open(found["address"])):
            reading.lost(at, "address", "an endpoint needs an address; write it, or give the plan as JSON")
        name = word(found, "name", address, reading)
        port, network = (found[key].data if key in found else None for key in ("port", "virtual_network_id"))
        hosts = sorted(str(part) for part in _flat(found.get("header")))
        probed = (str(port or ""), str(network or ""), *hosts)
        weight = amount(found, "weight", 1, reading)
        yield Origin(name, address, flag(found, "enabled", True, reading), weight, probed, at)


def _flat(value: Value | None) -> Iterator[Any]:
    data = value.data if value else None
    if isinstance(data, dict):
        for key in sorted(data, key=str):
            if key not in ("header", "values"):
                yield str(key).lower()
            yield from _flat(data[key])
    elif isinstance(data, list):
        for each in data:
            yield from _flat(each)
    elif data is not None:
        yield str(data).lower() if str(data).lower() == "host" else data


def _monitor(value: Value | None, reading: Reading) -> str:
    if value is None or value.data in (None, ""):
        return ""
    if isinstance(value.data, Unresolved):
        reading.hole(value.data, value.at)
        return f"monitor of line {value.at.line}"
    if isinstance(value.data, Ref):
        return value.data.address
    return reading.things.keys.get(str(value.data), str(value.data))
