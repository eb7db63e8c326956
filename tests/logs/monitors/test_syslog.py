# ruff: noqa: E501  (messages are as long as devices write them)
import csv
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.model import Told
from auditor.logs.monitors import FORMATS
from tests.corpus import FOLDER
from tests.logs.monitors.given import read, rows, some

ENDS = ("src_addr", "src_port", "dst_addr", "dst_port")
A, B = ("192.0.2.1", 4000), ("198.51.100.7", 443)
NS = 1600000000 * 10**9
HEAD = "<166>Sep 13 2020 12:26:40 fw1 : "


def asa(number: int, message: str, head: str = HEAD) -> str:
    return f"{head}%ASA-6-{number}: {message}\n"


def one(tmp_path: Path, line: str) -> dict[str, Any]:
    (row,) = read(tmp_path, "syslog", line)
    return row


@pytest.mark.parametrize(
    ("line", "opener"),
    [
        (asa(302013, "Built inbound TCP connection 9 for outside:192.0.2.1/4000 (192.0.2.1/4000) to dmz:198.51.100.7/443 (203.0.113.5/443)"), A),
        (asa(302013, "Built outbound TCP connection 9 for outside:198.51.100.7/443 (198.51.100.7/443) to inside:192.0.2.1/4000 (203.0.113.9/61000)(DOM\\user)"), A),
        (asa(302015, "Built outbound UDP connection 9 for NP Identity Ifc:192.0.2.1/4000 (192.0.2.1/4000) to inside:198.51.100.7/443 (198.51.100.7/443) (jo)"), B),
        (asa(302303, "Built TCP state-bypass connection 9 from a:192.0.2.1/4000 (192.0.2.1/4000) to b:198.51.100.7/443 (198.51.100.7/443)"), A),
    ],
)  # fmt: skip
def test_who_opened_a_connection(tmp_path: Path, line: str, opener: tuple[str, int]) -> None:
    row = one(tmp_path, line)
    ends = (*A, *B) if opener == A else (*B, *A)
    assert tuple(row[name] for name in ENDS) == ends
    assert row["opened"] == ("" if row["transport"] == "udp" else "handshake")
    assert (row["outcome"], row["src_packets"], row["observer"], row["first_ns"]) == (None, 0, "fw1", NS)


def test_a_connection_counts_once(tmp_path: Path) -> None:
    built = "Built outbound TCP connection 9 for outside:198.51.100.7/443 (198.51.100.7/443) to inside:192.0.2.1/4000 (192.0.2.1/4000)"
    torn = "Teardown TCP connection 9 for outside:198.51.100.7/443 to inside:192.0.2.1/4000 duration 0:01:02 bytes 500 TCP FINs"
    silent = torn.replace("bytes 500 TCP FINs", "bytes 0 SYN Timeout").replace("connection 9", "connection 10")
    found = read(tmp_path, "syslog", asa(302013, built) + asa(302014, torn) + asa(302014, silent))
    assert [row["src_bytes"] + (row["dst_bytes"] or 0) for row in found] == [0, 500, 0]
    assert found[0]["tie"] == found[1]["tie"] != found[2]["tie"]
    assert (found[1]["first_ns"], found[1]["last_ns"]) == (NS - 62 * 10**9, NS)
    assert some(found, "outcome", "src_flags", "opened") == [
        (None, None, "handshake"),
        (None, 24, ""),
        (None, None, ""),
    ]


