"""Roles that follow from those of other ends and flows: lines 6, 8 and 9 of the table in `who`."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.enrich.match import PRIVATE, PUBLIC, kinds
from auditor.enrich.who import CONTROLLED, SERVING
from auditor.model.flow import CARRIED, SIDES, UNKNOWN


def settle(flows: pl.DataFrame) -> pl.DataFrame:
    """Fill roles that follow from those of other ends and flows (lines 6, 8 and 9 of the table).

    The result of a row depends on the set of rows only, not on their order.
    """
    if flows.is_empty():
        return flows
    sip, called = flows["app"] == "sip", flows["session"].is_not_null()
    flows = _among(sip, _facing(flows), SOCKETS)  # only SIP divides a 5-tuple between calls
    return _facing(_among(called, flows, SESSION))


def _among(which: pl.Series, flows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Let some rows agree on roles, and leave the others as they are."""
    rows = which.arg_true()
    if not len(rows):
        return flows
    told = _agreed(flows[rows], key)
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


def _agreed(flows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Give all ends of one key one role, where what is known of them agrees; an end without address has none."""
    unknown = {side: flows[f"{side}_role"] == UNKNOWN for side in SIDES}
    if not any(each.any() for each in unknown.values()):
        return flows
    ends_ = pl.concat([_keyed(flows, key, side) for side in SIDES]).drop_nulls()
    bits = pl.col("role").replace_strict(_BIT, default=0, return_dtype=pl.UInt8)
    found = (
        ends_.lazy().with_columns(bits).group_by(key).agg(least=pl.col("role").min(), all=pl.col("role").bitwise_or())
    )
    agreed = (
        found.filter(pl.col("least") == 0)
        .with_columns(agreed=pl.col("all").replace_strict(_AGREED, default=None, return_dtype=pl.String))
        .filter(pl.col("agreed").is_not_null())
        .select(*key, "agreed")
        .collect()
    )
    if agreed.is_empty():
        return flows
    for side in SIDES:
        rows = unknown[side].arg_true()
        known = _keyed(flows[rows], key, side).join(agreed, key, "left", maintain_order="left")["agreed"]
        flows = flows.with_columns(flows[f"{side}_role"].clone().scatter(rows, known.fill_null(UNKNOWN)))
    return flows


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
