"""Health checks as their elements are written, in the spelling of the API (HealthCheckConfig)."""

from collections.abc import Mapping
from typing import Any, Final

from auditor.routing.route53.records import (
    CALCULATED,
    ENDPOINT,
    Check,
    Config,
    Place,
    Symbol,
    address,
    flag,
    named,
    number,
    text,
)

_PROBE: Final = ("Port", "Type", "ResourcePath", "SearchString", "EnableSNI")
_IGNORED: Final = frozenset({"RequestInterval", "FailureThreshold", "MeasureLatency", "Regions"})
_CHECK: Final = frozenset({
    *_PROBE, *_IGNORED, "IPAddress", "FullyQualifiedDomainName", "Inverted", "Disabled", "HealthThreshold",
    "ChildHealthChecks", "AlarmIdentifier", "InsufficientDataHealthStatus", "RoutingControlArn",
})  # fmt: skip
_SIGNALS: Final = ("CLOUDWATCH_METRIC", "RECOVERY_CONTROL")


def check(config: Config, ident: str, given: Mapping[str, Any], at: Place) -> None:
    """Read a HealthCheckConfig, and take it into a configuration."""
    for key in sorted(given):
        if key not in _CHECK:
            config.unclear(at(key), key, "is no element of a health check that is known; remove it")
    if ident in config.checks:
        before = f"{ident} (first in line {config.checks[ident].at.line})"
        config.unclear(at(), before, "is defined twice; keep one definition")
        return
    kind = text(given.get("Type")).upper()
    if kind not in (*ENDPOINT, *_SIGNALS, CALCULATED) or isinstance(given.get("Type"), Symbol):
        config.unclear(at("Type"), kind or ident, "is no type of health check that is known; correct it")
        return
    states = {}
    for key in ("Inverted", "Disabled"):
        state = False if given.get(key) is None else flag(given[key])
        if state is None:
            config.unclear(at(key), ident, f"{key} must be true or false; write one of them")
            return
        states[key] = state
    host = text(given.get("IPAddress")) or text(given.get("FullyQualifiedDomainName"))
    host = address(host, "A") or address(host, "AAAA") or named(host)
    how = " ".join(f"{key}={text(given[key])}" for key in _PROBE if given.get(key) is not None)
    if given.get("IPAddress"):
        how += f" Host={text(given.get('FullyQualifiedDomainName'))}"
    threshold, children = number(given.get("HealthThreshold")), given.get("ChildHealthChecks") or []
    if kind == CALCULATED and (threshold is None or not isinstance(children, list)):
        config.unclear(at("HealthThreshold"), ident, "needs a threshold and a list of children; write both")
        return
    config.checks[ident] = Check(
        ident, at(), kind, host if kind in ENDPOINT else "", how if kind in ENDPOINT else "", threshold or 0,
        tuple(dict.fromkeys(text(each) for each in children)) if kind == CALCULATED else (),
        states["Inverted"], states["Disabled"],
    )  # fmt: skip
