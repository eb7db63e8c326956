"""Rows of logs in tests, and what becomes of them."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from auditor.enrich.ports import stands
from auditor.logs.fold import Folder, complete
from auditor.logs.model import LOG

PORTS = stands([(8801, 8810)])


def rows(*given: dict[str, Any]) -> pl.DataFrame:
    """Make rows of LOG, numbered in their order."""
    made = [{"record": number, **each} for number, each in enumerate(given, 1)]
    names = sorted({name for each in made for name in each})
    data = {name: [each.get(name) for each in made] for name in names}
    return complete(pl.DataFrame(data, schema={name: LOG[name] for name in names}).lazy()).collect()


def folded(*parts: pl.DataFrame, ports: Any = PORTS, edges: Sequence[int] = ()) -> pl.DataFrame:
    """Fold parts, each from a source of its own, and return the flows in a certain order."""
    folder = Folder(ports, edges)
    for source, part in enumerate(parts):
        assert not len(folder.add(part, source))
    folder.close()
    found = pl.concat(list(folder.flows()))
    return found.sort("src_addr", "dst_addr", "src_port", "dst_port", "first_ns", "outcome", "session")


def flow(src: str, dst: str, **more: Any) -> dict[str, Any]:
    """Make a record of TCP from one `address:port` to another."""
    ends = {}
    for side, text in (("src", src), ("dst", dst)):
        addr, _, port = text.rpartition(":")
        ends |= {f"{side}_addr": addr, f"{side}_port": int(port)}
    return {
        "transport": "tcp",
        "src_packets": 10,
        "src_bytes": 5000,
        "first_ns": 10**18,
        "last_ns": 10**18 + 5,
        **ends,
    } | more
