"""Which files make a configuration of Terraform, and what they make together."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from auditor.model.errors import InputError, Problems
from auditor.routing.model import File, Remark, Unread
from auditor.routing.store import Store
from auditor.routing.terraform.assumed import Assumed
from auditor.routing.terraform.evaluate import Effort
from auditor.routing.terraform.inputs import CODE, VALUES, folder_of, inputs_of
from auditor.routing.terraform.module import Program, World
from auditor.routing.terraform.resources import Resource, resources
from auditor.routing.terraform.show import shown_resources
from auditor.routing.terraform.syntax import Block, Body, in_json, native
from auditor.routing.terraform.values import Ref, Unresolved, Value

OVERRIDE: Final = re.compile(r"(?:.*_)?override\.(?:tf|tofu)(?:\.json)?")
_SHOW: Final = re.compile(rb'"(?:format_version|terraform_version)"\s*:\s*"')
_VERSIONS: Final = frozenset({"format_version", "terraform_version"})
_HELD: Final = frozenset({"planned_values", "resource_changes", "values"})
_PARTS: Final = re.compile(rb'"(?:planned_values|resource_changes|values)"\s*:')

_ESCAPED: Final = re.compile(rb'"[^"\n]{0,200}\\[uU][0-9a-fA-F]{4}[^"\n]{0,200}"[ \t\r\n]*(?:"[^"\n]*"[ \t\r\n]*)?[{:]')
"""A label of a block of HCL, or a key of JSON, that holds an escape."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A root module with all that it calls, or a plan or state."""

    files: tuple[File, ...]  # all that were read for it
    given: frozenset[str]  # names of those that were asked for; the others only lie beside them
    resources: tuple[Resource, ...]
    by_address: Mapping[str, Resource]
    unread: tuple[Unread, ...] = ()  # what may make more resources
    assumed: Assumed = field(default_factory=Assumed)

    def of(self, *types: str) -> Iterator[Resource]:
        """Give the resources of some types that stand in files that were asked for."""
        return (each for each in self.resources if each.managed and each.type in types and each.at.file in self.given)

    def assumptions(self, *kinds: str) -> Iterator[Remark]:
        """Say on which defaults of variables resources rest, whose types begin so and that were asked for."""
        return self.assumed.remarks(kinds, self.given)

    def find(self, ref: Ref) -> Resource | None:
        """Follow a reference; None if it leads out of what was given."""
        return self.by_address.get(ref.address)


def is_terraform(file: File) -> bool:
    """Say whether a file belongs to a module: by its name, since the language has no mark of its own."""
    return file.name.endswith((*CODE, *VALUES))


