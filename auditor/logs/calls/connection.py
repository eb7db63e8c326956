"""One RTCPeerConnection as a dump tells of it: its candidates, the pairs that it used, and what it was only offered."""

from dataclasses import dataclass, field
from typing import Any

from auditor.logs.calls.candidates import Candidate

Report = dict[str, Any]
"""A report of getStats."""


@dataclass(slots=True)
class Pair:
    """A pair that was selected, as it was last told."""

    record: int
    local: Candidate
    remote: Candidate
    records: int = 0
    first_ns: int = 0
    last_ns: int = 0
    sent: tuple[int, int] = (0, 0)  # packets, bytes
    received: tuple[int, int] = (0, 0)
    told: bool = False  # whether counts were


@dataclass(slots=True)
class Offer:
    """An end that was only named."""

    record: int
    candidate: Candidate
    at_ns: int
    stands: int = 0  # 1: its row stands for the event


@dataclass(slots=True)
class Connection:
    """One RTCPeerConnection."""

    name: str
    reports: dict[str, Report] = field(default_factory=dict)
    locals: dict[Candidate, int] = field(default_factory=dict)  # every own candidate
    chosen: dict[str, str] = field(default_factory=dict)  # the pair that each transport has selected
    live: dict[str, None] = field(default_factory=dict)  # pairs in use
    ends: dict[tuple[str, int], str] = field(default_factory=dict)  # addresses by kind and port; empty: several
    pairs: dict[tuple[Candidate, Candidate], Pair] = field(default_factory=dict)
    offers: dict[Candidate, Offer] = field(default_factory=dict)
    fragments: tuple[str, str] = ("", "")  # own, the other side's
    people: bool | None = None  # whether the other side is a person, as the page says; None: it doesn't say
    media: bool = False
    encrypted: bool = False
    begun: int = 0
