from auditor.model import flow


def test_a_frame_has_every_column_in_order() -> None:
    made = flow.frame({"src_addr": ["192.0.2.1"], "dst_port": [53], "src_packets": [3]})
    assert dict(made.schema) == flow.FLOW
    row = made.row(0, named=True)
    assert (row["src_addr"], row["dst_port"], row["src_packets"]) == ("192.0.2.1", 53, 3)
    assert {name: row[name] for name in flow.DEFAULTS if name not in ("src_addr", "dst_port", "src_packets")} == {
        name: value for name, value in flow.DEFAULTS.items() if name not in ("src_addr", "dst_port", "src_packets")
    }


def test_defaults_are_those_of_the_schema() -> None:
    assert list(flow.DEFAULTS) == list(flow.FLOW)
    assert dict(flow.empty().schema) == flow.FLOW


def test_only_what_every_engine_knows() -> None:
    assert {str(kind) for kind in flow.FLOW.values()} == {"Int32", "Int64", "String"}
