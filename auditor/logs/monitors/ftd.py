"""Connection events of Cisco Secure Firewall Threat Defense: 430001 to 430005, keys and values in one message.

Cisco Secure Firewall Threat Defense Syslog Messages, "Security Event Syslog Messages".  430002 tells of the beginning
of a connection and 430003 of its end, so only the latter counts.
"""

import re
from collections.abc import Iterator
from typing import Final

from auditor.logs.monitors import apps
from auditor.logs.monitors.fields import Row, count, host, moment, port, seconds, text, transport
from auditor.logs.monitors.session import Counts
from auditor.logs.monitors.stamps import Stamp
from auditor.model.flow import CARRIED, REJECTED, UNANSWERED
from auditor.model.status import MALFORMED

MARK: Final = re.compile(r"%(?:FTD|NGIPS)-(?:\w+-)?\d-(43000[1-5]):")
_PAIR: Final = re.compile(r"(?:^|, )\s?([A-Za-z0-9_ ]{2,64}): ")


def rows(line: str, found: re.Match[str], when: Stamp) -> Iterator[Row]:
    """Read a message."""
    said = line[found.end() :].lstrip()
    keys = list(_PAIR.finditer(said))
    ends = [*(key.start() for key in keys[1:]), len(said)]
    given = {key[1]: said[key.end() : end].strip() for key, end in zip(keys, ends, strict=True)}
    src, dst = given.get("SrcIP", ""), given.get("DstIP", "")
    if not (src and dst):
        yield {"status": MALFORMED, "detail": "no connection in a message about one"}
        return
    got = given.get
    sent = ("InitiatorPackets", "ResponderPackets", "InitiatorBytes", "ResponderBytes")
    counts = Counts(*(count(got(key)) for key in sent))
    action = got("AccessControlRuleAction", "").lower()
    blocked = action.startswith(("block", "deny")) or got("InlineResult") == "Blocked"
    first, zoneless = moment(got("FirstPacketSecond", ""))
    carried = transport(got("Protocol"), src)
    icmp = carried in ("icmp", "icmp6")
    row: Row = {
        "observer": when.host or text(got("DeviceUUID")),
        "tie": "/".join((got("InstanceID", ""), got("ConnectionID", ""), src, got("SrcPort", ""))),
        "transport": carried,
        "app": apps.of_suricata(text(got("ApplicationProtocol")), carried),
        "opened": "handshake" if carried == "tcp" else "",
        "outcome": CARRIED if counts.both else REJECTED if blocked else UNANSWERED,
        "first_ns": first or when.ns,
        "last_ns": first + seconds(got("ConnectionDuration", "")) if first else when.ns,
        "src_addr": host(src),
        "src_port": 0 if icmp else port(got("SrcPort")),
        "dst_addr": host(dst),
        "dst_port": 0 if icmp else port(got("DstPort")),
        "zoneless": zoneless if first else when.zoneless,
    }
    yield row | (counts.columns() if found[1] == "430003" else {})
