import pickle

import pytest

from auditor.model.errors import InputError, InputErrors, gathering


def test_an_error_names_file_record_and_remedy() -> None:
    assert str(InputError("calls.csv", "start is after end; is the clock in UTC?", 812)) == (
        "calls.csv, line 812: start is after end; is the clock in UTC?"
    )
    assert str(InputError("a.pcap", "there is no such file")) == "a.pcap: there is no such file"


def test_an_error_with_a_column_is_written_as_editors_read_it() -> None:
    assert str(InputError("a.yaml", "is wrong", 3, 14)) == "a.yaml:3:14: is wrong"


def test_several_errors_are_one_and_keep_their_order() -> None:
    late, early = InputError("b.yaml", "is late", 9, 1), InputError("b.yaml", "is early", 2, 5)
    other, again = InputError("a.yaml", "is other", 1, 1), InputError("b.yaml", "is late", 9, 1)
    group = InputErrors([late, InputErrors([other, again]), early])
    assert group.each == (early, late, other)
    assert (group.source, group.message, group.record, group.column) == ("b.yaml", "is early", 2, 5)
    assert str(group) == "b.yaml:2:5: is early\nb.yaml:9:1: is late\na.yaml:1:1: is other"
    assert str(pickle.loads(pickle.dumps(group))) == str(group)
    assert str(pickle.loads(pickle.dumps(late))) == str(late)


def test_other_exceptions_are_not_gathered() -> None:
    with pytest.raises(KeyError), gathering():
        raise KeyError
    with gathering():
        pass
