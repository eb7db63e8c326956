"""Files that only the program which wrote them reads well: nfcapd's by nfdump, argus' by ra, if they are installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from auditor.logs.lines import pieces
from auditor.logs.model import Told
from auditor.model.errors import InputError
from auditor.read.source import Source

HOURS: Final = 6 * 3600
"""Seconds that a program may take; it reads a year of one exporter in less."""
FEED: Final = 1 << 22
FAILED: Final = "The program that reads this format stopped before the end, so the rest is not examined."


@contextmanager
def printed(
    source: Source, told: Told, program: str, before: Sequence[str], after: Sequence[str], begins: tuple[bytes, ...]
) -> Iterator[Source]:
    """Run `program` over a file and give what it prints as a source; the file's name stands between the arguments.

    What does not begin as `begins` tells of no records.  Raise InputError where the program is not installed, or prints
    no records and says that something is wrong.
    """
    found = shutil.which(program)
    if not found:
        raise InputError(
            source.name,
            f"{program} reads this format, and it is not installed; install it, or give what it prints instead",
        )
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        path = os.path.abspath(source.path)
        if source.packing:
            path = str(Path(folder, "input"))
            with open(path, "wb") as stream:
                for piece in pieces(source, told, FEED):
                    stream.write(piece)
        out, errors = Path(folder, "printed"), Path(folder, "errors")
        with open(out, "wb") as stdout, open(errors, "wb") as stderr:
            code = _run([found, *before, path, *after], stdout, stderr, folder)
        size = out.stat().st_size
        with open(out, "rb") as stream:
            nothing = not stream.read(4096).lstrip().startswith(begins)
        code = code or errors.stat().st_size  # nfdump returns 0 also where it stopped
        if code and nothing:
            raise InputError(
                source.name, f"{program} can't read it: it is damaged, or of a version that it doesn't know"
            )
        if code:
            told.limits.add(FAILED)
        yield Source(source.name, str(out), 0 if nothing else size, source.format)


def _run(command: list[str], stdout: IO[bytes], stderr: IO[bytes], folder: str) -> int:
    """Run a program without a shell, a clock's zone, or settings of whoever runs it; return its exit code."""
    environment = {"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C", "HOME": folder}
    try:
        done = subprocess.run(  # noqa: S603  (a fixed program and fixed arguments)
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment, cwd=folder, timeout=HOURS,
            check=False,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError):
        return -1
    return done.returncode
