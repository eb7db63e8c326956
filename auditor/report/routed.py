"""What reports say of routing configuration: who can be sent where, and what has to fail for it."""

from typing import Final

from auditor.model.flow import NAMED
from auditor.model.report import Finding, Report, Verdict
from auditor.model.route import Change, Configuration, Reaching, Route, Stage
from auditor.model.surge import Surge
from auditor.report.words import capital, listed, many, times

SHOWN: Final = 8
"""Outages and steps that a terminal shows of one route."""

SIZES: Final = 5
"""Numbers of outages by which classes are counted."""

STATES: Final = {
    "serves": "serves", "asked": "is asked", "down": "is down", "idle": "is up and not asked",
}  # fmt: skip

GLOSSARY: Final = (
    ("Configured", "Not seen: the routing would do it. Each finding names what has to fail for it, and the steps by "
     "which the configuration then chooses; they were replayed in an interpreter of its format."),
    ("Class of clients", "Clients whom the configuration treats alike, as it classifies them: by country, network or "
     "resolver. A class named * is whoever it can't classify."),
    ("Outage", "A failure domain or a health check that fails. All combinations of them were considered, and the "
     "fewest that suffice are told."),
)  # fmt: skip


def happened(finding: Finding, carried: str, place: str) -> str:
    """Say in one sentence who can be sent where."""
    quantifier, _, name = finding.population.partition(" ")
    who = {"none": f"clients that are not {name}", "mixed": f"{name} and other clients"}.get(
        quantifier, f"{name} clients"
    )
    classes = many(finding.sessions, "class", "classes")
    sites = listed(list(dict.fromkeys(route.site for route in finding.routes)), "and") or finding.place.site
    told = (
        f"{who if name else 'clients'} ({classes}) can be sent to {sites}, {place}, for {carried}, {fewest(finding)}."
    )
    return f"It is open whether {told}" if finding.verdict == Verdict.OPEN else capital(told)


def fewest(finding: Finding) -> str:
    """Say how little it takes: `with no outage at all`, `with 2 outages`."""
    if not finding.routes:
        return "as configured"
    return takes(finding.routes[0])


def takes(route: Route) -> str:
    """Say how many outages a route takes."""
    if not route.proven:
        return "which no proof excludes"
    return f"with {many(len(route.outages), 'outage')}" if route.outages else "with no outage at all"


def since(route: Route) -> str:
    """Say what a route took before a change; empty: nothing was compared."""
    if not route.compared:
        return ""
    if route.before is None:
        return "before the change, no outages would have done it"
    if route.before == len(route.outages):
        return f"before the change, {many(route.before, 'outage')} too"
    return f"before the change, it took {many(route.before, 'outage')}"


def replaced(change: Change) -> list[str]:
    """Return the lines of a change as a diff does, under the place where they are."""
    return [
        f"{change.file}:{change.line}",
        *(f"- {line}" for line in change.removed),
        *(f"+ {line}" for line in change.added),
    ]


def clients(route: Route) -> str:
    """Name the first classes of a route, and count the others."""
    more = route.client_count - len(route.clients[:3])
    return ", ".join(route.clients[:3]) + (f" and {more:,} more" if more > 0 else "")


def at(stage: Stage) -> str:
    """Name a place in a configuration as compilers do."""
    return f"{stage.file}:{stage.line}"


def reaching(finding: Finding) -> str:
    """Say how many classes take how many outages; empty if all take as many."""
    if len(finding.reaching) < 2:
        return ""
    proven = [each for each in finding.reaching if each.outages is not None]
    told = [_reached(each) for each in proven[: SIZES if len(proven) > SIZES + 1 else None]]
    if more := sum(each.classes for each in proven[len(told) :]):
        told.append(f"{more:,} with more")
    told += [f"{each.classes:,} which no proof excludes" for each in finding.reaching if each.outages is None]
    return listed(told, "and")


def _reached(some: Reaching) -> str:
    return f"{some.classes:,} with {many(some.outages, 'outage') if some.outages else 'no outage'}"


