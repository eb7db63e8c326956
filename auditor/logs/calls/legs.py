"""What records of SIP calls quote of its messages: the Call-ID, and the elements that a request has passed."""

import re
from typing import Final

from auditor.logs.calls.taken import Row
from auditor.model.flow import ATTESTED, UNKNOWN
from auditor.read.facts import sip
from auditor.read.facts.model import Hop, Packet
from auditor.read.facts.text import address, reachable
from auditor.read.written import text

_LINE_ENDS: Final = re.compile(r"[\r\n]+")
MOST: Final = 64
"""Elements of one request that are listed."""


def named(call_id: str) -> str | None:
    """Name a call by its Call-ID, as captures do; None without one."""
    return sip.call_name(call_id.encode("utf-8", "replace")) or None


def passed(via: str, record_route: str, sender: str, receiver: str) -> tuple[list[Row], bool]:
    """List the elements that a request has passed before its sender (RFC 3261, sections 16.6 and 20.30).

    Also say whether the sender is a proxy: others had sent it the request.
    """
    ends = [address(each.encode()) for each in (sender, receiver)]
    near, own = (each if each is not None else 0 for each in ends)
    head = [("Via", via), ("Record-Route", record_route)]
    lines = [f"{name}: {_LINE_ENDS.sub(' ', value)}" for name, value in head if value]
    message = "\r\n".join(["INVITE sip:x SIP/2.0", "Call-ID: x", "CSeq: 1 INVITE", *lines, "", ""])
    facts = sip.parse(message.encode("utf-8", "replace"), Packet(0, near, own, 0, 0, 17, 0, 0))
    hops = [fact for fact in facts if isinstance(fact, Hop) and fact.kind in ("via", "origin", "record-route")]
    found: dict[tuple[int, int], Row] = {}
    for hop in hops[:MOST]:
        if hop.address < 0 or hop.address in (near, own) or not reachable(hop.address):
            continue
        row = found.setdefault((hop.address, hop.port), {
            "basis": ATTESTED, "plane": "signalling", "app": "sip", "outcome": "", "src_addr": sender,
            "dst_addr": text(hop.address), "dst_port": hop.port, "dst_role": UNKNOWN,
        })  # fmt: skip
        if hop.kind == "record-route":
            row["dst_role"] = "server"
    return list(found.values()), any(hop.kind != "record-route" for hop in hops)
