"""What `terraform show -json` prints of a plan or a state, as resources.

Source: Terraform documentation, "JSON Output Format" (state, values and plan representation).  Of a plan the planned
values are taken, for these are what will be there; what is only known after it was applied is followed through the
expressions of its configuration, as far as these name exactly one thing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.routing.model import File, Line, Unread
from auditor.routing.terraform.resources import Resource
from auditor.routing.terraform.values import Ref, Unresolved, Value, collected, mapped, of_json, shown

LATER: Final = "is known only after the plan is applied; give the files of the configuration too, or the state after it"


def shown_resources(file: File) -> tuple[list[Resource], list[Unread]]:
    """Read a plan or a state.  Raise InputError, with the place."""
    from auditor.routing.documents import load

    documents = load(file)
    if len(documents) != 1 or not isinstance(documents[0].tree, dict):
        raise InputError(file.name, "is no output of `terraform show -json`: one object is expected", 1)
    reading = _Reading(file.name, documents[0].tree, documents[0].marks)
    return list(reading.resources()), reading.unread


class _Reading:
    """One output, with the place of everything in it."""

    def __init__(self, file: str, tree: Mapping[str, Any], marks: Any) -> None:
        self.file = file
        self.tree = tree
        self.marks = marks
        self.unread: list[Unread] = []

    def resources(self) -> Iterator[Resource]:
        key = "planned_values" if "planned_values" in self.tree else "values"
        later = self.later()
        expressions = dict(self.expressions())
        values, marks = self.below(self.tree, self.marks, key)
        root, inner = self.below(values, marks, "root_module")
        for resource, places in self.modules(root, inner):
            address, kind, name = (resource.get(part) for part in ("address", "type", "name"))
            if not (isinstance(address, str) and isinstance(kind, str) and isinstance(name, str)):
                self.unread.append(
                    Unread(self.at(places), "resource", "has no address, type or name; give the output whole")
                )
                continue
            found, where = self.below(resource, places, "values")
            known = of_json(found, where, self.file).data
            attributes = _Later(address, expressions.get(_pattern(address), {}), self.at(places)).filled(
                known, later.get(address)
            )
            yield Resource(
                address,
                kind,
                name,
                {key: each for key, each in attributes.items() if each.data is not None},
                self.at(places),
                None,
                resource.get("mode", "managed") == "managed",
            )

    def later(self) -> dict[str, Any]:
        """Give what of each resource is known only later, by its address."""
        changes = self.tree.get("resource_changes")
        found: dict[str, Any] = {}
        for each in changes if isinstance(changes, list) else []:
            change = each.get("change") if isinstance(each, dict) else None
            if isinstance(change, dict) and isinstance(each.get("address"), str):
                found[each["address"]] = change.get("after_unknown")
        return found

    def expressions(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Give the expressions of the configuration, by the address without indices."""
        configuration = self.tree.get("configuration")
        root = configuration.get("root_module") if isinstance(configuration, dict) else None
        waiting: list[tuple[str, Any]] = [("", root)]
        while waiting:
            path, module = waiting.pop()
            if not isinstance(module, dict):
                continue
            for each in _objects(module.get("resources")):
                if isinstance(each.get("address"), str) and isinstance(each.get("expressions"), dict):
                    yield path + each["address"], each["expressions"]
            calls = module.get("module_calls")
            for name, call in calls.items() if isinstance(calls, dict) else ():
                if isinstance(call, dict):
                    waiting.append((f"{path}module.{name}.", call.get("module")))

    def below(self, tree: Any, marks: Any, key: str) -> tuple[dict[str, Any], Any]:
        found = tree.get(key)
        if found is None:
            return {}, (marks[0], {})
        if not isinstance(found, dict):
            message = f"`{key}` is no object; give what `terraform show -json` printed, unchanged"
            raise InputError(self.file, message, marks[1][key][0].line + 1)
        return found, marks[1][key][1]

    def modules(self, root: Mapping[str, Any], marks: Any) -> Iterator[tuple[dict[str, Any], Any]]:
        """Give all resources, of all modules."""
        waiting = [(root, marks)]
        while waiting:
            module, places = waiting.pop()
            for kind, taken in (("resources", True), ("child_modules", False)):
                found = module.get(kind)
                if found is None:
                    continue
                if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
                    message = f"`{kind}` is no list of objects; give what `terraform show -json` printed, unchanged"
                    raise InputError(self.file, message, places[1][kind][0].line + 1)
                pairs = list(zip(found, places[1][kind][1][1], strict=True))
                if taken:
                    yield from pairs
                else:
                    waiting.extend(reversed(pairs))

    def at(self, marks: Any) -> Line:
        return self.line(marks[0] if isinstance(marks, tuple) else marks)

    def line(self, mark: Any) -> Line:
        return Line(self.file, mark.line + 1)


