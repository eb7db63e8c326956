"""Who takes part in a session: the classes of its participants, or of the sites by whose data they hold.

Whatever a rule asks about people, it asks of the set of these classes, so sessions of equal audience are one case.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.judge.held import Evidence, Integers, codes
from auditor.model import countries, flow
from auditor.model import labels as label_text

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One class of participants, or (not a person) a site by whose data it holds."""

    person: bool
    sure: bool  # False: it may be a place, or was only called and never seen to answer
    labels: tuple[str, ...]  # parts of labels: populations, and accounts with their mark
    possible: str  # country set, of all evidence
    proof: str  # country set, of proofs alone

    @property
    def names(self) -> tuple[str, ...]:
        """The populations and accounts by which they are known."""
        return label_text.names(self.labels)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts to which they belong."""
        return label_text.accounts(self.labels)


@dataclass(frozen=True, slots=True, order=True)
class Audience:
    """The classes of the participants of a session."""

    members: tuple[int, ...]  # numbers of members; empty: nobody is known to take part
    lone: bool = False  # they are one single person, who is never on both sides of a border
    accounts: tuple[str, ...] = ()  # whose session records say it is


NOBODY = Audience(())


def members(ends: pl.DataFrame, evidence: Evidence, touch: Integers) -> tuple[tuple[Member, ...], Integers]:
    """Number the classes of those who take part; return them, sorted, and the class of each end (-1: none).

    Where no end is or may be a person, the labels of sites say whose data they hold.
    """
    labels, label = codes(ends["label"])
    party, site = ends["party"].to_numpy(), _speaks(ends)
    key = np.where(party, evidence.rows * 2 + _sure(ends, touch), np.where(site, -2 - label, -1))
    distinct, number = np.unique(key, return_inverse=True)
    classes = {k: _member(k, evidence, labels) for k in distinct.tolist() if k != -1}
    ordered = tuple(sorted(set(classes.values())))
    index = {member: i for i, member in enumerate(ordered)}
    found = np.array([index[classes[k]] if k != -1 else -1 for k in distinct.tolist()], np.int64)
    return ordered, found[number]


def _member(key: int, evidence: Evidence, labels: pl.Series) -> Member:
    if key >= 0:
        return Member(True, bool(key & 1), *evidence.held[key >> 1])
    return Member(False, True, label_text.split(labels[-2 - key]), countries.ANYWHERE, countries.ANYWHERE)


def _speaks(ends: pl.DataFrame) -> Booleans:
    """Say of which ends the label tells whose data the session is about: sites, where nobody else takes part."""
    party = ends["party"].to_numpy()
    folk = _some(party, ends["id"].to_numpy())
    return (ends["there"] & (ends["label"] != "")).to_numpy() & ~folk


def _sure(ends: pl.DataFrame, touch: Integers) -> Booleans:
    """Say which ends are certainly participants.

    An end of unknown role may be a place.  One that was only offered or called may never have taken part, and one that
    only exchanged STUN may be a stranger who heard what a check has to name; unless the whole session is no more.
    """
    client = (ends["party"] & (ends["role"] == "client")).to_numpy()
    carried = ends["carried"].to_numpy()
    more = carried & (ends["app"] != "stun").to_numpy()
    session = ends["id"].to_numpy()
    sure = _some(client & more, touch)
    sure |= _some(client & carried, touch) & ~_some(more, session)
    return sure | (_some(client, touch) & ~_some(carried, session))


def _some(holds: Booleans, group: Integers) -> Booleans:
    """Say of each row whether anything in its group holds."""
    found = np.zeros(int(group.max(initial=-1)) + 1, np.bool_)
    found[group[holds]] = True
    return found[group]


def audiences(ends: pl.DataFrame, member: Integers, touch: Integers) -> tuple[tuple[Audience, ...], Integers]:
    """Number the distinct audiences, NOBODY first; return them, and each end's."""
    own = ends["own"].to_numpy()
    hosts, host = codes(ends["account"])
    alone, of_alone = _of_flows(ends, member, hosts, host)
    called, of_called = _of_sessions(ends.filter(~own), member[~own], touch[~own], hosts, host[~own])
    ordered = tuple(sorted({NOBODY, *alone, *called}))
    index = {audience: i for i, audience in enumerate(ordered)}
    out = np.zeros(len(ends), np.int64)
    out[own] = np.array([index[a] for a in alone], np.int64)[of_alone]
    out[~own] = np.array([index[a] for a in called], np.int64)[of_called]
    return ordered, out