@pytest.mark.parametrize(
    ("number", "message", "ends", "transport", "outcome"),
    [
        (106001, "Inbound TCP connection denied from 192.0.2.1/4000 to 198.51.100.7/443 flags SYN on interface outside", (*A, *B), "tcp", "rejected"),
        (106006, "Deny inbound UDP from 192.0.2.1/4000 to 198.51.100.7/443 on interface outside", (*A, *B), "udp", "rejected"),
        (106007, "Deny inbound UDP from 192.0.2.1/4000 to 198.51.100.7/443 due to DNS Query", (*A, *B), "udp", "rejected"),
        (106014, "Deny inbound icmp src outside:192.0.2.1 dst inside:198.51.100.7 (type 8, code 0)", ("192.0.2.1", 0, "198.51.100.7", 0), "icmp", "rejected"),
        (106015, "Deny TCP (no connection) from 192.0.2.1/4000 to 198.51.100.7/443 flags RST ACK on interface inside", (*A, *B), "tcp", "rejected"),
        (106021, "Deny UDP reverse path check from 192.0.2.1 to 198.51.100.7 on interface inside", ("192.0.2.1", 0, "198.51.100.7", 0), "udp", "rejected"),
        (106023, 'Deny tcp src outside:192.0.2.1/4000 dst inside:198.51.100.7/443 by access-group "in" [0x0, 0x0]', (*A, *B), "tcp", "rejected"),
        (106023, 'Deny tcp src out:192.0.2.1/4000(X\\u) dst in:2001:db8::7/443 by access-group "in"', (*A, "2001:db8::7", 443), "tcp", "rejected"),
        (106100, "access-list in denied udp outside/192.0.2.1(4000) -> inside/198.51.100.7(443) hit-cnt 1 first hit [0x0, 0x0]", (*A, *B), "udp", "rejected"),
        (106100, "access-list in permitted tcp outside/192.0.2.1(4000)(X\\u) -> inside/198.51.100.7(443) hit-cnt 1", (*A, *B), "tcp", None),
        (110003, "Routing failed to locate next hop for UDP from inside:192.0.2.1/4000 to outside:198.51.100.7/443", (*A, *B), "udp", "unanswered"),
        (302020, "Built inbound ICMP connection for faddr 192.0.2.1/8 gaddr 203.0.113.5/0 laddr 198.51.100.7/0 type 8 code 0", ("192.0.2.1", 0, "198.51.100.7", 0), "icmp", None),
        (302020, "Built outbound ICMP connection for faddr 192.0.2.1/0 gaddr 203.0.113.5/3 laddr 198.51.100.7/3", ("198.51.100.7", 0, "192.0.2.1", 0), "icmp", None),
    ],
)  # fmt: skip
def test_messages_of_an_asa(
    tmp_path: Path, number: int, message: str, ends: tuple[Any, ...], transport: str, outcome: str | None
) -> None:
    row = one(tmp_path, asa(number, message))
    assert (tuple(row[name] for name in ENDS), row["transport"], row["outcome"]) == (ends, transport, outcome)


def test_pinholes_are_offers(tmp_path: Path) -> None:
    found = read(
        tmp_path, "syslog",
        asa(607001, "Pre-allocate SIP SIGNALLING UDP secondary channel for out:198.51.100.7/5060 to in:192.0.2.1 from INVITE message")
        + asa(607001, "Pre-allocate SIP RTP secondary channel for out:198.51.100.7/7000 to in:192.0.2.1 from 200 message")
        + asa(302004, "Pre-allocate H323 UDP backconnection for faddr 198.51.100.7 to laddr 192.0.2.1/1300"),
    )  # fmt: skip
    assert some(found, "basis", *ENDS, "plane", "app") == [
        ("offered", "192.0.2.1", 0, "198.51.100.7", 5060, "signalling", "sip"),
        ("offered", "192.0.2.1", 0, "198.51.100.7", 7000, "media", "rtp"),
        ("offered", "192.0.2.1", 1300, "198.51.100.7", 0, "signalling", "h225"),
    ]


PAN = (
    "1,2020/09/13 12:26:41,0123,TRAFFIC,{subtype},2049,2020/09/13 12:26:41,192.0.2.1,198.51.100.7,203.0.113.9,{nat},rule,,,"
    '{app},vsys1,trust,untrust,e1,e2,fwd,2020/09/13 12:26:41,777,1,4000,443,61000,8443,0x0,{proto},{action},300,100,{back},{packets},'
    "2020/09/13 12:26:40,7,\"a, b\",0,1,0x0,Reserved,Reserved,0,{sent},{got},{reason},0,0,0,0,,pa1,from-policy{more}"
)  # fmt: skip


def pan(**given: Any) -> str:
    values = {"subtype": "end", "nat": "0.0.0.0", "app": "ssl", "proto": "tcp", "action": "allow", "packets": 9, "sent": 4,
              "got": 5, "back": 200, "reason": "tcp-fin", "more": ""}  # fmt: skip
    return f"Sep 13 12:26:41 pa1 {PAN.format(**{**values, **given})}\n"


