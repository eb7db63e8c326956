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
    names = stretches["meeting"]
    which = np.flatnonzero(first <= last)
    texts = names.gather(first[which])
    several = np.flatnonzero(first[which] < last[which])
    spans = zip(first[which][several].tolist(), last[which][several].tolist(), strict=True)
    joined = [" ".join(names[begin : min(end, begin + MOST - 1) + 1]) for begin, end in spans]
    texts = texts.scatter(several, pl.Series(joined, dtype=pl.String))
    column = pl.Series("meeting", [None], pl.String).new_from_index(0, len(flows))
    return flows.with_columns(column.scatter(tied["row"].gather(which), texts))


def _candidates(flows: pl.DataFrame) -> pl.DataFrame:
    """List the flows between a client and a server or relay of a known service, but for those of SIP's calls.

    SIP names its calls.  Sessions that are known otherwise (by ICE, say) are parts of a meeting.
    """
    src, dst = pl.col("src_role"), pl.col("dst_role")
    opened_by_client = (src == "client") & dst.is_in(_SERVING)
    client = pl.when(opened_by_client).then("src_addr").when((dst == "client") & src.is_in(_SERVING)).then("dst_addr")
    calls = flows.lazy().filter(pl.col("app") == "sip").select("session").drop_nulls().unique()
    rows = flows.lazy().with_row_index("row").filter(
        (pl.col("status") == OK) & (pl.col("basis") == OBSERVED) & (pl.col("outcome") == CARRIED),
        pl.col("service") != "",
    ).join(calls, on="session", how="anti")  # fmt: skip
    packets = pl.col("src_packets") + pl.col("dst_packets")
    media = (pl.col("plane") == "media") & (pl.col("app") != "stun")  # checks of the way there are not media yet
    keyed = rows.select("row", "vantage", "service", "first_ns", "last_ns", client=client, packets=packets, media=media)
    keyed = keyed.filter(pl.col("client").is_not_null()).sort(*KEY, "first_ns", "last_ns", "row")
    fresh = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in KEY).fill_null(True)
    return keyed.with_columns(key=fresh.cast(pl.Int64).cum_sum()).collect()


def _stretches(media: pl.DataFrame) -> pl.DataFrame:
    """Put the media of one client with one service together where no pause parts it: key, begin, end, meeting."""
    until = pl.col("last_ns").cum_max().shift(1).over("key")
    begun = until.is_null() | (pl.col("first_ns") > until + PAUSE)
    numbered = media.with_columns(number=begun.cast(pl.Int64).cum_sum())
    found = numbered.group_by("number", maintain_order=True).agg(
        *(pl.col(name).first() for name in (*KEY, "key")),
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
    places = stretches.select("key", pl.col("end") + PAUSE, pl.col("begin") - PAUSE).with_row_index("place")
    first = tied.select("key", "first_ns").join_asof(
        places, left_on="first_ns", right_on="end", by="key", strategy="forward", check_sortedness=False
    )
    by_end = tied.select("key", "last_ns").with_row_index("at").sort("key", "last_ns")
    last = by_end.join_asof(
        places, left_on="last_ns", right_on="begin", by="key", strategy="backward", check_sortedness=False
    ).sort("at")
    after, before = len(stretches), -1  # where there is none
    return (
        first["place"].cast(pl.Int64).fill_null(after).to_numpy(),
        last["place"].cast(pl.Int64).fill_null(before).to_numpy(),
    )
