"""The vocabulary of the house: country sets, the columns of a flow, rules, and the report."""
