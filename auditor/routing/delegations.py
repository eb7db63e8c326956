"""Delegations: for a name that has servers of its own, and all names below it, these answer (RFC 1034, section 4.3.2).

Record sets that a zone holds there are no answers of it: addresses of the servers themselves, or left over.  What the
other servers say is in their configuration.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol

from auditor.routing.model import Line

WHY: Final = (
    "a delegation: other servers answer for this name and all below it; give their zone too, or prove what they are "
    "configured to"
)


class Config(Protocol):
    """What readers of zones have in common."""

    records: dict[tuple[str, str, str], Any]  # by zone, name and type

    def unclear(self, at: Line, text: str, why: str) -> None:
        """Note lines that are not understood."""


def cut_at(name: str, cuts: Collection[str]) -> str:
    """Return the delegation at or above a name that is met first on the way down; empty: there is none."""
    found = ""
    while name and cuts:
        found = name if name in cuts else found
        name = name.partition(".")[2]
    return found


def around(config: Config, delegations: Mapping[tuple[str, str], Line], zone: str, name: str) -> bool:
    """Say whether all that is known of a zone lies at or below a name: a whole listing begins with that of the zone."""
    names = {key[1] for key in config.records if key[0] == zone} | {other for own, other in delegations if own == zone}
    return all(f".{other}".endswith(f".{name}") for other in names)


def settle(
    config: Config,
    delegations: Mapping[tuple[str, str], Line],
    apex: Callable[[str, str], bool],
    given: Callable[[str, str], bool],
) -> None:
    """Tell the delegations of zones, and forget what the zones hold below them.

    `delegations` are the places of name servers by zone and name.  `apex` says whether a name is that of its own zone,
    which delegates nothing, `given` whether another zone of that name was given.  Nobody asks for names that begin with
    an underscore to be sent anywhere.
    """
    cuts: dict[str, dict[str, Line]] = {}
    for (zone, name), at in delegations.items():
        if not apex(zone, name):
            cuts.setdefault(zone, {})[name] = at
    for zone, names in cuts.items():
        for name, at in names.items():
            if cut_at(name, names) == name and not name.startswith("_") and not given(zone, name):
                config.unclear(at, f"{name} NS", WHY)
    for key in [key for key in config.records if cut_at(key[1], cuts.get(key[0], {}))]:
        del config.records[key]
