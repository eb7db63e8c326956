"""Resources: every block of the modules of a configuration, as often as it is made, with its attributes evaluated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from auditor.routing.model import Line
from auditor.routing.terraform.attributes import attributes
from auditor.routing.terraform.module import Program, World
from auditor.routing.terraform.values import Unresolved, Value

META: Final = frozenset(
    {"count", "for_each", "depends_on", "provider", "providers", "lifecycle", "provisioner", "connection"}
)
"""Arguments and blocks of any resource that say how it is made, not what it is."""
IDLE: Final = frozenset({"account_id", "comment", "description", "project", "tags", "ttl"})
"""Attributes that say of no resource of any reader where it sends anybody."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One instance of a resource."""

    address: str  # `module.a["x"].aws_route53_record.www[0]`
    type: str
    name: str
    attributes: Mapping[str, Value]  # blocks are lists of dicts by their type; null is as if it were not there
    at: Line
    exists: Unresolved | None = None
    """What it hangs on whether, and how often, there is such a resource: then it stands for any number of them."""
    managed: bool = True  # False: it is only looked up (`data`)


def resources(program: Program) -> list[Resource]:
    """Evaluate every resource of the root module and of all that it calls, in the order in which they stand."""
    found: list[Resource] = []
    done: set[str] = set()
    while left := [path for path in program.worlds if path not in done]:
        for path in left:
            done.add(path)
            found.extend(_of_world(program, program.worlds[path]))
    return found


def _of_world(program: Program, world: World) -> Iterator[Resource]:
    for block in world.body.blocks:
        if block.type not in ("resource", "data", "module"):
            continue
        kind = (block.type,) if block.type != "resource" else ()
        prefix = ".".join(filter(None, (world.path, *kind, *block.labels)))
        with program.assumed.by(f"block {prefix}"):
            world.named((*kind, *block.labels), block.at, ".".join(block.labels))
            made = program.made.get(prefix, [])
            found = [] if block.type == "module" else [_resource(program, address) for address in made]
        program.assumed.tell(block, f"block {prefix}", world.rests)
        yield from found


def _resource(program: Program, address: str) -> Resource:
    instance = program.instances[address]
    block = instance.block
    known = attributes(block.body, instance.inside, META | IDLE)
    with program.assumed.by(f"idle {address}"):  # which nothing hangs on
        idle = attributes(block.body, instance.inside, META | (block.body.attributes.keys() - IDLE) | known.keys())
    order = {name: i for i, name in enumerate((*block.body.attributes, *block.body.kinds))}
    found = dict(sorted({**idle, **known}.items(), key=lambda each: order.get(each[0], len(order))))
    kind, name = block.labels
    return Resource(address, kind, name, found, block.at, instance.exists, block.type == "resource")