def is_show(file: File) -> bool:
    """Say whether a file is what `terraform show -json` prints of a plan or a state, however its keys are written."""
    head = file.data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{"):
        return False
    if _SHOW.search(head) and _PARTS.search(file.data):
        return True
    sorted_ = _SHOW.search(file.data) and _PARTS.search(file.data)
    return bool(sorted_ or escapes(file)) and _is_shown(file)


@lru_cache(4)  # every reader of a provider asks for it
def _is_shown(file: File) -> bool:
    from auditor.routing.documents import load as documents

    try:
        found = documents(file)
    except InputError:
        return False
    keys = [each.tree.keys() for each in found if isinstance(each.tree, dict)]
    return any(each & _VERSIONS and each & _HELD for each in keys)


def escapes(file: File) -> bool:
    """Say whether the type of a resource may be written with escapes, so that no search finds it."""
    return bool(_ESCAPED.search(file.data))


def load(files: Sequence[File], store: Store) -> list[Configuration]:
    """Read configurations: one for each root module among the files, and one for each plan or state.

    A module is all files of a folder, given or not.  Modules that others call are read as parts of these.  With one
    plan or state and one root module, attributes that are the same in both stand where the module has them.
    Raise InputError for what can't be read.
    """
    shows = [file for file in files if not is_terraform(file) and is_show(file)]
    roots = _roots([file for file in files if is_terraform(file)], store)
    planned = [_show(file) for file in shows]
    if len(planned) == len(roots) == 1:
        return [_joined(planned[0], roots[0])]
    return [*planned, *roots]


def _configuration(
    files: Iterable[File], given: Iterable[str], found: Sequence[Resource], unread: Sequence[Unread]
) -> Configuration:
    return Configuration(
        tuple(files), frozenset(given), tuple(found), {each.address: each for each in found}, tuple(unread)
    )


def _show(file: File) -> Configuration:
    found, unread = shown_resources(file)
    return _configuration([file], [file.name], found, unread)


def _joined(plan: Configuration, code: Configuration) -> Configuration:
    """Give the resources of a plan the lines of the code, and the references that a plan doesn't tell."""
    merged = []
    for each in plan.resources:
        twin = code.by_address.get(each.address)
        merged.append(
            each if twin is None else replace(each, attributes=_placed(each.attributes, twin.attributes), at=twin.at)
        )
    return _configuration(
        [*plan.files, *code.files], [*plan.given, *(file.name for file in code.files)], merged, plan.unread
    )


def _placed(known: Mapping[str, Value], written: Mapping[str, Value]) -> dict[str, Value]:
    return {name: _place(value, written.get(name)) for name, value in known.items()}


def _place(known: Value, written: Value | None) -> Value:
    """Move a value of a plan to where the code has it; what only the code tells is taken from there."""
    if written is None:
        return known
    data = known.data
    if isinstance(data, Unresolved) and not isinstance(written.data, Unresolved):
        return written
    if isinstance(data, list) and isinstance(written.data, list) and len(data) == len(written.data):
        return replace(known, data=[_place(*pair) for pair in zip(data, written.data, strict=True)], at=written.at)
    if isinstance(data, dict) and isinstance(written.data, dict):
        return replace(known, data=_placed(data, written.data), at=written.at)
    if isinstance(data, list) and isinstance(written.data, dict) and len(data) == 1:
        return replace(known, data=[_place(data[0], written)], at=written.at)
    return replace(known, at=written.at)


def _roots(files: Sequence[File], store: Store) -> list[Configuration]:
    given = {posixpath.normpath(file.name): file for file in files}
    folders: dict[str, Body] = {}
    read: dict[str, list[File]] = {}
    broken: dict[str, str] = {}
    waiting = list(dict.fromkeys(folder_of(file.name) for file in files if file.name.endswith(CODE)))
    called: set[str] = set()
    for folder in waiting:
        members = _members(folder, given, store)
        folders[folder], read[folder] = _module(members, given, broken, folder)
        for below in _sources(folders[folder], folder):
            called.add(below)
            if below not in waiting and _code(below, store):
                waiting.append(below)
    roots = [folder for folder in folders if folder not in called] or list(folders)[:1]
    return [_root(folder, folders, read, broken, given, store) for folder in roots]


def _root(
    folder: str,
    folders: Mapping[str, Body],
    read: Mapping[str, list[File]],
    broken: Mapping[str, str],
    given: Mapping[str, File],
    store: Store,
) -> Configuration:
    others = frozenset(folders) - {folder}  # values that lie in other modules are theirs
    near = {name: file for name, file in given.items() if folder_of(name) not in others}
    inputs, values = inputs_of(folder, near, store)
    first = next((file.name for file in read[folder]), folder)
    program = Program(Effort(first), folders, broken)
    program.worlds[""] = World(program, folder, "", folders[folder], inputs)
    found = resources(program)
    used = {world.folder for world in program.worlds.values()}
    files = [file for each in used for file in read[each]] + values
    files.sort(key=lambda file: file.name)
    names = {file.name for file in files if posixpath.normpath(file.name) in given}
    return replace(_configuration(files, names, found, program.unread), assumed=program.assumed)


def _members(folder: str, given: Mapping[str, File], store: Store) -> list[File]:
    """Give the files of a module, given or beside those, as Terraform takes them: overriding ones last."""
    names = _code(folder, store)
    found = {name: file for name, file in given.items() if folder_of(name) == folder and name.endswith(CODE)}
    for name in names:
        if posixpath.normpath(name) not in found and not posixpath.basename(name).startswith("."):
            file = store.read(name)
            if file is not None:
                found[posixpath.normpath(name)] = file
    return [found[name] for name in sorted(found, key=lambda name: (bool(_overrides(name)), name))]


def _code(folder: str, store: Store) -> list[str]:
    return [name for end in CODE for name in store.glob(posixpath.join(folder, f"*{end}"))]


def _overrides(name: str) -> bool:
    return bool(OVERRIDE.fullmatch(posixpath.basename(name)))


def _module(
    members: Sequence[File], given: Mapping[str, File], broken: dict[str, str], folder: str
) -> tuple[Body, list[File]]:
    """Parse the files of a module and put them together.  What was not asked for and can't be parsed is noted."""
    whole = Body()
    read: list[File] = []
    problems = Problems()
    for file in members:
        try:
            body = in_json(file) if file.name.endswith(".json") else native(file)
        except InputError as error:
            if posixpath.normpath(file.name) in given or _overrides(file.name):
                problems.add(error)
            broken.setdefault(folder, file.name)
            continue
        read.append(file)
        for block in body.blocks:
            _add(whole, block, _overrides(file.name))
    problems.settle()
    return whole, read


def _add(whole: Body, block: Block, overrides: bool) -> None:
    if block.type == "locals":
        for name, value in block.body.attributes.items():
            if name in whole.locals and not overrides:
                first = whole.locals[name].at
                message = (
                    f"local value `{name[:100]}` is defined twice (first in {first.file}, line {first.line}); keep one"
                )
                raise InputError(value.at.file, message, value.at.line)
            whole.locals[name] = value
        return
    if block.type not in ("resource", "data", "variable", "output", "module"):
        return
    key = (block.type, *block.labels)
    first_block = whole.labelled.get(key)
    if first_block is None:
        whole.labelled[key] = block
        whole.add(block)
    elif overrides:
        merged = _overridden(first_block, block)
        whole.labelled[key] = merged
        whole.blocks[whole.blocks.index(first_block)] = merged
    else:
        name, at = ".".join(key)[:200], first_block.at
        raise InputError(
            block.at.file, f"`{name}` is defined twice (first in {at.file}, line {at.line}); keep one", block.at.line
        )


def _overridden(first: Block, second: Block) -> Block:
    """Merge an overriding block: its attributes, and its nested blocks by type, take the place of the others."""
    body = Body({**first.body.attributes, **second.body.attributes})
    for block in (*first.body.blocks, *second.body.blocks):
        kinds = second.body.kinds
        kind = block.labels[0] if block.type == "dynamic" and block.labels else block.type
        if kind not in kinds or any(block is each for each in kinds[kind]):
            body.add(block)
    return replace(first, body=body)


def _sources(body: Body, folder: str) -> Iterator[str]:
    """Give the folders of modules that are called by a path."""
    for key, block in body.labelled.items():
        source = block.body.attributes.get("source") if key[0] == "module" else None
        if source is not None:
            text = (
                source.tree
                if source.json
                else source.source.text[source.tree.meta.start_pos : source.tree.meta.end_pos]
            )
            text = str(text).strip('"')
            if text.startswith((".", "/")) and "${" not in text:
                yield posixpath.normpath(posixpath.join(folder, text))
