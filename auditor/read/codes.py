"""The kinds of payload that are told apart, each with its code."""

from typing import Final

APPS: Final = (
    "", "other", "stun", "rtp", "rtcp", "dtls", "quic", "tls", "sip", "zoom", "dns", "turn", "http", "rtsp", "ssh",
    "rdp", "vnc", "telnet", "snmp", "ntp", "dhcp", "mdns", "llmnr", "netbios", "ssdp", "icmp", "wireguard", "mgcp",
    "coap", "syslog", "h225", "h245", "skinny", "iax", "megaco", "xmpp", "discord", "bittorrent", "openvpn", "ipsec",
    "radius", "diameter", "smpp", "tftp", "netflow", "sflow", "hep", "gtp-c", "mysql", "postgresql", "mail", "ftp",
    "bgp", "x11", "oicq", "lan-discovery", "zrtp",
)  # fmt: skip
"""Kinds of payload by code, no more than 64; the first is none at all, the second one that is not recognised."""
CODE: Final = {name: code for code, name in enumerate(APPS)}
