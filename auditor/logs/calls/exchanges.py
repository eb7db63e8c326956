"""Rows of a peer connection: the pairs that it used as exchanges, and what it was offered."""

from auditor.logs.calls import taken
from auditor.logs.calls.candidates import Candidate
from auditor.logs.calls.connection import Connection, Offer, Pair
from auditor.logs.calls.taken import Row
from auditor.model.flow import ATTESTED, OFFERED, UNKNOWN


class Written:
    """The rows of one peer connection."""

    def __init__(self, known: Connection, session: str) -> None:
        self._known = known
        self._base: Row = {"session": session, "plane": "media" if known.media else UNKNOWN}
        self._other = {True: "client", False: "server", None: UNKNOWN}[known.people]

    def rows(self) -> list[Row]:
        """Write exchanges, then offers."""
        client = self._own(None)
        found = [row for pair in self._known.pairs.values() for row in self._pair(pair)]
        return found + [self._offer(offer, client) for offer in self._known.offers.values()]

    def _own(self, selected: Candidate | None) -> str:
        """Return the address of the browser: the public one under which it is seen, if it has no more than one."""
        if selected and selected.kind != "relay" and taken.public(selected.address):
            return selected.address
        seen = {each for own in self._known.locals for each in own.faces()}
        if selected and selected.kind == "relay":
            seen = set(selected.faces()) or seen
        if len(seen) == 1:
            return seen.pop()
        if selected and selected.kind != "relay" and selected.address:
            return selected.address
        inner = {own.address for own in self._known.locals if own.kind == "host" and own.address}
        return inner.pop() if len(inner) == 1 else taken.masked(str(self._base["session"]), self._known.name, "own")

    def _pair(self, pair: Pair) -> list[Row]:
        local, remote = pair.local, pair.remote
        client = self._own(local)
        row: Row = {
            **self._base,
            **taken.span(pair.first_ns, pair.last_ns),
            "record": pair.record,
            "stands": pair.records,
            "outcome": "" if any((*pair.sent, *pair.received)) or not pair.told else None,
            "encrypted": "yes" if self._known.encrypted else "",
            "src_packets": pair.sent[0],
            "src_bytes": pair.sent[1],
            "dst_packets": pair.received[0],
            "dst_bytes": pair.received[1],
        }
        nothing = {"stands": 0, "src_packets": 0, "src_bytes": 0, "dst_packets": 0, "dst_bytes": 0, "encrypted": ""}
        other = self._other if remote.kind != "relay" else "relay"
        far = {"dst_addr": self._addressed(remote, "remote"), "dst_port": remote.port, "dst_role": other}
        near = {"src_addr": client, "src_port": local.port if client == local.address else 0, "src_role": "client"}
        found = [{**row, **near, **far, "transport": remote.transport or local.transport}]
        if local.kind == "relay":
            relay = self._addressed(local, "relay")
            wire = {"udp": "udp", "tcp": "tcp", "tls": "tcp", "dtls": "udp"}.get(local.towards, "")
            own = {"dst_addr": relay, "dst_port": local.port, "dst_role": "relay", "dst_name": local.server}
            behind = {"src_addr": relay, "src_port": local.port, "src_role": "relay"}
            found = [
                {**row, **near, **own, "app": "turn", "transport": wire},
                {**row, **nothing, **behind, **far, "basis": ATTESTED, "transport": "udp"},
            ]
        if remote.kind == "relay":
            found.append({**row, **nothing, **self._behind(remote), "basis": ATTESTED})
        return found

    def _behind(self, relay: Candidate) -> Row:
        """Return the exchange of the other side with its relay."""
        seen = relay.faces()
        who = seen[0] if len(seen) == 1 else taken.masked(str(self._base["session"]), self._known.name, "remote")
        role = self._other if self._other != "server" else UNKNOWN
        there = {"dst_addr": self._addressed(relay, "remote"), "dst_port": relay.port, "dst_role": "relay"}
        return {"src_addr": who, "src_role": role, "app": "turn", **there}

    def _addressed(self, candidate: Candidate, side: str) -> str:
        """Return an address, or that of another event where this report masks it."""
        if known := candidate.address or self._known.ends.get((candidate.kind, candidate.port), ""):
            return known
        if candidate.server:
            return taken.host(candidate.server)
        return taken.masked(str(self._base["session"]), self._known.name, side, f"{candidate.kind} {candidate.port}")

    def _offer(self, offer: Offer, client: str) -> Row:
        candidate = offer.candidate
        role = {"relay": "relay", "stun": "server", "turn": "relay"}.get(candidate.kind, self._other)
        app = {"stun": "stun", "turn": "turn", "relay": "turn"}.get(candidate.kind, "")
        return {
            **self._base,
            **taken.span(offer.at_ns, offer.at_ns),
            "record": offer.record,
            "stands": offer.stands,
            "basis": OFFERED,
            "plane": "signalling" if candidate.kind == "stun" else "media",
            "app": app,
            "outcome": "",
            "transport": candidate.transport,
            "src_addr": client,
            "src_role": "client",
            "dst_addr": self._addressed(candidate, "offered"),
            "dst_port": candidate.port,
            "dst_role": role,
            "dst_name": candidate.server,
        }
