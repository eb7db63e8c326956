"""FreeSWITCH: call detail records of mod_xml_cdr and mod_json_cdr (and mod_format_cdr, which writes both).

FreeSWITCH documentation, mod_xml_cdr, mod_json_cdr and Channel Variables.  A record is one leg: signalling with its
peer (`sip_network_ip`), media with the peer's end (`remote_media_ip`, `remote_video_ip`) as the switch and the peer had
agreed, elements that the request had passed (`sip_full_via`, Record-Route: attested) and other ends of the peer's
description (`switch_r_sdp`: offered).  Values are URL-encoded where the module was told so.  XML documents may follow
each other; those with a document type are refused unread, so no entity is ever expanded.

The switch is a server; its peer a server where it is a configured gateway, or a proxy by the Via chain, else a
telephone or another switch: not known.  Nobody is called the opener: who opens towards a server passes for a telephone.
The Call-ID names the session, as in captures; a leg without one is named by the leg that began the call.
A leg whose media was counted and had none in return is unanswered.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import unquote

import polars as pl

from auditor.logs.calls import taken
from auditor.logs.calls.documents import documents
from auditor.logs.calls.legs import named, passed
from auditor.logs.calls.taken import Row, child, children, text
from auditor.logs.model import Told
from auditor.logs.values import values
from auditor.model.flow import CLEAR, ENCRYPTED, NOT_SHOWN, OFFERED, UNANSWERED, UNKNOWN
from auditor.read.facts import sdp
from auditor.read.facts.text import reachable
from auditor.read.source import HEAD, Source, opened
from auditor.read.written import text as written

_JSON: Final = (b'"variables"', b'"channel_data"', b'"callflow"', b'"app_log"')
_NAMES: Final = (b'"sip_call_id"', b'"sip_network_ip"', b'"remote_media_ip"', b'"channel_name"', b'"core-uuid"')
_KINDS: Final = {"audio": ("remote_media", "local_media"), "video": ("remote_video", "local_video")}
LONGEST: Final = 1 << 16
"""Characters of a variable that are read."""


def sniff(head: bytes) -> bool:
    """Tell a record by its element with channel variables, or by their names in JSON."""
    plain = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if plain.startswith(b"<"):
        return b"<cdr" in plain and (b"<channel_data" in plain or b"<variables" in plain)
    return plain[:1] in (b"{", b"[") and _JSON[0] in plain and any(name in plain for name in _NAMES)


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield the exchanges of each leg."""
    with opened(source) as stream:
        xml = (stream.read(HEAD) or b"").lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    found = documents(source, told) if xml else values(source, told)
    return taken.listed(found, lambda value: _records(value, told.notes))


def _records(value: Any, notes: set[str]) -> Iterator[Sequence[Row]]:
    for record in value if isinstance(value, list) else [value]:
        inner = child(record, "cdr") or record
        yield _Leg(inner, notes).rows() if isinstance(inner, dict) else ()


