import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.routing.documents import MAX_DEPTH, MAX_REPEATED, Disputed, Document, load
from auditor.routing.model import File


def read(text: str | bytes, name: str = "f.yaml") -> list[Document]:
    return load(File(name, text.encode() if isinstance(text, str) else text))


def tree(text: str | bytes, name: str = "f.yaml") -> Any:
    (document,) = read(text, name)
    return document.tree


def refused(text: str | bytes, name: str = "f.yaml") -> str:
    with pytest.raises(InputError) as caught:
        read(text, name)
    assert caught.value.source == name
    return f"{caught.value.record}:{caught.value.column}: {caught.value.message}"


def test_norway_is_no_truth_value() -> None:
    assert tree("NO: [no, true, 010, 'yes', on]\n1: 2\nnull: x\n") == {
        "NO": ["no", True, 10, "yes", "on"],
        "1": 2,
        "null": "x",
    }


def test_text_that_older_yaml_takes_for_a_truth_value_is_marked() -> None:
    found = tree("NO: [no, 'no', norway]\n'yes': !!str off\n")
    assert [type(key) for key in found] == [Disputed, str]
    assert [type(each) for each in found["NO"]] == [Disputed, str, str]
    assert type(found["yes"]) is str


def test_each_document_keeps_its_lines() -> None:
    first, second = read("a: 1\n---\n# nothing\n---\nb:\n  - x\n  -   y\n")
    assert (first.tree, second.tree) == ({"a": 1}, {"b": ["x", "y"]})
    assert second.line("b") == 5
    assert second.place("b", 1) == (7, 7)
    assert str(second.error("is wrong", "b", 1)) == "f.yaml:7:7: is wrong"


@pytest.mark.parametrize("text", ["", "\n", "# only this\n", "---\n---\n", b"\xef\xbb\xbf"])
def test_what_holds_nothing_has_no_documents(text: str | bytes) -> None:
    assert read(text) == []


def test_anchors_aliases_and_merge_keys() -> None:
    text = """\
base: &base {ttl: 60, type: A}
more: &more
  ttl: 30
  extra: [1]
one:
  <<: *base
  type: AAAA
two:
  type: CNAME
  <<: [*base, *more]
three: *more
'<<': text
"""
    (document,) = read(text)
    loaded = yaml.safe_load(text.replace("'<<': text\n", ""))
    assert document.tree == {**loaded, "<<": "text"}
    assert document.line("one", "ttl") == 1
    assert document.line("one", "type") == 7
    assert document.line("two", "extra", 0) == 4
    assert document.line("three", "ttl") == 3
    assert document.place("three", of_key=True) == (11, 1)


def test_tags_of_others_stay_beside_their_values() -> None:
    text = """\
a: !Ref Zone
b: !If [x, !Sub '${y}', !!str 1]
c: !GetAtt
  d: 1
<<: !include more.yaml
e: ! 12
f: !!int '3'
"""
    (document,) = read(text)
    assert document.tree == {
        "a": ("!Ref", "Zone"),
        "b": ("!If", ["x", ("!Sub", "${y}"), "1"]),
        "c": ("!GetAtt", {"d": 1}),
        "<<": ("!include", "more.yaml"),
        "e": "12",
        "f": 3,
    }
    assert document.place("b", 1) == (2, 12)
    assert document.line("c", "d") == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1: key `a` stands twice (first in line 1); keep one"),
        ("a:\n\tb: 1\n", "2:1: is not YAML"),
        ("a: 1\n? [x]\n: 2\n", "2:3: a key must be text"),
        ("a: *b\n", "1:4: alias `*b` stands before its anchor"),
        ("a: &a [*a]\n", "1:8: alias `*a` stands within itself"),
        ("a: &a x\n---\nb: *a\n", "3:4: alias `*a` stands before its anchor"),
        ('a: "\\ud800"\n', "escape"),
        ("a: " + "1" * 50, "1:4: a number of 50 digits"),
        ("a: [1\n", "2:1: is not YAML"),
        (b"a: \xff\n", "1:4: is not UTF-8"),
        ("a: \x07\n", "1:4: holds the control character U+0007"),
        ("[" * 200, "is nested more than"),
    ],
)
def test_what_yaml_does_not_allow_is_refused_where_it_stands(text: str | bytes, message: str) -> None:
    assert message in refused(text)


