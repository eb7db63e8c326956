"""Time `auditor audit` on flow logs beside a bare group-by and nfdump's aggregate, in turn, round after round.

    python tools/bench_logs.py [--records N] [--rounds N] [--keep FOLDER]

A made-up log (tools/make_flow_log.py) is written as text, as Parquet, as NetFlow 5 and as a file of nfcapd.  The
group-by reads the same file by Polars, adds up packets and bytes by both addresses, both ports, protocol and action,
and does nothing else; nfdump aggregates its own file.  The audit finds, places and judges.  A ratio is the median
over the rounds of other / audit: above 1, the verdicts are there sooner.
"""

import argparse
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE)]

from tools.bench import Run, run  # noqa: E402
from tools.make_flow_log import records  # noqa: E402

AUDIT: Final = f"{sys.executable} -m auditor audit {{file}} --format json --output {{dir}}/report.json"
KEYS: Final = "'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'action'"
SUMS: Final = "pl.col('packets', 'bytes').cast(pl.Int64).sum(), pl.col('start').cast(pl.Int64).min(), pl.len()"
TEXT: Final = "pl.scan_csv('{file}', separator=' ', quote_char=None, infer_schema=False)"
BARE: Final = (
    f"{sys.executable} -c \"import polars as pl; print(SCAN.group_by({KEYS}).agg({SUMS}).collect(engine='streaming'))\""
)
HEADER: Final = struct.Struct(">HHIIIIBBH")
FLOW: Final = np.dtype([
    ("src", ">u4"), ("dst", ">u4"), ("next", ">u4"), ("in", ">u2"), ("out", ">u2"), ("packets", ">u4"),
    ("bytes", ">u4"),
    ("first", ">u4"), ("last", ">u4"), ("sport", ">u2"), ("dport", ">u2"), ("pad", "u1"), ("flags", "u1"),
    ("protocol", "u1"), ("tos", "u1"), ("rest", "V8"),
])  # fmt: skip
EACH: Final = 30
"""Records of a datagram of NetFlow 5 (Cisco, "NetFlow Export Datagram Format")."""


def datagrams(rows: pl.DataFrame, sequence: int) -> list[bytes]:
    """Write records as datagrams of NetFlow 5."""
    flows = np.zeros(len(rows), FLOW)
    for name, column in (("src", "srcaddr"), ("dst", "dstaddr")):
        parts = rows[column].str.split_exact(".", 3).struct.unnest().select(pl.all().cast(pl.UInt32))
        flows[name] = sum(parts[:, at].to_numpy().astype(np.uint32) << (24 - 8 * at) for at in range(4))
    for name, column in (("packets", "packets"), ("bytes", "bytes"), ("sport", "srcport"), ("dport", "dstport"),
                         ("protocol", "protocol")):  # fmt: skip
        flows[name] = rows[column].to_numpy()
    flows["flags"] = np.where(flows["protocol"] == 6, 27, 0)
    base = int(rows["start"][0])
    flows["first"], flows["last"] = ((rows[name].to_numpy() - base + 60) * 1000 for name in ("start", "end"))
    found = []
    for at in range(0, len(flows), EACH):
        some = flows[at : at + EACH]
        found.append(HEADER.pack(5, len(some), 60_000, base, 0, sequence + at, 0, 0, 0) + some.tobytes())
    return found


def written(folder: Path, count: int) -> dict[str, Path]:
    """Write the same records in every form that can be made here."""
    text, netflow = folder / "flows.log", folder / "netflow5.dat"
    with text.open("wb") as lines, netflow.open("wb") as exports:
        for number, rows in enumerate(records(count)):
            rows.write_csv(lines, separator=" ", include_header=not number, quote_style="never")
            exports.write(b"".join(datagrams(rows, number * 1_000_000)))
    numbers = dict.fromkeys(("packets", "bytes", "start", "end"), pl.Int64)
    small = dict.fromkeys(("srcport", "dstport", "protocol", "version"), pl.Int32)
    lazy = pl.scan_csv(text, separator=" ", quote_char=None, infer_schema=False).cast({**numbers, **small})
    lazy.rename(lambda name: name.replace("-", "_")).sink_parquet(folder / "flows.parquet")
    found = {"text": text, "Parquet": folder / "flows.parquet", "NetFlow 5": netflow}
    if shutil.which("nfcapd") and (kept := collected(folder, netflow)):
        found["nfcapd"] = kept
    return found


def collected(folder: Path, exports: Path) -> Path | None:
    """Send datagrams to nfcapd on this host, and return the file that it writes; None if it lost any."""
    where = folder / "nfcapd"
    where.mkdir()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["nfcapd", "-w", str(where), "-p", str(port), "-b", "127.0.0.1", "-t", "3600", "-B", "67108864"]
    collector = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    data, at, sent = exports.read_bytes(), 0, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        while at < len(data):
            size = HEADER.size + FLOW.itemsize * struct.unpack_from(">H", data, at + 2)[0]
            out.sendto(data[at : at + size], ("127.0.0.1", port))
            at, sent = at + size, sent + 1
            if not sent % 20:
                time.sleep(0.001)  # the collector has one thread
    time.sleep(1)
    collector.terminate()
    collector.wait()
    files = sorted(where.glob("nfcapd.2*"))
    return files[0] if len(files) == 1 else None


def compare(files: dict[str, Path], rounds: int) -> None:
    """Run all commands round after round, and print what they took."""
    jobs = {f"audit, {name}": (AUDIT, path) for name, path in files.items() if name != "nfcapd"}
    jobs["group-by, text"] = (BARE.replace("SCAN", TEXT), files["text"])
    jobs["group-by, Parquet"] = (BARE.replace("SCAN", "pl.scan_parquet('{file}')"), files["Parquet"])
    if "nfcapd" in files:
        jobs["nfdump -a, nfcapd"] = ("nfdump -r {file} -a -q -o csv > {dir}/flows.csv", files["nfcapd"])
    runs: dict[str, list[Run]] = {name: [] for name in jobs}
    for turn in range(rounds + 1):
        for name, (command, path) in jobs.items():
            done = run(command, str(path))
            runs[name] += [done] * bool(turn)  # the first one warms the page cache
    ours = {"text": runs["audit, text"], "Parquet": runs["audit, Parquet"], "nfcapd": runs["audit, NetFlow 5"]}
    for name, found in runs.items():
        base = ours.get(name.rpartition(", ")[2], runs["audit, text"])
        ratio = statistics.median(one.wall / other.wall for one, other in zip(found, base, strict=True))
        wall, cpu = (statistics.median(getattr(each, what) for each in found) for what in ("wall", "cpu"))
        peak = max(each.peak for each in found)
        took = f"{wall:7.2f} s  cpu {cpu:7.2f} s  {peak:6.0f} MB"
        print(f"{name:20} {took}  other/audit {ratio:5.2f}  exit {found[-1].status}")


def main() -> None:
    """Make the files, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder that the files are left in")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(exist_ok=True, parents=True)
        files = written(folder, args.records)
        sizes = ", ".join(f"{name} {path.stat().st_size / 1e6:.0f} MB" for name, path in files.items())
        print(f"{args.records:,} records: {sizes}; {args.rounds} rounds")
        compare(files, args.rounds)


if __name__ == "__main__":
    main()
