"""The vocabulary of the house: country sets, the columns of a flow, rules, and the report.

flow       the columns of a flow                   status     what became of a record
countries  sets of them                            timeline   sets that change with time
reserved   codes that are none                     labels     populations and accounts
rule       a rule as the judge sees it             waiver     a finding that is accepted
report     what an audit concludes                 coverage   what was examined
route      ways of a configuration                 surge      what a surge does        baseline   what was known

documents  YAML that people write (`strict`), each value held against its type (`fits`, in the words of `kinds`)
schema     JSON Schemas of those files             errors     what could not be read, and what to do
heap       the search for cycles, put off
"""
