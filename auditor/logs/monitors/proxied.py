"""Rows of a request that went through a proxy: client to proxy, and client to each server that the proxy asked.

The proxy ends connections, but the request goes on: a row leads from the client straight to each upstream, so that
whose request it was stays known.  Counts are those of bodies and stand with the first row.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from auditor.logs.lines import LONG, numbered
from auditor.logs.model import Nameless, Told
from auditor.logs.monitors import jsonlines
from auditor.logs.monitors.fields import Row, ended, host, is_address
from auditor.model.flow import CARRIED, HOST, UNANSWERED
from auditor.model.status import MALFORMED
from auditor.read.source import Source

UNKNOWN_SERVER: Final = Nameless("@masked:server")
UNKNOWN_CLIENT: Final = Nameless("@masked:client")
"""Ends that the log doesn't name: a place, and a participant, that may be anywhere."""
LIMIT: Final = 64
"""Upstreams of one request that are read; no proxy tries more."""


LONGEST: Final = 1 << 16
"""Bytes of a line of text that are looked at."""


class Upstream(NamedTuple):
    """A server that the proxy asked, or tried to."""

    end: str  # address and port, or a name
    outcome: str = CARRIED


def begins(head: bytes, ours: Callable[[dict[str, Any]], bool], *formats: re.Pattern[str]) -> bool:
    """Say whether the first line of a log is an object of ours, or of one of these formats."""
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0].strip()
    if first.startswith(b"{"):
        value = jsonlines.first(first)
        return value is not None and ours(value)
    line = first[:LONGEST].decode("utf-8", "replace")
    return any(each.match(line) for each in formats)


def requests(source: Source, told: Told, asked: Callable[[bytes, int, Told], Iterator[Row] | None]) -> Iterator[Row]:
    """Yield the rows of each line, which `asked` makes of the line and its number; None: it is no request."""
    for number, line in numbered(source, told):
        found = None if line is None else asked(line, number, told)
        if found is None:
            yield {"record": number, "status": MALFORMED, "detail": LONG if line is None else NO_REQUEST}
        else:
            yield from found


NO_REQUEST: Final = "no line of an access log that is known"


def rows(common: Row, client: tuple[str, int], proxy: tuple[str, int], upstreams: Sequence[Upstream]) -> Iterator[Row]:
    """Yield the rows of one request; `proxy` may have no address, and is a place that may be anywhere then.

    A proxy in front of a server on the same address is one place with it.
    """
    reached = [each for each in upstreams[:LIMIT] if is_server(each.end)]
    src = {"src_addr": client[0] or UNKNOWN_CLIENT, "src_port": client[1], "src_role": "client"}
    first: Row = {**common, **src, "opened": "protocol", "outcome": CARRIED}
    if proxy[0] not in {ended(each.end)[0] for each in reached}:
        role = "relay" if reached else "server"
        yield {**first, "dst_addr": proxy[0] or UNKNOWN_SERVER, "dst_port": proxy[1], "dst_role": role}
        first |= {"records": 0, "src_bytes": 0, "dst_bytes": 0, "dst_name": "", "encrypted": ""}
    for each in dict.fromkeys(reached):
        address, number = ended(each.end)
        yield {**first, "dst_addr": host(address), "dst_port": number, "dst_role": "server", "outcome": each.outcome}
        first |= {"records": 0, "src_bytes": 0, "dst_bytes": 0}


def is_server(end: str) -> bool:
    """Say whether this is an address or a name: not a socket of the same machine, nor the name of a group."""
    address, number = ended(end)
    if is_address(address):
        return True
    return bool(number) and host(address).startswith(HOST)


def outcome(status: str) -> str:
    """Say what came of an attempt by the status that an upstream gave, or that the proxy gave in its place.

    A proxy says 502 of who refused the connection, and of who took the request and then broke off.
    """
    return UNANSWERED if status in ("", "-", "000", "0", "502", "504") else CARRIED
