"""Rules and situations drawn by chance: what shipped packs never combine."""

from random import Random
from typing import Any

from auditor.model import countries, flow
from auditor.model.rule import Assertion, Names, Operated, Population, Rule, Scope

CODES = ("US", "CA", "CN", "HK", "DE")
LABELS = ("overseas", "mainland", "acme")
ACCOUNTS = ("acme", "globex")
OPERATORS = ("Example Cloud", "Zoom", "Alibaba Cloud", "Nobody Knows")
OUTCOMES = ("carried", "unanswered", "rejected")
SERVICES = ("zoom", "facebook", "google-analytics")
SITES = ("east", "west", "north")
DAYS = ("2020-03-01", "2021-06-15", "2023-01-10")
_DAY = 86_400 * 10**9


def drawn(rng: Random, number: int) -> Rule:
    """Draw a rule with a few situations, all of which may be anything."""
    return Rule(
        id=f"rule-{number}", title="A rule", severity="high", applies=_scope(rng), asserts=_assertion(rng),
        why="A test asks.", fix="None.", proof=rng.random() < 0.15,
        since_ns=18_500 * _DAY if rng.random() < 0.2 else None, until_ns=19_000 * _DAY if rng.random() < 0.2 else None,
        examples={"drawn": tuple(_situation(rng) for _ in range(6))}, pack="chance",
    )  # fmt: skip


def _some(rng: Random, values: tuple[str, ...], most: int = 2) -> frozenset[str]:
    return frozenset(rng.sample(values, rng.randint(1, most)))


def _names(rng: Random, values: tuple[str, ...]) -> Names:
    return Names(_some(rng, values), rng.random() < 0.3)


def _where(rng: Random) -> str:
    codes = countries.of(_some(rng, CODES, 3))
    return codes if rng.random() < 0.6 else countries.text(countries.WORLD & ~countries.bits(codes))


def _scope(rng: Random) -> Scope:
    planes = _some(rng, flow.PLANES, 4) if rng.random() < 0.5 else None
    people = Population("people", _where(rng) if rng.random() < 0.8 else "!", _some(rng, LABELS))
    asked = rng.random() < 0.75
    return Scope(
        quantifier=rng.choice(("all", "any", "mixed", "none")) if asked else "",
        population=people if asked else None,
        by=rng.choice(("", "", "location", "account")) if asked else "",
        roster="complete" if rng.random() < 0.15 else "as-observed",
        planes=planes,
        services=_names(rng, SERVICES) if rng.random() < 0.15 else None,
        directions=frozenset({rng.choice(("to", "from"))}) if rng.random() < 0.25 else None,
        bases=frozenset({"observed", *rng.sample(("attested", "offered"), rng.randint(0, 2))}),
        outcomes=frozenset({"carried"}) if rng.random() < 0.6 else _some(rng, OUTCOMES),
        recognised=planes is not None and rng.random() < 0.2,
    )


def _assertion(rng: Random) -> Assertion:
    verb = rng.choice((*("must_not_touch", "must_stay_in", "must_be_encrypted") * 3, "not_observable"))
    roles = _some(rng, flow.ROLES, 3) if rng.random() < 0.5 else frozenset({"server", "relay"})
    if verb == "not_observable":
        return Assertion(verb, evidence="a test", roles=roles)
    if verb == "must_be_encrypted":
        return Assertion(verb, roles=roles if rng.random() < 0.5 else frozenset(flow.ROLES))
    asks = rng.sample(("countries", "operators", "operated", "services", "sites"), rng.choice((1, 1, 2)))
    homes = {name: countries.of([code]) for name, code in zip(OPERATORS[:3], ("DE", "US", "CN"), strict=True)}
    return Assertion(
        verb,
        countries=_where(rng) if "countries" in asks else None,
        operators=_names(rng, OPERATORS) if "operators" in asks else None,
        operated=Operated(_where(rng), homes) if "operated" in asks else None,
        services=_names(rng, SERVICES) if "services" in asks else None,
        sites=_names(rng, SITES) if "sites" in asks else None,
        roles=roles,
    )


def _situation(rng: Random) -> dict[str, Any]:
    told: dict[str, Any] = {
        "participants": [_person(rng) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))],
        "touches": [_touch(rng) for _ in range(rng.choice((1, 1, 2)))],
    }
    return told | ({"date": rng.choice(DAYS)} if rng.random() < 0.3 else {})


def _country(rng: Random) -> Any:
    draw = rng.random()
    return None if draw < 0.15 else rng.choice(CODES) if draw < 0.75 else rng.sample(CODES, 2)


def _person(rng: Random) -> Any:
    where = _country(rng)
    person = ({} if where is None else {"country": where}) | (
        {"label": rng.choice(LABELS)} if rng.random() < 0.3 else {}
    )
    person |= {"account": rng.choice(ACCOUNTS)} if rng.random() < 0.2 else {}
    return where if where is not None and len(person) == 1 and rng.random() < 0.5 else person


def _touch(rng: Random) -> dict[str, Any]:
    where = _country(rng)
    told = {
        "country": where if where is not None else "",
        "as": rng.choice(("hop", "client", "unknown", *("server", "relay") * 4)),
        "plane": rng.choice((*flow.PLANES, "unknown", *("media", "signalling") * 3)),
        "operator": rng.choice(("", *OPERATORS)),
        "service": rng.choice(("", "", "", *SERVICES)),
        "holds": rng.choice(("",) * 5 + LABELS),
        "site": rng.choice(("", "", *SITES)),
        "direction": rng.choice(("", "", "", "to", "to", "from")),
        "basis": rng.choice(("",) * 10 + ("attested", "offered")),
        "outcome": rng.choice(("",) * 8 + ("unanswered", "rejected")),
        "evidence": rng.choice(("", "", "", "claim")),
    }
    found = {key: value for key, value in told.items() if value}
    if not found.keys() & {"basis", "outcome"}:
        found["encrypted"] = rng.choice((True, False, "unknown"))
    return found
