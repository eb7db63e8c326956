"""Facts: what a payload says about names, calls, relays and refusals; one small strict parser per protocol.

`parse` doesn't raise on any payload: what isn't as its class promised says nothing, and the packet
stays counted in its flow.
"""

from collections.abc import Callable, Sequence
from typing import Final

from auditor.read.facts import discord, dns, h225, h245, iax, icmp, mgcp, rtsp, sip, skinny, stun, tls
from auditor.read.facts.model import Fact, Packet

Parser = Callable[[bytes, Packet], Sequence[Fact]]

PARSERS: Final[dict[str, Parser]] = {
    "discord": discord.parse,
    "dns": dns.parse,
    "dtls": tls.parse,
    "h225": h225.parse,
    "h245": h245.parse,
    "iax": iax.parse,
    "icmp": icmp.parse,
    "llmnr": dns.local,
    "mdns": dns.local,
    "mgcp": mgcp.parse,
    "rtsp": rtsp.parse,
    "sip": sip.parse,
    "skinny": skinny.parse,
    "stun": stun.parse,
    "tls": tls.parse,
}


def parse(app: str, payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the facts out of one transport payload.

    `app` is a name of `classify.APPS`.  For `icmp` the payload is the IP packet that the error quotes, and
    `packet.sport` and `packet.dport` are the type and the code of the ICMP message.
    """
    parser = PARSERS.get(app)
    return parser(payload, packet) if parser else ()
