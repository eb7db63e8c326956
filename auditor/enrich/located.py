"""Where many addresses may be and who operates them: each distinct situation is weighed once.

Every source turns addresses into codes; rows with equal codes are in one situation, of which a capture has a few
hundred, however many addresses it has.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.enrich import embedded, evidence, special
from auditor.enrich.addresses import Numbers, numbers
from auditor.enrich.evidence import Situation
from auditor.enrich.fold import fold
from auditor.enrich.ground import said
from auditor.enrich.mmdb import Answer
from auditor.enrich.opened import Opened
from auditor.model.flow import inside

Codes = npt.NDArray[np.int64]
KEYS: Final = {"vantage": pl.String, "addr": pl.String, "begin": pl.Int32, "end": pl.Int32}
"""What `locate` takes: begin and end are epochs of the traffic (see Opened.epochs), -1 where no time is known."""
DECLARED: Final = ("label", "site", "owner", "planes", "role", "ground")
"""What the inventory says: `owner` is its operator, `ground` the country set that it alone proves."""
TEXTS: Final = ("claimed", "proven", "operator", *DECLARED)


@dataclass(frozen=True, slots=True)
class Coded:
    """Rows as codes of what every source says of them."""

    special: Codes
    country: Codes
    published: Codes
    operator: Codes
    users: tuple[Codes, ...]
    answers: tuple[list[Answer], ...]  # what the codes of each user database stand for
    levels: Codes
    local: Codes  # 1 + index into Opened.locals where the address is private at a declared vantage
    time: Codes
    times: pl.DataFrame  # begin, end by time code

    @property
    def placing(self) -> list[Codes]:
        """The codes on which the place depends."""
        return [self.country, self.published, self.levels, self.local, self.time, *self.users]


def locate(opened: Opened, ends: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of KEYS the columns of TEXTS, and `private`: a private address of which no country is declared."""
    coded = code(opened, ends)
    places = _places(opened, coded)
    declared = _declared(opened, coded)
    operators = _operators(coded)
    private = _is_private(coded.special) & (coded.local == 0)
    return ends.with_columns(*places, operators, *declared, pl.Series("private", private))


def code(opened: Opened, ends: pl.DataFrame) -> Coded:
    """Ask every source about every row.  A special or local address is asked of the inventory only."""
    read = numbers(ends["addr"])
    unusual = read.find(special.registry())
    local = _local(opened, ends["vantage"], read, unusual)
    ordinary = (unusual == 0) & (local == 0)
    country, published, operator = (
        np.where(ordinary, read.find(embedded.shipped(stem).intervals), 0)
        for stem in (embedded.COUNTRY, embedded.PUBLISHED, embedded.OPERATOR)
    )
    asked = [user.answers(read, ordinary) for user in opened.users]
    times, time = fold(ends.select("begin", "end"))
    return Coded(
        unusual,
        country,
        published,
        operator,
        tuple(codes for codes, _ in asked),
        tuple(answers for _, answers in asked),
        read.find(opened.ground[0]),
        local,
        time,
        times,
    )


def _local(opened: Opened, vantages: pl.Series, read: Numbers, unusual: Codes) -> Codes:
    """Say at which declared vantage an address is private, by its number from 1; 0: at none.

    In tunnels that pass a vantage, others' private addresses are seen too: there only declared networks count.
    """
    local = np.zeros(read.count, np.int64)
    for number, (vantage, networks) in enumerate(opened.locals, 1):
        if networks is None:
            there, here = _is_private(unusual), vantages == vantage.name
        else:
            there, here = read.find(networks) > 0, vantages.is_in([vantage.name, inside(vantage.name)])
        local[there & here.to_numpy()] = number
    return local


def _is_private(unusual: Codes) -> npt.NDArray[np.bool_]:
    kinds = [value.startswith(special.PRIVATE) for value in special.registry().values]
    return np.array(kinds)[unusual]


def _places(opened: Opened, coded: Coded) -> list[pl.Series]:
    """Weigh each distinct situation, and return `claimed` and `proven` of every row."""

    def weighed(*codes: int) -> tuple[str, ...]:
        return evidence.weigh(evidence.sources(situation(opened, coded, codes), opened.names))

    return _each(coded.placing, weighed, ("claimed", "proven"))


def situation(opened: Opened, coded: Coded, codes: Sequence[int]) -> Situation:
    """Look up what the codes of one row, in the order of `Coded.placing`, stand for."""
    country, range_, level, local, time, *users = codes
    return Situation(
        *_time(opened, coded, time),
        embedded.shipped(embedded.COUNTRY).intervals.values[country],
        embedded.range_of(range_),
        tuple(answers[user] for answers, user in zip(coded.answers, users, strict=True)),
        opened.ground[1][level],
        opened.locals[local - 1][0] if local else None,
    )


def _time(opened: Opened, coded: Coded, time: int) -> tuple[int | None, int | None]:
    row = coded.times.row(time, named=True)
    return opened.time_in(row["begin"]), opened.time_in(row["end"])


def _declared(opened: Opened, coded: Coded) -> list[pl.Series]:
    def declared(level: int, time: int) -> tuple[str, ...]:
        found = said(opened.ground[1][level], *_time(opened, coded, time))
        return found.label, found.site, found.operator, found.planes, found.role, found.ground

    return _each([coded.levels, coded.time], declared, DECLARED)


def _operators(coded: Coded) -> pl.Series:
    """Name the operator: of the published range, else by a user's database, else by the AS number."""
    numbers_, which = np.unique(coded.operator, return_inverse=True)  # few of the ninety thousand occur
    by_number = pl.Series("operator", [embedded.operator(code)[0] for code in numbers_.tolist()], pl.String)
    by_number = by_number.gather(which)
    occur = np.zeros(int(coded.published.max(initial=0)) + 1, np.bool_)
    occur[coded.published] = True  # few of the seven thousand do
    named = [[embedded.range_of(code).operator if here else "" for code, here in enumerate(occur.tolist())]]
    named += [[answer.operator for answer in answers] for answers in coded.answers]
    for names, codes in reversed(list(zip(named, (coded.published, *coded.users), strict=True))):
        better = pl.Series("operator", names, pl.String).gather(codes)
        by_number = better.zip_with(better != "", by_number)
    return by_number.alias("operator")


def _each(columns: Sequence[Codes], say: Callable[..., tuple[str, ...]], names: Sequence[str]) -> list[pl.Series]:
    """Call `say` once for every distinct row of codes, and spread what it returns over the rows."""
    distinct, ids = fold(pl.DataFrame({str(at): column for at, column in enumerate(columns)}))
    answers = [say(*codes) for codes in distinct.iter_rows()]
    return [pl.Series(name, [answer[at] for answer in answers], pl.String).gather(ids) for at, name in enumerate(names)]
