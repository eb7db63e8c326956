"""The formats of routing configuration, each a module with a `sniff` and a `read`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from auditor.routing import (
    clouddns,
    cloudflare,
    envoy,
    gdnsd,
    istio,
    jitsi,
    livekit,
    octodns,
    openstreetmap,
    plain,
    powerdns,
    route53,
    trafficmanager,
    unread,
)  # fmt: skip
from auditor.routing.model import File, Routing
from auditor.routing.store import Store


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is known and read."""

    sniff: Callable[[File], bool]
    """Say, by content, whether a file is of this format."""
    read: Callable[[Sequence[File], Store], list[Routing]]
    """Read all given files of this format together; what they include comes from the store.

    Raise InputError, with file, line and remedy, for what can't be read at all.
    """
    belongs: Callable[[File], bool] = lambda file: False
    """Say whether a file is in a language that holds other formats too, and may matter to this one though `sniff`
    says no: a Terraform file with values of variables.  It is read along wherever files of the format are."""


FORMATS: Final[dict[str, Format]] = {
    plain.FORMAT: Format(plain.sniff, plain.read),
    clouddns.FORMAT: Format(clouddns.sniff, clouddns.read, clouddns.belongs),
    octodns.FORMAT: Format(octodns.sniff, octodns.read),
    istio.FORMAT: Format(istio.sniff, istio.read),
    envoy.FORMAT: Format(envoy.sniff, envoy.read),
    route53.FORMAT: Format(route53.sniff, route53.read, route53.belongs),
    openstreetmap.FORMAT: Format(openstreetmap.sniff, openstreetmap.read),
    cloudflare.FORMAT: Format(cloudflare.sniff, cloudflare.read, cloudflare.belongs),
    trafficmanager.FORMAT: Format(trafficmanager.sniff, trafficmanager.read, trafficmanager.belongs),
    powerdns.FORMAT: Format(powerdns.sniff, powerdns.read),
    livekit.FORMAT: Format(livekit.sniff, livekit.read),
    jitsi.FORMAT: Format(jitsi.sniff, jitsi.read),
    gdnsd.FORMAT: Format(gdnsd.sniff, gdnsd.read),
    unread.FORMAT: Format(unread.sniff, unread.read),
}
"""In the order in which they are asked; the first that knows a file has it."""
