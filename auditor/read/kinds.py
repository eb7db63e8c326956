"""What lies behind a link layer, and why a packet without a network header that is read here has no flow.

A kind is an EtherType, or one of the negative numbers below where there is none.
"""

from typing import Final

from auditor.model.status import MALFORMED, NO_ADDRESS, TRUNCATED, UNSUPPORTED

IPV4, IPV6, MPLS, PPPOE = 0x0800, 0x86DD, 0x8847, 0x8864
CUT, OTHER, NO_INTERFACE, PPP_CONTROL, PPP_PACKED, NETLINK, FAMILY, VERSION = range(-1, -9, -1)
CIPHERED, LOST_LAYER, NO_DATA, UNKNOWN_LINK, NO_PACKET = range(-9, -14, -1)
TAGS: Final = {
    0x8100: 4, 0x88A8: 4, 0x9100: 4, 0x9200: 4, 0x9300: 4, 0x8926: 6, 0x8909: 8, 0x88E7: 18, PPPOE: 8,
}  # fmt: skip
"""Bytes that a tag adds (802.1Q, 802.1ad and its forerunners, VN-Tag, Cisco metadata, 802.1ah, PPPoE)."""
LINKTYPE_NONE, LINKTYPE_RECORD = -1, -2
"""Our link types for pcapng packets whose interface was never described, and for records that hold no packet."""

REASONS: Final[dict[int, tuple[str, str]]] = {
    CUT: (TRUNCATED, "link header cut"),
    OTHER: (UNSUPPORTED, "unknown EtherType"),
    NO_INTERFACE: (MALFORMED, "interface not described"),
    PPP_CONTROL: (NO_ADDRESS, "PPP control"),
    PPP_PACKED: (UNSUPPORTED, "PPP protocol not decoded"),
    NETLINK: (NO_ADDRESS, "Netlink"),
    FAMILY: (UNSUPPORTED, "unknown address family"),
    VERSION: (MALFORMED, "IP version"),
    CIPHERED: (UNSUPPORTED, "encrypted link layer"),
    LOST_LAYER: (UNSUPPORTED, "link layer not decoded"),
    NO_DATA: (NO_ADDRESS, "link management"),
    UNKNOWN_LINK: (UNSUPPORTED, "link type"),  # its number is added
    NO_PACKET: (NO_ADDRESS, "record without packet"),
    0x0806: (NO_ADDRESS, "ARP"),
    0x8035: (NO_ADDRESS, "RARP"),
    0x8863: (NO_ADDRESS, "PPPoE discovery"),
    0x88CC: (NO_ADDRESS, "LLDP"),
    0x888E: (NO_ADDRESS, "EAPOL"),
    0x8809: (NO_ADDRESS, "slow protocols"),
    0x8808: (NO_ADDRESS, "Ethernet flow control"),
    0x8899: (NO_ADDRESS, "Realtek"),
    0x88F7: (NO_ADDRESS, "PTP"),
    0x8902: (NO_ADDRESS, "CFM"),
    0x9000: (NO_ADDRESS, "loopback test"),
    0x6002: (NO_ADDRESS, "DEC MOP"),
    0x88E1: (NO_ADDRESS, "HomePlug"),
    0x8912: (NO_ADDRESS, "HomePlug"),
    0x893A: (NO_ADDRESS, "IEEE 1905.1"),
    0x890D: (NO_ADDRESS, "IEEE 802.11 management"),
    0x88C7: (NO_ADDRESS, "IEEE 802.11 pre-authentication"),
    0x8892: (NO_ADDRESS, "PROFINET"),
    0x88A4: (NO_ADDRESS, "EtherCAT"),
    0x22F0: (NO_ADDRESS, "AVTP"),
    0x88E5: (UNSUPPORTED, "MACsec"),
    0x8137: (NO_ADDRESS, "IPX"),
    0x2000: (NO_ADDRESS, "CDP"),
}
"""Why a packet with this EtherType, or one of the negative kinds, has no flow."""
LLC: Final = (NO_ADDRESS, "LLC")


def reason(kind: int, link: int) -> tuple[str, str]:
    """Tell the status and the reason of a packet of a link type without a network header that is read here."""
    if kind == UNKNOWN_LINK:
        return UNSUPPORTED, f"link type {link}"
    if 0 <= kind < 0x600:
        return LLC
    return REASONS.get(kind, REASONS[OTHER])
