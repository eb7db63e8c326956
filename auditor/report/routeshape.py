"""The shapes of the JSON report that tell of routing configuration, and what all of its shapes share."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    """What all parts share: closed to unknown fields."""


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
