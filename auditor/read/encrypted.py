"""What packets show of encryption: `yes`, `no`, or nothing.

Of each flow by itself, so hop by hop: TLS to a proxy says nothing of what the proxy does.  Statistics of payloads
prove neither, so media are known to be encrypted by what set them up: DTLS on their own sockets (RFC 5764) or in the
same channels to a relay, or descriptions in which both sides agree on a secure profile (RFC 3711, RFC 5124).  They
are known to be clear where a description asks for a plain profile and offers no key in any way, and the stream is
there (RFC 3551).
"""

from collections import defaultdict
from collections.abc import Container, Iterable
from typing import Final

import numpy as np
import polars as pl

from auditor.read.apps import Bits, bit
from auditor.read.arrays import I64, Bool
from auditor.read.classify import CODE
from auditor.read.directed import Directed
from auditor.read.facts.model import End, Hello, Media
from auditor.read.headers import SEALED, TCP
from auditor.read.pairing import Paired
from auditor.read.placed import Placed
from auditor.read.said import Columns

WORDS: Final = ("", "yes", "no")
_UNKNOWN, _YES, _NO = range(3)

SECURE: Final = frozenset(
    ("RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF")
)
PLAIN: Final = frozenset(("RTP/AVP", "RTP/AVPF", "TCP/RTP/AVP", "TCP/RTP/AVPF"))

CLEAR: Final = ("sip", "rtsp", "mgcp", "http")
"""Protocols whose messages were read as text; what else a port alone names may be anything."""
CIPHERED: Final = ("tls", "quic", "dtls", "ssh", "wireguard")
"""Protocols that encrypt all that they carry, once both sides have spoken."""
ESP: Final = 50
"""RFC 4303; its cipher may be none (RFC 2410), which is for testing and authentication and looks the same."""


Mapped = tuple[int, End, End]
Asked = dict[str, tuple[dict[End, int], dict[End, int]]]
"""By Call-ID: what is asked for at each end, and of each stream; a bit for each of `WORDS`."""


def encrypted(seen: Bits, rows: Directed, placed: Placed, calls: pl.DataFrame, mapped: Iterable[Mapped]) -> I64:
    """Return for each flow an index into `WORDS`.

    `seen` is what is `recognised` of the flows, `calls` the flows that carry media of calls, and `mapped` the public
    ends under which clients are seen (vantage, own end, public end).
    """
    flows = placed.flows
    both = {app: _both(rows, flows, app) for app in CIPHERED}
    answer = np.zeros(len(flows), np.int64)
    for app in CIPHERED:
        answer[both[app] & (seen & bit(app) != 0)] = _YES
    answer[_begun(rows, placed)] = _YES
    answer[flows.protocol == ESP] = _YES
    spoken = seen & bit(*CLEAR) != 0
    answer[spoken] = np.where(answer[spoken] == _YES, _UNKNOWN, _NO)  # ciphers beside text don't hide what was read
    answer[seen & bit("sip") != 0] = _NO  # whatever else went the same way, these messages could be read
    sealed = flows.by_side(rows.flags & SEALED, np.bitwise_or, 0)
    answer[(sealed[0] > 0) & (sealed[1] > 0)] = _YES
    media = seen & bit("rtp", "rtcp") != 0
    answer[media & ~both["dtls"] & (answer == _YES)] = _UNKNOWN
    agreed = _agreed(placed, calls, mapped)
    keyed = (agreed == _NO) & (seen & bit("zrtp", "dtls") != 0)  # a few packets of DTLS don't overrule a description
    agreed[keyed] = answer[media & keyed] = _UNKNOWN
    return np.where(media & (answer == _UNKNOWN), agreed, answer)


FLIGHTS: Final = 2
"""Packets of each side that a DTLS handshake takes at least (RFC 6347, section 4.2.4; RFC 9147, section 7): fewer are
one that failed, or was never meant."""


def _both(rows: Directed, flows: Paired, app: str) -> Bool:
    """Say in which flows both sides sent packets of a kind; of DTLS, as many as a handshake has."""
    sent = flows.by_side(np.where(rows.app == CODE[app], rows.packets, 0), np.add, 0)
    least = FLIGHTS if app == "dtls" else 1
    both: Bool = (sent[0] >= least) & (sent[1] >= least)
    return both


def _begun(rows: Directed, placed: Placed) -> Bool:
    """Say in which one-way views of TLS the client went on after its hello."""
    flows = placed.flows
    sent = flows.by_side(np.where(rows.app == CODE["tls"], rows.packets, 0), np.add, 0)
    begun = np.zeros(len(flows), bool)
    _, flow, side = placed.all(Hello)
    for own in (0, 1):
        asked = flow[(flow >= 0) & (side == own)]
        begun[asked[(sent[own][asked] > 1) & (flows.protocol[asked] == TCP)]] = True
    return begun


def _agreed(placed: Placed, calls: pl.DataFrame, mapped: Iterable[Mapped]) -> I64:
    """Say of each flow what the descriptions of its calls agree on.

    An offer of a secure profile may be declined, so two descriptions have to ask for it: of the flow's own ends, or
    one of them and another of the same call.  A plain profile without keys can't become a secure one.
    """
    flows = placed.flows
    answer = np.zeros(len(flows), np.int64)
    by_flow: dict[int, list[str]] = defaultdict(list)
    for flow, call in calls.select("flow", "call").iter_rows():
        by_flow[flow].append(call)
    asked = _asked(placed.said.of_kind(Media), mapped, {call for found in by_flow.values() for call in found})
    for flow, found in by_flow.items():
        sides = [
            (int(hi[flow]) << 64 | int(lo[flow]), int(port[flow]))
            for hi, lo, port in ((flows.a_hi, flows.a_lo, flows.a_port), (flows.b_hi, flows.b_lo, flows.b_port))
        ]
        own, others, several = 0, 0, True
        for call in found:
            ends, described = asked.get(call, ({}, {}))
            for side in sides:
                own |= ends.get(side, 0)
            for asks in described.values():
                others |= asks
            several &= len(described) > 1
        if own == 1 << _NO or (own == others == 1 << _YES and several):
            answer[flow] = _NO if own == 1 << _NO else _YES
    return answer


def _asked(facts: Columns, mapped: Iterable[Mapped], calls: Container[str]) -> Asked:
    """Say of these calls what each announced end asks for, and each stream of voice or video by itself."""
    inside: dict[tuple[int, End], set[End]] = defaultdict(set)
    for vantage, client, public in mapped:
        inside[vantage, public].add(client)
    asked: Asked = {}
    of_calls = np.array([text in calls for text in facts.texts], bool)[facts["call_id"]]
    for fact in facts.take(of_calls & (facts["port"] != 0) & ~facts.says("profile", "")).facts():
        secure, plain = fact.profile in SECURE and fact.keys, fact.profile in PLAIN and not fact.keys
        asks = _YES if secure else _NO if plain else _UNKNOWN
        end = fact.address, fact.port
        ends, described = asked.setdefault(fact.call_id, ({}, {}))
        media = fact.kind == "media"
        for address, port in (end, *inside.get((fact.vantage, end), ())):
            for number in (port, port + 1) if media else (port,):  # RTCP's default (RFC 3605)
                ends[address, number] = ends.get((address, number), 0) | 1 << asks
        if media and fact.media in ("audio", "video", ""):
            described[end] = described.get(end, 0) | 1 << asks
    return asked
