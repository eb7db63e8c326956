import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from auditor.model.surge import Filled, Headroom, Outage, Surge, written
from auditor.report import words
from auditor.report.page import surgechart

DE = Headroom("DE", "DE", Fraction(7, 5), "beijing", Fraction(6, 5), ("frankfurt", "paris"), ("frankfurt",))
FR = Headroom("eu FR", "FR", Fraction(3), "beijing", Fraction(6, 5), ("paris",))
JP = Headroom("rest *", "*", None, "", None)
SURGE = Surge(
    pools=("beijing",),
    headroom=(DE, FR, JP),
    fills=(Filled(Fraction(1), "frankfurt", ("DE", "NL")), Filled(Fraction(7, 5), "paris", ("DE",))),
    outages=(Outage("fault", "dc:paris", Fraction(0), "DE", "beijing"),),
)
SVG = "{http://www.w3.org/2000/svg}"


def figure(surge: Surge = SURGE, title: str = "residency") -> ET.Element:
    """Parse the whole figure as XML: what is no XML is no safe HTML either."""
    return ET.fromstring(str(surgechart.chart(surge, "s1", title)))


def text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_multiples_are_never_rounded_up() -> None:
    assert words.times(Fraction(11799, 10000)) == "1.17 times"
    assert words.times(Fraction(2)) == "2 times"
    assert words.times(Fraction(429, 100000)) == "0.0042 times"
    assert words.times(Fraction(12345678, 10)) == "1,234,567 times"
    assert words.times(Fraction(0)) == "at once"
    assert words.times(None) == "never"
    assert words.times(Fraction(1, 10**40)).startswith("0")


def test_bars_end_where_the_forbidden_pool_begins() -> None:
    drawn = surgechart.drawn(SURGE)
    de, fr, jp = drawn.bars
    assert drawn.scale == "linear"
    assert de.safe < de.end < fr.end < jp.end == surgechart.RIGHT
    assert (de.label, fr.label, jp.label) == ("Germany", "France (eu FR)", "rest *")
    assert (de.says, jp.says) == ("1.4×", "never")
    assert [mark.number for mark in drawn.marks] == [1, 2]
    assert drawn.marks[1].x == de.end
    assert drawn.today == drawn.marks[0].x


def test_what_spans_orders_of_magnitude_is_logarithmic() -> None:
    rows = tuple(replace(DE, client=f"c{i}", countries="*", at=Fraction(10) ** i, safe=None) for i in range(-4, 5))
    drawn = surgechart.drawn(replace(SURGE, headroom=rows, fills=()))
    ends = [bar.end for bar in drawn.bars]
    assert drawn.scale == "logarithmic"
    assert len({round(b - a) for a, b in pairwise(ends)}) == 1
    assert all(surgechart.LEFT < end < surgechart.RIGHT for end in ends)
    assert len(drawn.ticks) <= 9


@pytest.mark.parametrize("at", [Fraction(0), None, Fraction(1, 10**400), Fraction(10**400), Fraction(1)])
def test_any_multiple_can_be_drawn(at: Fraction | None) -> None:
    surge = replace(SURGE, headroom=(replace(DE, at=at, safe=at), FR), fills=(Filled(at or Fraction(0), "p", ()),))
    for bar in surgechart.drawn(surge).bars:
        assert surgechart.LEFT <= bar.safe <= bar.end <= surgechart.RIGHT
    assert "nan" not in text(figure(surge))


def test_fractions_are_written_however_long_they_are() -> None:
    long = Fraction(10**9000 + 1, 7**6000)
    over, under = written(long).split("/")
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        assert Fraction(int(over), int(under)) == long
        assert [written(Fraction(n)) for n in (0, -3, 10**3700, 10**8000)] == [
            "0", "-3", str(10**3700), str(10**8000),
        ]  # fmt: skip
    finally:
        sys.set_int_max_str_digits(limit)
    assert written(Fraction(7, 6)) == "7/6"
    assert surgechart.exact(long) == ""
    assert figure(replace(SURGE, headroom=(replace(DE, at=long, safe=long),))) is not None


def test_nothing_at_all_can_be_drawn() -> None:
    assert figure(Surge((), (), ())) is not None


def test_the_tables_say_what_the_picture_shows() -> None:
    whole = text(figure())
    for said in ("1.4 times 7/5", "1.2 times 6/5", "frankfurt, paris", "DE, NL", "dc:parisat onceDEbeijing", "any"):
        assert said in whole


def test_it_has_a_title_a_description_and_no_style() -> None:
    page = str(surgechart.chart(SURGE, "s1", "residency"))
    svg = figure().find(f".//{SVG}svg")
    assert svg is not None
    ids = {element.get("id") for element in figure().iter()}
    assert set((svg.get("aria-labelledby") or "").split()) <= ids
    assert "Germany: 1.4 times, in beijing" in text(svg.find(f"{SVG}desc"))  # type: ignore[arg-type]
    assert not re.search(r"style=|<script|<style| on[a-z]+=", page)
    assert set(re.findall(r'id="([^"]+)"', page)) == set(re.findall(r'id="(s1-[^"]+)"', page))


def test_every_class_that_is_drawn_has_a_rule() -> None:
    used = {name for element in figure().iter() for name in (element.get("class") or "").split()}
    assert used - {"scroll", "legend", "num", "row", "bg-fail", "ink-fail"} <= set(
        re.findall(r"\.([a-z-]+)", surgechart.style())
    )


def test_what_a_stranger_wrote_stays_text() -> None:
    evil = '<script>alert(1)</script>"\x1b[31m\u202e' + "x" * 500
    surge = replace(
        SURGE,
        headroom=(replace(DE, client=evil, countries="*", pool=evil, proof=(evil,)),),
        fills=(Filled(Fraction(1), evil, (evil,)),),
        outages=(Outage("site", evil, Fraction(1), evil, evil),),
        unknown=(evil,),
        doubtful=(evil,),
    )
    page = str(surgechart.chart(surge, "s1", evil))
    assert figure(surge, evil) is not None
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_many_classes_and_fills_stay_bounded() -> None:
    rows = tuple(replace(DE, client=f"c{i}", countries="*") for i in range(3000))
    fills = tuple(Filled(Fraction(1), f"p{i}", tuple(f"c{n}" for n in range(50))) for i in range(3000))
    page = str(surgechart.chart(replace(SURGE, headroom=rows, fills=fills), "s1", "t"))
    assert len(page) < 300_000
    assert "2,976 more classes with more room" in page
    assert "2,800 more fills" in page
