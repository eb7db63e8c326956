"""Walk the search tree of a MaxMind database for many addresses at once.

All addresses go down one level together, one gather a level.  It finds which record holds each address; decoding
records is left to maxminddb, once for each distinct one.  The format: MaxMind DB File Format Specification 2.0,
section "Binary Search Tree Section".
"""

import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from auditor.enrich.intervals import V4, V6

Nodes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tree:
    """A search tree in memory: node n has two records, for bit 0 and bit 1.

    A record less than `count` is a node, one equal to it says that there is no data, and one above points to data.
    """

    count: int
    version: int  # 6: IPv4 addresses lie below 96 zero bits
    left: npt.NDArray[Any]  # views of the file, big-endian and unaligned
    right: npt.NDArray[Any]
    bits: int  # of a record: 24, 28 or 32

    def find4(self, addresses: V4) -> Nodes:
        """Return the record that holds each IPv4 address; `count` where there is none."""
        node = np.zeros(1, np.int64)
        for _ in range(96 if self.version == 6 else 0):
            node = np.where(node < self.count, self._step(np.minimum(node, self.count - 1), node * 0), node)
        planes = ((addresses >> np.uint32(31 - bit)) & np.uint32(1) for bit in range(32))
        return self._walk(np.full(len(addresses), node[0]), planes)

    def find6(self, addresses: V6) -> Nodes:
        """Return the record that holds each IPv6 address; `count` where there is none."""
        if self.version != 6:
            return np.full(len(addresses), self.count, np.int64)
        octets = np.frombuffer(np.ascontiguousarray(addresses, "S16").tobytes(), np.uint8).reshape(-1, 16)
        planes = ((octets[:, bit >> 3] >> np.uint8(7 - (bit & 7))) & np.uint8(1) for bit in range(128))
        return self._walk(np.zeros(len(addresses), np.int64), planes)

    def _walk(self, nodes: Nodes, planes: Any) -> Nodes:
        """Go down from the given nodes, one plane of bits a level; what is still a node then has no data."""
        rows = np.flatnonzero(nodes < self.count)
        for plane in planes:
            if not len(rows):
                break
            nodes[rows] = self._step(nodes[rows], plane[rows])
            rows = rows[nodes[rows] < self.count]
        nodes[rows] = self.count
        return nodes

    def _step(self, nodes: Nodes, bit: npt.NDArray[Any]) -> Nodes:
        left, right = self.left[nodes].astype(np.int64), self.right[nodes].astype(np.int64)
        if self.bits == 24:
            left, right = left >> 8, right >> 8
        elif self.bits == 28:  # the middle byte holds the high halves of both
            left, right = (left >> 8) | ((left & 0xF0) << 20), right & 0x0FFFFFFF
        return np.where(bit == 0, left, right)


def view(file: mmap.mmap | bytes, count: int, bits: int, version: int) -> Tree:
    """View the tree at the beginning of a file.  Raise ValueError if it can't lie there."""
    if bits not in (24, 28, 32) or version not in (4, 6) or count < 1:
        raise ValueError(f"its tree has {count} nodes of {bits} bits for IPv{version}")
    size = bits // 4
    if len(file) < count * size + 16:
        raise ValueError("its tree is cut")
    second = {24: 3, 28: 3, 32: 4}[bits]  # four bytes are read for each record, of which three or four and a half count
    left, right = (np.ndarray((count,), ">u4", file, start, (size,)) for start in (0, second))
    return Tree(count, version, left, right, bits)
