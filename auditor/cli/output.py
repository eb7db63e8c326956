"""Where a command's output goes: standard output, or a file that appears whole or not at all."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import IO, Final, TypeVar

import typer

from auditor.cli import streams
from auditor.model.errors import InputError

F = TypeVar("F", bound=StrEnum)

WRITTEN: Final[list[str]] = []
"""Files that this command has written whole, for it to name should it be interrupted."""


def named(path: Path | None, default: F) -> F:
    """Tell a format by the name of its output."""
    name = path.name.lower() if path else ""
    suffix = "sarif" if name.endswith(".sarif.json") else name.rpartition(".")[2] if "." in name else ""
    return next((each for each in type(default) if each.value == _CALLED.get(suffix, suffix)), default)


_CALLED: Final = {"htm": "html", "xml": "junit", "md": "markdown"}
"""Formats by names of files that are not their own."""


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
    files = [path.resolve() for _, path in pairs if path is not None and str(path) != "-" and not _is_device(path)]
    if len(set(files)) < len(files):
        raise InputError("--output", "two formats go to one file; give each a file of its own")
    return [(name, None if path is not None and str(path) == "-" else path) for name, path in pairs]


def apart(outputs: Iterable[Path | None], inputs: Sequence[str], *others: Path | str | None) -> None:
    """Refuse outputs that would overwrite what is read: a report must not destroy its evidence."""
    files = [path for path in outputs if path is not None and path.is_file()]
    if not files:
        return
    from auditor.logs.formats import named
    from auditor.read.remote import is_url
    from auditor.read.source import STDIN, sources

    local = [path for path in inputs if path != STDIN and not is_url(path)]
    captures = [source.path for source in sources(local, named)]
    read = [str(path) for path in (*captures, *others, *_belonging(others)) if path is not None]
    for path in files:
        if any(path.samefile(each) for each in read if os.path.exists(each)):
            raise InputError(str(path), "is read by this audit; write the report to another file")


def _belonging(given: Iterable[Path | str | None]) -> Iterator[Path]:
    """Yield what is read because of what is given: all of a pack, what stands beside a rule, tables of selections."""
    from auditor.rules import builtin, shipped
    from auditor.rules.files import SUFFIXES, TESTS
    from auditor.rules.selections import table_of

    named = [builtin() / str(path) if str(path) in shipped() else Path(path) for path in given if path is not None]
    for folder in dict.fromkeys(path if path.is_dir() else Path(os.path.realpath(path)).parent for path in named):
        yield from (path for each in (folder, folder / TESTS) for path in each.glob("*") if path.suffix in SUFFIXES)
    yield from (table for path in named if path.suffix in SUFFIXES and (table := table_of(path)))


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()


def tell(*lines: str) -> None:
    """Print lines on standard output, each one line whatever a stranger wrote into it."""
    from auditor.report.clean import printable

    for line in lines:
        typer.echo(printable(line))


def write(content: str | bytes, path: Path | None) -> None:
    """Write to a file, through a temporary one beside it, or to standard output."""
    data = content.encode() if isinstance(content, str) else content
    try:
        if path is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        elif _is_device(path):  # a device or a pipe can't be replaced
            path.write_bytes(data)
        else:
            _replace(path, data)
    except BrokenPipeError:
        if path is not None:
            raise
        streams.abandoned(sys.stdout)  # its reader went away, as `head` does: the verdict is still that of the report
    except OSError as error:
        raise unwritable(path, error) from error


def _replace(path: Path, data: bytes) -> None:
    """Put a whole file in the place of an old one; leave nothing behind where that fails."""
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to, which takes the place of an old one once all is written.

    Nothing is left behind where that fails, nor where the work is interrupted.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            yield file
            file.flush()
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            temporary.replace(path)
            WRITTEN.append(str(path))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def whole(path: Path | None) -> Iterator[IO[bytes]]:
    """Give a file to write bytes to, for a target (None: standard output) that gets them once there are all of them."""
    try:
        if path is not None and not _is_device(path):
            with replacing(path) as file:
                yield file
            return
        with tempfile.TemporaryFile() as spool:
            yield spool
            spool.seek(0)
            sys.stdout.flush()
            with nullcontext(sys.stdout.buffer) if path is None else path.open("wb") as target:
                shutil.copyfileobj(spool, target)
                target.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path | None, error: OSError) -> InputError:
    """Say why something can't be written, and what to do about it."""
    remedy = "does its folder exist?" if isinstance(error, FileNotFoundError) else "choose another --output"
    return InputError(str(path or "standard output"), f"can't be written: {error.strerror}; {remedy}")
