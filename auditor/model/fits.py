"""Hold a tree of plain dicts, lists and scalars against a type of msgspec, and say all that doesn't fit.

msgspec stops at the first thing that doesn't, names no key that was probably meant, and speaks of its own
types; here each complaint has its place and the words of somebody who writes YAML.  What is
wrong is left out or gets a stand-in, so that what refers to other things can be checked in the rest.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from msgspec import inspect

from auditor.model import kinds
from auditor.model.errors import SHOWN
from auditor.model.kinds import BROKEN, LISTS, RECORDS, Place, branches, name
from auditor.model.strict import UNREADABLE


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong at a place; of a key that is missing, the place where it would be."""

    message: str
    path: Place
    of_key: bool = False  # the key itself is wrong, not its value


@dataclass(slots=True)
class Found:
    """What holding a tree against a type has found."""

    repaired: Any = BROKEN  # the tree without what is wrong; BROKEN: nothing is left that would fit
    complaints: list[Complaint] = field(default_factory=list)
    blamed: set[Place] = field(default_factory=set)  # places that were left out or got a stand-in


class _Enough(Exception):
    """More complaints than anybody reads."""


def examine(tree: Any, kind: Any) -> Found:
    """Say all that is wrong with a tree that should be of this kind; the first of it where that is too much."""
    found = Found()
    with suppress(_Enough):
        found.repaired = _fit(tree, kinds.described(kind), (), found)
    return found


def _complain(found: Found, message: str, path: Place, of_key: bool = False) -> None:
    found.complaints.append(Complaint(message, path, of_key))
    if len(found.complaints) >= SHOWN:
        raise _Enough


def _fit(value: Any, kind: Any, path: Place, found: Found) -> Any:
    """Return the value as it fits, repaired if need be; BROKEN if it doesn't, which is complained of."""
    if value is UNREADABLE:
        return BROKEN
    possible = branches(kind)
    taking = next((branch for branch in possible if kinds.takes(branch, value)), None)
    if taking is None:
        _complain(found, kinds.wrong_kind(value, possible, path), path)
        return BROKEN
    if isinstance(taking, RECORDS):
        return _record(value, taking, path, found)
    if isinstance(taking, inspect.DictType):
        return _dict(value, taking, path, found)
    if isinstance(taking, LISTS):
        return _list(value, taking, path, found)
    if problem := kinds.scalar_problem(value, taking, possible, kind, path):
        _complain(found, problem, path)
        return BROKEN
    return value


def _record(value: Mapping[str, Any], kind: Any, path: Place, found: Found) -> Any:
    """Check a mapping whose keys are the fields of a struct."""
    fields = {each.encode_name: each for each in kind.fields}
    built: dict[str, Any] = {}
    meant: set[str] = set()  # keys that are there under a wrong name: they aren't missing
    for key, given in value.items():
        here = (*path, key)
        if key not in fields:
            meant.add(kinds.meant(key, fields))
            _complain(found, f"unknown key `{key}`; {kinds.nearest(key, fields)}", here, of_key=True)
            found.blamed.add(here)
            continue
        fitted = _fit(given, fields[key].type, here, found)
        if fitted is BROKEN:
            found.blamed.add(here)
        else:
            built[key] = fitted
    for wanted, each in fields.items():
        if each.required and wanted not in built:
            here = (*path, wanted)
            found.blamed.add(here)
            if wanted not in value and wanted not in meant:
                _complain(found, f"key `{wanted}` is missing; add it", here)
            built[wanted] = kinds.stand_in(each.type)
    return BROKEN if any(each is BROKEN for each in built.values()) else built


def _dict(value: Mapping[str, Any], kind: Any, path: Place, found: Found) -> Any:
    """Check a mapping whose keys are free; a value that doesn't fit gets a stand-in, since its key may be named."""
    built: dict[str, Any] = {}
    for key, given in value.items():
        here = (*path, key)
        for branch in branches(kind.key_type):
            if problem := kinds.scalar_problem(key, branch, (branch,), kind.key_type, ()):
                _complain(found, problem.replace("this value", "a key"), here, of_key=True)
                found.blamed.add(here)
        built[key] = _kept(given, kind.value_type, here, found)
    return BROKEN if any(each is BROKEN for each in built.values()) else built


def _list(value: Sequence[Any], kind: Any, path: Place, found: Found) -> Any:
    """Check a list; an item that doesn't fit gets a stand-in, so that the others keep their numbers."""
    if kind.min_length and len(value) < kind.min_length:
        _complain(found, f"{name(path)} is empty; list at least {kind.min_length}", path)
        return BROKEN
    if kind.max_length is not None and len(value) > kind.max_length:
        _complain(found, f"{name(path)} has {len(value)} items; at most {kind.max_length} are allowed", path)
        return BROKEN
    built = [_kept(given, kind.item_type, (*path, index), found) for index, given in enumerate(value)]
    return BROKEN if any(each is BROKEN for each in built) else built


def _kept(value: Any, kind: Any, path: Place, found: Found) -> Any:
    fitted = _fit(value, kind, path, found)
    if fitted is BROKEN:
        found.blamed.add(path)
        return kinds.stand_in(kind)
    return fitted
