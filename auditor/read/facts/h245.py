"""H.245 control (ITU-T H.245): where the ends of an H.323 call want the media of each logical channel.

The control connection says nothing of the call that it belongs to: call signalling announced its end (h245Address).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from auditor.read.facts import tpkt
from auditor.read.facts.h323_types import TYPES
from auditor.read.facts.model import ALIAS, V4_MAPPED, Dialog, Fact, Media, Packet
from auditor.read.facts.per import Bad, Reader
from auditor.read.facts.text import ends

length = tpkt.length

End = tuple[int, int, str, str]
"""Address, port, kind (`media` or `rtcp`), media."""

_MEDIA: Final = {"audio": "audio", "video": "video", "data": "application"}


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the messages of a segment."""
    seen, flow = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes), packet.flow
    call = f"{ALIAS}h245:{ends(flow)}"
    told = list(dict.fromkeys(end for message in tpkt.messages(payload) for end in control(message)))
    return [Dialog(*seen, flow, call, False, bool(told)), *(Media(*seen, flow, call, *end) for end in told)]


def control(message: bytes) -> list[End]:
    """List the media ends of one message: of OpenLogicalChannel or its Ack, else none."""
    try:
        kind, (name, channel) = TYPES["Control"](Reader(message))
    except (Bad, TypeError):  # the latter: an alternative that nobody knows
        return []
    if name != "open" or not isinstance(channel, dict):
        return []
    return list(_opened(channel) if kind == "request" else _accepted(channel))


def fast(channel: bytes) -> list[End]:
    """List the media ends of an OpenLogicalChannel in `fastStart` (H.323, section 8.1.7)."""
    try:
        return list(_opened(TYPES["Open"](Reader(channel))))
    except Bad:
        return []


def _opened(channel: Mapping[str, Any]) -> Iterator[End]:
    for way in ("forward", "reverse"):
        parameters = channel.get(way, {})
        media = _MEDIA.get(_chosen(parameters.get("type"))[0], "")
        name, found = _chosen(parameters.get("multiplex"))
        if name == "h2250" and found:
            yield from _ends(found, media)
    yield from _stack(channel)


def _accepted(channel: Mapping[str, Any]) -> Iterator[End]:
    for parameters in (channel, channel.get("reverse", {})):
        name, found = _chosen(parameters.get("multiplex"))
        if name == "h2250" and found:
            yield from _ends(found, "")
    yield from _stack(channel)


def _ends(parameters: Mapping[str, Any], media: str) -> Iterator[End]:
    for name, kind in (("media", "media"), ("rtcp", "rtcp")):
        end = _unicast(parameters.get(name))
        if end:
            yield *end, kind, media


def _stack(channel: Mapping[str, Any]) -> Iterator[End]:
    """Read the end of a data channel of its own, T.120 say."""
    name, found = _chosen(channel.get("stack", {}).get("network"))
    end = _unicast(found) if name == "local" else None
    if end:
        yield *end, "data", "application"


def _chosen(choice: Any) -> tuple[str, Any]:
    return choice if isinstance(choice, tuple) else ("", None)


def _unicast(address: Any) -> tuple[int, int] | None:
    """Return the end of a unicast address; a group is no place."""
    kind, found = _chosen(address)
    return transport(found) if kind == "unicast" else None


def transport(address: Any) -> tuple[int, int] | None:
    """Return address and port of a TransportAddress; None for other networks, and for none at all."""
    kind, found = _chosen(address)
    if kind not in ("ip", "ip6", "route") or not isinstance(found, dict) or not found.get("port"):
        return None
    where = int.from_bytes(found["ip"], "big")
    return (where if kind == "ip6" else V4_MAPPED | where, found["port"]) if where else None
