"""Roles that follow from those of other ends and flows: lines 6, 8 and 9 of the table in `who`."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.enrich.match import PRIVATE, PUBLIC, kinds
from auditor.enrich.who import CONTROLLED, SERVING
from auditor.model.flow import CARRIED, SIDES, UNKNOWN


def settle(flows: pl.DataFrame, agreed: pl.DataFrame | None = None) -> pl.DataFrame:
    """Fill roles that follow from those of other ends and flows (lines 6, 8 and 9 of the table).

    The result of a row depends on the set of rows only, not on their order.  Where these are not all rows, but all of
    each session that has some here, `agreed` is what `sockets` finds in all of them.
    """
    if flows.is_empty():
        return flows
    sip, called = flows["app"] == "sip", flows["session"].is_not_null()
    flows = _among(sip, _facing(flows), SOCKETS, agreed)  # only SIP divides a 5-tuple between calls
    return _facing(_among(called, flows, SESSION))


def sockets(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the roles on which all rows of SIP agree, of all parts of the rows together: SOCKETS, agreed."""
    none = pl.DataFrame(schema={**dict.fromkeys(SOCKETS, pl.String), "port": pl.Int32, "other_port": pl.Int32, **_SAID})
    found = none
    for flows in parts:
        rows = _facing(flows.filter(pl.col("app") == "sip"))
        said = _said(pl.concat([_keyed(rows, SOCKETS, side) for side in SIDES]).drop_nulls(), SOCKETS)
        found = pl.concat([found, said.cast(none.schema)])
        found = found.group_by(SOCKETS).agg(pl.col("least").min(), pl.col("all").bitwise_or())
    return _told(found, SOCKETS)


def _among(
    which: pl.Series, flows: pl.DataFrame, key: Sequence[str], agreed: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Let some rows agree on roles, and leave the others as they are."""
    rows = which.arg_true()
    if not len(rows):
        return flows
    told = _agreed(flows[rows], key, agreed)
    return flows.with_columns(flows[f"{side}_role"].clone().scatter(rows, told[f"{side}_role"]) for side in SIDES)


def _facing(flows: pl.DataFrame) -> pl.DataFrame:
    """Make clients of the ends that opened towards a server or relay, or face a public one from a private address."""
    for side, other in (SIDES, SIDES[::-1]):
        role = pl.col(f"{side}_role")
        faces = (role == UNKNOWN) & pl.col(f"{other}_role").is_in(SERVING) & (pl.col("outcome") == CARRIED)
        faces &= ~pl.col("app").is_in(CONTROLLED)
        opener = (pl.col("opened") != "") & (side == "src")
        rows = np.flatnonzero(flows.select(faces & (opener | (pl.col("opened") == ""))).to_series().to_numpy())
        unopened = rows[(flows["opened"].gather(rows) == "").to_numpy()]
        inside = _are(PRIVATE, flows[f"{side}_addr"].gather(unopened))
        outside = _are(PUBLIC, flows[f"{other}_addr"].gather(unopened))
        clients = np.setdiff1d(rows, unopened[~(inside & outside)], assume_unique=True)
        if len(clients):
            mark = np.zeros(len(flows), bool)
            mark[clients] = True
            flows = flows.with_columns(
                pl.when(pl.Series(mark)).then(pl.lit("client")).otherwise(role).alias(f"{side}_role")
            )
    return flows


def _are(kind: str, addresses: pl.Series) -> npt.NDArray[np.bool_]:
    if addresses.is_empty():
        return np.zeros(0, bool)
    codes, values = kinds(addresses)
    return np.equal(codes, values.index(kind))


SOCKETS: Final = ("vantage", "transport", "addr", "port", "other_addr", "other_port")
SESSION: Final = ("vantage", "session", "addr")


def _agreed(flows: pl.DataFrame, key: Sequence[str], agreed: pl.DataFrame | None = None) -> pl.DataFrame:
    """Give all ends of one key one role, where what is known of them agrees; an end without address has none."""
    unknown = {side: flows[f"{side}_role"] == UNKNOWN for side in SIDES}
    if not any(each.any() for each in unknown.values()):
        return flows
    if agreed is None:
        agreed = _told(_said(pl.concat([_keyed(flows, key, side) for side in SIDES]).drop_nulls(), key), key)
    if agreed.is_empty():
        return flows
    for side in SIDES:
        rows = unknown[side].arg_true()
        known = _keyed(flows[rows], key, side).join(agreed, key, "left", maintain_order="left")["agreed"]
        flows = flows.with_columns(flows[f"{side}_role"].clone().scatter(rows, known.fill_null(UNKNOWN)))
    return flows


def _said(ends: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Fold what is said of the ends of one key: the least role, 0 being none, and all of them as bits."""
    bits = pl.col("role").replace_strict(_BIT, default=0, return_dtype=pl.UInt8)
    found = ends.lazy().with_columns(bits).group_by(key)
    return found.agg(least=pl.col("role").min(), all=pl.col("role").bitwise_or()).collect()


_SAID: Final[dict[str, Any]] = {"least": pl.UInt8, "all": pl.UInt8}


def _told(said: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Return the role that follows for the ends of each key that have none."""
    agreed = pl.col("all").replace_strict(_AGREED, default=None, return_dtype=pl.String)
    some = said.filter(pl.col("least") == 0).with_columns(agreed=agreed)
    return some.filter(pl.col("agreed").is_not_null()).select(*key, "agreed")


def _keyed(flows: pl.DataFrame, key: Sequence[str], side: str) -> pl.DataFrame:
    """Return the key and the role of the ends on one side."""
    other = SIDES[1 - SIDES.index(side)]
    names = {
        "addr": f"{side}_addr",
        "port": f"{side}_port",
        "other_addr": f"{other}_addr",
        "other_port": f"{other}_port",
    }
    return flows.select(**{name: names.get(name, name) for name in key}, role=f"{side}_role")


_BIT: Final = {"client": 1, "server": 2, "relay": 4, "hop": 8}
_AGREED: Final = {1: "client", 2: "server", 4: "relay", 6: "server"}
"""The roles of one key, as a sum of bits, and the one that follows for its other ends."""
