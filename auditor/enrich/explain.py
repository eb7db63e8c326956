"""What every source says of some addresses, with what a stranger needs to check it."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

import polars as pl

from auditor.enrich import embedded, regional
from auditor.enrich.addresses import network, parse, write
from auditor.enrich.evidence import OPERATOR, Situation, overrule, published_name, sources
from auditor.enrich.located import KEYS, Coded, code, situation
from auditor.enrich.opened import Opened
from auditor.enrich.regional import NAMELESS
from auditor.model.report import Source

Question = tuple[str, str, int | None, int | None]
"""Address, vantage, and the first and last moment of the traffic in nanoseconds (None: no time is known)."""


def explain(opened: Opened, questions: Sequence[Question]) -> list[tuple[Source, ...]]:
    """List for each question proofs, claims (overruled ones named so) and who operates the address.

    All are looked up at once.  Of a text that is no address,
    only the region is told that it names.
    """
    numbers = enumerate(_number(address) for address, *_ in questions)
    asked = [(at, number) for at, number in numbers if number is not None]
    chosen = [questions[at] for at, _ in asked]
    columns = {
        "vantage": [vantage for _, vantage, *_ in chosen],
        "addr": [address for address, *_ in chosen],
        "begin": _epochs(opened, [first for *_, first, _ in chosen]),
        "end": _epochs(opened, [last for *_, last in chosen]),
    }
    coded = code(opened, pl.DataFrame(columns, schema=KEYS))
    answers = [regional.explained(address) if address.startswith(NAMELESS) else () for address, *_ in questions]
    for row, (at, number) in enumerate(asked):
        answers[at] = _answer(opened, coded, row, *number)
    return answers


def _epochs(opened: Opened, times: Sequence[int | None]) -> list[int]:
    known = opened.epochs(pl.Series([time or 0 for time in times], dtype=pl.Int64))
    return [-1 if time is None else int(epoch) for time, epoch in zip(times, known, strict=True)]


def _number(address: str) -> tuple[int, int] | None:
    try:
        return parse(address)
    except ValueError:
        return None


def _answer(opened: Opened, coded: Coded, row: int, number: int, version: int) -> tuple[Source, ...]:
    here = situation(opened, coded, [int(codes[row]) for codes in coded.placing])
    if coded.special[row] or coded.local[row]:
        return tuple(overrule(sources(here, opened.names)))
    details = _details(opened, here, number, version)
    return (*overrule(sources(here, opened.names, details)), *_operators(opened, here, int(coded.operator[row])))


def _details(opened: Opened, here: Situation, number: int, version: int) -> dict[str, str]:
    """Say for each database which network holds the address."""
    first, last, _ = embedded.shipped(embedded.COUNTRY).intervals.span(number, version)
    details = {
        opened.names.country: network(number, version, first, last),
        published_name(here.published, opened.names): _prefix(number, version, here.published.length),
    }
    for user in opened.users:
        _, length = user.answer(write(number, version))
        details[user.name] = _prefix(number, version, length)
    return details


def _prefix(number: int, version: int, length: int) -> str:
    return str(ip_network(f"{write(number, version)}/{length}", strict=False))


def _operators(opened: Opened, here: Situation, code: int) -> Iterator[Source]:
    """Name who operates the address, which is no evidence of where it is."""
    range_ = here.published
    if range_.operator:
        yield Source(published_name(range_, opened.names), OPERATOR, "", range_.operator)
    for user, answer in zip(opened.users, here.answers, strict=True):
        if answer.operator or answer.number:
            yield Source(user.name, OPERATOR, "", f"{answer.number} {answer.operator}".strip())
    if code:
        yield Source(embedded.shipped(embedded.OPERATOR).name, OPERATOR, "", embedded.operator(code)[1])
