"""Facts: what a payload says about names, calls, relays and refusals; one small strict parser per protocol.

`parse` doesn't raise on any payload: what isn't as its class promised says nothing, and the packet
stays counted in its flow.
"""

from collections.abc import Callable, Sequence
from typing import Final

from auditor.read.facts import dns, icmp, sip, stun, tls
from auditor.read.facts.model import Fact, Packet

Parser = Callable[[bytes, Packet], Sequence[Fact]]

PARSERS: Final[dict[str, Parser]] = {
    "dns": dns.parse,
    "dtls": tls.parse,
    "icmp": icmp.parse,
    "llmnr": dns.local,
    "mdns": dns.local,
    "sip": sip.parse,
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
