"""Tell a situation of an example in one plain sentence, so that who reads a rule sees what it promises."""

from collections.abc import Mapping
from typing import Any, Final

from auditor.model import countries
from auditor.model.rule import Choice

_ROLE: Final = {"unknown": "place of which the role is not known"}
_PLANE: Final = {"unknown": "traffic of any plane", "other": "other traffic", "keys": "keys", "media": "media"}
_OUTCOME: Final = {"unanswered": "which did not answer", "rejected": "which was rejected"}
_BASIS: Final = {
    "attested": "as an element attests",
    "offered": "which was only offered",
    "reported": "by a log or record",
    "configured": "by the routing configuration",
}
_ENCRYPTED: Final[Mapping[Any, str]] = {True: "encrypted", False: "in clear"}
_OPENED: Final = {"to": "opened towards it", "from": "opened by it"}


def tells(situation: Mapping[str, Any]) -> str:
    """Return a situation in words, without a period."""
    people = [_person(each) for each in situation.get("participants", ())]
    who = _and(people) if people else "nobody who is known"
    parts = [f"{who}{', and nobody else,' if situation.get('roster') == 'complete' else ''} with "]
    parts[0] += "; ".join(_touch(each) for each in situation["touches"])
    if situation.get("date"):
        parts.append(f"on {situation['date']}")
    if situation.get("account"):
        parts.append(f"in a session of account {situation['account']}")
    parts += [f"{_account(name)} {_choice(each)}" for name, each in situation.get("selections", {}).items()]
    return ", ".join(parts) + (f" ({situation['note'].strip().rstrip('.')})" if situation.get("note") else "")


def _person(told: Any) -> str:
    person = told if isinstance(told, Mapping) else {"country": told}
    said = f"somebody {_where(person.get('country'))}"
    if person.get("label"):
        said += f" labelled {person['label']}"
    return f"{said} of account {person['account']}" if person.get("account") else said


def _touch(touch: Mapping[str, Any]) -> str:
    role = touch.get("as", "server")
    said = f"a {_ROLE.get(role, role)} {_where(touch.get('country'))}"
    named = (("operator", "run by"), ("service", "of the service"), ("site", "at site"), ("holds", "holding data of"))
    parts = [f"{said}{''.join(f' {word} {touch[key]}' for key, word in named if touch.get(key))}"]
    parts += ["by a claim alone"] if touch.get("evidence") == "claim" else []
    plane = touch.get("plane", "unknown")
    ways = [_ENCRYPTED.get(touch.get("encrypted"), ""), _OPENED.get(touch.get("direction", ""), "")]
    parts.append(" ".join(filter(None, [_PLANE.get(plane, plane), *ways])))
    parts += filter(None, [_BASIS.get(touch.get("basis", ""), ""), _OUTCOME.get(touch.get("outcome", ""), "")])
    return ", ".join(parts)


def _where(told: Any) -> str:
    if told is None:
        return "anywhere"
    codes = [told] if isinstance(told, str) else list(told)
    return f"in {' or '.join(codes)}"


def _account(name: str) -> str:
    return "all other accounts" if name == "default" else f"account {name}"


def _choice(choice: Choice) -> str:
    into = [*(_codes(choice.inside) if choice.inside else []), *sorted(choice.sites)]
    out = [*_codes(choice.outside), *sorted(choice.banned)]
    said = f"having chosen {_and(into)}" if choice.inside is not None or choice.sites else "having chosen"
    return f"{said} without {_and(out)}" if out else said


def _codes(place: str) -> list[str]:
    if place.startswith("-"):
        return [f"all but {', '.join(place[1:].split('+'))}"]
    return list(countries.members(place)) if place != countries.ANYWHERE else ["all countries"]


def _and(words: list[str]) -> str:
    *most, last = words or ["nothing"]
    return f"{', '.join(most)} and {last}" if most else last
