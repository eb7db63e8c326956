# ruff: noqa: E501  (lines are as long as proxies write them)
import json
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.model import Told
from auditor.logs.monitors import FORMATS
from auditor.logs.monitors.proxied import UNKNOWN_CLIENT, UNKNOWN_SERVER
from tests.corpus import FOLDER
from tests.logs.monitors.given import read, rows, some

NS = 1600000000 * 10**9
ENDS = ("records", "src_addr", "src_port", "dst_addr", "dst_port", "dst_role", "outcome")

ENVOY = '[2020-09-13T12:26:40.000Z] "GET /a HTTP/1.1" 200 {flags} 10 20 1500 2 "{xff}" "curl/8 \\"x\\" 203.0.113.66:80" "id" "a.example.org" "{up}"'
ISTIO = '[2020-09-13T12:26:40.000Z] "GET /a HTTP/1.1" 200 - {mid} 10 20 1500 2 "-" "curl" "id" "a.example.org" "{up}" outbound|80||a 10.0.0.2:1 {local} 192.0.2.1:4000 {sni} default'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            ENVOY.format(flags="-", xff="203.0.113.77, 192.0.2.1", up="198.51.100.7:443"),
            [(1, "192.0.2.1", 0, UNKNOWN_SERVER, 0, "relay", ""), (0, "192.0.2.1", 0, "198.51.100.7", 443, "server", "")],
        ),
        (
            ENVOY.format(flags="UF,URX", xff="-", up="[2001:db8::7]:443"),
            [(1, UNKNOWN_CLIENT, 0, UNKNOWN_SERVER, 0, "relay", ""), (0, UNKNOWN_CLIENT, 0, "2001:db8::7", 443, "server", "unanswered")],
        ),
        (
            ENVOY.format(flags="NR", xff="192.0.2.1", up="-"),
            [(1, "192.0.2.1", 0, UNKNOWN_SERVER, 0, "server", "")],
        ),
        (
            ISTIO.format(mid='via_upstream - "-"', up="198.51.100.7:443", local="203.0.113.5:80", sni="-"),
            [(1, "192.0.2.1", 4000, "203.0.113.5", 80, "relay", ""), (0, "192.0.2.1", 4000, "198.51.100.7", 443, "server", "")],
        ),
        (
            ISTIO.format(mid='"-" "-"', up="198.51.100.7:443", local="198.51.100.7:443", sni="a.example.org"),
            [(1, "192.0.2.1", 4000, "198.51.100.7", 443, "server", "")],
        ),
        (
            ISTIO.format(mid='via_upstream - "-"', up="/var/run/x.sock", local="203.0.113.5:80", sni="-"),
            [(1, "192.0.2.1", 4000, "203.0.113.5", 80, "server", "")],
        ),
    ],
)  # fmt: skip
def test_access_logs_of_envoy(tmp_path: Path, line: str, expected: list[tuple[Any, ...]]) -> None:
    found = read(tmp_path, "envoy", line + "\n")
    assert some(found, *ENDS) == expected
    assert {(row["first_ns"], row["last_ns"]) for row in found} == {(NS, NS + 1_500_000_000)}
    assert sum(row["src_bytes"] for row in found) == 10
    assert all(row["encrypted"] == ("yes" if "a.example.org default" in line else "") for row in found)


def test_json_of_envoy(tmp_path: Path) -> None:
    value = {
        "start_time": "2020-09-13T12:26:40.000Z", "downstream_remote_address": "192.0.2.1:4000", "response_code": 200,
        "downstream_local_address": "203.0.113.5:443", "upstream_host": "198.51.100.7:80", "response_flags": "-",
        "bytes_received": 10, "bytes_sent": 20, "duration": 1500, "requested_server_name": "a.example.org", "protocol": "HTTP/3",
    }  # fmt: skip
    found = read(tmp_path, "envoy", f"{json.dumps(value)}\nnot json\n{json.dumps({'a': 1})}\n")
    assert [row["status"] for row in found] == ["ok", "ok", "malformed", "malformed"]
    assert some(found[:2], "dst_addr", "dst_name", "encrypted", "transport", "app") == [
        ("203.0.113.5", "a.example.org", "yes", "udp", "quic"), ("198.51.100.7", "", "", "udp", "quic"),
    ]  # fmt: skip


COMBINED = '192.0.2.1 - jo [13/Sep/2020:14:26:40 +0200] "GET / HTTP/1.1" 200 20 "-" "a \\x22b 203.0.113.66:80"'
INGRESS = " 10 1.500 [default-a-80] [] {addr} {length} {time} {status} abc"