def test_traffic_of_palo_alto(tmp_path: Path) -> None:
    row = one(tmp_path, pan())
    assert tuple(row[name] for name in ENDS) == (*A, *B)
    assert (row["src_packets"], row["dst_packets"], row["src_bytes"], row["dst_bytes"]) == (4, 5, 100, 200)
    assert (row["first_ns"], row["last_ns"], row["app"], row["opened"]) == (NS, NS + 7 * 10**9, "tls", "handshake")
    assert (row["observer"], row["outcome"], row["dst_flags"]) == ("pa1", None, 17)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"nat": "10.0.0.8"}, {"dst_addr": "10.0.0.8", "dst_port": 8443}),
        ({"subtype": "start"}, {"outcome": "", "src_packets": 0, "dst_packets": None, "src_bytes": 0}),
        ({"subtype": "drop", "action": "deny", "app": "not-applicable", "got": 0, "back": 0},
         {"outcome": "rejected", "app": ""}),
        ({"subtype": "end", "action": "reset-both", "got": 0, "back": 0}, {"outcome": "rejected"}),
        ({"subtype": "deny", "action": "reset-both", "reason": "policy-deny"}, {"outcome": None, "dst_flags": 16}),
        ({"app": "incomplete", "got": 1, "reason": "tcp-rst-from-server"}, {"dst_flags": 16}),  # 200 bytes are data
        ({"proto": "udp", "app": "zoom-meeting"}, {"service": "zoom", "app": "", "dst_flags": None, "opened": ""}),
        ({"more": "," * 60 + "2020-09-13T12:26:41.5+02:00"}, {"first_ns": NS - 7200 * 10**9}),
    ],
)  # fmt: skip
def test_variants_of_traffic(tmp_path: Path, given: dict[str, Any], expected: dict[str, Any]) -> None:
    row = one(tmp_path, pan(**given))
    assert {name: row[name] for name in expected} == expected


def test_a_refused_session_is_refused(tmp_path: Path) -> None:
    line = pan(got=1, reason="tcp-rst-from-server").replace(",300,100,200,", ",114,74,40,")
    assert one(tmp_path, line)["dst_flags"] == 20


CEF = (
    "Sep 13 12:26:41 pa1 CEF:0|Palo Alto Networks|PAN-OS|10.0.0|end|TRAFFIC|1|rt=Sep 13 2020 12:26:41 GMT deviceExternalId=0123 "
    "src=192.0.2.1 dst=198.51.100.7 sourceTranslatedAddress=203.0.113.9 destinationTranslatedAddress=10.0.0.8 cs1Label=Rule "
    "cs1=a b=c app=web-browsing cn1Label=SessionID cn1=777 spt=4000 dpt=443 destinationTranslatedPort=8443 proto=tcp act=allow "
    "in=200 out=100 start=Sep 13 2020 12:26:40 GMT PanOSPacketsReceived=5 PanOSPacketsSent=4 reason=tcp-fin dvchost=pa1"
)
LEEF = (
    "<14>Sep 13 12:26:41 pa1 LEEF:1.0|Palo Alto Networks|PAN-OS Syslog Integration|9.1|allow|cat=TRAFFIC|ReceiveTime=2020/09/13 12:26:41|"
    "SerialNumber=0123|Type=TRAFFIC|Subtype=end|src=192.0.2.1|dst=198.51.100.7|srcPostNAT=0.0.0.0|dstPostNAT=10.0.0.8|RuleName =r|"
    "Application=web-browsing|SessionID=777|srcPort=4000|dstPort=443|dstPostNATPort=8443|proto=tcp|action=allow|srcBytes=100|"
    "dstBytes=200|StartTime=2020/09/13 12:26:40|ElapsedTime=7|srcPackets=4|dstPackets=5|SessionEndReason=tcp-fin|DeviceName=pa1"
)  # fmt: skip


@pytest.mark.parametrize("line", [CEF, LEEF])
def test_traffic_in_other_formats(tmp_path: Path, line: str) -> None:
    row = one(tmp_path, line + "\n")
    assert tuple(row[name] for name in ENDS) == (*A, "10.0.0.8", 8443)
    assert (row["src_packets"], row["dst_packets"], row["src_bytes"], row["dst_bytes"]) == (4, 5, 100, 200)
    assert (row["first_ns"], row["app"], row["observer"], row["dst_flags"]) == (NS, "http", "pa1", 17)


