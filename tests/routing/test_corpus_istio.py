"""Istio's own sample of a failover; what is expected is worked out from its text with a plain YAML parser."""

import yaml

from auditor.routing import istio
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing.corpus import real


def test_failover_is_no_fence() -> None:
    file = real("istio/helloworld-destinationrule.yaml")
    assert istio.sniff(file)
    (routing,) = istio.read([file], Kept({}))
    assert routing.unread == ()
    lines = file.data.decode().splitlines()
    spec = yaml.safe_load(file.data)["spec"]
    (failover,) = spec["trafficPolicy"]["loadBalancer"]["localityLbSetting"]["failover"]
    near, far = f"{failover['from']}/*", f"{failover['to']}/*"
    proof = prove(routing)
    told = {}
    for client in routing.clients:
        fewest: dict[str, int] = {}
        for pool, each in proof[id(client.root)].pools.items():
            site = routing.pools[pool].site
            fewest[site] = min(each.size, fewest.get(site, each.size))
        told[client.name.removeprefix(f"{spec['host']} ")] = fewest
    other = "any other region"
    assert told == {
        f"from {near}": {near: 0, far: 1, other: 2},
        f"from {far}": {far: 0, near: 1, other: 1},
        "*": {other: 0, near: 1, far: 1},
    }
    (fence,) = [remark for remark in routing.remarks if "no fence" in remark.text]
    assert failover["from"] in lines[fence.at.line - 1]
    assert [remark.text.startswith(spec["host"]) for remark in routing.remarks] == [True, True]
