"""What every source says of one address, with what a stranger needs to check it."""

from collections.abc import Iterator
from ipaddress import ip_network

import polars as pl

from auditor.enrich import embedded
from auditor.enrich.addresses import network, parse, write
from auditor.enrich.evidence import OPERATOR, Situation, overrule, published_name, sources
from auditor.enrich.located import KEYS, code, situation
from auditor.enrich.opened import Opened
from auditor.model.report import Source


def explain(
    opened: Opened, address: str, vantage: str, first_ns: int | None, last_ns: int | None
) -> tuple[Source, ...]:
    """List proofs, claims (overruled ones named so) and who operates it; nothing for a text that is no address."""
    try:
        number, version = parse(address)
    except ValueError:
        return ()
    begin, end = (-1 if time is None else int(opened.epochs(pl.Series([time]))[0]) for time in (first_ns, last_ns))
    coded = code(opened, pl.DataFrame([(vantage, address, begin, end)], schema=KEYS, orient="row"))
    here = situation(opened, coded, [int(codes[0]) for codes in coded.placing])
    if coded.special[0] or coded.local[0]:
        return tuple(overrule(sources(here, opened.names)))
    details = _details(opened, here, number, version)
    return (*overrule(sources(here, opened.names, details)), *_operators(opened, here, int(coded.operator[0])))


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
        yield Source(embedded.shipped(embedded.OPERATOR).name, OPERATOR, "", embedded.operators()[code][1])
