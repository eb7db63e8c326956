"""Tells, from evidence, where calls and data went and whether they were allowed to go there.

The house, from the door down; imports run downwards only, and a linter checks it:

    cli         arguments in, exit codes out
    evidence    the sessions, records and packets behind a finding        workshop   rules are looked over and tried
    pipeline    did it happen?      gate  could it happen?      intake  takes inputs in      opening  what is judged by
    judge       may every place that was touched be touched?      report   text, JSON, HTML
    digest      tally, merge: flows become one small table
    logs        flow logs, exports, call records and traceroutes become flows
    routing     routing configuration becomes proofs of where it can send whom, and flows that it would cause
    read        captures become flows     enrich  who, what, where     rules   YAML becomes rules
    model       country sets, the columns of a flow, rules, the report

Four laws hold everywhere: nothing is dropped; any order and any split give the same report; more
proof never flips a verdict that rests on proof; what a stranger wrote stays text.
"""

from typing import TYPE_CHECKING, Any

from auditor.version import __version__

if TYPE_CHECKING:
    from auditor.evidence.sessions import sessions
    from auditor.model.report import Report
    from auditor.opening import load_rules
    from auditor.pipeline import Audit, audit, flows, locate

__all__ = ["Audit", "Report", "__version__", "audit", "flows", "load_rules", "locate", "sessions"]


def __getattr__(name: str) -> Any:
    """Import the pipeline when it is first used: `import auditor` and `auditor --help` stay quick."""
    if name == "Report":
        from auditor.model.report import Report

        return Report
    if name == "sessions":
        from auditor.evidence.sessions import sessions

        return sessions
    if name == "load_rules":
        from auditor.opening import load_rules

        return load_rules
    if name in __all__:
        from auditor import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
