from pathlib import Path

import pytest

from auditor.logs.model import Told
from auditor.logs.values import Value, elements, lines, values
from auditor.read.source import Source


def source(path: Path, data: bytes) -> Source:
    (path / "it").write_bytes(data)
    return Source("it", str(path / "it"), len(data), "json")


def read(path: Path, data: bytes, key: str = "") -> list[tuple[int, object, str]]:
    return [(each.record, each.value, each.status) for each in values(source(path, data), Told(), key)]


@pytest.mark.parametrize(
    ("data", "key", "expected"),
    [
        (b'{"a":1}\n\n{"a":2}\r\n', "", [(1, {"a": 1}, ""), (3, {"a": 2}, "")]),
        (b'{"a":1}\nnot json\n{"a":2', "", [(1, {"a": 1}, ""), (2, None, "malformed"), (3, None, "malformed")]),
        (b'{"a":1} {"a":2}\n{"a":3}', "", [(1, {"a": 1}, ""), (2, {"a": 2}, ""), (3, {"a": 3}, "")]),
        (b'[\n{"a":1},\n{"a":2}]', "", [(1, {"a": 1}, ""), (2, {"a": 2}, "")]),
        (b'[{"a":1},{"a":2', "", [(1, {"a": 1}, ""), (2, None, "truncated")]),
        (b'{"records":[{"a":1},{"a":2}]}', "records", [(1, {"a": 1}, ""), (2, {"a": 2}, "")]),
        (b'{"v":1,\n"records":[\n{"a":1}', "records", [(1, {"a": 1}, "")]),
        (
            b'{"records":[{"a":1}],"next":{"b":[1]}}\n{"records":[{"a":2}]}',
            "records",
            [(1, {"a": 1}, ""), (2, {"a": 2}, "")],
        ),
        (b'[{"a":1}]\n[{"a":2}]\n{"a":3}', "", [(1, {"a": 1}, ""), (2, {"a": 2}, ""), (3, {"a": 3}, "")]),
        (b'{"records":[{"a":1}], "next"', "records", [(1, {"a": 1}, ""), (2, None, "truncated")]),
        (b'{"records":[{"a":1}] ?', "records", [(1, {"a": 1}, ""), (2, None, "malformed")]),
        (b'{\n"a": 1\n}\n{\n"a": 2\n}', "", [(1, {"a": 1}, ""), (2, {"a": 2}, "")]),
        (b'[{"a":1} ?, {"a":2}]', "", [(1, {"a": 1}, ""), (2, None, "malformed")]),
        (b"[" * 5000, "", [(1, None, "malformed")]),
        (b'[{"a":' + b"9" * 5000 + b"}]", "", [(1, None, "malformed")]),
        (b'\xef\xbb\xbf[{"a":"\xff"}]', "", [(1, {"a": "\ufffd"}, "")]),
        (b'{"a":1,,}\n{"a":2}\n', "", [(1, None, "malformed"), (2, {"a": 2}, "")]),
        (
            b'cut off"}\n{"a":2}\n?\n{"a":4}',
            "key",
            [(1, None, "malformed"), (2, {"a": 2}, ""), (3, None, "malformed"), (4, {"a": 4}, "")],
        ),
        (b'\xef\xbb\xbf{"a":1}\n{"a":2}\n', "", [(1, {"a": 1}, ""), (2, {"a": 2}, "")]),
        (b'{"records":[?,\n{"a":1}\n]}', "records", [(1, None, "malformed")]),
        (b'{\n"a": ?,\n"b": 2\n}', "", [(1, None, "malformed")]),
        (b"", "", []),
        (b"   \n", "", []),
    ],
)
def test_values(tmp_path: Path, data: bytes, key: str, expected: list[object]) -> None:
    assert read(tmp_path, data, key) == expected


def test_a_value_longer_than_a_piece_is_whole(tmp_path: Path) -> None:
    data = b'[{"a":"' + b"\xc3\xa9" * 1_500_000 + b'"},{"a":-12},true]'
    found = list(elements(source(tmp_path, data), Told()))
    assert [(each.record, each.status) for each in found] == [(1, ""), (2, ""), (3, "")]
    assert len(found[0].value["a"]) == 1_500_000
    assert found[1:] == [Value(2, {"a": -12}), Value(3, True)]


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    data = b"".join(b'{"n":%d}\n' % number for number in range(1, 5000))
    assert [(each.record, each.value["n"]) for each in lines(source(tmp_path, data), Told())] == [
        (number, number) for number in range(1, 5000)
    ]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_piece_may_end_within_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    monkeypatch.setattr("auditor.logs.values.FEED", cut)
    monkeypatch.setattr("auditor.logs.values.HEAD", cut)
    data = rb'[{"a": "\u00e9\ud83d\ude00\n\\", "b": [true, false, null, -1.5e-3, NaN]}, -12, "\u0041"]'
    assert [each.value for each in elements(source(tmp_path, data), Told())] == [
        {"a": "\xe9\U0001f600\n\\", "b": [True, False, None, -0.0015, None]},
        -12,
        "A",
    ]


@pytest.mark.parametrize("data", [rb'{"a\ud800": ["\udfff"]}', rb'[{"a\ud800": ["\udfff"]}]'])
def test_half_a_character_is_replaced(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data) == [(1, {"a\ufffd": ["\ufffd"]}, "")]


@pytest.mark.parametrize("data", [b'{"a": ' + b"9" * 5000 + b"}", b'[{"a": ' + b"9" * 5000 + b"}]"])
def test_a_number_of_thousands_of_digits_is_no_value(tmp_path: Path, data: bytes) -> None:
    assert [status for _, _, status in read(tmp_path, data)] == ["malformed"]


@pytest.mark.parametrize("data", [b",", b" ,\n,", b",\n{"])
@pytest.mark.parametrize("key", ["", "value"])
def test_separators_are_no_values(tmp_path: Path, data: bytes, key: str) -> None:
    assert read(tmp_path, data, key) == [(1, None, "truncated")] * data.count(b"{")
