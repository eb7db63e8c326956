from auditor.model.errors import InputError


def test_an_error_names_file_record_and_remedy() -> None:
    assert str(InputError("calls.csv", "start is after end; is the clock in UTC?", 812)) == (
        "calls.csv, line 812: start is after end; is the clock in UTC?"
    )
    assert str(InputError("a.pcap", "there is no such file")) == "a.pcap: there is no such file"
