"""Situations of rule files as evidence on disk: examples become packets, an inventory, a catalogue, databases.

wire    packets byte by byte: connections, streams of media, tunnels; signalling: calls by SIP
ground  who is where: addresses, and the files that say what is known of them
plot    which exchange shows a touch, and as little else as can be
cast    who takes part and what is touched, with the lines of those files
scene   one situation as one session in one capture
stage   the examples of rules as files that `auditor audit` takes, and what it says of each

Addresses, ports, names, sizes and times come from a seed, so no verdict hangs on one of them.  What an example leaves
unknown no file tells; what no capture can show raises `CannotStage` with the reason.
"""


class CannotStage(Exception):
    """Why no capture and inventory can show a situation."""
