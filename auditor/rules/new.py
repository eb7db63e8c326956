"""Write a new pack out of a few words: for what differs from other packs by its countries and its text alone.

What is written loads, and its examples hold; whoever asked for it names the text that it rests on, and reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Day  # a field is named `date`
from datetime import timedelta
from typing import Any, Final

from auditor.model import countries
from auditor.model.errors import InputError
from auditor.model.reserved import instead
from auditor.rules.resolve import QUANTIFIERS
from auditor.rules.writing import Tree, written

_SUFFIX: Final = {
    "must_stay_in": "stays-home",
    "must_not_touch": "stays-away",
    "must_be_encrypted": "is-encrypted",
    "not_observable": "is-kept",
}
_ELSEWHERE: Final = ("US", "DE", "SG", "BR", "ZA", "JP", "CN", "IN")
"""One that is not meant stands for all that are not."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the pack is to say."""

    id: str
    verbs: tuple[str, ...]
    date: Day  # of the pack
    reference: Tree  # title, kind, and url, article and date where they are known
    countries: tuple[str, ...] = ()  # that are allowed, or forbidden
    participants: str = ""  # "all sg"; empty: everybody
    people: tuple[str, ...] = ()  # countries of that population; empty: told by `countries` and the verb
    territory: str = ""  # country set of that population, if it is a territory that all packs know
    planes: tuple[str, ...] = ()
    severity: str = "high"
    title: str = ""
    evidence: str = ""  # what would show what no traffic does
    since: Day | None = None


def pack(wanted: Wanted) -> dict[str, str]:
    """Return the files of a pack, by name.  Raise InputError, which names the option, for what makes no sense."""
    _check(wanted)
    ids = {verb: wanted.id if len(wanted.verbs) == 1 else f"{wanted.id}-{_SUFFIX[verb]}" for verb in wanted.verbs}
    texts = {"pack.yaml": written(_about(wanted, list(ids.values())))}
    for verb, ident in ids.items():
        texts[f"{ident}.yaml"] = written(_rule(wanted, verb, ident))
    return {**texts, f"{wanted.id}.test.yaml": written({"tests": [_tests(wanted, *each) for each in ids.items()]})}


def _check(wanted: Wanted) -> None:
    for option, codes in (("--country", wanted.countries), ("--people", wanted.people)):
        for code in codes:
            if not countries.known(code):
                raise InputError(option, f"`{code}` is no country; {instead(code)}")
    placed = set(wanted.verbs) & {"must_stay_in", "must_not_touch"}
    if placed and not wanted.countries:
        raise InputError("--country", f"{' and '.join(sorted(placed))} needs countries; name one at least")
    if len(placed) == 2:
        raise InputError(
            "--verb", "what may be used and what may not are one list; keep must_stay_in or must_not_touch"
        )
    if placed and len(set(wanted.countries)) == len(countries.CODES):
        raise InputError("--country", "that is the whole world, which nothing leaves; name fewer")
    if "not_observable" in wanted.verbs and not wanted.evidence:
        raise InputError("--evidence", "no traffic shows it; say what would, such as an inventory of storage")
    quantifier, _, name = wanted.participants.partition(" ")
    if wanted.participants and (quantifier not in QUANTIFIERS or not name or name != name.strip()):
        raise InputError("--participants", "write all, any, mixed or none and a name, such as `all overseas`")
    if wanted.people and (wanted.territory or not wanted.participants):
        raise InputError("--people", f"belong to a population of your own; name it by --participants{_taken(wanted)}")
    if wanted.participants and not wanted.territory and not _people(wanted):
        raise InputError("--people", f"nobody knows who `{name}` are; name their countries")
    inside = countries.bits(_home(wanted))
    if wanted.participants and quantifier in ("mixed", "none") and inside == countries.WORLD:
        raise InputError("--participants", f"`{name}` are the whole world, so there is nobody else")


def _taken(wanted: Wanted) -> str:
    name = wanted.participants.partition(" ")[2]
    return f" (`{name}` is a territory that all packs know)" if wanted.territory else ""


