"""What monitors and firewalls call protocols and services, in the words of `read.codes.APPS` and of the catalogue.

Only names of the same protocol are here: what a monitor calls `web-browsing` is HTTP, but `google-base` is no protocol.
"""

from functools import lru_cache
from typing import Final

from auditor.read.apps import PRECEDENCE

SAME: Final = (
    "sip rtp rtcp stun turn dtls tls quic dns http rtsp ssh rdp vnc telnet snmp ntp dhcp mdns llmnr netbios ssdp coap "
    "syslog mgcp h225 h245 skinny iax xmpp bittorrent openvpn radius diameter smpp tftp netflow sflow hep mysql "
    "postgresql ftp bgp x11 wireguard zrtp megaco rtcp"
).split()
"""Names that everybody uses."""

PROTOCOLS: Final[dict[str, str]] = {
    **{name: name for name in SAME},
    "ssl": "tls", "http2": "http", "rfb": "vnc", "smtp": "mail", "smtps": "mail", "imap": "mail", "pop3": "mail",
    "ipsec": "ipsec", "ike": "ipsec", "ikev2": "ipsec", "isakmp": "ipsec", "gtpv1": "gtp-c", "gtpv2": "gtp-c",
    "ftp-data": "ftp", "ftp_data": "ftp", "nbns": "netbios", "nb-dns": "netbios", "h323": "h225", "sccp": "skinny",
    "doh2": "http", "websocket": "http", "dns-tcp": "dns", "dhcpv6": "dhcp", "postgres": "postgresql",
    "pgsql": "postgresql", "bittorrent-dht": "bittorrent", "bittorrent_dht": "bittorrent", "stun_nat": "stun",
    "irc": "", "smb": "", "krb": "", "kerberos": "", "krb5": "",
}  # fmt: skip
"""Analyzers of Zeek, `app_proto` of Suricata, names of services of Junos without `junos-`."""

APP_IDS: Final[dict[str, str]] = {
    **{name: name for name in SAME if name not in ("turn", "hep", "h245", "tls")},
    "ssl": "tls", "web-browsing": "http", "http2": "http", "websocket": "http", "ms-rdp": "rdp", "rtp-base": "rtp",
    "dns-base": "dns", "mysql": "mysql", "postgres": "postgresql", "smtp": "mail", "smtp-base": "mail", "imap": "mail",
    "pop3": "mail", "snmp-base": "snmp", "ntp-base": "ntp", "ipsec-esp": "ipsec", "ipsec-esp-udp": "ipsec",
    "ike": "ipsec", "ipsec": "ipsec", "rtmp": "", "h.323": "h225", "h.225": "h225", "h.245": "h245", "sccp": "skinny",
    "netbios-dg": "netbios", "netbios-ns": "netbios", "netbios-ss": "netbios", "gtp": "gtp-c", "gtpv2-c": "gtp-c",
    "open-vpn": "openvpn", "ping": "icmp", "icmp": "icmp", "ipv6-icmp": "icmp", "ping6": "icmp", "iax2": "iax",
    "h.248": "megaco", "dns-over-https": "http", "dns-over-tls": "tls", "vnc-base": "vnc", "x11": "x11",
}  # fmt: skip
"""App-IDs of Palo Alto Networks (Applipedia) that name a protocol."""

SERVICES: Final[dict[str, str]] = {
    "zoom": "zoom", "ms-teams": "microsoft-teams", "webex": "webex", "cisco-spark": "webex",
    "google-meet": "google-meet", "gotomeeting": "goto", "ringcentral": "ringcentral", "whatsapp": "whatsapp",
    "signal": "signal", "telegram": "telegram", "wechat": "wechat", "qq": "tencent-qq", "dingtalk": "dingtalk",
    "discord": "discord", "tiktok": "tiktok", "jitsi": "jitsi", "agora": "agora", "lark": "lark",
    "tencent-meeting": "tencent-meeting",
}  # fmt: skip
"""Families of App-IDs (the name itself, or what stands before its first part) by the catalogue's identifier."""


@lru_cache(1 << 14)
def of_zeek(service: str, transport: str = "") -> str:
    """Name the protocol of a connection by its services, `ssl,http` say: the most telling one that was not taken back.

    Zeek writes a minus sign before an analyzer that gave up.
    """
    found = {PROTOCOLS.get(each, "") for each in service.lower().split(",") if each}
    best = next((name for name in PRECEDENCE if name in found), "")
    return "dtls" if best == "tls" and transport == "udp" else best


@lru_cache(1 << 14)
def of_suricata(app_proto: str, transport: str = "") -> str:
    """Name a protocol of Suricata."""
    best = PROTOCOLS.get(app_proto.lower(), "")
    return "dtls" if best == "tls" and transport == "udp" else best


@lru_cache(1 << 14)
def of_app_id(app: str) -> tuple[str, str]:
    """Return the protocol and the service that an App-ID names (`zoom-meeting`: none, and zoom)."""
    app = app.lower()
    parts = app.split("-")
    families = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    service = next((SERVICES[family] for family in families if family in SERVICES), "")
    return APP_IDS.get(app, ""), service


@lru_cache(1 << 14)
def of_junos(*names: str) -> str:
    """Name the protocol by what Junos calls the application (`SSL`, `SIP`), else the service (`junos-ssh`)."""
    for name in names:
        if found := PROTOCOLS.get(name.lower().removeprefix("junos-"), ""):
            return found
    return ""
