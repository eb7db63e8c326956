"""A process that reads captures for another one: jobs come on standard input, answers leave on standard output."""

import gc
import os
import pickle  # between the process that started this one and this one
import sys
from typing import Any

from auditor.model.errors import InputError
from auditor.read.part import Job, work


def main() -> int:
    """Do the jobs and answer; return the exit code."""
    gc.disable()  # facts are objects by the million, and none of them is part of a cycle
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not print into the answers

    def say(kind: str, value: Any) -> None:
        pickle.dump((kind, value), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()

    try:
        jobs: list[Job] = pickle.load(sys.stdin.buffer)  # noqa: S301  (written by the process that started this one)
    except (EOFError, pickle.UnpicklingError):
        return 1  # that process was ended before it had said what to do
    try:
        part, readings = work(jobs, lambda size: say("read", size))
        for each in (part, *(reading.part for reading in readings)):
            each.facts.parse()
        say("done", None)
        say("found", (part, readings))
    except InputError as error:
        say("failed", error)
    except BrokenPipeError:
        return 1  # nobody waits for the answer any more
    return 0


if __name__ == "__main__":
    sys.exit(main())