def _people(wanted: Wanted) -> Any:
    """Return the countries of a population of the pack's own, as a pack file has them."""
    if wanted.people or "must_not_touch" not in wanted.verbs:
        return list(wanted.people or wanted.countries)
    return {"except": list(wanted.countries)}


def _home(wanted: Wanted) -> str:
    """Return the country set of the population."""
    if wanted.territory or not wanted.participants:
        return wanted.territory or countries.ANYWHERE
    told = _people(wanted)
    if isinstance(told, dict):
        return countries.text(countries.WORLD & ~countries.bits(countries.of(told["except"])))
    return countries.of(told)


def _about(wanted: Wanted, ids: Sequence[str]) -> Tree:
    name = wanted.participants.partition(" ")[2]
    own = name and not wanted.territory
    return {
        "id": wanted.id,
        "title": wanted.title or wanted.reference["title"],
        "version": "1",
        "date": wanted.date,
        "description": f"Rules after {_cited(wanted)}. README.md says what they can and cannot decide.",
        **({"populations": {name: {"countries": _people(wanted), "labels": [name]}}} if own else {}),
        "rules": list(ids),
    }


def _cited(wanted: Wanted) -> str:
    return ", ".join(str(wanted.reference[key]) for key in ("title", "article", "date") if key in wanted.reference)


def _rule(wanted: Wanted, verb: str, ident: str) -> Tree:
    applies = {"participants": wanted.participants, "planes": list(wanted.planes)}
    title, fix = _said(wanted, verb)
    return {
        "id": ident,
        "title": title,
        "severity": wanted.severity,
        **({"applies": kept} if (kept := {key: value for key, value in applies.items() if value}) else {}),
        verb: _asserted(wanted, verb),
        **({"valid": {"from": wanted.since}} if wanted.since else {}),
        "why": f"It is asked by {_cited(wanted)}.",
        "fix": fix,
        "references": [wanted.reference],
        "examples": _situations(wanted, verb),
    }


def _asserted(wanted: Wanted, verb: str) -> Tree:
    if verb in ("must_stay_in", "must_not_touch"):
        return {"countries": list(wanted.countries)}
    return {"evidence": wanted.evidence} if verb == "not_observable" else {}


def _said(wanted: Wanted, verb: str) -> tuple[str, str]:
    """Return the title of a rule, and what to do about a violation."""
    who = f"Sessions of {wanted.participants}" if wanted.participants else "Sessions"
    where = ", ".join(wanted.countries)
    return {
        "must_stay_in": (
            f"{who} stay in {where}",
            f"Take places outside {where} out of the pools, and their fallbacks, that carry this traffic.",
        ),
        "must_not_touch": (
            f"{who} touch no place in {where}",
            f"Take places in {where} out of the pools, and their fallbacks, that carry this traffic.",
        ),
        "must_be_encrypted": (
            f"{who} are encrypted on every hop",
            "Switch the clients, trunks and servers that are named to encrypted transport.",
        ),
        "not_observable": (f"{who} are kept as {wanted.reference['title']} asks", f"Look into this: {wanted.evidence}"),
    }[verb]


def _situations(wanted: Wanted, verb: str) -> dict[str, list[Tree]]:
    """Return examples of a rule: what it does where all is known, and what where something is not."""
    inside, outside = _crowds(wanted)
    plane = {"plane": wanted.planes[0]} if wanted.planes else {}

    def told(people: list[str], **touch: Any) -> Tree:
        return {**({"participants": people} if people else {}), "touches": [{**touch, **plane}]}

    good, bad = _places(wanted, verb)
    out = [told(outside, country=bad[0])] if outside else []
    if verb == "not_observable":
        away = {"touches": [{"country": good[0], "as": "client"}]}
        return {"open": [told(inside, country=good[0])], "not_applicable": [*out, away]}
    if verb == "must_be_encrypted":
        ways = {"pass": True, "fail": False, "open": "unknown"}
        found = {kind: [told(inside, country=good[0], encrypted=way)] for kind, way in ways.items()}
    else:
        found = {
            "pass": [told(inside, country=good[0])],
            "fail": [told(inside, country=bad[0])],
            "open": [told(inside, country=[good[0], bad[0]]), told(inside)],
        }
    return {**found, "not_applicable": out} if out else found


