"""Records of one exchange become one row, whatever stands in one file."""

from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from auditor.logs import room
from auditor.logs.fold import Folder, complete
from auditor.logs.model import Nameless
from auditor.logs.model import rows as made
from tests.logs.logbook import flow, folded, rows

CLIENT, SERVER = "10.0.0.1:40000", "203.0.113.5:443"
ENDS = ["src_addr", "src_port", "dst_addr", "dst_port"]


def test_both_directions_are_one_exchange() -> None:
    found = folded(
        rows(flow(CLIENT, SERVER, src_packets=3, src_bytes=900)),
        rows(flow(SERVER, CLIENT, src_packets=7, src_bytes=9000, first_ns=10**18 - 4)),
    )
    assert found.select("src_packets", "dst_packets", "src_bytes", "dst_bytes", "records", "outcome").rows() == [
        (3, 7, 900, 9000, 2, "")
    ]
    assert found["first_ns"].to_list() == [10**18 - 4]


def test_ports_of_clients_tell_nothing_apart_beside_that_of_a_service() -> None:
    many = rows(*(flow(f"10.0.0.1:{port}", SERVER) for port in range(40000, 40020)))
    found = folded(many)
    assert found.select(*ENDS, "records").rows() == [("10.0.0.1", 40000, "203.0.113.5", 443, 20)]
    assert len(folded(many, ports=None)) == 20


def test_ports_of_no_service_stay_apart() -> None:
    assert len(folded(rows(*(flow(f"10.0.0.1:{port}", "203.0.113.5:41000") for port in (40000, 40001))))) == 2


@pytest.mark.parametrize(
    ("records", "outcome", "opened"),
    [
        ([flow(CLIENT, SERVER, src_packets=2, src_bytes=120)], "unanswered", ""),
        ([flow(CLIENT, SERVER, src_packets=2, src_bytes=120, src_flags=2)], "unanswered", "handshake"),
        ([flow(CLIENT, SERVER, src_flags=2), flow(SERVER, CLIENT, src_flags=20)], "rejected", "handshake"),
        ([flow(CLIENT, SERVER, src_flags=27), flow(SERVER, CLIENT, src_flags=27)], "", ""),
        (
            [flow(CLIENT, SERVER, src_flags=27), flow(SERVER, CLIENT, src_flags=27, first_ns=10**18 + 1)],
            "",
            "handshake",
        ),
        ([flow(CLIENT, SERVER, src_flags=26)], "", ""),
        ([flow(CLIENT, SERVER, src_packets=9, src_bytes=9000)], "", ""),
        ([flow(CLIENT, SERVER, outcome="rejected")], "rejected", ""),
        ([flow(CLIENT, SERVER, transport="udp")], "unanswered", ""),
        ([flow(CLIENT, SERVER, transport="udp"), flow(SERVER, CLIENT, transport="udp")], "", ""),
        ([flow(CLIENT, SERVER, transport="udp", dst_packets=4, dst_bytes=80)], "", ""),
        ([flow(CLIENT, SERVER, transport="udp", dst_packets=0, dst_bytes=0)], "unanswered", ""),
        ([flow(CLIENT, SERVER, transport="icmp")], "unanswered", ""),
        ([flow(CLIENT, SERVER, opened="protocol", dst_packets=4)], "", "protocol"),
    ],
)
def test_outcomes_and_openers(records: list[dict[str, Any]], outcome: str, opened: str) -> None:
    found = folded(rows(*records))
    assert found.select("outcome", "opened").rows() == [(outcome, opened)]
    assert found.select(ENDS).rows() == [("10.0.0.1", 40000, "203.0.113.5", 443)]


def test_who_opened_stands_first() -> None:
    found = folded(rows(flow(SERVER, CLIENT, src_flags=18), flow(CLIENT, SERVER, src_flags=2)))
    assert found.select("src_addr", "dst_addr", "opened").rows() == [("10.0.0.1", "203.0.113.5", "handshake")]


def test_rejected_and_accepted_stay_apart() -> None:
    found = folded(rows(flow(CLIENT, SERVER, outcome="rejected"), flow(CLIENT, SERVER)))
    assert found["outcome"].to_list() == ["", "rejected"]


def test_rows_do_not_straddle_edges() -> None:
    records = rows(*(flow(CLIENT, SERVER, first_ns=time, last_ns=time) for time in (100, 200, 300, 0)))
    found = folded(records, edges=(150, 250))
    assert sorted(found["first_ns"].to_list()) == [0, 100, 200, 300]
    assert len(folded(records)) == 2  # without edges only the unknown time stands apart


def test_private_addresses_of_two_observers_are_two_machines() -> None:
    found = folded(rows(flow(CLIENT, SERVER, observer="vpc-a"), flow(CLIENT, SERVER, observer="vpc-b")))
    assert found["vantage"].to_list() == ["vpc-a", "vpc-b"]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_addresses_become_canonical(text: str, canonical: str) -> None:
    found = folded(rows(flow(CLIENT, "203.0.113.5:443", dst_addr=text)))
    assert {found["src_addr"][0], found["dst_addr"][0]} == {"10.0.0.1", canonical}


