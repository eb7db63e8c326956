"""HEP: what capture agents copied to a collector (Homer and its kin), read as the captures that they are.

SIP messages are written into captures of their own, one for each agent, with the addresses, ports and times that the
agent told, and are read by the capture reader: calls, Via chains, descriptions and offers are what they are there.
What an agent saw is `reported`, and its number is the vantage (`hep:2001`), so private addresses mean its own network.
Copies of what went over TCP may have been ciphered on the wire, so they show no encryption and no lack of it.

RTCP reports (type 5) are exchanges of media between the ends that the agent names, of the call that they are
correlated with.  Lines of logs and other types are counted, and tell of no addresses.
"""

import ipaddress
import struct
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import polars as pl

from auditor.logs.calls import taken
from auditor.logs.calls.hep import MAGIC, Copy, from_capture, from_file
from auditor.logs.calls.legs import named
from auditor.logs.calls.taken import Row
from auditor.logs.model import Told
from auditor.model.flow import ATTESTED, OFFERED, REPORTED
from auditor.model.status import MALFORMED, NO_ADDRESS, OK, UNSUPPORTED
from auditor.read.source import Source

SIP, RTCP = 1, 5
TCP, UDP = 6, 17
AGENTS: Final = 64
"""Agents that have a capture of their own; what others copied is seen from nowhere in particular."""
_HEADER: Final = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 101)  # nanoseconds, raw IP


def sniff(head: bytes) -> bool:
    """Tell messages of HEP3 by their magic number and the first chunk, which is of the specification's own."""
    return (
        head.startswith(MAGIC) and len(head) >= 12 and head[6:8] == b"\0\0" and int.from_bytes(head[4:6], "big") >= 12
    )


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield the exchanges of the messages of a file, and the messages that tell of none."""
    return _read(from_file(source, told), told, counts=True)


def carried(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield the exchanges of the messages that travel in a capture, with the numbers of its packets.

    They stand beside the rows of the capture, which count its packets, so they count nothing.
    """
    return _read(from_capture(source, told), told, counts=False)


def _read(copies: Iterable[Copy], told: Told, counts: bool) -> Iterator[pl.LazyFrame]:
    with tempfile.TemporaryDirectory(prefix="auditor-hep-") as folder:
        written = Captures(Path(folder))
        yield from taken.frames(row for row in written.take(copies) if counts or row.get("status", OK) == OK)
        written.close()
        for rows in written.flows(told):
            yield rows if counts else rows.with_columns(pl.lit(0, pl.Int64).alias(name) for name in COUNTS)


COUNTS: Final = ("records", *(f"{side}_{name}" for side in ("src", "dst") for name in ("packets", "bytes")))


@dataclass(slots=True)
class _Capture:
    """The messages of one agent, as a capture."""

    path: Path
    stream: IO[bytes]
    numbers: list[int] = field(default_factory=list)  # of the messages, by that of their packets
    sent: dict[bytes, int] = field(default_factory=dict)  # bytes of each direction of a stream