def _tests(wanted: Wanted, verb: str, ident: str) -> Tree:
    """Return tests beside the examples: each country that is named, and a time before the rule."""
    inside, _ = _crowds(wanted)
    people = {"participants": inside} if inside else {}
    plane = {"plane": wanted.planes[0]} if wanted.planes else {}
    good, bad = _places(wanted, verb)

    def each(codes: Sequence[str], role: str, **more: Any) -> list[Any]:
        return [{**people, **more, "touches": [{"country": code, "as": role, **plane}]} for code in codes]

    early = each(bad[:1], "server", date=wanted.since - timedelta(1)) if wanted.since else []
    if verb in ("must_stay_in", "must_not_touch"):
        found = {"pass": each(good, "relay"), "fail": each(bad, "relay"), "not_applicable": [*early, *each(bad, "hop")]}
        return {"rule": ident, **found}
    return {"rule": ident, "open": each(good, "relay"), **({"not_applicable": early} if early else {})}


def _crowds(wanted: Wanted) -> tuple[list[str], list[str]]:
    """Return participants of a session in the scope of the rules and of one outside it, empty if there is none."""
    home = countries.bits(_home(wanted))
    mine, others = _some(home, wanted.countries), _some(countries.WORLD & ~home, ())
    quantifier = wanted.participants.partition(" ")[0]
    return {
        "": ([], []),
        "all": (mine, others),
        "any": ([*mine, *others], others),
        "mixed": ([*mine, *others], mine),
        "none": (others, mine),
    }[quantifier]


def _places(wanted: Wanted, verb: str) -> tuple[list[str], list[str]]:
    """Return countries in which a place is allowed, and in which it is not."""
    named, others = list(wanted.countries), _some(countries.WORLD & ~countries.bits(countries.of(wanted.countries)), ())
    if verb == "must_not_touch":
        return others, named
    return (named, others) if verb == "must_stay_in" else (named or others, named or others)


def _some(mask: int, first: Sequence[str]) -> list[str]:
    """Return one country of a set, the first of those that are named, in a list; empty if the set is."""
    inside = countries.members(countries.text(mask))
    return [next((code for code in (*first, *_ELSEWHERE) if code in inside), inside[0])] if inside else []


def readme(wanted: Wanted, sentences: Sequence[tuple[str, str]]) -> str:
    """Return the README of a pack; `sentences` are its rules, each with what it says in plain words."""
    text = f"{_cited(wanted)} <{wanted.reference['url']}>" if wanted.reference.get("url") else _cited(wanted)
    cells = [(ident, said.replace("|", "\\|")) for ident, said in sentences]
    unseen = [_UNSEEN] if "not_observable" in wanted.verbs else []
    lines = [
        f"# {wanted.id}: {wanted.title or wanted.reference['title']}",
        "",
        f"Written by `auditor rules new` after {text}.",
        "Read that text beside the rules (`auditor rules show ID` says what the machine does): whether it binds you,",
        "and whether it says no more than this, no tool can tell.",
        "",
        "| rule | what it asks |",
        "|---|---|",
        *(f"| `{ident}` | {said} |" for ident, said in cells),
        "",
        "## What traffic can't show",
        "",
        "* Copies that are kept or made elsewhere later, and whether they were deleted.",
        "* Who may read what is stored, and on whose order.",
        "* Where people are whom no database, inventory or record places: such sessions stay open, and the report says",
        "  what would settle it.",
        *unseen,
    ]
    return "\n".join([*lines, ""])


_UNSEEN: Final = "* What its rules of `not_observable` ask for: they stay open until somebody has looked."
