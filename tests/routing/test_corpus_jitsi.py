"""A real file of region groups alone; what is expected is worked out from its text."""

import re

from auditor.routing import jitsi
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing.corpus import real


def test_groups_without_a_strategy_decide_nothing() -> None:
    file = real("jitsi/region-groups.conf")
    assert jitsi.sniff(file)
    (routing,) = jitsi.read([file], Kept({}))
    assert list(routing.unread) == []
    lines = file.data.decode().splitlines()
    names = {name: at for at, line in enumerate(lines, 1) for name in re.findall(r'"([^"]+)"', line)}
    assert {client.name: client.at.line for client in routing.clients if client.name != "*"} == {
        f"region {name}": at for name, at in names.items()
    }
    proof = prove(routing)
    for client in routing.clients:
        reached = proof[id(client.root)].pools
        assert set(names) < set(reached) == set(routing.pools)
        assert {each.size for each in reached.values()} == {0}
    (remark,) = routing.remarks
    assert "region-groups" in lines[remark.at.line - 1]
