"""Messages that don't fit one packet: streams, connections, handshakes and datagrams in several pieces.

A chain (`chains`) begins at a packet whose payload begins a message and doesn't end it, and follows its stream until a
message ends where a segment does.  Which packets begin one is told by their own bytes (`segments`), so a chain depends
on that packet and on later ones alone, and a capture can be read in pieces: who reads the beginning reads on.
Everything else of a stream costs no Python step.

Limits: a chain waits for `chains.WAIT` records; a message has `frames.LONGEST` bytes; what is open has `chains.ROOM`
bytes.  A segment that overtook the beginning of its message is not found.  What is given up is read as far as it came,
and counted with its reason.
"""
