import json
from pathlib import Path

import pytest

from auditor.logs.model import Told
from auditor.logs.monitors import FORMATS, zeek_conn, zeek_logs
from auditor.logs.monitors.zeek_tsv import unescaped
from tests.corpus import FOLDER
from tests.logs.monitors.given import TAB, read, rows, some

CONN = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
    "missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
)
ENDS = "C1 192.0.2.1 4000 198.51.100.7 443"


def log(path: str, fields: str, *lines: str, types: str = "", separator: str = TAB) -> str:
    escaped = "".join(f"\\x{ord(each):02x}" for each in separator)
    head = [f"#separator {escaped}"]
    for key, *values in (("set_separator", ","), ("empty_field", "(empty)"), ("unset_field", "-"), ("path", path)):
        head.append(separator.join((f"#{key}", *values)))
    head.append(separator.join(("#fields", *fields.split())))
    if types:
        head.append(separator.join(("#types", *types.split())))
    return "\n".join([*head, *(separator.join(line.split(" ")) for line in lines), ""])


def conn(state: str, history: str, counts: str = "3 300 2 200", proto: str = "tcp", service: str = "-") -> str:
    return f"1600000000.000001 {ENDS} {proto} {service} 1.500000 10 20 {state} 0 {history} {counts} -"


@pytest.mark.parametrize(
    ("state", "history", "outcome", "opened", "flags"),
    [
        ("SF", "ShADadFf", "", "handshake", (27, 27)),
        ("S0", "S", "unanswered", "handshake", (2, 0)),
        ("REJ", "Sr", "rejected", "handshake", (2, 4)),
        ("RSTOS0", "SR", "unanswered", "handshake", (6, 0)),
        ("RSTO", "ShADR", "", "handshake", (30, 18)),
        ("SHR", "^fA", None, "", (16, 17)),
        ("RSTRH", "^hr", None, "handshake", (0, 22)),
        ("OTH", "DdA", None, "", (24, 24)),
        ("OTH", "-", None, "", (None, None)),
    ],
)
def test_states_and_histories_decide(
    tmp_path: Path, state: str, history: str, outcome: str | None, opened: str, flags: tuple[int, int]
) -> None:
    (row,) = read(tmp_path, "zeek", log("conn", CONN, conn(state, history)))
    assert (row["outcome"], row["opened"], (row["src_flags"], row["dst_flags"])) == (outcome, opened, flags)
    assert (row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) == (
        "192.0.2.1",
        4000,
        "198.51.100.7",
        443,
    )
    assert (row["src_packets"], row["src_bytes"], row["dst_packets"], row["dst_bytes"]) == (3, 300, 2, 200)
    assert (row["first_ns"], row["last_ns"]) == (1600000000000001000, 1600000001500001000)
    assert (row["tie"], row["record"], row["records"]) == ("C1", 7, 1)


def test_a_connection_that_the_responder_opened_is_turned(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "zeek", log("conn", CONN, conn("OTH", "sHDd")))
    assert (row["src_addr"], row["dst_addr"], row["opened"]) == ("198.51.100.7", "192.0.2.1", "handshake")
    assert (row["src_packets"], row["dst_packets"], row["src_flags"], row["dst_flags"]) == (2, 3, 26, 26)


def test_every_known_state_is_decided_or_left_to_the_counts() -> None:
    states = "S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH".split()
    assert {state for state in states if state not in zeek_conn.OUTCOMES} == {"RSTRH", "SH", "SHR", "OTH"}


@pytest.mark.parametrize(
    ("service", "proto", "app"),
    [("ssl", "tcp", "tls"), ("ssl", "udp", "dtls"), ("-ssl", "tcp", ""), ("http,ssl", "tcp", "tls"),
     ("sip", "udp", "sip"), ("gssapi,smb", "tcp", ""), ("quic,ssl", "udp", "quic"), ("dns", "udp", "dns")],
)  # fmt: skip
def test_services_name_the_protocol(tmp_path: Path, service: str, proto: str, app: str) -> None:
    (row,) = read(tmp_path, "zeek", log("conn", CONN, conn("SF", "Dd", proto=proto, service=service)))
    assert (row["app"], row["transport"]) == (app, proto)


def test_fields_in_any_order_with_any_separator_and_several_logs_in_one_file(tmp_path: Path) -> None:
    first = log("conn", "id.resp_h id.orig_h mine ts id.resp_p", "198.51.100.7 192.0.2.1 x 5 443", separator=",")
    ends = ENDS.replace("443", "22")
    second = log("ssh", "ts uid id.orig_h id.orig_p id.resp_h id.resp_p", f"1600000000.5 {ends}")
    found = read(tmp_path, "zeek", first + "#close,2020\n" + second + first.replace("192.0.2.1", "2001:db8::1"))
    assert some(found, "record", "src_addr", "dst_port", "app", "outcome", "dst_packets") == [
        (7, "192.0.2.1", 443, "", None, None),
        (15, "192.0.2.1", 22, "ssh", "", None),
        (22, "2001:db8::1", 443, "", None, None),
    ]


