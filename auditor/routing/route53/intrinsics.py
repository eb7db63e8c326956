"""The functions of CloudFormation templates, as far as they say anything before a template is deployed.

"Intrinsic function reference" and "Parameters" (AWS CloudFormation User Guide).  Values come out plain, or as a
`Symbol` that stands for what is known only then.  A parameter has its given value, else its default.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from auditor.routing.route53.records import Resource, Symbol, flag, text


class NoValue:
    """`AWS::NoValue`: what holds it is as if it were not there."""


NO_VALUE: Final = NoValue()
_LONG: Final = re.compile("Fn::[A-Za-z]+(::[A-Za-z0-9]+)?")
_WITHIN: Final = re.compile(r"\$\{(!?)([^${}]*)\}")
_LIST: Final = ("CommaDelimitedList", "List<")
_IDS: Final = ("AWS::Route53::HealthCheck", "AWS::Route53::CidrCollection")
"""Types of resources whose ids stand in record sets; they are told apart by their names in the template."""
_NAMED: Final = ("AWS::Route53::RecordSet",)
LARGEST: Final = 1 << 24
"""Characters that functions of one template put together or take apart: a few lines can stand for billions."""
DEEPEST: Final = 50
"""Conditions, and names of records, that refer to each other one by one."""


class Template:
    """A template and the values of its parameters."""

    def __init__(self, tree: Mapping[str, Any], given: Mapping[str, str], suffix: str = "") -> None:
        self._parameters = _mapping(tree.get("Parameters"))
        self._conditions = _mapping(tree.get("Conditions"))
        self._mappings = _mapping(tree.get("Mappings"))
        self.resources = _mapping(tree.get("Resources"))
        self._given, self._suffix = given, suffix
        self._asked: list[str] = []  # conditions and resources that wait for each other
        self._truth: dict[str, bool | None] = {}
        self._names: dict[str, Any] = {}
        self._spent = 0

    def value(self, value: Any) -> Any:
        """Return what a value is."""
        called = _called(value)
        if called:
            return self._call(*called)
        if isinstance(value, dict):
            made = {key: self.value(each) for key, each in value.items()}
            return {key: each for key, each in made.items() if each is not NO_VALUE}
        if isinstance(value, list):
            return [each for each in map(self.value, value) if each is not NO_VALUE]
        if isinstance(value, str) and "{{resolve:" in value:
            return Symbol(value)
        return value

    def ident(self, name: str) -> str:
        """Name a resource of this template among those of all templates."""
        return f"{name}{self._suffix}"

    def _call(self, name: str, given: Any) -> Any:
        if name == "If" and isinstance(given, list) and len(given) == 3:
            return self._if(text(given[0]), given[1], given[2])
        if name in ("Ref", "GetAtt", "Sub", "FindInMap", "Join", "Split", "Select"):
            found = getattr(self, f"_{name.lower()}")(given)
            if found is not None:
                return found
        return Symbol(f"${{{name}{_written(given)}}}")

    def _if(self, name: str, so: Any, otherwise: Any) -> Any:
        truth = self.condition(name)
        if truth is not None:
            return self.value(so if truth else otherwise)
        one, other = self.value(so), self.value(otherwise)
        return one if one == other and type(one) is type(other) else Symbol(f"${{If {name}}}")

    def _ref(self, given: Any) -> Any:
        name = given if isinstance(given, str) else ""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._parameters or name in self._given:
            return self._parameter(name)
        if name in self.resources:
            return self._resource(name, "")
        return Symbol(f"${{{name}}}")

    def _parameter(self, name: str) -> Any:
        declared = _mapping(self._parameters.get(name))
        kind = text(declared.get("Type"))
        found = self._given.get(name, declared.get("Default"))
        if found is None or (kind.startswith("AWS::SSM::") and name not in self._given):
            return Symbol(f"${{{name}}}")
        if kind.startswith(_LIST):
            return [each.strip() for each in text(found).split(",")]
        return _text(found)

    def _resource(self, name: str, attribute: str) -> Any:
        kind = text(_mapping(self.resources.get(name)).get("Type"))
        if kind in _IDS and attribute in ("", "Id", "HealthCheckId"):
            return self.ident(name)
        if kind in _NAMED and not attribute:
            if name not in self._names:
                if name in self._asked or len(self._asked) >= DEEPEST:
                    return Symbol(f"${{{name}}}")
                self._asked.append(name)
                properties = _mapping(_mapping(self.resources[name]).get("Properties"))
                self._names[name] = self.value(properties.get("Name"))
                self._asked.pop()
            return self._names[name]
        return Resource(f"${{{name}{'.' if attribute else ''}{attribute}}}")

    def _getatt(self, given: Any) -> Any:
        parts = given.split(".", 1) if isinstance(given, str) else given
        if not isinstance(parts, list) or len(parts) != 2:
            return None
        name, attribute = text(parts[0]), self.value(parts[1])
        return self._resource(name, attribute) if name in self.resources and isinstance(attribute, str) else None

    def _sub(self, given: Any) -> Any:
        pattern, own = (given[0], _mapping(given[1])) if isinstance(given, list) and len(given) == 2 else (given, {})
        if not isinstance(pattern, str):
            return None
        parts: list[Any] = []
        end = 0
        for found in _WITHIN.finditer(pattern):
            parts.append(pattern[end : found.start()])
            end = found.end()
            name = found[2].strip()
            if found[1]:
                parts.append(f"${{{found[2]}}}")
            elif name in own:
                parts.append(self.value(own[name]))
            else:
                parts.append(self._getatt(name) if "." in name else self._ref(name))
        return self._joined([*parts, pattern[end:]])

    def _affords(self, size: int) -> bool:
        """Count what functions handle, and say whether it is still little enough."""
        self._spent += size
        return self._spent <= LARGEST

    def _joined(self, parts: list[Any]) -> Any:
        """Put text together; what is not known makes all of it unknown, and a resource's name makes it one."""
        texts = [_text(part) for part in parts if isinstance(part, str | int | float)]
        if not self._affords(sum(map(len, texts))):
            return None
        made = "".join(texts)
        symbols = [part for part in parts if isinstance(part, Symbol)]
        if len(texts) < len(parts):
            return Symbol(made)
        if not symbols:
            return made
        return Resource(made) if all(isinstance(each, Resource) for each in symbols) else Symbol(made)

    def _join(self, given: Any) -> Any:
        if not isinstance(given, list) or len(given) != 2 or not isinstance(given[0], str):
            return None
        parts = self.value(given[1])
        if not isinstance(parts, list):
            return None
        apart = [each for part in parts for each in (given[0], part)][1:]
        return self._joined(apart)

    def _split(self, given: Any) -> Any:
        if not isinstance(given, list) or len(given) != 2 or not isinstance(given[0], str) or not given[0]:
            return None
        whole = self.value(given[1])
        if not isinstance(whole, str) or isinstance(whole, Symbol) or not self._affords(len(whole)):
            return None
        return whole.split(given[0])

    def _select(self, given: Any) -> Any:
        if not isinstance(given, list) or len(given) != 2:
            return None
        index, of = self.value(given[0]), self.value(given[1])
        if isinstance(index, Symbol) or not re.fullmatch("[0-9]{1,6}", _text(index)) or not isinstance(of, list):
            return None
        return of[int(index)] if int(index) < len(of) else None

    def _findinmap(self, given: Any) -> Any:
        if not isinstance(given, list) or len(given) not in (3, 4):
            return None
        keys = [self.value(each) for each in given[:3]]
        if any(isinstance(key, Symbol) or not isinstance(key, str | int) for key in keys):
            return None
        found: Any = self._mappings
        for key in keys:
            found = _mapping(found).get(_text(key))
        if found is None and len(given) == 4:
            return self.value(_mapping(given[3]).get("DefaultValue"))
        return found

    def condition(self, name: str) -> bool | None:
        """Say whether a condition holds; None: that is known only at deployment, or it is none."""
        if name not in self._truth:
            if name in self._asked or name not in self._conditions or len(self._asked) >= DEEPEST:
                return None
            self._asked.append(name)
            self._truth[name] = self._holds(self._conditions[name])
            self._asked.pop()
        return self._truth[name]

    def _holds(self, given: Any) -> bool | None:
        called = _called(given)
        if called is None:
            return flag(given)
        name, parts = called
        if name == "Condition":
            return self.condition(text(parts))
        if not isinstance(parts, list):
            return None
        if name == "Equals" and len(parts) == 2:
            return _equal(self.value(parts[0]), self.value(parts[1]))
        truths = [self._holds(part) for part in parts]
        if name == "Not" and len(truths) == 1:
            return None if truths[0] is None else not truths[0]
        if name in ("And", "Or"):
            decisive = name == "Or"
            return decisive if decisive in truths else None if None in truths else not decisive
        return None


def _equal(one: Any, other: Any) -> bool | None:
    if isinstance(one, Symbol) or isinstance(other, Symbol):
        return True if type(one) is type(other) and one == other else None
    return _text(one) == _text(other)


def _called(value: Any) -> tuple[str, Any] | None:
    """Return the name of a function without `Fn::`, and what it is given, whether it stands as a tag or as a key."""
    if isinstance(value, tuple):
        tag, given = value
        return tag.removeprefix("!"), given
    if isinstance(value, dict) and len(value) == 1:
        ((key, given),) = value.items()
        if key in ("Ref", "Condition") or _LONG.fullmatch(key):
            return key.removeprefix("Fn::"), given
    return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value)


def _written(given: Any) -> str:
    """Write what a function is given, so that the same call is the same text."""
    return f" {str(given)[:100]}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
