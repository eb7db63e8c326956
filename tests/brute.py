"""Judge one session by trying every concrete world: the oracle of the judge, sharing no code with it.

A world gives every address one country, and everything unknown (role, plane, service, operator, site, who
opened a flow, whether an attempt arrived) one value.  Sets are Python sets and logic is two-valued; a verdict
is sound if no world contradicts it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from auditor.model.rule import Names, Rule

HERE = ("CN", "HK", "US", "CA", "FR")  # FR stands for every country that no rule names
LIMIT = 3_000  # worlds of one session
ROLES = ("client", "server", "relay", "hop")
ENCRYPTED = ("yes", "no")
PLANES = ("media", "keys", "signalling")  # the last stands for every plane that no rule names
PARTY = ("client", "unknown")

Row = Mapping[str, Any]


class TooMany(Exception):
    """There are more worlds than a test should try."""


def read(text: str) -> set[str]:
    """Read a country set over the five countries."""
    if text in ("*", "!"):
        return set(HERE) if text == "*" else set()
    named = set(text.lstrip("-").split("+"))
    return set(HERE) - named if text.startswith("-") else named & set(HERE)


def ends(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield the ends of flows that touch something."""
    for i, row in enumerate(rows):
        if row["status"] != "ok" or row["outcome"] == "rejected":
            continue
        for side in ("src", "dst"):
            one = {
                name: row[f"{side}_{name}"]
                for name in ("addr", "role", "label", "operator", "site", "claimed", "proven")
            }
            shared = {
                name: row[name]
                for name in ("session", "plane", "service", "basis", "outcome", "vantage", "app", "encrypted")
            }
            local = row["vantage"] if one["addr"].startswith("10.") else ""
            way = ("from" if side == "src" else "to") if row["opened"] else ""
            yield {
                **one, **shared, "flow": i, "side": side, "way": way, "who": (one["addr"], local),
                "times": (row["first_ns"], row["last_ns"]), "person": one["role"] in PARTY,
                "carried": row["outcome"] == "" and row["basis"] != "offered",
            }  # fmt: skip


def where(own: Sequence[Row], everyone: Sequence[Row], proof: bool) -> dict[Any, set[str]]:
    """Say where each address may be: a person by the session, a place by all that is known."""
    found = {}
    for end in own:
        key = end["who"], end["person"]
        claims, left = set(), set(HERE)
        for other in everyone:
            same = other["who"] == end["who"] and other["person"] == end["person"]
            if same and (not end["person"] or other["session"] == end["session"]):
                claims |= read(other["claimed"]) if other["claimed"] else set()
                left &= read(other["proven"])
        found[key] = (left if proof or not claims else claims & left or left) or set(
            HERE
        )  # a contradiction says nothing
    return found


def choices(value: str, known: Sequence[str]) -> Sequence[str]:
    return known if value in ("", "unknown") else value.split("+")