class _Leg:
    """One leg of a call."""

    def __init__(self, record: dict[str, Any], notes: set[str]) -> None:
        self._record, self._notes = record, notes
        self._variables = child(record, "variables") or record
        profile = child(next(iter(children(record, "callflow")), child(record, "callflow")), "caller_profile")
        self._peer = taken.address(self._say("sip_network_ip")) or taken.address(self._say("sip_received_ip"))
        self._peer = self._peer or taken.address(text(profile, "network_addr"))
        direction = self._say("direction") or text(child(record, "channel_data"), "direction")
        self._inbound = direction == "inbound"
        self._name = self._say("uuid") or text(profile, "uuid")

    def _say(self, *names: str) -> str:
        """Return a channel variable."""
        found = text(self._variables, *names)[:LONGEST]
        return unquote(found, errors="replace") if "%" in found else found

    def rows(self) -> list[Row]:
        base = {**self._session(), **self._times()}
        found = [*self._signalling(), *self._media(), *self._offered()]
        return [{**base, **row} for row in found]

    def _session(self) -> Row:
        leg = self._say("originator", "originating_leg_uuid", "call_uuid") or self._name
        session = named(self._say("sip_call_id")) or taken.session("freeswitch", leg)
        observer = text(self._record, "switchname", "core-uuid") or self._say("switchname", "core_uuid")
        return {"session": session, "observer": observer[: taken.LONGEST]}

    def _times(self) -> Row:
        first, last = (self._time(name) for name in ("start", "end"))
        return taken.span(first, last)

    def _time(self, name: str) -> int:
        for member in (f"{name}_uepoch", f"{name}_epoch"):
            if found := taken.moment(self._say(member)):
                return found
        return taken.moment(self._say(f"{name}_stamp"), self._notes)

    def _switch(self) -> str:
        """Return the address of the switch: the one that it advertises, if it has one."""
        ends = ("sip_local_network_addr", "advertised_media_ip", "local_media_ip", "sip_local_sip_ip")
        own = [found for name in ends if (found := taken.address(self._say(name)))]
        return next((each for each in own if taken.public(each)), own[0] if own else "")

    def _signalling(self) -> list[Row]:
        host = self._say("sip_destination_url", "sip_to_host", "sip_req_host").rpartition("@")[2]
        peer = self._peer or ("" if self._inbound else taken.address(host.partition(":")[0].partition(";")[0]))
        if not peer:
            return []
        own = self._switch() or taken.masked("freeswitch", self._name, "switch")
        transport = self._say("sip_via_protocol").lower()
        carried = {"udp": "udp", "tcp": "tcp", "tls": "tcp", "ws": "tcp", "wss": "tcp"}.get(transport, "")
        behind, proxied = self._passed(peer, own)
        role = "server" if proxied else self._role()
        far = (peer, taken.port(self._say("sip_network_port") or self._say("sip_received_port")), role)
        near = (own, 0, "server")
        src, dst = (far, near) if self._inbound else (near, far)
        row = {
            **_end("src", *src), **_end("dst", *dst),
            "plane": "signalling", "app": "sip", "transport": carried, "outcome": "",
            "encrypted": {"tls": ENCRYPTED, "wss": ENCRYPTED, "udp": CLEAR, "tcp": CLEAR}.get(transport, NOT_SHOWN),
        }  # fmt: skip
        return [row, *behind]

    def _passed(self, peer: str, own: str) -> tuple[list[Row], bool]:
        """List what the request has passed before the peer; of one that the switch sent it says nothing."""
        if not self._inbound:
            return [], False
        return passed(self._say("sip_full_via"), self._say("sip_invite_record_route"), peer, own)

    def _role(self) -> str:
        return "server" if self._say("sip_gateway_name", "sip_gateway") else UNKNOWN

    def _media(self) -> list[Row]:
        found: list[Row] = []
        for kind, (remote, local) in _KINDS.items():
            there = taken.address(self._say(f"{remote}_ip"))
            if not there:
                continue
            own = [taken.address(self._say(name)) for name in ("advertised_media_ip", f"{local}_ip")]
            here = next((each for each in own if each and taken.public(each)), "") or next(filter(None, own), "")
            here = here or self._switch() or taken.masked("freeswitch", self._name, "switch")
            counts = self._counts(kind)
            found.append({
                **_end("src", there, taken.port(self._say(f"{remote}_port")), self._role()),
                **_end("dst", here, taken.port(self._say(f"{local}_port")), "server"),
                **counts,
                "plane": "media", "app": "rtp", "transport": "udp",
                "encrypted": self._encrypted(kind), "outcome": self._outcome(counts),
            })  # fmt: skip
        return found

    def _described(self) -> list[sdp.End]:
        """List the ends of media that the peer's description names."""
        return sdp.ends(self._say("switch_r_sdp").encode("utf-8", "replace"))

    def _offered(self) -> list[Row]:
        """List ends of the peer's description that media was not set up with."""
        agreed = {
            (taken.address(self._say(f"{end}_ip")), taken.port(self._say(f"{end}_port"))) for end, _ in _KINDS.values()
        }
        own = self._switch() or taken.masked("freeswitch", self._name, "switch")
        found = {}
        for where, port, kind, *_ in self._described():
            end = written(where), port
            if port and reachable(where) and kind != "rtcp" and end not in agreed:
                role = "relay" if kind == "candidate relay" else UNKNOWN
                found[end] = {
                    **_end("src", own, 0, "server"), **_end("dst", *end, role),
                    "basis": OFFERED, "plane": "media", "transport": "udp", "outcome": "",
                }  # fmt: skip
        return list(found.values())

    def _counts(self, kind: str) -> Row:
        names = {
            "src_packets": f"rtp_{kind}_in_packet_count", "dst_packets": f"rtp_{kind}_out_packet_count",
            "src_bytes": f"rtp_{kind}_in_raw_bytes", "dst_bytes": f"rtp_{kind}_out_raw_bytes",
        }  # fmt: skip
        found = {column: taken.number(self._say(name)) for column, name in names.items()}
        return {column: count for column, count in found.items() if count is not None}

    def _outcome(self, counts: Row) -> str:
        """Say whether media came back: by its counts, else by whether the call was answered at all."""
        if "src_packets" in counts:
            return "" if counts["src_packets"] else UNANSWERED
        answered = self._say("answer_epoch", "answer_uepoch")
        talked = taken.number(self._say("billsec")) or 0
        early = self._say("endpoint_disposition") in ("EARLY MEDIA", "ANSWER")
        return UNANSWERED if answered == "0" and not talked and not early else ""

    def _encrypted(self, kind: str) -> str:
        sure = self._say(f"rtp_secure_media_confirmed_{kind}", "rtp_secure_media_confirmed").lower() == "true"
        if sure:
            return ENCRYPTED
        port = taken.port(self._say(f"{_KINDS[kind][0]}_port"))
        same = [end for end in self._described() if end[1] == port and end[2] == "media"]
        plain = port and same and all(end[4].startswith("RTP/AVP") and not end[5] for end in same)
        return CLEAR if plain else NOT_SHOWN


def _end(side: str, address: str, port: int, role: str) -> Row:
    return {f"{side}_addr": address, f"{side}_port": port, f"{side}_role": role}
