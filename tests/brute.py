"""Judge one session by trying every concrete world: the oracle of the judge, sharing no code with it.

A world gives every address one country, and everything unknown (role, plane, service, operator, site, who
opened a flow, whether an attempt arrived) one value.  Sets are Python sets and logic is two-valued; a verdict
is sound if no world contradicts it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from auditor.model.rule import Choice, Names, Population, Rule, Selection

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
                for name in (
                    "session",
                    "account",
                    "plane",
                    "service",
                    "basis",
                    "outcome",
                    "vantage",
                    "app",
                    "encrypted",
                )
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
    labels: dict[Any, tuple[str, ...]] = {}
    for end in own:
        if end["person"]:
            labels[end["who"]] = (*labels.get(end["who"], ()), *parts(end["label"]))
    people = sorted({end["who"] for end in own if end["person"]})
    clients = {end["who"] for end in own if end["role"] == "client"}
    attempts = not any(end["carried"] for end in own)
    checks = not any(end["carried"] and end["app"] != "stun" for end in own)
    came_through = [end for end in own if attempts or (end["carried"] and (checks or end["app"] != "stun"))]
    sure = {end["who"] for end in came_through if end["role"] == "client"}
    odd = [who for who in people if who not in clients]
    weak = [who for who in people if who in clients and who not in sure]
    held = sorted({end["label"] for end in own if end["label"]}) if not people else []
    hosts = {end["account"] for end in own if end["account"]}
    asked = ("account",) if rule.applies.by == "account" else ()
    unlabelled = [w for w in people if asked and not known_by_label(labels.get(w, ()), rule.applies.population, lives)]
    strangers = [name for name in held if asked and not known_by_label(parts(name), rule.applies.population, lives)]
    dimensions = [
        [dict(zip(possible, at, strict=True)) for at in _product([sorted(v) for v in possible.values()])],
        [dict(zip(odd, roles, strict=True)) for roles in _product([ROLES] * len(odd))],
        [set(some) for some in _product([(who, None) for who in weak])],
        list(_product([sorted(home(label, lives)) for label in held for _ in range(2)])),
        [None, *HERE] if rule.applies.roster == "complete" else [None],
        [dict(zip(unlabelled, it, strict=True)) for it in _product([(True, False)] * len(unlabelled))],
        [dict(zip(strangers, it, strict=True)) for it in _product([(True, False)] * len(strangers))],
    ]
    if math.prod(map(len, dimensions)) > LIMIT:
        raise TooMany
    found: set[str] = set()
    for at, roles, came, homes, stranger, called, kept in product(*dimensions):
        crowd = [(who, at[who, True]) for who in people if who in sure or who in came or roles.get(who) == "client"]
        results = []
        for era in rule.eras():
            pop, by = era.applies.population, era.applies.by
            belongs = [_belongs(labels.get(w, ()), c, pop, by, called.get(w, False)) for w, c in crowd]
            for i, country in enumerate(homes):
                belongs.append(_belongs(parts(held[i // 2]), country, pop, by, kept.get(held[i // 2], False)))
            if stranger:
                belongs.append(stranger in read(pop.countries))
            accounts = [accounts_of(labels.get(w, ())) for w, _ in crowd] or [accounts_of(parts(n)) for n in held]
            results.append(_in_world(own, at, roles, belongs, era, (hosts, accounts)))
        found |= {min(some, key=_WORST.index) for some in product(*results)}
        if len(found) == 3:
            break
    return found


_WORST = ("fail", "pass", "na")


def parts(label: str) -> tuple[str, ...]:
    return tuple(label.split(", ")) if label else ()


def names_of(label: Sequence[str]) -> set[str]:
    return {part.removeprefix("account:") for part in label}


def home(label: str, lives: Mapping[str, str]) -> set[str]:
    """Say where those may live for whom a site's label stands."""
    known = [lives[name] for name in names_of(parts(label)) if name in lives]
    return read(known[0]) if len(known) == 1 else set(HERE)