SRX = (
    '<14>1 2020-09-13T14:26:40.000+02:00 srx1 RT_FLOW - RT_FLOW_SESSION_{kind} [junos@2636.1.1.1.2.26 reason="{reason}" '
    'source-address="192.0.2.1" source-port="4000" destination-address="203.0.113.5" destination-port="443" '
    'service-name="junos-https" nat-source-address="203.0.113.9" nat-source-port="61000" nat-destination-address="198.51.100.7" '
    'nat-destination-port="443" protocol-id="6" session-id-32="41" packets-from-client="4" bytes-from-client="100" '
    'packets-from-server="5" bytes-from-server="200" elapsed-time="7" application="SSL" username="a\\"b"]\n'
)


def test_sessions_of_an_srx(tmp_path: Path) -> None:
    created, closed, denied = (SRX.format(kind=kind, reason="TCP FIN") for kind in ("CREATE", "CLOSE", "DENY"))
    found = read(tmp_path, "syslog", created + closed + denied)
    assert {tuple(row[name] for name in ENDS) for row in found} == {(*A, *B)}
    assert some(found, "src_packets", "dst_packets", "outcome", "dst_flags", "app", "observer") == [
        (0, None, None, None, "tls", "srx1"), (4, 5, None, 17, "tls", "srx1"), (0, None, "rejected", None, "tls", "srx1"),
    ]  # fmt: skip
    assert (found[1]["first_ns"], found[1]["last_ns"]) == (NS - 7 * 10**9, NS)
    assert len({row["tie"] for row in found}) == 1


@pytest.mark.parametrize(
    ("message", "outcome", "packets"),
    [
        ("CLOSE: session closed TCP FIN: 192.0.2.1/4000->198.51.100.7/443 junos-https 192.0.2.1/4000->198.51.100.7/443 None None 6 p a b 41 4(100) 5(200) 7 SSL UNKNOWN", None, (4, 5)),
        ("CREATE: session created 192.0.2.1/4000->203.0.113.5/443 0x0 junos-https 203.0.113.9/61000->198.51.100.7/443 0x0 N/A N/A N/A N/A 6 p a b 41 N/A(N/A) ge-0/0/1.0", None, (0, None)),
        ("DENY: session denied 192.0.2.1/4000->198.51.100.7/443 junos-https 6(0) p a b UNKNOWN UNKNOWN N/A(N/A) ge-0/0/1.0", "rejected", (0, None)),
    ],
)  # fmt: skip
def test_sessions_as_text(tmp_path: Path, message: str, outcome: str | None, packets: tuple[int, int | None]) -> None:
    row = one(tmp_path, f"<14>Sep 13 12:26:40 srx1 RT_FLOW: RT_FLOW_SESSION_{message}\n")
    assert tuple(row[name] for name in ENDS) == (*A, *B)
    assert (row["outcome"], (row["src_packets"], row["dst_packets"]), row["transport"]) == (outcome, packets, "tcp")
    assert (row["first_ns"], row["detail"]) == (0, "no time that can be read")


