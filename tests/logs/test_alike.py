"""A flow log shows no payload, yet is judged as a capture of the same traffic is: by ports, catalogue and inventory."""

from pathlib import Path
from typing import Any

import pytest

import auditor
from tests.logs.test_audited import HEAD
from tests.read.files import SECOND, Frame, ether, ip4, pcap, tcp, udp

PEOPLE = ("10.1.0.5", "10.1.0.6")
ABROAD, MAINLAND, WEB = "3.235.82.10", "3.235.83.20", "3.235.82.30"
"""Addresses in a network that Zoom publishes; the inventory says where each of them is."""
RESOLVER, OTHER = "198.51.100.53", "198.51.100.77"
INVENTORY = f"""
clients:
  - {{networks: [10.1.0.0/16], population: overseas, country: CA}}
sites:
  - {{name: ashburn, networks: [{ABROAD}/32, {WEB}/32], country: US}}
  - {{name: beijing, networks: [{MAINLAND}/32], country: CN}}
  - {{name: lab, networks: [198.51.100.0/24], country: US}}
"""
SYN, ACK, PSH = 2, 16, 24


def exchanges(server: str) -> list[tuple[str, str, str, int, int]]:
    """Transport, client, server and ports of what people exchange with a data centre, a web server and a resolver."""
    return [
        *(("udp", person, server, 50000 + at, 8801) for at, person in enumerate(PEOPLE)),
        *(("tcp", person, WEB, 51000 + at, 443) for at, person in enumerate(PEOPLE)),
        ("udp", PEOPLE[0], RESOLVER, 52000, 53),
        ("tcp", PEOPLE[0], OTHER, 53000, 9999),
    ]


def capture(path: Path, given: list[tuple[str, str, str, int, int]]) -> Path:
    """Packets whose payload says nothing."""
    frames = []
    for transport, src, dst, sport, dport in given:
        there, back = (src, dst, sport, dport), (dst, src, dport, sport)
        if transport == "udp":
            ways = [(way, udp(b"\x05\x10\x01" + bytes(90), *way[2:])) for way in (there, back) * 10]
        else:
            flags = [(there, SYN, b""), (back, SYN | ACK, b""), (there, ACK, b"")]
            flags += [(way, PSH, b"\xfe" * 300) for way in (there, back) * 5]
            ways = [(way, tcp(data, *way[2:], flags=flag)) for way, flag, data in flags]
        number = {"udp": 17, "tcp": 6}[transport]
        frames += [Frame(ether(ip4(data, src=way[0], dst=way[1], protocol=number))) for way, data in ways]
    path.write_bytes(pcap(frames))
    return path


def log(path: Path, given: list[tuple[str, str, str, int, int]], flags: bool) -> Path:
    """A flow log of AWS of the same: a record each way."""
    lines = [f"{HEAD} tcp-flags" if flags else HEAD]
    for transport, src, dst, sport, dport in given:
        number, data = (17, 1210) if transport == "udp" else (6, 1780)
        for ends, seen in (((src, dst, sport, dport), 2), ((dst, src, dport, sport), 18)):
            text = " ".join(map(str, ends))
            line = f"2 123456789010 eni-0a {text} {number} 10 {data} {SECOND} {SECOND + 9} ACCEPT OK"
            lines.append(f"{line} {seen if transport == 'tcp' else 0}" if flags else line)
    path.write_text("\n".join(lines) + "\n")
    return path


def audited(path: Path) -> Any:
    inventory = path.parent / "inventory.yaml"
    inventory.write_text(INVENTORY)
    return auditor.audit([path], rules=["zoom-2020"], inventory=inventory)


def ends(found: Any) -> dict[tuple[str, ...], tuple[str, ...]]:
    """What is known of each exchange, whichever end stands first: captures and logs know of UDP who is called alike."""
    told = {}
    for row in found.located.frame.to_dicts():
        sides = sorted(
            (row[f"{side}_addr"], *(row[f"{side}_{name}"] for name in ("role", "label", "site", "claimed", "proven")))
            for side in ("src", "dst")
        )
        assert row["src_port"] != row["dst_port"]
        told[sides[0][0], sides[1][0], row["transport"]] = (row["service"], row["plane"], row["outcome"], *sides)
    return told


@pytest.mark.parametrize("flags", [False, True])
@pytest.mark.parametrize(("server", "verdict"), [(ABROAD, "pass"), (MAINLAND, "fail")])
def test_a_flow_log_and_a_capture_of_the_same_agree(tmp_path: Path, server: str, verdict: str, flags: bool) -> None:
    given = exchanges(server)
    packets, records = audited(capture(tmp_path / "it.pcap", given)), audited(log(tmp_path / "it.log", given, flags))
    assert packets.verdict == records.verdict == verdict
    findings = [
        [(each.rule, each.verdict, each.proven, each.place, each.plane) for each in found.report.findings]
        for found in (packets, records)
    ]
    assert findings[0] == findings[1]
    seen, logged = ends(packets), ends(records)
    assert len(logged) == len(given)
    service, plane, outcome, client, relay = logged[PEOPLE[0], server, "udp"]
    assert (service, plane, outcome, client[1], relay[1]) == ("zoom", "media", "", "client", "relay")
    resolver = PEOPLE[0], RESOLVER, "udp"  # a port alone does not show what it carries
    assert (seen.pop(resolver)[1], logged.pop(resolver)[1]) == ("other", "unknown")
    assert logged == seen