def accounts_of(label: Sequence[str]) -> list[str]:
    return sorted({part.removeprefix("account:") for part in label if part.startswith("account:")})


def known_by_label(label: Sequence[str], people: Population, lives: Mapping[str, str]) -> bool:
    """Say whether labels tell who belongs: an account is one or another; labels of people who live apart are, too."""
    there = read(people.countries)
    apart = [name for name in names_of(label) & lives.keys() if there and not read(lives[name]) & there]
    return bool(names_of(label) & people.labels or accounts_of(label) or apart)


def _belongs(label: Sequence[str], country: str, people: Population, by: str, called: bool) -> bool:
    if by != "location" and names_of(label) & people.labels:
        return True
    return called if by == "account" else country in read(people.countries)


def _product(options: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    if math.prod(map(len, options)) > LIMIT:
        raise TooMany
    return list(product(*options))


def _in_world(
    own: Sequence[Row],
    at: Mapping[Any, str],
    roles: Mapping[Any, str],
    belongs: list[bool],
    rule: Rule,
    whose: tuple[set[str], list[list[str]]],
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
            whose,
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


def _of_touch(
    end: Row, country: str, role: str, rule: Rule, whose: tuple[set[str], list[list[str]]] = (set(), [])
) -> set[str]:
    """Return the outcomes of one touch, over everything that is not known of it."""
    applies, must = rule.applies, rule.asserts
    came = (end["outcome"] or "carried") in applies.outcomes
    arrived = (True,) if came and end["basis"] in applies.bases else (True, False)
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
        sorted(read(must.operated.homes.get(end["operator"], "*"))) if must.operated else ("",),
        selecting(must.selection, *whose) if must.selection else ((),),
    )  # fmt: skip
    for plane, service, way, operator, site, there, moments, secret, home, chosen in options:
        counts = (
            role in must.roles and (applies.planes is None or plane in applies.planes)
            and _in(service, applies.services) and (applies.directions is None or way in applies.directions)
            and any(since <= t < until for t in moments)
        )  # fmt: skip
        if not counts or not there or (applies.recognised and applies.planes and not named <= applies.planes):
            found.add("na")
            continue
        met = (must.countries is None or country in read(must.countries)) and all(
            (
                _in(operator, must.operators), _in(service, must.services), _in(site, must.sites),
                must.operated is None or home in read(must.operated.countries),
                all(_allows(choice, country, site) for choice in chosen) == (must.verb == "must_stay_in")
                or must.selection is None,  # what must not be touched is what was not selected
            )
        )  # fmt: skip
        good = secret == "yes" if ciphers else met == (must.verb == "must_stay_in")
        found |= {"pass"} if good else {"pass", "fail"} if must.excusable else {"fail"}  # an excuse is there or not
    return found


def _in(value: str, names: Names | None) -> bool:
    return names is None or (value in names.names) != names.negated


def selecting(selection: Selection, hosts: set[str], accounts: list[list[str]]) -> list[tuple[Choice, ...]]:
    """List the sets of choices that may have to be kept, one for each way in which it may be."""
    everybody = [*selection.accounts.values(), selection.default or Choice("!")]
    if selection.default is None:
        everybody.append(Choice())  # somebody who chose anything

    def of(some: list[str]) -> list[Choice]:
        found = []
        for account in some:
            known = selection.accounts.get(account, selection.default)
            found += everybody if known is None else [known]
        return found or everybody

    if selection.whose == "participants":
        return list(product(*(of(some) for some in accounts))) if accounts else [(each,) for each in everybody]
    candidates = [sorted(hosts)] if hosts else [[]]  # anybody, also whom nobody saw
    return [(choice,) for some in candidates for choice in of(some)]


def _allows(choice: Choice, country: str, site: str) -> bool:
    into = choice.inside is None and not choice.sites
    into = into or country in read(choice.inside or "!") or site in choice.sites
    return into and country not in read(choice.outside) and site not in choice.banned
