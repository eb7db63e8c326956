"""Exports put together by hand, after the layouts of their documents, with addresses of documentation."""

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from auditor.logs.exports import shared
from auditor.logs.exports.memory import Known
from auditor.logs.model import DEFAULTS, LOG, Told
from auditor.read.source import Source

NS = 10**9
CLOCK = 1_700_000_000
SRC, DST = "192.0.2.1", "198.51.100.2"
FLOW = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (2, 4), (1, 4), (22, 4), (21, 4))
"""Addresses, ports, protocol, flags, packets, octets, first and last by the exporter's own clock."""


def ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def five(
    records: Sequence[bytes], sequence: int = 0, clock: int = CLOCK, sampling: int = 0, uptime: int = 100_000
) -> bytes:
    head = struct.pack(">HHIIIIBBH", 5, len(records), uptime, clock, 0, sequence, 0, 0, sampling)
    return head + b"".join(records)


def record5(
    src: str = SRC, dst: str = DST, ports: tuple[int, int] = (40000, 443), packets: int = 3, octets: int = 180,
    first: int = 90_000, last: int = 95_000, protocol: int = 6, flags: int = 0x1A,
) -> bytes:  # fmt: skip
    return ip(src) + ip(dst) + bytes(8) + struct.pack(
        ">IIIIHHBBBB8x", packets, octets, first, last, *ports, 0, flags, protocol, 0
    )  # fmt: skip


def part(number: int, body: bytes) -> bytes:
    return struct.pack(">HH", number, 4 + len(body)) + body


def template(number: int, fields: Iterable[tuple[int, ...]]) -> bytes:
    """A template of fields: number and bytes, and an enterprise where there is one."""
    found = b""
    listed = list(fields)
    for field in listed:
        enterprise = struct.pack(">I", field[2]) if len(field) > 2 else b""
        found += struct.pack(">HH", field[0] | (0x8000 if enterprise else 0), field[1]) + enterprise
    return struct.pack(">HH", number, len(listed)) + found


TEMPLATE = part(0, template(256, FLOW))


def nine(*sets: bytes, sequence: int = 1, domain: int = 7, clock: int = CLOCK, uptime: int = 100_000) -> bytes:
    return struct.pack(">HHIIII", 9, max(len(sets), 1), uptime, clock, sequence, domain) + b"".join(sets)


def ten(*sets: bytes, sequence: int = 0, domain: int = 7, clock: int = CLOCK) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), clock, sequence, domain) + body


def flow(
    src: str = SRC, dst: str = DST, ports: tuple[int, int] = (40000, 443), packets: int = 3, octets: int = 180,
    first: int = 90_000, last: int = 95_000,
) -> bytes:  # fmt: skip
    """A record of FLOW."""
    return ip(src) + ip(dst) + struct.pack(">HHBBIIII", *ports, 6, 0x1A, packets, octets, first, last)


def sample(parts: Sequence[tuple[int, bytes]], rate: int = 100, drops: int = 0, kind: int = 1) -> bytes:
    """A sample of sFlow with its records."""
    records = b"".join(struct.pack(">II", name, len(body)) + body for name, body in parts)
    if kind == 1:
        head = struct.pack(">IIIIIIII", 1, 2, rate, 1000, drops, 1, 2, len(parts))
    elif kind == 3:
        head = struct.pack(">IIIIIIIIIII", 1, 0, 2, rate, 1000, drops, 0, 1, 0, 2, len(parts))
    else:
        head = struct.pack(">III", 1, 2, len(parts))
    return struct.pack(">II", kind, len(head + records)) + head + records


def raw(frame: bytes, size: int = 0, protocol: int = 1) -> tuple[int, bytes]:
    """The beginning of a packet as sFlow copies it."""
    padded = frame + bytes(-len(frame) % 4)
    return 1, struct.pack(">IIII", protocol, size or len(frame), 4, len(frame)) + padded


def sflow(*samples: bytes, agent: str = "203.0.113.9", sequence: int = 1, uptime: int = 5000) -> bytes:
    address = ip(agent)
    head = struct.pack(">II", 5, 1 if len(address) == 4 else 2) + address
    return head + struct.pack(">IIII", 0, sequence, uptime, len(samples)) + b"".join(samples)


def source(path: Path, data: bytes, form: str = "netflow") -> Source:
    path.write_bytes(data)
    return Source(path.name, str(path), len(data), form)


def whole(frames: Iterable[pl.LazyFrame]) -> pl.DataFrame:
    """All rows with all columns, by record."""
    found = []
    for each in frames:
        frame = each.collect()
        missing = [pl.lit(DEFAULTS[name], LOG[name]).alias(name) for name in DEFAULTS if name not in frame.columns]
        found.append(frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in LOG.items()))
    return pl.concat(found).sort("record", "records") if found else pl.DataFrame(schema=LOG)


def read(*sources: Source) -> tuple[pl.DataFrame, Told]:
    """The rows of several inputs, of which each may tell what the others need."""
    known: Known = shared.prepare(sources)
    told, found = Told(), []
    for each in sources:
        reader = shared.in_capture if each.format in shared.CAPTURES else shared.read
        found.append(whole(reader(each, told, known)))
    return pl.concat(found), told


def rows(path: Path, data: bytes) -> tuple[list[dict[str, Any]], Told]:
    """The rows of one file of datagrams."""
    found, told = read(source(path / "exports.dat", data))
    return found.to_dicts(), told


def one(path: Path, data: bytes) -> dict[str, Any]:
    """The only row of one file of datagrams."""
    found, _ = rows(path, data)
    assert len(found) == 1
    return found[0]
