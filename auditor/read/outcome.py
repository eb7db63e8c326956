"""Who opened each flow, and whether it carried anything: an attempt that nobody answered is no touch.

Both are read from what a capture must show if it is so.  Where a tap saw one direction of a TCP connection or of
a recognised stream, content travelled; any other datagrams that nobody answered may have gone to nobody, so
they are attempts, which a rule can neither pass nor fail by.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.model.flow import CARRIED, REJECTED, UNANSWERED
from auditor.read.apps import Bits, bit
from auditor.read.arrays import I64, Bool
from auditor.read.headers import ERROR, FIN, FRAGMENT, RST, SYN, SYNACK
from auditor.read.pairing import Both, Paired, Sums

OPENED: Final = ("", "handshake", "protocol")
OUTCOMES: Final = (CARRIED, UNANSWERED, REJECTED)
_NOT_KNOWN, _HANDSHAKE, _PROTOCOL = range(3)
_CARRIED, _UNANSWERED, _REJECTED = range(3)

_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_DNS_PORT = 53
_ASKING: Final = (
    "sip",
    "dns",
    "stun",
    "dtls",
    "quic",
    "mdns",
    "llmnr",
    "ntp",
    "snmp",
    "dhcp",
    "netbios",
    "ssdp",
    "coap",
    "mgcp",
    "h225",
    "iax",
    "discord",
    "radius",
    "tftp",
)
"""Protocols that ask before they send: refused by ICMP and never answered, they carried nothing."""
FEW: Final = 3
"""Datagrams that a refusal speaks for; of more, some may have arrived, and anybody can forge a refusal."""
_STREAMS: Final = ("rtp", "rtcp", "zoom", "turn")
"""What is sent for long without an answer on the same ports; all else that nobody answers is an attempt."""


def openers(flows: Paired, sums: Sums, seen: Bits, asked: NDArray[np.int8]) -> tuple[I64, I64]:
    """Return the side that opened each flow (0: a), and how that is known: an index into `OPENED`.

    `asked` is what facts say (0 or 1: that side asked, -1: nothing).  Else the sender of the first packet
    stands first; of two at the same instant, the lesser end.
    """
    side = (sums.began[1] < sums.began[0]).astype(np.int64)
    how = np.zeros(len(flows), np.int64)

    dns = seen & bit("dns") != 0
    server_a, server_b = flows.a_port == _DNS_PORT, flows.b_port == _DNS_PORT
    _settle(side, how, _PROTOCOL, dns & server_b & ~server_a, dns & server_a & ~server_b)
    _settle(side, how, _PROTOCOL, asked == 0, asked == 1)
    tcp = flows.protocol == _TCP
    syn_a, syn_b = (tcp & (flags & SYN != 0) for flags in sums.flags)
    ack_a, ack_b = (tcp & (flags & SYNACK != 0) for flags in sums.flags)
    # A SYN that nobody accepted and that comes after other packets may be anybody's.
    first_a, first_b = (ack | (sums.began[i] <= sums.began[1 - i]) for i, ack in enumerate((ack_b, ack_a)))
    from_a, from_b = (syn_a | ack_b) & ~(syn_b | ack_a) & first_a, (syn_b | ack_a) & ~(syn_a | ack_b) & first_b
    _settle(side, how, _HANDSHAKE, from_a, from_b)
    return side, how


def _settle(side: I64, how: I64, means: int, from_a: Bool, from_b: Bool) -> None:
    side[from_a], side[from_b] = 0, 1
    how[from_a | from_b] = means


def outcomes(flows: Paired, sums: Sums, seen: Bits, answered: Bool, refused: Bool) -> I64:
    """Return what became of each flow: an index into `OUTCOMES`.

    `answered` marks flows in which a STUN server or peer answered, `refused` those of which an ICMP error says that a
    packet was not delivered.
    """
    sent, flags = sums.packets, sums.flags
    payload = sums.payload > 0
    one_way = (sent[0] == 0) | (sent[1] == 0)
    tcp, udp = flows.protocol == _TCP, flows.protocol == _UDP
    icmp = (flows.protocol == _ICMP) | (flows.protocol == _ICMP6)

    asks = bit("stun")
    content = payload & (seen & ~(asks | bit("")) != 0)
    empty = ~payload | ((seen & asks != 0) & ~content & ~answered)
    empty = np.where(tcp, ~payload & ~_established(sent, flags), empty & one_way)  # questions both ways did arrive
    apart = (flags[0] | flags[1]) & FRAGMENT != 0  # without ports: the answer may stand in another row
    empty |= udp & one_way & (seen & bit(*_STREAMS) == 0) & ~answered & ~apart
    empty = np.where(icmp, one_way & (flags[0] & ERROR == 0) & (flags[1] & ERROR == 0), empty)

    only_asked = seen & ~(bit(*_ASKING) | bit("", "other")) == 0
    reset = tcp & ((flags[0] | flags[1]) & RST != 0) & ~_aborted(flags)
    result = np.where(empty, _UNANSWERED, _CARRIED)
    few = sent[0] + sent[1] <= FEW
    result[empty & (reset | (refused & (few | tcp)))] = _REJECTED
    result[~tcp & one_way & only_asked & refused & ~answered & few] = _REJECTED
    result[icmp & one_way & ((flags[0] | flags[1]) & ERROR != 0)] = _REJECTED  # the refusal itself is no exchange
    return result.astype(np.int64)


def _established(sent: Both, flags: Both) -> Bool:
    """Say which TCP flows without data were connections all the same.

    Either a SYN/ACK was acknowledged (the other side sent more than a SYN and a RST), or one side took leave by FIN, or
    there are segments without SYN and RST: the middle of a connection whose data went past this tap.
    """
    known: Bool = (flags[0] | flags[1]) & FIN != 0
    for one, other in ((0, 1), (1, 0)):
        reset = (flags[one] & RST != 0).astype(np.int64)
        known |= (flags[other] & SYNACK != 0) & (sent[one] > 1 + reset)
        plain = (sent[one] > 0) & (flags[one] & (SYN | SYNACK | RST) == 0)
        known |= plain & ~((flags[other] & RST != 0) & (sent[one] < 2))
    return known


def _aborted(flags: Both) -> Bool:
    """Say where only the side that asked sent a RST, after it got a SYN/ACK: a scan that broke off, not a refusal."""
    reset, accepted = ([side & flag != 0 for side in flags] for flag in (RST, SYNACK))
    broke_off: Bool = (reset[0] & accepted[1] & ~reset[1]) | (reset[1] & accepted[0] & ~reset[0])
    return broke_off
