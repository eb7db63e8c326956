"""Which exchange shows a touch: what the example knows of it, and no more than that where the rule asks."""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Final

from auditor import opening
from auditor.model.rule import Rule
from auditor.rules.format import Touch
from tests.staging import CannotStage, wire
from tests.staging.wire import End, Frames

UNKNOWN: Final = "unknown"
SHOWS: Final = {
    "rtp": "media",
    "srtp": "media",
    "clear": "media",
    "dtls": "media",
    "sip": "signalling",
    "ssh": "management",
}
"""What packets alone tell of the plane."""
TOLD: Final = ("attested", "offered")
APART: Final = ("reported", "configured")


@dataclass(frozen=True)
class Asked:
    """What a rule asks of a touch: where it doesn't, evidence may say more than an example."""

    direction: bool
    encrypted: bool
    operator: bool
    service: bool
    site: bool
    proof: bool
    signalling: bool  # calls among participants are judged themselves


def asks(rule: Rule) -> Asked:
    planes, must = rule.applies.planes, rule.asserts
    encrypted = must.verb == "must_be_encrypted"
    operated = must.operators is not None or must.operated is not None
    return Asked(
        rule.applies.directions is not None,
        encrypted,
        operated,
        rule.applies.services is not None or must.services is not None,
        must.sites is not None
        or (rule.proof and (operated or must.services is not None)),  # that alone proves who runs what
        rule.proof,
        "client" in must.roles and (planes is None or "signalling" in planes),
    )


def carrier(touch: Touch, asked: Asked, rng: Random) -> str:
    """Name the exchange that shows a touch.  Raise CannotStage for what no capture shows."""
    if touch.basis in APART:
        raise CannotStage(f"basis `{touch.basis}`: a log, a call record or a configuration says it, no packet")
    if touch.service and touch.role == UNKNOWN:
        raise CannotStage("a service of an end that may be anything: who is known to serve is a server or a relay")
    if touch.basis in TOLD:
        return _heard(touch, asked)
    unseen = asked.direction and touch.direction is None  # nobody may know who opened it
    if touch.outcome:
        if unseen:
            raise CannotStage("an attempt by nobody knows whom: a SYN says who sent it")
        if asked.encrypted and touch.encrypted != UNKNOWN:
            raise CannotStage("an attempt that was encrypted, or not: it carried nothing")
        return "attempt"
    if asked.encrypted:
        return _ciphered(touch, asked, unseen, rng)
    if unseen or (touch.role == UNKNOWN and touch.plane not in ("media", "signalling")):
        return "rtp" if touch.plane == "media" else "opaque"
    if touch.plane == "media":
        return rng.choice(("rtp", "dtls")) if touch.direction is None else "tls"
    if touch.plane == "signalling":
        return "sip"
    return "ssh" if touch.plane == "management" else rng.choice(("tls", "tls", "opaque"))


def _heard(touch: Touch, asked: Asked) -> str:
    """Name how signalling tells of a touch that no packet shows."""
    if touch.plane == UNKNOWN:
        raise CannotStage(f"basis `{touch.basis}` with an unknown plane: what tells of a place tells its plane")
    if touch.outcome or (asked.direction and touch.direction) or (asked.encrypted and touch.encrypted != UNKNOWN):
        raise CannotStage(f"basis `{touch.basis}` with what only packets show: an opening, an outcome, a cipher")
    return touch.basis


def _ciphered(touch: Touch, asked: Asked, unseen: bool, rng: Random) -> str:
    """Show of encryption what the example says, or nothing."""
    datagrams = touch.plane == "media" and not (asked.direction and touch.direction)  # nobody sees who opened them
    if unseen and touch.encrypted != UNKNOWN and not datagrams:
        raise CannotStage("encrypted or not, by nobody knows whom: what shows one shows the other")
    if touch.encrypted is True:
        return ("srtp" if unseen else "dtls") if datagrams else "ssh" if touch.plane == "management" else "tls"
    if touch.encrypted is False:
        return "clear" if datagrams else "sip" if touch.plane == "signalling" else "http"
    return "rtp" if datagrams else "opaque"


def ports(kind: str, touch: Touch, rng: Random) -> tuple[int, int]:
    """Ports of who comes and of the place."""
    own, high = rng.randrange(49152, 65000, 2), rng.randrange(49152, 65000, 2)
    if touch.role == UNKNOWN:
        return own, high
    return own, {
        "tls": rng.choice((443, 8443)), "quic": 443, "looked-up": 443, "http": rng.choice((80, 8080)),
        "ssh": 22, "opaque": high, "attempt": rng.choice((443, 22, 3478)),
    }.get(kind) or rng.randrange(16384, 27000, 2)  # fmt: skip


def played(kind: str, touch: Touch, comer: End, place: End, name: str, begun: bool, rng: Random) -> Frames:
    """Write the packets of an exchange, opened by the side that the example says, by default who came."""
    client, server = (place, comer) if touch.direction == "from" else (comer, place)
    if kind in ("rtp", "srtp", "clear"):
        return wire.rtp(comer, place, rng)
    if kind == "dtls":
        return wire.dtls(comer, place, rng) + wire.rtp(comer, place, rng)
    if kind == "quic":
        return wire.quic(client, server, name, rng)
    if kind == "attempt":
        return wire.attempt(client, server, touch.outcome == "rejected", rng)
    said = {
        "tls": lambda: wire.tls(name, rng), "http": lambda: wire.http(name, rng), "ssh": lambda: wire.ssh(rng),
        "opaque": lambda: wire.opaque(rng), "looked-up": lambda: wire.tls(None, rng),
    }[kind]()  # fmt: skip
    return wire.connection(client, server, said, rng, begun)


def plain(touch: Touch) -> bool:
    """Say whether packets went there, and the place was not the side that opened."""
    return touch.basis == "observed" and not touch.outcome and touch.direction != "from"


def tunnels(touch: Touch, asked: Asked) -> bool:
    """Say whether a hop can be shown by a tunnel around what two participants exchange."""
    plain = touch.basis == "observed" and not (touch.outcome or touch.service or asked.encrypted or touch.direction)
    return plain and touch.plane in ("media", "other", UNKNOWN)


def named(touch: Touch, kind: str, planes: Collection[str] | None, rng: Random) -> str:
    """Return a name by which the shipped catalogue knows service and plane of a touch, where it does."""
    if kind != "tls" or not touch.service or touch.role != "server" or touch.direction:
        return ""
    if touch.plane == UNKNOWN or (planes is not None and touch.plane not in planes):
        return ""  # a name can bring traffic under a rule, and never out of it
    known = opening.catalogue().names.items()
    fitting = sorted(
        suffix for suffix, entry in known
        if (entry.service, entry.planes, entry.role) == (touch.service, touch.plane, "server")
    )  # fmt: skip
    return f"{rng.choice(('', 'a.', 'eu1.'))}{rng.choice(fitting)}" if fitting and rng.random() < 0.7 else ""
