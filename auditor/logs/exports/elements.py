"""The fields of records that tell who met whom: numbers of version 9 and of IPFIX, which share them.

IANA, "IP Flow Information Export (IPFIX) Entities"; RFC 3954, section 8; RFC 5103 (reverse fields, enterprise 29305);
RFC 8158 (NAT events); Cisco, "ASA NetFlow Implementation Guide" (version 9's 33002 and 40001 to 40005); nProbe's
numbers begin at 57472; YAF's are those of enterprise 6871.
"""

from typing import Final

REVERSE: Final = 29305
YAF: Final = 6871
NPROBE: Final = 57472

PLAIN: Final[dict[int, str]] = {
    1: "octets", 2: "packets", 4: "protocol", 6: "flags", 7: "src_port", 8: "src_v4", 10: "input", 11: "dst_port",
    12: "dst_v4", 14: "output", 21: "last_up", 22: "first_up", 23: "out_octets", 24: "out_packets", 27: "src_v6",
    28: "dst_v6", 34: "interval", 44: "src_net", 45: "dst_net", 48: "sampler", 49: "mode", 50: "random_interval",
    56: "mac", 60: "ip_version", 80: "mac", 85: "total_octets", 86: "total_packets", 130: "exporter_v4",
    131: "exporter_v6", 150: "first_s", 151: "last_s", 152: "first_ms", 153: "last_ms", 154: "first_us",
    155: "last_us", 156: "first_ntp", 157: "last_ntp", 158: "first_delta", 159: "last_delta", 160: "started_ms",
    161: "duration_ms", 162: "duration_us", 169: "dst_net6", 170: "src_net6", 180: "src_port", 181: "dst_port",
    182: "src_port", 183: "dst_port", 225: "nat_src_v4", 226: "nat_dst_v4", 227: "nat_src_port",
    228: "nat_dst_port", 230: "nat_event", 231: "initiator_octets", 232: "responder_octets", 233: "event",
    239: "biflow", 256: "ethertype", 281: "nat_src_v6", 282: "nat_dst_v6", 298: "initiator_packets",
    299: "responder_packets", 302: "selector", 305: "packet_interval", 306: "packet_space", 309: "sample_size",
    310: "population", 311: "probability", 312: "frame_size", 313: "ip_section", 315: "frame_section",
    322: "seen_s", 323: "seen_ms", 324: "seen_us", 325: "seen_ntp", 352: "layer2_octets",
}  # fmt: skip
"""Names of the fields; what is not here is stepped over."""
CISCO: Final[dict[int, str]] = {
    40001: "nat_src_v4", 40002: "nat_dst_v4", 40003: "nat_src_port", 40004: "nat_dst_port", 40005: "event",
}  # fmt: skip
"""Numbers of version 9, which has no enterprises."""
FLOWS_BACK: Final[dict[int, str]] = {
    1: "back_octets", 2: "back_packets", 6: "back_flags", 85: "back_octets", 86: "back_packets",
}  # fmt: skip
OF_YAF: Final[dict[int, str]] = {
    14: "first_flags", 15: "later_flags", 14 | 0x4000: "back_first_flags", 15 | 0x4000: "back_later_flags",
}  # fmt: skip

SECTIONS: Final = {"ip_section": 0, "frame_section": 1}
"""Fields that hold the beginning of a packet (RFC 5477, section 8.5)."""
WIDTHS: Final[dict[str, int]] = {
    **dict.fromkeys(("src_v4", "dst_v4", "nat_src_v4", "nat_dst_v4"), 4),
    **dict.fromkeys(("src_v6", "dst_v6", "nat_src_v6", "nat_dst_v6"), 16),
}
"""Bytes of fields that have no other length."""


def named(enterprise: int, number: int, version9: bool) -> str:
    """Name a field; empty: it is stepped over."""
    if enterprise == REVERSE:
        return FLOWS_BACK.get(number, "")
    if enterprise == YAF:
        return OF_YAF.get(number, "")
    if enterprise:
        return ""
    return PLAIN.get(number) or (CISCO.get(number, "") if version9 else "")
