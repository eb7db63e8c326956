"""Write a flow log of a made-up network for benchmarks: `python tools/make_flow_log.py 5000000 out.log`.

A hundred thousand clients of a private network talk to some servers each; an exchange is told in both directions, in
the default format of AWS VPC flow logs.  The same numbers give the same file.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

CLIENTS: Final = 99_000
SERVERS: Final = 1_000
EACH: Final = 8
"""Servers that a client talks to."""
PART: Final = 1_000_000
BEGIN: Final = 1_585_699_200  # 2020-04-01
PORTS: Final = (443, 443, 443, 443, 80, 3478, 8801, 5061)


def records(count: int, seed: int = 1) -> Iterator[pl.DataFrame]:
    """Yield records, a million at a time: the fields of the default format, numbers as numbers."""
    random = np.random.default_rng(seed)
    for start in range(0, count, PART):
        size = min(PART, count - start)
        client = random.integers(0, CLIENTS, size)
        server = (client * 7919 + random.integers(0, EACH, size) * 104_729) % SERVERS
        port = np.array(PORTS)[server % len(PORTS)]
        begun = BEGIN + np.sort(random.integers(0, 3600, size)) + start * 3600 // PART
        packets = random.integers(1, 200, size)
        yield _written(client, server, port, random.integers(32_768, 61_000, size), random.random(size) < 0.5,
                       begun, packets, packets * random.integers(90, 1400, size))  # fmt: skip


def _written(
    client: np.ndarray, server: np.ndarray, port: np.ndarray, own: np.ndarray, asks: np.ndarray,
    begun: np.ndarray, packets: np.ndarray, size: np.ndarray,
) -> pl.DataFrame:  # fmt: skip
    inside = _text(10, client // 65_536, client // 256 % 256, client % 256)
    outside = _text(np.where(server % 50 == 0, 52, 3), np.where(server % 50 == 0, 81, 80), server // 256, server % 256)
    way, ports = pl.Series(asks), (pl.Series(own), pl.Series(port))
    same = [pl.lit(each).alias(name) for name, each in (("version", 2), ("account-id", 123456789010))]
    return pl.DataFrame({
        "srcaddr": inside.zip_with(way, outside), "dstaddr": outside.zip_with(way, inside),
        "srcport": ports[0].zip_with(way, ports[1]), "dstport": ports[1].zip_with(way, ports[0]),
        "protocol": np.where((port == 3478) | (port == 8801), 17, 6), "packets": packets, "bytes": size,
        "start": begun, "end": begun + 59,
    }).select(
        *same, pl.lit("eni-0123456789abcdef0").alias("interface-id"), pl.all(),
        pl.lit("ACCEPT").alias("action"), pl.lit("OK").alias("log-status"),
    )  # fmt: skip


def _text(*parts: np.ndarray | int) -> pl.Series:
    return pl.select(pl.concat_str([pl.lit(pl.Series(np.atleast_1d(part))).cast(pl.String) for part in parts],
                                   separator=".")).to_series()  # fmt: skip


def main() -> None:
    """Write as many records as the first argument says to the file that the second one names."""
    count, path = int(sys.argv[1]), Path(sys.argv[2])
    with path.open("wb") as out:
        for number, some in enumerate(records(count)):
            if path.suffix == ".parquet":
                raise SystemExit("for Parquet: polars.scan_csv(...).sink_parquet(...)")
            some.write_csv(out, separator=" ", include_header=not number, quote_style="never")


if __name__ == "__main__":
    main()