class _Later:
    """Fills in what of one resource is known only after its plan was applied."""

    def __init__(self, address: str, expressions: Mapping[str, Any], at: Line) -> None:
        self.expressions = expressions
        self.module = address.rpartition("module.")
        self.path = address[: len(address) - len(_local(address))]
        self.at = at

    def filled(self, known: Mapping[str, Value], later: Any) -> dict[str, Value]:
        filled = dict(known)
        for name, unknown in later.items() if isinstance(later, dict) else ():
            if unknown in (False, None) or unknown == [] or unknown == {}:
                continue
            found = self.fill(known.get(name), unknown, self.expressions.get(name), name)
            if found is not None:
                filled[name] = found
        return filled

    def fill(self, known: Value | None, unknown: Any, expression: Any, name: str) -> Value | None:
        """Fill in one value; what the configuration doesn't mention is for the provider to choose, and left out."""
        at = known.at if known else self.at
        if unknown is True:
            if expression is None:
                return None
            return Value(self.referred(expression, name), at)
        if isinstance(unknown, list):
            have = known.data if known and isinstance(known.data, list) else []
            parts = expression if isinstance(expression, list) and len(expression) == len(unknown) else None
            items: list[Value] = []
            for i, each in enumerate(unknown):
                old = have[i] if i < len(have) else None
                part = (
                    parts[i] if parts else expression if len(unknown) == 1 or not isinstance(expression, list) else None
                )
                new = (
                    self.fill(old, each, part if len(unknown) == 1 or parts else _vague(part), name)
                    if _open(each)
                    else old
                )
                if new is None and old is None:
                    continue
                items.append(new or old or Value(None, at))
            return collected(items, at)
        if isinstance(unknown, dict):
            entries = dict(known.data) if known and isinstance(known.data, dict) else {}
            for key, each in unknown.items():
                if not _open(each):
                    continue
                inner = expression.get(key) if isinstance(expression, dict) and key in expression else None
                if inner is None and isinstance(expression, dict) and "references" in expression:
                    inner = _vague(expression)
                found = self.fill(entries.get(key), each, inner, f"{name}.{key}")
                if found is not None:
                    entries[key] = found
            return mapped(entries, at)
        return known

    def referred(self, expression: Any, name: str) -> Any:
        """Give what an expression refers to, if that is one thing; else say that it is not known."""
        references = expression.get("references") if isinstance(expression, dict) else None
        texts = [each for each in references if isinstance(each, str)] if isinstance(references, list) else []
        # a plan lists `a.b.id` and then `a.b`, of which it is a part
        whole = [each for each in texts if not any(other.startswith((f"{each}.", f"{each}[")) for other in texts)]
        refs = tuple(
            Ref(self.path + address, attribute) for each in whole for address, _, attribute in [each.rpartition(".")]
        )
        simple = (
            len(refs) == 1
            and refs[0].attribute
            and not whole[0].startswith(("var.", "local.", "each.", "count.", "module."))
        )
        if simple and not (isinstance(expression, dict) and expression.get("vague")):
            return refs[0]
        return Unresolved(shown(", ".join(whole) or name), LATER, self.at, refs)


def _vague(expression: Any) -> Any:
    """Mark that an expression stands for more than the value in question."""
    references = expression.get("references") if isinstance(expression, dict) else None
    distinct = {each for each in references if isinstance(each, str)} if isinstance(references, list) else set()
    return {"references": sorted(distinct), "vague": len(distinct) > 2} if distinct else {"vague": True}


def _open(unknown: Any) -> bool:
    """Say whether anything in a description of what is not known says so."""
    if isinstance(unknown, dict | list):
        return any(_open(each) for each in (unknown.values() if isinstance(unknown, dict) else unknown))
    return unknown is True


def _objects(found: Any) -> Iterator[dict[str, Any]]:
    return (each for each in (found if isinstance(found, list) else ()) if isinstance(each, dict))


def _pattern(address: str) -> str:
    """Take the indices off an address."""
    parts: list[str] = []
    depth = 0
    quoted = False
    for character in address:
        if character == '"':
            quoted = not quoted
        if not quoted and character == "[":
            depth += 1
        if not depth:
            parts.append(character)
        if not quoted and character == "]":
            depth -= 1
    return "".join(parts)


def _local(address: str) -> str:
    """Take the path of the module off an address."""
    quoted, start, at = False, 0, 0
    while at < len(address):
        if address[at] == '"':
            quoted = not quoted
        elif not quoted and address.startswith("module.", at) and (at == 0 or address[at - 1] == "."):
            start = at
        at += 1
    rest = address[start:]
    if not rest.startswith("module."):
        return rest
    quoted, dots = False, 0
    for i, character in enumerate(rest):
        if character == '"':
            quoted = not quoted
        elif character == "." and not quoted:
            dots += 1
            if dots == 2:
                return rest[i + 1 :]
    return rest
