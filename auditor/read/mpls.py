"""Steps over MPLS labels (RFC 3032), for many packets at once.

Nothing says what is labelled.  IP tells itself by its first four bits (RFC 4928); a pseudowire holds Ethernet, behind a
control word (RFC 4448) or, where its ends agreed so, without one.
"""

from typing import Final

import numpy as np

from auditor.read.arrays import I64, U8, big16, byte
from auditor.read.kinds import CUT, IPV4, IPV6, LOST_LAYER, TAGS

LABELS: Final = 16  # of a stack that are stepped over
_USUAL: Final = 0x45  # first byte of most IPv4 packets, and of no frame to a single station


def behind(data: U8, at: I64, end: I64) -> tuple[I64, I64]:
    """Return where what is labelled begins, and of what kind it is; `at` are offsets of stacks."""
    at = at.copy()
    more = np.ones(len(at), bool)
    for _ in range(LABELS):
        more &= at + 4 <= end
        bottom = (byte(data, at + 2) & 1).astype(bool)
        at += 4 * more
        more &= ~bottom
        if not more.any():
            break
    first = byte(data, np.minimum(at, end))
    nibble = first >> 4
    inner = np.minimum(at + 18, end)
    wired = big16(data, inner - 2)
    wire = (nibble == 0) & (at + 18 <= end) & ((wired == IPV4) | (wired == IPV6) | np.isin(wired, list(TAGS)))
    frame = np.minimum(at + 14, end)
    bared = big16(data, frame - 2)
    version = byte(data, frame) >> 4
    bare = ((bared == IPV4) & (version == 4)) | ((bared == IPV6) & (version == 6))
    bare &= ~wire & (at + 14 < end) & (first != _USUAL)
    ip = np.where(nibble == 4, IPV4, np.where(nibble == 6, IPV6, LOST_LAYER))
    kind = np.where(wire, wired, np.where(bare, bared, ip))
    return np.where(wire, inner, np.where(bare, frame, at)), np.where(at < end, kind, CUT)
