"""What is understood in load balancers, and what their author may not have meant."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from auditor.routing.cloudflare.cases import overridden
from auditor.routing.cloudflare.model import Balancer, OriginPool, Settings
from auditor.routing.cloudflare.names import serving
from auditor.routing.model import Line, Remark

MAPS = (("pops", "pop_pools"), ("countries", "country_pools"), ("regions", "region_pools"))


def remarks(balancers: list[Balancer], pools: Mapping[str, OriginPool]) -> Iterator[Remark]:
    """List them, in the order of the configuration."""
    for balancer in balancers:
        yield from _fences(balancer.settings, dict(balancer.settings.lines))
        for rule in balancer.rules:
            changed: Settings = replace(balancer.settings, **overridden(balancer.settings, rule))
            lines = rule.overrides.get("lines", {})
            yield from _fences(changed, dict(lines))  # type: ignore[call-overload]
        yield from _location(balancer)
        if balancer.rules and balancer.settings.steering == "geo":
            text = "custom rules don't function as expected with geo steering: each may apply or not"
            yield Remark(balancer.rules[0].at, text)
        fallback = balancer.settings.fallback
        if fallback and pools[fallback.pool].known and not serving(pools[fallback.pool]):
            yield Remark(
                fallback.at, "the fallback pool has no endpoint in use: if all others are down there is no answer"
            )
    for pool in pools.values():
        yield from _pool(pool)


def _fences(settings: Settings, lines: dict[str, Line]) -> Iterator[Remark]:
    if settings.steering == "geo":
        return
    for field, name in MAPS:
        if getattr(settings, field) and field in lines:
            text = (
                f"{name} is a dead fence: steering policy {settings.steering} ignores it, default pools serve everybody"
            )
            yield Remark(lines[field], text)


def _location(balancer: Balancer) -> Iterator[Remark]:
    settings = balancer.settings
    if balancer.proxied or settings.steering != "geo" or settings.mode != "pop" or not settings.countries:
        return
    text = (
        "country_pools goes by the country of the point of presence that answers, not of the client: it is not proxied"
    )
    if settings.ecs in ("always", "geo"):
        text += ", and only some resolvers send the client's subnet"
    yield Remark(settings.lines.get("countries", balancer.at), text)


def _pool(pool: OriginPool) -> Iterator[Remark]:
    used = serving(pool)
    if not pool.known:
        text = f"pool {pool.title[:100]} is not defined in the files that were given: it is taken for one that may fail"
        yield Remark(pool.at, text)
    elif not used:
        yield Remark(pool.at, f"pool {pool.title[:100]} is disabled or has no endpoint in use: it is passed over")
    elif pool.monitor and pool.minimum > len(used):
        text = (
            f"pool {pool.title[:100]} needs {pool.minimum} healthy endpoints and has {len(used)}: it is never healthy"
        )
        yield Remark(pool.at, text)
    elif not pool.monitor:
        yield Remark(pool.at, f"pool {pool.title[:100]} has no monitor: nothing takes it out of use when it fails")
