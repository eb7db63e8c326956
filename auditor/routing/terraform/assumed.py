"""What rests on values of variables that nobody gave: defaults, and files of values of which one may be used.

Terraform documentation, "Input Variables": a variable of the environment (`TF_VAR_x`), `-var`, `-var-file` and the
workspace of a service may each set another value than the default.  Which resources rest on which defaults is kept
while they are evaluated, through whatever names the values go.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from auditor.routing.model import Line, Remark
from auditor.routing.terraform.syntax import Block, Expression
from auditor.routing.terraform.values import Unresolved, Value, plain, shown

_MAY: Final = "may set another; give the .tfvars file that is used, or the plan as JSON"


@dataclass(frozen=True, slots=True)
class Choice:
    """Files of values of which nobody knows which will be used."""

    values: Sequence[Expression]  # each in another file, the likeliest first
    certain: bool  # whether one of them is used; else the default may be
    why: str  # what makes it a choice, with the remedy
    asked: bool = True  # whether files are among them that were given

    def value(self, at: Line, text: str, default: Expression | None, evaluate: Callable[[Expression], Value]) -> Value:
        """Return what all of them say alike; if they differ, it is not known to what is at a place."""
        some = [*self.values, *([default] if default is not None and not self.certain else [])]
        found = [evaluate(each) for each in some]
        if (self.asked or len(some) > 1) and all(plain(each) == plain(found[0]) for each in found):
            return found[0]
        return Value(Unresolved(text, self.why, at), at)


@dataclass(slots=True)
class Assumed:
    """The defaults on which parts of a configuration rest."""

    _lines: dict[str, Line] = field(default_factory=dict)  # of defaults that were taken, by variable
    _rests: dict[str, frozenset[str]] = field(default_factory=dict)  # names of variables, by what rests on them
    _stack: list[set[str]] = field(default_factory=list)  # of what is being evaluated, the innermost last
    _blocks: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)  # type, file, names of variables

    @property
    def now(self) -> frozenset[str]:
        """Names of the defaults on which rests what is being evaluated."""
        return frozenset(self._stack[-1] if self._stack else ())

    @contextmanager
    def by(self, key: str) -> Iterator[None]:
        """Keep on which defaults rests what is evaluated within."""
        self._stack.append(set())
        try:
            yield
        finally:
            self._rests[key] = self._rests.get(key, frozenset()) | self._stack.pop()

    def again(self, key: str) -> None:
        """Let what is being evaluated rest on something that is known."""
        if self._stack:
            self._stack[-1] |= self._rests.get(key, frozenset())

    def default(self, name: str, at: Line) -> None:
        """Note that the default of a variable was taken."""
        self._lines[name] = at
        if self._stack:
            self._stack[-1].add(name)

    def tell(self, block: Block, key: str, also: frozenset[str]) -> None:
        """Keep for a block, whether anything is made of it or not, on what it rests."""
        kind = "module" if block.type == "module" else block.labels[0]
        rests = self._rests.get(key, frozenset()) | also
        if rests and block.type != "data":
            self._blocks.append((kind, block.at.file, rests))

    def remarks(self, kinds: tuple[str, ...], given: frozenset[str]) -> Iterator[Remark]:
        """Say of each default on which types of resources rest that it may not be what is used.

        `kinds` are beginnings of types; of a call of a module nobody knows what it would make with other values.
        """
        rests = [names for kind, file, names in self._blocks if kind.startswith((*kinds, "module")) and file in given]
        for name in sorted(frozenset().union(*rests), key=lambda name: (self._lines[name], name)):
            text = f"taken: the default of variable `{shown(name)}`, which no given file sets"
            yield Remark(self._lines[name], f"{text}; TF_VAR_{shown(name)}, -var or -var-file {_MAY}")
