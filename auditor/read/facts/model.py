"""What single packets say that no flow record can hold: names, call signalling, relays, refusals.

A fact compares and hashes by what it says; when, where and how often it was said is folded (`fold`):
minimum, minimum, maximum, sums.  So the facts of any split of the input fold to the same set, and a
million repeats of one fact take the room of one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

Flow = tuple[int, int, int, int, int]
"""One direction of a 5-tuple: source address, source port, destination address, destination port, protocol."""

End = tuple[int, int]
"""An address and a port."""

V4_MAPPED: Final = 0xFFFF << 32
"""An IPv4 address `v` is the integer `V4_MAPPED | v` (RFC 4291, section 2.5.5.2), as everywhere in this room."""


ALIAS: Final = "\x7f"
"""What the alias of a call begins with, and no name that a stranger wrote (`text.line_text`)."""
INSIDE: Final = "inside"
"""The kind of `Media` that is no other end: media goes through this very flow."""
CONTROL: Final = "control"
"""The kind of `Media` where not media is expected, but the call's control connection (H.245)."""


@dataclass(slots=True)
class Packet:
    """Where a payload came from: 128-bit addresses (IPv4 mapped), ports, and its place in the input."""

    vantage: int
    src: int
    dst: int
    sport: int
    dport: int
    protocol: int
    witness: int  # source << 40 | record
    time_ns: int
    bytes: int = 0  # of the whole packet on the wire, so that calls that share a 5-tuple can share its bytes

    @property
    def flow(self) -> Flow:
        return self.src, self.sport, self.dst, self.dport, self.protocol


@dataclass(slots=True, unsafe_hash=True)
class Fact:
    """What all facts have; only `vantage` takes part in comparison.

    Nobody changes a fact.  Python takes five times as long to make one that it keeps frozen, and there are millions.
    """

    vantage: int
    witness: int = field(compare=False)
    first_ns: int = field(compare=False)
    last_ns: int = field(compare=False)
    packets: int = field(compare=False)
    bytes: int = field(compare=False)


@dataclass(slots=True, unsafe_hash=True)
class Name(Fact):
    """A DNS answer called this address so (a queried name, or a canonical one on the way to it)."""

    address: int
    name: str  # lower case, without the final dot; bytes that are no host name are written \\DDD (RFC 4343, 2.1)


@dataclass(slots=True, unsafe_hash=True)
class Hello(Fact):
    """The source of the flow opened a TLS, DTLS or QUIC connection by a ClientHello (or CHLO)."""

    flow: Flow
    name: str  # server_name (RFC 6066, section 3), empty: none, encrypted or cut off


@dataclass(slots=True, unsafe_hash=True)
class Dialog(Fact):
    """Messages of one call went this way."""

    flow: Flow
    call_id: str  # SIP's Call-ID; of other protocols, their name, a colon and what tells calls apart there
    request: bool
    call: bool  # False: a registration, subscription, ping or message, which nobody would call a call


@dataclass(slots=True, unsafe_hash=True)
class Alias(Fact):
    """The call goes by another name in messages that don't say whose they are: `call_id` of their facts."""

    flow: Flow
    call_id: str
    alias: str  # begins with ALIAS


@dataclass(slots=True, unsafe_hash=True)
class Acts(Fact):
    """The sender is a server or client, since only such a one sends this message."""

    flow: Flow
    role: str  # client, server


@dataclass(slots=True, unsafe_hash=True)
class Media(Fact):
    """The sender of the flow announced that media may be sent to this end (SDP, RFC 8866; candidates, RFC 8839)."""

    flow: Flow
    call_id: str
    address: int
    port: int  # 0: a stream that was declined or a connection address without a stream
    kind: str  # media, rtcp, candidate host, candidate srflx, candidate prflx, candidate relay, INSIDE or CONTROL
    media: str  # audio, video, application, ..., empty: unknown
    profile: str = ""  # the transport of its m= line, in upper case: RTP/AVP, RTP/SAVP, UDP/TLS/RTP/SAVPF, UDPTL, ...
    keys: str = ""  # how keys are offered or agreed: the names of its attributes, sorted, joined by a space
    ufrag: str = ""  # the sender's fragment of ICE (RFC 8839, section 5.4)


