"""Time `auditor audit` beside every peer that is installed, in turn, round after round.

    python tools/bench.py [CAPTURE...] [--rounds N] [--only NAME,NAME]

Captures default to every .pcap in the folder that AUDITOR_BENCH names.  A ratio is peer / auditor, the
median of the ratios of each round, since machines are shared and noisy: above 1, the audit is sooner.
The audit reads, classifies and locates every flow, judges it and writes a report; peers give plain flows.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

AUDIT = "audit {file} --format json --output {dir}/report.json"
OURS = f"{Path(sys.executable).parent}/auditor {AUDIT}"
# No peer hashes its input: this shows what that costs.  The tool has no such switch, since a hash makes it evidence.
UNHASHED = (
    f'{sys.executable} -c "from auditor.cli import main; from auditor.read import scan; '
    f'scan.hashed = lambda source: str(); main()" {AUDIT}'
)
# The windows and time-outs are set so that no peer cuts a long flow in pieces: the same work for all.
LONG = " ".join(
    f"-t {kind}=86400" for kind in ("maxlife", "udp", "tcp", "tcp.rst", "tcp.fin", "general", "icmp", "expint")
)
NFPCAPD = "nfpcapd -r {file} -w {dir} -e 3600,3600 -t 3600 -B 1048576"
FIELDS = "saddr sport daddr dport proto spkts dpkts sbytes dbytes stime ltime"
NFSTREAM = "NFStreamer(source='{file}', n_dissections=0, idle_timeout=86400, active_timeout=86400)"
PEERS = {
    "tcpdump (bare copy)": "tcpdump -r {file} -w /dev/null",
    "softflowd (no table)": f"softflowd -d -r {{file}} -m 2000000 -n 127.0.0.1:9 -v 9 {LONG}",
    "nfpcapd": NFPCAPD,
    "nfpcapd+nfdump": NFPCAPD + " && nfdump -R {dir} -b -q -o csv > {dir}/flows.csv",
    "argus+racluster": "argus -S 3600 -r {file} -w {dir}/a && racluster -n -r {dir}/a -s " + FIELDS + " > {dir}/flows",
    "ndpiReader": "ndpiReader -i {file} -q",
    "nfstream": f'{sys.executable} -c "from nfstream import NFStreamer; print(sum(1 for _ in {NFSTREAM}))"',
    "tshark": "tshark -n -r {file} -q -z conv,tcp -z conv,udp",
}


@dataclass(frozen=True)
class Run:
    """One run of one command: seconds, megabytes, exit status."""

    wall: float
    cpu: float
    peak: float
    status: int


def held(root: int) -> float:
    """Return the megabytes that a process and its descendants hold, shared pages once; 0 where /proc does not tell."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue  # it ended while we looked

    def descends(process: int) -> bool:
        while process not in (0, 1, root):
            process = parents.get(process, 0)
        return process == root

    def proportional(process: int) -> int:
        try:
            rows = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            return 0
        return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))

    return sum(proportional(process) for process in parents if descends(process)) / 1024


def run(command: str, capture: str) -> Run:
    """Run a command over a capture in an empty folder; the peak is that of all its processes together, sampled."""
    with tempfile.TemporaryDirectory() as folder:
        line = command.replace("{file}", capture).replace("{dir}", folder)
        start = time.perf_counter()
        child = subprocess.Popen(["bash", "-c", line], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ended, peak = threading.Event(), [0.0]

        def watch() -> None:
            while not ended.wait(0.2):
                peak[0] = max(peak[0], held(child.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        ended.set()
        watcher.join()
        largest = peak[0] or usage.ru_maxrss / 1024
        return Run(wall, usage.ru_utime + usage.ru_stime, largest, os.waitstatus_to_exitcode(status))


def installed(only: Sequence[str]) -> dict[str, str]:
    """Return the peers that can be run here."""

    def there(command: str) -> bool:
        if "import nfstream" in command or "from nfstream" in command:
            return subprocess.run([sys.executable, "-c", "import nfstream"], capture_output=True).returncode == 0
        return all(shutil.which(part.split()[0]) is not None for part in command.split("&&"))

    return {
        name: line
        for name, line in PEERS.items()
        if there(line) and (not only or any(name.startswith(o) for o in only))
    }


def compare(capture: str, peers: dict[str, str], rounds: int) -> list[list[str]]:
    """Run all commands round after round; return a row each of name, wall, CPU, peak, rate, ratio and exit status."""
    commands = {"auditor audit": OURS, "without SHA-256": UNHASHED, **peers}
    for line in commands.values():
        run(line, capture)  # the first run warms the page cache and is not counted
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, line in commands.items():
            runs[name].append(run(line, capture))
    size = os.path.getsize(capture) / 1e6
    rows = []
    for name, done in runs.items():
        wall = statistics.median(r.wall for r in done)
        ratio, unhashed = (
            statistics.median(r.wall / ours.wall for r, ours in zip(done, runs[name], strict=True))
            for name in ("auditor audit", "without SHA-256")
        )
        spread = f"{min(r.wall for r in done):.2f}-{max(r.wall for r in done):.2f}"
        cpu = statistics.median(r.cpu for r in done)
        peak = max(r.peak for r in done)
        rows.append(
            [
                name,
                f"{wall:.2f}",
                spread,
                f"{cpu:.2f}",
                f"{peak:.0f}",
                f"{size / wall:.0f}",
                f"{ratio:.2f}",
                f"{unhashed:.2f}",
                str(done[-1].status),
            ]
        )
    return rows


HEAD = ["command", "wall s", "min-max", "cpu s", "peak MB", "MB/s", "peer/audit", "no SHA", "exit"]


def show(rows: list[list[str]]) -> None:
    """Print a Markdown table."""
    widths = [max(len(row[i]) for row in [HEAD, *rows]) for i in range(len(HEAD))]
    for row in [HEAD, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


def main() -> None:
    """Compare on each capture that was named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="names of peers, by their beginning")
    args = parser.parse_args()
    folder = os.environ.get("AUDITOR_BENCH", "")
    captures = args.captures or sorted(str(path) for path in Path(folder).glob("*.pcap") if folder)
    if not captures:
        sys.exit(
            "name captures, or a folder of them in AUDITOR_BENCH; tools/profiles.py makes some (see docs/benchmarks.md)"
        )
    peers = installed([name for name in args.only.split(",") if name])
    missing = ", ".join(name for name in PEERS if name not in peers)
    for capture in captures:
        size, load = os.path.getsize(capture) / 1e6, os.getloadavg()[0]
        print(f"\n{Path(capture).name}: {size:.0f} MB, {args.rounds} rounds, load {load:.1f}")
        show(compare(capture, peers, args.rounds))
    if missing and not args.only:
        print(f"\nNot installed here: {missing}")


if __name__ == "__main__":
    main()
