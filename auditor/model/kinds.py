"""What a kind of value takes, in the words of somebody who writes YAML: kinds are those of `msgspec.inspect`."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
from msgspec import inspect

Key = str | int
Place = tuple[Key, ...]

BROKEN: Final = object()
"""Stands for a value that doesn't fit and for which there is no stand-in."""

RECORDS: Final = (inspect.StructType, inspect.DataclassType)
LISTS: Final = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)

described: Final[Any] = lru_cache(inspect.type_info)  # slow for a large type, and the same for a thousand files


def branches(kind: Any) -> tuple[Any, ...]:
    """Return the kinds of a union, without what is only said about them."""
    if isinstance(kind, inspect.Metadata):
        return branches(kind.type)
    if isinstance(kind, inspect.UnionType):
        return tuple(branch for each in kind.types for branch in branches(each))
    return (kind,)


def _said(kind: Any) -> str:
    """Return the title of a kind of text, which says in words what its pattern asks."""
    if isinstance(kind, inspect.Metadata):
        return str((kind.extra_json_schema or {}).get("title", "")) or _said(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next(filter(None, map(_said, kind.types)), "")
    return ""


def is_strict(kind: Any) -> bool:
    """Say whether no record in a type lets unknown keys pass, as msgspec does unless told otherwise."""
    return _is_strict(kind)


@lru_cache
def _is_strict(kind: Any) -> bool:
    seen: set[type] = set()

    def strict(info: Any) -> bool:
        for branch in branches(info):
            if isinstance(branch, RECORDS) and branch.cls not in seen:
                seen.add(branch.cls)
                if not (getattr(branch, "forbid_unknown_fields", False) and all(strict(f.type) for f in branch.fields)):
                    return False
            inner = branch.item_type if isinstance(branch, LISTS) else getattr(branch, "value_type", None)
            if inner is not None and not strict(inner):
                return False
        return True

    return strict(described(kind))


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which of the known words was probably meant, as the end of a message; else list them."""
    choices = sorted(known)
    if close := meant(word, choices):
        return f"did you mean `{close}`?"
    return f"known: {', '.join(choices)}" if len(choices) <= 24 else "see the documentation for what is known"


def meant(word: str, known: Iterable[str]) -> str:
    """Return which of the known words was probably meant, empty if none; of very many, the first are looked at."""
    return next(iter(difflib.get_close_matches(word, sorted(known)[:2_000], 1, 0.6)), "")


def takes(branch: Any, value: Any) -> bool:
    """Say whether a kind takes such values at all."""
    match value:
        case None:
            return isinstance(branch, inspect.NoneType)
        case bool():
            return isinstance(branch, inspect.BoolType)
        case int():
            return isinstance(branch, inspect.IntType | inspect.FloatType) or _chooses(branch, int)
        case float():
            return isinstance(branch, inspect.FloatType) or (isinstance(branch, inspect.IntType) and value.is_integer())
        case str():
            return isinstance(branch, inspect.StrType | inspect.DateType) or _chooses(branch, str)
        case list():
            return isinstance(branch, LISTS)
    return isinstance(branch, (*RECORDS, inspect.DictType))


def _chooses(branch: Any, kind: type) -> bool:
    return isinstance(branch, inspect.LiteralType) and any(isinstance(each, kind) for each in branch.values)


def scalar_problem(value: Any, taking: Any, possible: Sequence[Any], kind: Any, path: Place) -> str:
    """Say what is wrong with a scalar of the right kind, empty if nothing is."""
    if isinstance(taking, inspect.LiteralType):
        choices = [each for branch in possible if isinstance(branch, inspect.LiteralType) for each in branch.values]
        fits = value in choices
        return "" if fits else f"`{value}` is not allowed here; {nearest(str(value), map(str, choices))}"
    if isinstance(taking, inspect.DateType):
        fits = _converts(value, date)
        return "" if fits else f"{name(path)} must be a date that exists, written YYYY-MM-DD"
    if isinstance(taking, inspect.StrType) and taking.min_length and not value:
        return f"{name(path)} is empty; write something"
    if isinstance(taking, inspect.StrType) and taking.max_length is not None and len(value) > taking.max_length:
        return f"{name(path)} is {len(value)} characters long; at most {taking.max_length} are allowed"
    limits = {
        limit: bound
        for limit in ("ge", "le", "gt", "lt", "multiple_of", "min_length", "max_length", "pattern")
        if (bound := getattr(taking, limit, None)) is not None
    }
    base = _BASES.get(type(taking))
    if base is None or _converts(value, base, msgspec.Meta(**limits)):
        return ""
    wanted = _said(kind) or _bounds(limits)
    return f"`{value}` is wrong for {name(path)}: write {wanted}"


_BASES: Final[dict[Any, type]] = {inspect.StrType: str, inspect.IntType: int, inspect.FloatType: float}


def _bounds(limits: Mapping[str, Any]) -> str:
    if "pattern" in limits:
        return f"what fits the pattern {limits['pattern']}"
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "multiple_of": "a multiple of"}
    return " and ".join(f"{words[limit]} {bound}" for limit, bound in limits.items() if limit in words) or "another one"


def _converts(value: Any, kind: Any, meta: Any = None) -> bool:
    try:
        msgspec.convert(value, Annotated[kind, meta] if meta is not None else kind)
    except msgspec.ValidationError:
        return False
    return True


def name(path: Place) -> str:
    """Name what stands at a place."""
    return f"`{path[-1]}`" if path and isinstance(path[-1], str) else "this value"


_TEXT: Final = "text"
_WORDS: Final[dict[Any, str]] = {
    inspect.StrType: _TEXT, inspect.IntType: "a whole number", inspect.FloatType: "a number",
    inspect.BoolType: "true or false", inspect.NoneType: "nothing", inspect.DateType: "a date (YYYY-MM-DD)",
    inspect.DictType: "a mapping (key: value)", **dict.fromkeys(RECORDS, "a mapping (key: value)"),
    **dict.fromkeys(LISTS, "a list"),
}  # fmt: skip


def wrong_kind(value: Any, possible: Sequence[Any], path: Place) -> str:
    """Say that none of the possible kinds takes a value."""
    return f"{name(path)} must be {_listed(possible)}, not {_kind(value)}{_quote(value, possible)}"


def _listed(possible: Sequence[Any]) -> str:
    """Say which kinds are possible; that a key may be left out goes without saying."""
    given = [
        f"one of {', '.join(f'`{value}`' for value in branch.values)}"
        if isinstance(branch, inspect.LiteralType)
        else _WORDS.get(type(branch), "something else")
        for branch in possible
        if len(possible) == 1 or not isinstance(branch, inspect.NoneType)
    ]
    return " or ".join(dict.fromkeys(given))


def _kind(value: Any) -> str:
    if isinstance(value, float) and not value.is_integer():
        return "a number"
    names: dict[type, str] = {
        type(None): "nothing", bool: "true or false", int: "a whole number", float: "a number", str: _TEXT,
        list: "a list", dict: "a mapping",
    }  # fmt: skip
    return names.get(type(value), "that")


def _quote(value: Any, possible: Sequence[Any]) -> str:
    """Say how a number or truth value becomes text, where text is wanted."""
    text = any(isinstance(branch, inspect.StrType) or _chooses(branch, str) for branch in possible)
    return "; put it in quotes" if text and isinstance(value, bool | int | float) else ""


def stand_in(kind: Any) -> Any:
    """Return the least that fits a kind, or BROKEN."""
    for branch in branches(kind):
        least = _least(branch)
        if least is not BROKEN:
            return least
    return BROKEN


def _least(branch: Any) -> Any:
    if isinstance(branch, RECORDS):
        built = {each.encode_name: stand_in(each.type) for each in branch.fields if each.required}
        return BROKEN if any(each is BROKEN for each in built.values()) else built
    if isinstance(branch, LISTS):
        items = [stand_in(branch.item_type)] * (branch.min_length or 0)
        return BROKEN if any(each is BROKEN for each in items) else items
    if isinstance(branch, inspect.LiteralType):
        return branch.values[0]
    simple: dict[Any, Any] = {
        inspect.NoneType: None, inspect.BoolType: False, inspect.DateType: "1970-01-01", inspect.DictType: {},
        inspect.IntType: 1, inspect.FloatType: 1.0, inspect.StrType: "x" * (getattr(branch, "min_length", None) or 1),
    }  # fmt: skip
    least = simple.get(type(branch), BROKEN)
    return BROKEN if scalar_problem(least, branch, (branch,), branch, ()) else least
