"""The list of sessions as plain text, for terminals: complete in sessions, bounded in what it says of each."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl

from auditor.model.report import Finding
from auditor.report import words
from auditor.report.clean import visible

FEW: Final = 8
"""Participants, places and findings that are named of one session; the other formats hold all."""
_BATCH: Final = 10_000  # sessions that are Python objects at one time


def render(table: pl.DataFrame, findings: Sequence[Finding]) -> str:
    """Write a table of sessions; `findings` are those that were asked for."""
    asked = [f"{finding.rule}, {finding.verdict.value}, {finding.id}" for finding in findings]
    head = words.many(len(table), "session") + (f" of {'; '.join(asked)}" if asked else " in all")
    lines = [f"{head}."]
    for part in table.iter_slices(_BATCH):
        for row in part.iter_rows(named=True):
            lines += ["", *_session(row)]
    return "\n".join(lines) + "\n"


def _session(row: dict[str, Any]) -> Iterator[str]:
    first, last = (words.moment(_ns(row[name]), 3) for name in ("start", "end"))
    when = first if first == last else f"{first.removesuffix(' UTC')} to {last}"
    yield f"{visible(row['session'])}  {when or 'at a time that the capture does not tell'}"
    for i, text in enumerate(_few(list(_people(row)), "participant")):
        yield f"  {'' if i else 'who':10}{text}"
    for i, text in enumerate(_few(list(_places(row)), "place")):
        yield f"  {'' if i else 'touched':10}{text}"
    told = [visible(", ".join(row["planes"])), ", ".join(row["bases"]), ", ".join(row["outcomes"])]
    volume = f"{words.many(row['packets'], 'packet')}, {words.size(row['bytes'])} in {words.many(row['flows'], 'flow')}"
    yield f"  {'traffic':10}{'; '.join(filter(None, told))}; {volume}"
    for i, text in enumerate(_few([visible(name) for name in row["meetings"]], "meeting")):
        yield f"  {'' if i else 'meeting':10}{text} (inferred from client, service and time)"
    found = zip(row["findings"], row["rules"], row["verdicts"], row["waived"], strict=True)
    named = [f"{verdict}  {rule}  {name}{'  waived' if off else ''}" for name, rule, verdict, off in found]
    for i, text in enumerate(_few(named, "finding")):
        yield f"  {'' if i else 'findings':10}{text}"
    yield f"  {'see':10}{visible(row['input'])}, packet {row['record']:,}"


def _people(row: dict[str, Any]) -> Iterator[str]:
    columns = ("participants", "participant_countries", "participant_labels", "participants_certain")
    for address, where, label, certain in zip(*(row[name] for name in columns), strict=True):
        said = f"{visible(address) or 'no address'}  {words.capital(words.where(where)) or 'Not known where'}"
        said += f", labelled {visible(label)}" if label else ""
        yield said if certain else f"{said} (not certain to take part)"


def _places(row: dict[str, Any]) -> Iterator[str]:
    columns = ("places", "place_countries", "place_sites", "place_operators", "place_roles")
    for address, where, *rest in zip(*(row[name] for name in columns), strict=True):
        said = ", ".join(visible(text) for text in rest if text)
        yield f"{visible(address) or 'no address'}  {words.capital(words.where(where))}; {said}"


def _few(texts: list[str], noun: str) -> list[str]:
    rest = len(texts) - FEW
    return texts if rest <= 0 else [*texts[:FEW], f"and {words.many(rest, f'more {noun}')}"]


def _ns(time: Any) -> int:
    return 0 if time is None else round(time.timestamp() * 1_000) * 1_000_000
