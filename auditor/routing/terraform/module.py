"""Modules of Terraform: the files of a folder become one, and its blocks become resources with evaluated attributes.

Sources: Terraform language documentation, "Input Variables" (order in which values are taken), "Local Values",
"Modules", "The count Meta-Argument", "The for_each Meta-Argument", "dynamic Blocks", "Override Files".
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.routing.model import Line, Unread
from auditor.routing.terraform.assumed import Assumed, Choice
from auditor.routing.terraform.attributes import attribute, each_value, instances
from auditor.routing.terraform.evaluate import Effort, Evaluator
from auditor.routing.terraform.syntax import Block, Body, Expression
from auditor.routing.terraform.types import conform
from auditor.routing.terraform.values import Ref, Unresolved, Value, collected, mapped, shown

HOP: Final = 3
"""Levels of nesting for which a reference counts."""
MODULES: Final = 200
"""Calls of modules in one configuration."""


@dataclass(slots=True)
class Instance:
    """A resource, or a call of a module, of which attributes are asked one by one."""

    address: str
    block: Block
    inside: Evaluator
    exists: Unresolved | None = None
    known: dict[str, Value | None] = field(default_factory=dict)


@dataclass(slots=True)
class Program:
    """What all modules of a configuration share."""

    effort: Effort
    folders: Mapping[str, Body]  # of each module, by its folder
    broken: Mapping[str, str]  # files of a folder that can't be read, by folder
    instances: dict[str, Instance] = field(default_factory=dict)
    made: dict[str, list[str]] = field(default_factory=dict)  # addresses of the instances of a block, by its own
    worlds: dict[str, "World"] = field(default_factory=dict)  # by path: "" or `module.a`
    busy: set[str] = field(default_factory=set)
    unread: list[Unread] = field(default_factory=list)
    assumed: Assumed = field(default_factory=Assumed)


@dataclass(slots=True)
class World:
    """One module as it is called."""

    program: Program
    folder: str
    path: str
    body: Body
    inputs: Mapping[str, Expression | Choice]
    caller: Evaluator | None = None
    rests: frozenset[str] = frozenset()  # names of defaults by which it is called as it is
    known: dict[str, Value] = field(default_factory=dict)

    @property
    def evaluator(self) -> Evaluator:
        """Evaluate in this module."""
        return Evaluator(self, self.program.effort)

    def named(self, path: tuple[str, ...], at: Line, text: str) -> tuple[Value, int]:
        """Give the value that a path begins with, and how many names that took."""
        kind, *rest = path
        if not rest or kind in ("each", "count", "self", "path", "terraform"):
            why = "stands for nothing that is known here; give the plan as JSON (terraform show -json)"
            return Value(Unresolved(text, why, at, fails=not rest), at), len(path)
        taken = 3 if kind == "data" else 2
        if len(path) < taken:
            return Value(Unresolved(text, "is no whole reference; mend it", at, fails=True), at), len(path)
        key = f"{self.path} {'.'.join(path[:taken])}"
        if key not in self.known:
            if key in self.program.busy:
                return Value(Unresolved(text, "refers to itself, so Terraform would refuse it; mend it", at), at), taken
            self.program.busy.add(key)
            self.program.effort.depth += HOP
            try:
                with self.program.assumed.by(key):
                    self.known[key] = self._found(kind, path, taken, at, text)
            finally:
                self.program.effort.depth -= HOP
                self.program.busy.discard(key)
        self.program.assumed.again(key)
        return self.known[key], taken

    def _found(self, kind: str, path: tuple[str, ...], taken: int, at: Line, text: str) -> Value:
        labels = path[taken - 2 : taken]
        name = labels[-1]
        if kind == "var":
            return self._variable(name, at, text)
        if kind == "local":
            if name in self.body.locals:
                return self.evaluator.value(self.body.locals[name])
        elif kind == "module":
            if block := self.body.labelled.get(("module", name)):
                return self._instances(block, f"module.{name}")
        else:
            wanted = "data" if kind == "data" else "resource"
            if block := self.body.labelled.get((wanted, *labels)):
                return self._instances(block, ".".join((*(("data",) if kind == "data" else ()), *labels)))
            address = ".".join(filter(None, (self.path, *path[:taken])))
            refs = (Ref(address, path[taken]),) if len(path) == taken + 1 else ()
            return Value(replace(self._undefined(text, at), refs=refs), at)
        return Value(self._undefined(text, at), at)

    def _undefined(self, text: str, at: Line) -> Unresolved:
        broken = self.program.broken.get(self.folder)
        if broken:
            return Unresolved(text, "is not defined here, and a file beside this one can't be read; mend that file", at)
        return Unresolved(text, "is not defined in the files that were given; give the file that defines it", at)

    def _variable(self, name: str, at: Line, text: str) -> Value:
        block = self.body.labelled.get(("variable", name))
        if block is None:
            return Value(self._undefined(text, at), at)
        given, default = self.inputs.get(name), block.body.attributes.get("default")
        constants = Evaluator(EMPTY, self.program.effort)
        if isinstance(given, Choice):
            value = given.value(at, text, default, constants.value)
        elif given is not None:
            value = (self.caller or constants).value(given)
        elif default is not None:
            if self.caller is None:
                self.program.assumed.default(name, default.at)
            value = constants.value(default)
        else:
            why = "this variable has no value; give a .tfvars file that sets it, or the plan as JSON"
            return Value(Unresolved(text, why, at), at)
        return conform(value, block.body.attributes.get("type"), _constant(self.program.effort))

    def _instances(self, block: Block, local: str) -> Value:
        """Expand a resource or a call: one reference, or a list or dict of them."""
        address = f"{self.path}.{local}" if self.path else local
        arguments = block.body.attributes
        at, inside = block.at, self.evaluator
        if "count" in arguments:
            times = inside.value(arguments["count"])
            if isinstance(times.data, int) and not isinstance(times.data, bool) and 0 <= times.data <= 1 << 14:
                self.program.effort.spend(times.data)
                made = [
                    self._register(
                        address, f"{address}[{i}]", block, inside.with_names(count=mapped({"index": Value(i, at)}, at))
                    )
                    for i in range(times.data)
                ]
                return collected(made, at)
            return self._uncertain(address, block, times, "count")
        if "for_each" in arguments:
            over = inside.value(arguments["for_each"])
            pairs = instances(over)
            if pairs is not None:
                return mapped(
                    {
                        key: self._register(
                            address, f'{address}["{key}"]', block, inside.with_names(each=each_value(key, item, at))
                        )
                        for key, item in pairs
                    },
                    at,
                )
            return self._uncertain(address, block, over, "for_each")
        return self._register(address, address, block, inside)

    def _register(
        self, own: str, address: str, block: Block, inside: Evaluator, exists: Unresolved | None = None
    ) -> Value:
        self.program.instances[address] = Instance(address, block, inside, exists)
        self.program.made.setdefault(own, []).append(address)
        if block.type == "module":
            self._call(address, block, inside)
        return Value(Ref(address), block.at)

    def _uncertain(self, address: str, block: Block, found: Value, kind: str) -> Value:
        at = block.body.attributes[kind].at
        lost = found.data
        if not isinstance(lost, Unresolved):
            lost = Unresolved(kind, "it can't be gone through; give the plan as JSON", at)
        why = f"how many of these there are is not known: {lost.why}"
        lost = replace(lost, why=why, at=at)
        hole = Value(lost, at)
        names = {"count": mapped({"index": hole}, at), "each": mapped({"key": hole, "value": hole}, at)}
        self._register(address, f"{address}[?]", block, self.evaluator.with_names(**names), lost)
        return hole

    def _call(self, address: str, block: Block, inside: Evaluator) -> None:
        """Begin the module that a call names."""
        source = block.body.attributes.get("source")
        where = inside.value(source).data if source else None
        folder = posixpath.normpath(posixpath.join(self.folder, where)) if isinstance(where, str) else ""
        if not isinstance(where, str) or not where.startswith((".", "/")) or folder not in self.program.folders:
            why = "what this module makes is not known here; give its files, or the plan as JSON (terraform show -json)"
            self.program.unread.append(Unread(block.at, f"module {shown(address)}", why))
            return
        if len(self.program.worlds) >= MODULES or self._folders().count(folder) > 0:
            raise InputError(block.at.file, "calls of modules never end; mend them", block.at.line)
        rests = self.rests | self.program.assumed.now
        body = self.program.folders[folder]
        self.program.worlds[address] = World(self.program, folder, address, body, block.body.attributes, inside, rests)

    def _folders(self) -> list[str]:
        """List the folders of this module and of those that called it."""
        above = self.caller.world._folders() if self.caller and isinstance(self.caller.world, World) else []
        return [*above, self.folder]

    def attribute(self, ref: Ref, name: str, at: Line) -> Value:
        """Give an attribute of a resource, or an output of a module."""
        instance = self.program.instances.get(ref.address)
        if instance is None:
            return Value(Ref(ref.address, name), at)
        if name not in instance.known:
            key = f"{ref} {name}"
            if key in self.program.busy:
                return Value(
                    Unresolved(f"{ref}.{name}"[:200], "refers to itself, so Terraform would refuse it; mend it", at), at
                )
            self.program.busy.add(key)
            self.program.effort.depth += HOP
            try:
                with self.program.assumed.by(f"{ref.address} {name}"):
                    instance.known[name] = self._asked(instance, name, at)
            finally:
                self.program.effort.depth -= HOP
                self.program.busy.discard(key)
        self.program.assumed.again(f"{ref.address} {name}")
        value = instance.known[name]
        return Value(Ref(ref.address, name), at) if value is None else replace(value, at=at)

    def _asked(self, instance: Instance, name: str, at: Line) -> Value | None:
        if instance.block.type != "module":
            return attribute(instance.block.body, name, instance.inside)
        world = self.program.worlds.get(instance.address)
        text = f"{instance.address}.{name}"[:200]
        if world is None:
            return Value(Unresolved(text, "the module's files were not given; give them, or the plan as JSON", at), at)
        block = world.body.labelled.get(("output", name))
        if block and "value" in block.body.attributes:
            return world.evaluator.value(block.body.attributes["value"])
        return Value(Unresolved(text, "the module has no such output; mend it", at, fails=True), at)


def _constant(effort: Effort) -> Any:
    return lambda tree, kind: Evaluator(EMPTY, effort).tree(tree, kind.source)


class _Empty:
    """A world without names: values of variables hold none."""

    def named(self, path: tuple[str, ...], at: Line, text: str) -> tuple[Value, int]:
        return Value(Unresolved(text, "values of variables hold no references; mend it", at, fails=True), at), len(path)

    def attribute(self, ref: Ref, name: str, at: Line) -> Value:
        return Value(ref, at)


EMPTY: Final = _Empty()
