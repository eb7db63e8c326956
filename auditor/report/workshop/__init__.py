"""What is said of rules by themselves, with no traffic: see `auditor.workshop`.

ruletext  rules in plain words       remarks  what lint found
trial     tests of rules as text     junit    the same as JUnit XML
"""