def _of_flows(
    ends: pl.DataFrame, member: Integers, hosts: pl.Series, host: Integers
) -> tuple[list[Audience], Integers]:
    """Pair up the two ends of flows of their own; `hosts` are the accounts whose sessions they are, by number."""
    half = len(ends) // 2
    own = ends["own"].to_numpy()[:half]
    one, other = member[:half][own], member[half:][own]
    party = ends["party"].to_numpy()
    lone = (party[:half] ^ party[half:])[own]
    size = int(member.max(initial=-1)) + 2
    pair = (np.minimum(one, other) + 1) * size + np.maximum(one, other) + 1
    distinct, number = np.unique((pair * len(hosts) + host[:half][own]) * 2 + lone, return_inverse=True)
    kinds = []
    for k in distinct.tolist():
        both, account = divmod(k >> 1, len(hosts))
        low, high = divmod(both, size)
        kinds.append(Audience(tuple(sorted({low - 1, high - 1} - {-1})), bool(k & 1), _accounts(hosts, [account])))
    return kinds, np.tile(number.astype(np.int64), 2)


def _accounts(hosts: pl.Series, numbers: list[int]) -> tuple[str, ...]:
    return tuple(account for account in (hosts[number] for number in numbers) if account)


def _of_sessions(
    ends: pl.DataFrame, member: Integers, touch: Integers, hosts: pl.Series, host: Integers
) -> tuple[list[Audience], Integers]:
    """Gather those who take part in named sessions."""
    session, party = ends["id"].to_numpy(), ends["party"].to_numpy()
    count = int(session.max(initial=-1)) + 1
    size = int(member.max(initial=-1)) + 1
    rejected = (ends["outcome"] == flow.REJECTED).to_numpy()
    takes = (member >= 0) & ~(rejected & _some(~rejected, session))  # who was turned away took no part in what went on
    at, who = np.divmod(np.unique(session[takes] * size + member[takes]), max(size, 1))
    party = party & takes
    persons = np.bincount(session[party][np.unique(touch[party], return_index=True)[1]], minlength=count)
    members, number = _listed(at, who, count)
    accounts, account = _listed(*np.divmod(np.unique(session * len(hosts) + host), len(hosts)), count)
    mixed = (number * len(accounts) + account) * 2 + (persons == 1)
    key, of_session = np.unique(mixed, return_inverse=True)
    built = []
    for k in key.tolist():
        crowd, said = divmod(k >> 1, len(accounts))
        built.append(Audience(members[crowd], bool(k & 1), _accounts(hosts, list(accounts[said]))))
    return built, of_session.astype(np.int64)[session]


def _listed(session: Integers, value: Integers, count: int) -> tuple[list[tuple[int, ...]], Integers]:
    """Number the distinct lists of values that sessions have: return them, and each session's."""
    listed = pl.col("value").cast(pl.List(pl.String)).list.join(",")
    lists = pl.DataFrame({"id": session, "value": value}).group_by("id", maintain_order=True).agg("value")
    of_all = pl.DataFrame({"id": np.arange(count)}).join(
        lists.select("id", listed), on="id", how="left", maintain_order="left"
    )
    distinct, number = codes(of_all["value"].fill_null(""))
    return [tuple(map(int, text.split(","))) if text else () for text in distinct], number
