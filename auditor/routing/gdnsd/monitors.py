"""What gdnsd watches, and what operators force: which states can change, and which can't.

A monitor is a service type applied to an address or a host name: however many resources ask for it, it is one
(`mon_thing` in gdnsd's src/plugins/mon.c).  `up` and `down` watch nothing.  `admin_state` forces monitors and whole
data centres, by shell patterns, later lines over earlier ones (gdnsd(8), "Admin state file").
"""

import fnmatch
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from auditor.routing.gdnsd.parts import Parts
from auditor.routing.gdnsd.values import boolean, hash_of, text, unknown, whole
from auditor.routing.gdnsd.vscf import Hash, Text, Value
from auditor.routing.model import Fault, Line, Remark, Unread

UP, DOWN, WATCHED = "up", "down", "watched"
"""A state that never changes, or one that may."""
ADDRESSES: Final = ("tcp_connect", "http_status")  # watch no host names
WATCHERS: Final = ("extmon", "extfile", "static", "null", *ADDRESSES)
TIMES: Final = {
    "up_thresh": (1, 65535), "ok_thresh": (1, 65535), "down_thresh": (1, 65535),
    "interval": (1, 3600), "timeout": (1, 300),
}  # fmt: skip
_STATE: Final = re.compile(r"(up|down)(?:/[0-9]{1,9})?", re.IGNORECASE)
_OWN: Final = {
    "tcp_connect": {"port"},
    "http_status": {"port", "vhost", "url_path", "ok_codes"},
    "extmon": {"cmd", "max_proc", "helper_path"},
    "extfile": {"file", "direct", "def_ttl", "def_down"},
    "static": {"state", "ttl"},
    "null": set[str](),
}
"""Keys of service types; none of them changes who may be sent where, but `state`."""
MATCHES: Final = 2_000_000  # patterns times names


@dataclass(frozen=True, slots=True)
class Monitor:
    """One thing that is watched."""

    id: str  # as gdnsd names it: `192.0.2.1/http`
    state: str


class Monitors:
    """All that is watched or forced."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._kinds: dict[str, tuple[str, str]] = {}  # service type -> its plugin, and the state that it reports
        self._states: dict[str, str] = {}
        self._used: set[str] = set()  # numbers of lines of admin_state that match something, as text
        self._patterns = [(key, _pattern(key), _state(key, value)) for key, value in parts.forced]
        self._spent = 0
        self._matched: set[int] = set()
        self.faults: dict[str, Fault] = {}
        self.unread: list[Unread] = []
        for name, (key, value) in parts.services.items():
            self._kinds[name] = _service(key, hash_of(value, f"service type `{name}`"))

    def forced(self, name: str) -> str:
        """Return the state that is forced upon something, empty if none is."""
        found = ""
        self._spent += len(self._patterns)
        if self._spent > MATCHES:
            key = self._patterns[0][0]
            raise key.error("too many patterns of forced states for so many names; force fewer at a time")
        for number, (_, pattern, state) in enumerate(self._patterns):
            if pattern.match(name):
                self._matched.add(number)
                found = state
        return found

    def watch(self, service: Text | None, of: str, at: Line, by_name: bool) -> Monitor:
        """Return the monitor of an address or (`by_name`) host name; without a service it is `up`."""
        name = service.text if service else UP
        plugin, state = {UP: ("", UP), DOWN: ("", DOWN)}.get(name) or self._kind(service, name)
        if by_name and plugin in ADDRESSES and service is not None:
            raise service.error(f"service type `{name}` ({plugin}) watches addresses, and `{of}` is a host name")
        id_ = f"{of}/{name}"
        if id_ not in self._states:
            self._states[id_] = self.forced(id_) or state
            if self._states[id_] == WATCHED:
                self.faults[id_] = Fault(id_, f"{of} fails the check {name}", at)
        return Monitor(id_, self._states[id_])

    def _kind(self, service: Text | None, name: str) -> tuple[str, str]:
        if name not in self._kinds:
            if service is None or self._parts.whole:
                raise unknown(service or self._patterns[0][0], "service type", name, [*self._kinds, UP, DOWN])
            self._kinds[name] = "", WATCHED
            why = "this service type is not in the given files; give gdnsd's `config` with all that it includes"
            self.unread.append(Unread(service.at, name, why))
        return self._kinds[name]

    def remarks(self) -> list[Remark]:
        """Tell of forced states that are nobody's."""
        left = [key for number, (key, _, _) in enumerate(self._patterns) if number not in self._matched]
        return [
            Remark(key.at, f"`{key.text}` forces nothing: no address, host or data centre is named so") for key in left
        ]


def _service(key: Text, given: Hash) -> tuple[str, str]:
    """Return plugin and state of a service type."""
    if "plugin" not in given.values:
        raise key.error(f"service type `{key.text}` has no `plugin`, which does the watching")
    plugin = text(given.values["plugin"], "`plugin`").text
    if plugin not in WATCHERS:
        raise unknown(given.values["plugin"], "plugin that watches services", plugin, list(WATCHERS))
    for name, value in given.values.items():
        if name in TIMES:
            whole(value, f"`{name}`", *TIMES[name])
        elif name != "plugin" and name not in _OWN[plugin]:
            raise unknown(given.keys[name], f"key of a service type of {plugin}", name, [*TIMES, *_OWN[plugin]])
    if plugin == "null":
        return plugin, DOWN
    if plugin != "static":
        if "def_down" in given.values:
            boolean(given.values["def_down"], "`def_down`")
        return plugin, WATCHED
    state = text(given.values["state"], "`state`").text.lower() if "state" in given.values else UP
    if state not in (UP, DOWN):
        raise given.values["state"].error("`state` has to be `up` or `down`")
    return plugin, state


def _state(key: Text, value: Value) -> str:
    given = text(value, f"the state of `{key.text}`").text
    if not _STATE.fullmatch(given):
        raise value.error("a forced state is `UP` or `DOWN`, with or without a TTL (`DOWN/300`)")
    return given.split("/")[0].lower()


def _pattern(key: Text) -> re.Pattern[str]:
    try:
        return _compiled(key.text)
    except (re.error, RecursionError):
        raise key.error(f"`{key.text}` is no shell pattern") from None


@lru_cache(1 << 12)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of fnmatch(3) without flags: `*` passes slashes, `\\` takes the meaning from what follows."""
    plain = re.sub(r"\\(.)", lambda found: f"[{found[1]}]", pattern, flags=re.DOTALL).replace("[^", "[!")
    return re.compile(fnmatch.translate(plain))
