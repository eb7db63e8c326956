"""Progress of long work: a bar where there is a terminal, and how far it came where it is interrupted."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auditor.cli.signals import Ended

Progress = Callable[[int, int], None]
"""Called with bytes read so far and bytes in all."""


@contextmanager
def shown(title: str) -> Iterator[Progress]:
    """Show a bar on standard error while the work goes on, if that is a terminal.

    An interruption leaves with a note of how far the work came.
    """
    far = (0, 0)

    def noted(done: int, total: int) -> None:
        nonlocal far
        far = (done, total)
        if bar:
            bar(done, total)

    with _bar(title) as bar:
        try:
            yield noted
        except (Ended, KeyboardInterrupt) as error:
            error.add_note(f"while {title}{_far(*far)}")
            raise


def _far(done: int, total: int) -> str:
    from auditor.report.words import size

    return f": {size(done)} of {size(total)} done" if total else ""


@contextmanager
def _bar(title: str) -> Iterator[Progress | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
