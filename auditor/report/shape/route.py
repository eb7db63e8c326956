"""The shapes of the JSON report that tell of routing configuration."""

from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta

from auditor.model import surge as model
from auditor.report.shape.parts import Count, Shape


class Stage(Shape):
    file: str
    line: Count
    text: str


class Branch(Shape):
    label: str
    kind: Annotated[Literal["first", "any", "pool"], Meta(description="In order, in shares, or what is chosen.")]
    state: Annotated[Literal["serves", "asked", "down", "idle"], Meta(description="Under the outages of the route.")]
    place: Stage
    children: Annotated[list[int], Meta(description="Indices into the graph; empty too where the rest is left out.")]
    site: str


class Change(Shape):
    file: str
    line: Annotated[Count, Meta(description="The first that was added, or that stands behind those removed.")]
    removed: list[str]
    added: list[str]


class Route(Shape):
    format: str
    clients: Annotated[list[str], Meta(description="Classes that are treated alike; the first of `client_count`.")]
    client_count: Count
    pool: str
    site: str
    edge: Annotated[Stage, Meta(description="The line to change.")]
    outages: Annotated[list[str], Meta(description="What has to fail; empty: nothing has to.")]
    proven: Annotated[str, Meta(description="How it is known that fewer don't do; empty: it is only not excluded.")]
    faults: Count
    steps: Annotated[list[Stage], Meta(description="How the configuration then chooses, replayed.")]
    graph: Annotated[list[Branch], Meta(description="The root first; large graphs are cut.")]
    compared: Annotated[bool, Meta(description="With an earlier state.")]
    before: Annotated[int | None, Meta(description="How many outages it took then; null: none would have done it.")]
    changes: Annotated[list[Change], Meta(description="Without any of which it would be as before.")]


class Reaching(Shape):
    outages: Annotated[int | None, Meta(description="The fewest that do; null: no proof excludes it.")]
    classes: Annotated[Count, Meta(description="Of clients that take as many.")]


Multiple = Annotated[
    str | None, Meta(description="An exact multiple of all demand, a fraction such as 7/6; null: at no multiple.")
]


class Filled(Shape):
    at: Multiple
    pool: str
    by: list[str]


class Headroom(Shape):
    client: str
    at: Annotated[Multiple, Meta(description="Beyond this, at a uniform surge, its first session lands there.")]
    pool: str
    safe: Annotated[Multiple, Meta(description="Below this it can't, whatever the mix.")]
    proof: Annotated[list[str], Meta(description="Pools whose capacity proves that.")]
    front: Annotated[list[str], Meta(description="Pools that it fills before.")]


class Outage(Shape):
    kind: str
    id: str
    at: Multiple
    client: str
    pool: str


class Surge(Shape):
    pools: list[str]
    at: Annotated[Multiple, Meta(description="Beyond this, with nothing down, the first session lands in such a pool.")]
    headroom: list[Headroom]
    fills: list[Filled]
    outages: Annotated[list[Outage], Meta(description="The same with one thing down, worst first.")]
    untried: Count
    unserved: Multiple
    unknown: list[str]
    doubtful: list[str]
    compared: bool
    before: Annotated[Multiple, Meta(description="What `at` was in the earlier state.")]


def surge(told: model.Surge) -> Surge:
    """Put a surge into its shape."""
    return Surge(
        list(told.pools),
        _multiple(told.at),
        [
            Headroom(row.client, _multiple(row.at), row.pool, _multiple(row.safe), list(row.proof), list(row.front))
            for row in told.headroom
        ],
        [Filled(_multiple(fill.at), fill.pool, list(fill.by)) for fill in told.fills],
        [Outage(out.kind, out.id, _multiple(out.at), out.client, out.pool) for out in told.outages],
        told.untried,
        _multiple(told.unserved),
        list(told.unknown),
        list(told.doubtful),
        told.compared,
        _multiple(told.before),
    )


def _multiple(value: Fraction | None) -> str | None:
    return None if value is None else model.written(value)


class Configuration(Shape):
    files: list[str]
    format: str
    clients: Count
    graphs: Count
    pools: Count
    faults: Count
    ways: Annotated[Count, Meta(description="Pairs of a class and a pool that some outages bring together.")]
    never: Annotated[Count, Meta(description="Pairs that are listed and that no outages bring together.")]
    unlisted: Annotated[Count, Meta(description="Pairs that are not listed.")]
    unproven: Annotated[Count, Meta(description="Pairs that are only not excluded.")]
    remarks: list[Stage]
