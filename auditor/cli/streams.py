"""The three standard streams as a shell may hand them over: closed, full, or left by their reader."""

import os
import sys
from typing import Any, Final

NAMES: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def present() -> None:
    """Put the null device where a standard stream is closed, so that no file that is opened takes its place."""
    while (number := os.open(os.devnull, os.O_RDWR)) < len(NAMES):
        pass
    os.close(number)
    for number, (name, mode) in enumerate(NAMES):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def abandoned(stream: Any) -> None:
    """Let what is still to be written to a stream vanish, since it takes no more."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
