"""Tie flows to meetings by client, service and time, where the protocol has no identifier in clear.

Zoom, Teams, Webex, Meet and their like encrypt whatever names a meeting.  What can be seen is that one client
exchanged one service's media for a stretch of time; its other flows with that service during this time go with it.
That is an inference: two meetings one after the other without a pause are one here, and so are those of
two people behind one address.

So a meeting is listed and never judged.  A session that is judged gathers everybody who takes part in any of its
flows, and an end of unknown role may take part: put into one session with a stranger's, it would make a violation open
that is certain by itself.  Each flow is judged as its own, and `meeting` is a column beside it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.model.flow import CARRIED, OBSERVED, OK

PAUSE: Final = 60_000_000_000
"""Nanoseconds without media that end a meeting; so long before and after it, other flows of the service are its own."""
LEAST: Final = 20
"""Packets of media that make a meeting, less than half a second of audio: a few probes of a media server are none."""
MOST: Final = 8
"""Meetings that one flow names: a connection that was kept open all day belongs to several."""

KEY: Final = ("vantage", "service", "client")
_SERVING: Final = ("server", "relay")


def meetings(flows: pl.DataFrame) -> pl.DataFrame:
    """Fill the column `meeting` of a FLOW frame whose services and roles are known.

    A meeting is called `<service>~<client>~<begin in UTC>`, with `@<vantage>` behind the client where the vantage has a
    name.  A row depends on the set of rows only, not on their order.
    """
    tied = _candidates(flows)
    stretches = _stretches(tied.filter(media=True))
    if stretches.is_empty():
        return flows
    first, last = _overlapped(tied, stretches)
    names = stretches["meeting"].to_list()
    texts = [
        " ".join(names[begin : min(end, begin + MOST - 1) + 1]) if begin <= end else None
        for begin, end in zip(first.tolist(), last.tolist(), strict=True)
    ]
    column = pl.Series("meeting", [None], pl.String).new_from_index(0, len(flows))
    return flows.with_columns(column.scatter(tied["row"], pl.Series(texts, dtype=pl.String)))


def _candidates(flows: pl.DataFrame) -> pl.DataFrame:
    """List the flows between a client and a server or relay of a known service that belong to no call."""
    src, dst = pl.col("src_role"), pl.col("dst_role")
    opened_by_client = (src == "client") & dst.is_in(_SERVING)
    client = pl.when(opened_by_client).then("src_addr").when((dst == "client") & src.is_in(_SERVING)).then("dst_addr")
    rows = flows.lazy().with_row_index("row").filter(
        (pl.col("status") == OK) & (pl.col("basis") == OBSERVED) & (pl.col("outcome") == CARRIED),
        pl.col("service") != "",
        pl.col("session").is_null(),
    )  # fmt: skip
    packets = pl.col("src_packets") + pl.col("dst_packets")
    media = (pl.col("plane") == "media") & (pl.col("app") != "stun")  # checks of the way there are not media yet
    keyed = rows.select("row", "vantage", "service", "first_ns", "last_ns", client=client, packets=packets, media=media)
    keyed = keyed.filter(pl.col("client").is_not_null())
    return keyed.sort(*KEY, "first_ns", "last_ns", "row").collect()


def _stretches(media: pl.DataFrame) -> pl.DataFrame:
    """Put the media of one client with one service together where no pause parts it: key, begin, end, meeting."""
    until = pl.col("last_ns").cum_max().shift(1).over(KEY)
    begun = until.is_null() | (pl.col("first_ns") > until + PAUSE)
    numbered = media.with_columns(number=begun.cast(pl.Int64).cum_sum())
    found = numbered.group_by("number", maintain_order=True).agg(
        *(pl.col(name).first() for name in KEY),
        pl.col("packets").sum(),
        begin=pl.col("first_ns").min(),
        end=pl.col("last_ns").max(),
    )
    found = found.filter(pl.col("packets") >= LEAST)
    when = pl.from_epoch("begin", time_unit="ns").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    where = pl.when(pl.col("vantage") == "").then(pl.lit("")).otherwise(pl.format("@{}", pl.col("vantage")))
    return found.with_columns(meeting=pl.format("{}~{}{}~{}", "service", "client", where, when))


def _overlapped(tied: pl.DataFrame, stretches: pl.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first and the last stretch that each flow overlaps; the first is greater where there is none.

    Both frames are in the order of the key, and the stretches of a key are disjoint and in the order of time: so those
    that a flow overlaps stand together.
    """
    keys = pl.concat([stretches.select(KEY), tied.select(KEY)]).select(
        number=pl.struct(KEY).rank("dense").cast(pl.Int64)
    )["number"]
    of_stretch, of_flow = keys[: len(stretches)].to_numpy(), keys[len(stretches) :].to_numpy()
    first = _place(of_stretch, stretches["end"].to_numpy() + PAUSE, of_flow, tied["first_ns"].to_numpy(), "left")
    last = _place(of_stretch, stretches["begin"].to_numpy() - PAUSE, of_flow, tied["last_ns"].to_numpy(), "right") - 1
    return first, last


def _place(
    key: npt.NDArray[np.int64], time: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64],
    at: npt.NDArray[np.int64], side: str,
) -> npt.NDArray[np.int64]:  # fmt: skip
    """Say where pairs of key and time would stand among others that are in order."""
    moments = np.unique(np.concatenate([time, at]))
    span = len(moments)
    inside = key * span + np.searchsorted(moments, time)
    asked = wanted * span + np.searchsorted(moments, at)
    return np.searchsorted(inside, asked, "left" if side == "left" else "right").astype(np.int64)
