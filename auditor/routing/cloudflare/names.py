"""What endpoints and their outages are called, in graphs and in the interpreter alike."""

from auditor.routing.addresses import is_address
from auditor.routing.cloudflare.model import Origin, OriginPool


def serving(pool: OriginPool) -> tuple[Origin, ...]:
    """List the endpoints that a pool has in use."""
    return tuple(origin for origin in pool.origins if origin.enabled) if pool.enabled else ()


def endpoint(pool: OriginPool, origin: Origin, retried: bool = False) -> str:
    """Name an endpoint of a pool."""
    twins = [each for each in pool.origins if each.name == origin.name]
    number = f" {twins.index(origin) + 1}" if len(twins) > 1 else ""
    return f"{pool.key}/{origin.name}{number}{' (retried)' if retried else ''}"


def outages(pool: OriginPool, origin: Origin, retried: bool = False) -> dict[str, str]:
    """Give the faults that take an endpoint of a pool away, with what has happened then.

    The check of one address by one monitor is one fault, whichever pools have the address; checks from other regions,
    or with another port, host or network, are others.  Without a monitor only a name that can't be resolved counts,
    and where failed requests go on to other pools, an endpoint that can't be connected to.
    """
    found: dict[str, str] = {}
    address = origin.address or f"line {origin.at.line}"
    if pool.monitor:
        parts = [each for each in (*origin.probed, *pool.checked_from) if each]
        apart = f" ({', '.join(parts)})" if parts else ""
        found[f"check:{pool.monitor}:{address}{apart}"] = f"{address}{apart} fails the checks of {pool.monitor}"
    if not is_address(address) and origin.address:
        found[f"dns:{address}"] = f"the name {address} can't be resolved"
    if retried:
        found[f"connect:{address}"] = f"requests to {address} fail"
    return found


def retried(pool: OriginPool, across: bool) -> bool:
    """Say whether a request that fails goes on to another pool though nobody checks this one."""
    return across and not pool.monitor and len(serving(pool)) == 1
