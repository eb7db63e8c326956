"""Make large benchmark captures out of a folder of real ones.

    python tools/profiles.py FOLDER OUT [--megabytes 1500]

Real packets, sizes and payloads.  Each copy of the folder is moved in time and gets outer addresses of its own
(checksums are mended, RFC 1624); copies are interleaved by time.  Three profiles: `mix` is everything, `voip` the
small UDP packets; `many` the first packets of every flow, so that there are very many flows.  Deterministic.  Only
little-endian microsecond Ethernet pcap is taken; others are skipped and named.
"""

import argparse
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MAGIC = bytes.fromhex("d4c3b2a1")
SPAN_US = 600_000_000  # copies start within ten minutes
LONGEST_US = 120_000_000
SMALL = 230  # bytes: of a call's packets
FIRST = 6  # packets of each flow in `many`


@dataclass(frozen=True)
class Template:
    """One packet to copy: its bytes, its time since its capture began, and what it is part of."""

    data: bytes
    wire: int
    time_us: int
    capture: int
    number: int  # within its flow


def packets(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield time in microseconds, length on the wire, and bytes of each packet."""
    blob = path.read_bytes()
    if blob[:4] != MAGIC or blob[20:24] != b"\x01\0\0\0":
        print(f"skipped: {path.name} (not little-endian microsecond Ethernet pcap)")
        return
    at = 24
    while at + 16 <= len(blob):
        seconds, micros, captured, wire = struct.unpack_from("<IIII", blob, at)
        if captured > 65535 or at + 16 + captured > len(blob):
            return
        yield seconds * 1_000_000 + micros, wire, blob[at + 16 : at + 16 + captured]
        at += 16 + captured


def templates(folder: Path) -> list[Template]:
    """Read every packet of a folder."""
    out = []
    for capture, path in enumerate(sorted(folder.glob("*.pcap"))):
        start, seen = None, {}
        for time, wire, data in packets(path):
            start = time if start is None else start
            key = data[23:24] + bytes(sorted(data[26:38])) if data[12:14] == b"\x08\0" else data[:14]
            seen[key] = seen.get(key, 0) + 1
            out.append(Template(data, wire, min(max(time - start, 0), LONGEST_US), capture, seen[key]))
    return out


def moved(data: bytes, identity: int) -> bytes:
    """Give the IPv4 addresses of a packet another third and fourth octet, and mend its checksums."""
    if not identity or data[12:14] != b"\x08\0" or len(data) < 42 or data[14] >> 4 != 4:
        return data
    out, salt = bytearray(data), (identity * 0x9E3779B1) & 0xFFFF
    l4 = 14 + (data[14] & 15) * 4
    sums = [24]
    if not struct.unpack_from(">H", data, 20)[0] & 0x1FFF:
        sums += {6: [l4 + 16], 17: [l4 + 6]}.get(data[23], [])
    for at in (28, 32):
        if out[at - 2] >= 224 or out[at - 2] in (0, 127):
            continue
        old = struct.unpack_from(">H", out, at)[0]
        struct.pack_into(">H", out, at, old ^ salt)
        for where in sums:
            if where + 2 <= len(out) and (where == 24 or out[where : where + 2] != b"\0\0"):
                total = (~struct.unpack_from(">H", out, where)[0] & 0xFFFF) + (~old & 0xFFFF) + (old ^ salt)
                total = (total & 0xFFFF) + (total >> 16)
                struct.pack_into(">H", out, where, ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF)
    return bytes(out)


def write(path: Path, chosen: list[Template], size: int) -> None:
    """Write copies of the chosen packets until the file is about as large as asked."""
    once = sum(len(t.data) + 16 for t in chosen)
    copies = max(1, round(size / once))
    chance = np.random.default_rng(7)
    captures = max(t.capture for t in chosen) + 1
    times = np.array([t.time_us for t in chosen])
    owner = np.array([t.capture for t in chosen])
    starts = [chance.integers(0, SPAN_US - LONGEST_US, captures)[owner] + times for _ in range(copies)]
    order = np.argsort(np.concatenate(starts), kind="stable")
    at = np.concatenate(starts)[order] + 1_700_000_000_000_000
    with path.open("wb") as file:
        file.write(MAGIC + struct.pack("<HHiIII", 2, 4, 0, 0, 262144, 1))
        for index, time in zip(order.tolist(), at.tolist(), strict=True):
            copy, which = divmod(index, len(chosen))
            data = moved(chosen[which].data, copy)
            file.write(struct.pack("<IIII", *divmod(time, 1_000_000), len(data), chosen[which].wire) + data)
    print(f"{path}: {path.stat().st_size / 1e6:.0f} MB, {len(order)} packets, {copies} copies")


def main() -> None:
    """Write the three profiles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--megabytes", type=int, default=1500)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    every = templates(args.folder)
    profiles = {
        "mix": every,
        "voip": [t for t in every if len(t.data) <= SMALL and t.data[12:14] == b"\x08\0" and t.data[23:24] == b"\x11"],
        "many": [t for t in every if t.number <= FIRST],
    }
    for name, chosen in profiles.items():
        write(args.out / f"{name}{args.megabytes}.pcap", chosen, args.megabytes * 1_000_000)


if __name__ == "__main__":
    main()
