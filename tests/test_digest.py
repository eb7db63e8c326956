"""The fold: what it keeps, what it adds up, and that its memory grows with categories."""

import pytest

from auditor import digest
from auditor.digest import COVER, DIGEST
from tests.builders import Row, audit, client, counts, flow, frame, rule, server


def folded(rows: list[Row], *dates: int) -> list[Row]:
    return list(digest.tally(frame(rows), dates).iter_rows(named=True))


def test_clients_without_a_session_fold_into_their_class() -> None:
    rows = [flow(record=i, **client(f"8.8.{i}.1", "US"), **server("9.9.9.9", "US")) for i in range(1, 200)]
    (one,) = folded(rows)
    assert (one["flows"], one["packets"], one["bytes"]) == (199, 199, 19_900)
    assert (one["src_addr"], one["src_example"], one["dst_addr"]) == (None, "8.8.1.1", "9.9.9.9")


def test_clients_of_a_session_keep_their_address() -> None:
    rows = [flow(session="call", **client(f"8.8.{i}.1", "US"), **server("9.9.9.9", "US")) for i in range(3)]
    assert sorted(row["src_addr"] for row in folded(rows)) == ["8.8.0.1", "8.8.1.1", "8.8.2.1"]


@pytest.mark.parametrize(
    "other",
    [
        {"src_claimed": "CA"}, {"src_proven": "US"}, {"src_label": "acme"}, {"src_role": "unknown"},
        {"dst_role": "relay"},
        {"dst_addr": "9.9.9.8"}, {"dst_site": "north"}, {"dst_operator": "Acme"}, {"plane": "keys"}, {"app": "rtp"},
        {"service": "zoom"}, {"basis": "offered"}, {"outcome": "unanswered"}, {"opened": "handshake"},
        {"vantage": "office"},
    ],
)  # fmt: skip
def test_what_a_rule_can_ask_keeps_flows_apart(other: Row) -> None:
    plain = flow(**client("8.8.8.8", "US"), **server("9.9.9.9", "US"))
    assert len(folded([plain, {**plain, **other}])) == 2
    assert len(folded([plain, {**plain, "src_port": 9, "record": 7, "src_addr": "8.8.8.9", "opened": ""}])) == 1


def test_dates_of_rules_keep_flows_apart_on_either_side() -> None:
    def at(first: int, last: int) -> Row:
        return flow(first_ns=first, last_ns=last, **client("8.8.8.8"), **server("9.9.9.9"))

    rows = [at(1, 2), at(3, 9), at(1, 10), at(1, 25), at(10, 15), at(20, 25)]
    spans = sorted((row["epoch"], row["epoch_last"], row["flows"]) for row in folded(rows, 10, 20))
    assert spans == [(0, 0, 2), (0, 1, 1), (0, 2, 1), (1, 1, 1), (2, 2, 1)]
    assert len(folded(rows)) == 1


def test_what_bears_no_time_is_not_accused_with_what_does() -> None:
    ends = {**client("8.8.8.8", proven="US"), **server("9.9.9.9", proven="CN")}
    rows = [flow(first_ns=0, last_ns=0, **ends), flow(first_ns=5, last_ns=5, **ends)]
    assert counts(audit(rows, rule(until_ns=10))) == {"fail": 1, "open": 1}
    assert counts(audit(rows, rule(since_ns=10))) == {"not_applicable": 1, "open": 1}


def test_edges_are_the_dates_of_the_rules() -> None:
    assert digest.edges([rule(since_ns=5), rule(until_ns=3), rule(since_ns=5, until_ns=9), rule()]) == (3, 5, 9)


def test_the_witness_is_the_first_record_of_the_first_source_with_its_time() -> None:
    rows = [
        flow(source=source, record=record, first_ns=time, **client("8.8.8.8"), **server("9.9.9.9"))
        for source, record, time in ((1, 1, 5), (0, 9, 7), (0, 4, 8), (0, 5, -3))
    ]
    (one,) = folded(rows)
    assert digest.witnessed(one["witness"]) == (0, 4, 8)
    assert (one["first_ns"], one["last_ns"]) == (-3, 2_000)


def test_witnesses_of_times_before_1970_come_back() -> None:
    (one,) = folded([flow(source=2, record=1 << 39, first_ns=-(1 << 62), **client("8.8.8.8"), **server("9.9.9.9"))])
    assert digest.witnessed(one["witness"]) == (2, 1 << 39, -(1 << 62))


def test_what_touched_nothing_is_counted_all_the_same() -> None:
    rows = [
        flow(status="truncated", detail="IPv4 header cut", src_addr=None, dst_addr=None, src_packets=3),
        flow(status="no_address", detail="ARP", src_packets=2),
        flow(outcome="rejected", **client("8.8.8.8"), **server("9.9.9.9")),
    ]
    assert not folded(rows)
    covered = digest.cover(frame(rows))
    assert covered["packets"].sum() == 6
    assert set(covered["status"]) == {"truncated", "no_address", "ok"}


def test_empty_and_merged() -> None:
    nothing = digest.digest(frame([]))
    assert nothing.situations.schema == DIGEST
    assert nothing.covered.schema == COVER
    one = digest.digest(frame([flow(**client("8.8.8.8"), **server("9.9.9.9"))]))
    twice = digest.merge([one, nothing, one])
    assert (len(twice.situations), twice.situations["flows"].sum(), twice.covered["packets"].sum()) == (1, 2, 2)
    assert digest.merge([]).situations.schema == DIGEST
