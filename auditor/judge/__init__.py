"""May every place that was touched be touched?  A digest of flows and rules become a report.

seal        the ends of the digest, with the audience of their session (audience) and what is held of them (held)
scope       whom and what a rule speaks of, in three-valued logic
conditions  what a rule asks of the ends of flows
selected    does a session stay where its account has chosen?
kinds       ends that no rule tells apart are of one kind (numbers: columns of whole numbers)
verdicts    every kind by every rule, with all evidence and with the proofs alone
tally       touches, which are sets of kinds, counted by outcome
gather      touches that fail or stay open, put together by numbers
findings    what is found, with the evidence and the reasons
conflicts   rules that no place can obey together
settle      the facts that would close what is open
coverage    what was examined and what was not
waive       which findings somebody accepts until a day   familiar   which of them a baseline knows
conclude    all of it, as a report
traced      findings back to the rows that they rest on
examples    the examples of a rule file, judged by the same functions
"""

from auditor.digest import Digest, asks_rejected, edges, merge
from auditor.digest import digest as fold
from auditor.judge.conclude import conclude, restated

__all__ = ["Digest", "asks_rejected", "conclude", "edges", "fold", "merge", "restated"]
