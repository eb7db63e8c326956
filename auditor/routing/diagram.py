"""Binary decision diagrams: statements about faults, exactly, over all combinations of them.

Reduced and ordered (R. E. Bryant, "Graph-based algorithms for Boolean function manipulation", IEEE Transactions on
Computers C-35(8), 1986): equal statements are one number, so what can't be true is FALSE and nothing else, and the
smallest set of faults that makes a statement true is a shortest path.
"""

from collections.abc import Sequence
from typing import Final

FALSE, TRUE = 0, 1
MOST: Final = 1 << 19
"""Nodes of one diagram; more say that its faults are tied to each other in too many ways."""

ALL: Final = 1 << 21
"""Nodes of all diagrams of one configuration, so that many graphs end in time too."""


class TooLargeError(Exception):
    """The diagram would need more than MOST nodes."""


class Diagram:
    """Statements over variables 0, 1, 2 ..., in that order; each is a number; at most so many nodes are made."""

    def __init__(self, most: int = MOST) -> None:
        end = 1 << 62
        self._most = most
        self._nodes: list[tuple[int, int, int]] = [(end, FALSE, FALSE), (end, TRUE, TRUE)]  # variable, if not, if so
        self._known: dict[tuple[int, int, int], int] = {}
        self._chosen: dict[tuple[int, int, int], int] = {}

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self._nodes)

    def variable(self, number: int) -> int:
        """State that a fault is there."""
        return self._node(number, FALSE, TRUE)

    def _node(self, variable: int, low: int, high: int) -> int:
        if low == high:
            return low
        key = (variable, low, high)
        found = self._known.get(key)
        if found is None:
            if len(self._nodes) >= self._most:
                raise TooLargeError
            found = self._known[key] = len(self._nodes)
            self._nodes.append(key)
        return found

    def choose(self, test: int, so: int, otherwise: int) -> int:
        """State `so` where `test` is true, and `otherwise` where it is not.

        Without recursion, since there may be thousands of variables: what has to be known first is put on a stack.
        """
        wanted = (test, so, otherwise)
        stack = [wanted]
        while stack:
            key = stack[-1]
            if key in self._chosen or _plain(*key) is not None:
                stack.pop()
                continue
            variable = min(self._nodes[each][0] for each in key)
            halves = tuple(self._half(key, variable, side) for side in (1, 2))
            answers = [self._answer(half) for half in halves]
            if None in answers:
                stack += [half for half, answer in zip(halves, answers, strict=True) if answer is None]
                continue
            low, high = answers
            assert low is not None
            assert high is not None
            self._chosen[key] = self._node(variable, low, high)
            stack.pop()
        found = self._answer(wanted)
        assert found is not None
        return found

    def _half(self, key: tuple[int, int, int], variable: int, side: int) -> tuple[int, int, int]:
        nodes = self._nodes
        one, two, three = (nodes[each][side] if nodes[each][0] == variable else each for each in key)
        return one, two, three

    def _answer(self, key: tuple[int, int, int]) -> int | None:
        plain = _plain(*key)
        return self._chosen.get(key) if plain is None else plain

    def both(self, one: int, other: int) -> int:
        """State that both are true."""
        return self.choose(one, other, FALSE)

    def either(self, one: int, other: int) -> int:
        """State that one of the two is true, or both."""
        return self.choose(one, TRUE, other)

    def neither(self, one: int) -> int:
        """State that it is not true."""
        return self.choose(one, FALSE, TRUE)

    def any_of(self, statements: Sequence[int]) -> int:
        """State that one of them is true."""
        found = FALSE
        for statement in reversed(statements):
            found = self.either(statement, found)
        return found

    def reaching(self, statements: Sequence[int], weights: Sequence[int], need: int) -> int:
        """State that the weights of those that are true add up to `need` at least."""
        left = [0] * (len(weights) + 1)
        for at in range(len(weights) - 1, -1, -1):
            left[at] = left[at + 1] + weights[at]
        sums: dict[int, int] = {}  # what is still needed -> statement about those behind
        wanted = [{max(0, need)}]
        for at, weight in enumerate(weights):
            wanted.append({max(0, more - taken) for more in wanted[at] for taken in (0, weight)})
        for at in range(len(weights), -1, -1):
            before = sums
            sums = {}
            for more in wanted[at]:
                if more == 0 or more > left[at]:
                    sums[more] = TRUE if more == 0 else FALSE
                else:
                    sums[more] = self.choose(statements[at], before[max(0, more - weights[at])], before[more])
        return sums[max(0, need)]

    def smallest(self, statement: int) -> tuple[int, ...] | None:
        """Return a smallest set of variables that makes it true, the first of them in their order; None: nothing does.

        Of several the one that leaves out the earlier variables.
        """
        if statement == FALSE:
            return None
        order, seen, stack = [], {TRUE, FALSE}, [statement]
        while stack:
            at = stack[-1]
            ahead = [] if at in seen else [each for each in self._nodes[at][1:] if each not in seen]
            if ahead:
                stack += ahead
                continue
            stack.pop()
            if at not in seen:
                seen.add(at)
                order.append(at)
        far = 1 << 62
        costs = {FALSE: far, TRUE: 0}
        for at in order:
            _, low, high = self._nodes[at]
            costs[at] = min(costs[low], costs[high] + 1)
        chosen = []
        at = statement
        while at != TRUE:
            variable, low, high = self._nodes[at]
            if costs[low] <= costs[high] + 1:
                at = low
            else:
                chosen.append(variable)
                at = high
        return tuple(chosen)


def _plain(test: int, so: int, otherwise: int) -> int | None:
    """Answer what needs no looking into; None: it does."""
    if test in (TRUE, FALSE):
        return so if test else otherwise
    if so == otherwise:
        return so
    return test if (so, otherwise) == (TRUE, FALSE) else None