def test_fields_may_be_called_as_ours_and_alike(tmp_path: Path) -> None:
    (row,) = read(
        tmp_path, "zeek", log("x", "record id.orig_h id.resp_h src_addr id.orig_h", "9 192.0.2.1 192.0.2.2 a b")
    )
    assert (row["record"], row["src_addr"], row["dst_addr"]) == (7, "192.0.2.1", "192.0.2.2")


@pytest.mark.parametrize("separator", ["\\x0a", "\\x00", "\\x22", "\\x23", "\\xff", "\\x0d", "ab"])
def test_separators_that_separate_nothing(tmp_path: Path, separator: str) -> None:
    text = f"#separator {separator}\n#fields\tts\tid.orig_h\n1\t192.0.2.1\n"
    found = rows(tmp_path, FORMATS["zeek"], text.encode())
    assert [row["status"] for row in found] == ["malformed"]


def test_times_that_are_none_are_told(tmp_path: Path) -> None:
    told = Told()
    line = conn("SF", "Dd").replace("1600000000.000001", "XXXXXXXXXX.XXXXXX")
    iso = conn("SF", "Dd").replace("1600000000.000001", "2020-09-13T12:26:40.5+0000")
    found = read(tmp_path, "zeek", log("conn", CONN, line, iso), told)
    assert some(found, "status", "first_ns", "last_ns", "detail") == [
        ("ok", 0, 0, "no time that can be read"),
        ("ok", 1600000000500000000, 1600000002000000000, ""),
    ]
    assert len(told.notes) == 1


def test_lines_that_do_not_fit(tmp_path: Path) -> None:
    whole = conn("SF", "Dd")
    text = log("conn", CONN, whole, whole + " more", whole.rpartition(" ")[0], "", whole)
    found = read(tmp_path, "zeek", text + TAB.join(whole.split(" ")[:5]))
    assert some(found, "record", "status") == [
        (7, "ok"), (8, "malformed"), (9, "malformed"), (11, "ok"), (12, "truncated"),
    ]  # fmt: skip


def test_names_of_answers_are_told(tmp_path: Path) -> None:
    told = Told()
    fields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto query qtype_name rcode_name answers"
    ends = ENDS.replace("443", "53")
    found = read(
        tmp_path, "zeek",
        log("dns", fields,
            f"1600000000.0 {ends} udp Turn.Example.org A NOERROR edge.example.net,203.0.113.9,2001:db8::9",
            f"1600000000.0 {ends} udp text.example.org TXT NOERROR 203.0.113.10",
            f"1600000000.0 {ends} udp gone.example.org A - -"),
        told,
    )  # fmt: skip
    assert some(found, "app", "opened", "outcome") == [
        ("dns", "protocol", ""),
        ("dns", "protocol", ""),
        ("dns", "protocol", "unanswered"),
    ]
    assert told.names == {
        ("", address, name)
        for address in ("203.0.113.9", "2001:db8::9")
        for name in ("turn.example.org", "edge.example.net")
    }


def test_tls_and_quic(tmp_path: Path) -> None:
    fields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher server_name established"
    lines = [
        "TLSv12 TLS_AES_128_GCM_SHA256 A.example.org T",
        "DTLSv12 TLS_AES_128_GCM_SHA256 b.example.org F",
        "TLSv12 TLS_RSA_WITH_NULL_SHA - T",
        "- - c\\x20d.example.org F",
    ]
    found = read(tmp_path, "zeek", log("ssl", fields, *(f"1600000000.0 {ENDS} {line}" for line in lines)))
    assert some(found, "transport", "app", "encrypted", "dst_name", "outcome", "opened") == [
        ("tcp", "tls", "yes", "a.example.org", "", "protocol"),
        ("udp", "dtls", "", "b.example.org", "", "protocol"),
        ("tcp", "tls", "no", "", "", "protocol"),
        ("", "tls", "", "c\\032d.example.org", None, "protocol"),
    ]
    fields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p server_scid server_name history"
    found = read(
        tmp_path, "zeek", log("quic", fields, f"1.0 {ENDS} ab q.example.org IisH", f"1.0 {ENDS} - q.example.org I")
    )
    assert some(found, "encrypted", "outcome") == [("yes", ""), ("", "unanswered")]


