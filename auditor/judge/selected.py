"""Does a session stay where its account has chosen?  In three-valued logic, by who takes part and what was touched.

Whose session it is a record may say; otherwise one of those who take part hosts it, and which one no packet tells.
So a place is allowed if each account that may count allows it, forbidden if each forbids it, and open in between.
An account of which nothing is known may have chosen whatever any account has.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from auditor.judge.audience import Audience, Member
from auditor.judge.scope import Kleene
from auditor.model.rule import Choice, Selection

Integers = npt.NDArray[np.int64]


class Chosen:
    """The choices of a selection, asked of places: each distinct choice of each distinct place once."""

    def __init__(self, selection: Selection, places: Sequence[tuple[str, str]]) -> None:
        """Lay out what the choices say of places (country set and site)."""
        self._selection = selection
        self._places = places
        self._known: dict[Choice, Kleene] = {}
        listed = [*selection.accounts.values(), *([] if selection.default is None else [selection.default])]
        self._any = self._of_any(dict.fromkeys(listed), selection.default is not None)

    def _of_any(self, choices: Iterable[Choice], complete: bool) -> Kleene:
        """Say what an unknown account says: anything that some account says; and more, unless all are known."""
        answers = [self._ask(choice) for choice in choices]
        if not answers or not complete:
            return np.zeros(len(self._places), np.int8)
        return _agreed(answers)

    def _ask(self, choice: Choice) -> Kleene:
        if choice not in self._known:
            self._known[choice] = np.array([choice.holds(*place) for place in self._places], np.int8)
        known: Kleene = self._known[choice]
        return known

    def of_account(self, account: str) -> Kleene:
        """Say of each place whether an account allows it."""
        choice = self._selection.accounts.get(account, self._selection.default)
        return np.zeros(len(self._places), np.int8) if choice is None else self._ask(choice)

    def of_member(self, member: Member) -> Kleene:
        """Say what the accounts of a participant allow; several are candidates, none is any."""
        return _agreed([self.of_account(account) for account in member.accounts] or [self._any])

    def of_audience(self, audience: Audience, members: Sequence[Member]) -> Kleene:
        """Say of each place whether it is allowed in a session of these participants."""
        who = [members[number] for number in audience.members]
        if self._selection.whose == "participants":
            said = [self.of_member(m) if m.sure else np.maximum(self.of_member(m), 0) for m in who]
            least: Kleene = np.minimum.reduce(said or [self._any])
            return least
        if audience.accounts:
            return _agreed([self.of_account(account) for account in audience.accounts])
        return _agreed([self.of_member(member) for member in who] or [self._any])


def _agreed(answers: Sequence[Kleene]) -> Kleene:
    """Return what all answers say, 0 where they differ."""
    low, high = np.minimum.reduce(answers), np.maximum.reduce(answers)
    return np.where(low == high, low, 0).astype(np.int8)


def selected(
    selection: Selection, places: Sequence[tuple[str, str]], audiences: Sequence[Audience],
    members: Sequence[Member], place: Integers, audience: Integers,
) -> Kleene:  # fmt: skip
    """Say of each end, by the numbers of its place and its audience, whether its session's account allows it."""
    chosen = Chosen(selection, places)
    answer = np.zeros(len(place), np.int8)
    order = np.argsort(audience, kind="stable")
    starts = np.flatnonzero(np.diff(audience[order], prepend=-1))
    for some in np.split(order, starts[1:]) if len(order) else []:
        said = chosen.of_audience(audiences[audience[some[0]]], members)
        answer[some] = said[place[some]]
    return answer