@pytest.mark.parametrize(
    ("line", "upstreams"),
    [
        (COMBINED, []),
        (COMBINED + ' "203.0.113.77:80"', []),
        ("www.example.org:443 " + COMBINED, []),
        (COMBINED + INGRESS.format(addr="198.51.100.7:80", length="20", time="0.1", status="200"), [("198.51.100.7", "")]),
        (
            COMBINED + INGRESS.format(addr="198.51.100.7:80, [2001:db8::7]:80 : 198.51.100.9:80", length="0, 0 : 20", time="0.1, 0.0 : 0.2", status="504, 502 : 200"),
            [("198.51.100.7", "unanswered"), ("2001:db8::7", "unanswered"), ("198.51.100.9", "")],
        ),
        (COMBINED + INGRESS.format(addr="-", length="-", time="-", status="-"), []),
        (COMBINED + ' upstream_addr="198.51.100.7:80, unix:/a" upstream_status="200, 502"', [("198.51.100.7", "")]),
        (COMBINED + " upstream_addr=app.example.net:80 x=1", [("@host:app.example.net", "")]),
    ],
)  # fmt: skip
def test_access_logs_of_nginx(tmp_path: Path, line: str, upstreams: list[tuple[str, str]]) -> None:
    first, *others = read(tmp_path, "nginx", line + "\n")
    assert (first["src_addr"], first["src_role"], first["dst_addr"]) == ("192.0.2.1", "client", UNKNOWN_SERVER)
    assert (first["last_ns"], first["dst_bytes"], first["app"], first["detail"]) == (NS, 20, "http", "")
    assert some(others, "dst_addr", "outcome") == upstreams
    assert {row["records"] for row in others} <= {0}


def test_a_field_without_a_label_is_no_server(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "nginx", COMBINED + ' "198.51.100.7:80" 0.1\n')
    assert (row["dst_addr"], row["detail"]) == (UNKNOWN_SERVER, "fields behind the combined format are not read")


def test_json_and_streams_of_nginx(tmp_path: Path) -> None:
    told = Told()
    value = {
        "time_iso8601": "2020-09-13T14:26:40+02:00", "remote_addr": "192.0.2.1", "remote_port": "4000", "status": 200, "bytes_sent": 20,
        "server_addr": "203.0.113.5", "server_port": "443", "upstream_addr": "198.51.100.7:80, 198.51.100.9:80",
        "upstream_status": "502, 200", "request_time": 1.5, "ssl_protocol": "TLSv1.3", "server_name": "A.example.org",
    }  # fmt: skip
    found = read(tmp_path, "nginx", f"{json.dumps(value)}\n<script>\n", told)
    assert some(found[:3], "dst_addr", "dst_port", "dst_role", "outcome", "encrypted", "dst_name", "src_port") == [
        ("203.0.113.5", 443, "relay", "", "yes", "a.example.org", 4000),
        ("198.51.100.7", 80, "server", "unanswered", "", "", 4000),
        ("198.51.100.9", 80, "server", "", "", "", 4000),
    ]
    assert (found[0]["first_ns"], found[0]["last_ns"], found[3]["status"]) == (NS - 1_500_000_000, NS, "malformed")
    line = '192.0.2.1 [13/Sep/2020:12:26:40 +0000] UDP 200 20 10 1.500 "198.51.100.7:3478" "10" "20" "0.000"\n'
    found = read(tmp_path, "nginx", line)
    assert some(found, "transport", "dst_addr", "dst_port", "app") == [
        ("udp", UNKNOWN_SERVER, 0, ""), ("udp", "198.51.100.7", 3478, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        b'[2020] "GET"\n',
        b'{"start_time":"x"}',
        b'{"remote_addr":"192.0.2.1"}',
        b"192.0.2.1 - -\n",
        b"",
        b"[",
        b"a" * 70_000,
    ],
)
def test_others_are_not_taken_for_access_logs(text: bytes) -> None:
    assert not FORMATS["envoy"].sniff(text)
    assert not FORMATS["nginx"].sniff(text)


@pytest.mark.parametrize("unit", ['"', "\\", " ", "1.1.1.1:1, ", "[", "- ", ' "a"'])
def test_long_lines_are_read_in_time(tmp_path: Path, unit: str) -> None:
    for name, line in (("envoy", ENVOY.format(flags="-", xff="-", up="-")), ("nginx", COMBINED)):
        found = read(tmp_path, name, line + "\n" + line + unit * 20_000 + "\n" + line[:40] + unit * 20_000)
        assert sum(row["records"] for row in found) == 3


@pytest.mark.skipif(
    not (FOLDER.parent / "flows").is_dir(), reason="real logs are not here (AUDITOR_CORPUS names the folder)"
)
def test_a_real_line_of_istio(tmp_path: Path) -> None:
    data = (FOLDER.parent / "flows" / "envoy_istio_access.log").read_bytes()
    fields = data.decode().strip().rsplit(" ", 7)
    (row,) = rows(tmp_path, FORMATS["envoy"], data)
    assert f"{row['src_addr']}:{row['src_port']}" == fields[5]
    assert f"{row['dst_addr']}:{row['dst_port']}" == fields[4] == fields[1].strip('"')