def test_connection_events_of_ftd(tmp_path: Path) -> None:
    said = (
        "<113>2020-09-13T12:26:47Z ftd1 %FTD-1-430003: EventPriority: Low, DeviceUUID: x, InstanceID: 1, FirstPacketSecond: "
        "2020-09-13T12:26:40Z, ConnectionID: 5, AccessControlRuleAction: {action}, SrcIP: 192.0.2.1, DstIP: 198.51.100.7, SrcPort: "
        "4000, DstPort: 443, Protocol: tcp, ConnectionDuration: 7, InitiatorPackets: 4, ResponderPackets: 5, InitiatorBytes: 100, "
        "ResponderBytes: 200\n"
    )
    found = read(
        tmp_path,
        "syslog",
        said.format(action="Allow")
        + said.format(action="Block").replace("430003", "430002").replace(": 5,", ": 0,").replace("200\n", "0\n"),
    )
    found += read(tmp_path, "syslog", said.format(action="Block with reset"))  # after it knew what was asked
    assert {tuple(row[name] for name in ENDS) for row in found} == {(*A, *B)}
    assert some(found, "outcome", "src_packets", "dst_bytes", "first_ns", "observer") == [
        ("", 4, 200, NS, "ftd1"), ("rejected", 0, None, NS, "ftd1"), ("", 4, 200, NS, "ftd1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "ns", "host"),
    [
        ("<166>Sep 13 2020 12:26:40: ", NS, ""),
        ("Sep 13 12:26:39 192.0.2.9 Sep 13 2020 12:26:40 fw1 : ", NS, "fw1"),
        ("2020-09-13T14:26:40+02:00 fw1 ", NS, "fw1"),
        ("<166>1 2020-09-13T12:26:40Z fw1 - - - - ", NS, "fw1"),
        ("Sep 13 12:26:40 fw1 ", 0, "fw1"),
        ("", 0, ""),
    ],
)
def test_headers(tmp_path: Path, head: str, ns: int, host: str) -> None:
    row = one(tmp_path, asa(106006, "Deny inbound UDP from 192.0.2.1/4000 to 198.51.100.7/443 on interface out", head))
    assert (row["first_ns"], row["observer"]) == (ns, host)


def test_what_is_not_read_has_a_status(tmp_path: Path) -> None:
    told = Told()
    lines = [
        pan().strip(), "Sep 13 12:26:40 host sshd[1]: Accepted publickey for root from 192.0.2.1", "",
        asa(305011, "Built dynamic TCP translation from in:192.0.2.1/4000 to out:203.0.113.9/61000").strip(),
        asa(111008, "User 'enable_15' executed the 'show' command.").strip(),
        asa(302013, "Built sideways").strip(), "x 1,2020/09/13 12:26:41,0123,TRAFFIC,end,too,few",
        SRX.format(kind="CLOSE", reason="")[:120], "\x00\x1b[31m=cmd()", "<14>1 - srx1 RT_FLOW - OTHER",
    ]  # fmt: skip
    found = read(tmp_path, "syslog", "\n".join(lines), told)
    assert some(found, "record", "status") == [
        (1, "ok"), (2, "unsupported"), (4, "no_address"), (5, "unsupported"), (6, "malformed"), (7, "malformed"),
        (8, "malformed"), (9, "unsupported"), (10, "unsupported"),
    ]  # fmt: skip
    assert all("cmd" not in row["detail"] for row in found)


@pytest.mark.parametrize(
    "text",
    [b"# A page about %ASA-6-302013: messages\n", b"Sep 13 12:26:40 host sshd[1]: hello\n", b"1,2,TRAFFIC,3\n", b""],
)
def test_others_are_not_taken_for_firewalls(text: bytes) -> None:
    assert not FORMATS["syslog"].sniff(text)


@pytest.mark.parametrize(
    "unit", ["from ", "a:", "src ", "(", "1/", "session closed ", ",", '"', "key=", "Built inbound TCP "]
)
def test_long_lines_are_read_in_time(tmp_path: Path, unit: str) -> None:
    marks = [
        "%ASA-6-302013: ",
        "%ASA-6-106001: ",
        "%ASA-6-106100: access-list ",
        "RT_FLOW_SESSION_CLOSE: ",
        "%ASA-6-607001: ",
    ]
    lines = [asa(106006, "Deny inbound UDP from 192.0.2.1/4000 to 198.51.100.7/443 on").strip()]
    lines += [
        mark + unit * 20_000
        for mark in (*marks, "1,2020/09/13 12:26:41,0,TRAFFIC,", "CEF:0|Palo Alto Networks|PAN-OS|")
    ]
    assert len(read(tmp_path, "syslog", "\n".join(lines))) == len(lines)


REAL = [
    path for name in ("cisco_asa*", "juniper*", "paloalto*") for path in sorted((FOLDER.parent / "flows").glob(name))
]


@pytest.mark.skipif(not REAL, reason="real logs are not here (AUDITOR_CORPUS names the folder)")
def test_real_lines(tmp_path: Path) -> None:
    for path in REAL:
        data = path.read_bytes()
        found = rows(tmp_path, FORMATS["syslog"], data)
        lines = [line for line in data.decode().splitlines() if line.strip()]
        assert [row["status"] for row in found] == ["ok"] * len(lines)
        for row, line in zip(found, lines, strict=True):
            if path.name.startswith("palo"):
                fields = next(csv.reader([line.split(" ", 4)[4]]))
                assert (row["src_addr"], row["dst_addr"], row["dst_port"]) == (fields[7], fields[8], int(fields[25]))
                assert row["src_packets"] + row["dst_packets"] == int(fields[34])
                assert row["src_bytes"] + row["dst_bytes"] == int(fields[31])
            else:
                addresses = set(re.findall(r"\d+\.\d+\.\d+\.\d+", line))
                assert {row["src_addr"], row["dst_addr"]} <= addresses