def test_tabs_are_told_their_remedy() -> None:
    assert "indent with spaces, not tabs" in refused("a:\n\tb: 1\n")


def test_aliases_stand_for_no_more_than_people_write() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert f"aliases repeat more than {MAX_REPEATED} values" in refused("\n".join(lines))


def test_aliases_do_not_deepen_what_is_read() -> None:
    deep = "[" * 60 + "x" + "]" * 60
    assert f"more than {MAX_DEPTH} levels" in refused(f"a: &a {deep}\nb: {'[' * 60}*a{']' * 60}\n")
    assert tree(f"a: &a {deep}\nb: [*a]\n")["b"]


def test_json_has_places_and_takes_tabs() -> None:
    text = '{\n\t"a": [1, -2.5e1, true, null, "x\\n\\u00e9"],\n\t"b": {"c": []}, "NO": "no"\n}\n[3]'
    first, second = read(text, "f.json")
    assert first.tree == {"a": [1, -25.0, True, None, "x\né"], "b": {"c": []}, "NO": "no"}
    assert first.place("a", 1) == (2, 11)
    assert first.place("b", "c") == (3, 8)
    assert first.place("NO") == (3, 24)
    assert (second.tree, second.line(0)) == ([3], 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "a": 2}', "2:2: key `a` stands twice (first in line 1); keep one"),
        ('{"a": 1,}', "1:9: is not JSON: a key in double quotes"),
        ('{"a" 1}', "1:6: is not JSON: a colon is missing"),
        ('{"a": }', "1:7: is not JSON: a value is missing"),
        ('{"a": [1 2]}', "1:10: is not JSON: what begins in line 1 goes on with a comma or ends with `]`"),
        ('{"a": "b', "1:7: is not JSON: this text has no end"),
        ('{"a": "\\ud83d"}', "1:7: an escape is no character"),
        ('{"a": 01}', "1:8: is not JSON"),
        ('{"a": NaN}', "1:7: is not JSON: a value is missing"),
        ("[" + "9" * 41 + "]", "1:2: a number of 41 digits"),
        ("[" * 100_000, f"1:{MAX_DEPTH + 1}: is nested more than {MAX_DEPTH} levels"),
        ('{"a": 1', "1:8: is not JSON"),
    ],
)
def test_what_json_does_not_allow_is_refused_where_it_stands(text: str, message: str) -> None:
    assert refused(text, "f.json").startswith(message) or message in refused(text, "f.json")


def test_yaml_may_begin_with_a_flow_collection() -> None:
    assert tree("{a: b}", "f.yml") == {"a": "b"}
    assert "is not JSON" in refused("{a: b}", "f.json")
    assert tree('{"a": "b"}', "f.yaml") == {"a": "b"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc\"\\\n\té€ "), inner),
    max_leaves=20,
)  # fmt: skip


@given(VALUES.filter(lambda value: isinstance(value, list | dict)), st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_json_is_read_as_by_others(value: Any, ascii_only: bool, indent: Any) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    if any(0x7F <= ord(each) < 0xA0 for each in text):
        return
    assert tree(text, "f.json") == value


@given(st.binary(max_size=60) | st.text("{}[]\":,&*!<> -\n\tab1\\?|'", max_size=60).map(str.encode))
def test_no_bytes_end_in_anything_but_an_error(data: bytes) -> None:
    for name in ("f.yaml", "f.json"):
        try:
            found = [each.place() for each in load(File(name, data))]
        except InputError as error:
            found = [(error.record, error.column)]
        assert all(min(place) >= 1 for place in found)


def test_large_files_take_time_by_their_size() -> None:
    item = {"Name": "a.example.", "Type": "A", "ResourceRecords": [{"Value": "192.0.2.1"}]}
    text = json.dumps({"ResourceRecordSets": [item] * 20_000}, indent=1)
    assert len(tree(text, "f.json")["ResourceRecordSets"]) == 20_000