def outcomes(rows: Sequence[Row], session: str, rule: Rule, lives: Mapping[str, str]) -> set[str]:
    """Return every outcome (na, pass, fail) that some world has."""
    everyone = list(ends(rows))
    own = [end for end in everyone if end["session"] == session]
    possible = where(own, everyone, rule.proof)
    labels = {end["who"]: end["label"] for end in own if end["person"] and end["label"]}
    people = sorted({end["who"] for end in own if end["person"]})
    clients = {end["who"] for end in own if end["role"] == "client"}
    attempts = not any(end["carried"] for end in own)
    checks = not any(end["carried"] and end["app"] != "stun" for end in own)
    came_through = [end for end in own if attempts or (end["carried"] and (checks or end["app"] != "stun"))]
    sure = {end["who"] for end in came_through if end["role"] == "client"}
    odd = [who for who in people if who not in clients]
    weak = [who for who in people if who in clients and who not in sure]
    held = sorted({end["label"] for end in own if end["label"]}) if not people else []
    dimensions = [
        [dict(zip(possible, at, strict=True)) for at in _product([sorted(v) for v in possible.values()])],
        [dict(zip(odd, roles, strict=True)) for roles in _product([ROLES] * len(odd))],
        [set(some) for some in _product([(who, None) for who in weak])],
        list(_product([sorted(read(lives.get(label, "*"))) for label in held for _ in range(2)])),
        [None, *HERE] if rule.applies.roster == "complete" else [None],
    ]
    if math.prod(map(len, dimensions)) > LIMIT:
        raise TooMany
    found: set[str] = set()
    for at, roles, came, homes, stranger in product(*dimensions):
        crowd = [(who, at[who, True]) for who in people if who in sure or who in came or roles.get(who) == "client"]
        belongs = [
            labels.get(w) in rule.applies.population.labels or c in read(rule.applies.population.countries)
            for w, c in crowd
        ]
        for i, country in enumerate(homes):
            pop = rule.applies.population
            belongs.append(held[i // 2] in pop.labels or country in read(pop.countries))
        if stranger:
            belongs.append(stranger in read(rule.applies.population.countries))
        found |= _in_world(own, at, roles, belongs, rule)
        if len(found) == 3:
            break
    return found


def _product(options: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    if math.prod(map(len, options)) > LIMIT:
        raise TooMany
    return list(product(*options))


def _in_world(
    own: Sequence[Row], at: Mapping[Any, str], roles: Mapping[Any, str], belongs: list[bool], rule: Rule
) -> set[str]:
    """Judge one world; what is not known of single flows is independent of the rest, so it is tried end by end."""
    quantifier = rule.applies.quantifier
    scopes = {True} if not quantifier else {True, False} if not belongs else {
        {"all": all(belongs), "any": any(belongs), "none": not any(belongs),
         "mixed": any(belongs) and not all(belongs)}[quantifier]
    }  # fmt: skip
    if scopes == {False}:
        return {"na"}
    each = [
        _of_touch(
            end,
            at[end["who"], end["person"]],
            roles.get(end["who"], end["role"]) if end["role"] == "unknown" else end["role"],
            rule,
        )
        for end in own
    ]
    worst = set()
    if all("fail" not in some for some in each):
        worst = {"pass"} if any("pass" in some for some in each) else set()
        worst |= {"na"} if all("na" in some for some in each) else set()
    else:
        worst = {"fail"} if any(some == {"fail"} for some in each) else {"fail", "pass"}
    return worst | ({"na"} if False in scopes else set())


def _of_touch(end: Row, country: str, role: str, rule: Rule) -> set[str]:
    """Return the outcomes of one touch, over everything that is not known of it."""
    applies, must = rule.applies, rule.asserts
    arrived = (True,) if end["outcome"] == "" and end["basis"] in applies.bases else (True, False)
    since = -math.inf if rule.since_ns is None else rule.since_ns
    until = math.inf if rule.until_ns is None else rule.until_ns
    first, last = end["times"]
    inner = [since] if 0 < first < since < last else []  # a packet in between may or may not have been
    around = [t for edge in (since, until) if math.isfinite(edge) for t in (edge - 1, edge)] or [1]
    spans = product([first] if first else around, [last] if last else around)  # 0: no time is known
    times = [moments for span in spans for moments in (span, *((*span, t) for t in inner))]
    named = set(choices(end["plane"], PLANES))
    ciphers = must.verb == "must_be_encrypted"
    if ciphers and (end["basis"] not in applies.bases or (end["app"], end["plane"]) == ("stun", "signalling")):
        return {"na"}
    found = set()
    options = product(
        choices(end["plane"], PLANES), choices(end["service"], ("zoom", "teams", "third")),
        choices(end["way"], ("to", "from")),
        choices(end["operator"], ("Acme", "Apex", "Third")), choices(end["site"], ("north", "third")), arrived, times,
        choices(end["encrypted"], ENCRYPTED) if ciphers else ("",),
    )  # fmt: skip
    for plane, service, way, operator, site, there, moments, secret in options:
        counts = (
            role in must.roles and (applies.planes is None or plane in applies.planes)
            and _in(service, applies.services) and (applies.directions is None or way in applies.directions)
            and any(since <= t < until for t in moments)
        )  # fmt: skip
        if not counts or not there or (applies.recognised and applies.planes and not named <= applies.planes):
            found.add("na")
            continue
        met = (must.countries is None or country in read(must.countries)) and all(
            (_in(operator, must.operators), _in(service, must.services), _in(site, must.sites))
        )
        good = secret == "yes" if ciphers else met == (must.verb == "must_stay_in")
        found.add("pass" if good else "fail")
    return found


def _in(value: str, names: Names | None) -> bool:
    return names is None or (value in names.names) != names.negated
