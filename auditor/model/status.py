"""What became of a record, how one is named, and what an end may be: without any library, so that readers and what
only speaks of rules start quickly."""

from typing import Final

OK: Final = "ok"
NO_ADDRESS: Final = "no_address"  # decoded, and has no network address: ARP, spanning tree, LLDP
TRUNCATED: Final = "truncated"  # cut (by the capture's length or the end of the file) before its addresses
MALFORMED: Final = "malformed"  # a length or a version that lies
UNSUPPORTED: Final = "unsupported"  # a link type or framing that nothing here decodes
UNEXAMINED: Final = (TRUNCATED, MALFORMED, UNSUPPORTED)
"""Statuses that keep a report from passing: traffic was there and was not looked at."""

ROLES: Final = ("client", "server", "relay", "hop")

SOURCE_SHIFT: Final = 40
"""A witness is `source << 40 | record`: one integer, so that its minimum is one record of one source."""
