"""Explains a finding record by record: the rule, who, where and why, and the packets that show it.

It is bounded: of many exchanges, packets and messages it shows the first and counts the rest.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.evidence import logged, said, shape
from auditor.evidence.case import Case
from auditor.evidence.chosen import Found, choose
from auditor.evidence.wanted import SAME, TOUCHES, WHY, Wanted, key, wanted
from auditor.model.flow import SIDES, SOURCE_SHIFT
from auditor.model.report import Finding
from auditor.read.classify import APPS
from auditor.read.facts.model import Fact, Hello, Name
from auditor.read.written import text
from auditor.report import jsonv1

EXCHANGES: Final = 20
MESSAGES: Final = 20
PACKETS: Final = 10
"""Packets of each exchange that are shown unless more are asked for."""

Progress = Callable[[int, int], None]


def shown(case: Case, finding: Finding, *, limit: int = PACKETS, progress: Progress | None = None) -> shape.Shown:
    """Explain a finding, with the first `limit` packets of each exchange."""
    rests = wanted(case, finding)
    groups, count = _exchanges(rests, case)
    chosen = list(groups)
    rows = pl.concat([groups[each] for each in chosen]) if chosen else rests.flows.head(0)
    sayings = _sayings(rests, rows, case)
    first = dict(list(sayings.items())[:MESSAGES])
    shown_records = [witness for witness in first if witness >= 0]
    found = choose(
        case, replace(rests, flows=rows, records={}), limit=limit, details=True, shown=shown_records, progress=progress
    )
    whole = jsonv1.shaped(replace(case.report, findings=(finding,)))
    numbers = {each: number for number, each in enumerate(chosen)}
    return shape.Shown(
        format="auditor-finding/v1",
        tool=whole.tool,
        finding=whole.findings[0],
        rule=next(rule for rule in whole.rules if rule.id == finding.rule),
        messages=[
            *(_message(witness, *each, found, case) for witness, each in first.items()),
            *logged.messages(rests.logged, case, MESSAGES - len(first)),
        ],
        message_count=len(sayings) + rests.left + len(rests.logged),
        exchanges=[
            *(_exchange(groups[each], numbers[each], each, found, case) for each in chosen),
            *logged.exchanges(rests.logged, EXCHANGES - len(chosen)),
        ],
        exchange_count=count + len(rests.logged),
        inputs=_inputs(whole.inputs, rests, found, finding),
    )


def _exchanges(rests: Wanted, case: Case) -> tuple[dict[Any, pl.DataFrame], int]:
    """Group wanted rows by what went between the same two ends; return the first groups and how many there are.

    Those that touched stand first, then by time.
    """
    order = [
        pl.col("why").replace_strict(list(WHY), range(len(WHY)), return_dtype=pl.Int64),
        "first_ns",
        "source",
        "record",
    ]
    rows = rests.flows.filter(pl.col("src_addr").is_not_null() & pl.col("dst_addr").is_not_null()).sort(order)
    groups: dict[Any, list[int]] = {}
    vantages = {name: number for number, name in enumerate(case.reading.vantages)}
    for number, row in enumerate(rows.select(*_KEY).iter_rows()):
        groups.setdefault(key(row, vantages), []).append(number)
    return {each: rows[numbers] for each, numbers in islice(groups.items(), EXCHANGES)}, len(groups)


_KEY: Final = ("vantage", "transport", "src_addr", "src_port", "dst_addr", "dst_port")


def _sayings(rests: Wanted, rows: pl.DataFrame, case: Case) -> dict[int, tuple[str, list[Fact]]]:
    """Collect what single records say, by witness (negative: names that no packet shows), with why it is evidence."""
    found: dict[int, tuple[str, list[Fact]]] = {}
    for number, fact in enumerate(rests.facts):
        witness = fact.witness if fact.packets else -1 - number
        found.setdefault(witness, (rests.records.get(witness, "names the place"), []))[1].append(fact)
    calls = set(rows["session"].drop_nulls()) if "session" in rows.columns else set()
    ends = {
        frozenset(((src, sport), (dst, dport))): why
        for _, _, src, sport, dst, dport, why in reversed(rows.select(*_KEY, "why").rows())
    }
    known = {id(fact) for fact in rests.facts}
    for fact in case.reading.facts:
        if id(fact) in known or isinstance(fact, Name):
            continue
        why = ""
        if isinstance(fact, Hello) or getattr(fact, "call_id", None) in calls:
            src, sport, dst, dport, _ = fact.flow  # type: ignore[attr-defined]
            why = ends.get(frozenset(((text(src), sport), (text(dst), dport))), "")
        if why or fact.witness in found:
            found.setdefault(fact.witness, (why, []))[1].append(fact)
    return dict(sorted(found.items(), key=lambda each: (each[1][0] in (TOUCHES, SAME), each[0])))


def _message(witness: int, why: str, facts: list[Fact], found: Found, case: Case) -> shape.Message:
    sentences = list(dict.fromkeys(said.sentence(fact) for fact in facts))
    at = facts[0].witness
    app, payload = found.messages.get(witness, ("", b""))
    return shape.Message(
        source=_name(case, at),
        record=at & (1 << SOURCE_SHIFT) - 1 if witness >= 0 else 0,
        time=jsonv1.time(min(fact.first_ns for fact in facts)),
        why=why,
        says=sentences[: said.LINES],
        text=said.lines(app, payload),
    )


def _name(case: Case, witness: int) -> str:
    return case.report.inputs[witness >> SOURCE_SHIFT].name


def _exchange(rows: pl.DataFrame, number: int, ends: Any, found: Found, case: Case) -> shape.Exchange:
    first = rows.row(0, named=True)
    turned = (first["src_addr"], first["src_port"]) != ends[2:4]
    at = np.flatnonzero(found.packets["flow"] == number)
    columns = {name: column[at].tolist() for name, column in found.packets.items()}
    return shape.Exchange(
        why=first["why"],
        sessions=sorted(set(rows["session"].drop_nulls())) if "session" in rows.columns else [],
        vantage=first["vantage"],
        transport=first["transport"],
        app=first["app"] or "",
        plane=first["plane"] or "",
        basis=first["basis"] or "",
        outcome=first["outcome"] or "",
        opened=first["opened"] or "",
        src=_end(first, SIDES[0]),
        dst=_end(first, SIDES[1]),
        packets=int(found.counts[number]),
        bytes=int(rows.select(pl.sum_horizontal("src_bytes", "dst_bytes").sum()).item()),
        first=jsonv1.time(first["first_ns"] or 0),
        last=jsonv1.time(rows["last_ns"].max() or 0),  # type: ignore[arg-type]
        records=list(_records(columns, turned, case)),
    )


def _end(row: dict[str, Any], side: str) -> shape.End:
    words = {name: row[f"{side}_{name}"] or "" for name in ("name", "role", "label", "site")}
    return shape.End(address=row[f"{side}_addr"], port=row[f"{side}_port"], **words)


def _records(columns: dict[str, list[Any]], turned: bool, case: Case) -> Iterator[shape.Record]:
    for witness, ns, wire, payload, app, back in zip(
        *(columns[name] for name in ("witness", "ns", "wire", "payload", "app", "back")), strict=True
    ):
        record = witness & (1 << SOURCE_SHIFT) - 1
        yield shape.Record(
            _name(case, witness), record, jsonv1.time(ns), bool(back) == turned, APPS[app], wire, payload
        )


def _inputs(inputs: Iterable[Any], rests: Wanted, found: Found, finding: Finding) -> list[Any]:
    """Return the inputs that are named."""
    indices = set((found.packets["witness"] >> SOURCE_SHIFT).tolist()) | {w >> SOURCE_SHIFT for w in rests.records}
    indices |= set(rests.logged["source"].to_list())
    named = {entry.source for entry in finding.evidence}
    return [entry for index, entry in enumerate(inputs) if index in indices or entry.name in named]