class Captures:
    """Captures of SIP, one for each agent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._agents: dict[str, _Capture] = {}

    def take(self, copies: Iterable[Copy]) -> Iterator[Row]:
        """Keep the SIP messages, and yield a row for each of the others."""
        for copy in copies:
            if copy.broken:
                yield {"record": copy.record, "status": MALFORMED, "detail": "no whole message of HEP3"}
            elif copy.kind == RTCP:
                yield _reported(copy)
            elif copy.kind != SIP or not copy.payload:
                yield {"record": copy.record, "status": NO_ADDRESS, "detail": taken.UNTOLD}
            elif copy.protocol not in (TCP, UDP):
                yield {"record": copy.record, "status": UNSUPPORTED, "detail": "a message over neither TCP nor UDP"}
            else:
                self._keep(copy)

    def _keep(self, copy: Copy) -> None:
        agent = copy.agent if copy.agent in self._agents or len(self._agents) < AGENTS else ""
        if agent not in self._agents:
            path = self._folder / f"{len(self._agents)}.pcap"
            stream = path.open("wb")
            stream.write(_HEADER)
            self._agents[agent] = _Capture(path, stream)
        capture = self._agents[agent]
        packet = _packet(copy, capture.sent)
        seconds, part = divmod(copy.ns, 10**9)
        capture.stream.write(struct.pack("<IIII", seconds & 0xFFFFFFFF, part, len(packet), len(packet)) + packet)
        capture.numbers.append(copy.record)

    def close(self) -> None:
        """End the captures."""
        for capture in self._agents.values():
            capture.stream.close()

    def flows(self, told: Told) -> Iterator[pl.LazyFrame]:
        """Read the captures, and yield their flows as rows of a log."""
        if not self._agents:
            return
        from auditor.read.assemble import assemble
        from auditor.read.scan import scan

        agents = sorted(self._agents)
        captures = [self._agents[agent] for agent in agents]
        sources = [Source(each.path.name, str(each.path), each.path.stat().st_size, "pcap") for each in captures]
        vantages = [f"hep:{agent}" if agent else "" for agent in agents]
        found = assemble(scan(sources, list(range(len(sources))), workers=1), vantages)
        for vantage, address, name in found.names.iter_rows():
            told.name(vantage, address, name)
        numbers = pl.DataFrame(
            [(i, place, number) for i, each in enumerate(captures) for place, number in enumerate(each.numbers, 1)],
            {"source": pl.Int32, "record": pl.Int64, "number": pl.Int64}, orient="row",
        )  # fmt: skip
        yield _logged(found.flows.join(numbers, on=["source", "record"], how="left", maintain_order="left")).lazy()


def _logged(flows: pl.DataFrame) -> pl.DataFrame:
    """Write rows of FLOW as rows of LOG; what they count is messages."""
    told = pl.col("basis").is_in([ATTESTED, OFFERED])
    return flows.select(
        "status", "detail", "transport", "app", "plane", "service", "session", "account", "opened",
        "first_ns", "last_ns", "src_packets", "dst_packets", "src_bytes", "dst_bytes",
        *(f"{side}_{name}" for side in ("src", "dst") for name in ("addr", "port", "name", "role")),
        basis=pl.when(told).then("basis").otherwise(pl.lit(REPORTED)),
        record="number",
        records=pl.when(told).then(0).otherwise(pl.col("src_packets") + pl.col("dst_packets")),
        observer="vantage",
        outcome="outcome",
        encrypted=pl.when(pl.col("transport") == "tcp").then(pl.lit("")).otherwise("encrypted"),
    )  # fmt: skip


def _packet(copy: Copy, sent: dict[bytes, int]) -> bytes:
    """Write a message as an IP packet (RFC 791, RFC 8200; RFC 768, RFC 9293), without checksums, which nobody reads."""
    ports = struct.pack(">HH", copy.sport, copy.dport)
    if copy.protocol == UDP:
        body = ports + struct.pack(">HH", 8 + len(copy.payload), 0) + copy.payload
    else:
        way = copy.src + copy.dst + ports
        number = sent.get(way, 1)
        sent[way] = number + len(copy.payload)
        body = ports + struct.pack(">IIBBHHH", number & 0xFFFFFFFF, 1, 0x50, 0x18, 65_535, 0, 0) + copy.payload
    if len(copy.src) == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, copy.protocol, 0)
    else:
        head = struct.pack(">IHBB", 6 << 28, len(body), copy.protocol, 64)
    return head + copy.src + copy.dst + body


def _reported(copy: Copy) -> Row:
    """Write a report of RTCP, which goes between the ends of media."""
    ends = (("src", copy.src, copy.sport), ("dst", copy.dst, copy.dport))
    return {
        "record": copy.record, "basis": REPORTED, "observer": f"hep:{copy.agent}" if copy.agent else "",
        "session": named(copy.call.decode("utf-8", "replace")), "plane": "media", "app": "rtcp",
        "transport": "udp" if copy.protocol == UDP else "", "outcome": "",
        **taken.span(taken.moment(copy.ns), 0), "src_packets": 1,
        **{f"{side}_addr": str(ipaddress.ip_address(where)) for side, where, _ in ends},
        **{f"{side}_port": port for side, _, port in ends},
    }  # fmt: skip
