"""Processes that read captures for this one.

They are started by a command of their own rather than forked, since `audit` is called from scripts, notebooks and
threads.  Each takes a fifth of a second to start, most of it for NumPy; so they are started before it is known what
exactly they are to read, and meanwhile this process opens rules and places.
"""

import glob
import os
import pickle  # between this process and those that it starts, and nobody else
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from auditor.read.unpack import MAGICS

if TYPE_CHECKING:
    from auditor.read.part import Answer, Job

WORTH: Final = 48 << 20
"""Bytes for which a second process is worth its start."""
MOST: Final = 16  # processes; each takes some 100 MB
SETTINGS: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
}
"""Of a worker: glibc is to keep the memory of NumPy's columns, which else comes and goes page by page."""


Process = subprocess.Popen[bytes]


def start(module: str, settings: Mapping[str, str]) -> Process:
    """Start a module of this package as a process that is talked with through pipes."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(  # noqa: S603 - a module of this package
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **settings, "PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C is for the process that started it, which ends it
    )


def end(process: Process) -> None:
    """End a process, whatever it does."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()


class Worker:
    """A process that does some jobs; leaving its context ends it."""

    def __init__(self) -> None:
        self.process = start("auditor.read.worker", SETTINGS)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        end(self.process)

    def answer(self, jobs: Sequence["Job"], advanced: Callable[[int], None], turn: Lock) -> "Answer":
        """Hand over the jobs, and wait for what they find; that is fetched when it is this process's `turn`."""
        for kind, value in self._messages(jobs, turn):
            if kind == "read":
                advanced(value)
            elif kind == "failed":
                raise value
            else:
                found: Answer = value
                return found
        raise RuntimeError("a process that read captures ended early")

    def _messages(self, jobs: Sequence["Job"], turn: Lock) -> Iterator[tuple[str, Any]]:
        put, get = self.process.stdin, self.process.stdout
        if put is None or get is None:
            return
        try:
            pickle.dump(list(jobs), put, pickle.HIGHEST_PROTOCOL)
            put.close()
            while (message := pickle.load(get))[0] != "done":  # noqa: S301  (written by our own process)
                yield message
            with turn:  # or there would be all that all processes found twice
                message = pickle.load(get)  # noqa: S301
                end(self.process)
            yield message
        except (EOFError, BrokenPipeError):
            return


def processes(workers: int | None) -> int:
    """Return how many processes may read, if `workers` of them were asked for (None: as many as help)."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(workers or available, MOST)


@contextmanager
def started(paths: Sequence[str], workers: int | None) -> Iterator[list[Worker]]:
    """Start the processes that the captures among these seem to be worth; what is not needed ends with the context."""
    count = processes(workers)
    with ExitStack() as stack:
        worth = count > 1 and sys.executable and _size(paths, WORTH) >= WORTH
        yield [stack.enter_context(Worker()) for _ in range(count)] if worth else []


def _size(paths: Sequence[str], enough: int) -> int:
    """Add up the sizes of files, at least until there are `enough` bytes; what can't be read is told elsewhere."""
    total = 0
    for path in paths:
        for name in glob.iglob(path) if glob.has_magic(path) and not os.path.exists(path) else (path,):
            with suppress(OSError):
                total += _folder(name, enough) if os.path.isdir(name) else _captured(name)
            if total >= enough:
                return total
    return total


def _captured(path: str) -> int:
    """Return the size of a file that may be a capture: no text, no Parquet, and no pipe, which is read only once."""
    if not os.path.isfile(path):
        return 0
    with open(path, "rb") as stream:
        head = stream.read(64)
    packed = head.startswith(tuple(MAGICS.values()))
    plain = head.startswith(b"PAR1") or b"\0" not in head
    return 0 if plain and not packed else os.path.getsize(path)


def _folder(path: str, enough: int) -> int:
    total = 0
    for folder, _inner, files in os.walk(path):
        for name in files:
            with suppress(OSError):
                total += _captured(os.path.join(folder, name))
        if total >= enough:
            break
    return total
