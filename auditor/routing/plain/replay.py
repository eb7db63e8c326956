"""What a `routing.yaml` does under one outage, step by step: its interpreter, which knows nothing of the graph."""

from collections.abc import Collection, Iterator, Mapping

from auditor.model.documents import Document
from auditor.routing.model import Answer, Client, Line, Pool, Step
from auditor.routing.plain.format import ClientsPlain, GroupPlain, RoutingPlain

Choice = GroupPlain | ClientsPlain


class Plain:
    """A file as it was parsed."""

    def __init__(
        self, document: Document, plain: RoutingPlain, pools: Mapping[str, Pool], blind: Collection[str]
    ) -> None:
        self._document, self._plain, self._pools, self._blind = document, plain, pools, blind
        self._groups = {group.name: (at, group) for at, group in enumerate(plain.groups)}
        self._states: dict[tuple[str, frozenset[str]], bool] = {}  # of groups: each may stand in many others

    def answer(self, client: Client, down: frozenset[str]) -> Answer:
        """Say who serves a class of clients while these faults are there."""
        at = next(
            at for at, _ in enumerate(self._plain.clients) if self._document.line("clients", at) == client.at.line
        )
        pools: set[str] = set()
        steps = list(self._chosen(self._plain.clients[at], ("clients", at), down, pools, set()))
        self._states.clear()
        return Answer(frozenset(pools), tuple(steps))

    def _chosen(
        self, choice: Choice, here: tuple[str, int], down: frozenset[str], pools: set[str], asked: set[str]
    ) -> Iterator[Step]:
        """Yield the steps by which a choice is made, those of each group once, and add the pools that serve."""
        key = "first" if choice.first else "any"
        names = choice.first or choice.any
        up = [self._is_up(name, down) for name in names]
        stands = self._stands(choice, up)
        serve: list[int] = []
        for at, name in enumerate(names):
            where = self._line(*here, key, at)
            if not up[at]:
                yield Step(where, f"{name} is down, go on")
            elif stands:
                serve.append(at)
                if choice.first:
                    break
        if not stands:
            last = len(names) - 1
            serve = {"nothing": [], "first": [0], "last": [last], "any": list(range(len(names)))}[choice.when_all_down]
            said = "nothing serves" if not serve else f"{' and '.join(names[at] for at in serve)} all the same"
            yield Step(self._line(*here), f"{choice.name} is down as a whole: {said}")
        for at in serve:
            name, where = names[at], self._line(*here, key, at)
            if name in self._pools:
                yield Step(where, f"{name} serves")
                pools.add(name)
            else:
                yield Step(where, f"{name} is asked")
                number, group = self._groups[name]
                if name not in asked:
                    asked.add(name)
                    yield from self._chosen(group, ("groups", number), down, pools, asked)

    def _stands(self, choice: Choice, up: list[bool]) -> bool:
        """Say whether enough of a choice is up."""
        if choice.first:
            return any(up)
        shares = choice.weights or [1] * len(up)
        return sum(share for share, each in zip(shares, up, strict=True) if each) >= choice.at_least

    def _is_up(self, name: str, down: frozenset[str]) -> bool:
        if name in self._pools:
            return name in self._blind or not (self._pools[name].faults & down)
        _, group = self._groups[name]
        if (name, down) not in self._states:
            up = [self._is_up(each, down) for each in group.first or group.any]
            self._states[name, down] = self._stands(group, up)
        return self._states[name, down]

    def _line(self, *path: str | int) -> Line:
        return Line(self._document.file, self._document.line(*path))
