"""Which record sets are answered alike: they differ in their names, and in nothing that decides."""

from collections.abc import Hashable

from auditor.routing.clouddns.records import UNCLEAR, Config, Key, RecordSet, Target
from auditor.routing.clouddns.tree import Tree


class Shapes:
    """Numbers what record sets do, so that those that do the same have one number."""

    def __init__(self, config: Config, tree: Tree) -> None:
        self._config, self._tree = config, tree
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[Key, int] = {}

    def of(self, key: Key) -> int:
        """Return the number of what is answered under a name; what is told of one of them is not shared."""
        if key not in self._known:
            group = self._config.records[key]
            told = len(group) > 1 or UNCLEAR in {self._tree.visibility(record) for record in group}
            what = (key if told and self._tree.located(key) is not None else (), *map(self._record, group))
            self._known[key] = self._numbers.setdefault(what, len(self._numbers))
        return self._known[key]

    def _record(self, record: RecordSet) -> Hashable:
        items = [
            (item.location, item.weight, item is record.primary, *(self._target(record, each) for each in item.targets))
            for item in record.every
        ]
        return record.policy, record.fenced, record.trickle, self._tree.visibility(record), tuple(items)

    def _target(self, record: RecordSet, target: Target) -> Hashable:
        goes = [-1 if self._tree.is_cut(record.key, go) else self.of(go) for go in self._tree.goes(record, target)]
        return target.name if not goes else "", target.checked, target.network, target.how, target.region, tuple(goes)
