"""Tells, from evidence, where calls and data went and whether they were allowed to go there.

The house, from the door down; imports run downwards only, and a linter checks it:

    cli         arguments in, exit codes out
    pipeline    strings the rooms together
    judge       may every place that was touched be touched?      report   text, JSON, HTML
    digest      tally, merge: flows become one small table
    read        captures become flows     enrich  who, what, where     rules   YAML becomes rules
    model       country sets, the columns of a flow, rules, the report

Four laws hold everywhere: nothing is dropped; any order and any split give the same report; more
proof never flips a verdict that rests on proof; what a stranger wrote stays text.
"""

__version__ = "0.1.0"
