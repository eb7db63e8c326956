import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report.clean import LIMIT, cleaned, encodable, link, printable, visible

from . import samples

ANY = st.text(st.characters())


@given(ANY)
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = printable(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
    assert len(shown.splitlines()) <= 1
    shown.encode()


@given(ANY)
def test_what_is_shown_stays_as_it_is(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("M\u00fcnchen \u5317\u4eac", "M\u00fcnchen \u5317\u4eac"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("a\nb\x00", "a\\x0ab\\x00"),
        ("a\u00a0b", "a b"),
        ("\U000e0041", "\\U000e0041"),
        ("\udcff", "\\udcff"),
    ],
)
def test_characters(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_long_text_is_cut_and_says_so() -> None:
    assert visible("x" * (LIMIT + 7)) == "x" * LIMIT + "... (7 more characters)"


def test_every_field_of_a_report_is_reached() -> None:
    text = repr(cleaned(samples.HOSTILE))
    assert not {"\x00", "\x1b", "\u202e", "\ud800", "\n"} & set(text)
    assert "\\\\x1b[31m" in text
    assert cleaned(samples.FAIL) == samples.FAIL


@given(ANY)
def test_what_json_carries_is_unicode(text: str) -> None:
    encodable(text).encode()


@pytest.mark.parametrize("url", ["https://example.com/a?b=c#d", "http://192.0.2.1:8080/", "https://[2001:db8::1]/x"])
def test_links(url: str) -> None:
    assert link(url) == url


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "//example.com", "https:///x", "ftp://example.com",
     "https://example.com/\u202e", "java\nscript:x", " https://example.com\x00", "https://[", "file:///etc/passwd", ""],
)  # fmt: skip
def test_what_is_no_link(url: str) -> None:
    assert link(url) == ""
