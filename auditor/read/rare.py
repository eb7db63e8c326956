"""Finds the network header behind link layers that few captures have, one packet at a time.

Scapy knows dozens of them (IEEE 802.11 and its pseudo-headers among them); it is asked for offsets only,
so what lies behind them is read by the same code as everywhere.  A link type that nobody knows is counted.
"""

import logging
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from auditor.read.kinds import CIPHERED, CUT, IPV4, IPV6, LOST_LAYER, NO_DATA, UNKNOWN_LINK
from auditor.read.link import Layer
from auditor.read.window import Batch

NFLOG: Final = 239
_PAYLOAD: Final = 9  # NFULA_PAYLOAD
LAYERS: Final = 32  # headers of one packet that are looked at
_PROTECTED, _DATA, _NO_DATA = 0x40, 2, 0x04  # of an IEEE 802.11 frame: a flag, a type, a bit of its subtypes

Look = Callable[[bytes], tuple[int, int]]
"""Takes a frame; returns the offset of the network header and its kind, one of `kinds`."""


def find(batch: Batch) -> Layer:
    """Find the IP header of every packet of a batch, whatever its link type."""
    end = batch.start + batch.captured
    look = _nflog if batch.link == NFLOG else _scapy(batch.link)
    layer = Layer(end.copy(), np.full(len(end), UNKNOWN_LINK, np.int64), end)
    if look is None:
        return layer
    data = batch.data.data
    for i, (start, stop) in enumerate(zip(batch.start.tolist(), end.tolist(), strict=True)):
        offset, kind = look(bytes(data[start:stop]))
        layer.at[i], layer.kind[i] = min(start + offset, stop), kind
    return layer


def _nflog(frame: bytes) -> tuple[int, int]:
    """Read Linux's netfilter log: family, version, resource, then type-length-values, of which one is the packet."""
    if len(frame) < 4:
        return len(frame), CUT
    kind = {2: IPV4, 10: IPV6}.get(frame[0], LOST_LAYER)
    at = 4
    while at + 4 <= len(frame):
        size, code = int.from_bytes(frame[at : at + 2], "little"), int.from_bytes(frame[at + 2 : at + 4], "little")
        if code == _PAYLOAD:
            return at + 4, kind
        if size < 4:
            break
        at += size + 3 & ~3
    return len(frame), LOST_LAYER


@cache
def _scapy(link: int) -> Look | None:
    """Return how Scapy dissects a link type; None if it doesn't know it."""
    logging.getLogger("scapy").setLevel(logging.CRITICAL)  # what it thinks of a stranger's packet is no news
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about ciphers that it would like to use elsewhere
        from scapy.config import conf
        from scapy.layers import dot11, dot15d4, inet, inet6, l2, ppi, ppp  # noqa: F401  (they register link types)

    kinds = {inet.IP: IPV4, inet6.IPv6: IPV6}
    first: Any = conf.l2types.num2layer.get(link)
    if first is None:
        return None

    def look(frame: bytes) -> tuple[int, int]:
        at, fate = 0, LOST_LAYER
        try:
            layer = first(frame)
            for _ in range(LAYERS):
                if type(layer) in kinds:
                    return at, kinds[type(layer)]
                if isinstance(layer, dot11.Dot11):
                    fate = _wireless(layer)
                if not layer.payload:
                    break
                header = layer.raw_packet_cache
                at += len(header) if header else len(layer.original) - len(layer.payload.original)
                layer = layer.payload
        except Exception:  # whatever a stranger's bytes make of a dissector, the packet is counted
            return len(frame), LOST_LAYER
        return len(frame), fate

    return look


def _wireless(frame: Any) -> int:
    """Tell why an IEEE 802.11 frame holds no network header, if it doesn't."""
    if frame.type != _DATA or frame.subtype & _NO_DATA:
        return NO_DATA
    return CIPHERED if int(frame.FCfield) & _PROTECTED else LOST_LAYER
