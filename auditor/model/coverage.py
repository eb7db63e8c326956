"""What was examined and what was not: the part of a report that says how much its verdict rests on."""

from dataclasses import dataclass

from auditor.model.status import UNEXAMINED

PACKET, RECORD, LINE = "packet", "log record", "line"
"""What captures and logs hold and configurations consist of, and what evidence is numbered by."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How many touches a rule judged, by outcome."""

    passed: int = 0
    failed: int = 0
    open: int = 0
    not_applicable: int = 0
    on_claims: int = 0  # of passed and failed: decided by claims alone


@dataclass(frozen=True, slots=True)
class Unread:
    """Records of one input that have no address or could not be examined, and why."""

    source: str
    status: str
    reason: str
    packets: int  # of a log: records
    first_record: int
    unit: str = PACKET


@dataclass(frozen=True, slots=True)
class Coverage:
    packets: int  # of captures
    bytes: int  # of those packets
    records: tuple[tuple[str, int], ...]  # status -> packets of captures and records of logs, sorted
    unread: tuple[Unread, ...]
    unread_bytes: tuple[tuple[str, int, str], ...]  # input, bytes that belong to no whole record, why
    outcomes: tuple[tuple[str, int], ...]  # unanswered, rejected -> flows: attempts that carried nothing
    flows: int
    decided: int  # touches that at least one rule decided (pass or fail)
    touches: int
    judged: tuple[tuple[str, Judged], ...]  # rule id -> counts, in rule order
    limits: tuple[str, ...] = ()  # sentences: what else was there and was not examined, so that nothing passes
    logged: int = 0  # records of logs, lines of configurations
    configured: bool = False  # they are lines

    @property
    def unit(self) -> str:
        """Name what `records` counts."""
        if self.configured:
            return LINE
        return f"{PACKET} or {RECORD}" if self.packets and self.logged else RECORD if self.logged else PACKET

    @property
    def unexamined(self) -> int:
        """Count the packets and records that were there and were not looked at."""
        return sum(packets for status, packets in self.records if status in UNEXAMINED)
