import hashlib
import json
import math
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor.model import documents
from auditor.model.documents import convert, load, loads, resolve
from auditor.model.errors import InputError, InputErrors, gathering
from auditor.model.fits import examine
from auditor.model.kinds import BROKEN


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    colour: Literal["red", "green"] | None = None
    day: date | None = None


class Shelf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    items: dict[str, Item] = {}
    sizes: tuple[int, ...] | str = ()
    shades: Literal["red", "green"] | Literal["dark"] | tuple[Literal["red", "green"], ...] = ()


def read(text: str | bytes) -> documents.Document:
    return loads(text.encode() if isinstance(text, str) else text, "f.yaml")


def refused(text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(text)
    return said(caught.value)


def said(error: InputError) -> str:
    """Put an error as `line N, column N: message`, for each of several."""
    assert all(each.source == "f.yaml" and each.record and each.column for each in error.each)
    return "\n".join(f"line {each.record}: {each.message}" for each in error.each)


def places(error: InputError) -> list[tuple[int, int]]:
    return [(each.record, each.column) for each in error.each]


SCALARS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    "true": True,
    "True": True,
    "FALSE": False,
    "010": 10,
    "0o17": 15,
    "0x1F": 31,
    "-12": -12,
    "+7": 7,
    "1e3": 1000.0,
    "1.": 1.0,
    ".5": 0.5,
    "-.inf": -math.inf,
    "+.Inf": math.inf,
    **{word: word for word in ("NO", "no", "ON", "yes", "y", "tRUE", "nULL", "1_000", "0b1", "12:30:45", "=")},
    **{word: word for word in (".", "-", "1e", "1.2.3", "2020-04-03", "-0x1", "+0o7", "0X1", "٣")},
}


@pytest.mark.parametrize(("text", "meaning"), SCALARS.items())
def test_plain_scalars_mean_what_the_core_schema_says(text: str, meaning: Any) -> None:
    assert resolve(text) == meaning
    assert type(resolve(text)) is type(meaning)


def test_quoted_scalars_are_text() -> None:
    assert read("a: '1'\nb: \"true\"\nc: |\n  7\n").tree == {"a": "1", "b": "true", "c": "7\n"}
    assert math.isnan(resolve(".NaN"))


def test_every_key_and_item_has_its_line() -> None:
    document = read("a: 1\nb:\n  c:\n    - x\n\n    - {d: 4,\n       e: 5}\n")
    assert [document.line(*path) for path in [(), ("a",), ("b",), ("b", "c", 0), ("b", "c", 1, "e")]] == [1, 1, 2, 4, 7]
    assert document.line("b", "c", 1, "missing", 3) == 6  # the nearest place above that the file has


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1\nb: 2", "line 1: anchor `&x` is not allowed"),
        ("a: 1\nb: *x", "line 2: alias `*x` is not allowed"),
        ("a: 1\n<<: {b: 1}", "line 2: merge key `<<` is not allowed"),
        ("a: !!str 1", "line 1: tag"),
        ("a: 1\nb: 2\na: 3", "line 3: key `a` stands twice (first in line 1)"),
        ("a: 1\n---\nb: 2", "line 2: holds several documents"),
        ("%YAML 1.1\n---\na: 1", "only `%YAML 1.2`"),
        ("%TAG ! tag:e,2000:\n---\na: 1", "has a directive"),
        ("1: a", "line 1: a key must be text"),
        ("? [a]\n: b", "line 1: a key must be text"),
        ("a:\n\t- b", "line 2: is not YAML: while scanning for the next token"),
        ("a:\n\t- b", "indent with spaces, not tabs"),
        ("a: [1", "is not YAML"),
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        (b"a: 1\nb: \xff", "line 2: is not UTF-8"),
        ("a: 1\nb: \x1b[31m", "line 2: holds the control character U+001B"),
        (b"\xff\xfea\x00", "is not UTF-8"),
        ("a: " + "9" * 5000, "a number of 5000 digits"),
        ("[" * 33 + "]" * 33, "nested more than 32 levels"),
        ("[" * 500_000, "nested more than 32 levels"),
        ("a: " + "x" * (1 << 20), "larger than 1 MiB"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_its_line(text: str | bytes, expected: str) -> None:
    assert expected in refused(text)


def test_what_is_strict_is_not_narrow() -> None:
    assert read("\ufeff%YAML 1.2\n---\na: 1\n...\n").tree == {"a": 1}
    assert read("'<<': 1").tree == {"<<": 1}
    assert read("[" * 32 + "]" * 32).tree is not None
    assert read("just text").tree == "just text"


def test_an_alias_bomb_costs_nothing() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    assert "anchor" in refused(bomb)


WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]))
SCALAR = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | WORDS
NESTED = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdeäß< -", max_size=6), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(NESTED)
def test_json_reads_as_itself(tree: Any) -> None:
    assert read(json.dumps(tree, ensure_ascii=False)).tree == tree


