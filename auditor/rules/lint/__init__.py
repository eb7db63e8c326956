"""Lint: what is wrong with rules that load, before they judge anything.

    given    what is looked at: rules, the files they stand in, names that others know; a remark
    sets     sets of names and countries, compared
    crowd    who can take part in a session, so whether two scopes meet or one holds the other
    asked    what is asked of a place, and when nothing could be allowed by two rules
    alone    rules that can never apply, fail or pass
    pairs    rules that contradict, repeat or shadow each other
    dates    rules and sources whose time is over
    naming   operators, sites, labels, territories and populations that nothing else knows or uses
    excused  waivers that do nothing

Each check is a function of what is given that yields remarks; CHECKS lists them.  A remark is an error where a rule
can't do what it is for, a warning where it probably doesn't, and a note where somebody should know.
"""

from auditor.rules.lint.checks import CHECKS, remarks
from auditor.rules.lint.given import SEVERITIES, STALE, Excused, Given, Label, Remark, Stock, given

__all__ = ["CHECKS", "SEVERITIES", "STALE", "Excused", "Given", "Label", "Remark", "Stock", "given", "remarks"]
