"""Functions of Terraform's language that are evaluated here (Terraform documentation, "Functions").

A function takes evaluated arguments and returns plain data or a value.  It raises Unfit, ValueError, TypeError,
IndexError or KeyError where its arguments don't fit, or are only known once something is made.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import chain
from typing import Any, Final

from auditor.routing.model import Line
from auditor.routing.terraform.arguments import Unfit, as_key, as_known, as_list, as_map, as_number, as_text, as_whole
from auditor.routing.terraform.operators import same
from auditor.routing.terraform.values import Ref, Unresolved, Value, collected, mapped, plain


def distinct(found: list[Value]) -> list[Value]:
    """Keep the first of equal values; what a provider makes up may be equal, so it must be alone or the same."""
    made_up = any(isinstance(each.data, Ref) for each in found) and len({as_key(each) for each in found}) > 1
    # two resources never share an identifier, but other attributes of theirs may be the same
    if made_up and not all(isinstance(each.data, Ref) and each.data.attribute in ("id", "arn") for each in found):
        raise Unfit
    kept: dict[str, Value] = {}
    for each in found:
        kept.setdefault(as_key(each), each)
    return list(kept.values())


def toset(found: list[Value]) -> list[Value]:
    """Make a set: distinct, and texts in their order, as Terraform goes through them."""
    kept = distinct(found)
    if all(isinstance(each.data, str) for each in kept):
        return sorted(kept, key=lambda each: str(each.data))
    return kept


def _merge(args: list[Value], at: Line) -> Value:
    merged: dict[Any, Value] = {}
    for each in args:
        if each.data is not None:
            if not isinstance(each.data, dict):
                raise Unfit
            merged.update(each.data)
    return mapped(merged, at)


def _flatten(found: list[Value]) -> list[Value]:
    flat: list[Value] = []
    for each in found:
        if isinstance(each.data, Unresolved):
            raise Unfit
        flat.extend(_flatten(each.data) if isinstance(each.data, list) else [each])
    return flat


def _lookup(args: list[Value], at: Line) -> Value:
    found, key, *default = args
    if isinstance(found.data, dict):
        if any(isinstance(each, Ref) for each in found.data):
            raise Unfit
        text = as_text(key)
        return found.data[text] if text in found.data else default[0]
    raise Unfit


def _format(args: list[Value], at: Line) -> str:
    form, *rest = args
    texts = iter(rest)
    parts: list[str] = []
    whole = as_text(form).split("%%")
    for literal in whole:
        head, *pieces = literal.split("%")
        parts.append("".join([head, *(_verb(piece, texts) for piece in pieces)]))
    if next(texts, None) is not None:
        raise Unfit
    return "%".join(parts)


def _verb(piece: str, texts: Any) -> str:
    digits = piece[: len(piece) - len(piece.lstrip("0123456789"))]
    verb, rest = piece[len(digits) : len(digits) + 1], piece[len(digits) + 1 :]
    value = next(texts, None)
    if value is None or verb not in ("s", "d", "v") or len(digits) > 3:
        raise Unfit
    text = as_text(value) if verb != "d" else str(as_whole(value))
    if verb == "d":
        return text.rjust(int(digits or 0), "0" if digits.startswith("0") else " ") + rest
    return text.rjust(int(digits or 0)) + rest


def _replace(args: list[Value], at: Line) -> str:
    text, old, new = map(as_text, args)
    if (old.startswith("/") and old.endswith("/") and len(old) > 1) or len(text) * (len(new) + 1) > 1 << 22:
        raise Unfit
    return text.replace(old, new)


def _one(args: list[Value], at: Line) -> Any:
    found = as_list(args[0])
    if len(found) > 1:
        raise Unfit
    return found[0] if found else None


def _element(args: list[Value], at: Line) -> Value:
    found = as_list(args[0])
    return found[as_whole(args[1]) % len(found)]


def _slice(args: list[Value], at: Line) -> list[Value]:
    found, start, end = as_list(args[0]), as_whole(args[1]), as_whole(args[2])
    if not 0 <= start <= end <= len(found):
        raise Unfit
    return found[start:end]


def _range(args: list[Value], at: Line) -> list[Value]:
    numbers = [as_whole(each) for each in args]
    start, end, step = [*numbers, 1] if len(numbers) == 2 else [0, *numbers, 1] if len(numbers) == 1 else numbers
    made = range(start, end, -1 if len(numbers) < 3 and end < start else step)
    if len(made) > 1024:  # Terraform's own limit
        raise Unfit
    return [Value(each, at) for each in made]


def _contains(args: list[Value], at: Line) -> bool:
    answers = [same(each, args[1]) for each in as_list(args[0])]
    if True in answers:
        return True
    if None in answers:
        raise Unfit
    return False


def _length(args: list[Value], at: Line) -> int:
    data = args[0].data
    if isinstance(data, Ref):
        raise Unfit
    return len(data)


def _tonumber(args: list[Value], at: Line) -> Any:
    return None if args[0].data is None else as_number(args[0])


def _tobool(args: list[Value], at: Line) -> Any:
    return {True: True, False: False, "true": True, "false": False, None: None}[args[0].data]


def _compact(args: list[Value], at: Line) -> list[Value]:
    if any(
        isinstance(each.data, Ref | Unresolved) and getattr(each.data, "attribute", "") != "id"
        for each in as_list(args[0])
    ):
        raise Unfit
    return [each for each in as_list(args[0]) if each.data not in (None, "")]


def _joined(args: list[Value], at: Line) -> str:
    return as_text(args[0]).join(as_text(each) for each in chain(*(as_list(each) for each in args[1:])))


def _split(args: list[Value], at: Line) -> list[Value]:
    return [Value(each, at) for each in as_text(args[1]).split(as_text(args[0]))]


def _sort(args: list[Value], at: Line) -> list[Value]:
    return sorted(as_list(args[0]), key=as_text)


def _zipmap(args: list[Value], at: Line) -> Value:
    return mapped(dict(zip(map(as_text, as_list(args[0])), as_list(args[1]), strict=True)), at)


def _keys(args: list[Value], at: Line) -> list[Value]:
    return [Value(key, at) for key in sorted(as_map(args[0]))]


def _values(args: list[Value], at: Line) -> list[Value]:
    found = as_map(args[0])
    return [found[key] for key in sorted(found)]


def _intersection(args: list[Value], at: Line) -> list[Value]:
    kept = [as_known(each) for each in distinct(as_list(args[0]))]
    for other in args[1:]:
        keys = {as_key(as_known(each)) for each in as_list(other)}
        kept = [each for each in kept if as_key(each) in keys]
    return toset(kept)


def _subtract(args: list[Value], at: Line) -> list[Value]:
    taken = {as_key(as_known(each)) for each in as_list(args[1])}
    return toset([each for each in map(as_known, as_list(args[0])) if as_key(each) not in taken])


def _jsonencode(args: list[Value], at: Line) -> str:
    import json

    def whole(data: Any) -> Any:
        if isinstance(data, Fraction):
            return float(data)
        return (
            [whole(each) for each in data]
            if isinstance(data, list)
            else ({key: whole(data[key]) for key in sorted(data)} if isinstance(data, dict) else data)
        )

    return json.dumps(whole(plain(as_known(args[0]))), separators=(",", ":"), ensure_ascii=False)


def _listed(function: Callable[[list[Value], Line], list[Value]]) -> Callable[[list[Value], Line], Value]:
    return lambda args, at: collected(function(args, at), at)


def _texted(function: Callable[..., str]) -> Callable[[list[Value], Line], str]:
    return lambda args, at: function(*map(as_text, args))


def _extreme(function: Callable[..., Any]) -> Callable[[list[Value], Line], Any]:
    return lambda args, at: function(map(as_number, args))


TABLE: Final[dict[str, Callable[[list[Value], Line], Any]]] = {
    "abs": lambda args, at: abs(as_number(args[0])),
    "alltrue": lambda args, at: all(_tobool([each], at) for each in as_list(args[0])),
    "anytrue": lambda args, at: any(_tobool([each], at) for each in as_list(args[0])),
    "chunklist": _listed(
        lambda args, at: [
            collected(as_list(args[0])[i : i + as_whole(args[1])], at)
            for i in range(0, len(as_list(args[0])), as_whole(args[1]))
        ]
    ),
    "compact": _listed(_compact),
    "concat": _listed(lambda args, at: list(chain(*map(as_list, args)))),
    "contains": _contains,
    "distinct": _listed(lambda args, at: distinct(as_list(args[0]))),
    "element": _element,
    "endswith": lambda args, at: as_text(args[0]).endswith(as_text(args[1])),
    "flatten": _listed(lambda args, at: _flatten(as_list(args[0]))),
    "format": _format,
    "join": _joined,
    "jsonencode": _jsonencode,
    "keys": _listed(_keys),
    "length": _length,
    "lookup": _lookup,
    "lower": _texted(str.lower),
    "max": _extreme(max),
    "merge": _merge,
    "min": _extreme(min),
    "nonsensitive": lambda args, at: args[0],
    "one": _one,
    "range": _listed(_range),
    "replace": _replace,
    "reverse": _listed(lambda args, at: as_list(args[0])[::-1]),
    "sensitive": lambda args, at: args[0],
    "setintersection": _listed(_intersection),
    "setsubtract": _listed(_subtract),
    "setunion": _listed(lambda args, at: toset(list(chain(*map(as_list, args))))),
    "slice": _listed(_slice),
    "sort": _listed(_sort),
    "split": _listed(_split),
    "startswith": lambda args, at: as_text(args[0]).startswith(as_text(args[1])),
    "strcontains": lambda args, at: as_text(args[1]) in as_text(args[0]),
    "sum": lambda args, at: sum(map(as_number, as_list(args[0]))),
    "tobool": _tobool,
    "tolist": _listed(lambda args, at: as_list(args[0])),
    "tomap": lambda args, at: mapped(dict(args[0].data), at),
    "tonumber": _tonumber,
    "toset": _listed(lambda args, at: toset(as_list(args[0]))),
    "tostring": lambda args, at: None if args[0].data is None else as_text(args[0]),
    "trimprefix": _texted(str.removeprefix),
    "trimspace": _texted(str.strip),
    "trimsuffix": _texted(str.removesuffix),
    "upper": _texted(str.upper),
    "values": _listed(_values),
    "zipmap": _zipmap,
}
QUICK: Final = frozenset({"lookup", "element", "length", "try", "can", "coalesce", "one"})
"""Functions whose work doesn't grow with their arguments."""
