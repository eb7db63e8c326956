"""Captures become flows.

source      finds captures and opens them          unpack      gzip, zstd, xz, bzip2
folders     what is passed over in folders         remote      fetches from object stores
footer      what the end of a Parquet file tells    temporary   files that outlive nobody
window      a bounded stretch of a stream          chain       finds records in it
pcap pcapng blocks snoop                           records become batches of packets
plain       reads the shape of most packets        aside       keeps rare shapes until they are many
link kinds rare mpls        finds the network header    headers   IP and transport headers
unwrap tunnels gre inside   steps into tunnels     passed wrapped   which tunnel carried which flow
classify codes              what a payload is      heads       its first bytes, by columns
candidates firstline        what must follow the first bytes
second zoom                 what ports and wrappers tell
payloads repeats facts/ said     what some payloads say, and the columns that keep it
streams/    messages that don't fit one packet     initials    hellos of QUIC, from their sealed pieces
directed rtp    packets become one-way flows       fragments   get their ports
table group arrays written  folding and gathering columns, addresses as text
part        reads one stretch of a capture         scan        shares them among processes, joins what they found
staff worker                processes that read
assemble    one-way flows and facts become flows, by these:
pairing placed apps         two directions, the facts of each, the kinds of payload
aliases ties calls ice      which call or session a fact or flow belongs to
told labels layout          touches that no packet shows, names of addresses, rows
media encrypted outcome     streams of media, what is ciphered, what was answered
crowds      follows some calls where there are too many
shortfalls                  says where captures and their reading fell short
"""