def rows(finding: Finding) -> list[tuple[str, list[str]]]:
    """Return the lines of a finding on a terminal: a label, and texts."""
    if not finding.routes:
        return []
    first, *others = finding.routes
    more = len(first.outages) - SHOWN
    fails = [*first.outages[:SHOWN], *([f"and {more:,} more"] if more > 0 else [])]
    steps = [f"{at(step)}: {step.text}" for step in first.steps]
    hidden = len(steps) - SHOWN
    if hidden > 0:
        steps = [*steps[: SHOWN // 2], f"... {many(hidden, 'step')} ...", *steps[-SHOWN // 2 :]]
    return [
        ("clients", [f"{clients(first)}, {takes(first)}"]),
        ("classes", [reaching(finding)]),
        ("before", [since(first)]),
        ("changed", [line for change in first.changes[:SHOWN] for line in replaced(change)]),
        ("fails", fails),
        ("then", steps),
        ("change", [f"{at(first.edge)}  {first.edge.text}"]),
        ("surge", [surged(finding)]),
        ("also", [f"{clients(each)}: to {each.pool}, {takes(each)} ({at(each.edge)})" for each in others]),
    ]


def surged(finding: Finding) -> str:
    """Say at what multiple of the demand the first session lands there with nothing down; empty: nobody knows."""
    surge = finding.surge
    if surge is None or not surge.headroom:
        return ""
    first = surge.headroom[0]
    if first.at is None:
        now = "at no multiple of the demand, with nothing down"
    elif first.at == 0:
        now = f"from the first session on, with nothing down: {first.client} in {first.pool}"
    else:
        now = f"beyond {times(first.at)} the demand, with nothing down: {first.client} in {first.pool}{_once(surge)}"
    if surge.safe:
        now += f"; whatever the mix, not below {times(surge.safe)} it"
    if surge.doubtful:
        now += f"; this is not exact, since {surge.doubtful[0]}"
    if surge.unknown:
        now += f"; it holds without the demand of {many(len(surge.unknown), 'class', 'classes')}, which nobody knows"
    if not surge.compared:
        return now
    then = "at none" if surge.before is None else f"beyond {times(surge.before)} it" if surge.before else "at once"
    return f"{now}; before the change, {then}"


def _once(surge: Surge) -> str:
    pools = [fill.pool for fill in surge.fills]
    some = [*pools[:4], f"{len(pools) - 4} more"] if len(pools) > 5 else pools
    return f", once {listed(some, 'and')} {'is' if len(pools) == 1 else 'are'} full" if pools else ""


def proven(report: Report) -> str:
    """Say in one sentence how a verdict on configurations is known."""
    known = report.configurations
    sums = {name: sum(getattr(each, name) for each in known) for name in ("clients", "ways", "never", "unlisted")}
    unproven = sum(each.unproven for each in known)
    text = (
        f"{many(report.coverage.logged, 'line')} of {many(len(known), 'configuration')}: "
        f"{many(sums['clients'], 'class', 'classes')} of clients. Of the pairs of a class and a pool, "
        f"{sums['ways']:,} can come together under some combination of outages, {sums['never']:,} are listed and never "
        f"do, and {sums['unlisted']:,} are never listed."
    )
    return f"{text} Of {unproven:,} it is not proven." if unproven else text


def described(known: Configuration) -> str:
    """Describe a configuration on one line."""
    counts = (
        f"{many(known.clients, 'class', 'classes')} of clients", f"{many(known.graphs, 'way')} of treating them",
        many(known.pools, "pool"), many(known.faults, "fault"),
    )  # fmt: skip
    return f"{known.format}: {', '.join(counts)}"


def travels(plane: str, planes: dict[str, str]) -> str:
    """Name what would travel; of an unknown plane: whatever it is."""
    told = plane.removesuffix(NAMED)
    return listed([planes.get(name, name) for name in told.split("+")]) if told != "unknown" else "whatever it carries"
