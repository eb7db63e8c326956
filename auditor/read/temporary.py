"""Temporary files without a name: they may hold evidence, and must outlive nobody, not even a run that is killed."""

import os
import tempfile
from contextlib import suppress
from typing import IO, Final

PREFIX: Final = "auditor-"


def unnamed(suffix: str = "") -> tuple[IO[bytes], str]:
    """Open a file for this process and those that it starts; return it, and the path by which all of them open it.

    It is gone once it is closed.  Where the system shows no open files under /proc it has a name, until then.
    """
    file: IO[bytes] = tempfile.TemporaryFile(prefix=PREFIX)  # noqa: SIM115  (the caller closes it)
    path = f"/proc/{os.getpid()}/fd/{file.fileno()}"
    with suppress(OSError):
        if os.path.samestat(os.stat(path), os.fstat(file.fileno())):
            return file, path
    file.close()
    named = tempfile.NamedTemporaryFile(prefix=PREFIX, suffix=suffix)  # noqa: SIM115  (the caller closes it)
    return named, named.name