def test_calls_and_what_their_paths_attest(tmp_path: Path) -> None:
    value = {
        "ts": 1600000000123.4, "uid": "C1", "id.orig_h": "192.0.2.1", "id.orig_p": 5060, "id.resp_h": "198.51.100.7",
        "id.resp_p": 5060, "method": "INVITE", "call_id": "a84b4c76e66710@example.org", "status_code": 200,
        "request_path": [
            "SIP/2.0/TCP 192.0.2.1:5060;branch=z", "SIP/2.0/UDP 10.0.0.9;received=203.0.113.4;rport=5070",
            "SIP/2.0/UDP 10.1.1.1",
        ],
        "response_path": ["SIP/2.0/TCP 192.0.2.1:5060", "SIP/2.0/UDP 10.0.0.9;received=203.0.113.4;rport=5070"],
    }  # fmt: skip
    other = {**value, "method": "REGISTER", "request_path": [], "response_path": [], "status_code": None}
    found = read(tmp_path, "zeek", "".join(json.dumps(each) + "\n" for each in (value, other)))
    assert some(found, "record", "records", "basis", "dst_addr", "dst_port", "session", "outcome", "transport") == [
        (1, 1, "reported", "198.51.100.7", 5060, "a84b4c76e66710@example.org", "", "tcp"),
        (1, 0, "attested", "203.0.113.4", 5070, "a84b4c76e66710@example.org", "", "tcp"),
        (2, 1, "reported", "198.51.100.7", 5060, None, "unanswered", ""),
    ]
    assert found[0]["first_ns"] == 1600000000123400000


def test_records_without_ends(tmp_path: Path) -> None:
    told = Told()
    values = [
        {"_path": "capture_loss", "ts": 1600000000.0, "peer": "w", "percent_lost": 0.2},
        {"_path": "weird", "ts": 1600000000.0, "name": "truncated_header", "notice": False, "peer": "w"},
        {"_path": "files", "ts": 1600000000.0, "fuid": "F1", "tx_hosts": ["192.0.2.1"], "rx_hosts": ["192.0.2.2"]},
        {
            "_path": "conn",
            "ts": "2020-09-13T12:26:40Z",
            "uid": "C2",
            "id": {"orig_h": "192.0.2.1", "resp_h": "192.0.2.2"},
        },
        7,
    ]
    found = read(tmp_path, "zeek", "".join(json.dumps(each) + "\n" for each in values), told)
    assert some(found, "status") == [("no_address",), ("no_address",), ("unsupported",), ("ok",), ("malformed",)]
    assert found[3]["first_ns"] == 1600000000000000000
    assert told.limits == {zeek_logs.LOST}


def test_a_monitor_that_lost_nothing_tells_no_limit(tmp_path: Path) -> None:
    told = Told()
    read(tmp_path, "zeek", log("capture_loss", "ts peer percent_lost", "1600000000.0 w 0.000000"), told)
    assert told.limits == set()


@pytest.mark.parametrize(
    ("text", "expected"), [("a\\x2cb", "a,b"), ("\\xc3\\xa9", "é"), ("a\\\\x", "a\\x"), ("\\xzz", "\\xzz")]
)
def test_escapes(text: str, expected: str) -> None:
    assert unescaped(text) == expected


@pytest.mark.parametrize(
    "text", [b"#Fields: date time\n", b"# separator\n1 2\n", b'{"ts":1,"a":2}\n', b"", b"{", b"[1,2]"]
)
def test_others_are_not_taken_for_logs_of_zeek(text: bytes) -> None:
    assert not FORMATS["zeek"].sniff(text)


FLOWS = FOLDER.parent / "flows"


@pytest.mark.skipif(
    not FLOWS.is_dir(), reason=f"real logs are not here: {FLOWS} (AUDITOR_CORPUS names the folder above)"
)
@pytest.mark.parametrize("path", sorted(FLOWS.glob("zeek_*.log")), ids=lambda path: path.name)
def test_real_logs_row_by_row(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    lines = data.decode().splitlines()
    expected = []
    if lines[0].startswith("{"):
        for number, value in enumerate(map(json.loads, lines), 1):
            expected.append(
                (number, value["uid"], value["id.orig_h"], value["id.orig_p"], value["id.resp_h"], value["id.resp_p"])
            )
    else:
        (fields,) = (line.split(TAB)[1:] for line in lines if line.startswith("#fields"))
        for number, line in enumerate(lines, 1):
            if line and not line.startswith("#"):
                row = dict(zip(fields, line.split(TAB), strict=True))
                ports = int(row["id.orig_p"]), int(row["id.resp_p"])
                expected.append((number, row["uid"], row["id.orig_h"], ports[0], row["id.resp_h"], ports[1]))
    found = [row for row in rows(tmp_path, FORMATS["zeek"], data) if row["records"]]
    assert {row["status"] for row in found} == {"ok"}
    assert some(found, "record", "tie", "src_addr", "src_port", "dst_addr", "dst_port") == expected
