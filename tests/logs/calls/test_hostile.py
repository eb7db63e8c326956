"""Any JSON, CSV, XML or bytes in the place of a call record: rows of the right kinds, every record once, no error."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.logs.calls import FORMATS, asterisk, freeswitch, hep3, internals, kamailio, msgraph, rtcstats, zoom
from auditor.logs.fold import complete
from auditor.logs.model import LOG, Reader, Told
from auditor.model.flow import PLANES, ROLES, UNKNOWN
from auditor.model.status import MALFORMED, NO_ADDRESS, OK, TRUNCATED, UNSUPPORTED
from auditor.read.source import Source

WORDS = (
    "participants", "meetings", "uuid", "ip_address", "data_center", "full_data_center", "join_time",
    "connection_type", "caller",
    "callee", "call_logs", "sessions", "segments", "media", "callerNetwork", "calleeNetwork", "ipAddress",
    "relayIPAddress", "reflexiveIPAddress", "streams", "packetUtilization", "streamDirection",
    "value", "@odata.context",
    "mediaPathLocation", "trunkFullyQualifiedDomainName", "variables", "callflow", "caller_profile", "sip_network_ip",
    "remote_media_ip", "switch_r_sdp", "sip_full_via", "PeerConnections", "stats", "updateLog", "values", "type",
    "candidate-pair", "local-candidate", "candidateType", "address", "port", "selected", "iceServers", "urls", "sdp",
    "getstats", "create", "onicecandidate", "candidate", "localCandidateId", "timestamp", "src_ip", "call_id", "method",
)  # fmt: skip
NASTY = st.sampled_from((
    "=cmd()", "<script>", "\x00", "\ud800", "203.0.113.5", "10.0.0.1", "999.1.1.1", "x.x.x.x", "::ffff:1.2.3.4", "-1",
    "2020-04-01T10:00:00Z", "9999-99-99T99:99:99Z", "turn:203.0.113.1:99999", "\x1b[31m", "a" * 5_000, "１２３",
    "United States (SC Top);China (", "candidate:1 1 udp 1 203.0.113.4 5000 typ relay raddr x rport 1", "²",
    "SIP/203.0.113.5-00aa", "v=0\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP4 203.0.113.7", "%E2%82%00", "SIP/2.0/UDP 192.0.2.1",
))  # fmt: skip
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | NASTY | st.sampled_from(WORDS) | st.text(max_size=9)
TREE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner),
    max_leaves=25,
)
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(reader: Reader, path: Path, data: bytes) -> pl.DataFrame:
    (path / "it").write_bytes(data)
    reader.sniff(data[: 1 << 16])
    found = [complete(each).collect() for each in reader.read(Source("it", str(path / "it"), len(data), "x"), Told())]
    rows = pl.concat(found) if found else pl.DataFrame(schema=LOG)
    assert rows["record"].min() is None or int(rows["record"].min()) >= 1  # type: ignore[arg-type]
    assert set(rows["status"]) <= {OK, NO_ADDRESS, TRUNCATED, MALFORMED, UNSUPPORTED}
    assert set(rows["src_role"]) | set(rows["dst_role"]) <= {*ROLES, UNKNOWN}
    assert {each for plane in set(rows["plane"]) for each in plane.split("+")} <= {*PLANES, UNKNOWN}
    sound = rows.filter(status=OK)
    assert sound["src_addr"].null_count() == sound["dst_addr"].null_count() == 0
    for name in ("src_port", "dst_port"):
        assert rows[name].is_between(0, 65_535).all()
    for name in ("src_packets", "src_bytes", "records", "first_ns"):
        assert (rows[name] >= 0).all()
    assert rows["session"].drop_nulls().str.len_bytes().max() in (None, *range(1, 1024))
    assert rows["src_site"].str.len_bytes().max() in (None, *range(129))
    return rows


JSON = (zoom, msgraph, freeswitch, rtcstats, internals, kamailio)


@SETTINGS
@given(values=st.lists(TREE, max_size=6), reader=st.sampled_from(JSON))
def test_lines_of_any_json(tmp_path: Path, values: list[Any], reader: Reader) -> None:
    data = "\n".join(json.dumps(value) for value in values).encode("utf-8", "surrogatepass")
    found = check(reader, tmp_path, data)
    if reader not in (rtcstats, internals) and all(
        isinstance(value, str | int | float | bool | None) for value in values
    ):
        header = reader is kamailio  # which takes the first line of what is no JSON of its own for names
        assert found["records"].sum() in (len(values), len(values) - header) or not values


@SETTINGS
@given(
    events=st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(("a", "b", None, 3)), TREE, SCALAR), max_size=9)
)
def test_any_events(tmp_path: Path, events: list[tuple[Any, ...]]) -> None:
    data = "\n".join(json.dumps(event) for event in events).encode("utf-8", "surrogatepass")
    assert check(rtcstats, tmp_path, data)["records"].sum() == len(events)


@SETTINGS
@given(connections=st.dictionaries(st.text(max_size=4), TREE, max_size=3))
def test_any_document_of_chrome(tmp_path: Path, connections: dict[str, Any]) -> None:
    data = json.dumps({"getUserMedia": [], "PeerConnections": connections}).encode("utf-8", "surrogatepass")
    assert check(internals, tmp_path, data)["records"].sum() == len(connections)


@SETTINGS
@given(data=st.binary(max_size=400), prefix=st.sampled_from((b"", b"{", b"[", b"<cdr>", b"HEP3\0\x40\0\0", b'"a","')))
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_any_bytes(tmp_path: Path, name: str, data: bytes, prefix: bytes) -> None:
    check(FORMATS[name], tmp_path, prefix + data)


@SETTINGS
@given(cells=st.lists(st.lists(NASTY | st.text(max_size=5), min_size=1, max_size=18), max_size=6))
def test_any_cells(tmp_path: Path, cells: list[list[str]]) -> None:
    header = "calldate,channel,dstchannel,disposition,peerip\n"
    data = header + "\n".join(",".join(f'"{cell}"' for cell in row) for row in cells)
    check(asterisk, tmp_path, data.encode("utf-8", "replace"))
    check(kamailio, tmp_path, ("method,from_tag,to_tag,callid,sip_code,src_ip\n" + data).encode("utf-8", "replace"))


@SETTINGS
@given(variables=st.dictionaries(st.sampled_from(WORDS), NASTY, max_size=8))
def test_any_variables(tmp_path: Path, variables: dict[str, str]) -> None:
    inner = "".join(
        f"<{name.strip('@').replace('.', '_')}>{value}</{name.strip('@').replace('.', '_')}>"
        for name, value in variables.items()
    )
    data = f"<cdr><variables>{inner}</variables></cdr>".encode("utf-8", "replace")
    assert check(freeswitch, tmp_path, data)["records"].sum() == 1


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_line_of_ten_megabytes(tmp_path: Path, name: str) -> None:
    check(FORMATS[name], tmp_path, b'{"a":"' + b"x" * 10_000_000)
    check(FORMATS[name], tmp_path, b'["getstats","' + b"9" * 10_000_000 + b"\n" * 3)


def test_deep_values(tmp_path: Path) -> None:
    for reader in JSON:
        check(reader, tmp_path, b'{"meetings":[' * 2_000)
        check(reader, tmp_path, b"[" * 100_000 + b"]" * 100_000)
    check(freeswitch, tmp_path, b"<cdr>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</cdr>")


def test_no_format_takes_the_records_of_another(tmp_path: Path) -> None:
    heads = {
        "zoom": b'{"data_center":"SC","join_time":"x","ip_address":"1.2.3.4"}',
        "msgraph": b'{"sessions":[],"organizer":{},"joinWebUrl":"x"}',
        "webrtc-internals": b'{"getUserMedia": [], "PeerConnections": {}}',
        "rtcstats": b'["create","PC_0",{},1]',
        "freeswitch": b"<cdr><variables/></cdr>",
        "asterisk": b"calldate,channel,dstchannel,disposition\n",
        "kamailio": b"method,from_tag,to_tag,callid,sip_code\n",
        "hep3": b"HEP3\0\x40\0\0\0\x01\0\x07\x02",
    }
    assert {name: [other for other in FORMATS if FORMATS[other].sniff(head)] for name, head in heads.items()} == {
        name: [name] for name in FORMATS
    }


def test_hep_files(tmp_path: Path) -> None:
    check(hep3, tmp_path, b"HEP3\0\x06" * 1_000 + b"HEP3\0\x05" * 1_000)