@pytest.mark.parametrize("text", ["", "nowhere", "999.1.1.1", "192.0.2.01", "=cmd()", "1.2.3", "@aws/us-east-1", None])
def test_what_is_no_address_is_given_back(text: str | None) -> None:
    bad = Folder(None, ()).add(rows(flow(CLIENT, SERVER, dst_addr=text)), 0)
    assert bad["record"].to_list() == [1]


def test_only_readers_say_that_an_end_has_no_address() -> None:
    columns = {"record": [1, 2], "src_addr": ["10.0.0.1", "10.0.0.1"], "transport": ["tcp", "tcp"]}
    columns |= {"dst_addr": [Nameless("@zoom/SC"), "@zoom/SC"]}
    folder = Folder(None, ())
    assert folder.add(complete(made(columns)).collect(), 0)["record"].to_list() == [2]
    found = pl.concat(list(folder.flows()))
    assert found.select("src_addr", "dst_addr", "records").rows() == [("10.0.0.1", "@zoom/SC", 1)]


def test_no_record_takes_back_what_another_of_its_exchange_shows() -> None:
    both = {"transport": "udp", "dst_packets": 4, "dst_bytes": 900}
    counted = flow(CLIENT, SERVER, tie="C1", src_packets=3, **both)
    for forged in (
        flow(CLIENT, SERVER, tie="C1", src_packets=900, outcome="rejected", **both | {"dst_packets": 0}),
        flow(CLIENT, SERVER, tie="C1", src_packets=0, outcome="unanswered", **both | {"dst_packets": 0}),
    ):
        for said in ({}, {"outcome": ""}):
            assert folded(rows(counted | said, forged))["outcome"].to_list() == [""]


def test_what_logs_tell_of_one_exchange_is_one_row() -> None:
    conn = flow(CLIENT, SERVER, tie="C1", dst_packets=9, dst_bytes=8000, opened="handshake")
    ssl = flow(CLIENT, SERVER, tie="C1", src_packets=0, src_bytes=0, dst_packets=0, app="tls", dst_name="a.example",
               encrypted="yes", outcome="")  # fmt: skip
    back = flow(SERVER, CLIENT, tie="C1", src_packets=0, src_bytes=0, dst_packets=0, src_name="b.example")
    for parts in ([rows(conn), rows(ssl), rows(back)], [rows(back, ssl, conn)]):
        found = folded(*parts)
        assert found.select("app", "dst_name", "encrypted", "src_packets", "dst_packets", "records").rows() == [
            ("tls", "a.example", "yes", 10, 9, 3)
        ] or found["dst_name"].to_list() == ["b.example"]
        assert len(found) == 1


def test_calls_of_one_exchange_stay_for_themselves() -> None:
    conn = flow(CLIENT, "203.0.113.5:5060", tie="C1", transport="udp", dst_packets=9)
    calls = [flow(CLIENT, "203.0.113.5:5060", tie="C1", transport="udp", session=name, outcome="") for name in "ab"]
    assert folded(rows(conn, *calls))["session"].to_list() == [None, "a", "b"]
    assert folded(rows(conn, calls[0]))["session"].to_list() == ["a", "a"]


ADDRESSES = ["10.0.0.1", "10.0.0.2", "203.0.113.5", "2001:db8::7"]
RECORDS = st.lists(
    st.builds(
        flow,
        st.builds("{}:{}".format, st.sampled_from(ADDRESSES), st.sampled_from([443, 5060, 40000, 50000])),
        st.builds("{}:{}".format, st.sampled_from(ADDRESSES), st.sampled_from([443, 5060, 40000, 50000])),
        transport=st.sampled_from(["tcp", "udp", "icmp", ""]),
        src_flags=st.sampled_from([None, 0, 2, 18, 20, 27]),
        src_bytes=st.integers(0, 2000),
        src_packets=st.integers(0, 9),
        dst_packets=st.sampled_from([None, 0, 3]),
        outcome=st.sampled_from([None, "", "rejected"]),
        first_ns=st.sampled_from([0, 100, 200, 300]),
        last_ns=st.just(400),
        tie=st.sampled_from([None, None, "x", "y"]),
        session=st.sampled_from([None, None, "call"]),
        opened=st.sampled_from(["", "handshake"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(RECORDS, st.data())
def test_any_order_and_any_split_give_the_same_rows(records: list[dict[str, Any]], data: st.DataObject) -> None:
    whole = folded(rows(*records), edges=(150,))
    shuffled = data.draw(st.permutations(records))
    cut = data.draw(st.integers(0, len(records)))
    parts = [rows(*part) for part in (shuffled[:cut], shuffled[cut:]) if part]
    other = folded(*parts, edges=(150,))
    numbers = ["source", "record", "src_port", "dst_port"]
    order = [name for name in whole.columns if name not in numbers]
    assert whole.drop(numbers).sort(order).equals(other.drop(numbers).sort(order))
    assert whole["records"].sum() == len(records)


def test_what_is_put_aside_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [
        rows(
            *(
                flow(f"10.0.{n}.{i}:40000", f"203.0.113.{i % 7}:443", session=f"s{i}" if i % 3 else None)
                for i in range(60)
            )
        )
        for n in range(6)
    ]
    parts += [part.with_columns(tie=pl.col("src_addr")) for part in parts[:2]]
    plain = folded(*parts)
    monkeypatch.setattr(room, "MERGE", 2)
    monkeypatch.setattr(room, "FULL", 24)
    assert folded(*parts).equals(plain)
