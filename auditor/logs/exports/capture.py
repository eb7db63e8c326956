"""Exports inside captures: any UDP datagram, on whatever port, that is wholly one export."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.logs.exports import wire
from auditor.logs.exports.memory import Origin
from auditor.logs.exports.messages import Datagram
from auditor.logs.model import Told
from auditor.read import headers, link, unwrap
from auditor.read.arrays import I64, Bool, words
from auditor.read.classify import CODE
from auditor.read.headers import FRAGMENT, UDP, Packets
from auditor.read.part import found
from auditor.read.second import UDP_PORTS
from auditor.read.source import Source, opened
from auditor.read.window import Batch, Window
from auditor.read.written import text

if TYPE_CHECKING:
    from auditor.read.scan import Scan

KINDS: Final = ("netflow", "sflow")
"""What classifying calls such payloads."""
FRAGMENTED: Final = "Exports came in IP fragments, which are not put together: the records in them are not examined."
UNREADABLE: Final = (
    "Datagrams on ports of flow exports begin as exports do and could not be read: they are not examined."
)
PORTS: Final = frozenset(port for port, name in UDP_PORTS.items() if name in KINDS)
_SHORTS: Final = (wire.V1, wire.V5, wire.V7, wire.V9, wire.IPFIX)


def worth(scan: "Scan") -> bool:
    """Say whether the first pass over captures saw exports, so that a second one is worth it."""
    codes = [CODE[name] for name in KINDS]
    return bool(np.isin(scan.directed.app, codes).any())


def datagrams(source: Source, told: Told) -> Iterator[Datagram]:
    """Yield the exports in a capture; what is no packet is told by those who read the capture itself."""
    with opened(source) as stream:
        window = Window(stream)
        window.refill()
        for batch in found(source, window):
            if isinstance(batch, Batch):
                for packets in headers.read(batch, link.find(batch)):
                    if isinstance(packets, Packets) and len(packets.index):
                        for each in unwrap.opened(batch, packets):
                            inner = each.packets if isinstance(each, unwrap.Wrapped) else each
                            yield from _of(batch, inner, told)


def _of(batch: Batch, packets: Packets, told: Told) -> Iterator[Datagram]:
    """Yield the exports among packets."""
    which = np.flatnonzero((packets.protocol == UDP) & (packets.flags & FRAGMENT == 0) & (packets.length >= 16))
    which = which[_begin(packets, which)]
    if not len(which):
        return
    leading = set(packets.leading.tolist())
    address = unwrap.addresses(packets, which)
    high, low = address[0].byteswap().tolist(), address[1].byteswap().tolist()
    index = packets.index[which]
    ns, record = batch.ns[index].tolist(), batch.record[index].tolist()
    ports, to = (
        (packets.ports[which] >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.uint16).byteswap().tolist()
        for shift in (0, 16)
    )
    for i, at in enumerate(which.tolist()):
        body, end, size = (int(column[at]) for column in (packets.body, packets.end, packets.length))
        if at in leading:
            size = int(packets.data[body - 4]) << 8 | int(packets.data[body - 3])  # as the UDP header has it
            if wire.is_export(packets.data[body:end].tobytes(), size - 8):
                told.limits.add(FRAGMENTED)
            continue
        data = packets.data[body:end].tobytes()
        kind = wire.is_export(data, size)
        if not kind and not PORTS.isdisjoint((ports[i], to[i])):
            told.limits.add(UNREADABLE)
        if kind:
            origin = Origin(text(high[i] << 64 | low[i]), str(ports[i]))
            yield Datagram(data, 0, len(data), size, kind, origin, record[i], ns[i])


def _begin(packets: Packets, which: I64) -> Bool:
    """Say which payloads begin with a version."""
    head = words(packets.data, packets.body[which], 1)[:, 0].byteswap()
    first = head >> np.uint64(48)
    second = head >> np.uint64(32) & np.uint64(0xFFFF)
    found: Bool = np.isin(first, np.array(_SHORTS, np.uint64)) | ((first == 0) & (second == np.uint64(wire.V5)))
    return found
