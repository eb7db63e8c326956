"""What the ends of flows are called, by DNS answers or TLS server names, and under which addresses clients are seen.

A server name says whom this very flow was meant for, so it stands alone; DNS answers speak of an address, which
may serve many names.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import polars as pl

from auditor.read.arrays import I64, distinct
from auditor.read.facts.model import End, Hop, Name, Reflexive
from auditor.read.facts.text import address as read_address
from auditor.read.facts.text import reachable
from auditor.read.pairing import Paired
from auditor.read.said import Columns, Said
from auditor.read.written import numbered, text, texts

NAMES: Final = 32
"""Names that a row gives of one end at most, the first in alphabetical order; `Assembled.names` has all."""

_LOW: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Labels:
    """Addresses and names by number, and the numbers of both ends (a, b) of each flow."""

    addresses: pl.Series
    address: tuple[I64, I64]
    names: pl.Series  # the first is empty
    name: tuple[I64, I64]


def labelled(flows: Paired, answers: Iterable[Name], hellos: tuple[Columns, I64, I64]) -> Labels:
    """Number addresses and names; `hellos` are facts, their flows and the sides that they were sent from."""
    called: dict[tuple[int, int], set[str]] = defaultdict(set)
    for fact in answers:
        called[fact.vantage, fact.address].add(fact.name)
    hi = np.array([address >> 64 for _, address in called], np.uint64)
    lo = np.array([address & _LOW for _, address in called], np.uint64)
    distinct_hi, distinct_lo, number = numbered(
        np.concatenate([flows.a_hi, flows.b_hi, hi]), np.concatenate([flows.a_lo, flows.b_lo, lo])
    )
    count = len(flows)
    ends = number[:count], number[count : 2 * count]
    names = _Numbers()
    codes = np.array([names.code(found) for found in called.values()], np.int64)
    by_vantage = np.array([vantage for vantage, _ in called], np.int64)
    name = tuple(_looked_up(flows.vantage, end, by_vantage, number[2 * count :], codes) for end in ends)
    _serve(*hellos, names, (name[0], name[1]))
    return Labels(texts(distinct_hi, distinct_lo), ends, pl.Series(names.texts, dtype=pl.String), (name[0], name[1]))


class _Numbers:
    """Numbers texts as they come; 0 is the empty one."""

    def __init__(self) -> None:
        self.texts = [""]
        self._codes = {"": 0}

    def code(self, found: Iterable[str]) -> int:
        text = " ".join(sorted(found)[:NAMES])
        if text not in self._codes:
            self._codes[text] = len(self.texts)
            self.texts.append(text)
        return self._codes[text]


def _serve(hellos: Columns, flow: I64, side: I64, names: _Numbers, name: tuple[I64, I64]) -> None:
    """Write into the names of both ends the server names that clients asked for."""
    said = hellos["name"]
    codes = np.zeros(len(hellos.texts), np.int64)
    for own in (0, 1):
        some = (flow >= 0) & (side == own) & ~hellos.says("name", "")
        order = np.lexsort((said[some], flow[some]))
        which, number = flow[some][order], said[some][order]
        fresh = np.append(np.diff(which, prepend=-1) != 0, True)
        alone = fresh[:-1] & fresh[1:]
        wanted = distinct(number[alone])
        codes[wanted] = [names.code([hellos.texts[each]]) for each in wanted]
        name[1 - own][which[alone]] = codes[number[alone]]
        several: dict[int, set[str]] = defaultdict(set)
        for one, each in zip(which[~alone].tolist(), number[~alone].tolist(), strict=True):
            several[one].add(hellos.texts[each])
        for one, found in several.items():
            name[1 - own][one] = names.code(found)


def _looked_up(vantage: I64, address: I64, vantages: I64, addresses: I64, codes: I64) -> I64:
    """Return the code of each (vantage, address number), 0 where there is none."""
    if not len(codes):
        return np.zeros(len(address), np.int64)
    spread = int(addresses.max()) + 1
    keys = vantages * spread + addresses
    order = np.argsort(keys)
    wanted = np.where(address < spread, vantage * spread + address, -1)
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return np.where(keys[order][place] == wanted, codes[order][place], 0)


def named_addresses(answers: Iterable[Name], vantages: Sequence[str]) -> pl.DataFrame:
    """List all DNS answers."""
    rows = {(vantages[fact.vantage], text(fact.address), fact.name) for fact in answers}
    return pl.DataFrame(sorted(rows), {"vantage": pl.String, "addr": pl.String, "name": pl.String}, orient="row")


Mapped = tuple[int, End, End]
"""Vantage, a client's own end, and the public end under which it is seen."""


def mapped(said: Said) -> set[Mapped]:
    """List the public ends under which clients are seen from outside, where these differ from their own.

    Told by STUN answers to the client, and by answers of SIP: `received` in the Via that the client wrote.
    """
    hops = said.of_kind(Hop)
    senders = hops.take(hops.says("kind", "sender") & ~hops["request"]).facts()
    answers = chain(said.of_kind(Reflexive).facts(), senders)
    return {found for fact in answers if (found := mapping(fact)) is not None}


def mapping(fact: Reflexive | Hop) -> Mapped | None:
    """Return what an answer says of the public end of the client that it goes to."""
    if isinstance(fact, Hop) and (
        fact.kind != "sender" or fact.request or read_address(fact.host.encode()) != fact.flow[2]
    ):
        return None
    client = fact.flow[2], fact.flow[3]
    if fact.address in (client[0], -1) or not reachable(fact.address):
        return None
    return fact.vantage, client, (fact.address, fact.port)


def reflexive(found: Iterable[Mapped], vantages: Sequence[str]) -> pl.DataFrame:
    """Write which public addresses stand for a client."""
    rows = {(vantages[vantage], text(client[0]), text(public[0])) for vantage, client, public in found}
    return pl.DataFrame(sorted(rows), {"vantage": pl.String, "addr": pl.String, "public": pl.String}, orient="row")
