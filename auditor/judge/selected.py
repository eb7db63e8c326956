"""Does a session stay where its account has chosen?  In three-valued logic, by who takes part and what was touched.

Whose session it is a record may say; otherwise anybody may host it, also somebody whom nobody saw, and no packet tells.
So a place is allowed if each account that may count allows it, forbidden if each forbids it, and open in between.
An account of which nothing is known may have chosen whatever any account has.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from auditor.judge.audience import Audience, Member
from auditor.judge.numbers import Integers
from auditor.judge.scope import Kleene
from auditor.model.rule import Choice, Selection

Candidates = frozenset[Choice | None]
"""Choices of which one counts, and nothing tells which; None: one of which nothing is known."""

Counting = frozenset[tuple[Candidates, bool]]
"""Candidates for each whose choice counts in a session, and whether it is certain that it does."""


def choices(selection: Selection) -> Iterator[Choice]:
    """Yield the distinct choices of a selection."""
    default = () if selection.default is None else (selection.default,)
    yield from dict.fromkeys((*selection.accounts.values(), *default))


class Chosen:
    """Whose choices count, for each audience of a digest: audiences are many, and choices few."""

    def __init__(self, selection: Selection, audiences: Sequence[Audience], members: Sequence[Member]) -> None:
        self._selection = selection
        unlisted = () if selection.default is not None else (None,)
        self._any: Candidates = frozenset((*choices(selection), *unlisted)) or frozenset((None,))
        of_members = [self._of_accounts(member.accounts) for member in members]
        found = [self._of_audience(audience, members, of_members) for audience in audiences]
        self.counting = list(dict.fromkeys(found))
        number = {counting: i for i, counting in enumerate(self.counting)}
        self.of: Integers = np.array([number[counting] for counting in found], np.int64)

    def _of_accounts(self, accounts: Iterable[str]) -> Candidates:
        listed, default = self._selection.accounts, self._selection.default
        return frozenset(listed.get(account, default) for account in accounts) or self._any

    def _of_audience(self, audience: Audience, members: Sequence[Member], of_members: Sequence[Candidates]) -> Counting:
        if self._selection.whose == "participants":
            each = frozenset((of_members[number], members[number].sure) for number in audience.members)
            return each or frozenset([(self._any, True)])
        if audience.accounts:
            return frozenset([(self._of_accounts(audience.accounts), True)])
        return frozenset([(self._any, True)])


def allowed(counting: Counting, ask: Callable[[Choice], Kleene], size: int) -> Kleene:
    """Return what those whose choice counts say together, where `ask` returns what one choice says of `size` places."""
    nothing = np.zeros(size, np.int8)
    answer = np.ones(size, np.int8)
    for candidates, sure in counting:
        said = _agreed([nothing if choice is None else ask(choice) for choice in candidates])
        answer = np.minimum(answer, said if sure else np.maximum(said, 0))
    return answer


def _agreed(answers: Sequence[Kleene]) -> Kleene:
    """Return what all answers say, 0 where they differ."""
    low, high = np.minimum.reduce(answers), np.maximum.reduce(answers)
    return np.where(low == high, low, 0).astype(np.int8)