def refuses_or_reads(data: bytes) -> None:
    try:
        document = read(data)
    except InputError as error:
        assert error.message and error.source == "f.yaml"  # noqa: PT017, PT018
    else:
        assert document.line() >= 1


@settings(deadline=None)
@given(st.text() | st.text("ab:-[]{}&*!|>'\"#%@,?<\n \t~.019e"))
def test_any_text_is_a_document_or_a_clear_error(text: str) -> None:
    refuses_or_reads(text.encode("utf-8", "surrogatepass"))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_clear_error(data: bytes) -> None:
    refuses_or_reads(data)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(InputError, match="can't be read"):
            load(path)
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    assert load(path).sha256 == hashlib.sha256(b"a: 1\n").hexdigest()
    assert load(str(path)).file == str(path)


def test_escapes_that_are_no_character_are_refused() -> None:
    assert "line 1" in refused(r'a: "\ud800"')


def test_a_tree_becomes_a_type() -> None:
    shelf = convert(
        read("title: NO\nitems:\n  a: {id: x, day: 2020-04-03, colour: red}\nsizes: [1, 2]\nshades: dark"), Shelf
    )
    assert shelf == Shelf("NO", {"a": Item("x", "red", date(2020, 4, 3))}, (1, 2), "dark")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("titel: x", "line 1: unknown key `titel`; did you mean `title`?"),
        ("title: x\nitems:\n  a:\n    id: x\n    color: red", "line 5: unknown key `color`; did you mean `colour`?"),
        ("title: x\nitems:\n  a: {id: x}\n  b:\n    colour: red", "line 4: key `id` is missing"),
        ("title: x\nitems:\n  b:\n    id: 1.10", "line 4: `id` must be text, not a number; put it in quotes"),
        (
            "title: x\nitems:\n  b:\n    id: x\n    colour: blue",
            "line 5: `blue` is not allowed here; known: green, red",
        ),
        ("title: x\nitems:\n  b:\n    id: x\n    day: 2020-02-30", "line 5: `day` must be a date that exists"),
        ("title: x\nsizes:\n  - 1\n  - a", "line 4: this value must be a whole number, not text"),
        ("title: x\nshades: [red, gren]", "`gren` is not allowed here; did you mean `green`?"),
        ("title: x\nshades: drak", "`drak` is not allowed here; did you mean `dark`?"),
        ("title: true", "`title` must be text, not true or false; put it in quotes"),
        ("- a", "must be a mapping"),
        ("title:", "`title` must be text, not nothing"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_line(text: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        convert(read(text), Shelf)
    assert expected in said(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\n  b: 2", (2, 4)),
        ("a: [1, *x]", (1, 8)),
        ("a: {b: !!str 1}", (1, 8)),
        ("é: 1\nü: [1, 2, é: &b 3]", (2, 14)),
        ("a: 1\nb: 2\na: 3", (3, 1)),
        ("a:\n\t- b", (2, 1)),
        ("a:\n  - b\n \tc: 1", (3, 2)),
        ("a: 1\nbb: \x1b", (2, 5)),
        ("a: 1\r\nbb: \x01", (2, 5)),
        ("a: \x85b: 1", (1, 4)),
        ("a: x\u2028b", (1, 5)),
        ("\ufeffa: \x07", (1, 4)),
        ("x: é\nb: é".encode() + b"\xff", (2, 5)),
        ("a: 1\n--- \nb: 2", (2, 1)),
        ("x" * (1 << 20) + "\n: y", (1, (1 << 20) + 1)),
        ("a: 1\n" + "# é\n" * (1 << 20), (209716, 2)),
        ("", (1, 1)),
    ],
)
def test_every_refusal_has_a_column(text: str | bytes, place: tuple[int, int]) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert place in places(caught.value)


def test_ten_megabytes_are_refused_and_not_read_through(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\n" * (2 << 20))
    with pytest.raises(InputError, match=r"f\.yaml:209716:2: is larger than 1 MiB, which end here; split it"):
        load(path)


def test_all_that_may_not_be_written_is_told_at_once() -> None:
    text = 'a: &x 1\nb: *x\nc: 1\nc: 2\n<<: {d: 1}\n1: 2\n? [x]\n: y\ne: !t 1\nf: "\\ud800"\n'
    with pytest.raises(InputError) as caught:
        read(text)
    assert places(caught.value) == [(1, 4), (2, 4), (4, 1), (5, 1), (6, 1), (7, 3), (9, 4), (10, 7)]


def test_all_that_does_not_fit_is_told_at_once() -> None:
    text = (
        "titel: 7\nitems:\n  a: {color: red, id: 1}\n  b: {id: x, colour: blue, day: 2020-02-30}\n"
        "sizes:\n  - a\n  - 1\n  - 1.5\nshades: [drak]\n"
    )
    with pytest.raises(InputError) as caught:
        convert(read(text), Shelf)
    assert places(caught.value) == [(1, 1), (3, 7), (3, 23), (4, 22), (4, 33), (6, 5), (8, 5), (9, 10)]
    assert "is missing" not in str(caught.value)  # a title is there, under a wrong name


def test_files_that_are_read_together_tell_their_errors_together() -> None:
    texts = {"b.yaml": "title: 1\nsizes: 2", "a.yaml": "- x: *y", "c.yaml": "titl", "d.yaml": "["}

    def shelves() -> None:
        with gathering() as problems:
            for name, text in texts.items():
                with problems.kept():
                    document = loads(text.encode(), name, problems)
                    assert isinstance(convert(document, Shelf), Shelf)
                    document.problem("follows from another", "title")
                    document.problem("does not", "shades")

    with pytest.raises(InputErrors) as caught:
        shelves()
    assert [(each.source, each.record, each.column) for each in caught.value.each] == [
        ("b.yaml", 1, 1), ("b.yaml", 1, 8), ("b.yaml", 2, 8),
        ("a.yaml", 1, 1), ("a.yaml", 1, 6), ("c.yaml", 1, 1), ("d.yaml", 1, 2),
    ]  # fmt: skip
    assert "follows" not in str(caught.value)


def test_what_only_follows_from_another_error_is_not_told() -> None:
    follow: list[tuple[str | int, ...]] = [("items", "a", "id"), ("items", "a"), ("sizes", 1)]
    stand: list[tuple[str | int, ...]] = [("items", "b", "id"), ("items",), ("sizes", 2), ()]

    def shelf() -> None:
        with gathering() as problems:
            document = loads(b"title: x\nitems: {a: {id: 5}, b: {id: y}}\nsizes: [1, b, 3]", "f.yaml", problems)
            found = convert(document, Shelf)
            assert isinstance(found.sizes, tuple)
            assert found.sizes[::2] == (1, 3)
            for path in follow:
                document.problem("is a consequence", *path)
            for path in stand:
                document.problem("stands for itself", *path)

    with pytest.raises(InputErrors) as caught:
        shelf()
    assert [each.message for each in caught.value.each].count("stands for itself") == 4
    assert "consequence" not in str(caught.value)


def test_a_thousand_errors_are_counted_and_not_listed() -> None:
    for text in ("a: [" + "*a, " * 200_000 + "]", "{" + ", ".join(f"k{i}: 1" for i in range(50_000)) + "}"):
        with pytest.raises(InputError) as caught:
            convert(read(text), Shelf)
        assert len(caught.value.each) == 50
    assert str(InputErrors(InputError(f"{i}.yaml", "is wrong", 1, 1) for i in range(60))).endswith("at least 10 more")

    def one_by_one() -> None:
        with gathering() as problems:
            document = loads(b"a: 1", "f.yaml", problems)
            for number in range(200):
                document.problem(f"{number} is wrong")

    with pytest.raises(InputError) as caught:
        one_by_one()
    assert len(caught.value.each) == 51


def test_what_is_quoted_is_cut() -> None:
    with pytest.raises(InputError) as caught:
        convert(read(f"title: x\nshades: {'y' * 100_000}\n"), Shelf)
    assert len(str(caught.value)) < 1_100
    assert str(caught.value).endswith("y` is not allowed here; known: dark, green, red")


def test_a_type_that_lets_unknown_keys_pass_reads_no_file() -> None:
    class Loose(msgspec.Struct):
        a: int

    class Holder(msgspec.Struct, forbid_unknown_fields=True):
        many: dict[str, tuple[Loose, ...]] | None = None

    for kind in (Loose, Holder):
        with pytest.raises(TypeError, match="unknown keys"):
            convert(read("a: 1"), kind)


class Corner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every kind of field that formats use, with its limits."""

    slug: Annotated[str, msgspec.Meta(pattern="^[a-c]+$", max_length=3)]
    port: Annotated[int, msgspec.Meta(ge=0, le=9)] | str = 0
    flag: bool | Literal["unknown"] = "unknown"
    share: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    inner: "dict[Annotated[str, msgspec.Meta(min_length=1)], Corner] | None" = None
    words: Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1)], ...], msgspec.Meta(min_length=1)] | Item = ("a",)
    day: date | None = None
    sizes: Annotated[list[int], msgspec.Meta(max_length=2)] = []


VALUES = st.recursive(
    st.sampled_from([None, True, 0, 5, 12, -1, 0.5, 2.0, 1.5, "", "a", "abcd", "unknown", "2020-01-01", 10**30]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["slug", "port", "inner", "id", "", "words", "day"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*Corner.__struct_fields__, "other"), VALUES)) | VALUES)
@example({"slug": "a", "port": 1e300})
@example({"slug": "a", "sizes": [1, 2, 3]})
def test_errors_are_told_where_and_only_where_a_tree_does_not_fit(tree: Any) -> None:
    found = examine(tree, Corner)
    try:
        msgspec.convert(tree, Corner)
    except msgspec.ValidationError:
        assert found.complaints
        if found.repaired is not BROKEN:
            msgspec.convert(found.repaired, Corner)
    else:
        assert not found.complaints
        assert found.repaired == tree
        assert not found.blamed


def test_days_begin_at_midnight_utc() -> None:
    assert documents.nanoseconds(date(1970, 1, 2)) == 86_400_000_000_000
    assert documents.nanoseconds(date(1969, 12, 31)) == -86_400_000_000_000


def test_days_beyond_what_nanoseconds_hold_are_as_the_last() -> None:
    assert -documents.nanoseconds(date(1, 1, 1)) == documents.nanoseconds(date(9999, 12, 31)) == (1 << 63) - 2
