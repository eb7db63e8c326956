import hashlib
import json
import math
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import documents
from auditor.model.documents import convert, load, loads, resolve
from auditor.model.errors import InputError


class Item(msgspec.Struct, frozen=True):
    id: str
    colour: Literal["red", "green"] | None = None
    day: date | None = None


class Shelf(msgspec.Struct, frozen=True):
    title: str
    items: dict[str, Item] = {}
    sizes: tuple[int, ...] | str = ()
    shades: Literal["red", "green"] | Literal["dark"] | tuple[Literal["red", "green"], ...] = ()


def read(text: str | bytes) -> documents.Document:
    return loads(text.encode() if isinstance(text, str) else text, "f.yaml")


def refused(text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(text)
    return str(caught.value)


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
    ("text", "said"),
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
def test_what_could_mean_two_things_is_refused_with_its_line(text: str | bytes, said: str) -> None:
    assert said in refused(text)


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


@given(NESTED)
def test_json_reads_as_itself(tree: Any) -> None:
    assert read(json.dumps(tree, ensure_ascii=False)).tree == tree


def refuses_or_reads(data: bytes) -> None:
    try:
        document = read(data)
    except InputError as error:
        assert error.message and error.source == "f.yaml"  # noqa: PT017, PT018
    else:
        assert document.lines[()] >= 1


@given(st.text() | st.text("ab:-[]{}&*!|>'\"#%@,?<\n \t~.019e"))
def test_any_text_is_a_document_or_a_clear_error(text: str) -> None:
    refuses_or_reads(text.encode("utf-8", "surrogatepass"))


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
    ("text", "said"),
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
def test_what_does_not_fit_is_refused_at_its_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        convert(read(text), Shelf)
    assert said in str(caught.value)


def test_days_begin_at_midnight_utc() -> None:
    assert documents.nanoseconds(date(1970, 1, 2)) == 86_400_000_000_000
    assert documents.nanoseconds(date(1969, 12, 31)) == -86_400_000_000_000


def test_days_beyond_what_nanoseconds_hold_are_as_the_last() -> None:
    assert -documents.nanoseconds(date(1, 1, 1)) == documents.nanoseconds(date(9999, 12, 31)) == (1 << 63) - 2
