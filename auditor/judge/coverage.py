"""Count what was examined, what was not and how it was judged: a pass is worth no more than that.

A touch is one address in one session.  Several flows may touch it; the worst that a rule says of them counts.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.judge.verdicts import FAIL, FAIL_PROVEN, NOT_APPLICABLE, OPEN, PASS, PASS_PROVEN
from auditor.model import flow
from auditor.model.report import Coverage, Judged, Unread
from auditor.model.rule import Rule

_KINDS = NOT_APPLICABLE + 1
_ATTEMPTS = (flow.OFFERED, flow.ATTESTED)  # rows that tell of an exchange without being one


class Tally:
    """Counts of touches, rule by rule."""

    def __init__(self, ends: pl.DataFrame) -> None:
        """Lay out the touches of sealed ends: of a flow of its own each end is one, as often as the flow occurred."""
        self._order = np.argsort(ends["touch"].to_numpy(), kind="stable")
        touch = ends["touch"].to_numpy()[self._order]
        self._starts = np.flatnonzero(np.diff(touch, prepend=-1)).astype(np.int64)
        first = self._order[self._starts]
        self._weight = np.where(ends["own"].to_numpy()[first], ends["flows"].to_numpy()[first], 1)
        self._role = {role: (ends["role"] == role).to_numpy() for role in ("client", "hop")}
        self._rejected = (ends["outcome"] == flow.REJECTED).to_numpy()
        self._all = ~(self._role["client"] | self._role["hop"])
        self._place = self._all & ~self._rejected
        self._decided = np.zeros(len(touch), np.bool_)
        self.judged: list[tuple[str, Judged]] = []

    def add(self, rule: Rule, outcome: npt.NDArray[np.int8]) -> None:
        """Count what a rule says; ends of participants, and hops, are no touches unless the rule says so."""
        counted = self._all.copy()
        for role, ends in self._role.items():
            if role in rule.asserts.roles:
                counted |= ends
        if flow.REJECTED not in rule.applies.outcomes:
            counted &= ~self._rejected
        counts = self._count(np.where(counted, outcome, _KINDS)).tolist()
        self.judged.append(
            (
                rule.id,
                Judged(
                    passed=counts[PASS] + counts[PASS_PROVEN],
                    failed=counts[FAIL] + counts[FAIL_PROVEN],
                    open=counts[OPEN],
                    not_applicable=counts[NOT_APPLICABLE],
                    on_claims=counts[FAIL] + counts[PASS],
                ),
            )
        )
        self._decided |= self._place & (outcome != OPEN) & (outcome != NOT_APPLICABLE)

    def _count(self, outcome: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        if not len(outcome):
            return np.zeros(_KINDS, np.int64)
        worst = np.minimum.reduceat(outcome[self._order], self._starts)
        return np.bincount(worst, self._weight, _KINDS + 1).astype(np.int64)

    @property
    def touches(self) -> int:
        """Count the touched places."""
        return int(self._count(np.where(self._place, 0, _KINDS))[0])

    @property
    def decided(self) -> int:
        """Count the touched places of which at least one rule decided."""
        return int(self._count(np.where(self._decided, 0, _KINDS))[0])

    @property
    def empty(self) -> bool:
        """Say whether nothing was in the scope of any rule."""
        return not any(counts.passed + counts.failed + counts.open for _, counts in self.judged)


def coverage(
    covered: pl.DataFrame, tally: Tally, source: Callable[[int], str], unread_bytes: Sequence[tuple[str, int, str]],
    limits: Sequence[str] = (),
) -> Coverage:  # fmt: skip
    """Put the counts of COVER rows and of judged touches together.

    The ends of flows that wrap too much are judged as they are, and what they wrap was not examined.
    """
    deep = (pl.col("status") == flow.OK) & (pl.col("detail") == flow.TOO_DEEP)
    covered = covered.with_columns(read=pl.when(deep).then(pl.lit(flow.UNSUPPORTED)).otherwise("status"))
    records = covered.group_by("read").agg(pl.col("packets").sum()).sort("read")
    ends = covered.filter((pl.col("status") == flow.OK) & (pl.col("detail") != flow.PASSED))
    attempts = ends.filter(pl.col("outcome") != flow.CARRIED)
    flows = ends.filter(~pl.col("basis").is_in(_ATTEMPTS))
    return Coverage(
        packets=int(covered["packets"].sum()),
        bytes=int(covered["bytes"].sum()),
        records=tuple(records.iter_rows()),
        unread=_unread(covered, source),
        unread_bytes=tuple(sorted(unread_bytes)),
        outcomes=tuple(attempts.group_by("outcome").agg(pl.col("flows").sum()).sort("outcome").iter_rows()),
        flows=int(flows["flows"].sum()),
        decided=tally.decided,
        touches=tally.touches,
        judged=tuple(tally.judged),
        limits=tuple(limits),
    )


def _unread(covered: pl.DataFrame, source: Callable[[int], str]) -> tuple[Unread, ...]:
    keys = ["source", "read", "detail"]
    rows = (
        covered.filter(pl.col("read") != flow.OK)
        .group_by(keys)
        .agg(pl.col("packets").sum(), pl.col("first_record").min())
    )
    return tuple(
        Unread(source(index), status, reason, packets, record)
        for index, status, reason, packets, record in rows.sort(keys).iter_rows()
    )
