"""Work that is ended from outside: what is unfinished is cleared away, and one line says how far it came."""

import signal
from types import FrameType
from typing import Final

from auditor.cli import output

NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")


class Ended(BaseException):
    """Somebody asked this process to end.

    Not a KeyboardInterrupt, of which the library that reads arguments would keep no more than an exit code.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def heeded() -> None:
    """Let requests to end arrive as exceptions; one that is ignored (nohup, a job in the background) stays so."""
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    raise Ended(number)


def exit_code(number: int) -> int:
    """Return what shells report for a command that a signal ended."""
    return 128 + number


def last_words(ended: Ended) -> str:
    """Say what ended the work, how far it came, and what it leaves behind."""
    said = "interrupted" if ended.number == signal.SIGINT else f"ended by {signal.Signals(ended.number).name}"
    notes = getattr(ended, "__notes__", [])
    written = ", ".join(output.WRITTEN)
    return f"{' '.join([said, *notes[:1]])}; {f'{written} was written' if written else 'nothing was written'}"
