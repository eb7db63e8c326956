"""Calls by SIP (RFC 3261) and what their descriptions announce (RFC 8866)."""

from dataclasses import dataclass, field
from random import Random

from tests.staging.wire import End, Frames, udp

KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"


@dataclass(frozen=True)
class Stream:
    """One m= section: where its sender takes it, by which profile, keyed or not."""

    end: End
    media: str = "audio"
    profile: str = "RTP/AVP"
    keyed: bool = False

    def lines(self) -> list[str]:
        kind = "IN IP6" if ":" in self.end[0] else "IN IP4"
        form = "0" if self.media == "audio" else "*"
        told = [f"m={self.media} {self.end[1]} {self.profile} {form}", f"c={kind} {self.end[0]}"]
        return told + ([KEY] if self.keyed else [])


@dataclass
class Leg:
    """What one caller and whom it calls say to each other; `identity` ties legs of one session (RFC 7989)."""

    caller: End
    callee: End
    call_id: str
    offers: list[Stream] = field(default_factory=list)
    answers: list[Stream] = field(default_factory=list)
    passed: list[tuple[str, bool]] = field(default_factory=list)  # who handed the request on, and stays on the route
    identity: tuple[str, str] | None = None
    redirect: str = ""  # the answer sends the caller there instead


def invite(leg: Leg, rng: Random) -> tuple[Frames, Frames]:
    """Set a call up, and end it."""
    users, domain = rng.sample(("alice", "bob", "carol", "dave", "li", "wang", "olga", "pia"), 2), "voice.example.com"
    tags = [f"{rng.randrange(1 << 24):06x}" for _ in users]
    there = f"sip:{users[1]}@{domain}"
    start = {name: f"{name} {there} SIP/2.0" for name in ("INVITE", "ACK", "BYE")}
    frames: Frames = []

    def send(first: str, method: str, number: int, body: str = "", *more: str) -> None:
        request = not first.startswith("SIP/2.0")
        branch = f"z9hG4bK{rng.randrange(1 << 32):08x}"
        vias = [_via(leg.caller, branch)]
        if leg.passed and request:  # the nearest stands first, who made the request last
            vias = [_via((address, 5060), f"{branch}{at}") for at, (address, _) in enumerate(leg.passed)] + vias
            vias.insert(0, _via(leg.caller, branch + "n"))
        lines = [
            first, *vias,
            f"From: <sip:{users[0]}@{domain}>;tag={tags[0]}", f"To: <{there}>" + (";tag=" + tags[1]) * (number > 1),
            f"Call-ID: {leg.call_id}", f"CSeq: {number} {method}", *more,
        ]  # fmt: skip
        lines += [f"Record-Route: <sip:{_host(address)};lr>" for address, stays in leg.passed if stays]
        if leg.identity:
            lines.append("Session-ID: {};remote={}".format(*leg.identity))
        if body:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()
        frames.append(udp(leg.caller, leg.callee, text) if request else udp(leg.callee, leg.caller, text))

    send(start["INVITE"], "INVITE", 1, described(leg.caller[0], leg.offers), "Max-Forwards: 70")
    if leg.redirect:
        contact = f"Contact: <sip:{users[1]}@{_host(leg.redirect)}:5060>"
        send("SIP/2.0 302 Moved Temporarily", "INVITE", 1, "", contact)
        send(start["ACK"], "ACK", 1)
        return frames, []
    send("SIP/2.0 180 Ringing", "INVITE", 1)
    send("SIP/2.0 200 OK", "INVITE", 1, described(leg.callee[0], leg.answers))
    send(start["ACK"], "ACK", 1)
    begun = len(frames)
    send(start["BYE"], "BYE", 2)
    send("SIP/2.0 200 OK", "BYE", 2)
    return frames[:begun], frames[begun:]


def described(owner: str, streams: list[Stream]) -> str:
    if not streams:
        return ""
    kind = "IN IP6" if ":" in owner else "IN IP4"
    lines = ["v=0", f"o=- 7 1 {kind} {owner}", "s=-", "t=0 0", *(line for each in streams for line in each.lines())]
    return "\r\n".join([*lines, ""])


def _via(end: End, branch: str) -> str:
    return f"Via: SIP/2.0/UDP {_host(end[0])}:{end[1]};branch={branch}"


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
