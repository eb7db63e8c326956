"""The evidence behind a report: which sessions, which records, which packets.

case        what an audit read and found, kept so that findings can be traced back
sessions    the calls and meetings that were touched, one row each
chosen      the packets on which a finding rests, found in a second pass over the inputs
wanted      which flows and which single records those are
shown       a finding, explained record by record: shape declares it, explained writes it, said words it
logged      the records of logs among them, with their lines
listing     sessions as text                             keys    flows among packets, by columns
extract     the packets themselves as a capture of their own    blocks   the blocks of its format

Nothing here judges: membership comes from the functions that judged (`judge.traced`), and packets are told apart by
those that read them.
"""
