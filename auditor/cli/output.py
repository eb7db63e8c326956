"""Where a command's output goes: standard output, or a file that appears whole or not at all."""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from auditor.model.errors import InputError


def pair(formats: Sequence[str], outputs: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Give the nth format the nth output; formats without one go to standard output, which takes only one."""
    if len(outputs) > len(formats):
        raise InputError(
            "--output", f"there are {len(outputs)} outputs for {len(formats)} formats; name a --format for each"
        )
    pairs: list[tuple[str, Path | None]] = [
        (name, outputs[i] if i < len(outputs) else None) for i, name in enumerate(formats)
    ]
    if sum(path is None or str(path) == "-" for _, path in pairs) > 1:
        raise InputError("--output", "only one format can go to standard output; give the others a file")
    return [(name, None if path is not None and str(path) == "-" else path) for name, path in pairs]


def write(content: str | bytes, path: Path | None) -> None:
    """Write to a file, through a temporary one beside it, or to standard output."""
    data = content.encode() if isinstance(content, str) else content
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        if path.exists() and not path.is_file():  # a device or a pipe can't be replaced
            path.write_bytes(data)
            return
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except OSError as error:
        raise InputError(str(path), f"can't be written: {error.strerror}; does its folder exist?") from error