@dataclass(slots=True, unsafe_hash=True)
class Hop(Fact):
    """A SIP message named an element that it has passed or is to pass."""

    flow: Flow
    call_id: str
    kind: str  # of the Via chain: sender (the first), via, origin (the last of several); record-route, route, ...
    host: str  # as written, lower case, IPv6 without brackets
    address: int  # its address or that of `received`, -1: a host name
    port: int  # 0: not given
    request: bool


@dataclass(slots=True, unsafe_hash=True)
class Registered(Fact):
    """A SIP registration was answered to the user agent that made it: nobody else is on its Via chain."""

    flow: Flow  # of the answer


@dataclass(slots=True, unsafe_hash=True)
class Tie(Fact):
    """A SIP message gave its session an identifier that legs with other Call-IDs have, too (RFC 7989)."""

    call_id: str
    identifier: str  # of one of the two ends: 32 digits


@dataclass(slots=True, unsafe_hash=True)
class Exchange(Fact):
    """A STUN message of one class went this way (RFC 8489): who asks is the client of who answers."""

    flow: Flow
    answer: bool  # a success or error response; False: a request or an indication
    method: str  # binding, allocate, ..., data: what a TURN indication or an unknown method is called is in stun.py


@dataclass(slots=True, unsafe_hash=True)
class Ice(Fact):
    """A check of ICE went this way, by itself or through a relay, and named both sides' fragments."""

    flow: Flow
    pair: str  # both, in alphabetical order, joined by a colon


@dataclass(slots=True, unsafe_hash=True)
class Reflexive(Fact):
    """A server told a client under which public end it sees it."""

    flow: Flow  # of the answer: from the server to the client
    address: int
    port: int


@dataclass(slots=True, unsafe_hash=True)
class Relayed(Fact):
    """A TURN server allocated this end to a client (XOR-RELAYED-ADDRESS, RFC 8656)."""

    flow: Flow  # of the answer
    address: int
    port: int


@dataclass(slots=True, unsafe_hash=True)
class Peer(Fact):
    """A TURN client named the end behind the relay (XOR-PEER-ADDRESS, RFC 8656)."""

    flow: Flow
    address: int
    port: int
    carried: bool  # by an indication, which carries data; else by a permission or a channel
    answer: bool  # the flow runs from the server to the client


@dataclass(slots=True, unsafe_hash=True)
class Redirect(Fact):
    """A STUN or TURN server named another end of its own (RFC 8489, section 14.15; RFC 5780, section 7)."""

    flow: Flow  # of the answer
    address: int
    port: int
    kind: str  # alternate: the client is to go there; origin: sent from there, it says; other: its second end


@dataclass(slots=True, unsafe_hash=True)
class Unreachable(Fact):
    """A router or host reported that a packet of the quoted flow was not delivered (RFC 792, RFC 4443)."""

    flow: Flow  # as quoted: the direction that was refused
    code: int  # of the ICMP message; 256 is added for ICMPv6


def fold(known: dict[Fact, Fact], facts: Iterable[Fact]) -> None:
    """Add facts to the known ones, keyed by themselves; the order in which facts arrive changes nothing."""
    for fact in facts:
        old = known.get(fact)
        known[fact] = fact if old is None else _joined(old, fact)


def _joined(old: Fact, new: Fact) -> Fact:
    return replace(
        old,
        witness=min(old.witness, new.witness),
        first_ns=min(old.first_ns, new.first_ns),
        last_ns=max(old.last_ns, new.last_ns),
        packets=old.packets + new.packets,
        bytes=old.bytes + new.bytes,
    )
