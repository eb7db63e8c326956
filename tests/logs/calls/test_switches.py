"""Asterisk, Kamailio and OpenSIPS."""

import json
from pathlib import Path

import pytest

from auditor.logs.calls import asterisk, kamailio
from auditor.logs.model import Told
from tests.logs.calls.reading import rows, table


def line(channel: str = "PJSIP/100-0001", other: str = "PJSIP/200-0002", disposition: str = "ANSWERED") -> str:
    fields = [
        "acme", "100", "200", "internal", '""Ann"" <100>', channel, other, "Dial", "PJSIP/200,30",
        "2020-04-01 10:00:00", "2020-04-01 10:00:03", "2020-04-01 10:01:00", "60", "57", disposition, "DOCUMENTATION",
        "1585735200.1", "",
    ]  # fmt: skip
    return ",".join(f'"{field}"' if not field.isdigit() else field for field in fields)


def test_channels_that_go_by_their_address(tmp_path: Path) -> None:
    data = "\n".join(
        [line(), line("SIP/203.0.113.5-0000a1b2"), line("Local/1@x-1;2", "PJSIP/[2001:db8::7]:5070-00001")]
    )
    names = ("record", "records", "status", "src_addr", "dst_addr", "dst_port", "session", "account", "first_ns")
    found = table(asterisk, tmp_path, data).select(names).rows()
    assert found[0][:3] == (1, 1, "no_address")
    assert found[1][:4] == (2, 1, "ok", "203.0.113.5")
    assert found[1][4].startswith("@masked:")
    assert found[1][6:] == ("asterisk:1585735200.1", "acme", 1_585_735_200 * 10**9)
    assert found[2][4:6] == ("2001:db8::7", 5070)


def test_who_did_not_answer(tmp_path: Path) -> None:
    data = line("SIP/203.0.113.5-0000a1b2", "SIP/203.0.113.6-0000a1b3", "NO ANSWER")
    found = rows(asterisk, tmp_path, data, "src_addr", "dst_addr", "outcome", "dst_role")
    assert (found[0][0], found[0][2], found[0][3]) == ("203.0.113.5", "", "server")
    assert (found[1][1], found[1][2]) == ("203.0.113.6", "unanswered")


@pytest.mark.parametrize(
    "channel",
    ["SIP/999.0.0.1-00", "SIP/trunk-203.0.113.5", "DAHDI/i1/203.0.113.5", "SIP/203.0.113.5/x", "SIP/203.0.113"],
)
def test_channels_that_are_no_address(tmp_path: Path, channel: str) -> None:
    assert rows(asterisk, tmp_path, line(channel), "src_addr") == []


def test_a_quoted_field_may_span_lines(tmp_path: Path) -> None:
    long = line().replace("Ann", "A\nB")
    found = table(asterisk, tmp_path, f"{line()}\n{long}\n{line()}\n")
    assert found["record"].to_list() == [1, 2, 4]
    assert set(found["status"]) == {"no_address"}


def test_a_quote_that_never_ends_costs_its_own_line(tmp_path: Path) -> None:
    data = f"{line()}\n" + '"broken\n' + f"{line('SIP/203.0.113.5-0000a1b2')}\n" * 3
    found = table(asterisk, tmp_path, data)
    assert found["records"].sum() == 5
    assert found["record"].to_list() == [1, 2, 3, 4, 5]
    assert found["status"].to_list() == ["no_address", "malformed", "ok", "ok", "ok"]


def test_tables_with_a_header(tmp_path: Path) -> None:
    data = (
        "calldate,src,dst,channel,dstchannel,disposition,uniqueid,recvip,rtpdest,sipcallid\n"
        "2020-04-01 10:00:00,1,2,PJSIP/a-1,PJSIP/b-1,ANSWERED,1.5,203.0.113.9,198.51.100.4:4000,x@y\n"
        "2020-04-01 10:00:00,1,2\n"
    )
    told = Told()
    found = table(asterisk, tmp_path, data, told)
    assert found.select("record", "status", "plane", "src_addr", "src_port", "session").rows() == [
        (2, "ok", "signalling", "203.0.113.9", 0, "x@y"),
        (2, "ok", "media", "198.51.100.4", 4000, "x@y"),
        (3, "malformed", "unknown", None, 0, None),
    ]
    assert told.notes == {"Times bear no zone and were read as UTC."}


@pytest.mark.parametrize("head", [b"", b"a,b,c\n", b'"1","2"\n', b"channel,disposition\n", b"\xff\xfe" * 100])
def test_what_is_not_asterisks(head: bytes) -> None:
    assert not asterisk.sniff(head)


ACC = (
    "Apr  1 10:00:00 edge1 kamailio[1]: NOTICE: acc [acc.c:1]: acc_log_request(): ACC: transaction answered: "
    "timestamp=1585735200;method=INVITE;from_tag=a;to_tag=b;call_id=abc@example.org;code=200;reason=OK;src_user=x;"
    "src_ip=203.0.113.5;src_port=5066;dst_domain=192.0.2.8"
)


def test_lines_of_accounting(tmp_path: Path) -> None:
    data = f"Apr  1 10:00:00 edge1 kamailio[1]: INFO: started\n{ACC}\n{ACC};dst_ip=198.51.100.9\n"
    names = (
        "record",
        "records",
        "basis",
        "src_addr",
        "src_port",
        "dst_addr",
        "dst_role",
        "session",
        "observer",
        "first_ns",
    )
    about = ("abc@example.org", "edge1", 1_585_735_200 * 10**9)
    assert rows(kamailio, tmp_path, data, *names) == [
        (2, 1, "reported", "203.0.113.5", 5066, "@host:edge1", "server", *about),
        (2, 0, "offered", "@host:edge1", 0, "192.0.2.8", "unknown", *about),
        (3, 1, "reported", "203.0.113.5", 5066, "@host:edge1", "server", *about),
        (3, 0, "reported", "@host:edge1", 0, "198.51.100.9", "unknown", *about),
        (3, 0, "offered", "@host:edge1", 0, "192.0.2.8", "unknown", *about),
    ]
    assert table(kamailio, tmp_path, data)["records"].sum() == 3


def test_json_and_tables(tmp_path: Path) -> None:
    record = {
        "method": "INVITE", "from_tag": "a", "to_tag": "", "callid": "abc", "sip_code": "408", "sip_reason": "Timeout",
        "time": "2020-04-01 10:00:00", "src_ip": "203.0.113.5", "dst_ip": "198.51.100.9",
    }  # fmt: skip
    table_of = ",".join(record) + "\n" + ",".join(record.values()) + "\n"
    names = ("src_addr", "outcome", "dst_addr", "first_ns", "session")
    for data, number in ((json.dumps(record), 1), (table_of, 2)):
        found = rows(kamailio, tmp_path, data, "record", *names)
        assert [row[0] for row in found] == [number, number]
        assert [(row[2], row[5]) for row in found] == [("", "abc"), ("unanswered", "abc")]
        assert found[1][3] == "198.51.100.9"
        assert found[0][4] == 1_585_735_200 * 10**9


def test_a_call_id_cannot_name_another_protocols_session(tmp_path: Path) -> None:
    assert rows(kamailio, tmp_path, ACC.replace("abc@example.org", "ice:a:b"), "session")[0] == ("sip:ice:a:b",)


@pytest.mark.parametrize("head", [b"", b"ACC: nothing", b"method,from\n", b"Apr 1 10:00:00 a b: call_id=1;src_ip=2;"])
def test_what_is_no_accounting(head: bytes) -> None:
    assert not kamailio.sniff(head)
