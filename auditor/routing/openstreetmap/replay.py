"""What OpenStreetMap's script makes of one outage, step by step, on what its files say: it knows nothing of graphs."""

from collections.abc import Iterator, Mapping

from auditor.routing.model import UNCLASSIFIED, Answer, Client, Node, Step
from auditor.routing.openstreetmap.model import Cluster, Origin, Server
from auditor.routing.openstreetmap.rank import PREFERRED, ranked
from auditor.routing.surge.uniform import FULL


class Script:
    """The files as they were parsed."""

    def __init__(self, clusters: list[Cluster], origins: Mapping[str, Origin], default: Node | None) -> None:
        self._clusters, self._origins = clusters, origins
        self._unmapped = default  # by which a reading of a country that is not in the map is told

    def answer(self, client: Client, down: frozenset[str]) -> Answer:
        """Say who serves a country while tests fail and clusters have no room."""
        pools: set[str] = set()
        mapped = client.name != UNCLASSIFIED and client.root is not self._unmapped
        steps = list(self._ranking(self._origins[client.name], down, pools) if mapped else self._default(down, pools))
        return Answer(frozenset(pools), tuple(steps))

    def _ranking(self, origin: Origin, down: frozenset[str], pools: set[str]) -> Iterator[Step]:
        for tied in ranked(origin, self._clusters):
            chosen = []
            for each in tied:
                name = each.cluster.name
                why = "preferred" if each.match == PREFERRED else "allowed"
                if not any(self._up(server, down) for server in each.cluster.servers):
                    yield Step(each.at, f"{name} ({why}) has no server that is up, go on")
                elif FULL + name in down:
                    yield Step(each.at, f"{name} ({why}) has no room for {origin.code}, go on")
                else:
                    chosen.append(each)
            if len(chosen) > 1:
                names = ", ".join(each.cluster.name for each in chosen)
                yield Step(chosen[0].at, f"{names} are at one distance: any of them may get {origin.code}")
            for each in chosen:
                yield Step(each.at, f"{each.cluster.name} gets {origin.code}")
                yield from self._serve(each.cluster, down, pools)
            if chosen:
                return
        if self._clusters:
            yield Step(origin.at, "no cluster has room: the script raises all limits by a tenth and tries again")

    def _default(self, down: frozenset[str], pools: set[str]) -> Iterator[Step]:
        some = sorted((cluster for cluster in self._clusters if cluster.default), key=lambda cluster: cluster.name)
        if some:
            yield Step(some[0].default_at, f"who is in no country of the map gets {some[0].name}")
            if len(some[0].servers) == 1:
                pools.add(some[0].servers[0].pool)
            else:
                yield from self._serve(some[0], down, pools)

    def _serve(self, cluster: Cluster, down: frozenset[str], pools: set[str]) -> Iterator[Step]:
        up = [server for server in cluster.servers if self._up(server, down)]
        for server in up:
            yield Step(server.at, f"{server.pool} serves")
        pools.update(server.pool for server in up)

    def _up(self, server: Server, down: frozenset[str]) -> bool:
        if server.tests is None:
            return f"untested:{server.pool}" not in down
        return not any(f"check:{test}" in down for test in server.tests)
