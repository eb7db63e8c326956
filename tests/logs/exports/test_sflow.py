"""sFlow: samples stand for packets, and their headers are read as those of captures are."""

import struct
from pathlib import Path

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether

from auditor.logs.exports import messages, netflow, sections, sflow, sflow_file
from auditor.logs.exports.records import RATES
from tests.logs.exports.build import DST, SRC, ip, part, raw, rows, sample, template, ten
from tests.logs.exports.build import sflow as datagram

INNER = IP(src=SRC, dst=DST) / TCP(sport=40000, dport=443, flags="SA")


def test_a_header_behind_tags_and_labels(tmp_path: Path) -> None:
    frames = [Ether() / INNER, Ether() / Dot1Q(vlan=5) / INNER, Ether() / Dot1AD(vlan=9) / Dot1Q(vlan=5) / INNER]
    frames.append(Ether() / MPLS(label=77, s=1) / INNER)
    for frame in frames:
        for kind in (1, 3):
            found, told = rows(tmp_path, datagram(sample([raw(bytes(frame), 1000)], kind=kind)))
            assert len(found) == 1
            row = found[0]
            assert (row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) == (SRC, 40000, DST, 443)
            assert (row["src_packets"], row["src_bytes"], row["dst_packets"]) == (100, 100_000, None)
            assert (row["transport"], row["src_flags"], row["observer"]) == ("tcp", 0x12, "203.0.113.9")
            assert told.notes == {RATES.format(100)}


def test_ipv6_and_headers_without_a_link(tmp_path: Path) -> None:
    six = bytes(IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=53, dport=4000))
    found, _ = rows(tmp_path, datagram(sample([raw(six, protocol=12)]), sample([raw(bytes(INNER), protocol=11)])))
    assert [(row["src_addr"], row["dst_port"]) for row in found] == [("2001:db8::1", 4000), (SRC, 443)]


def test_sampled_addresses_without_a_header(tmp_path: Path) -> None:
    four = 3, struct.pack(">II", 600, 6) + ip(SRC) + ip(DST) + struct.pack(">IIII", 40000, 443, 2, 0)
    six = 4, struct.pack(">II", 600, 17) + ip("2001:db8::1") + ip("2001:db8::2") + struct.pack(">IIII", 53, 99, 0, 0)
    found, _ = rows(tmp_path, datagram(sample([four]), sample([six])))
    assert [(row["src_addr"], row["src_port"], row["dst_port"], row["src_bytes"]) for row in found] == [
        (SRC, 40000, 443, 60_000), ("2001:db8::1", 53, 99, 60_000),
    ]  # fmt: skip
    assert [row["src_flags"] for row in found] == [2, None]


def test_the_real_destination_behind_a_translation(tmp_path: Path) -> None:
    nat = 1007, struct.pack(">I", 1) + ip(SRC) + struct.pack(">I", 1) + ip("203.0.113.80")
    found, _ = rows(tmp_path, datagram(sample([raw(bytes(Ether() / INNER)), nat])))
    assert [row["dst_addr"] for row in found] == ["203.0.113.80"]


def test_both_ends_of_a_tunnel_and_what_it_carries(tmp_path: Path) -> None:
    frame = Ether() / IP(src="203.0.113.1", dst="203.0.113.2", proto=4) / INNER
    found, _ = rows(tmp_path, datagram(sample([raw(bytes(frame))])))
    assert [(row["records"], row["src_addr"], row["src_packets"]) for row in found] == [
        (0, "203.0.113.1", 0), (1, SRC, 100),
    ]  # fmt: skip
    assert found[0]["detail"] == sections.OUTER


def test_counters_frames_and_kinds_that_nobody_knows(tmp_path: Path) -> None:
    arp = raw(bytes(Ether() / ARP()))
    unknown = struct.pack(">II", 4242 << 12 | 1, 4) + bytes(4)
    found, told = rows(
        tmp_path,
        datagram(
            sample([(1, bytes(88))], kind=2), sample([arp]), unknown, sample([(1001, bytes(16))]),
            sample([raw(b"\0" * 40, protocol=99)]), sample([(2, bytes(20))], drops=4),
        ),
    )  # fmt: skip
    assert [(row["status"], row["detail"]) for row in found if row["detail"] != found[1]["detail"]] == [
        ("no_address", sflow.COUNTED), ("unsupported", sflow.KIND), ("unsupported", sflow.NO_HEADER),
        ("unsupported", sflow.LINK), ("no_address", sflow.FRAMES),
    ]  # fmt: skip
    assert found[1]["status"] == "no_address"
    assert sflow.DROPPED in told.notes
    assert sum(row["records"] for row in found) == 6


def test_cut_and_lying_samples(tmp_path: Path) -> None:
    whole = datagram(sample([raw(bytes(Ether() / INNER))]), sample([raw(bytes(Ether() / INNER))]))
    found, _ = rows(tmp_path, whole[:-5])
    assert sorted(row["status"] for row in found) == ["ok", "truncated"]
    lying = bytearray(sample([raw(bytes(Ether() / INNER))]))
    lying[8 + 32 + 4 : 8 + 32 + 8] = (1 << 20).to_bytes(4, "big")  # the length of its record
    found, _ = rows(tmp_path, datagram(bytes(lying)))
    assert [row["status"] for row in found] == ["unsupported"]


def test_gaps_are_told(tmp_path: Path) -> None:
    one = sample([raw(bytes(Ether() / INNER))])
    _, told = rows(tmp_path, datagram(one, sequence=1) + datagram(one, sequence=2) + datagram(one, sequence=4))
    assert told.limits == {messages.MISSING}


def test_sniffing() -> None:
    good = datagram(sample([raw(bytes(Ether() / INNER))]))
    assert sflow_file.sniff(good)
    assert sflow_file.sniff(good * 9)
    assert not netflow.sniff(good)
    assert not sflow_file.sniff(b"\0\0\0\5" + bytes(100))


def test_packets_in_records_of_ipfix(tmp_path: Path) -> None:
    frame, packet = bytes(Ether() / INNER), bytes(INNER)
    variable = ten(part(2, template(300, [(312, 2), (315, 65535), (34, 4)])))
    data = struct.pack(">H", 1500) + bytes([len(frame)]) + frame + struct.pack(">I", 10)
    fixed = ten(part(2, template(301, [(313, len(packet))])))
    found, told = rows(tmp_path, variable + fixed + ten(part(300, data * 2)) + ten(part(301, packet)))
    assert [(row["src_addr"], row["dst_port"], row["src_packets"], row["src_bytes"]) for row in found] == [
        (SRC, 443, 10, 15_000), (SRC, 443, 10, 15_000), (SRC, 443, 1, 40),
    ]  # fmt: skip
    assert told.notes == {RATES.format(10)}
