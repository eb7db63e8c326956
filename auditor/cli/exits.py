"""Exit codes, and the one place where an exception becomes one.

No traceback reaches a user: what they can mend is an `InputError` (2), anything else is our bug (4).
"""

import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import typer

from auditor.cli import signals, streams
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from auditor.model.report import Report

PASSED: Final = 0
VIOLATION: Final = 1
ERROR: Final = 2
OPEN: Final = 3
BUG: Final = 4
ABANDONED: Final = 141  # what shells report for a command whose output nobody read to its end (SIGPIPE)

INTERRUPTED: Final = 130  # what shells report for a command that Ctrl-C ended


def of_report(
    report: "Report", *, allow_open: bool, allow_empty: bool, fail_on_unused: bool = False, fail_on: str = "low"
) -> int:
    """Return the exit code of a report; of several that apply, the order is 1, 2 (unused waivers), 3.

    An unused waiver is an error of configuration, and must not hide a violation.  Violations of rules less severe than
    `fail_on` are left to the report; what is open is open whatever the rule's severity.
    """
    from auditor.model.rule import SEVERITIES

    grave = SEVERITIES[SEVERITIES.index(fail_on) :]
    if any(finding.verdict == "fail" and finding.severity in grave for finding in report.counting):
        return VIOLATION
    if fail_on_unused and any(use.idle for use in report.waivers):
        return ERROR
    if report.undecided and not allow_open:
        return OPEN
    if report.empty and not allow_empty:
        return OPEN
    return PASSED


def guarded(app: typer.Typer) -> int:
    """Run the application and turn whatever it raises into an exit code and one line on standard error."""
    try:
        result = app(standalone_mode=False)
    except typer.TyperException as error:
        if message := error.format_message().replace("Value error, ", ""):  # none where help was shown instead
            say(f"error: {message} (--help shows what is possible)")
        return ERROR
    except signals.Ended as ended:
        return _ended(ended)
    except (typer.Abort, KeyboardInterrupt):
        return _ended(signals.Ended(signal.SIGINT))
    except InputError as error:
        _list(error)
        return ERROR
    except (BrokenPipeError, SystemExit):
        # The reader of our output went away, as `head` does (of which typer makes an exit); nothing is left to say.
        # An audit writes its report in a way that outlives this, so no verdict is known here, least of all a pass.
        streams.abandoned(sys.stdout)
        return ABANDONED
    except OSError as error:  # a full disk, a file that went away: nothing that we could mend
        streams.abandoned(sys.stdout)
        say(f"error: {error.filename or 'standard output'}: {error.strerror or error}; mend it and run again")
        return ERROR
    except MemoryError:
        say("error: not enough memory; audit fewer inputs at a time")
        return BUG
    except Exception as error:
        say(f"bug: {type(error).__name__}: {error}; please report it with the output of AUDITOR_DEBUG=1")
        if os.environ.get("AUDITOR_DEBUG"):
            traceback.print_exc()
        return BUG
    if result == INTERRUPTED:  # a library noticed Ctrl-C itself
        return _ended(signals.Ended(signal.SIGINT))
    return result if isinstance(result, int) else PASSED


def _ended(ended: signals.Ended) -> int:
    say(signals.last_words(ended))
    return signals.exit_code(ended.number)


def _list(error: InputError) -> None:
    """Say what is wrong; where columns are known as `file:line:column: message`, which editors and CI systems read."""
    single = error.each
    if len(single) == 1 and not single[0].column:
        say(f"error: {error}")
        return
    for line in error.lines():
        say(line, "")
    files = len({each.source for each in single})
    said = [f"{count:,} {noun}{'s' * (count != 1)}" for count, noun in ((len(single), "problem"), (files, "file"))]
    say(f"error: {' in '.join(said)}; mend {'it' if len(single) == 1 else 'them'} and run again")


def say(line: str, who: str = "auditor: ") -> None:
    """Print a line on standard error with everything that could steer a terminal made visible."""
    from auditor.report.clean import printable

    with suppress(OSError):  # nobody is left to be told; the exit code still says it
        print(who + printable(line), file=sys.stderr, flush=True)
