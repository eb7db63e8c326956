"""Captures become flows.

source      finds captures and opens them          unpack      gzip, zstd, xz, bzip2
window      a bounded stretch of a stream          chain       finds records in it
pcap pcapng blocks snoop                           records become batches of packets
plain       reads the shape of most packets        aside       keeps rare shapes until they are many
link rare mpls          finds the network header   headers     IP and transport headers
unwrap tunnels gre inside   steps into tunnels     passed wrapped   which tunnel carried which flow
classify    what a payload is                      payloads repeats facts/   what some payloads say
initials    hellos of QUIC, from their sealed pieces
directed    packets become one-way flows           fragments   get their ports
table group arrays      folding and gathering columns
scan        shares captures among processes, joins what they found
staff worker            processes that read
assemble    one-way flows and facts become flows
"""
